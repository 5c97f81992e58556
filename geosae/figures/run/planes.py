"""Pictures of 2-D worlds: all neurons' half-planes, and the sets that the closure units carve out."""

from typing import Any

import numpy as np

from geosae.experiments import Results, sae_words
from geosae.figures.halfplanes import halfplanes
from geosae.figures.run.words import setting, sheet_name
from geosae.figures.save import Sheet
from geosae.figures.units import UnitPicture, units_in_plane
from geosae.geometry.arrangements.halfspaces import HalfSpaces, NoHalfSpace

FAMILY = "half-planes"
UNITS = "units"
SHOWN = 8
"""At most so many concepts get a panel."""


def sheets(results: Results) -> list[Sheet]:
    """Return the half-planes of one trained SAE per planar world and gate that has them."""
    found: list[Sheet] = []
    for world, record in _chosen(results):
        neurons = results.sae_neurons(record)
        try:
            half = neurons.half_spaces()
        except NoHalfSpace:
            continue
        data = results.dataset(record)
        best = [
            (who(entry[1]) or (-1,))[0] for entry in record["notions"]["separation"]["neurons"]["per_concept"]
        ]
        points = np.asarray(data.points, dtype=np.float64)
        figure = halfplanes(half, points, data.membership, data.names, highlight=best)
        silent = len(half) - len({int(i) for i in np.flatnonzero(half.contains(points).any(axis=0))})
        caption = (
            f"Concept sets with their convex hulls, and the boundary of every neuron of one trained SAE "
            f"({sae_words(record['cell'])}); ticks point to the side where it fires ({silent} of {len(half)} "
            "fire on no point). Strong lines: for each concept the neuron with the least separation error. "
            "By S1 a single neuron can separate a concept only if its hull misses the hull of all other "
            f"points. At most 500 points of each concept are drawn. {setting(results, world)}"
        )
        alt = f"{len(half)} lines over {len(data.names)} concept sets in the plane, {silent} neurons silent."
        name = f"{sheet_name(FAMILY, results, world)}-{record['cell']['gate']}"
        found.append(Sheet(name, figure, f"Half-planes of the neurons in {world}", caption, alt, world))
    return found


def unit_sheets(results: Results) -> list[Sheet]:
    """Return, per planar world and gate, what the closure unit of each concept carves out of the plane."""
    found: list[Sheet] = []
    for world, record in _chosen(results):
        neurons = results.sae_neurons(record)
        source: Any = neurons.half_spaces() if neurons.gating == "absolute" else neurons.fires
        data = results.dataset(record)
        entries = record["notions"]["separation"]["units"]["per_concept"][:SHOWN]
        pictures = [
            UnitPicture(k, who(entry[1]), f"{entry[0]}: |M| = {len(who(entry[1]))}")
            for k, entry in enumerate(entries)
        ]
        points = np.asarray(data.points, dtype=np.float64)
        figure = units_in_plane(source, pictures, points, data.membership, data.names)
        held = [str(entry[0]) for entry in entries if entry[5]]
        exact = isinstance(source, HalfSpaces)
        border = "cut exactly" if exact else "found on a grid of 320 × 320 points"
        caption = (
            f"For each concept its closure unit M in one trained SAE ({sae_words(record['cell'])}): the set θ"
            f" where all neurons of M fire (blue, {border}), the concept's hull, what θ misses and what it "
            "wrongly holds. "
            "Under an absolute gate θ is convex, so it contains the hull of what it detects (G1, A1); "
            "under a relative one, such as Top-K with K ≥ 2, it need not be. "
            f"At most 500 points of each kind are drawn. {setting(results, world)}"
        )
        alt = f"Panels for {len(pictures)} concepts; separated at tolerance: {', '.join(held) or 'none'}."
        name = f"{sheet_name(UNITS, results, world)}-{record['cell']['gate']}"
        found.append(Sheet(name, figure, f"What closure units carve out in {world}", caption, alt, world))
    return found


def _chosen(results: Results) -> list[tuple[str, dict[str, Any]]]:
    """Choose per planar world and gate the cell whose units separate best; ties go to fewer neurons."""
    found: list[tuple[str, dict[str, Any]]] = []
    for world in results.worlds:
        records = results.records_of(world)
        if not records or results.dataset(records[0]).dim != 2:
            continue
        for gate in dict.fromkeys(r["cell"]["gate"] for r in records):
            among = [r for r in records if r["cell"]["gate"] == gate]
            found.append((world, min(among, key=_rank)))
    return found


def _rank(record: dict[str, Any]) -> tuple[float, int]:
    error = (record["notions"]["separation"]["units"] or {}).get("best_error")
    return (np.inf if error is None else float(error), int(record["cell"]["width"]))


def who(neurons: Any) -> tuple[int, ...]:
    """Return the neurons of a stored row, which holds a list, one index, or nothing.

    Examples
    --------
    >>> who(3), who([1, 2]), who(None)
    ((3,), (1, 2), ())
    """
    if neurons is None:
        return ()
    return (neurons,) if isinstance(neurons, int) else tuple(int(i) for i in neurons)
