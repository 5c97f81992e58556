"""The best neuron of every concept as a detector, beside what detects it without this SAE.

Everything is chosen on the fit half by the greatest F1 and counted on the other, in one way: neurons of the
SAE, of the untrained SAE, random half-spaces that fire as often, channels, the difference of means, a
logistic probe, and the SAE's neurons again under permuted labels.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.analysis._neurons import FiringNeurons, codes_of, prepared, residuals_of
from geosae.analysis.probes import mean_differences, probe_scores
from geosae.analysis.roc import roc_auc
from geosae.data.codes import Codes
from geosae.data.dataset import ConceptDataset
from geosae.data.fvu import unexplained
from geosae.data.split import seeded_split
from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.sampling import drawn_rows

Detector = Literal[
    "neuron", "shuffled labels", "untrained", "half-space", "channel", "mean difference", "probe"
]
Rule = Literal["fires", "above t"]
MOST_ROWS = 32_768
"""At most so many points of each half are looked at, drawn at random."""
MOST_HALFSPACES = 2048
"""So many random half-spaces stand for an SAE of more neurons, with firing rates drawn from it."""


@dataclass(frozen=True)
class DetectorScore:
    """One detector of one concept: chosen on the fit half, counted on held-out points.

    Attributes
    ----------
    detector, rule
        What detects, and whether by firing at all or above a threshold that was fitted.
    concept
        Its name.
    member
        The number of the neuron, half-space or channel; 0 where there is one for each concept.
    threshold
        It fires where its value is at least this; 0 means: where it is positive.
    hits, fired, positives, points
        Held-out points of C ∩ θ, of θ, of C, and all.
    auc
        The area under the ROC curve of its value there.
    """

    detector: Detector
    rule: Rule
    concept: str
    member: int
    threshold: float
    hits: int
    fired: int
    positives: int
    points: int
    auc: float

    __repr__ = short_repr

    @property
    def miss(self) -> float:
        """μ(C∖θ)/μ(C)."""
        return (self.positives - self.hits) / self.positives

    @property
    def alarm(self) -> float:
        """μ(θ∖C)/μ(C): alarms per point of the concept."""
        return (self.fired - self.hits) / self.positives

    @property
    def precision(self) -> float:
        """|C∩θ|/|θ|; nan if it never fires."""
        return self.hits / self.fired if self.fired else math.nan

    @property
    def f1(self) -> float:
        """2|C∩θ| / (|C| + |θ|)."""
        return 2 * self.hits / (self.positives + self.fired)

    @property
    def mcc(self) -> float:
        """The correlation of C and θ as 0 and 1 (Matthews 1975); 0 if θ is empty or everything."""
        c, t, n = self.positives, self.fired, self.points
        spread = c * (n - c) * t * (n - t)
        return (self.hits * n - c * t) / math.sqrt(spread) if spread else 0.0

    @property
    def firing_rate(self) -> float:
        """μ(θ)."""
        return self.fired / self.points


@dataclass(frozen=True)
class ConceptDetectors:
    """All detectors of one concept."""

    concept: str
    share: float
    """Of the held-out points."""
    scores: tuple[DetectorScore, ...]

    __repr__ = short_repr

    def of(self, detector: Detector, rule: Rule = "above t") -> DetectorScore | None:
        """Return the score of one detector, None if it was not measured."""
        matching = [each for each in self.scores if (each.detector, each.rule) == (detector, rule)]
        return matching[0] if matching else None

    @property
    def trivial_f1(self) -> float:
        """The F1 of firing everywhere, 2π/(1 + π), or of a neuron for permuted labels: the greater."""
        shuffled = self.of("shuffled labels")
        return max(2 * self.share / (1 + self.share), 0.0 if shuffled is None else shuffled.f1)

    @property
    def beats_trivial(self) -> Literal["yes", "no better than a trivial answer"]:
        """Whether the SAE's best neuron has a greater F1 than a trivial answer, and MCC > 0."""
        neuron = self.of("neuron")
        better = neuron is not None and neuron.f1 > self.trivial_f1 and neuron.mcc > 0
        return "yes" if better else "no better than a trivial answer"


