import json
from html.parser import HTMLParser

import nbformat.v4
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nbconvert import HTMLExporter

from autograder.classroom.harmless import LONGEST_RENDERED, clean_html, harmless, harmless_markdown

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
"""One grey pixel."""
TAGS_OF_TEXT = {"p", "a", "em", "strong", "code", "pre", "div", "span", "blockquote", "ul", "ol"}
TAGS_OF_TEXT |= {"li", "hr", "br", "h1", "h2", "h3", "h4", "h5", "h6", "img", "del"}
TAGS_OF_TEXT |= {"table", "thead", "tbody", "tr", "th", "td"}


class Found(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.links, self.pictures, self.names, self.text = [], [], [], set(), ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}
        values = dict(attrs)
        self.links += [values["href"]] if values.get("href") else []
        self.pictures += [values["src"]] if "src" in values else []

    def handle_data(self, data):
        self.text += data


EXPORTER = HTMLExporter(exclude_anchor_links=True)


def rendered(source, attachments=None):
    """Return what nbconvert makes of a cell, with nothing of ours behind it."""
    text, pictures = harmless_markdown(source, attachments or {})
    return Found(EXPORTER.markdown2html({"cell": {"attachments": pictures}}, text))


def code_cell(*outputs, **changes):
    cell = nbformat.v4.new_code_cell("1", **changes)
    cell.outputs = [nbformat.from_dict(output) for output in outputs]
    return cell


def shown(*outputs):
    (cell,) = harmless(nbformat.v4.new_notebook(cells=[code_cell(*outputs)])).cells
    return json.loads(json.dumps(cell.outputs))


def display(**forms):
    data = {kind.replace("__", "/"): content for kind, content in forms.items()}
    return {"output_type": "display_data", "data": data, "metadata": {"isolated": True}}


PIECES = (
    r"""< > / ! ? [ ] ( ) : $ ` \ " ' & ![ ]( script svg onload=1 javascript: data: """
    "http://x.test/ attachment:a a &lt; &#60; ``` $$ ~~ * | # -"
)
MARKUP = st.lists(st.sampled_from([*PIECES.split(), "\n", " ", "]: ", "    "]), max_size=30)


@given(MARKUP.map("".join))
@example("[a][b]\n\n[b]: javascript:x")
@example("[a](<javascript:x>)")
@example("![a ![b](http://x.test/y)](attachment:a)")
def test_no_markdown_opens_a_tag_asks_for_a_picture_or_links_to_a_script(source):
    found = rendered(source, {"a": {"image/png": PNG}})
    assert set(found.tags) <= TAGS_OF_TEXT
    assert not {name for name in found.names if name.startswith("on")}
    assert all(link.startswith(("http://", "https://", "mailto:", "#")) for link in found.links)
    assert all(picture == f"data:image/png;base64,{PNG}" for picture in found.pictures)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a<b and c>d", "a<b and c>d"),
        ("`x<y` and `<s>`", "x<y and <s>"),
        ("```\nif a<b: print('</s>')\n```", "if a<b: print('</s>')"),
        ("use f[x](y) and d[k]: v", "use f[x](y) and d[k]: v"),
        ("<s> opens a sentence, </s> ends it", "<s> opens a sentence, </s> ends it"),
        ("x &lt; y, AT&T", "x < y, AT&T"),
    ],
)
def test_text_and_code_read_as_written(source, text):
    assert rendered(source).text.replace("\u200b", "").strip() == text


def test_a_formula_means_what_it_meant():
    source = r"$a<b$, $$p(w\mid h)<q \\ x[i](t)$$"
    text, _ = harmless_markdown(source, {})
    assert text.replace(" ", "") == source.replace(" ", "")
    assert "\u200b" not in text


def test_links_to_websites_stay():
    found = rendered("[paper](https://arxiv.org/abs/1), [mail](mailto:a@b.test), [up](#top)")
    assert found.links == ["https://arxiv.org/abs/1", "mailto:a@b.test", "#top"]


@pytest.mark.parametrize("name", ["plot.png", "my%20plot.png", "Zo\u00eb.png"])
def test_an_attached_picture_is_shown_whatever_its_name(name):
    attachments = {name.replace("%20", " "): {"image/png": PNG}}
    found = rendered(f"See ![my plot](attachment:{name}).", attachments)
    assert found.pictures == [f"data:image/png;base64,{PNG}"]


@pytest.mark.parametrize(
    "attachments",
    [
        {},
        {"a": {}},
        {"a": {"image/svg+xml": "<svg/>"}},
        {"a": {"image/png": "PHN2Zz4="}},
        None,
        [1],
    ],
)
def test_a_picture_that_is_not_attached_is_text(attachments):
    found = rendered("![a](attachment:a)", attachments)
    assert "img" not in found.tags
    assert "![a](attachment:a)" in found.text.replace("\u200b", "")


