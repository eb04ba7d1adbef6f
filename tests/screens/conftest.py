"""A class whose students attack whoever looks, a Jupyter server that shows it, and a browser."""

import base64
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.course import Course
from autograder.authoring.material import load_material
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.class_reports import write_reports
from autograder.classroom.gathering import prepare, to_evidence
from autograder.classroom.grading import rejudge
from autograder.classroom.marking import places
from autograder.classroom.marking_server import MarkingServer
from autograder.classroom.results import write_evidence
from autograder.classroom.session import Session
from autograder.sandbox.limits import Limits
from autograder.sandbox.outputs import admitted
from autograder.sandbox.run import Execution
from tests.screens.payloads import ACT, MARKDOWN, NAMES, outputs

ASSIGNMENT, NOTEBOOK = "01_counting", "counting"
PARTS = ("solutions", "assignments", "nbgrader_config.py", "jupytext.toml")
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 120_000
"""Milliseconds for a page to be there: a busy machine is no fault of the page."""
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="session")
def png():
    """A picture, in base64."""
    figure, axes = plt.subplots(figsize=(3, 2))
    axes.plot([1, 3, 2])
    written = BytesIO()
    figure.savefig(written, format="png")
    plt.close(figure)
    return base64.b64encode(written.getvalue()).decode()


def hostile(release, png):
    """Return a student's notebook with every payload, and what running it would display."""
    notebook = nbformat.from_dict(release)
    written = next(
        cell
        for cell in notebook.cells
        if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("solution")
    )
    written.source = (
        "The *window* ends: $a<b$, $$p(w\\mid h) < 1$$ and `x<y` as in\n\n"
        "![plot](attachment:my%20plot.png)\n\n" + MARKDOWN["script"] + MARKDOWN["svg onload"]
    )
    written.attachments = {
        "my plot.png": {"image/png": png},
        "plot.png": {"image/svg+xml": f"<svg onload={ACT}>", "image/png": "PHN2Zz4="},
    }
    for name, payload in MARKDOWN.items():
        kind = nbformat.v4.new_raw_cell if "script" in name else nbformat.v4.new_markdown_cell
        cells = [nbformat.v4.new_markdown_cell(f"{name}\n\n{payload}"), kind(payload)]
        for cell in cells:
            if cell.cell_type == "markdown":
                cell.attachments = written.attachments
        notebook.cells += cells
    code = nbformat.v4.new_code_cell(f"display('</pre><script>{ACT}</script>')")
    notebook.cells.append(code)
    return notebook


def course_copy(course, root):
    """Copy what a class needs of a course; return where it is now."""
    for part in PARTS:
        source = course.root / part
        if source.is_dir():
            shutil.copytree(source, root / part)
        else:
            shutil.copy(source, root)
    return root


