"""A corpus from the name of a source or the path of a text."""

from pathlib import Path

from nextword.corpora.errors import UnknownCorpusError
from nextword.corpora.grammar_samples import from_grammar
from nextword.corpora.named import NAMED, from_name
from nextword.corpora.python_docs import from_python_docs
from nextword.corpora.splits import Corpus
from nextword.corpora.text_files import from_text
from nextword.corpora.tokenisation import Unit

SOURCES = ("grammar", "python-docs", *NAMED)


def load(source: str | Path = "grammar", unit: Unit = "words") -> Corpus:
    """Make a corpus with the settings that the course uses.

    Parameters
    ----------
    source
        "grammar" (the course's language, whose entropy is known), "python-docs",
        "tiny-shakespeare", "penn-treebank", "wikitext-2" (these three are downloaded the first
        time), or the path of a text file or of a folder of them.
    unit
        What a token is: "words" or "characters".

    Returns
    -------
    Corpus
        Train, valid and test, the same ones each time.

    Raises
    ------
    UnknownCorpusError
        If the source is no known name, and there is no such file or folder.
    CorpusError
        If no corpus can be made of it; see `from_grammar`, `from_python_docs`, `from_name` and
        `from_text`, which also take more settings.
    """
    if source == "grammar":
        return from_grammar(unit)
    if source == "python-docs":
        return from_python_docs(unit)
    if isinstance(source, str) and source in NAMED:
        return from_name(source, unit)
    if not _exists(source):
        raise UnknownCorpusError(
            f"expected {', '.join(SOURCES)}, or the path of a text file or a folder, "
            f"got {str(source)[:80]!r}, and there is no such file under {Path.cwd()}"
        )
    return from_text(source, unit)


def _exists(source: str | Path) -> bool:
    try:
        return source != "" and Path(source).expanduser().exists()
    except OSError:  # too long for a name: somebody gave the text itself
        return False
