"""English prose that every Python carries."""

import re

from nextword.corpora.splits import FRACTIONS, Corpus, split
from nextword.corpora.tokenisation import Unit, tokenised

# Prose begins like a sentence and ends like one. Its lines all begin in one column: indented, it
# describes a method; and a heading stands over a line of signs.
_PROSE = re.compile(r"""( *)(\* +)?["'*(]*[A-Z].*[.:?!][)"”]*""", re.DOTALL)
_CODE = re.compile(r"::=|>>>|\n[*=\-~^\"+.]{3,}(\n|$)| = |\(self")


def from_python_docs(
    unit: Unit = "words",
    *,
    fractions: tuple[float, float, float] = FRACTIONS,
    seed: int | None = None,
) -> Corpus:
    """Make a corpus of the help texts in `pydoc_data.topics`.

    The prose is kept, about 40,000 words. Headings, grammar rules and examples are left out, and
    so are paragraphs that were there already, which would put training sentences into test.

    The text differs in every version of Python, patch releases included: it is good for a look
    at real sentences, and useless for numbers that others should find again.

    Parameters
    ----------
    unit
        "words" or "characters".
    fractions, seed
        How to split; see `splits.split`.
    """
    from pydoc_data.topics import topics

    parts = (part for name in sorted(topics) for part in topics[name].split("\n\n"))
    prose = [part for part in parts if _PROSE.fullmatch(part) and not _CODE.search(part)]
    text = "\n\n".join(dict.fromkeys(prose))
    return split(tokenised(text, unit, "prose"), "python-docs", fractions, seed)
