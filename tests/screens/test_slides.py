"""Every slide of every lecture can be read from the back of a hall."""

import os
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from publishing.decks import Unpublishable, lay_out, make_deck
from publishing.executed import execute_all
from publishing.printing import print_deck
from tests.pictures import drawn
from tests.screens.conftest import PATIENCE

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
LECTURES = sorted((ROOT / "lectures").glob("*.py"))
LECTURERS = ROOT / "solutions" / "lecturers"
KEPT, NODE, SLIDES = (ROOT / "build" / name for name in ("executed", "node", "slides"))
SCREENS = {"1280x720": (1280, 720), "1920x1080": (1920, 1080)}
SMALLEST = 18
"""Pixels of the screen."""
LOOK = (Path(__file__).parent / "look_at_slides.js").read_text()


@pytest.fixture(scope="session")
def node():
    """Where the packages are that decks are made with."""
    if shutil.which("npm") is None:
        words = "no Node.js was found: apt-get install nodejs npm"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    return NODE


@pytest.fixture(scope="session")
def decks(node):
    """The decks of all lectures, as `make slides` makes them: what it has run is not run again."""
    made = [
        make_deck(path, SLIDES, LECTURERS / f"{path.stem}.md", node)
        for path in execute_all(LECTURES, KEPT)
    ]
    lay_out(SLIDES, made, node)
    return {deck.name: deck for deck in made}


@pytest.fixture
def present(chromium):
    """Return a function that opens a deck, and the addresses that it asks for."""
    contexts = []

    def presenting(path, size=(1280, 720)):
        context = chromium.new_context(viewport=dict(zip(("width", "height"), size, strict=True)))
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        context.set_offline(True)
        page, asked = context.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_selector("html.deck-ready", state="attached")
        return page, asked

    yield presenting
    for context in contexts:
        context.close()


# --- the lectures --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SCREENS.values(), ids=SCREENS)
@pytest.mark.parametrize("name", [path.stem for path in LECTURES])
def test_every_slide_fits_and_shows_all_that_it_should(decks, present, name, size):
    page, asked = present(SLIDES / f"{name}.html", size)
    looked_at = page.evaluate(LOOK, SMALLEST)
    assert looked_at["slides"] == decks[name].slides
    assert looked_at["findings"] == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_the_first_page_leads_to_every_deck(decks, chromium):
    page = chromium.new_page()
    page.goto((SLIDES / "index.html").as_uri())
    leads = page.eval_on_selector_all("tbody a", "links => links.map(link => link.href)")
    page.close()
    names = [Path(url.partition("?")[0].removeprefix("file://")) for url in leads]
    assert {path.stem for path in names} == set(decks)
    assert all(path.is_file() for path in names)


def test_the_speakers_view_has_notes_and_times(decks, present):
    page, _ = present(SLIDES / "01_counting.html")
    page.evaluate(
        "const asked = Reveal.getSlides().find(s => s.textContent.includes('nats and bits'));"
        "(({h, v}) => Reveal.slide(h, v))(Reveal.getIndices(asked))"
    )
    notes = page.evaluate(
        "[...Reveal.getCurrentSlide().querySelectorAll('aside.notes')].map(n => n.textContent)"
    )
    assert notes[0] == "From minute 17, for 3 minutes."
    assert "a show of hands" in notes[1]
    assert page.evaluate("Reveal.getCurrentSlide().dataset.timing") == "180"
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    view = opened.value
    view.wait_for_function("document.querySelector('.speaker-controls-notes .value').textContent")
    assert "a show of hands" in view.inner_text(".speaker-controls-notes")


# --- what would be found, and refused ------------------------------------------------------------


def prose(source, kind="-"):
    return new_markdown_cell(source, metadata={"slideshow": {"slide_type": kind}})


def code(source, *outputs, kind="-", tags=()):
    metadata = {"slideshow": {"slide_type": kind}, "tags": list(tags)}
    return new_code_cell(source, metadata=metadata, outputs=list(outputs))


def printed(text):
    return code("print(...)", new_output("stream", text=text))


def html(source):
    return code("HTML(...)", new_output("display_data", {"text/html": source, "text/plain": ""}))


def picture(**metadata):
    shown = {"image/png": drawn("PNG", 40, 20), "text/plain": ""}
    return code(
        "plots.show(...)", new_output("display_data", shown, metadata={"image/png": metadata})
    )


