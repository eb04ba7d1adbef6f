"""Texts to learn from: the course's own language, and real ones."""

from nextword.corpora.errors import (
    BinaryFileError,
    ChecksumError,
    CorpusError,
    DownloadError,
    EmptyTextError,
    NoTextFilesError,
    OfflineError,
    SplitFractionsError,
    TextEncodingError,
    TextTooLargeError,
    TooFewSentencesError,
    UnknownCorpusError,
    UnknownUnitError,
)
from nextword.corpora.grammar_samples import from_grammar
from nextword.corpora.named import from_name
from nextword.corpora.python_docs import from_python_docs
from nextword.corpora.sources import SOURCES, load
from nextword.corpora.splits import Corpus, split
from nextword.corpora.text_files import from_text

__all__ = [
    "SOURCES",
    "BinaryFileError",
    "ChecksumError",
    "Corpus",
    "CorpusError",
    "DownloadError",
    "EmptyTextError",
    "NoTextFilesError",
    "OfflineError",
    "SplitFractionsError",
    "TextEncodingError",
    "TextTooLargeError",
    "TooFewSentencesError",
    "UnknownCorpusError",
    "UnknownUnitError",
    "from_grammar",
    "from_name",
    "from_python_docs",
    "from_text",
    "load",
    "split",
]