@dataclass(frozen=True)
class Shown:
    """A class that was graded, and the course it is of."""

    root: Path
    folder: ClassFolder
    raw: nbformat.NotebookNode

    def nbgrader(self, *words):
        """Run one of nbgrader's commands in the course."""
        program = Path(sys.executable).with_name("nbgrader")
        done = subprocess.run(
            [program, *words], cwd=self.root, env=self.environment(), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    def environment(self):
        return os.environ | {"HOME": str(self.root.parent), "NEXTWORD_CLASS": str(self.folder.path)}


@pytest.fixture(scope="session")
def shown(course, png, tmp_path_factory):
    """The class, graded from evidence such as the sandbox hands out; no student's code is run."""
    root = course_copy(course, tmp_path_factory.mktemp("screens") / "course")
    folder = ClassFolder(root / "class")
    folder.set_secret("tests")
    material = load_material(Course.at(root).assignment(ASSIGNMENT))
    session = Session.of(material, folder)
    notebook = hostile(material.derived.release, png)
    for student in NAMES:
        place = folder.submitted(ASSIGNMENT, student)
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{NOTEBOOK}.ipynb")
        (place / "evil.html").write_text(f"<script>{ACT}</script>")
        (place / f"<img src=x onerror={ACT}>.html").write_text("x")
        (place / "timestamp.txt").write_text(f"<script>{ACT}</script>")
        _, staged, remarks, key = prepare(session, student, Limits())
        for cell in staged.cells:
            if cell.cell_type == "code" and grade_id_of(cell) is None:
                cell.outputs = admitted(outputs(png), 10**6)
        execution = Execution(staged, {}, {}, (f"<script>{ACT}</script>",))
        evidence = to_evidence(execution, key, remarks)
        write_evidence(folder.evidence_path(ASSIGNMENT, student), evidence)
    graded = list(rejudge(session, NAMES))
    assert [result.failure for result in graded] == [None] * len(NAMES)
    write_reports(session, graded)
    raw = nbformat.from_dict(notebook)
    for cell in raw.cells:
        cell.source = cell.source.replace("my%20plot", "plot")
    raw.cells[-1].outputs = [nbformat.from_dict(output) for output in outputs(png)[:2]]
    return Shown(root, folder, raw)


@pytest.fixture(scope="session")
def server(shown):
    """The address of a Jupyter server in the course's folder."""
    with serving(shown) as address:
        yield address


@contextlib.contextmanager
def serving(shown):
    """Run a Jupyter server in a course's folder; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = f"server --no-browser --allow-root --ServerApp.port={port} --ServerApp.port_retries=0"
    options = ["--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=", "--ServerApp.password="]
    process = subprocess.Popen(
        [Path(sys.executable).with_name("jupyter"), *words.split(), *options],
        cwd=shown.root,
        env=shown.environment() | {"JUPYTER_PLATFORM_DIRS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    log = []
    for line in process.stderr:
        log.append(line)
        if "is running at" in line:
            break
    else:
        pytest.fail("".join(log))
    with open(shown.root.parent / "server.log", "w") as rest:  # noqa: PTH123
        drain = subprocess.Popen(["cat"], stdin=process.stderr, stdout=rest)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)
            drain.wait(20)
    process.stderr.close()


@pytest.fixture
def marking(shown):
    session = Session.of(load_material(Course.at(shown.root).assignment(ASSIGNMENT)), shown.folder)
    with MarkingServer(places(session), "tea") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def chromium():
    """The browser."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        words = "no Chromium was found: apt-get install chromium"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Looking:
    """A browser's window, and what came of looking."""

    page: object
    home: str
    asked: list[str] = field(default_factory=list)

    def open(self, url):
        self.page.goto(url, wait_until="load")
        self.page.wait_for_load_state("networkidle")

    def click_everything(self, within):
        """Click whatever leads to no website, as an unwary person would."""
        self.page.evaluate(
            """within => {
                for (const element of document.querySelectorAll(`${within} :is(a, button)`)) {
                    const leads = String(element.getAttribute("href") ?? "javascript:");
                    if (/^(https?:|mailto:|#)/.test(leads)) continue;
                    element.dispatchEvent(new MouseEvent("click", {bubbles: true}));
                }
            }""",
            within,
        )

    def acted(self):
        """Whether something that a student wrote has run, in any frame."""
        return any(frame.evaluate("Boolean(window.__pwned)") for frame in self.page.frames)

    def foreign(self):
        """What was asked of anybody but the server, or of other files."""
        harmless = ("data:", "blob:", "about:", self.home)
        return [url for url in self.asked if not url.startswith(harmless)]


@pytest.fixture
def look(chromium):
    """Return a function that opens an address, of which nothing leads to a network."""
    contexts = []

    def looking(url, home=None):
        home = home or url.rpartition("/")[0]
        context = chromium.new_context(viewport={"width": 1100, "height": 900})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        window = Looking(context.new_page(), home)
        context.on("request", lambda request: window.asked.append(request.url))
        context.route(
            lambda address: not address.startswith((home, "file:", "data:", "blob:", "about:")),
            lambda route: route.abort(),
        )
        window.page.on("dialog", lambda dialog: dialog.dismiss())
        window.open(url)
        return window

    yield looking
    for context in contexts:
        context.close()
