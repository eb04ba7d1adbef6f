"""What the site is made of, and what stops its making."""

import base64
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from publishing.running import CellFailed
from publishing.site import api_pages, building, source_tree
from publishing.site.errors import FaultyPages, PictureWithoutText
from publishing.site.faults import faults_of
from publishing.site.lecture_pages import page_of
from publishing.site.mending import mended
from tests.pictures import drawn

ROOT = Path(__file__).resolve().parents[2]
ALT = r"A curve: $L_2$ falls to 0.5 [nats], *not* <b>0</b>; a_b|c & “d”."


def figure(alt=ALT, **more):
    data = {"image/png": drawn("PNG"), "text/plain": "<Figure>"} | more
    return new_output("display_data", data, metadata={"image/png": {"alt": alt} if alt else {}})


def lecture(*outputs):
    cells = [
        new_markdown_cell("# 01 A lecture"),
        new_markdown_cell("Halls say B.", metadata={"slideshow": {"slide_type": "notes"}}),
        new_code_cell("draw()", outputs=list(outputs)),
    ]
    language = {"name": "python", "pygments_lexer": "ipython3"}
    return new_notebook(cells=cells, metadata={"language_info": language})


# --- a lecture's page -----------------------------------------------------------------------------


def test_a_lecturers_notes_are_not_on_the_page():
    assert [cell.source for cell in page_of(lecture(), "01").notebook.cells] == [
        "# 01 A lecture",
        "draw()",
    ]


def test_a_picture_lies_beside_the_page():
    page = page_of(lecture(figure()), "01")
    (name,) = page.pictures
    assert page.pictures[name] == base64.b64decode(drawn("PNG"))
    assert f"(figures/{name})" in page.notebook.cells[-1].outputs[0].data["text/markdown"]


def test_a_figure_with_sliders_is_a_still_that_says_so():
    sliders = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
    page = page_of(lecture(figure(**sliders)), "01")
    assert "sliders" in page.notebook.cells[-1].outputs[0].data["text/markdown"]


@pytest.mark.parametrize("alt", ["", " "])
def test_a_picture_without_alternative_text_names_notebook_and_cell(alt):
    with pytest.raises(PictureWithoutText, match=r"01_counting, cell 3 \(`draw\(\)`\)"):
        page_of(lecture(figure(alt)), "01_counting")


def test_a_cell_that_fails_names_notebook_and_cell(tmp_path):
    lectures = tmp_path / "lectures"
    lectures.mkdir()
    text = "# %% [markdown]\n# # 09 A lecture\n\n# %%\nweight = 1\nweight / 0\n"
    (lectures / "09_bad.py").write_text(text, encoding="utf-8")
    with pytest.raises(CellFailed, match=r"09_bad, cell 2 (.|\n)*ZeroDivisionError"):
        building.build(tmp_path, tmp_path / "site", tmp_path / "executed", tell=str)


# --- what Sphinx reads ----------------------------------------------------------------------------


@pytest.fixture
def laid(tmp_path):
    """A small course laid out for Sphinx: its lecture shows a figure, and nothing is solved."""
    root = tmp_path / "root"
    for name in ("docs", "assignments"):
        shutil.copytree(ROOT / name, root / name)
    (root / "nextword").mkdir()
    executed = tmp_path / "01_counting.ipynb"
    nbformat.write(lecture(figure()), executed)
    mathjax = tmp_path / "es5"
    (mathjax / "sre").mkdir(parents=True)
    (mathjax / "tex-chtml.js").write_text("")
    (mathjax / "sre" / "say.js").write_text("")
    tree = tmp_path / "tree"
    source_tree.lay(root, tree, [executed], mathjax)
    return tree


def test_pages_lie_where_the_repository_has_them(laid):
    for name in (
        "index.md",
        "docs/term.md",
        "assignments/01_counting/counting.ipynb",
        "lectures/01_counting.ipynb",
        "static/mathjax/tex-chtml.js",
        "static/mathjax/sre/say.js",
    ):
        assert (laid / name).is_file()


def test_no_solution_and_no_lecturers_page_is_among_what_sphinx_reads(laid):
    assert not [path for path in laid.rglob("*") if "solutions" in str(path.relative_to(laid))]
    assert not [pattern for pattern in source_tree.COPIED if pattern.startswith("solutions")]


def test_every_guide_has_its_place():
    text = (source_tree.OURS / "pages/docs/index.md").read_text(encoding="utf-8")
    listed = {line.strip() for line in text.splitlines()}
    missing = {path.stem for path in (ROOT / "docs").glob("*.md")} - listed
    assert missing == set(), "name it in publishing/site/pages/docs/index.md"


def test_the_library_has_a_page_for_each_room_with_each_module():
    pages = dict(api_pages.pages(ROOT / "nextword"))
    text = "\n".join(pages.values())
    for path in (ROOT / "nextword").glob("*/*.py"):
        if not path.stem.startswith("_"):
            assert f".. automodule:: nextword.{path.parent.name}.{path.stem}\n" in text
    assert "earlier_names" not in text
    assert next(iter(pages)) == "grammar"


