"""Concepts for the explorer: the plane each is drawn in, and the verdicts of S1 and S3 on random points."""

import numpy as np
from jaxtyping import Float

from geosae.analysis.separability import ConceptSeparability, separabilities
from geosae.data.dataset import ConceptDataset
from geosae.data.truth import possible_in_words
from geosae.explorer.blocks import Block
from geosae.explorer.records import ConceptRecord, HullPoint, Plane, SampleVerdict
from geosae.geometry.separation.certificate import Inseparable, Separated
from geosae.geometry.separation.unit_certificate import UnitInseparable
from geosae.sampling import drawn_rows

JUDGED = 1000
"""Verdicts are of so many random points of a data set."""
INTRUDERS = 60
"""Of the points inside a hull that do not belong there so many are drawn."""
SEED = 0


def concept_records(dataset: ConceptDataset, *, verdicts: bool = True) -> tuple[ConceptRecord, ...]:
    """Return a record per concept of a data set.

    Parameters
    ----------
    dataset
        The points and their concepts.
    verdicts
        Whether to decide S1 and S3 on `JUDGED` random points: each verdict is proved again in exact
        arithmetic before it is recorded.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 101)[:, None]
    >>> data = ConceptDataset(x, np.hstack([x > 0, np.abs(x) < 0.5]), ("right", "mid"))
    >>> [record.sample.possible for record in concept_records(data)]
    ['neuron', 'unit']
    """
    by_concept: tuple[ConceptSeparability | None, ...] = (None,) * len(dataset.names)
    if verdicts:
        by_concept = separabilities(dataset, np.random.default_rng(SEED), JUDGED)
    sizes = np.count_nonzero(dataset.membership, axis=0)
    truths = dataset.truth or (None,) * len(dataset.names)
    inside = dataset.hierarchy & ~np.eye(len(sizes), dtype=bool)
    judged = min(JUDGED, dataset.size)
    return tuple(
        ConceptRecord(
            name=name,
            points=int(sizes[k]),
            share=float(sizes[k] / dataset.size),
            truth=truths[k],
            possible=possible_in_words(truths[k]),
            above=tuple(np.flatnonzero(inside[k]).tolist()),
            below=tuple(np.flatnonzero(inside[:, k]).tolist()),
            plane=plane_of(dataset, k, by_concept[k]),
            sample=None if (verdict := by_concept[k]) is None else _sample_verdict(verdict, judged),
        )
        for k, name in enumerate(dataset.names)
    )


def plane_of(dataset: ConceptDataset, concept: int, verdict: ConceptSeparability | None = None) -> Plane:
    """Return the plane a concept is drawn in: the points' own in up to two dimensions, else two axes.

    The first is normal to the separating hyperplane where S1 has one, else it points from the mean of the
    other points to that of the concept; the second is the direction of greatest variance at right angles.

    Examples
    --------
    >>> cross = np.vstack([np.eye(3), -np.eye(3)])
    >>> plane = plane_of(ConceptDataset(cross, cross[:, :1] > 0.5, ("right",)), 0)
    >>> plane.axes.array()[0].round(3).tolist(), plane.exact
    ([1.0, 0.0, 0.0], False)
    """
    points = dataset.points.astype(np.float64)
    total = float(points.var(axis=0).sum())
    if dataset.dim <= 2:
        axes = np.zeros((2, dataset.dim))
        axes[np.arange(dataset.dim), np.arange(dataset.dim)] = 1.0
        words = "the plane itself" if dataset.dim == 2 else "the line itself"
        return _plane(points, np.zeros(dataset.dim), axes, total, words)
    inside = dataset.membership[:, concept]
    first = None if verdict is None else _normal(verdict.one_neuron)
    words = "normal to a hyperplane that separates the concept"
    if first is None:
        first = points[inside].mean(axis=0) - points[~inside].mean(axis=0)
        words = "from the mean of the others to the concept's"
    length = float(np.linalg.norm(first))
    first = first / length if length > 0 else np.eye(dataset.dim)[0]
    second = across(points, first[None])[0]
    words += "; most variance at right angles"
    return _plane(points, points.mean(axis=0), np.stack([first, second]), total, words)


def across(points: Float[np.ndarray, "N n"], first: Float[np.ndarray, "k n"]) -> Float[np.ndarray, "k n"]:
    """Return for each unit vector the direction at right angles to it in which the points vary most.

    Exact where the vector is a principal direction; elsewhere the principal direction that is left most,
    with the vector's part taken away.

    Examples
    --------
    >>> points = np.array([[0.0, 2.0, 0.0], [0.0, -2.0, 0.0], [1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])
    >>> np.abs(across(points, np.array([[0.0, 1.0, 0.0]]))).tolist()
    [[1.0, 0.0, 0.0]]
    """
    sizes, directions = np.linalg.eigh(np.cov(points.T))
    order = np.argsort(-sizes, kind="stable")[:8]
    candidates = directions[:, order].T
    left = candidates[None] - (first @ candidates.T)[:, :, None] * first[:, None, :]
    lengths = np.linalg.norm(left, axis=2)
    best = np.argmax(sizes[order] * lengths**2, axis=1)
    rows = left[np.arange(len(first)), best]
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300)


def _plane(
    points: Float[np.ndarray, "N n"],
    origin: Float[np.ndarray, " n"],
    axes: Float[np.ndarray, "2 n"],
    total: float,
    words: str,
) -> Plane:
    along = (points @ axes.T).var(axis=0)
    shares = (along / total if total > 0 else along).tolist()
    return Plane(
        exact=points.shape[1] <= 2,
        words=words,
        origin=Block.of(origin, "float64"),
        axes=Block.of(axes, "float64"),
        shares=(shares[0], shares[1]),
    )


def _normal(verdict: Separated | Inseparable) -> Float[np.ndarray, " n"] | None:
    return verdict.w if isinstance(verdict, Separated) else None


def _sample_verdict(verdict: ConceptSeparability, judged: int) -> SampleVerdict:
    verdict.check()
    proof = verdict.one_neuron
    separated = isinstance(proof, Separated)
    intruders = verdict.unit.inside if isinstance(verdict.unit, UnitInseparable) else np.zeros(0, np.int64)
    drawn = intruders[drawn_rows(len(intruders), INTRUDERS, np.random.default_rng(SEED))]
    return SampleVerdict(
        possible=verdict.possible,
        points=judged,
        margin=proof.margin if separated else float("nan"),
        normal=Block.of(proof.w, "float64") if separated else None,
        offset=proof.b if separated else float("nan"),
        common=() if separated else _common(proof),
        intruders=len(intruders),
        intruder_points=Block.of(proof.negatives.take(drawn), "float64") if len(drawn) else None,
        warning=verdict.warning,
    )


def _common(proof: Inseparable) -> tuple[HullPoint, ...]:
    sides = (
        (proof.positives, proof.points_a, proof.weights_a, True),
        (proof.negatives, proof.points_b, proof.weights_b, False),
    )
    return tuple(
        HullPoint(Block.of(point, "float64"), float(weight), inside)
        for cloud, rows, weights, inside in sides
        for point, weight in zip(cloud.take(rows), weights, strict=True)
    )
