"""Pictures that are what they say: raster images, which a browser shows and never runs."""

from __future__ import annotations

import base64
import binascii
import io
import math
from collections.abc import Mapping
from typing import Any

_BEGINNINGS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
}
KINDS = tuple(_BEGINNINGS)
"""The kinds that are shown. SVG is none of them: it is a document, with scripts and links."""
LARGEST = 5 * 2**20
"""Characters of base64, four for three bytes."""
MOST = 20
MOST_PIXELS = 25_000_000
"""A browser takes four bytes of memory for each, whatever the file takes."""


ADMITTED = (
    f"a cell shows at most {MOST}, each a PNG, JPEG or GIF of at most "
    f"{LARGEST * 3 / 4 / 2**20:g} MB and {MOST_PIXELS / 1e6:g} megapixels"
)
"""What is said to whose picture is not shown."""


def admitted_picture(kind: str, content: Any) -> str | None:
    """Return a picture as one line of base64, None if it is not what its kind says.

    Parameters
    ----------
    kind
        A media type, such as ``image/png``.
    content
        What a notebook holds under it: base64 as text, or anything at all.
    """
    if kind not in _BEGINNINGS or not isinstance(content, str) or len(content) > LARGEST:
        return None
    line = "".join(content.split())
    try:
        data = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        return None
    if not data.startswith(_BEGINNINGS[kind]) or _pixels(data) > MOST_PIXELS:
        return None
    return line


def _pixels(data: bytes) -> float:
    """Return how many pixels a picture says that it has, infinitely many where it does not say."""
    from PIL import Image  # is slow to import, and few answers have pictures

    try:
        # Only the header is read. Pillow's own limit warns of more than we admit.
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF")) as picture:
            return math.prod(picture.size)
    except Exception:  # noqa: BLE001 - Pillow raises whatever the damage leads to
        return math.inf


def admitted_attachments(attachments: Any) -> dict[str, dict[str, str]]:
    """Return the pictures among a cell's attachments, by name and kind.

    Parameters
    ----------
    attachments
        What a notebook holds under that name: anything that JSON can hold.
    """
    admitted: dict[str, dict[str, str]] = {}
    named = attachments.items() if isinstance(attachments, Mapping) else ()
    for name, forms in named:
        if len(admitted) == MOST:
            break
        for kind, content in forms.items() if isinstance(forms, Mapping) else ():
            picture = admitted_picture(kind, content)
            if picture is not None:
                admitted[name] = {kind: picture}
    return admitted
