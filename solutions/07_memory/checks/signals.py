"""Error signals and states for questions 7 and 8."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.authoring.checking import Case, case

Walk = tuple[np.ndarray, np.ndarray, np.ndarray]


def walk(rng: np.random.Generator, T: int, B: int, H: int, size: float = 1.0) -> Walk:
    """Return signals of different lengths, weights, and states: there is a loss at each step."""
    lengths = np.exp(rng.normal(0, 1, size=(T, B, 1)))
    dh = size * lengths * rng.normal(size=(T, B, H))
    W_h = rng.uniform(0.8, 2.2) * rng.normal(size=(H, H)) / np.sqrt(H)
    return dh, W_h, rng.uniform(-0.9, 0.9, size=(T + 1, B, H))


def vanished(rng: np.random.Generator, walked: Walk) -> Walk:
    """Return the same where a third of the signals is nearly, or wholly, 0, and two are short."""
    dh, W_h, states = (part.copy() for part in walked)
    which = rng.permutation(dh.shape[0] * dh.shape[1])[: dh.shape[0] * dh.shape[1] // 3 + 1]
    for number, place in enumerate(which):
        t, b = divmod(int(place), dh.shape[1])
        norm = np.linalg.norm(dh[t, b])
        dh[t, b] *= (0.0, 8.66e-11, 3e-11, 1e-14)[number % 4] / norm
    alive = [place for place in range(dh.shape[0] * dh.shape[1]) if place not in which]
    for place, short in zip(alive, (3e-9, 1.14e-10), strict=False):
        t, b = divmod(place, dh.shape[1])
        dh[t, b] *= short / np.linalg.norm(dh[t, b])
    return dh, W_h, states


def all_swallowed(rng: np.random.Generator, T: int, B: int, H: int) -> Walk:
    """Return signals of which the last ones are passed on as 0, and the others have vanished."""
    dh, W_h, states = walk(rng, T, B, H)
    W_h[:, 0] = 0
    dh *= 8e-11 / np.linalg.norm(dh, axis=2, keepdims=True)
    dh[-1] = 0
    dh[-1, :, 0] = rng.uniform(0.5, 2, size=B)
    return dh, W_h, states


def swallowed(rng: np.random.Generator, T: int, B: int, H: int) -> Walk:
    """Return signals of which some are passed on as 0: they are at a unit from which nothing leads."""
    dh, W_h, states = walk(rng, T, B, H)
    W_h[:, 0] = 0
    dh[0, 0], dh[-1, -1] = 0, 0
    dh[0, 0, 0], dh[-1, -1, 0] = rng.uniform(0.5, 2, size=2)
    return dh, W_h, states


def draw_walks(rng: np.random.Generator) -> list[Case]:
    """Return the cases of both questions: alive, vanished, some or all swallowed, and none."""
    cases = [case("alive", *walk(rng, T, B, H)) for T, B, H in ((1, 1, 3), (6, 1, 4), (4, 3, 3))]
    dh, W_h, states = walk(rng, 5, 2, 4)
    cases.append(case("alive", *(part.astype(np.float32) for part in (dh, W_h, states))))
    cases.append(case("alive", *walk(rng, 7, 2, 3, size=1e-6)))
    for T, B, H in ((6, 2, 3), (4, 3, 4)):
        cases.append(case("vanished", *vanished(rng, walk(rng, T, B, H))))
    for T, B, H in ((3, 2, 3), (2, 2, 4)):
        cases.append(case("vanished", *swallowed(rng, T, B, H)))
    cases.append(case("vanished", *all_swallowed(rng, 3, 2, 3)))
    nothing, weights, states = walk(rng, 3, 2, 3)
    cases.append(case("vanished", 0 * nothing, weights, states))
    return cases


def is_single(dh: np.ndarray, W_h: Any, states: Any) -> bool:
    """Return whether arrays are float32."""
    return dh.dtype == np.float32


def has_short(dh: np.ndarray, W_h: Any, states: Any) -> bool:
    """Return whether some signals have vanished, and others have not."""
    alive = (dh**2).sum(axis=2) > 1e-20
    return bool(alive.any() and not alive.all())


def is_swallowed(dh: np.ndarray, W_h: np.ndarray, states: np.ndarray) -> bool:
    """Return whether a signal that is alive is passed on as 0."""
    passed_on = (dh * (1 - states[1:] ** 2)) @ W_h.T
    return bool(((passed_on == 0).all(axis=2) & ((dh**2).sum(axis=2) > 1e-20)).any())


def is_nothing(dh: np.ndarray, W_h: Any, states: Any) -> bool:
    """Return whether no signal is alive."""
    return not ((dh**2).sum(axis=2) > 1e-20).any()
