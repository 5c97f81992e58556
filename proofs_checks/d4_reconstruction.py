r"""D4. Reconstruction forces detection: what D leaves undetected costs its distance to the others' cone.

Where no neuron of D fires, x̂ − b_dec is a nonnegative combination of the decoder rows outside D, so
‖x − x̂‖ ≥ δ_D(x), the distance of x to b_dec + cone{W_j : j ∉ D}. Summed over C: the mean of δ_D² over the
undetected points (zero elsewhere) is at most MSE_C; so the undetected share times min_C δ_D² is. With D = [d]
the cone is {0} and δ_D(x) = ‖x − b_dec‖. The second form says nothing where min δ_D = 0.

Activations must be nonnegative. Under a gate that lets negative ones through (Top-K without ReLU) "does not
fire" is not "is zero": a neuron of D can then contribute without firing, and neither the cone nor the span of
the others bounds anything; one has to read "D is silent" as a_i = 0 on D, with the span in place of the cone.

The statement is ours; the projection on a cone is decided by exact Karush–Kuhn–Tucker conditions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from geosae.verification import Claim, Evidence, Hypothesis, Number, Observed, TrainedInstance, compare
from proofs_checks._exact import Rational, cone_distance_squared, dot, minus
from proofs_checks._nonnegative import nonnegative_codes
from proofs_checks._runs import pair_errors, sample_view, some_rows

# How many undetected points of a trained SAE are projected per concept and set D.
MOST_PROJECTED = 200


@dataclass(frozen=True)
class Case:
    """The points of a concept with their activations, a decoder, and the set D whose silence is priced."""

    points: tuple[tuple[Rational, ...], ...]
    activations: tuple[tuple[Rational, ...], ...]
    decoder: tuple[tuple[int, ...], ...]
    b_dec: tuple[int, ...]
    priced: tuple[int, ...]
    part: Literal["sum", "share"]
    label: str
    overcounted: bool = False

    def silent(self) -> list[bool]:
        """Tell for each point whether no neuron of D fires there (all of them do not, where overcounted)."""
        return [self.overcounted or all(a[i] <= 0 for i in self.priced) for a in self.activations]

    def distances(self) -> list[Fraction]:
        """Return δ_D(x)² for each point, exactly."""
        others = [row for i, row in enumerate(self.decoder) if i not in self.priced]
        return [cone_distance_squared(minus(x, self.b_dec), others) for x in self.points]

    def mse(self) -> Fraction:
        """Return the mean of ‖x − x̂‖² over the concept, exactly."""
        total = Fraction(0)
        for x, a in zip(self.points, self.activations, strict=True):
            reconstruction = [
                b + dot(a, column) for b, column in zip(self.b_dec, _columns(self), strict=True)
            ]
            rest = minus(x, reconstruction)
            total += dot(rest, rest)
        return total / len(self.points)


def _columns(case: Case) -> list[list[int]]:
    return [[row[k] for row in case.decoder] for k in range(len(case.b_dec))]


def bound(case: Case) -> Number:
    """Return the mean over C of δ_D² where D is silent, or the undetected share times min δ_D²."""
    silent, distances = case.silent(), case.distances()
    if case.part == "share":
        return Fraction(sum(silent), len(silent)) * min(distances)
    return sum((d for d, s in zip(distances, silent, strict=True) if s), Fraction(0)) / len(silent)


def observe(case: Case) -> Observed:
    """Return MSE_C."""
    return Observed(case.mse(), f"{case.label} [{case.part}]")


@dataclass(frozen=True)
class Decoder:
    """Decoder rows, the decoder's bias, and the set D."""

    rows: tuple[tuple[int, ...], ...]
    b_dec: tuple[int, ...]
    priced: tuple[int, ...]


def _parts(
    points: Sequence[Sequence[Rational]], acts: Sequence[Sequence[Rational]], decoder: Decoder, label: str
) -> Iterator[Case]:
    xs, activations = tuple(tuple(x) for x in points), tuple(tuple(a) for a in acts)
    case = Case(xs, activations, decoder.rows, decoder.b_dec, decoder.priced, "sum", label)
    yield case
    if min(case.distances()) > 0:
        yield replace(case, part="share")


