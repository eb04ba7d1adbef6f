"""The closed format in which inputs and evidence cross between witness and judge.

JSON with tags: plain JSON for None, bool, str, int, float and list, and a one-key object for
everything else. Nothing here pickles, evaluates or imports what it reads, so text that a student's
process wrote can be decoded on the trusted side.

========================  ==========================================================
value                     written as
========================  ==========================================================
None, True, "word", 3     themselves
2.5, nan, inf             ``2.5``, ``{"float": "nan"}``, ``{"float": "inf"}``
integer of 2**53 or more  ``{"int": "9007199254740993"}``
list, other sequences     ``[...]``
tuple, set                ``{"tuple": [...]}``, ``{"set": [...]}``, a set's parts in a fixed order
Counter, other mappings   ``{"counter": [[key, value], ...]}``, ``{"dict": [...]}``
numpy scalar              ``{"scalar": ["float32", 2.5]}``
array, tensor             ``{"array": ["float64", [2, 3], "<base64 of little-endian bytes>"]}``
a `Recipe`                ``{"recipe": ["generator", [7]]}``
anything else             ``{"other": "generator"}``: its type's name only
========================  ==========================================================

What `encode` writes, `decode` reads: a key or a member of a set that could not be one again, such
as a tensor, becomes its type's name.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import numbers
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from autograder.guest.recipes import Recipe

MAX_DEPTH = 24
MAX_NODES = 400_000
MAX_DIGITS = 4_000
MAX_KEYS = 5_000
"""Entries of one mapping, or members of one set: keys can be made to collide when they are read."""
MAX_BYTES = 8 * 2**20
"""How long the evidence of one question may be."""
MAX_MARKS = 1_000_000
"""Brackets, braces and commas in it: each stands for a part, which takes memory when it is read."""
_EXACT_JSON_INT = 2**53
_MOST_ALIKE = 100
_ARRAY_DTYPES = frozenset(
    ["bool", "float16", "float32", "float64", "complex64", "complex128"]
    + [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
)
_REAL_SCALARS = _ARRAY_DTYPES - {"complex64", "complex128"}
_PLAIN = frozenset([str, int, bool, type(None)])
"""The types that JSON gives whose values stand for themselves, whatever they are."""
_UNHASHABLE = frozenset(["array", "counter", "dict", "recipe"])


class NotEncodable(ValueError):
    """A value too deep or too large to be written as evidence."""


class MalformedEvidence(ValueError):
    """Text that is not in the closed format."""


@dataclass(frozen=True)
class Opaque:
    """A value outside the format, of which only the type's name came across."""

    type_name: str


