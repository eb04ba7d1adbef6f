"""Takes the one notebook out of a zip file, in memory: nothing is unpacked to the disk."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import PurePosixPath

from autograder.classroom.refusals import UnreadableSubmission

MOST_MEMBERS = 1_000
_MEMBER = b"PK\x01\x02"
"""Begins the entry of each member in a zip's directory, which is read whole."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The others can be made to ask for gigabytes of memory."""
ENCRYPTED = 0x1
_AGAIN = "Submit the notebook itself, the .ipynb file, again."


def is_litter(path: PurePosixPath) -> bool:
    """Return whether a file is a computer's own: a Mac's second half of each file, a checkpoint."""
    return path.name.startswith("._") or not {"__MACOSX", ".ipynb_checkpoints"}.isdisjoint(
        path.parts
    )


def notebook_in(content: bytes, name: str, expected: str, largest: int) -> tuple[bytes, str]:
    """Return the notebook in a zip file, and where it lies there.

    Parameters
    ----------
    content, name
        Of the zip file.
    expected
        The notebook's name. Another is taken where it is the only one.
    largest
        Bytes read of a notebook.

    Raises
    ------
    UnreadableSubmission
        There is none, or there are several, or it cannot be read.
    """
    if content.count(_MEMBER) > MOST_MEMBERS:
        raise UnreadableSubmission(f"{name} holds more than {MOST_MEMBERS:,} files. {_AGAIN}")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            member = _chosen(archive.infolist(), name, expected)
            with archive.open(member) as file:
                notebook = file.read(largest + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise UnreadableSubmission(
            f"{name} is a zip file that is damaged or was cut off. {_AGAIN}"
        ) from error
    if len(notebook) > largest:
        raise UnreadableSubmission(
            f"{member.filename} in {name} has more than {largest // 2**20} MB. Clear its outputs "
            "(Edit, Clear Outputs of All Cells), save, and submit again."
        )
    return notebook, member.filename


def _chosen(members: list[zipfile.ZipInfo], name: str, expected: str) -> zipfile.ZipInfo:
    """Return the member to read."""
    named = [each for each in members if each.filename]  # zipfile falls over an empty name
    paths = [(PurePosixPath(each.filename), each) for each in named if not each.is_dir()]
    found = [
        (path, each)
        for path, each in paths
        if path.suffix.lower() == ".ipynb" and not is_litter(path)
    ]
    exact = [(path, each) for path, each in found if path.name == expected]
    candidates = exact or found
    if len(candidates) != 1:
        names = ", ".join(str(path) for path, _ in candidates[:5])
        what = f"several notebooks ({names})" if names else "no notebook"
        raise UnreadableSubmission(f"{name} is a zip file that holds {what}. {_AGAIN}")
    ((_, member),) = candidates
    if member.flag_bits & ENCRYPTED:
        raise UnreadableSubmission(f"{name} is a zip file with a password. {_AGAIN}")
    if member.compress_type not in METHODS:
        raise UnreadableSubmission(f"{name} is a zip file of a rare kind. {_AGAIN}")
    return member
