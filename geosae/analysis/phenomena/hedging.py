"""Hedging: in too narrow an SAE one neuron mixes two features (theory P5; arXiv 2505.11756)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from geosae.analysis.phenomena._shares import Share, open_share, read, share_of
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import PROBABILITY, SEED, SHARE

_RANDOM_ATOMS = 2000


@dataclass(frozen=True)
class Mixture:
    """One neuron whose atom holds two ground-truth directions.

    Attributes
    ----------
    neuron
        Its index.
    first, second
        The two concepts: the one whose direction is nearest to the atom, and the one of greatest rest.
    first_cosine
        |cosine| of the atom with the first direction.
    second_cosine
        |cosine| of the atom with what the second direction has beyond the first: 0 for a pure neuron,
        however much the two directions resemble one another.
    alone_first, alone_second
        Share of the points that have the first concept and not the second (and the other way round) on which
        the neuron fires.
    correlation
        Of the two concepts, over the points.
    """

    neuron: int
    first: str
    second: str
    first_cosine: float
    second_cosine: float
    alone_first: Share
    alone_second: Share
    correlation: float

    __repr__ = short_repr

    @property
    def on_both(self) -> float:
        """The least of the two firing shares: high where the neuron stands for either concept alone."""
        shares = (self.alone_first, self.alone_second)
        return min((share.value for share in shares if share.trials), default=float("nan"))


@dataclass(frozen=True, eq=False)
class Hedging:
    """The neurons that mix two directions, among those that fire at all.

    Attributes
    ----------
    mixtures
        All neurons that fire, each with its two concepts; `hedged` picks those above the threshold.
    threshold
        The second cosine from which a neuron counts as hedged.
    floor
        The share of isotropic random atoms above the threshold: what chance gives in this dimension with
        this many directions.
    floor_cosine
        Their mean second cosine.
    """

    mixtures: tuple[Mixture, ...]
    threshold: float
    floor: float
    floor_cosine: float

    __repr__ = short_repr

    @property
    def hedged(self) -> tuple[Mixture, ...]:
        """The neurons whose second cosine reaches the threshold."""
        return tuple(m for m in self.mixtures if m.second_cosine >= self.threshold)

    @property
    def share(self) -> float:
        """The share of firing neurons that are hedged; nan if none fires."""
        return len(self.hedged) / len(self.mixtures) if self.mixtures else float("nan")

    @property
    def mean_second(self) -> float:
        """The mean second cosine of firing neurons: the effect, to be held against `floor_cosine`."""
        return float(np.mean([m.second_cosine for m in self.mixtures])) if self.mixtures else float("nan")


@checked_arguments(alpha=PROBABILITY, seed=SEED, threshold=SHARE)
def hedging(
    sae: Any, dataset: ConceptDataset, *, threshold: float = 0.5, alpha: float = 0.05, seed: int = 0
) -> Hedging:
    """Find the neurons of an SAE that mix two ground-truth directions (P5).

    All firing shares hold at once with probability ≥ 1 − alpha, for an SAE fixed before the points.

    Parameters
    ----------
    threshold
        |cosine| with the second direction's own part from which a neuron counts as hedged: at the default
        ½, the atom leans at least 30° from the first direction towards the second.
    seed
        Draws the random atoms that chance is measured with.

    Raises
    ------
    InvalidInput
        If the dataset has no directions, or fewer than two, or the SAE has no decoder.

    Examples
    --------
    >>> from geosae.geometry import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder, neurons_of
    >>> world = ConceptDataset(
    ...     np.array([[1.0, 0.0], [0.0, 1.0]]), np.eye(2, dtype=bool), ("a", "b"), directions=np.eye(2)
    ... )
    >>> sae = SparseAutoencoder.planted(HalfSpaces(np.array([[1.0, 1.0], [1.0, 0.0]]), np.zeros(2)))
    >>> [(m.neuron, round(m.second_cosine, 2)) for m in hedging(neurons_of(sae), world).hedged]
    [(0, 0.71)]
    """
    threshold = open_share(threshold, "the threshold")
    if dataset.directions is None or len(dataset.directions) < 2:
        raise InvalidInput(
            "hedging is measured against ground-truth directions, two at least; this dataset has too few",
            causes="a world of sets, or real data",
        )
    neurons, fires, _ = read(sae, dataset)
    decoder = getattr(neurons, "decoder", None)
    if decoder is None:
        raise InvalidInput(f"a {type(sae).__name__} has no decoder to compare with the directions")
    directions = _unit(np.asarray(dataset.directions, dtype=np.float64))
    alive = np.flatnonzero(fires.any(axis=0))
    nearest, second, cosines = _two_parts(np.asarray(decoder, dtype=np.float64)[alive], directions)
    level = alpha / max(1, 2 * len(alive))
    mixtures = tuple(
        _mixture(dataset, int(i), fires[:, i], (int(a), int(b)), c, level)
        for i, a, b, c in zip(alive, nearest, second, cosines, strict=True)
    )
    atoms = np.random.default_rng([seed, 11]).standard_normal((_RANDOM_ATOMS, dataset.dim))
    chance = _two_parts(atoms, directions)[2][:, 1]
    return Hedging(mixtures, threshold, float(np.mean(chance >= threshold)), float(chance.mean()))


def _unit(rows: Float[np.ndarray, "k n"]) -> Float[np.ndarray, "k n"]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)


def _two_parts(
    atoms: Float[np.ndarray, "d n"], directions: Float[np.ndarray, "p n"]
) -> tuple[np.ndarray, np.ndarray, Float[np.ndarray, "d 2"]]:
    """Return for each atom its nearest direction, the one of greatest further part, and both |cosines|."""
    atoms = _unit(atoms)
    inner = atoms @ directions.T
    first = np.argmax(np.abs(inner), axis=1)
    gram = directions @ directions.T
    rows = np.arange(len(atoms))
    # ⟨a, d_j − ⟨d_j, d_i⟩d_i⟩ over the length of what d_j has beyond d_i.
    rest = inner - inner[rows, first][:, None] * gram[first]
    length = np.sqrt(np.maximum(0.0, 1.0 - gram[first] ** 2))
    beyond = np.divide(np.abs(rest), length, out=np.zeros_like(rest), where=length > 1e-6)
    second = np.argmax(beyond, axis=1)
    return first, second, np.column_stack([np.abs(inner[rows, first]), beyond[rows, second]])


def _mixture(
    dataset: ConceptDataset,
    neuron: int,
    fires: Bool[np.ndarray, "N"],
    pair: tuple[int, int],
    cosines: Float[np.ndarray, "2"],
    level: float,
) -> Mixture:
    a, b = (dataset.membership[:, i] for i in pair)
    names = dataset.names[pair[0]], dataset.names[pair[1]]
    alone = share_of(fires[a & ~b], level), share_of(fires[b & ~a], level)
    return Mixture(neuron, *names, float(cosines[0]), float(cosines[1]), *alone, _phi(a, b))


def _phi(a: Bool[np.ndarray, "N"], b: Bool[np.ndarray, "N"]) -> float:
    """Return the correlation of two indicators; 0 where one of them is constant."""
    p, q = float(a.mean()), float(b.mean())
    spread = p * (1 - p) * q * (1 - q)
    return (float((a & b).mean()) - p * q) / spread**0.5 if spread > 0 else 0.0
