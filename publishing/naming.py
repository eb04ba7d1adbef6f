"""How a cell is named to its author."""

from nbformat import NotebookNode


def name_of_cell(lecture: str, number: int, cell: NotebookNode) -> str:
    """Return the words by which an author finds a cell.

    Parameters
    ----------
    lecture
        The notebook's name.
    number
        The cell's place in it, from 1.
    cell
        Its first line that is not empty is quoted.

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell
    >>> name_of_cell("01_counting", 4, new_markdown_cell("## Perplexity"))
    '01_counting, cell 4 (`## Perplexity`)'
    """
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    return f"{lecture}, cell {number} (`{lines[0] if lines else ''}`)"
