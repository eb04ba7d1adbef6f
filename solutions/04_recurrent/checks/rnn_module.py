"""rnn_module: the same model in torch."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="arg-type, index, misc, no-untyped-call, operator, union-attr"

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

from .drawing import draw_ids, draw_params


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield models of many shapes, as they are, and after some steps of training."""
    for group, least in (("numbers", 0), ("training", 2)):
        for V, m, H, rows, steps in ((4, 2, 3, 2, 4), (7, 3, 4, 4, 3), (12, 4, 3, 3, 6)):
            steps_taken = int(rng.integers(least, 2 * least + 1))
            rate = float(rng.uniform(0.2, 0.5))
            params = draw_params(rng, V, m, H)
            inputs, targets = (draw_ids(rng, V, rows, steps) for _ in range(2))
            yield Case(group, (steps_taken, rate, params, inputs, targets), probe="module")
    single = draw_params(rng, 7, 3, 4, dtype="float32")
    inputs, targets = (draw_ids(rng, 7, 4, 3) for _ in range(2))
    yield Case("numbers", (0, 0.2, single, inputs, targets), probe="module")


check = Check(
    groups={
        "numbers": Group("the log-probabilities of the module as it begins", 2),
        "training": Group("the log-probabilities after some steps of training", 2),
    },
    draw=draw,
    compare=Close(rtol=2e-5, per_array=True),
)


@alternative
def with_nn_rnn(params: Any) -> Any:
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            p = {name: torch.tensor(value).double() for name, value in params.items()}
            self.embedding = torch.nn.Embedding.from_pretrained(p["E"], freeze=False)
            self.rnn = torch.nn.RNN(*p["W_x"].shape, batch_first=True).double()
            self.output = torch.nn.Linear(*p["U"].shape).double()
            self.start = torch.nn.Parameter(p["h0"])
            with torch.no_grad():
                self.rnn.weight_ih_l0.copy_(p["W_x"].T)
                self.rnn.weight_hh_l0.copy_(p["W_h"].T)
                self.rnn.bias_ih_l0.copy_(p["b"])
                self.rnn.bias_hh_l0.zero_()
                self.output.weight.copy_(p["U"].T)
                self.output.bias.copy_(p["c"])
            self.rnn.bias_hh_l0.requires_grad_(False)

        def forward(self, inputs: Any) -> Any:
            start = self.start.repeat(len(inputs), 1)[None]
            states, _ = self.rnn(self.embedding(inputs), start)
            return self.output(states).log_softmax(dim=-1)

    return Model()


@alternative
def with_a_linear_cell(params: Any) -> Any:
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            both = np.vstack([params["W_x"], params["W_h"]])
            self.cell = torch.nn.Linear(*both.shape).double()
            self.cell.weight.data = torch.tensor(both.T.copy())
            self.cell.bias.data = torch.tensor(params["b"])
            self.rest = torch.nn.ParameterDict(
                {name: torch.tensor(params[name]) for name in ("E", "U", "c", "h0")}
            )

        def forward(self, inputs: Any) -> Any:
            h = self.rest["h0"].repeat(inputs.shape[0], 1)
            rows = []
            for t in range(inputs.shape[1]):
                x = self.rest["E"][inputs[:, t]]
                h = torch.tanh(self.cell(torch.cat([x, h], dim=1)))
                scores = h @ self.rest["U"] + self.rest["c"]
                rows.append(scores - scores.logsumexp(dim=1, keepdim=True))
            return torch.stack(rows, dim=1)

    return Model()


@alternative
def in_float32(params: Any) -> Any:
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name in params:
                setattr(self, name, torch.nn.Parameter(torch.tensor(params[name]).float()))

        def forward(self, inputs: Any) -> Any:
            x = torch.nn.functional.embedding(inputs, self.E) @ self.W_x + self.b
            states = [torch.tile(self.h0, (len(inputs), 1))]
            for t in range(inputs.shape[1]):
                states.append(torch.tanh(torch.addmm(x[:, t], states[-1], self.W_h)))
            after = torch.stack(states[1:], dim=1)
            return torch.nn.functional.log_softmax(after @ self.U + self.c, dim=-1)

    return Model()


