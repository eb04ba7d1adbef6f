"""Prints what the language is like: ``python -m nextword.grammar [n_sentences]``."""

import argparse

import numpy as np

from nextword.grammar import PRESETS, Grammar, Slot


def main(arguments: list[str] | None = None) -> None:
    """Print the exact figures of every preset, then sentences of each."""
    parser = argparse.ArgumentParser(
        prog="python -m nextword.grammar", description="The language with a known floor."
    )
    parser.add_argument("n_sentences", nargs="?", type=int, default=5, help="of each preset")
    n_sentences = max(0, parser.parse_args(arguments).n_sentences)
    grammars = {name: Grammar.load(parameters=PRESETS[name]) for name in PRESETS}
    print(f"{'':<44}" + "".join(f"{name:>14}" for name in grammars))
    columns = [_figures(grammar) for grammar in grammars.values()]
    for label in columns[0]:
        print(f"{label:<44}" + "".join(f"{column[label]:>14}" for column in columns))
    for name, grammar in grammars.items():
        print(f"\n{name}: {PRESETS[name]}")
        for sentence in grammar.sample(n_sentences, np.random.default_rng(0)):
            print("  " + " ".join(sentence))


def _figures(grammar: Grammar) -> dict[str, str]:
    floor, within = grammar.floor(), grammar.distance_probs(8).cumsum()
    by_slot = floor.perplexity_by_slot()
    return {
        "words in the vocabulary": f"{len(grammar.vocab)}",
        "tokens in a sentence, with </s>": f"{sum(floor.tokens.values()):.3f}",
        "distance of the second noun, mean": f"{grammar.mean_distance():.3f}",
        "distance of the second noun, 8 or less": f"{within[8]:.3f}",
        "entropy in nats per token, with </s>": f"{floor.entropy_rate():.4f}",
        "entropy in nats per word": f"{floor.entropy_rate(count_end=False):.4f}",
        "perplexity per token, with </s>": f"{floor.perplexity():.4f}",
        "perplexity per word": f"{floor.perplexity(count_end=False):.4f}",
        **{f"perplexity at {slot}": f"{by_slot[slot]:.4f}" for slot in Slot if slot in by_slot},
        "… for who saw neither noun nor verb": f"{grammar.blind_perplexity():.4f}",
    }


if __name__ == "__main__":
    main()
