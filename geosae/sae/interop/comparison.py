"""What an SAE does on your points, held against what its own files declare.

One set of weights gives different SAEs by the rule of inference and by what points pass through first: a
published BatchTopK checkpoint fires 1,089 neurons a point where every positive pre-activation counts, 42
above its threshold and 29 where each point keeps its k largest. So gate, normalisation, L0 and FVU are
measured and said before anything else is asked of it.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float

from geosae.data.fvu import Unexplained, unexplained_by
from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.sae.gates import Gate, Matryoshka, ReLU, TopK
from geosae.sae.interop.card import Card
from geosae.sae.interop.normalisation import NONE, ConstantFactor, ConstantNorm, LayerNorm, Normalisation
from geosae.sae.interop.record import Imported
from geosae.sae.neurons import Neurons
from geosae.sampling import drawn_rows
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, SEED, finite_points

ROWS = 4096
"""So many points, drawn at random, fix a mean L0 to a few hundredths of itself."""
L0_APART = math.sqrt(2)
"""Published families step their L0 by doubling (k = 20, 40, 80, …): from this factor on, half a step, the
measured L0 is nearer to that of a neighbour than to that of the SAE itself."""
FVU_APART = 2.0
"""On fresh points of the same kind FVU was 1.3 to 1.9 times that on the points of training (five SAEs of
sentence embeddings); more is another kind of point, or another computation."""
# The gates whose pre-activations mean the same under the rules that are tried beside their own.
BY_VALUE = ("relu", "topk", "batchtopk", "jumprelu", "abstopk")

Finding = Literal["L0 apart", "FVU apart", "FVU at least 1"]


@dataclass(frozen=True)
class Trial:
    """What the same weights do when one thing is done otherwise: the rule of inference, or the normalisation.

    Parameters
    ----------
    what
        The rule or the normalisation.
    l0
        Mean number of active neurons per point.
    fvu
        In the points' own space.
    """

    what: str
    l0: float
    fvu: float

    __repr__ = short_repr


@dataclass(frozen=True)
class CardWarning:
    """A difference between card and points, by name, and its likely causes, the usual ones first."""

    name: Finding
    text: str
    causes: tuple[str, ...]

    __repr__ = short_repr

    def __str__(self) -> str:
        return f"{self.text}. Likely causes, the usual ones first: {'; '.join(self.causes)}."


@dataclass(frozen=True)
class CardComparison:
    """How an SAE does on points, beside what its files declare.

    Parameters
    ----------
    points
        How many points were measured.
    gate, rule
        The gate, and in words which neurons it lets fire at inference.
    normalisation, space
        Kind of normalisation, and the space that half-spaces live in.
    l0, l0_error
        Mean number of active neurons per point, and its standard error.
    unexplained
        What reconstructions leave of the variance, in the points' own space, where cards measure it.
    fvu_inside
        The FVU in the space that the SAE reads, as `geosae.analyse` gives it.
    card
        What the files declare.
    rules
        The same weights under other rules of inference.
    normalisations
        The same SAE on points that are normalised otherwise.
    """

    points: int
    gate: str
    rule: str
    normalisation: str
    space: str
    l0: float
    l0_error: float
    unexplained: Unexplained
    fvu_inside: float
    card: Card
    rules: tuple[Trial, ...]
    normalisations: tuple[Trial, ...]

    __repr__ = short_repr

    @property
    def fvu(self) -> float:
        """Fraction of variance unexplained, in the points' own space."""
        return self.unexplained.fvu

    @property
    def warnings(self) -> tuple[CardWarning, ...]:
        """What differs from the card, by name; none where all agrees or the card is silent.

        L0 differs from a factor of √2 on that its standard error (twice) does not explain, FVU from a factor
        of 2 on. An FVU of 1 or more needs no card: the mean of the points would be a better answer.
        """
        card, rows = self.card, list[CardWarning]()
        if card.l0 is not None and _apart(self.l0, card.l0, L0_APART, 2 * self.l0_error):
            text = (
                f"mean L0 {self.l0:.4g} on these points, and the card says {card.l0:.4g} ({card.l0_source})"
            )
            rows.append(CardWarning("L0 apart", text, self._causes("L0 apart")))
        if self.fvu >= 1:
            text = f"FVU {self.fvu:.3g}: the mean of the points would be a better reconstruction"
            if card.fvu is not None:
                text += f"; the card says {card.fvu:.3g} ({card.fvu_source})"
            rows.append(CardWarning("FVU at least 1", text, self._causes("FVU at least 1")))
        elif card.fvu is not None and _apart(self.fvu, card.fvu, FVU_APART, 0.0):
            text = f"FVU {self.fvu:.3g} on these points, and the card says {card.fvu:.3g} ({card.fvu_source})"
            rows.append(CardWarning("FVU apart", text, self._causes("FVU apart")))
        return tuple(rows)

    def _causes(self, of: Finding) -> tuple[str, ...]:
        """Return the usual causes in order, each with the trials that would not be warned of so."""

        def tried(trials: Iterable[Trial]) -> str:
            better = [trial for trial in trials if self._agrees(trial, of)]
            words = "; ".join(f"{each.what}: L0 {each.l0:.4g}, FVU {each.fvu:.3g}" for each in better)
            return f" (nearer with {words})" if words else ""

        place = f" than {self.card.place}" if self.card.place else ""
        scale = ConstantFactor.kind
        return (
            "another normalisation than in training"
            + tried(trial for trial in self.normalisations if trial.what != scale),
            "another rule of inference" + tried(self.rules),
            f"points of another network, layer or hook{place}",
            "points on another scale than in training"
            + tried(trial for trial in self.normalisations if trial.what == scale),
        )

    def _agrees(self, trial: Trial, of: Finding) -> bool:
        """Tell whether a trial is as the card says, or, where FVU was 1 or more, at most half of 1."""
        if of == "L0 apart":
            return self.card.l0 is not None and not _apart(trial.l0, self.card.l0, L0_APART, 0.0)
        if of == "FVU apart":
            return self.card.fvu is not None and not _apart(trial.fvu, self.card.fvu, FVU_APART, 0.0)
        return trial.fvu <= 1 / FVU_APART


