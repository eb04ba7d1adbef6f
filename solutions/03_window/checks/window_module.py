"""window_module: the same model in torch."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="arg-type, misc, no-untyped-call, operator, union-attr"

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from autograder.authoring.checking import (
    REFERENCE,
    Case,
    Check,
    Group,
    alternative,
    equal,
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import Close

from .drawing import Params, draw_contexts, draw_params, draw_repeating

SHAPES = ((4, 1, 2, 1, 2), (6, 3, 2, 4, 3), (14, 2, 3, 5, 6), (30, 5, 4, 8, 1))

DOUBLE = Close(rtol=1e-10, atol=1e-11, per_array=True)
"""Float64 stays float64: float32 is a thousand times further off, another order of sums is not."""


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield models of many shapes, looked at before and after some steps of training."""
    for V, m, window, h, examples in SHAPES:
        for group, direct in (("plain", False), ("direct", True)):
            params = draw_params(rng, V, m, window, h, direct)
            yield _case(group, rng, params, draw_repeating(rng, V, examples, window))
    params = draw_params(rng, 9, 2, 1, 3, False)
    yield _case("plain", rng, params, draw_contexts(rng, 9, 5, 1))
    single = draw_params(rng, 8, 3, 2, 4, True, "float32")
    yield _case("direct", rng, single, draw_contexts(rng, 8, 4, 2))


def _case(group: str, rng: np.random.Generator, params: Params, contexts: np.ndarray) -> Case:
    b = params["b"]
    targets = rng.integers(0 if b is None else len(b), size=len(contexts))
    compare = None if b is None or b.dtype == np.float32 else DOUBLE
    args = (int(rng.integers(2, 4)), float(rng.uniform(0.2, 0.5)), params, contexts, targets)
    return Case(group, args, probe="module", compare=compare)


check = Check(
    groups={
        "plain": Group("models without direct connections, before and after training", 2),
        "direct": Group("models with direct connections, before and after training", 2),
    },
    draw=draw,
    compare=Close(rtol=2e-5, atol=1e-6, per_array=True),
)


@alternative
def with_linear_layers(params: Any) -> Any:
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            C, H, d, U, W, b = (params[name] for name in "CHdUWb")
            self.features = torch.nn.Embedding.from_pretrained(torch.tensor(C), freeze=False)
            self.inside = torch.nn.Linear(*H.shape).double()
            self.outside = torch.nn.Linear(*U.shape).double()
            self.direct = None if W is None else torch.nn.Linear(*W.shape, bias=False).double()
            with torch.no_grad():
                self.inside.weight.copy_(torch.tensor(H).T)
                self.inside.bias.copy_(torch.tensor(d))
                self.outside.weight.copy_(torch.tensor(U).T)
                self.outside.bias.copy_(torch.tensor(b))
                if W is not None:
                    self.direct.weight.copy_(torch.tensor(W).T)

        def forward(self, contexts: Any) -> Any:
            x = self.features(contexts).flatten(1).double()
            scores = self.outside(torch.tanh(self.inside(x)))
            if self.direct is not None:
                scores = scores + self.direct(x)
            return torch.nn.functional.log_softmax(scores, dim=-1)

    return Model()


@alternative
def with_a_parameter_dict(params: Any) -> Any:
    import torch

    class Model(torch.nn.Module):
        def __init__(self, arrays: Any) -> None:
            super().__init__()
            copies = {k: torch.from_numpy(np.array(v)) for k, v in arrays.items() if v is not None}
            self.weights = torch.nn.ParameterDict(copies)

        def forward(self, contexts: Any) -> Any:
            w = self.weights
            m = w["C"].shape[1]
            words = [torch.nn.functional.embedding(column, w["C"]) for column in contexts.T]
            hidden = w["d"] + sum(e @ w["H"][k * m : (k + 1) * m] for k, e in enumerate(words))
            scores = w["b"] + hidden.tanh() @ w["U"]
            if "W" in w:
                scores = scores + torch.cat(words, dim=1) @ w["W"]
            return scores - scores.logsumexp(dim=1, keepdim=True)

    return Model(params)


@alternative
def with_a_list_of_rows(params: Any) -> Any:
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rows = torch.nn.ParameterList(torch.tensor(row) for row in params["C"])
            names = [name for name in "HdUbW" if params[name] is not None]
            for name in names:
                setattr(self, name, torch.nn.Parameter(torch.tensor(params[name])))

        def forward(self, contexts: Any) -> Any:
            x = torch.stack(list(self.rows))[contexts].reshape(len(contexts), -1)
            scores = torch.addmm(self.b, torch.tanh(torch.addmm(self.d, x, self.H)), self.U)
            if params["W"] is not None:
                scores = scores + x @ self.W
            return scores.log_softmax(1)

    return Model()


