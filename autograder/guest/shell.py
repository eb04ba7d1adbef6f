"""Runs cells as a notebook's kernel would, in this process, and gathers their outputs."""

from __future__ import annotations

import ast
import base64
import builtins
import importlib
import inspect
import io
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.profiledir import ProfileDir
from traitlets import Type
from traitlets.config import Config

from autograder.guest.budget import Budget

_CELL = re.compile("<ipython-input-([0-9]{1,9})-")
"""How IPython names the code of a cell, with its number."""
_PROMPTS = (">>>", "In [", "...:")
_FRAMES = 20
"""How many steps of a traceback are kept at its beginning, and at its end."""
Output = dict[str, Any]
"""An output as the notebook format has it."""


class _Descriptor:
    """What is written to descriptor 1 or 2 past Python's streams, by programs or C code."""

    def __init__(self, number: int, name: str, kept_bytes: int) -> None:
        self.name, self._kept_bytes = name, kept_bytes
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the shell
        os.dup2(self._file.fileno(), number)

    def taken(self) -> str:
        """Return what came since the last call, no more of it than is kept."""
        try:
            if os.fstat(self._file.fileno()).st_size == 0:
                return ""
            self._file.seek(0)
            content = self._file.read(self._kept_bytes)
            self._file.seek(0)
            self._file.truncate()
        except (OSError, ValueError):  # the student's code may have closed it
            return ""
        return content.decode("utf-8", "replace")


class _Outputs:
    """The outputs of the cell that runs, no more of them than are kept."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._descriptors = [
            _Descriptor(1, "stdout", budget.kept_bytes),
            _Descriptor(2, "stderr", budget.kept_bytes),
        ]
        self.start()

    def start(self) -> None:
        """Forget the outputs of the cell before."""
        self.clear()
        self._budget.start()

    def clear(self) -> None:
        """Forget what the cell has put out so far."""
        self.outputs: list[Output] = []
        self._streams: dict[str, Output] = {}

    def add(self, output: Output) -> None:
        """Keep an output, unless there are too many already."""
        self.gather()
        kept = self._budget.output(output)
        if kept is not None:
            self.outputs.append(kept)

    def write(self, name: str, text: str) -> None:
        """Append to a stream what comes from Python."""
        self.gather()
        self._append(name, text)

    def gather(self) -> None:
        """Append what has come past Python's streams, from programs or C code."""
        for descriptor in self._descriptors:
            self._append(descriptor.name, descriptor.taken())

    def _append(self, name: str, text: str) -> None:
        """Append to a stream, which is one output of a cell: cold mode joins its pieces."""
        text = self._budget.text(text) if text else ""
        if not text:
            return
        if name not in self._streams:
            self._streams[name] = {"output_type": "stream", "name": name, "text": ""}
            self.outputs.append(self._streams[name])
        self._streams[name]["text"] += text


class _Stream(io.TextIOBase):
    """What `sys.stdout` and `sys.stderr` are for a cell."""

    def __init__(self, outputs: _Outputs, name: str) -> None:
        super().__init__()
        self._outputs = outputs
        self.name = f"<{name}>"
        self._stream = name

    encoding = "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._outputs.write(self._stream, text)
        return len(text)


class _Publisher(DisplayPublisher):
    """Gathers what is displayed."""

    def publish(self, data: Any, metadata: Any = None, *args: Any, **kwargs: Any) -> None:
        """Keep a display; one that would change an earlier one is left out."""
        if kwargs.get("update"):
            return
        plain = {str(kind): _plain(value) for kind, value in dict(data).items()}
        output = {"output_type": "display_data", "data": plain, "metadata": _plain(metadata or {})}
        self.shell.gathered.add(output)

    def clear_output(self, wait: bool = False) -> None:
        """Forget what the cell has displayed so far."""
        self.shell.gathered.clear()


