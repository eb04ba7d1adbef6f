"""The command that publishes: `python -m publishing slides`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from autograder.errors import CourseError
from publishing.decks import lay_out, make_deck
from publishing.executed import execute_all
from publishing.printing import print_decks

LECTURES, LECTURERS, SLIDES = Path("lectures"), Path("solutions/lecturers"), Path("build/slides")
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def executed() -> None:
    """Execute the lectures whose results may have changed, into build/executed/."""
    for path in execute_all(sorted(LECTURES.glob("*.py"))):
        typer.echo(path)


@app.command()
def slides(
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Print each deck, too; needs Chromium.")
    ] = False,
) -> None:
    """Make a deck of each lecture, and a page that lists them, into build/slides/."""
    made = []
    for path in execute_all(sorted(LECTURES.glob("*.py"))):
        page = LECTURERS / f"{path.stem}.md"
        made.append(make_deck(path, SLIDES, page if page.is_file() else None))
        typer.echo(f"{SLIDES / path.stem}.html: {made[-1].slides} slides")
    lay_out(SLIDES, made)
    typer.echo(f"{SLIDES}/index.html lists them")
    if pdf:
        for printed in print_decks(SLIDES / f"{deck.name}.html" for deck in made):
            typer.echo(printed)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except CourseError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
