"""A file or a folder of the user's, read as text."""

import codecs
from collections.abc import Sequence
from pathlib import Path

from nextword.corpora.errors import (
    BinaryFileError,
    EmptyTextError,
    NoTextFilesError,
    TextEncodingError,
    TextTooLargeError,
    UnknownCorpusError,
)
from nextword.corpora.splits import FRACTIONS, Corpus, split
from nextword.corpora.tokenisation import Boundary, Unit, tokenised

SUFFIXES = (".txt", ".text", ".md", ".rst")
MAX_BYTES = 100_000_000


def from_text(
    path: str | Path,
    unit: Unit = "words",
    *,
    boundary: Boundary = "prose",
    encoding: str = "utf-8",
    replace_errors: bool = False,
    first_bytes: int | None = None,
    fractions: tuple[float, float, float] = FRACTIONS,
    seed: int | None = None,
) -> Corpus:
    """Make a corpus of a text file, or of all text files in a folder.

    Parameters
    ----------
    path
        A file with any name, or a folder whose `.txt`, `.text`, `.md` and `.rst` files are read,
        those of its subfolders too, in the order of their names. Hidden ones are left out.
    unit
        What a token is: "words", "characters", or "as is" for text that is tokenised already.
    boundary
        What a sentence is: "prose" or "lines" (see `tokenisation.sentences`).
    encoding
        How the text was written. A byte-order mark is understood and dropped.
    replace_errors
        Read � for bytes that are no text in that encoding, instead of refusing the file; no word
        holds this sign. For a folder in which one file is damaged.
    first_bytes
        Read only so much of the text, cut back to the last whole line if there is one. Without it
        a text of more than 100 MB is refused: cut into words, it would fill the memory.
    fractions, seed
        How to split; see `splits.split`. By default the text is cut where it stands.

    Raises
    ------
    UnknownCorpusError, NoTextFilesError, TextTooLargeError, BinaryFileError, TextEncodingError
        If the text cannot be read.
    EmptyTextError, TooFewSentencesError
        If there is too little of it.
    """
    place = Path(path).expanduser()
    files = _files(place)
    _check_size(place, files, first_bytes)
    sentences: list[list[str]] = []
    left = first_bytes
    errors = "replace" if replace_errors else "strict"
    for file in files:
        data = _read(file, left)
        cut = left is not None and len(data) == left < file.stat().st_size
        left = None if left is None else left - len(data)
        text = _decode(data, _codec(encoding), errors, file, cut)
        del data  # a large text is not to be in memory in more forms than it takes
        sentences += tokenised(_whole_lines(text) if cut else text, unit, boundary)
    if not sentences:
        size = sum(file.stat().st_size for file in files)
        raise EmptyTextError(
            f"expected text in {place}, and found no {unit} in its {size:,} bytes"
            + ("; unit='characters' reads what has no letters" if size and unit == "words" else "")
        )
    return split(sentences, place.name or str(place), fractions, seed)


def _files(place: Path) -> list[Path]:
    if place.is_dir():
        found = sorted(
            file
            for file in place.rglob("*")
            if file.suffix.lower() in SUFFIXES
            and file.is_file()
            and not any(part.startswith(".") for part in file.relative_to(place).parts)
        )
        if not found:
            raise NoTextFilesError(
                f"expected text files ({', '.join(SUFFIXES)}) in the folder {place}, found none; "
                "a file with another ending can be given by its own path"
            )
        return found
    if not place.is_file():
        raise UnknownCorpusError(
            f"expected a text file or a folder at {place.absolute()}, and there is none; "
            f"is the path right? Paths are relative to {Path.cwd()}"
        )
    return [place]


def _check_size(place: Path, files: Sequence[Path], first_bytes: int | None) -> None:
    if first_bytes is not None and first_bytes < 1:
        raise TextTooLargeError(f"expected first_bytes of 1 or more, got {first_bytes}")
    size = sum(file.stat().st_size for file in files)
    if first_bytes is None and size > MAX_BYTES:
        raise TextTooLargeError(
            f"{place} holds {size / 1e6:,.0f} MB, and without being told to this reads at most "
            f"{MAX_BYTES / 1e6:,.0f} MB; first_bytes=20_000_000 takes its first 20 MB"
        )


def _read(file: Path, limit: int | None) -> bytes:
    if limit is None:
        return file.read_bytes()
    with file.open("rb") as opened:
        return opened.read(limit)


def _whole_lines(text: str) -> str:
    """Return a text without its last line, unless that is all there is."""
    whole, newline, rest = text.rpartition("\n")
    return whole if newline else rest


def _decode(data: bytes, codec: codecs.CodecInfo, errors: str, file: Path, cut: bool) -> str:
    """Return the text of some bytes; `cut` allows half a character at their end."""
    if not codec.name.startswith(("utf-16", "utf-32")):  # where zeros are text
        _check_text(data, file)
    body = data.removeprefix(codecs.BOM_UTF8) if codec.name == "utf-8" else data
    try:
        return codec.incrementaldecoder(errors).decode(body, final=not cut)
    except UnicodeDecodeError as error:
        offset = error.start + len(data) - len(body)
        raise TextEncodingError(_encoding_message(error, data, offset, file)) from error


def _codec(encoding: str) -> codecs.CodecInfo:
    try:
        info = codecs.lookup(encoding)
    except LookupError:
        info = None
    if info is None or info.incrementaldecoder is None or not info._is_text_encoding:
        raise TextEncodingError(
            f"expected the name of a text encoding that Python knows, such as 'utf-8' or "
            f"'latin-1', got {encoding!r}"
        )
    return info


def _check_text(data: bytes, file: Path) -> None:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise TextEncodingError(
            f"{file} begins like a text in UTF-16; read it with encoding='utf-16'"
        )
    zero = data.find(b"\0")
    if zero >= 0:
        raise BinaryFileError(
            f"expected text in {file}, and its byte {zero} is zero, which no text has; is it a "
            "program, a picture, an archive, a word processor's file? Save it as plain text"
        )


def _encoding_message(error: UnicodeDecodeError, data: bytes, offset: int, file: Path) -> str:
    line = data.count(b"\n", 0, offset) + 1
    return (
        f"expected {file} to be text in {error.encoding}, and its byte {offset} (line {line}) "
        f"is 0x{data[offset]:02x}: {error.reason}. If you know how it was written, say so: "
        f"encoding='cp1252' (Windows) or 'latin-1'; or convert it: "
        f"iconv -f WINDOWS-1252 -t UTF-8 {file.name} > utf8.txt. If it is only damaged there: "
        "replace_errors=True"
    )
