"""Data sets that are sums of planted features, and which of these a trained SAE's rows name (S10, S11)."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.geometry import HalfSpaces, RowsNaming, name_features, named_by
from geosae.sampling import drawn_rows
from geosae.storage.files import content_hash
from geosae.verification import TrainedInstance
from proofs_checks._probes import encoder_of
from proofs_checks._runs import remembered, sample_view

MOST_FEATURES = 64
"""So many features, drawn at random, are asked about where there are more."""
LARGEST = 2**20
"""Entries of the largest dictionary that is read."""
SUMS = ("superposition", "synthsaebench-16k")
"""Worlds and streams whose points are sums of their directions."""
ROOM = 1e-6
"""A threshold counts as inside its interval by this share of it: the points themselves are rounded sums."""


class Columns:
    """A dictionary equal by content: a key for verdicts that do not depend on the SAE."""

    def __init__(self, A: Float[np.ndarray, "n p"]) -> None:
        self.A = A
        self._hash = content_hash(A)

    def __hash__(self) -> int:
        return hash(self._hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Columns) and self._hash == other._hash


class Superposed(NamedTuple):
    """The columns of a planted dictionary, scaled so that the least amplitude is 1, and the greatest, ρ."""

    columns: Columns
    rho: Fraction
    sparsities: tuple[int, ...]
    """2, and the greatest number of features at a point of the sample."""
    admissible: bool
    """Whether the points are exactly such codes' sums: no noise, amplitudes in [1, ρ]."""
    asked: Int[np.ndarray, " q"]
    """The features that are asked about."""

    def nameable(self, k: int) -> Bool[np.ndarray, " q"]:
        """Tell which of the features asked about some row names: the library's certified verdicts."""
        return _nameable(self.columns, k, self.rho, tuple(self.asked.tolist()))


@remembered
def _nameable(columns: Columns, k: int, rho: Fraction, asked: tuple[int, ...]) -> Bool[np.ndarray, " q"]:
    verdicts = name_features(columns.A, k, rho, features=asked)
    return np.array([verdict.check().nameable for verdict in verdicts], dtype=np.bool_)


def superposed(instance: TrainedInstance) -> Superposed | None:
    """Return the planted dictionary of a data set of sums; None where there is none, or it is too large."""
    data = instance.dataset
    origin = data.provenance.get("world") or data.provenance.get("stream")
    if origin not in SUMS or data.directions is None or data.directions.size > LARGEST:
        return None
    params = data.provenance.get("params", {})
    law, noise = params.get("magnitudes"), params.get("noise")
    least = params.get("low", 0.5) if law == "uniform" else params.get("magnitude", 1.0)
    greatest = params.get("high", 1.5) if law == "uniform" else least
    bounded = law in ("uniform", "constant") and params.get("above", 0.0) == 0
    active = int(data.membership.sum(axis=1).max())
    p = len(data.directions)
    return Superposed(
        Columns(np.ascontiguousarray(data.directions.T) * least),
        Fraction(greatest) / Fraction(least),
        tuple(sorted({2, max(1, active)})),
        bounded and noise == 0,
        np.sort(drawn_rows(p, MOST_FEATURES, np.random.default_rng(0))),
    )


class NamedHere(NamedTuple):
    """What the rows of an SAE name, and whether its neurons are half-spaces."""

    naming: RowsNaming
    regions: HalfSpaces | None

    def counts(self) -> Iterator[tuple[str, Bool[np.ndarray, " p"]]]:
        """Yield how features were named, and which."""
        if self.regions is not None:
            yield "each neuron with its own threshold", self.naming.features(best=False)
        yield "each row with its best threshold", self.naming.features()

    def errors_on(self, instance: TrainedInstance, world: Superposed, k: int) -> Iterator[tuple[str, int]]:
        """Yield each neuron that names a feature with room, and its errors on the codes of the sample."""
        if self.regions is None or not world.admissible:
            return
        view = sample_view(instance)
        within = view.concepts.sum(axis=1) <= k
        for j in np.flatnonzero(self.naming.own >= 0).tolist():
            name = instance.dataset.names[self.naming.own[j]]
            if name in view.names and self._has_room(world, j, k):
                wrong = view.fires[within, j] != view.concepts[within, view.names.index(name)]
                yield f"neuron {j} on {name}", int(wrong.sum())

    def _has_room(self, world: Superposed, neuron: int, k: int) -> bool:
        assert self.regions is not None
        row, offset = self.regions.w[[neuron, neuron]], float(self.regions.c[neuron])
        size = ROOM * float(np.abs(row).max() * np.abs(world.columns.A).max())
        moved = named_by(world.columns.A, row, np.array([offset - size, offset + size]), k, world.rho)
        return bool((moved.own >= 0).all())


def named_where_planted(instance: TrainedInstance, world: Superposed, k: int) -> NamedHere:
    """Tell which planted features the rows of an SAE name at k."""
    regions = instance.neurons.half_spaces() if instance.neurons.gating == "absolute" else None
    rows = regions or encoder_of(instance.neurons)
    if rows is None:
        rows = HalfSpaces(np.zeros((1, world.columns.A.shape[0])), np.zeros(1))
    return NamedHere(named_by(world.columns.A, rows.w, rows.c, k, world.rho), regions)


def unnameable_but_separated(instance: TrainedInstance, world: Superposed) -> int | None:
    """Count the features that no half-space names at the sample's k and some neuron separates on the sample.

    None under an absolute gate, where none is expected (a sample that lacks some codes may have some).
    """
    if instance.neurons.gating == "absolute":
        return None
    view = sample_view(instance)
    able = dict(zip(world.asked.tolist(), world.nameable(world.sparsities[-1]).tolist(), strict=True))
    numbers = {name: i for i, name in enumerate(instance.dataset.names)}
    return sum(
        not able.get(numbers[name], True) and bool((view.fires.T == C).all(axis=1).any())
        for name, C in zip(view.names, view.concepts.T, strict=True)
    )
