r"""F5. A rich incidence of low spectral norm cannot live in low dimension: n + 1 ≥ √(N·d)/‖A‖.

A_xi = ±1 for x ∈ N_i or not is the sign of an affine function of x, so its sign-rank is at most n + 1; J.
Forster (2002): sign-rank(A) ≥ √(N·d)/‖A‖. Points on hyperplanes count as outside and do no harm: A has
finitely many rows, and lowering all offsets a little gives the same matrix with no point on a hyperplane.

The norm is bounded below by an exact Rayleigh quotient, so the bound that is tried is, if anything, too
large. Attained where all neurons agree with one another up to sign, A of rank one, in dimension 0 (a
constant); half-lines over a line reach π/2 of 2; Hadamard matrices have the largest bound, √N.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from jaxtyping import Int

from geosae.geometry.arrangements.sign_rank import forster
from geosae.verification import Claim, Evidence, Hypothesis, Number, Observed, TrainedInstance, compare
from proofs_checks._planted import random_planted
from proofs_checks._runs import sample_view, some_rows

Part = Literal["dimension", "engine"]
MOST_ROWS = 512


@dataclass(frozen=True, eq=False)
class Case:
    """A ±1 matrix of points and neurons, and the dimension n in which it is said to live.

    The engine does not get the last `hidden` rows.
    """

    signs: Int[np.ndarray, "N d"]
    n: int
    part: Part
    label: str
    hidden: int = 0


def bound(case: Case) -> Number:
    """Return N·d/‖A‖² from an exact lower bound on ‖A‖; for "engine" its root to within rounding."""
    square = _square(case.signs)
    return square if case.part == "dimension" else Fraction(float(square) ** 0.5)


def _square(signs: Int[np.ndarray, "N d"]) -> Fraction:
    """Return N·d over the Rayleigh quotient of AᵀA at an integer vector near its top eigenvector."""
    gram = signs.T.astype(np.int64) @ signs.astype(np.int64)
    top = np.linalg.eigh(gram.astype(np.float64))[1][:, -1]
    v = [int(x) for x in np.round(top * 2**40)]
    rows = [sum(g * x for g, x in zip(row, v, strict=True)) for row in gram.tolist()]
    quotient = Fraction(sum(x * y for x, y in zip(v, rows, strict=True)), sum(x * x for x in v))
    return signs.shape[0] * signs.shape[1] / quotient


def observe(case: Case) -> Observed:
    """Return (n + 1)², or the library's bound."""
    label = f"{case.label} [{case.part}]"
    if case.part == "dimension":
        return Observed((case.n + 1) ** 2, label)
    # Its norm is enlarged against rounding by a share of 16(N + d)·ε.
    eta = 64 * sum(case.signs.shape) * 2.0**-52 * max(case.signs.shape)
    seen = case.signs[: len(case.signs) - case.hidden]
    return Observed(forster(seen), label, "certified", eta, kind="tight")


def hadamard(order: int) -> Int[np.ndarray, "N N"]:
    """Return Sylvester's Hadamard matrix of order 2^k.

    Examples
    --------
    >>> hadamard(2).tolist()
    [[1, 1], [1, -1]]
    """
    matrix = np.ones((1, 1), dtype=np.int64)
    while len(matrix) < order:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix


def _thresholds(size: int) -> Int[np.ndarray, "N N"]:
    """Return half-lines over a line: points between thresholds."""
    return np.where(np.arange(size)[:, None] >= np.arange(size)[None, :], 1, -1)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield constants, half-lines, Hadamard matrices in a dimension that holds them, then planted SAEs."""
    yield Case(np.ones((3, 5), dtype=np.int64), 0, "dimension", "constant neurons in dimension 0: attained")
    outer = np.outer([1, -1, 1], [1, 1, -1, -1])
    yield Case(outer, 1, "dimension", "neurons that agree up to sign")
    for size in (2, 16, 100):
        yield Case(_thresholds(size), 1, "dimension", f"{size} half-lines over {size} points")
    for size in (1, 2, 4, 64, 256):
        # Any matrix lives in dimension d: the rows themselves are the points.
        yield Case(hadamard(size), size, "dimension", f"the Hadamard matrix of order {size}")
        yield Case(hadamard(size), size, "engine", f"the Hadamard matrix of order {size}")
    for i in range(count):
        model = random_planted(rng, points=int(rng.integers(1, 40)), dim=int(rng.integers(1, 5)), width=12)
        signs = np.where(model.fires(), 1, -1)
        part: Part = "engine" if i % 4 == 0 else "dimension"
        yield Case(signs, model.dim, part, f"random planted SAE {i}: n={model.dim}, N={len(signs)}")


def other_gates(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield neurons that fire on many intervals of one line: the incidence is any matrix at all."""
    for size in (16, *(2 ** int(v) for v in rng.integers(3, 7, max(1, count // 10)))):
        label = f"{size} neurons on a line, neuron i firing where the bits of x and i share evenly many"
        yield Case(hadamard(size), 1, "dimension", label)


def understated(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield Hadamard matrices said to live in one dimension too few, also with rows and columns shuffled."""
    for size in (4, 16, 256):
        root = round(size**0.5)
        yield Case(
            hadamard(size), root - 2, "dimension", f"the Hadamard matrix of order {size} for n={root - 2}"
        )
    for i in range(max(1, count // 10)):
        size = 4 ** int(rng.integers(1, 4))
        mixed = hadamard(size)[rng.permutation(size)][:, rng.permutation(size)] * rng.choice([-1, 1], size)
        yield Case(
            mixed, round(size**0.5) - 2, "dimension", f"a shuffled Hadamard matrix {i} of order {size}"
        )


def zeros(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield points of a circle, a neuron for each: with 0 for −1 the incidence has norm 1."""
    for size in (16, *(int(v) for v in rng.integers(10, 60, max(1, count // 10)))):
        label = f"{size} points of a circle, each cut off by a neuron, written in 0 and 1"
        yield Case(np.eye(size, dtype=np.int64), 2, "dimension", label)


def hidden(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield Hadamard matrices of which the engine sees half of the rows."""
    for size in (4, 16, 64):
        label = f"half of the Hadamard matrix of order {size}"
        yield Case(hadamard(size), size, "engine", label, hidden=size // 2)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold n + 1 against Forster's bound for the incidence of a trained SAE, on distinct points at most.

    Vacuous where no matrix of this size has a bound above n + 1: ‖A‖² ≥ max(N, d), and √min(N, d) ≤ n + 1.
    """
    if instance.neurons.gating != "absolute":
        return ()
    view = sample_view(instance)
    signs = np.where(view.fires[some_rows(len(view.fires), MOST_ROWS)], 1.0, -1.0)
    label = f"{instance.label}: n + 1 against the bound of {signs.shape[0]} points × {signs.shape[1]} neurons"
    room = view.points.shape[1] + 1
    return [compare(Observed(room, label), forster(signs), "lower", vacuous=min(signs.shape) <= room**2)]


CLAIM = Claim(
    id="F5",
    statement="Points and neurons whose ±1 incidence is A need a dimension n with n + 1 ≥ √(N·d)/‖A‖.",
    tex=r"n+1\ \ge\ \operatorname{sign-rank}(A)\ \ge\ \frac{\sqrt{N\,d}}{\|A\|}",
    hypotheses=(
        Hypothesis("absolute gating", other_gates),
        Hypothesis("the points lie in Rⁿ", understated),
        Hypothesis("the entries of A are ±1", zeros),
        Hypothesis("the engine is given every row", hidden),
    ),
    kind="lower",
    source="forster2002",
    figure="dimension_bound",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    # In squares: the largest Hadamard matrix tried has the bound 16² and is refused 15².
    scales={"dimension": (0.85, 1.01), "engine": (0.99, 1.01)},
)