def test_a_display_is_shown_as_text_or_as_a_picture():
    html = display(text__html="<b>", text__plain="bold", application__javascript="x")
    picture = display(image__png=PNG, text__plain="<Figure>")
    assert [output["data"] for output in shown(html, picture)] == [
        {"text/plain": "bold"},
        {"image/png": PNG, "text/plain": "<Figure>"},
    ]
    assert all(output["metadata"] == {} for output in shown(html, picture))


@pytest.mark.parametrize(
    "kind",
    "text/html text/markdown text/latex image/svg+xml application/javascript application/json "
    "application/pdf application/vnd.jupyter.widget-view+json text/vnd.mermaid".split(),
)
def test_a_display_without_text_is_left_out(kind):
    assert shown({"output_type": "display_data", "data": {kind: "x"}, "metadata": {}}) == []


def test_prints_and_errors_stay():
    stream = {"output_type": "stream", "name": "stdout", "text": "<b>"}
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["<i>"]}
    assert shown(stream, error) == [stream, error]


@pytest.mark.parametrize(("count", "kept"), [(3, 3), (int("9" * 4299), None), (-1, None)])
def test_a_number_of_executions_is_one_that_there_can_be(count, kept):
    result = {"output_type": "execute_result", "data": {"text/plain": "1"}, "metadata": {}}
    cell = code_cell(result | {"execution_count": count})
    cell.execution_count = count
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [cell]
    (made,) = harmless(notebook).cells
    assert made.execution_count == made.outputs[0].execution_count == kept


def test_metadata_that_changes_what_is_shown_is_dropped():
    cell = code_cell()
    cell.metadata = nbformat.from_dict(
        {"nbgrader": {"grade_id": "a"}, "tags": ["exploration"], "jupyter": {"source_hidden": True}}
    )
    notebook = nbformat.v4.new_notebook(cells=[cell])
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": {"name": "python3"}, "widgets": {}, "title": "<b>", "language_info": {}}
    )
    made = harmless(notebook)
    assert set(made.cells[0].metadata) == {"nbgrader", "tags"}
    assert made.metadata == {
        "kernelspec": {"name": "python3"},
        "language_info": {"name": "python"},
    }


def test_what_is_harmless_stays_as_it_is():
    attached = {"my plot.png": {"image/png": PNG}}
    cells = [
        nbformat.v4.new_markdown_cell("![a](attachment:my%20plot.png) <b>", attachments=attached),
        nbformat.v4.new_raw_cell("<script>"),
        code_cell(display(text__html="<b>", text__plain="b")),
    ]
    once = harmless(nbformat.v4.new_notebook(cells=cells))
    assert harmless(once) == once
    assert cells[0].source == "![a](attachment:my%20plot.png) <b>"
    nbformat.validate(once)


SUPERLINEAR = ["\\\\(", "\\\\[", "\\begin{a}", "[", "![", "[a][b", "word\n", "> - "]
"""What nbconvert's renderer needs time for that grows with the square of how often it is there."""


@pytest.mark.parametrize("part", SUPERLINEAR)
def test_no_more_text_is_rendered_than_a_person_writes(part):
    text = part * (LONGEST_RENDERED // len(part) + 1)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    (cell,) = harmless(notebook).cells
    first, empty, *lines = cell.source.split("\n")
    assert (first, empty) == ("*Shown as it was typed, as it is long:*", "")
    assert all(line.startswith("    ") for line in lines)
    assert "\n".join(line[4:] for line in lines).replace("\u200b", "") == text.rstrip("\n")
    assert harmless(harmless(notebook)).cells == harmless(notebook).cells


def test_nor_of_all_cells_together():
    cells = [nbformat.v4.new_markdown_cell("word " * 1_800) for _ in range(8)]
    made = harmless(nbformat.v4.new_notebook(cells=cells)).cells
    assert [cell.source.startswith("*Shown as") for cell in made] == [False] * 6 + [True] * 2


def test_only_what_is_shown_as_typed_may_say_that_it_is():
    text = "*Shown as it was typed, as it is long:*\n" + "[" * LONGEST_RENDERED
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    assert harmless(notebook).cells[0].source.split("\n")[-1].startswith("    [[")


@pytest.mark.parametrize(
    "html",
    [
        "<script>x</script>",
        "<svg onload=x></svg>",
        '<a href="javascript:x">a</a>',
        '<img src="http://x.test/y.png">',
        '<img src="data:image/svg+xml;base64,AAAA">',
        '<p id="score" style="color:red" onclick="x">a</p>',
    ],
)
def test_html_is_cleaned(html):
    found = Found(clean_html(html))
    assert not found.names - {"rel"}
    assert set(found.tags) <= {"p", "a", "img"}
