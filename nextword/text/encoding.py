"""Words into numbers, many at a time.

The number of each word is kept as the four bytes that it has in an array. Encoding a text is then
to look its words up and to join what was found, both of which Python does in C: twice as fast as
making a number of each word and storing it.
"""

import sys
from array import array
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from jaxtyping import Int32


def code(number: int) -> bytes:
    """Return a number as the bytes that it has in an array of int32."""
    return number.to_bytes(4, sys.byteorder)


class Codes(dict[str, bytes]):
    """The codes of words, numbered in the order given; other words have the code `unknown`."""

    def __init__(self, words: Iterable[str], unknown: int) -> None:
        super().__init__((word, code(number)) for number, word in enumerate(words))
        self.unknown = code(unknown)

    def __missing__(self, word: str) -> bytes:
        return self.unknown


class GrowingCodes(dict[str, bytes]):
    """The codes of words that are numbered as they come, after the first ones given."""

    def __init__(self, words: Iterable[str]) -> None:
        super().__init__((word, code(number)) for number, word in enumerate(words))

    def __missing__(self, word: str) -> bytes:
        new = self[word] = code(len(self))
        return new


def encode(tokens: Iterable[str], codes: dict[str, bytes]) -> Int32[np.ndarray, " tokens"]:
    """Return the number of each token."""
    return np.frombuffer(b"".join(map(codes.__getitem__, tokens)), dtype=np.int32)


def encode_batches(
    batches: Iterable[Sequence[Sequence[str]]], codes: dict[str, bytes]
) -> tuple[Int32[np.ndarray, " tokens"], Int32[np.ndarray, " sentences"]]:
    """Return the numbers of all tokens in one array, and the length of each sentence.

    Parameters
    ----------
    batches
        Some sentences, then some more: what is made on the way is as large as a batch.
    codes
        The codes of words.
    """
    numbers, lengths = array("i"), array("i")
    look_up = codes.__getitem__
    for batch in batches:
        numbers.frombytes(b"".join(map(look_up, chain.from_iterable(batch))))
        lengths.extend(map(len, batch))
    return np.frombuffer(numbers, dtype=np.int32), np.frombuffer(lengths, dtype=np.int32)
