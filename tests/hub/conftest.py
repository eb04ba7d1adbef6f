"""A JupyterHub with nbgrader's exchange, two students and a grader, brought up for one test."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.sandbox.bubblewrap import choose
from tests.screens.conftest import chromium, course_copy, look  # noqa: F401 - fixtures

HERE = Path(__file__).parent
PROXY = HERE / "node_modules" / ".bin" / "configurable-http-proxy"
COURSE, GRADER = "nextword", "tea"
EXCHANGE = """c = get_config()
c.Exchange.root = {exchange!r}
c.CourseDirectory.course_id = {course!r}
"""
OF_STUDENTS = EXCHANGE + "c.Validator.validate_all = True\n"
OF_THE_GRADER = """import os
from pathlib import Path

from autograder.classroom.nbgrader_setup import configure

configure(get_config(), Path({root!r}), Path({folder!r}))
"""

QUIET = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
"""JupyterLab asks nobody whether it may look for news."""


def lacking(words):
    pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)


def free_ports(count):
    """Return ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@dataclass(frozen=True)
class Hub:
    """A hub that runs.

    Parameters
    ----------
    url
        Where browsers find it.
    password
        Everybody's.
    root, folder, exchange, homes
        The course, its class, nbgrader's exchange, and where users' homes are.
    """

    url: str
    password: str
    root: Path
    folder: Path
    exchange: Path
    homes: Path

    def run(self, *words):
        """Run a command as the grader does in the course's folder; return what it said."""
        program = Path(sys.executable).with_name(words[0])
        here = {"NEXTWORD_CLASS": str(self.folder), "HOME": str(self.homes / GRADER)}
        done = subprocess.run(
            [program, *words[1:]],
            cwd=self.root,
            env=os.environ | here,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def hub(course, tmp_path_factory):
    """The hub, stopped when the tests end; nothing of it remains."""
    try:
        import jupyterhub  # noqa: F401
    except ImportError:
        lacking("JupyterHub is not installed: make test-hub")
    if not PROXY.exists() or shutil.which("node") is None:
        lacking("the hub's proxy is not installed, which needs Node.js and npm: make test-hub")
    walls = ["--dev-bind", "/", "/", "--", "true"]
    bwrap = choose(walls)
    if bwrap is None:
        lacking("there is no bubblewrap that runs: autograder doctor says what to do")
    base = tmp_path_factory.mktemp("hub")
    root, exchange = course_copy(course, base / "home" / GRADER / "nextword"), base / "exchange"
    folder = root / "class"
    folder.mkdir(mode=0o700)
    exchange.mkdir()
    exchange.chmod(0o777)
    names = {"exchange": str(exchange), "course": COURSE}
    (base / "etc" / "labconfig").mkdir(parents=True)
    (base / "etc" / "labconfig" / "page_config.json").write_text(json.dumps(QUIET))
    (base / "etc" / "nbgrader_config.py").write_text(OF_STUDENTS.format(**names))
    own = base / "home" / GRADER / ".jupyter"
    own.mkdir()
    theirs = OF_THE_GRADER.format(root=str(root), folder=str(folder)) + EXCHANGE.format(**names)
    (own / "nbgrader_config.py").write_text(theirs)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write("\n" + EXCHANGE.format(**names))
    ports, password = free_ports(3), secrets.token_urlsafe(16)
    settings = {
        "folder": str(base),
        "class": str(folder),
        "root": str(root),
        "ports": ports,
        "password": password,
        "bwrap": str(bwrap.path),
        "proxy": str(PROXY),
    }
    (base / "settings.json").write_text(json.dumps(settings))
    url = f"http://127.0.0.1:{ports[0]}"
    with running(base):
        yield Hub(url, password, root, folder, exchange, base / "home")


@contextlib.contextmanager
def running(base):
    """Run the hub while the block lasts."""
    process = subprocess.Popen(
        [Path(sys.executable).with_name("jupyterhub"), "-f", HERE / "jupyterhub_config.py"],
        cwd=base,
        env=os.environ | {"NEXTWORD_HUB": str(base / "settings.json")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if "JupyterHub is now running" in line:
                break
        else:
            pytest.fail("".join(said)[-5_000:])
        with (base / "hub.log").open("w") as rest:
            drain = subprocess.Popen(["cat"], stdin=process.stdout, stdout=rest)
            yield
            process.terminate()
            process.wait(60)
            drain.wait(60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # whatever is left of it
        process.wait()
        process.stdout.close()