single_precision = slip(
    REFERENCE,
    ("torch.tensor(value)", "torch.tensor(value).float()"),
    loses=("plain", "direct"),
    hint="The module computes in float32, though its parameters came in float64. Keep their dtype: "
    "torch.tensor(array) does, and so does .double() after torch.nn.Linear.",
)
scores_returned = slip(
    REFERENCE,
    ("torch.log_softmax(scores, dim=1)", "scores"),
    loses=("plain", "direct"),
    hint="The module returns scores. Asked for are log-probabilities: the exponentials of a row sum "
    "to 1.",
)
probabilities_returned = slip(
    REFERENCE,
    ("torch.log_softmax", "torch.softmax"),
    loses=("plain", "direct"),
    hint="The module returns probabilities. Asked for are their logarithms.",
)
features_fixed = slip(
    REFERENCE,
    (
        "self.register_parameter(name, weights)",
        'setattr(self, name, torch.tensor(value) if name == "C" else weights)',
    ),
    loses=("plain", "direct"),
    hint="The features C do not learn: they are no parameter of the module, or are cut off from the "
    "gradient. They are what makes like words alike.",
)
biases_not_registered = slip(
    REFERENCE,
    (
        "self.register_parameter(name, weights)",
        'setattr(self, name, torch.tensor(value) if name in "db" else weights)',
    ),
    loses=("plain", "direct"),
    hint="The biases do not learn: plain tensors are no parameters of a module. An optimiser only "
    "finds what is registered as torch.nn.Parameter.",
)
nothing_registered = slip(
    with_a_parameter_dict,
    ("torch.from_numpy(np.array(v))", "torch.tensor(v, requires_grad=True)"),
    ("torch.nn.ParameterDict(copies)", "copies"),
    loses=("plain", "direct"),
    hint="Nothing in the module can be trained: tensors in a dict are not registered. An optimiser "
    "only finds what is a torch.nn.Parameter of the module.",
)
none_becomes_zeros = slip(
    REFERENCE,
    (
        "None if value is None",
        (
            'torch.nn.Parameter(torch.zeros(len(params["H"]), len(params["b"])).double())'
            " if value is None"
        ),
    ),
    loses="plain",
    hint="Where W is None, a W of zeros is made, and learns. Without direct connections none come "
    "into being by training.",
)
direct_ignored = slip(
    REFERENCE,
    ("            if self.W is not None:\n                scores = scores + x @ self.W\n", ""),
    loses="direct",
    hint="The direct connections are missing: where W is not None, x W is part of the scores.",
)
features_interleaved = slip(
    REFERENCE,
    ("self.C[contexts]", "self.C[contexts].transpose(1, 2)"),
    loses=("plain", "direct"),
    hint="The features of the words are interleaved: check the order of the axes before you flatten. "
    "All features of the oldest word come first.",
)
features_summed = slip(
    REFERENCE,
    ("flatten(start_dim=1)", "sum(dim=1)"),
    ("x @ self.H", "x @ self.H[: x.shape[1]]"),
    ("x @ self.W", "x @ self.W[: x.shape[1]]"),
    loses=("plain", "direct"),
    hint="The features of all words share one block of rows of H. Each place of the context has rows "
    "of its own: join the features, do not add them.",
)
softmax_over_the_batch = slip(
    REFERENCE,
    ("scores, dim=1", "scores, dim=0"),
    loses=("plain", "direct"),
    hint="The softmax runs over the wrong axis: each example has a distribution over the words.",
)
last_of_two_axes = equal(
    with_linear_layers,
    ("scores, dim=-1", "scores"),
    ("dim=-1", "dim=1"),
    because="the last axis of two is axis 1, and the one that torch takes without a word",
)

rules = (
    told(
        "`params` is a dict with the names and shapes of question 2",
        "How they are cut, named or transposed",
        "There is no dropout",
    ),
    rule(
        "The module starts from *copies* of these numbers",
        "the oldest word first, returns the *log-probabilities*",
        "Everything in `params` is trainable",
        when=lambda steps, rate, params, contexts, targets: (
            params["W"] is not None and len(contexts) > 2
        ),
    ),
    rule(
        "Keep their dtype",
        when=lambda steps, rate, params, *_: params["b"].dtype == np.float32,
    ),
    rule(
        "float64 stays float64",
        when=lambda steps, rate, params, *_: params["b"].dtype == np.float64,
    ),
    rule("Where `W` is `None`", when=lambda steps, rate, params, *_: params["W"] is None),
)
