"""Speed and memory of the n-gram models against nltk, a plain loop and KenLM.

Run it from the repository with `python benchmarks/ngrams.py`; it prints a table in Markdown. Every
row is a process of its own, so that its peak memory is its own. nltk comes with the extra `bench`;
KenLM's `lmplz` is used where it is on the PATH. The text is tiny Shakespeare where
`../shared/data` (or `$NEXTWORD_SHARED/data`) holds it, else a sample of the course's grammar.
"""

import argparse
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tables import begun, finished, options, table

REPO = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("NEXTWORD_SHARED", REPO.parent / "shared")) / "data"
ORDER = 3
NLTK_SCORED = 100  # tokens; it is that slow

Sentences = list[list[str]]


def read_text() -> tuple[str, Sentences, Sentences]:
    """Return the text's name, its training and its test sentences."""
    paths = [SHARED / f"tinyshakespeare.{part}.txt" for part in ("train", "test")]
    if all(path.is_file() for path in paths):
        train, test = ([line.split() for line in path.open()] for path in paths)
        return "tiny Shakespeare", train, test
    from nextword import corpora

    corpus = corpora.load("grammar")
    return "a sample of the grammar", corpus.train, corpus.test


def n_tokens(sentences: Sentences) -> int:
    """Count tokens, each sentence's `</s>` included."""
    return sum(len(sentence) + 1 for sentence in sentences)


@dataclass(frozen=True)
class Task:
    """What a row times.

    Attributes
    ----------
    run
        The work itself.
    tokens
        How many tokens it reads.
    repeats
        How often to run it; the fastest counts.
    """

    run: Callable[[], object]
    tokens: int
    repeats: int = 5


def fit_ours(train: Sentences, test: Sentences) -> Task:
    """Estimate modified Kneser–Ney, from lists of words to probabilities."""
    from nextword.models.ngram import ModifiedKneserNey

    return Task(lambda: ModifiedKneserNey.fit(train, ORDER), n_tokens(train))


def fit_add_delta(train: Sentences, test: Sentences) -> Task:
    """Count for add-δ, vectorised."""
    from nextword.models.ngram import AddDelta

    return Task(lambda: AddDelta.fit(train, ORDER, 0.01), n_tokens(train))


def count_in_a_loop(train: Sentences, test: Sentences) -> Task:
    """Count all orders up to the highest as one would write it first."""

    def run() -> dict[int, Counter[tuple[str, ...]]]:
        counts: dict[int, Counter[tuple[str, ...]]] = {}
        for n in range(1, ORDER + 1):
            counts[n] = Counter()
            for sentence in train:
                padded = ["<s>"] * (n - 1) + sentence + ["</s>"]
                for i in range(len(padded) - n + 1):
                    counts[n][tuple(padded[i : i + n])] += 1
        return counts

    return Task(run, n_tokens(train), repeats=3)


def fit_nltk(train: Sentences, test: Sentences) -> Task:
    """Count with nltk."""
    from nltk.lm import MLE  # type: ignore[import-untyped]
    from nltk.lm.preprocessing import (  # type: ignore[import-untyped]
        padded_everygram_pipeline,
    )

    def run() -> object:
        model = MLE(ORDER)
        model.fit(*padded_everygram_pipeline(ORDER, train))
        return model

    return Task(run, n_tokens(train), repeats=1)


def fit_lmplz(train: Sentences, test: Sentences) -> Task:
    """Estimate modified Kneser–Ney with KenLM, from a file of words to a file of probabilities."""
    kept = tempfile.TemporaryDirectory()  # as long as `run`, which refers to it
    text = Path(kept.name, "train.txt")
    text.write_text("".join(" ".join(sentence) + "\n" for sentence in train))
    command = ["lmplz", "-o", str(ORDER), "-S", "1G", "--discount_fallback"]

    def run() -> None:
        paths = ["-T", kept.name, "--text", str(text), "--arpa", str(Path(kept.name, "model.arpa"))]
        subprocess.run([*command, *paths], check=True, capture_output=True)

    return Task(run, n_tokens(train), repeats=3)


def score_ours(train: Sentences, test: Sentences) -> Task:
    """Score the test text."""
    from nextword.models.ngram import ModifiedKneserNey

    model = ModifiedKneserNey.fit(train, ORDER)
    return Task(lambda: model.log_probs(test), n_tokens(test))