@pytest.fixture
def toy(node, tmp_path):
    """Return a function that makes a deck of a title and some cells."""

    def making(*cells, lecturers_page=None):
        notebook = new_notebook(cells=[prose("## A toy", kind="slide"), *cells])
        for number, cell in enumerate(notebook.cells, 1):
            cell.id = f"cell-{number}"
        nbformat.write(notebook, tmp_path / "01_toy.ipynb")
        make_deck(tmp_path / "01_toy.ipynb", tmp_path, lecturers_page, node)
        lay_out(tmp_path, [], node)
        return tmp_path / "01_toy.html"

    return making


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (prose("\n\n".join(["A paragraph more."] * 20)), "cut off"),
        (html("<div style='width: 1300px'>wide</div>"), "cut off"),
        (html("costs $a$"), "a raw formula"),
        (html("<small style='font-size: 17px'>x</small>"), "text of 17px"),
        (html("<img src='gone.png' alt='x'>"), "a picture is missing"),
    ],
    ids=["too long", "too wide", "raw formula", "small", "picture gone"],
)
def test_what_cannot_be_read_is_found(toy, present, cell, found):
    page, _ = present(toy(cell))
    findings = page.evaluate(LOOK, SMALLEST)["findings"]
    assert any(found in finding for finding in findings), findings


@pytest.mark.parametrize("size", SCREENS.values(), ids=SCREENS)
def test_what_can_be_read_is_not_found(toy, present, size):
    cells = [
        prose("Prose, $x^2$ and `code`.\n\n$$\\frac{1}{2}$$"),
        printed("it costs $5"),
        picture(alt="A black box."),
        prose("> a word more", kind="fragment"),
        prose("small print", kind="notes"),
        prose("## Another", kind="subslide"),
    ]
    page, _ = present(toy(*cells), size)
    assert page.evaluate(LOOK, SMALLEST) == {"slides": 2, "findings": []}


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (prose(r"One, $\notaword{x}$."), r"`One.*Undefined control sequence \\notaword"),
        (prose(r"$$\frac{1}{2$$"), "Missing close brace"),
        (prose("A <b>bold word."), r"`A <b>bold word\.`\): .*<b>"),
        (prose("![](gone.png)"), "<img>.*alt"),
        (html("<p>one</p></div>"), "</div>"),
        (picture(), "<img>.*alt"),
    ],
    ids=["unknown word", "open brace", "open tag", "no text", "stray end", "no text in an output"],
)
def test_what_is_broken_is_refused_by_notebook_and_cell(toy, cell, says):
    with pytest.raises(Unpublishable, match=rf"^01_toy, cell 2 \(.*{says}"):
        toy(cell)


def test_all_that_is_broken_is_said_at_once(toy):
    with pytest.raises(Unpublishable) as refused:
        toy(prose(r"$\one$"), prose(r"$\two$"), picture())
    assert re.findall(r"cell \d", str(refused.value)) == ["cell 4", "cell 2", "cell 3"]


def test_a_slide_that_the_lecturers_page_does_not_know_is_refused(toy, tmp_path):
    page = tmp_path / "01_toy.md"
    page.write_text("## Timings\n\n2 minutes\n\n| 0 | Another |\n")
    says = r"01_toy\.md: expected next .*: A toy\. Found: Another"
    with pytest.raises(Unpublishable, match=says):
        toy(lecturers_page=page)


def test_inputs_are_hidden_where_tagged_and_nothing_has_a_prompt(toy):
    result = new_output("stream", text="result")
    deck = toy(
        code("shown = 1"),
        code("hidden = 2", result, tags=["hide-input"]),
        code("skipped = 3", result, kind="skip"),
    )
    seen = re.sub(r"<[^>]+>", "", deck.read_text())
    assert "shown = 1" in seen
    assert seen.count("result") == 1
    assert "hidden" not in seen
    assert "skipped" not in seen
    assert not re.search(r"(In|Out)(\s|&nbsp;)*\[", seen)


def test_a_deck_is_not_made_again_of_the_same(toy, monkeypatch):
    deck = toy(prose("$x$"))

    def no_node(*_):
        raise AssertionError("made again")

    monkeypatch.setattr("publishing.formulas.run_program", no_node)
    assert toy(prose("$x$")) == deck
    with pytest.raises(AssertionError, match="made again"):
        toy(prose("$y$"))


def test_a_slider_is_shown_as_its_still(toy):
    still = picture(alt="A black box.")
    still.outputs[0].data["application/vnd.jupyter.widget-view+json"] = {"model_id": "x"}
    assert 'alt="A black box."' in toy(still).read_text()


def test_a_deck_is_printed_a_page_a_slide(toy, chromium):
    deck = toy(prose("more", kind="fragment"), prose("## Another", kind="subslide"))
    content = print_deck(chromium, deck).read_bytes()
    assert len(re.findall(rb"/Type /Page\b", content)) == 2
    assert re.search(rb"/MediaBox \[0 0 960 540\]", content)  # 1280 by 720 pixels, in points