def concept_detectors(
    sae: Any,
    dataset: ConceptDataset,
    *,
    untrained: Any = None,
    test_share: float = 0.5,
    seed: int = 0,
    most_rows: int = MOST_ROWS,
    floors: bool = True,
) -> tuple[ConceptDetectors, ...]:
    """Choose for each concept the neuron of greatest F1, and what stands beside it; count on held-out points.

    The halves are those of `geosae.analysis.analyse` with the same seed and share. Concepts that have no
    point, or all, in one of the halves are left out.

    Parameters
    ----------
    sae
        As `analyse` takes it.
    dataset
        Points (N, n) with membership.
    untrained
        The SAE before training, if there is one to compare with.
    test_share, seed
        Of the split, of the permuted labels and of the half-spaces.
    most_rows
        At most so many points of each half are looked at.
    floors
        Whether to measure what does not depend on the SAE as well: channels, mean differences and probes.

    Raises
    ------
    InvalidInput
        If the dimensions differ, or no concept is left.

    References
    ----------
    F1 and its threshold: Z. C. Lipton, C. Elkan and B. Naryanaswamy, ECML 2014,
    doi:10.1007/978-3-662-44851-9_15.

    Examples
    --------
    >>> from geosae.geometry.arrangements.halfspaces import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder
    >>> x = np.random.default_rng(0).uniform(-1, 1, (2000, 2))
    >>> data = ConceptDataset(x, x[:, :1] > 0.5, ("right",))
    >>> sae = SparseAutoencoder.planted(HalfSpaces(np.array([[1.0, 0.0], [0.0, 1.0]]), np.zeros(2)))
    >>> right = concept_detectors(sae, data)[0]
    >>> neuron, firing = right.of("neuron"), right.of("neuron", "fires")
    >>> neuron.member, round(neuron.f1, 2), round(firing.f1, 2), round(neuron.auc, 2)
    (0, 1.0, 0.67, 1.0)
    >>> right.beats_trivial
    'yes'
    """
    neurons, dataset = prepared(sae, dataset)
    streams = np.random.SeedSequence([seed, 2]).spawn(4)
    for_rows, for_labels, for_halfspaces, for_rates = (np.random.default_rng(s) for s in streams)
    fit, test = (
        rows[drawn_rows(len(rows), most_rows, for_rows)]
        for rows in seeded_split(dataset.size, test_share, seed)
    )
    halves = _Halves.of(dataset, fit, test)
    permuted = _Halves(
        halves.names, halves.x_fit, halves.x_test,
        halves.fit[for_labels.permutation(len(fit))], halves.test[for_labels.permutation(len(test))],
    )  # fmt: skip
    values = _values_of(neurons, halves)
    scores = [*_best("neuron", values, halves), *_best("shuffled labels", values, permuted)]
    if untrained is not None:
        start, _ = prepared(untrained, dataset)
        scores += _best("untrained", _values_of(start, halves), halves)
    rates = values.fit.fired() / len(fit)
    rates = rates[drawn_rows(len(rates), MOST_HALFSPACES, for_rates)]
    scores += _best("half-space", _halfspaces(halves, rates, for_halfspaces), halves)
    if floors:
        scores += _best("channel", _channels(halves), halves, ("above t",))
        scores += _own("mean difference", mean_differences(halves.x_fit, halves.fit, halves.x_test), halves)
        scores += _own("probe", probe_scores(halves.x_fit, halves.fit, halves.x_test), halves)
    shares = halves.test.mean(axis=0).tolist()
    return tuple(
        ConceptDetectors(name, share, tuple(score for score in scores if score.concept == name))
        for name, share in zip(halves.names, shares, strict=True)
    )


