"""One planted pair of features against P7: the closed form for one atom, and what wider SAEs mix (theory P7).

An SAE of one atom without a penalty does best along the principal line of the points, at the angle t from f₁
with tan 2t = 2·cov/(var₁ − var₂), whatever its encoder (P7, with a free decoder bias). Nothing of the kind is
known for two atoms or more: there the closed form is a yardstick and no prediction.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from jaxtyping import Float

from geosae.experiments.gates import Gate, gate_name
from geosae.experiments.interval import Interval, mean_interval
from geosae.experiments.jobs import MakeWorld, StudyRecord
from geosae.sae.device import Device
from geosae.studies.common import trained, two_halves
from geosae.studies.numbers import direction, paired, per_seed
from geosae.studies.study import Answer

if TYPE_CHECKING:
    from geosae.data.dataset import ConceptDataset
    from geosae.sae import Neurons

GATE: Gate = "topk"
"""Top-K with K = 1: no penalty, which P7 supposes."""
RATE = 0.3
"""How often the parent is on; the child is never on without it."""


@dataclass(frozen=True)
class PairJob:
    """SAEs of one width on one pair: how often the child is on with its parent."""

    child_rate: float
    width: int
    seed: int
    steps: int
    points: int
    part: Literal["pair"] = "pair"


@dataclass(frozen=True)
class PairArm:
    """What one SAE mixes, on points that it was not trained on."""

    angle: float
    """Degrees between an atom and the true direction nearest to it, mean over firing neurons; nan if none
    fires. 0: one feature; 45: both alike."""
    firing: int
    excess: float
    """Squared error on the training points beyond that of the principal line, over their variance: at least 0
    for one atom; below 0 where more atoms do better."""


@dataclass(frozen=True)
class PairResult:
    """The closed form's angle, for the training points' own frequencies, and the arms beside it."""

    closed_form: float
    trained: PairArm
    untrained: PairArm
    frozen: PairArm


PairRecords: TypeAlias = Sequence[StudyRecord[PairJob, PairResult]]


def pair_jobs(
    child_rates: Sequence[float], widths: Sequence[int], seeds: Sequence[int], steps: int, points: int
) -> Iterator[PairJob]:
    """Yield a job per child rate, width and seed."""
    for child_rate in child_rates:
        for width in widths:
            for seed in seeds:
                yield PairJob(child_rate, width, seed, steps, points)


def mixing_of_pair(job: PairJob, make_world: MakeWorld, device: Device) -> PairResult:
    """Train the arms on one pair and measure what their atoms mix."""
    params = {"points": job.points, "dim": 2, "features": 2, "rate": RATE, "pairs": 1, "noise": 0.0}
    params |= {"child_rate": job.child_rate, "directions": "orthonormal", "magnitudes": "constant"}
    train_half, test_half = two_halves(make_world, "superposition", params, job.seed)
    arms = [
        _arm(
            trained(train_half.points, GATE, 1, job.width, job.seed, job.steps, device=device, baseline=arm),
            train_half.points,
            test_half,
        )
        for arm in ("trained", "untrained", "frozen_decoder")
    ]
    return PairResult(closed_form_angle(train_half), *arms)


def closed_form_angle(data: "ConceptDataset") -> float:
    """Return P7's t in degrees: ½·atan2(2·cov, var₁ − var₂) of two Boolean features, by their frequencies.

    Examples
    --------
    >>> from geosae.data.dataset import ConceptDataset
    >>> members = np.array([[0, 0], [0, 0], [1, 0], [1, 1]], dtype=bool)
    >>> round(closed_form_angle(ConceptDataset(members + 0.0, members, ("parent", "child"))), 3)
    37.982
    """
    first, second = data.membership.mean(axis=0).tolist()
    both = float(data.membership.all(axis=1).mean())
    spread = first * (1 - first) - second * (1 - second)
    return math.degrees(0.5 * math.atan2(2 * (both - first * second), spread))


def _arm(neurons: "Neurons", points: Float[np.ndarray, "N n"], test: "ConceptDataset") -> PairArm:
    fires = neurons.fires(test.points).any(axis=0)
    products = np.abs(np.asarray(neurons.decoder) @ np.asarray(test.directions).T)[fires]
    angles = np.degrees(np.arctan2(products.min(axis=1), products.max(axis=1)))
    offsets = points - points.mean(axis=0)
    variances = np.linalg.eigvalsh(offsets.T @ offsets / len(points))
    error = float(np.square(points - neurons.reconstruct(points)).sum(axis=1).mean())
    excess = (error - float(variances[0])) / float(variances.sum())
    return PairArm(float(angles.mean()) if len(angles) else math.nan, int(fires.sum()), excess)


def at(records: PairRecords, child_rate: float, width: int) -> PairRecords:
    """Return the records of one child rate and width."""
    return [r for r in records if (r.settings.child_rate, r.settings.width) == (child_rate, width)]


def pair_answers(records: PairRecords) -> list[Answer]:
    """Return, for each child rate, one atom against the closed form, and wider SAEs beside it."""
    answers: list[Answer] = []
    for child_rate in sorted({r.settings.child_rate for r in records}):
        of_rate = [r for r in records if r.settings.child_rate == child_rate]
        alone = at(of_rate, child_rate, 1)
        if alone:
            answers.append(_one_atom(alone, child_rate))
        wider = [r for r in of_rate if r.settings.width > 1]
        if wider:
            answers.append(_wider(wider, child_rate))
    return answers


def _one_atom(records: PairRecords, child_rate: float) -> Answer:
    """Judge whether training brings the one atom nearer to t than a decoder that is left as it starts."""
    off = {
        arm: per_seed(records, lambda r, arm=arm: abs(getattr(r, arm).angle - r.closed_form))
        for arm in ("trained", "untrained", "frozen")
    }
    nearer = mean_interval(paired(off["frozen"], off["trained"]))
    prediction = (
        f"{gate_name(GATE, 1)}, one neuron, child on in {child_rate:.0%} of its parent's points: the atom "
        f"mixes both by the angle t of the closed form."
    )
    observation = (
        f"t = {_mean(records, lambda r: r.closed_form)}°, measured "
        f"{_mean(records, lambda r: r.trained.angle)}°. "
        f"Off by {mean_interval(list(off['trained'].values()))}° (untrained "
        f"{mean_interval(list(off['untrained'].values()))}°, frozen decoder "
        f"{mean_interval(list(off['frozen'].values()))}°); squared error beyond the least possible "
        f"{_mean(records, lambda r: 1000 * r.trained.excess)} ‰ of the variance."
    )
    return Answer("P7", prediction, observation, direction(nearer))


def _wider(records: PairRecords, child_rate: float) -> Answer:
    """Tell what wider SAEs mix: nothing is predicted, so nothing is judged."""
    parts: list[str] = []
    for width in sorted({r.settings.width for r in records}):
        here = at(records, child_rate, width)
        parts.append(
            f"{width} neurons {_mean(here, lambda r: r.trained.angle)}° (untrained "
            f"{_mean(here, lambda r: r.untrained.angle)}°, frozen decoder "
            f"{_mean(here, lambda r: r.frozen.angle)}°)"
        )
    prediction = (
        f"{gate_name(GATE, 1)}, wider than one neuron, child on in {child_rate:.0%} of its parent's points: "
        "no bound known; the closed form of one neuron stands beside."
    )
    observation = f"{'; '.join(parts)}; t of one neuron {_mean(records, lambda r: r.closed_form)}°."
    return Answer("P7", prediction, observation, "undecided")


def _mean(records: PairRecords, value: Callable[[PairResult], float]) -> Interval:
    return mean_interval(list(per_seed(records, value).values()))