def test_what_cannot_be_listened_to_is_mended():
    signature = "(\n<dl>\n<dd><em>a</em>,</dd>\n<dd><em>b</em></dd>\n</dl>\n)"
    lines = '<span class="sig-line"><em>a</em>,</span>\n<span class="sig-line"><em>b</em></span>'
    assert mended(f"<dt>f{signature}</dt>") == f"<dt>f(\n{lines}\n\n)</dt>"
    head = '<th class="head"><p>loss</p></th>'
    assert mended(f'<th class="head"></th>{head}') == f'<td class="head"></td>{head}'
    folded = "><span>Show the code</span></summary>"
    said = f'<summary aria-label="Toggle hidden content"{folded}'
    assert mended(said) == f"<summary{folded}"
    described = "<dl>\n<dt>a</dt>\n<dd>b</dd>\n</dl>"
    assert mended(described) == described


# --- what is wrong with pages ---------------------------------------------------------------------

GOOD = "<main><h1>A</h1><h2 id='here'>B</h2><img src='a.png' alt='A curve.'></main>"
BAD = {
    "<a href='gone.html'>x</a>": "the link gone.html leads nowhere",
    "<a href='#gone'>x</a>": "the link #gone leads to a place",
    "<a href='other.html#gone'>x</a>": "the link other.html#gone leads to a place",
    "<a href='../outside.html'>x</a>": "the link ../outside.html leads nowhere",
    "<img src='b.png'>": "the picture b.png has no alternative text",
    "<img src='b.png' alt=' '>": "the picture b.png has no alternative text",
    "<img src='figures/b.png' alt='figures/b.png'>": "has no alternative text",
    "<script src='https://cdn.test/x.js'></script>": "fetches https://cdn.test/x.js from elsewhere",
    "<link rel='stylesheet' href='//cdn.test/x.css'>": "fetches //cdn.test/x.css from elsewhere",
    "<script src='gone.js'></script>": "fetches gone.js, which is not there",
    "<style>@import 'https://cdn.test/x.css';</style>": "a style fetches something",
    "<main><h1>Two</h1></main>": "expected one heading of the first level, found 2",
}


def written(folder, more="", main=GOOD):
    folder.mkdir()
    (folder.parent / "outside.html").write_text(GOOD)
    for name in ("a.png", "b.png", "figures/b.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"")
    (folder / "other.html").write_text(GOOD)
    (folder / "page.html").write_text(f"<!doctype html>{main.replace('</main>', more + '</main>')}")
    return faults_of(folder)


def test_a_good_page_has_no_fault(tmp_path):
    links = "<a href='other.html#here'>x</a><a href='#here'>y</a><a href='https://a.test'>z</a>"
    assert written(tmp_path / "html", links) == []


@pytest.mark.parametrize("bad", BAD)
def test_what_is_wrong_is_said_with_its_page(tmp_path, bad):
    more = bad.removeprefix("<main>").removesuffix("</main>")
    (fault,) = written(tmp_path / "html", more)
    assert fault.startswith("page.html: ")
    assert BAD[bad] in fault


def test_a_heading_that_skips_a_level_is_named(tmp_path):
    main = "<main><h1>A</h1><h3>Too deep</h3></main>"
    (fault,) = written(tmp_path / "html", main=main)
    assert "the heading 'Too deep' is of level 3" in fault


def test_a_stylesheet_that_asks_the_network_is_named(tmp_path):
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "x.css").write_text("body { background: url('https://cdn.test/x.png') }")
    assert faults_of(tmp_path / "html") == ["x.css: fetches something from elsewhere"]


# --- Sphinx ---------------------------------------------------------------------------------------


def small_site(folder, text):
    """Write a source of one page and one lecture, as `lay` does."""
    page = page_of(lecture(figure()), "01")
    (folder / "lectures/figures").mkdir(parents=True)
    (folder / "static").mkdir()
    for name, content in page.pictures.items():
        (folder / "lectures/figures" / name).write_bytes(content)
    nbformat.write(page.notebook, folder / "lectures/01.ipynb")
    shutil.copy(source_tree.OURS / "conf.py", folder)
    shutil.copytree(source_tree.OURS / "templates", folder / "templates")
    shutil.copy(source_tree.OURS / "static/site.css", folder / "static")
    contents = "\n\n```{toctree}\nlectures/01\n```\n"
    (folder / "index.md").write_text("# Title\n\n" + text + contents, encoding="utf-8")


def test_alternative_texts_arrive_as_they_were_written(tmp_path):
    from bs4 import BeautifulSoup

    small_site(tmp_path / "source", "Words.")
    building.write_pages(tmp_path / "source", tmp_path / "html")
    page = BeautifulSoup((tmp_path / "html/lectures/01.html").read_bytes(), "lxml")
    assert [picture["alt"] for picture in page.find("main").find_all("img")] == [ALT]
    assert "Halls say B." not in page.get_text()
    assert faults_of(tmp_path / "html") == []


def test_warnings_are_errors_that_name_the_page(tmp_path):
    bad = "[x](gone.md)\n\n```{no-such-directive}\n```\n\n### Too deep\n"
    small_site(tmp_path / "source", bad)
    with pytest.raises(FaultyPages) as problem:
        building.write_pages(tmp_path / "source", tmp_path / "html")
    said = [line for line in problem.value.faults if line.startswith("index.md:")]
    assert any("gone.md" in line for line in said)
    assert any("no-such-directive" in line for line in said)
    assert any("H1 to H3" in line for line in said)
