"""The command that publishes: `python -m publishing slides`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from autograder.errors import CourseError
from publishing import clock as clocks
from publishing import running
from publishing.decks import lay_out, make_deck
from publishing.executed import execute_all, read
from publishing.printing import print_decks

LECTURES, LECTURERS, SLIDES = Path("lectures"), Path("solutions/lecturers"), Path("build/slides")
SITE = Path("build/site")
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


@app.command()
def site() -> None:
    """Make the site, into build/site/html/."""
    from publishing.site.building import build  # Sphinx is no matter of slides

    pages = build(Path(), SITE, tell=typer.echo)
    typer.echo(f"{pages}/index.html is its first page")


@app.command()
def clock(
    name: Annotated[str, typer.Argument(help="Of a lecture, such as 04_recurrent.")],
    run: Annotated[bool, typer.Option("--run", help="Run it, and add the machine's time.")] = False,
) -> None:
    """Say how long a lecture takes when it is given aloud, by slide and by section."""
    path = LECTURES / f"{name}.py"
    seconds = running.run(read(path), path).cells if run else {}
    slides = list(clocks.spoken_slides(read(path).cells, seconds))
    due = 0.0
    typer.echo("| from minute | slide |\n|---|---|")
    for _, slide in slides:
        typer.echo(f"| {due:.0f} | {slide.title} |")
        due += slide.minutes
    typer.echo("\n| section | words | questions | machine, s | minutes |\n|---|---|---|---|---|")
    for part in clocks.sections(slides):
        counted = f"{part.words:,} | {part.questions} | {part.seconds:.1f} | {part.minutes:.1f}"
        typer.echo(f"| {part.title} | {counted} |")
    typer.echo(f"\n{due:.1f} minutes in all")


def main() -> None:
    """Run the command line."""
    try:
        app()
    except CourseError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