def fit_fvu(sae: Any, dataset: ConceptDataset, *, test_share: float = 0.5, seed: int = 0) -> float:
    """Return the FVU on the fit half, which an SAE may have been trained on: beside that of the other half.

    Examples
    --------
    >>> from geosae.geometry.arrangements.halfspaces import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder
    >>> x = np.random.default_rng(0).uniform(0, 1, (200, 2))
    >>> sae = SparseAutoencoder.planted(HalfSpaces(np.eye(2), np.zeros(2)))
    >>> fit_fvu(sae, ConceptDataset(x, x > 0.5, ("right", "high")))
    0.0
    """
    neurons, dataset = prepared(sae, dataset)
    fit, _ = seeded_split(dataset.size, test_share, seed)
    residuals: list[Float[np.ndarray, " c"]] = []
    for start in range(0, len(fit), 8192):
        points = dataset.points[fit[start : start + 8192]].astype(np.float64)
        residuals.append(residuals_of(neurons, points, codes_of(neurons, points, values=True)))
    return unexplained(dataset.points, np.concatenate(residuals), fit).fvu


@dataclass(frozen=True, eq=False)
class _Halves:
    """The points of both halves and the concepts that hold them."""

    names: tuple[str, ...]
    x_fit: Float[np.ndarray, "F n"]
    x_test: Float[np.ndarray, "T n"]
    fit: Bool[np.ndarray, "F p"]
    test: Bool[np.ndarray, "T p"]

    __repr__ = short_repr

    @classmethod
    def of(cls, data: ConceptDataset, fit: Int[np.ndarray, " F"], test: Int[np.ndarray, " T"]) -> "_Halves":
        """Take the rows of both, and the concepts of which there is something to learn and to count."""
        parts = data.membership[fit], data.membership[test]
        some = np.logical_and.reduce([part.any(axis=0) & ~part.all(axis=0) for part in parts])
        if not some.any():
            raise InvalidInput(
                "no concept has points in both halves, and others beside them",
                causes="concepts of one or two points",
                remedy="give more points, or larger concepts",
            )
        names = tuple(name for name, is_some in zip(data.names, some.tolist(), strict=True) if is_some)
        x_fit, x_test = (data.points[rows].astype(np.float64) for rows in (fit, test))
        return cls(names, x_fit, x_test, parts[0][:, some], parts[1][:, some])


@dataclass(frozen=True, eq=False)
class _Values:
    """What some detectors answer on both halves: where they are positive, and how much."""

    fit: Codes
    test: Codes

    __repr__ = short_repr


def _values_of(neurons: FiringNeurons, halves: _Halves) -> _Values:
    return _Values(_positive(neurons, halves.x_fit), _positive(neurons, halves.x_test))


def _positive(neurons: FiringNeurons, points: Float[np.ndarray, "N n"]) -> Codes:
    parts: list[Codes] = []
    for start in range(0, len(points), 8192):
        codes = codes_of(neurons, points[start : start + 8192], values=True)
        if codes.values is None:
            # Neurons that do not say how strongly they fire have one value.
            codes = Codes(codes.indptr, codes.indices, codes.width, np.ones(codes.active, np.float32))
        parts.append(codes)
    return Codes.concatenate(parts)


def _halfspaces(halves: _Halves, rates: Float[np.ndarray, " m"], rng: np.random.Generator) -> _Values:
    """Return random half-spaces that fire on the fit half as often as the neurons do."""
    directions = rng.standard_normal((halves.x_fit.shape[1], len(rates)))
    # Along directions of the data's own spread: a constant channel says nothing.
    on_fit, on_test = halves.x_fit @ directions, halves.x_test @ directions
    ordered = np.sort(on_fit, axis=0)
    place = np.clip(np.round((1 - rates) * len(on_fit)).astype(np.int64), 0, len(on_fit)) - 1
    bars = np.where(place >= 0, ordered[np.maximum(place, 0), np.arange(len(rates))], -np.inf)
    return _Values(*(_codes_above(values, bars) for values in (on_fit, on_test)))


def _codes_above(values: Float[np.ndarray, "N m"], bars: Float[np.ndarray, " m"]) -> Codes:
    lows = np.where(np.isfinite(bars), bars, values.min(axis=0) - 1.0)
    return Codes.from_mask(values > lows, values - lows)


def _channels(halves: _Halves) -> _Values:
    """Return every channel and its negative as a detector, shifted so that all values count."""
    fit, test = (np.hstack([x, -x]) for x in (halves.x_fit, halves.x_test))
    lows = np.minimum(fit.min(axis=0), test.min(axis=0)) - 1.0
    return _Values(*(_codes_above(values, lows) for values in (fit, test)))