def _plane(*priced: int) -> Decoder:
    return Decoder(((1, 0), (0, 1)), (0, 0), priced)


def _attained() -> Iterator[Case]:
    yield from _parts([[3, 4]], [[0, 0]], _plane(0, 1), "a dead SAE, D = [d]: attained")
    yield from _parts([[3, 4]], [[0, 4]], _plane(0), "the other neuron does its best: attained")
    yield from _parts([[3, -4]], [[0, 0]], _plane(0), "outside the cone: attained")
    yield from _parts(
        [[1, 0], [5, 0]], [[0, 0], [5, 0]], _plane(0), "the near point is missed, the far one is not"
    )
    rows, bias = ((1, 1), (1, -1), (-1, 0)), (2, -1)
    yield from _parts([[2, 4]], [[0, 0, 0]], Decoder(rows, bias, (0, 1, 2)), "b_dec ≠ 0, D = [d]: attained")
    yield from _parts([[7, -1]], [[0, 0, 0]], Decoder(rows, bias, (0, 1)), "b_dec ≠ 0, one other neuron")
    parallel = Decoder(((1, 0, 1), (2, 0, 2)), (0, 0, 0), ())
    yield from _parts([[0, 0, 2]], [[0, 0]], parallel, "parallel decoder rows, D = ∅")


