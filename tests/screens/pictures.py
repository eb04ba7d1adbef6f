"""Pictures of what users see, kept in ``build/screens`` for a person to look at.

``python -m tests.screens.pictures`` makes those of the guides from them.
"""

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
FOLDER, GUIDES = ROOT / "build" / "screens", ROOT / "docs" / "pictures"
CHOSEN = {
    "report": "report-desk",
    "feedback": "feedback-desk",
    "mark": "mark-desk",
    "alike": "alike-pair",
}
"""The guides' pictures, by what they were kept as."""
COLOURS = 128
"""Of a picture in the guides: enough for text, and half the bytes."""


def keep(page, name, whole=False):
    """Write a picture of a page; of all of it, or of what a window shows."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=FOLDER / f"{name}.png", full_page=whole)


def for_the_guides():
    """Write the guides' pictures, small enough for a repository."""
    GUIDES.mkdir(parents=True, exist_ok=True)
    for name, kept in CHOSEN.items():
        with Image.open(FOLDER / f"{kept}.png") as picture:
            small = picture.convert("RGB").quantize(COLOURS)
            small.save(GUIDES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    for_the_guides()
