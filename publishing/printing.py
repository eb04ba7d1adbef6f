"""Decks as PDF, printed by Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from autograder.errors import CourseError

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


class NoChromium(CourseError):
    """There is no Chromium that could print."""


def print_decks(decks: Iterable[Path]) -> Iterator[Path]:
    """Print decks, and yield the path of each PDF, beside its deck.

    Raises
    ------
    NoChromium
    """
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        raise NoChromium(
            f"expected one of {', '.join(CHROMIUMS)}, which prints the decks; found none. "
            "Debian, Ubuntu: apt install chromium"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        for deck in decks:
            yield print_deck(browser, deck)
        browser.close()


def print_deck(browser: Browser, deck: Path) -> Path:
    """Print a deck, a page a slide with all of its fragments, and return the path of the PDF."""
    path = deck.with_suffix(".pdf")
    page = browser.new_page()
    page.goto(f"{deck.resolve().as_uri()}?print-pdf")
    page.wait_for_selector("html.deck-ready", state="attached")
    page.pdf(path=path, prefer_css_page_size=True, print_background=True, tagged=True)
    page.close()
    return path
