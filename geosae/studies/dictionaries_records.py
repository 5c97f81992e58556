"""What a job of the study of dictionaries is set to and what it finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from geosae.experiments.gates import Gate
from geosae.experiments.jobs import StudyRecord

Arm = Literal["trained", "untrained", "frozen_decoder"]
ARMS: tuple[Arm, ...] = ("trained", "untrained", "frozen_decoder")


@dataclass(frozen=True)
class PairWorld:
    """A world with the SAE of which two are trained on it.

    Attributes
    ----------
    label
        What figures call it.
    source, params
        The world and its parameters, but for the number of points.
    concepts
        The number p of concepts.
    gate, sparsity, width, training
        The SAE: its gate, λ or K, the number of neurons d, and settings that are not geosae's defaults.
    """

    label: str
    source: str
    params: Mapping[str, Any]
    concepts: int
    gate: Gate
    sparsity: float | int
    width: int
    training: Mapping[str, Any]


def _superposition(dim: int, features: int, active: int) -> PairWorld:
    law = {"directions": "low-coherence", "magnitudes": "constant", "noise": 0.01}
    params = {"dim": dim, "features": features, "active": active, **law}
    label = f"superposition, n = {dim}, {active} active"
    free = {"lr": 0.01, "decoder_norm": "free"}
    return PairWorld(label, "superposition", params, features, "batchtopk", active, features, free)


_BALLS = {"dim": 16, "concepts": 24, "radius": 0.15, "background": 0.25}
WORLDS: Mapping[str, PairWorld] = {
    "superposition-24": _superposition(24, 48, 2),
    "superposition-16": _superposition(16, 32, 4),
    "balls": PairWorld("balls, n = 16", "disjoint-balls", _BALLS, 24, "relu", 0.3, 64, {}),
}
"""In the first the studies `phase` and `dynamics` saw single neurons learn features, in the second none."""


@dataclass(frozen=True)
class PairJob:
    """Two SAEs on one draw of a world: nothing but the seed of training differs between them."""

    world: str
    arm: Arm
    steps: int
    points: int
    """Points to train and to choose neurons on, and as many others to judge them on."""
    seed: int


@dataclass(frozen=True)
class Followed:
    """Concepts followed from neurons of one SAE to the neurons matched with them in the other.

    Attributes
    ----------
    concepts
        All of the world.
    certified
        Concepts that a neuron of the first SAE, chosen on other points, is certain to separate within 0.1,
        all at once (E4, Holm).
    same
        Of these, whose matched neuron separates the same concept within 0.1, by count.
    permuted
        The mean of that number over all permutations of the second SAE's neurons.
    anywhere
        Of these, that some neuron of the second SAE separates within 0.1, by count: no matching has more.
    cosines
        The |cosines| of these matched pairs, added up.
    shuffled
        As `certified`, the points of all concepts permuted: there is nothing to learn.
    """

    concepts: int
    certified: int
    same: int
    permuted: float
    anywhere: int
    cosines: float
    shuffled: int


@dataclass(frozen=True)
class PairResult:
    """How two SAEs agree, as dictionaries and in the concepts that their neurons separate."""

    agreement: float
    """The mean |cosine| of their atoms, matched one to one."""
    random: float
    """The same of two dictionaries of as many random directions, mean of ten draws."""
    to_truth: float | None
    """The same of the first SAE's atoms and the world's directions; None in a world of sets."""
    silent: int
    """Neurons of both that fire at no point they are judged on; their atoms are matched like all others."""
    followed: Followed


Records: TypeAlias = Sequence[StudyRecord[PairJob, PairResult]]


def agreement(result: PairResult) -> float:
    """Return the mean |cosine| of matched atoms."""
    return result.agreement


def random_agreement(result: PairResult) -> float:
    """Return the mean |cosine| of matched random directions."""
    return result.random


def truth_agreement(result: PairResult) -> float | None:
    """Return the mean |cosine| of the first SAE's atoms matched with the world's directions; None without."""
    return result.to_truth


def certified_share(result: PairResult) -> float:
    """Return the share of the concepts of which a neuron of the first SAE is certified."""
    return result.followed.certified / result.followed.concepts


def same_share(result: PairResult) -> float | None:
    """Return of the certified concepts the share that the matched neuron separates; None without any."""
    return _of_certified(result, result.followed.same)


def permuted_share(result: PairResult) -> float | None:
    """Return the share that is expected of pairs permuted at random; None without any certified concept."""
    return _of_certified(result, result.followed.permuted)


def anywhere_share(result: PairResult) -> float | None:
    """Return of the certified concepts the share that some neuron separates; None without any."""
    return _of_certified(result, result.followed.anywhere)


def pair_cosine(result: PairResult) -> float | None:
    """Return the mean |cosine| of the pairs with a certified neuron; None without any."""
    return _of_certified(result, result.followed.cosines)


def _of_certified(result: PairResult, total: float | int) -> float | None:
    return total / result.followed.certified if result.followed.certified else None