logits_returned = slip(
    REFERENCE,
    ("torch.log_softmax(", "("),
    (", dim=2)", ")"),
    loses=("numbers", "training"),
    hint="The module returns logits. Asked for are log-probabilities: the exponentials over "
    "the words sum to 1.",
)
probabilities_returned = slip(
    REFERENCE,
    ("log_softmax", "softmax"),
    loses=("numbers", "training"),
    hint="The module returns probabilities. Asked for are their logarithms.",
)
softmax_over_time = slip(
    REFERENCE,
    ("dim=2", "dim=1"),
    loses=("numbers", "training"),
    hint="The softmax runs over the steps. Each step has a distribution over the words, the "
    "last axis.",
)
weights_transposed = slip(
    REFERENCE,
    ("self.W_h", "self.W_h.T"),
    loses=("numbers", "training"),
    hint="W_h is used the wrong way round. torch.nn.RNN and Linear keep their weights "
    "transposed; ours stand on the right of a row vector.",
)
starts_in_zeros = slip(
    REFERENCE,
    ("self.h0", "torch.zeros_like(self.h0)"),
    loses=("numbers", "training"),
    hint="The sequence starts in zeros, not in the learned h0.",
)
start_not_learned = slip(
    with_nn_rnn,
    ('torch.nn.Parameter(p["h0"])', 'p["h0"]'),
    loses=("numbers", "training"),
    hint="h0 does not learn: it is no parameter of the module. It is one of the names in params.",
)
embeddings_not_learned = slip(
    with_nn_rnn,
    (", freeze=False", ""),
    loses=("numbers", "training"),
    hint="The features E do not learn: they are no parameter of the module, or frozen "
    "(Embedding.from_pretrained freezes unless told otherwise).",
)
cut_off_at_every_step = slip(
    REFERENCE,
    ("state @ self.W_h", "state.detach() @ self.W_h"),
    loses="training",
    hint="The state is detached at each step, so no gradient flows back through time: each "
    "loss trains its own step only.",
)
state_kept_between_calls = slip(
    REFERENCE,
    ("self.h0.expand(len(inputs), -1)", 'getattr(self, "kept", self.h0.expand(len(inputs), -1))'),
    ("return torch.log", "self.kept = state.detach()\n            return torch.log"),
    loses=("numbers", "training"),
    hint="The state at the end of one call is where the next one starts. Every call starts in "
    "h0: the same inputs give the same answer.",
)
two_biases = slip(
    with_nn_rnn,
    ("            self.rnn.bias_hh_l0.requires_grad_(False)\n", ""),
    loses=("numbers", "training"),
    hint="The state has two biases that learn, as torch.nn.RNN has by default (bias_ih and "
    "bias_hh). Together they move twice as far as our b in every step of training: one of "
    "them must not be trained.",
)
batch_read_as_time = slip(
    with_nn_rnn,
    (", batch_first=True", ""),
    ("len(inputs)", "inputs.shape[1]"),
    loses=("numbers", "training"),
    hint="The axes are taken for one another: you walk along the rows of the batch instead of "
    "along time. torch.nn.RNN expects time first unless batch_first is set.",
)

one_start_for_all = equal(
    REFERENCE,
    ("self.h0.expand(len(inputs), -1)", "self.h0.expand(-1)"),
    because="a sum takes one start for each row",
)
weights_of_their_own = equal(
    with_a_linear_cell,
    (".double()", ""),
    ("both.T.copy()", "both.T"),
    because="its weights are replaced, and torch.tensor copies",
)
stays_float64 = equal(in_float32, (".float()", ""), settled="They may keep their dtype")

rules = (
    told("is a dict with the names and shapes", "How they are cut, named or transposed"),
    rule(
        "training it must not change `params`",
        "One can differentiate through it",
        when=lambda steps, *_: steps > 1,
    ),
    rule(
        "returns the *log-probabilities*",
        "`module(inputs)` gives the same answer every time",
        when=lambda steps, *_: steps == 0,
    ),
    told("They may keep their dtype, or become float32"),
    rule("**and no more**", when=lambda steps, *_: steps > 1),
)