@checked_arguments(most=COUNT, seed=SEED)
def compare_with_card(
    imported: Imported, points: Float[np.ndarray, "N n"], *, most: int = ROWS, seed: int = 0
) -> CardComparison:
    """Measure gate, normalisation, L0 and FVU of an imported SAE on points, beside what its files declare.

    Parameters
    ----------
    points
        In their own space, (N, n): the SAE's normalisation is applied here.
    most
        At most so many points are measured, drawn at random.
    seed
        Of that draw.

    Raises
    ------
    InvalidInput
        If there is no point, or they are not finite, of another dimension, or cannot be normalised.

    Examples
    --------
    A Top-K SAE whose files say k = 2, on points that make one of its two neurons fire:

    >>> from geosae.sae import SparseAutoencoder
    >>> from geosae.sae.interop.record import Source
    >>> sae = SparseAutoencoder(dim=2, width=2, gate=TopK(k=2))
    >>> sae.set_weights(W_enc=np.eye(2), W_dec=np.eye(2))
    >>> imported = Imported(sae, NONE, Source("hand", "topk"), card=Card(2, "k of cfg.json"))
    >>> axes = np.repeat(np.eye(2), 50, axis=0)
    >>> comparison = compare_with_card(imported, axes)
    >>> comparison.l0, comparison.fvu, [warning.name for warning in comparison.warnings]
    (1.0, 0.0, ['L0 apart'])
    """
    cloud = finite_points(points, dim=imported.sae.dim)
    cloud = cloud[drawn_rows(len(cloud), most, np.random.default_rng(seed))]
    neurons, own = imported.neurons, imported.normalisation
    counts, reconstruction = _measured(neurons, own, cloud)
    card = imported.card
    return CardComparison(
        points=len(cloud),
        gate=neurons.gate.kind,
        rule=rule_of(neurons),
        normalisation=own.kind,
        space=own.space,
        l0=float(counts.mean()),
        l0_error=float(counts.std(ddof=1) / math.sqrt(len(counts))) if len(counts) > 1 else math.inf,
        unexplained=unexplained_by(cloud, own.inverse_transform(reconstruction, cloud)),
        fvu_inside=unexplained_by(own.transform(cloud), reconstruction).fvu,
        card=card,
        rules=tuple(
            _trial(word, replace(neurons, gate=gate), own, cloud)
            for word, gate in _other_rules(neurons, card)
        ),
        normalisations=tuple(
            trial
            for other in _other_normalisations(own, cloud)
            for trial in _normalised(neurons, other, cloud)
        ),
    )