class _DisplayHook(DisplayHook):
    """Gathers the value of a cell's last line."""

    def write_output_prompt(self) -> None:
        """Write no prompt: the number stands in the output."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        """Keep the value in all its forms."""
        plain = {str(kind): _plain(value) for kind, value in dict(format_dict).items()}
        output = {"output_type": "execute_result", "data": plain, "metadata": _plain(md_dict or {})}
        self.shell.gathered.add(output | {"execution_count": self.shell.execution_count})

    def finish_displayhook(self) -> None:
        """End without the line break that a terminal wants."""
        self._is_active = False


class _Compiler(CachingCompiler):
    """Compiles cells, and says of each that it belongs to the notebook's own module.

    Otherwise every line of a traceback looks for its module among the thousands that are loaded.
    """

    _parsed: tuple[str, int, ast.AST] | None = None
    """The cell that was looked at last, the flags, and its tree."""

    def look_at(self, source: str) -> None:
        """Parse a cell, and keep its tree for when it is run, unless warnings are to be shown then.

        Raises
        ------
        SyntaxError, ValueError, RecursionError, MemoryError
        """
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            tree = super().ast_parse(source)
        self._parsed = None if found else (source, self.flags, tree)

    def ast_parse(self, source: str, filename: str = "<unknown>", symbol: str = "exec") -> ast.AST:
        """Return a cell's tree, which is parsed once."""
        parsed, self._parsed = self._parsed, None
        if parsed is not None and (*parsed[:2], "exec") == (source, self.flags, symbol):
            return parsed[2]
        return super().ast_parse(source, filename, symbol)

    def cache(self, *args: Any, **kwargs: Any) -> str:
        """Return the name under which a cell is compiled."""
        name: str = super().cache(*args, **kwargs)
        # inspect looks under this very path, which need not exist.
        inspect.modulesbyfile[os.path.abspath(name)] = "__main__"  # noqa: PTH100
        return name


class _Shell(InteractiveShell):
    """IPython's shell, with everything that it shows gathered instead."""

    compiler_class = Type(_Compiler)
    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_DisplayHook)
    gathered: _Outputs
    usual_transformers: list[Any]
    compile: _Compiler

    def init_ipython_dir(self, ipython_dir: str | None) -> None:
        """Have no folder yet: where the shell is made, nothing can be written."""

    def init_profile_dir(self, profile_dir: ProfileDir | None) -> None:
        """Have no folder yet."""
        self.profile_dir = ProfileDir()

    def make_folders(self) -> None:
        """Make the folders that a kernel makes too."""
        super().init_ipython_dir(None)
        super().init_profile_dir(None)

    def transform_cell(self, raw_cell: str) -> str:
        """Return a cell as Python: as it is, where IPython would find nothing to change in it.

        That takes long: it looks at each token, in Python.
        """
        if not self.input_transformers_post and self._transformers() == self.usual_transformers:
            ended = raw_cell if raw_cell.endswith("\n") else f"{raw_cell}\n"
            if _is_plain_python(ended, self.compile.look_at):
                return ended
        transformed: str = super().transform_cell(raw_cell)
        return transformed

    def should_run_async(self, raw_cell: str, **how: Any) -> bool:
        """Return whether a cell waits for something; without the words for it nothing does."""
        words = "await" in raw_cell or "async" in raw_cell
        return words and bool(super().should_run_async(raw_cell, **how))

    def _transformers(self) -> list[Any]:
        manager = self.input_transformer_manager
        return [*manager.cleanup_transforms, *manager.line_transforms, *manager.token_transformers]

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        try:
            message = str(evalue)
        except Exception:  # noqa: BLE001 - a student's exception may fail to print itself
            message = "(its message could not be printed)"
        output = {
            "output_type": "error",
            "ename": str(getattr(etype, "__name__", etype)),
            "evalue": message,
            "traceback": _without_the_middle([str(line) for line in stb]),
        }
        self.gathered.add(output)

    def _format_exception_for_storage(self, *args: Any, **kwargs: Any) -> None:
        """Keep no second traceback for a history that nobody reads."""

    def ask_exit(self) -> None:
        """End the process, as a kernel does when a cell calls `exit`."""
        os._exit(0)

    def enable_gui(self, gui: Any = None) -> None:
        """Ignore the request: there is no screen."""


