"""Time and memory from a file of words to a Kneser–Ney model, ours beside KenLM's `lmplz`.

Run it from the repository with `python benchmarks/kenlm.py`; it prints a table in Markdown. KenLM
is fetched and built by whoever runs this (https://github.com/kpu/kenlm, `cmake` and `make lmplz`),
and found on the PATH or where `--lmplz` says; without it our rows stand alone. The text is a sample
of the course's grammar, a sentence a line. Every run is a process of its own, one at a time, and
the rows take turns; of the repetitions the smallest of each number is kept.

Ours reads in two ways: into lists of words, all held (`corpora.from_text`), or line by line,
holding none. Of ours the loading of Python and its packages is left out, in time but not in the
peak; of `lmplz`, which writes its model into a file, everything counts.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from ngrams import cpu_s, peak_mb
from tables import begun, finished, options, table

from nextword.corpora import from_text
from nextword.grammar import Grammar
from nextword.models.ngram import ModifiedKneserNey

SIZES = (0.26, 4.0, 20.0)  # millions of tokens
ORDERS = (3, 5)
BLOCK = 500_000  # tokens drawn at once, so that writing a text takes little memory
LMPLZ_SETTINGS = ("-S", "1G", "--discount_fallback")
MAIN = "nextword, line by line"
"""How read, our time in KenLM's is kept in the history."""
LMPLZ_COUNTS = re.compile(r"^\d+ (\d+) D1=", re.MULTILINE)


@dataclass(frozen=True)
class Numbers:
    """What is measured of a run, or the smallest of several.

    Attributes
    ----------
    wall, cpu
        Seconds.
    peak
        The most memory held, in MB.
    beyond
        How much of it was neither there before nor is the text in memory, in MB.
    n_ngrams
        How many n-grams of each order the model has, specials included: the same for everybody.
    """

    wall: float
    cpu: float
    peak: float
    beyond: float
    n_ngrams: list[int]


def write_text(path: Path, n_tokens: float) -> None:
    """Write a sample of the grammar with at least so many tokens, `</s>` counted."""
    grammar, rng = Grammar.load(), np.random.default_rng(0)
    with path.open("w", encoding="utf-8") as file:
        while n_tokens > 0:
            sentences = grammar.sample_tokens(int(min(BLOCK, n_tokens)), rng)
            file.writelines(" ".join(sentence) + "\n" for sentence in sentences)
            n_tokens -= sum(len(sentence) + 1 for sentence in sentences)


def read_lists(path: Path) -> Iterable[list[str]]:
    """Read a text as the course reads one."""
    whole = path.stat().st_size  # to be said of a text of more than 100 MB
    all_train = (1.0, 0.0, 0.0)
    return from_text(path, "as is", boundary="lines", first_bytes=whole, fractions=all_train).train


def read_lines(path: Path) -> Iterable[list[str]]:
    """Read a text line by line, holding none."""
    with path.open(encoding="utf-8") as file:
        yield from map(str.split, file)


READERS: dict[str, Callable[[Path], Iterable[list[str]]]] = {
    "nextword, lists held": read_lists,
    "nextword, line by line": read_lines,
}


def held_mb(sentences: Iterable[list[str]]) -> float:
    """Return how much memory lists of words take, each string counted once."""
    if not isinstance(sentences, list):
        return 0.0
    strings = {id(word): sys.getsizeof(word) for sentence in sentences for word in sentence}
    lists = sys.getsizeof(sentences) + sum(map(sys.getsizeof, sentences))
    return (lists + sum(strings.values())) / 1e6


def fit_ours(who: str, text: Path, order: int) -> Numbers:
    """Read and fit in this process."""
    before = peak_mb()
    wall, cpu = time.perf_counter(), cpu_s()
    sentences = READERS[who](text)
    model = ModifiedKneserNey.fit(sentences, order)
    wall, cpu, peak = time.perf_counter() - wall, cpu_s() - cpu, peak_mb()
    beyond = peak - before - held_mb(sentences)
    return Numbers(wall, cpu, peak, beyond, [len(model.vocab), *model.n_ngrams[1:]])