class _Encoder:
    """Writes one value, counting what it writes."""

    def __init__(self) -> None:
        self.nodes = 0

    def encode(self, value: Any, depth: int = 0) -> Any:
        self._count(1, depth)
        kind = type(value)
        if kind is float and math.isfinite(value):  # the common ones first, of exactly this type
            return value
        if kind is list or kind is tuple:
            parts = [self.encode(part, depth + 1) for part in value]
            return parts if kind is list else {"tuple": parts}
        if isinstance(value, str):
            self._count(len(value) // 8, depth)
            return str(value)
        if value is None or kind is bool or (kind is int and abs(value) < _EXACT_JSON_INT):
            return value
        if isinstance(value, np.generic):
            return self._scalar(value)
        if isinstance(value, numbers.Number):
            return self._number(value)
        if isinstance(value, Recipe) and type(value.name) is str and type(value.args) is tuple:
            return {"recipe": [value.name, self.encode(list(value.args), depth + 1)]}
        array = _as_array(value)
        if array is not None:
            return self._array(array, depth)
        return self._container(value, depth)

    def hashable(self, value: Any, depth: int) -> Any:
        """Encode a key or a member of a set, so that it can be one again."""
        encoded = self.encode(value, depth)
        return encoded if _is_hashable(encoded) else {"other": type(value).__name__}

    def _count(self, nodes: int, depth: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise NotEncodable(
                f"a value of more than {MAX_NODES:,} parts, or nested more than {MAX_DEPTH} deep"
            )

    def _number(self, value: Any) -> Any:
        if isinstance(value, numbers.Integral):
            value = int(value)
            if abs(value) < _EXACT_JSON_INT:
                return value
            if value.bit_length() > 3 * MAX_DIGITS:
                raise NotEncodable(f"an integer of more than {MAX_DIGITS} digits")
            self._count(value.bit_length() // 64, 0)
            return {"int": str(value)}
        if isinstance(value, (numbers.Real, Decimal)):
            try:
                value = float(value)
            except OverflowError:  # of a Fraction; a Decimal gives inf by itself
                value = math.inf if value > 0 else -math.inf
            except ValueError:  # a signalling nan
                value = math.nan
            return value if math.isfinite(value) else {"float": repr(value)}
        return {"other": type(value).__name__}

    def _scalar(self, value: np.generic) -> Any:
        if isinstance(value, np.str_):
            return str(value)
        if value.dtype.name in _REAL_SCALARS:
            return {"scalar": [value.dtype.name, self._number(value.item())]}
        if isinstance(value, np.longdouble):
            return {"scalar": ["float64", self._number(value)]}
        return {"other": type(value).__name__}

    def _array(self, array: np.ndarray, depth: int) -> Any:
        if array.dtype == np.longdouble:
            array = array.astype(np.float64)
        if array.dtype.name in _ARRAY_DTYPES:
            little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
            # The rows of an empty array count: whoever walks along them meets every one.
            self._count(max(little.nbytes // 8, 0 if little.size else _extent(array.shape)), depth)
            payload = base64.b64encode(little.tobytes()).decode("ascii")
            return {"array": [array.dtype.name, list(array.shape), payload]}
        if array.dtype.kind in "UTO":
            return self.encode(array.tolist(), depth + 1)
        return {"other": f"array of {array.dtype.name}"}

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, (Mapping, Set)) and len(value) > MAX_KEYS:
            raise NotEncodable(f"a {type(value).__name__} of more than {MAX_KEYS:,} entries")
        if isinstance(value, Mapping):
            tag = "counter" if isinstance(value, Counter) else "dict"
            return {
                tag: [
                    [self.hashable(key, depth + 1), self.encode(part, depth + 1)]
                    for key, part in value.items()
                ]
            }
        if isinstance(value, Set):
            # The order of a set of strings differs from process to process.
            return {"set": sorted((self.hashable(p, depth + 1) for p in value), key=json.dumps)}
        if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
            parts = [self.encode(part, depth + 1) for part in value]
            return {"tuple": parts} if isinstance(value, tuple) else parts
        return {"other": type(value).__name__}


def _extent(shape: Sequence[int]) -> int:
    """Return how many parts an array has at most on any level, those without content included."""
    return math.prod(max(n, 1) for n in shape)


def _as_array(value: Any) -> np.ndarray | None:
    """Return `value` as an array where it is an array or a torch tensor."""
    if isinstance(value, np.ndarray):
        return value
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        tensor = value.detach().cpu().to_dense().resolve_conj().resolve_neg()
        array: np.ndarray = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
        return array
    return None


def _is_hashable(encoded: Any) -> bool:
    """Return whether what was encoded can be a key again."""
    if isinstance(encoded, dict):
        (tag, body), *_ = encoded.items()
        return tag not in _UNHASHABLE and (tag != "tuple" or all(map(_is_hashable, body)))
    return not isinstance(encoded, list)


def encode(value: Any) -> Any:
    """Return `value` as data that `json` can write.

    Parameters
    ----------
    value
        Anything. What the format has no place for becomes its type's name.

    Returns
    -------
    data
        None, bool, int, finite float, str, list, or a dict of one key (see the module).

    Raises
    ------
    NotEncodable
        The value is nested more than 24 deep or has more than 400,000 parts.

    Examples
    --------
    >>> encode((1, float("inf")))
    {'tuple': [1, {'float': 'inf'}]}
    """
    return _Encoder().encode(value)


def decode(data: Any) -> Any:
    """Return the value that `data` stands for. The inverse of `encode`, and strict.

    Parameters
    ----------
    data
        What `json.loads` gave.

    Returns
    -------
    value
        Plain Python data, numpy arrays and scalars, or `Opaque`.

    Raises
    ------
    MalformedEvidence
        `data` is not in the format.

    Examples
    --------
    >>> decode({"tuple": [1, {"float": "inf"}]})
    (1, inf)
    """
    return _decode(data, 0)


def _decode(data: Any, depth: int) -> Any:
    kind = type(data)
    if kind in _PLAIN or (kind is float and math.isfinite(data)):
        return data
    if depth > 2 * MAX_DEPTH + 1:
        raise MalformedEvidence("nested too deep")
    if kind is list:
        return _parts(data, depth + 1)
    if kind is float:
        raise MalformedEvidence("a number beyond what a float can hold")
    if kind is not dict or len(data) != 1:
        came = f"{len(data)} of them" if kind is dict else f"a {kind.__name__}"
        raise MalformedEvidence(f"expected an object with one tag, came {came}")
    ((tag, body),) = data.items()
    if tag == "tuple" and type(body) is list:  # by far the most common
        return tuple(_parts(body, depth + 1))
    reader = _READERS.get(tag)
    if reader is None:
        raise MalformedEvidence(f"unknown tag {str(tag)[:40]!r}")
    return reader(body, depth)


def _parts(data: list[Any], depth: int) -> list[Any]:
    # Most parts are words and numbers, which need no call of their own.
    return [part if type(part) in _PLAIN else _decode(part, depth) for part in data]


_INTEGER = re.compile(r"-?[0-9]+")


def _read_int(body: Any, depth: int) -> int:
    if not isinstance(body, str) or len(body) > MAX_DIGITS or not _INTEGER.fullmatch(body):
        raise MalformedEvidence("an integer that is none")
    return int(body)


def _read_float(body: Any, depth: int) -> float:
    if body not in ("nan", "inf", "-inf"):
        raise MalformedEvidence("a number that is none: expected nan, inf or -inf")
    return float(body)


def _read_parts(body: Any, depth: int) -> list[Any]:
    if not isinstance(body, list):
        raise MalformedEvidence("expected a list of parts")
    return _parts(body, depth + 1)


def _few(keys: list[Any]) -> list[Any]:
    """Return keys of which there are not too many, nor too many that were made to collide."""
    if len(keys) > MAX_KEYS:
        raise MalformedEvidence(f"{len(keys):,} entries where at most {MAX_KEYS:,} are allowed")
    if len(keys) <= _MOST_ALIKE:
        return keys
    first: dict[int, Any] = {}
    others = ((first.setdefault(hash(key), key), key) for key in keys)
    if sum(one is not other and one != other for one, other in others) > _MOST_ALIKE:
        raise MalformedEvidence("keys that all have the same hash")
    return keys


def _read_set(body: Any, depth: int) -> frozenset[Any]:
    try:
        return frozenset(_few(_read_parts(body, depth)))
    except (TypeError, OverflowError) as error:  # numpy compares no float with a huge integer
        raise MalformedEvidence("a set with an unhashable member") from error


def _read_dict(body: Any, depth: int) -> dict[Any, Any]:
    if type(body) is not list or not all(type(pair) is list and len(pair) == 2 for pair in body):
        raise MalformedEvidence("expected pairs of key and value")
    keys = _parts([key for key, _ in body], depth + 2)
    values = _parts([value for _, value in body], depth + 2)
    try:
        return dict(zip(_few(keys), values, strict=True))
    except (TypeError, OverflowError) as error:  # numpy compares no float with a huge integer
        raise MalformedEvidence("a mapping with an unhashable key") from error


def _read_counter(body: Any, depth: int) -> Counter[Any]:
    # Not Counter(dict): that would add what came, whatever it is. A plain copy keeps it as it came.
    counter: Counter[Any] = Counter()
    dict.update(counter, _read_dict(body, depth))
    return counter


def _read_scalar(body: Any, depth: int) -> Any:
    match body:
        case [str(name), number] if name in _REAL_SCALARS:
            value = _decode(number, depth + 1)
            if isinstance(value, (bool, int, float)):
                try:
                    with np.errstate(all="ignore"):
                        scalar = np.dtype(name).type(value)
                except (OverflowError, ValueError) as error:
                    raise MalformedEvidence(f"no {name}: {str(value)[:40]}") from error
                if scalar.item() != value and value == value:
                    raise MalformedEvidence(f"no {name}: {str(value)[:40]}")
                return scalar
    raise MalformedEvidence("a scalar without its dtype or number")


def _read_array(body: Any, depth: int) -> np.ndarray:
    match body:
        case [str(name), [*shape], str(text)] if name in _ARRAY_DTYPES and _is_shape(shape):
            dtype = np.dtype(name).newbyteorder("<")
            try:
                raw = base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError) as error:
                raise MalformedEvidence("an array whose bytes are not base64") from error
            if len(raw) != math.prod(shape) * dtype.itemsize:
                raise MalformedEvidence("an array whose bytes do not fill its shape")
            try:
                return np.frombuffer(raw, dtype).reshape(shape).astype(np.dtype(name))
            except ValueError as error:
                raise MalformedEvidence("an array of an impossible shape") from error
    raise MalformedEvidence("an array without dtype, shape and bytes")


def _is_shape(shape: list[Any]) -> bool:
    if len(shape) > 16 or any(type(n) is not int or n < 0 for n in shape):
        return False
    # Of an empty array no bytes bound the rows, which would be as many as somebody likes.
    return _extent(shape) <= (MAX_NODES if 0 in shape else MAX_BYTES)


def _read_recipe(body: Any, depth: int) -> Recipe:
    match body:
        case [str(name), [*args]]:
            return Recipe(name[:80], tuple(_read_parts(args, depth)))
    raise MalformedEvidence("a recipe without its name and arguments")


def _read_other(body: Any, depth: int) -> Opaque:
    if not isinstance(body, str):
        raise MalformedEvidence("a type's name that is no text")
    return Opaque(body[:80])


_READERS = {
    "int": _read_int,
    "float": _read_float,
    "tuple": lambda body, depth: tuple(_read_parts(body, depth)),
    "set": _read_set,
    "dict": _read_dict,
    "counter": _read_counter,
    "scalar": _read_scalar,
    "array": _read_array,
    "recipe": _read_recipe,
    "other": _read_other,
}


def parse(text: str, max_bytes: int) -> Any:
    """Return what JSON `text` holds, still encoded, refusing what is too long or no JSON.

    Raises
    ------
    MalformedEvidence
        The text is longer than `max_bytes` characters, or of so many parts that reading it would
        take more memory than judging may, or it is not JSON, or it gives an object the same key
        twice.
    """
    if len(text) > max_bytes:
        raise MalformedEvidence(f"{len(text):,} characters where at most {max_bytes:,} are allowed")
    if sum(text.count(mark) for mark in "[{,") > MAX_MARKS:
        raise MalformedEvidence("too many parts to be read")
    try:
        return _DECODER.decode(text)
    except MalformedEvidence:
        raise
    except (ValueError, RecursionError) as error:
        raise MalformedEvidence(f"not JSON: {str(error)[:120]}") from error


def _no_constant(name: str) -> Any:
    raise MalformedEvidence(f"the bare constant {name}, which JSON does not have")


def _no_double(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedEvidence("an object with the same key twice")
    return found


_DECODER = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_no_double)