_Column = tuple[Float[np.ndarray, " a"], Int[np.ndarray, " a"]]
"""The values of a detector, greatest first, and the points that have them."""


def _columns(codes: Codes) -> Iterator[_Column]:
    by_member = codes.transposed()
    values = np.zeros(0) if by_member.values is None else np.abs(by_member.values).astype(np.float64)
    for start, end in zip(by_member.indptr[:-1].tolist(), by_member.indptr[1:].tolist(), strict=True):
        order = np.argsort(-values[start:end], kind="stable")
        yield values[start:end][order], by_member.indices[start:end][order]


def _best(
    detector: Detector, values: _Values, halves: _Halves, rules: tuple[Rule, ...] = ("fires", "above t")
) -> list[DetectorScore]:
    """Choose for each concept the member and its threshold on the fit half; count on the other."""
    p = len(halves.names)
    positives = halves.fit.sum(axis=0)
    best = {rule: np.full(p, -1.0) for rule in rules}
    member = {rule: np.zeros(p, dtype=np.int64) for rule in rules}
    bar = {rule: np.zeros(p) for rule in rules}
    for i, (ordered, points) in enumerate(_columns(values.fit)):
        if not len(ordered):
            continue
        f1, at = _f1_along(ordered, halves.fit[points], positives)
        for rule in rules:
            mine = f1[-1] if rule == "fires" else f1[at, np.arange(p)]
            better = mine > best[rule]
            best[rule][better], member[rule][better] = mine[better], i
            bar[rule][better] = 0.0 if rule == "fires" else ordered[at][better]
    test = list(_columns(values.test))
    rows: list[DetectorScore] = []
    for rule in rules:
        for k, (i, t) in enumerate(zip(member[rule].tolist(), bar[rule].tolist(), strict=True)):
            rows.append(_counted(detector, rule, k, i, t, test[i], halves))
    return rows


def _f1_along(
    ordered: Float[np.ndarray, " a"], inside: Bool[np.ndarray, "a p"], positives: Int[np.ndarray, " p"]
) -> tuple[Float[np.ndarray, "a p"], Int[np.ndarray, " p"]]:
    """Return F1 with the threshold at each value, and where it is greatest; equal values fire together."""
    hits = np.cumsum(inside, axis=0, dtype=np.int32)
    fired = np.arange(1, len(ordered) + 1)[:, None]
    f1 = 2 * hits / (fired + positives)
    cuts = np.append(ordered[1:] < ordered[:-1], True)
    return f1, np.argmax(np.where(cuts[:, None], f1, -1.0), axis=0)


def _own(
    detector: Detector, scores: tuple[Float[np.ndarray, "F p"], Float[np.ndarray, "T p"]], halves: _Halves
) -> list[DetectorScore]:
    """Fit a threshold to the one score that each concept has, and count on the other half."""
    rows: list[DetectorScore] = []
    positives = halves.fit.sum(axis=0)
    for k in range(len(halves.names)):
        order = np.argsort(-scores[0][:, k], kind="stable")
        ordered = scores[0][order, k]
        _, at = _f1_along(ordered, halves.fit[order, k : k + 1], positives[k : k + 1])
        on_test = np.argsort(-scores[1][:, k], kind="stable")
        column = scores[1][on_test, k], on_test
        rows.append(_counted(detector, "above t", k, 0, float(ordered[int(at[0])]), column, halves))
    return rows


def _counted(
    detector: Detector, rule: Rule, k: int, member: int, bar: float, column: _Column, halves: _Halves
) -> DetectorScore:
    values, points = column
    inside = halves.test[points, k]
    fires = values >= bar if rule == "above t" else values > 0
    positives, size = int(halves.test[:, k].sum()), len(halves.test)
    # The area needs positive values; a constant moves none of the ranks.
    shifted = values - min(float(values.min()), 0.0) + 1.0 if len(values) else values
    area = roc_auc(shifted, inside, positives, size - positives)
    return DetectorScore(
        detector, rule, halves.names[k], member, bar, int(inside[fires].sum()), int(fires.sum()), positives,
        size, area,
    )  # fmt: skip
