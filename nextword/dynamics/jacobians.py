"""What happens to small changes, and to the error, on their way through a recurrent network.

All of this module has the nonlinearity *outside* and rows, h_t = tanh(… + h_{t-1} @ W_h + b), as
the course's code has it: ∂h_t/∂h_{t-1} is diag(1 - h_t²) W_hᵀ (numerator layout: a row for each
unit of h_t). Pascanu, Mikolov and Bengio (2013) have the nonlinearity inside, and so another order
of factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Complex, Float

from nextword.models.neural import NeuralLanguageModel
from nextword.models.recurrent import driven_up_to, recurrent_network

DEFECTIVE = 1e10
"""Above this condition number of its eigenvectors a matrix counts as defective."""


class MatrixError(ValueError):
    """A matrix or vector has the wrong shape, or holds what is no finite number."""


class DefectiveMatrixError(MatrixError):
    """A matrix has too few independent eigenvectors to write every vector with them."""


class NoSignalError(ValueError):
    """A loss does not depend on the last state."""


def _square(name: str, values: object) -> Float[np.ndarray, "n n"]:
    try:
        matrix = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise MatrixError(f"expected {name} as real numbers, got {values!r}") from None
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise MatrixError(f"expected {name} to be square, such as (3, 3), got {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise MatrixError(f"expected {name} to be finite, got nan or infinity in it")
    return matrix


@dataclass(frozen=True)
class EigenExpansion:
    """A row vector written with the eigenvectors of a matrix, and multiplied by it many times.

    g = c_1 q_1 + c_2 q_2 + …, so g Wⁿ = c_1 λ_1ⁿ q_1 + c_2 λ_2ⁿ q_2 + …

    Attributes
    ----------
    values
        Eigenvalues λ_i, the largest modulus first. Complex ones come in pairs.
    parts
        The vectors c_i q_i, a row each. They sum to g.

    References
    ----------
    Slides *Language Modeling + RNNs* (003), *Vanishing gradient proof sketch (linear case)*.

    Examples
    --------
    >>> found = EigenExpansion.of(np.diag([0.5, 2.0]), np.array([1.0, 1.0]))
    >>> found.times(3)
    array([0.125, 8.   ])
    """

    values: Complex[np.ndarray, " n"]
    parts: Complex[np.ndarray, "n n"]

    @classmethod
    def of(
        cls, matrix: Float[np.ndarray, "n n"], vector: Float[np.ndarray, " n"]
    ) -> EigenExpansion:
        """Write a row vector with the left eigenvectors of a matrix.

        Raises
        ------
        MatrixError
            The matrix is not square or not finite, or the vector does not fit.
        DefectiveMatrixError
            Eigenvectors of the matrix do not span all vectors, or nearly so.
        """
        square = _square("the matrix", matrix)
        row = np.asarray(vector, dtype=float)
        if row.shape != (len(square),) or not np.isfinite(row).all():
            raise MatrixError(
                f"expected a vector of {len(square)} finite numbers, got shape {row.shape}"
            )
        values, columns = np.linalg.eig(square.T)  # right eigenvectors of the transpose
        condition = float(np.linalg.cond(columns))
        if condition > DEFECTIVE:
            raise DefectiveMatrixError(
                f"expected {len(square)} independent eigenvectors, got some that are parallel "
                f"(condition number {condition:.1e}): this matrix is defective, and its powers are "
                "not sums of powers of eigenvalues. Look at its singular values instead."
            )
        shares = np.linalg.solve(columns.astype(complex), row.astype(complex))
        order = np.argsort(-np.abs(values), kind="stable")
        return cls(values.astype(complex)[order], (shares * columns).T[order])

    def times(self, n: int) -> Float[np.ndarray, " n"]:
        """Return the vector after n multiplications by the matrix.

        Raises
        ------
        MatrixError
            n is below 0.
        """
        if n < 0:
            raise MatrixError(f"expected 0 multiplications or more, got {n}")
        found: Float[np.ndarray, " n"] = (self.values**n @ self.parts).real
        return found


def norms_back(
    W_h: Float[np.ndarray, "hidden hidden"], slopes: Float[np.ndarray, "steps hidden"]
) -> Float[np.ndarray, " steps+1"]:
    """Return the spectral norm of ∂h_T/∂h_{T-gap} for every gap from 0 to T.

    Parameters
    ----------
    W_h
        The recurrent weights, used as `h @ W_h`.
    slopes
        The derivative of the nonlinearity at steps 1 … T, for each unit; ones for a linear network.

    Returns
    -------
    array
        First 1 (no step), then the norms of products of 1, 2, … T Jacobians.

    Raises
    ------
    MatrixError
        Weights are not square, slopes do not fit, or something is not finite.

    References
    ----------
    Pascanu, Mikolov, Bengio 2013, eqs 5 to 7.

    Examples
    --------
    >>> norms_back(np.array([[0.5]]), np.ones((3, 1)))
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    square = _square("W_h", W_h)
    each = np.asarray(slopes, dtype=float)
    if each.ndim != 2 or each.shape[1] != len(square) or not np.isfinite(each).all():
        raise MatrixError(
            f"expected finite slopes of shape (steps, {len(square)}), got {each.shape}"
        )
    product = np.eye(len(square))
    norms = [1.0]
    for slope in each[::-1]:
        product = (product * slope) @ square.T
        norms.append(float(np.linalg.norm(product, 2)))
    return np.array(norms)


