"""What a file is that holds no notebook, told to the student who sent it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable


class UnreadableSubmission(Exception):
    """A file that cannot be graded. Its message tells the student what was expected."""


_SEND = "Submit the notebook itself, the .ipynb file, again."
_MERGE = re.compile(rb"^(?:<{7} |={7}\r?$|>{7} )", re.MULTILINE)
_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype html|html|head|script)\b", re.I | re.S)


def _starts(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(beginnings)


def _is_office(content: bytes) -> bool:
    marks = (b"[Content_Types].xml", b"mimetypeapplication/vnd.oasis")
    zipped = content.startswith(b"PK\x03\x04") and any(m in content[:4096] for m in marks)
    return zipped or content.startswith((b"\xd0\xcf\x11\xe0", b"{\\rtf"))


def _is_merge(content: bytes) -> bool:
    return len({found[:7] for found in _MERGE.findall(content)}) == 3


def _is_cut_off(content: bytes) -> bool:
    """Return whether text begins as JSON does and ends before its end."""
    text = content.decode("utf-8-sig", "replace").strip()
    if not text.startswith("{") or text.endswith("}"):
        return False
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return True
    except (ValueError, RecursionError):
        return False
    return False


_KINDS: tuple[tuple[Callable[[bytes], bool], str, str], ...] = (
    (
        lambda content: not content.strip(b"\0 \t\r\n"),
        "an empty file",
        "Look in JupyterLab whether your work is still there, save it, and submit again.",
    ),
    (_starts(b"%PDF"), "a PDF document", _SEND),
    (_is_office, "a document of Word or another office program", _SEND),
    (
        _starts(b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\x1f\x8b", b"BZh", b"\xfd7zXZ"),
        "an archive of a kind that is not opened here (a zip file is)",
        _SEND,
    ),
    (_starts(b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), "a picture", _SEND),
    (
        _starts(b"version https://git-lfs.github.com/"),
        "not the file itself but a pointer to it, which Git LFS keeps in its place",
        "Fetch the file with `git lfs pull`, open it in JupyterLab, and submit again.",
    ),
    (
        lambda content: _HTML.match(content[:4096]) is not None,
        "a web page, perhaps the login page of the site that it was downloaded from",
        "Log in there, download the notebook (the .ipynb file), and submit again.",
    ),
    (
        _is_merge,
        "full of the marks of a merge that git could not finish (<<<<<<<, =======, >>>>>>>)",
        (
            "Settle it (`git checkout --ours` or `--theirs` and the file's name takes one side), "
            "open the notebook in JupyterLab, and submit again."
        ),
    ),
    (
        _is_cut_off,
        "only the first part of a file: its end is missing",
        (
            "Download or copy it from where you worked once more, open it in JupyterLab, and "
            "submit again."
        ),
    ),
)
"""How each kind is told from its bytes, its name, and what to do."""


def refuse(content: bytes, name: str) -> UnreadableSubmission:
    """Return the refusal of a file that is no JSON: what it is, and what to do.

    Parameters
    ----------
    content, name
        Of the file.
    """
    for is_this, what, advice in _KINDS:
        if is_this(content):
            return UnreadableSubmission(f"{name} is no notebook: it is {what}. {advice}")
    return UnreadableSubmission(
        f"{name} is no notebook: expected JSON, which it is not. Open {name} in JupyterLab, save "
        "it there, and submit again."
    )


def is_document(content: bytes) -> bool:
    """Return whether a zip file is the file of an office program, which is one too."""
    return _is_office(content)