def _without_the_middle(traceback: list[str]) -> list[str]:
    """Return a traceback that somebody can read, also of a function that calls itself for ever."""
    more = len(traceback) - 2 * _FRAMES
    if more <= 0:
        return traceback
    return [*traceback[:_FRAMES], f"\n  [... {more} more ...]\n\n", *traceback[-_FRAMES:]]


def _is_plain_python(source: str, parse: Callable[[str], object] = ast.parse) -> bool:
    """Return whether a cell is Python, and nothing that IPython takes for something else.

    It takes away prompts, wherever it thinks to see one, an empty first line, and its indentation.
    A single line may be a magic's name.
    """
    if source[:1].isspace() or len(source.splitlines()) < 2:
        return False
    if any(prompt in source for prompt in _PROMPTS):
        return False
    try:
        parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _plain(value: Any) -> Any:
    """Return what JSON can hold of a value that a student's code made."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return str(value)


class NotebookShell:
    """One notebook's shell. It is made before the fork, which takes as long as running some cells.

    Nothing of a notebook, and no folder that could be written, is there yet.
    """

    def __init__(self) -> None:
        for name in _LATE:
            importlib.import_module(name)
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.xmode = "Plain"  # others parse the source of every step anew
        self._shell = _Shell.instance(config=config)
        self._shell.usual_transformers = self._shell._transformers()
        # What a traceback shows is looked up again in any case: not all files that were ever shown.
        self._shell.InteractiveTB.check_cache = lambda: None
        builtins.input = _refuse_input
        self._shell.enable_matplotlib("inline")
        self._show_an_error()

    def begin(self, budget: Budget) -> None:
        """Begin a notebook, in its own process and folder.

        Parameters
        ----------
        budget
            What a cell may put out.
        """
        self._outputs = self._shell.gathered = _Outputs(budget)
        self._shell.make_folders()

    def _show_an_error(self) -> None:
        """Let the libraries find out where all modules come from, as for the first traceback."""
        try:
            raise ValueError("an error")
        except ValueError:
            self._shell.InteractiveTB.structured_traceback(*sys.exc_info())

    @property
    def number(self) -> int:
        """The number of the next cell, or of the one that runs."""
        return int(self._shell.execution_count)

    def run(self, source: str) -> tuple[list[Output], int]:
        """Run a cell; return its outputs and its number."""
        number = self.number
        self._outputs.start()
        streams = sys.stdout, sys.stderr
        sys.stdout = _Stream(self._outputs, "stdout")
        sys.stderr = _Stream(self._outputs, "stderr")
        try:
            self._shell.run_cell(source, store_history=True)
        finally:
            sys.stdout, sys.stderr = streams
        self._outputs.gather()
        return self._outputs.outputs, number

    def whereabouts(self, frame: FrameType | None) -> tuple[int, int]:
        """Return the number of the innermost cell that a frame is in, and the line; zeros if none.

        It may be another cell than the one that runs: the one that a function was defined in.
        """
        while frame is not None:
            found = _CELL.match(frame.f_code.co_filename)
            if found:
                return int(found[1]), frame.f_lineno
            frame = frame.f_back
        return 0, 0


_LATE = (
    "bdb",
    "IPython.core.application",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.logger",
    "IPython.core.magics.ast_mod",
    "IPython.core.magics.execution",
    "IPython.core.oinspect",
    "autograder.guest.collect",
)
"""What is imported only when a shell is made, or when it runs its first cells."""


def _refuse_input(prompt: str = "") -> str:
    raise StdinNotImplementedError(
        "input() waits for a person, and nobody is there when a notebook is graded: "
        "put the value into the cell instead"
    )