def rule_of(neurons: Neurons) -> str:
    """Return in words which neurons a gate lets fire at inference.

    Examples
    --------
    >>> from geosae.geometry import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder, neurons_of
    >>> rule_of(neurons_of(SparseAutoencoder.planted(HalfSpaces(np.eye(2), np.zeros(2)))))
    'ReLU: a neuron fires where z > 0'
    """
    gate = neurons.gate
    thresholds = gate.thresholds(neurons.weights)
    if neurons.gating == "relative" or thresholds is None:
        most = "" if gate.sparsity is None else f", at most {gate.sparsity} at a point"
        return f"{gate.printed}: neurons are decided against one another{most}"
    low, high = float(thresholds.min()), float(thresholds.max())
    if low == high:
        return f"{gate.printed}: a neuron fires where z > {low:.4g}"
    return f"{gate.printed}: a neuron fires where z > θ, its own threshold in [{low:.4g}, {high:.4g}]"


def _apart(value: float, declared: float, factor: float, slack: float) -> bool:
    """Tell whether two numbers are apart by the factor, for all values within the slack."""
    return value + slack < declared / factor or value - slack > declared * factor


def _measured(
    neurons: Neurons, normalisation: Normalisation, cloud: Float[np.ndarray, "N n"]
) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, "N n"]]:
    """Return how many neurons fire at each point, and the reconstructions in the space that the SAE reads."""
    counts, inside = np.zeros(len(cloud)), np.empty_like(cloud)
    for rows, fires, part in neurons.in_chunks(normalisation.transform(cloud)):
        counts[rows], inside[rows] = np.count_nonzero(fires, axis=1), part
    return counts, inside


def _trial(
    what: str, neurons: Neurons, normalisation: Normalisation, cloud: Float[np.ndarray, "N n"]
) -> Trial:
    counts, reconstruction = _measured(neurons, normalisation, cloud)
    restored = normalisation.inverse_transform(reconstruction, cloud)
    return Trial(what, float(counts.mean()), unexplained_by(cloud, restored).fvu)


def _other_rules(neurons: Neurons, card: Card) -> list[tuple[str, Gate]]:
    """Return the rules that other programs apply to such weights."""
    gate = neurons.gate.inner if isinstance(neurons.gate, Matryoshka) else neurons.gate
    if gate.kind not in BY_VALUE:
        return []
    rules: list[tuple[str, Gate]] = []
    thresholds = gate.thresholds(neurons.weights)
    if thresholds is None or bool((thresholds > 0).any()):
        rules.append(("z > 0 alone", ReLU()))
    k = None if card.l0 is None else round(card.l0)
    if gate.kind != "topk" and k is not None and 1 <= k <= neurons.width:
        rules.append((f"the {k} largest of each point", TopK(k)))
    return rules


def _other_normalisations(own: Normalisation, cloud: Float[np.ndarray, "N n"]) -> list[Normalisation]:
    """Return what SAEs of other libraries do to their points first."""
    length = float(np.linalg.norm(cloud, axis=1).mean())
    others: list[Normalisation] = [NONE, LayerNorm(), ConstantNorm()]
    if length > 0:
        others.append(ConstantFactor(math.sqrt(cloud.shape[1]) / length))
    return [other for other in others if other.kind != own.kind]


def _normalised(neurons: Neurons, other: Normalisation, cloud: Float[np.ndarray, "N n"]) -> list[Trial]:
    try:
        return [_trial(other.kind, neurons, other, cloud)]
    except InvalidInput:
        # Points of one coordinate have no layer norm, points at 0 no length: this was not done in training.
        return []