def run_ours(who: str, text: Path, order: int) -> Numbers:
    """Read and fit in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--row", who, "--text", str(text), "--orders", str(order)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return Numbers(**json.loads(done.stdout))


def run_lmplz(lmplz: str, text: Path, order: int) -> Numbers:
    """Let KenLM read and fit, from one file to another."""
    said = text.with_suffix(".said")
    places = ["-T", str(text.parent), "--text", str(text), "--arpa", str(text.with_suffix(".arpa"))]
    with said.open("w") as log:
        wall = time.perf_counter()
        process = subprocess.Popen([lmplz, "-o", str(order), *LMPLZ_SETTINGS, *places], stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - wall
    if status != 0:
        raise RuntimeError(f"lmplz stopped with status {status}:\n{said.read_text()}")
    n_ngrams = [int(count) for count in LMPLZ_COUNTS.findall(said.read_text())]
    peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return Numbers(wall, usage.ru_utime + usage.ru_stime, peak, float("nan"), n_ngrams)


def smallest(runs: list[Numbers]) -> Numbers:
    """Return the smallest of each number."""
    wall, cpu, peak, beyond = np.min([(r.wall, r.cpu, r.peak, r.beyond) for r in runs], axis=0)
    return Numbers(wall, cpu, peak, beyond, runs[0].n_ngrams)


def compare(text: Path, order: int, lmplz: str | None, repeats: int) -> dict[str, Numbers]:
    """Measure every row on one text, the rows taking turns."""
    runs: dict[str, list[Numbers]] = {}
    for _ in range(repeats):
        for who in READERS:
            runs.setdefault(who, []).append(run_ours(who, text, order))
        if lmplz:
            runs.setdefault("KenLM, lmplz", []).append(run_lmplz(lmplz, text, order))
    found = {who: of_row[0].n_ngrams for who, of_row in runs.items()}
    if len(set(map(tuple, found.values()))) > 1:
        raise RuntimeError(f"expected everybody to find as many n-grams, got {found}")
    return {who: smallest(of_row) for who, of_row in runs.items()}


def main() -> None:
    """Print the table, or measure the one row that `--row` names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options(parser)
    parser.add_argument("--kenlm", default="", help="KenLM's version, as it is to be named")
    parser.add_argument("--lmplz", default=shutil.which("lmplz"), help="the path of KenLM's lmplz")
    parser.add_argument("--sizes", type=float, nargs="+", default=SIZES, help="million tokens")
    parser.add_argument("--orders", type=int, nargs="+", default=ORDERS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--row", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--text", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.row:
        print(json.dumps(asdict(fit_ours(arguments.row, arguments.text, arguments.orders[0]))))
        return
    results = begun("kenlm", arguments, "numpy")
    if arguments.kenlm:
        results.versions = {**results.versions, "KenLM": arguments.kenlm}
    results.about = f"The smallest of {arguments.repeats} runs, reading included."
    shown = table(
        ("million tokens", "{:g}"),
        ("order", "{}"),
        "who",
        ("wall s", "{:.2f}"),
        ("CPU s", "{:.2f}"),
        ("wall / KenLM's", "{:.2f}"),
        ("CPU / KenLM's", "{:.2f}"),
        ("peak MB", "{:,.0f}"),
        ("beyond the text, B/token", "{:.0f}"),
    )
    results.tables.append(shown)
    print(f"{results.heading}\n\n{shown.head}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for size in arguments.sizes:
            text = Path(folder, "text.txt")
            write_text(text, size * 1e6)
            for order in arguments.orders:
                rows = compare(text, order, arguments.lmplz, arguments.repeats)
                peer = rows.get("KenLM, lmplz")
                for who, row in rows.items():
                    ratios = (row.wall / peer.wall, row.cpu / peer.cpu) if peer else (None, None)
                    beyond = None if row is peer else row.beyond / size
                    measured = (row.wall, row.cpu, *ratios, row.peak, beyond)
                    print(shown.add(size, order, who, *measured), flush=True)
                    if peer and who == MAIN:
                        key = f"CPU to lmplz's, {who}, {size:g}M tokens, order {order}"
                        results.ratios[key] = row.cpu / peer.cpu
    finished(results, arguments)


if __name__ == "__main__":
    main()