def matrix_of_radius(
    radius: float, size: int, rng: np.random.Generator
) -> Float[np.ndarray, "size size"]:
    """Return a random matrix, entries from a normal distribution, scaled to a spectral radius.

    Parameters
    ----------
    radius
        The largest modulus of an eigenvalue, above 0.
    size
        How many units, 1 or more.
    rng
        Where entries come from.

    Raises
    ------
    MatrixError
        The radius is not finite and above 0, or the size is below 1.
    """
    if not (np.isfinite(radius) and radius > 0) or size < 1:
        raise MatrixError(
            f"expected a radius above 0 and a size of 1 or more, got {radius:g} and {size}"
        )
    drawn = rng.normal(size=(size, size))
    scaled: Float[np.ndarray, "size size"] = drawn * (
        radius / np.abs(np.linalg.eigvals(drawn)).max()
    )
    return scaled


@dataclass(frozen=True)
class Unrolled:
    """One prediction of a recurrent model, with everything on its way.

    Attributes
    ----------
    W_h
        The recurrent weights, used as `h @ W_h`.
    states
        h_0 … h_t; h_0 comes before `<s>` is read.
    signals
        ∂J_t/∂h_k for every k from 0 to t: how much the loss would change with each state.
    """

    W_h: Float[np.ndarray, "hidden hidden"]
    states: Float[np.ndarray, "steps+1 hidden"]
    signals: Float[np.ndarray, "steps+1 hidden"]

    @classmethod
    def of(cls, model: NeuralLanguageModel, sentence: Sequence[str], place: int) -> Unrolled:
        """Unroll a model up to the prediction of one word.

        Parameters
        ----------
        model
            A recurrent one.
        sentence
            Its words.
        place
            Which of its tokens is predicted, counted from 0; `len(sentence)` is `</s>`.

        Raises
        ------
        NetworkShapeError
            The sentence has no such place.
        NotRecurrentError
            The model is not recurrent.
        """
        network = recurrent_network(model)
        driven, target = driven_up_to(model, sentence, place)
        w_h = network.cells.all_weights[0][1].detach()
        states = [network.start.detach().clone().requires_grad_()]
        for step in driven.detach():
            states.append(torch.tanh(step + states[-1] @ w_h.T))
        loss = torch.nn.functional.cross_entropy(network.output(states[-1])[None], target)
        signals = torch.autograd.grad(loss, states)
        return cls(
            w_h.T.double().numpy().copy(),
            torch.stack(states).detach().double().numpy(),
            torch.stack(signals).double().numpy(),
        )

    def signal_by_gap(self) -> Float[np.ndarray, " steps+1"]:
        """Return the length of the signal at t, t-1, … 0, as a multiple of that at t.

        Raises
        ------
        NoSignalError
            There is no signal at t: the prediction is certain and right.
        """
        lengths = np.linalg.norm(self.signals, axis=1)[::-1]
        if lengths[0] == 0:
            raise NoSignalError(
                "expected a loss that depends on the last state, got none: this word is predicted "
                "with probability 1"
            )
        found: Float[np.ndarray, " steps+1"] = lengths / lengths[0]
        return found