def _random(rng: np.random.Generator, i: int) -> Iterator[Case]:
    n, d, size = int(rng.integers(1, 4)), int(rng.integers(1, 6)), int(rng.integers(1, 5))
    rows = tuple(tuple(int(v) for v in row) for row in rng.integers(-3, 4, (d, n)))
    points = [[int(v) for v in x] for x in rng.integers(-5, 6, (size, n))]
    halves = rng.integers(0, 4, (size, d)) * (rng.random((size, d)) < 0.5)
    acts = [[Fraction(int(a), 2) for a in row] for row in halves]
    priced = tuple(int(k) for k in np.flatnonzero(rng.random(d) < 0.6))
    decoder = Decoder(rows, tuple(int(v) for v in rng.integers(-2, 3, n)), priced)
    yield from _parts(points, acts, decoder, f"random decoder {i}: n={n}, d={d}, |D|={len(priced)}")


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield SAEs whose other neurons reconstruct as well as they can (attained), then random ones."""
    yield from _attained()
    for i in range(count):
        yield from _random(rng, i)


def negative(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield SAEs with an activation a little below zero, which the cone does not allow."""
    # δ² = 25, and a contribution of −1/100 of a silent neuron brings the error just below it.
    little = Fraction(-1, 100)
    yield from _parts([[-3, 4]], [[little, 0]], _plane(0, 1), "a silent neuron of D is negative, D = [d]")
    yield from _parts([[3, -4]], [[0, little]], _plane(0), "another neuron is negative")
    for i in range(max(1, count // 10)):
        far = int(rng.integers(1, 50))
        acts = [[Fraction(-far, 300), far]]
        yield from _parts([[-far, far]], acts, _plane(0), f"random negative activation {i}")


def not_silent(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield points on which D fires and reconstructs, counted as undetected."""
    for i in range(max(1, count // 10)):
        far = int(rng.integers(1, 50))
        label = f"D reconstructs the point {far} and counts as silent ({i})"
        for case in _parts([[far, 0]], [[far, 0]], _plane(0), label):
            yield replace(case, overcounted=True)


def _project(
    points: Float[np.ndarray, "N n"], generators: Float[np.ndarray, "g n"]
) -> tuple[Float[np.ndarray, "N n"], Float[np.ndarray, "N n"]]:
    """Return approximate projections on the cone, and the residuals, by accelerated projected gradients."""
    if not len(generators):
        return np.zeros_like(points), points
    near = nonnegative_codes(points, generators) @ generators
    return near, points - near


def _price(
    instance: TrainedInstance, points: Float[np.ndarray, "N n"], priced: Bool[np.ndarray, " d"]
) -> tuple[float, float]:
    """Return Σ of a lower estimate of ‖x − x̂‖² through δ_D², and how far it may lie above the truth.

    With residual r = x − near and the SAE's own y = Σ a_j W_j in the cone:
    ‖x − b − y‖² ≥ ‖r‖² + 2⟨r, near⟩ − 2 max_j⟨r, W_j⟩ Σ a_j, whatever the quality of the projection.
    """
    sae = instance.neurons
    others = sae.decoder[~priced]
    acts = sae.activations(points)[:, ~priced].astype(np.float64)
    if np.any(acts < 0):
        # Where activations may be negative, what the others reach is their span: the cone of both signs.
        others, acts = np.vstack([others, -others]), np.hstack([np.maximum(acts, 0), np.maximum(-acts, 0)])
    near, rest = _project(points - sae.b_dec, others)
    worst = np.maximum((rest @ others.T).max(axis=1, initial=0.0), 0.0)
    doubt = 2 * np.abs((rest * near).sum(axis=1)) + 2 * worst * acts.sum(axis=1)
    # The activations were rounded to float32: relative 2⁻²⁴.
    return float((rest**2).sum()), float(doubt.sum()) * (1 + 2**-23)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold MSE_C against the price of the undetected points, for D = [d] and for the neurons tied to C.

    A neuron is tied to C when it fires on more of C than of the rest. Where more points are undetected than
    can be projected, a random part is priced: the sum only becomes smaller. Certified: eta covers
    the error of the projection and rounding. Vacuous
    where the price is not above the error with which it is known.
    """
    view = sample_view(instance)
    miss, alarms = pair_errors(view)
    errors = ((view.points - instance.neurons.reconstruct(view.points)) ** 2).sum(axis=1)
    evidence: list[Evidence] = []
    for k, name in enumerate(view.names):
        inside = view.concepts[:, k]
        for tied, who in (
            (np.ones_like(miss[k], dtype=np.bool_), "[d]"),
            (1 - miss[k] > alarms[k], "tied to it"),
        ):
            silent = np.flatnonzero(inside & ~view.fires[:, tied].any(axis=1))
            price, doubt = _price(instance, view.points[silent[some_rows(len(silent), MOST_PROJECTED)]], tied)
            size, mse = int(inside.sum()), float(errors[inside].mean())
            # Float64 sums of so many terms are off by no more than this share (and eta is never zero).
            rounding = 8 * (instance.neurons.width + view.points.shape[1] + size) * 2.0**-53
            eta = doubt / size + rounding * (price / size + mse + float((view.points**2).max())) + 5e-324
            label = f"{instance.label}: MSE on {name}, D = {who}, {len(silent)} of {size} undetected"
            observed, least = Observed(mse, label, "certified", eta), price / size
            evidence.append(compare(observed, least, "lower", vacuous=least <= eta))
    return evidence


CLAIM = Claim(
    id="D4",
    statement=(
        "The mean squared error on a concept is at least the mean, over its points, of the squared distance "
        "to the cone of the other neurons wherever D is silent."
    ),
    tex=(
        r"\mathrm{MSE}_C\ \ge\ \frac1{|C|}\sum_{x\in C,\ D\text{ silent}}\delta_D(x)^2,\qquad "
        r"\mathrm{MSE}_C\ \ge\ \frac{|\{x\in C: D\text{ silent}\}|}{|C|}\,\min_{x\in C}\delta_D(x)^2"
    ),
    hypotheses=(
        Hypothesis("activations are nonnegative", negative),
        Hypothesis("only points on which all of D is silent are counted", not_silent),
    ),
    kind="lower",
    source="lawson1995",
    figure="reconstruction_detection",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "b_dec forgotten": lambda case: (
            bound(replace(case, b_dec=(0,) * len(case.b_dec))) if case.part == "sum" else bound(case)
        ),
        "mean of δ² for its minimum": lambda case: (
            bound(case) / min(case.distances()) * sum(case.distances()) / len(case.points)
            if case.part == "share"
            else bound(case)
        ),
    },
    scales=(0.99, 1.01),
)