def score_nltk(train: Sentences, test: Sentences) -> Task:
    """Score the first words of the test text with nltk."""
    from nltk.lm import KneserNeyInterpolated
    from nltk.lm.preprocessing import (
        padded_everygram_pipeline,
    )

    model = KneserNeyInterpolated(ORDER)
    model.fit(*padded_everygram_pipeline(ORDER, train))
    flat = [word for sentence in test for word in sentence][: NLTK_SCORED + ORDER - 1]

    def run() -> None:
        for i in range(ORDER - 1, len(flat)):
            model.score(flat[i], flat[i - ORDER + 1 : i])

    return Task(run, NLTK_SCORED, repeats=1)


FIT, SCORE = f"fit, order {ORDER}", f"score, order {ORDER}"
# What is compared, who does it, how, and the program or package it needs.
ROWS: dict[str, tuple[str, str, Callable[[Sentences, Sentences], Task], str]] = {
    "fit_ours": (FIT, "**nextword, modified Kneser–Ney**", fit_ours, ""),
    "fit_add_delta": (FIT, "nextword, add-δ", fit_add_delta, ""),
    "loop": (FIT, "plain Counter loop (counts only)", count_in_a_loop, ""),
    "fit_nltk": (FIT, "nltk.lm, MLE (counts only)", fit_nltk, "nltk"),
    "fit_lmplz": (FIT, "KenLM, lmplz", fit_lmplz, "lmplz"),
    "score_ours": (SCORE, "**nextword, modified Kneser–Ney**", score_ours, ""),
    "score_nltk": (SCORE, "nltk.lm, Kneser–Ney", score_nltk, "nltk"),
}
MAIN = ("fit_nltk", "fit_lmplz")
"""Whose times, in ours, are kept in the history."""


def peak_mb() -> float:
    """Return the most memory this process, or one it waited for, has held."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    per_mb = 1e6 if sys.platform == "darwin" else 1e3
    return max(usage.ru_maxrss for usage in usages) / per_mb


def cpu_s() -> float:
    """Return the processor time of this process and of those it waited for."""
    waited_for = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + waited_for.ru_utime + waited_for.ru_stime


def measure(name: str) -> dict[str, float | str]:
    """Run one row in this process."""
    text, train, test = read_text()
    task = ROWS[name][2](train, test)
    before = peak_mb()
    runs = []
    for _ in range(task.repeats):
        wall, cpu = time.perf_counter(), cpu_s()
        kept = task.run()
        runs.append((time.perf_counter() - wall, cpu_s() - cpu))
        del kept
    return {
        "text": text,
        "train": n_tokens(train),
        "tokens": task.tokens,
        "wall": min(wall for wall, _ in runs),
        "cpu": min(cpu for _, cpu in runs),
        "peak": peak_mb(),
        "grown": peak_mb() - before,
    }


def missing(need: str) -> bool:
    """Tell whether a row's program or package is not installed."""
    return need != "" and shutil.which(need) is None and importlib.util.find_spec(need) is None


def measure_apart(name: str) -> dict[str, float | str]:
    """Run one row in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), "--row", name],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    result: dict[str, float | str] = json.loads(done.stdout)
    return result


def main() -> None:
    """Print the table, or measure the one row that `--row` names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options(parser)
    parser.add_argument("--row", choices=ROWS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.row:
        print(json.dumps(measure(arguments.row)))
        return
    results = begun("ngrams", arguments, "numpy", "nltk")
    shown = table(
        "what",
        "who",
        ("wall s", "{:.3f}"),
        ("CPU s", "{:.3f}"),
        ("tokens/s", "{:,.0f}"),
        ("× ours", "{:,.1f}"),
        ("peak MB", "{:,.0f}"),
        ("of it for the task", "{:,.0f}"),
    )
    results.tables.append(shown)
    ours: dict[str, float] = {}
    text = ""
    for name, (what, who, _, need) in ROWS.items():
        if missing(need):
            shown.add(what, f"{who}: not installed", *[None] * 6)
            continue
        row = measure_apart(name)
        text = f"{row['text']}, {row['train']:,} training tokens"
        per_token = float(row["cpu"]) / float(row["tokens"])
        ratio = per_token / ours.setdefault(what, per_token)
        times = (row["wall"], row["cpu"], 1 / per_token, ratio)
        shown.add(what, who, *times, row["peak"], row["grown"])
        if name in MAIN:
            results.ratios[f"{what}: {who} to ours"] = ratio
    results.about = (
        f"Text: {text}. The fastest of five runs (of one for nltk, of three for the loop and "
        "KenLM); tokens/s and × ours by CPU time."
    )
    print(f"{results.heading}\n\n{shown.markdown}")
    finished(results, arguments)


if __name__ == "__main__":
    main()
