"""Pictures of what users see, kept in ``build/screens`` for a person to look at."""

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "build" / "screens"


def keep(page, name, whole=False):
    """Write a picture of a page; of all of it, or of what a window shows."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=FOLDER / f"{name}.png", full_page=whole)
