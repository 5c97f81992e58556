"""Pictures of 2-D worlds: all neurons' half-planes, and the sets that the chosen units carve out."""

import math
from typing import Any

import numpy as np

from geosae.analysis import ConceptAnswer
from geosae.experiments import CellResult, Results, sae_words
from geosae.figures.halfplanes import halfplanes
from geosae.figures.heatmap import number
from geosae.figures.run.captions import sample_sentence, sheet_name
from geosae.figures.run.cells import by_gate
from geosae.figures.save import Sheet
from geosae.figures.units import UnitPicture, units_in_plane
from geosae.geometry.arrangements.halfspaces import HalfSpaces, NoHalfSpace

FAMILY = "half-planes"
UNITS = "units"
MOST_PANELS = 8
"""At most so many concepts get a panel."""


def sheets(results: Results) -> list[Sheet]:
    """Return the half-planes of one trained SAE per planar world and gate that has them."""
    drawn: list[Sheet] = []
    for result in _best_cells(results):
        try:
            half = results.sae_neurons(result).half_spaces()
        except NoHalfSpace:
            continue
        world, data = result.cell.world, results.dataset(result)
        best = [
            concept.neurons[0] if concept.neurons else -1 for concept in result.answers.separation.neurons
        ]
        points = np.asarray(data.points, dtype=np.float64)
        figure = halfplanes(half, points, data.membership, data.names, highlight=best)
        silent = len(half) - len({int(i) for i in np.flatnonzero(half.contains(points).any(axis=0))})
        caption = (
            f"Concept sets with their convex hulls, and the boundary of every neuron of one trained SAE "
            f"({sae_words(result.cell)}); ticks point to the side where it fires ({silent} of {len(half)} "
            "fire on no point). Strong lines: for each concept the neuron chosen to separate it. "
            "By S1 a single neuron can separate a concept only if its hull misses the hull of all other "
            f"points. At most 500 points of each concept are drawn. {sample_sentence(results, world)}"
        )
        alt = f"{len(half)} lines over {len(data.names)} concept sets in the plane, {silent} neurons silent."
        name = f"{sheet_name(FAMILY, results, world)}-{result.cell.gate}"
        drawn.append(Sheet(name, figure, f"Half-planes of the neurons in {world}", caption, alt, world))
    return drawn


def unit_sheets(results: Results) -> list[Sheet]:
    """Return, per planar world and gate, what the unit chosen for each concept carves out of the plane."""
    drawn: list[Sheet] = []
    for result in _best_cells(results):
        neurons = results.sae_neurons(result)
        source: Any = neurons.half_spaces() if neurons.gating == "absolute" else neurons.fires
        world, data = result.cell.world, results.dataset(result)
        units = result.answers.separation.units[:MOST_PANELS]
        pictures = [UnitPicture(k, unit.neurons, _title(unit)) for k, unit in enumerate(units)]
        points = np.asarray(data.points, dtype=np.float64)
        figure = units_in_plane(source, pictures, points, data.membership, data.names)
        separated = [unit.concept for unit in units if unit.answer == "learned"]
        border = "cut exactly" if isinstance(source, HalfSpaces) else "found on a grid of 320 × 320 points"
        caption = (
            f"For each concept the unit M chosen to separate it in one trained SAE "
            f"({sae_words(result.cell)}): the set θ where all neurons of M fire (blue, {border}), the "
            "concept's hull, what θ misses and what it wrongly holds; above it the answer "
            f"at ε = {result.cell.tolerance:g}, the size of M, and s = max(m, a), from held-out points. "
            "Under an absolute gate θ is convex, so it contains the hull of what it detects (G1, A1); "
            "under a relative one, such as Top-K with K ≥ 2, it need not be. "
            f"At most 500 points of each kind are drawn. {sample_sentence(results, world)}"
        )
        alt = (
            f"Panels for {len(pictures)} concepts; certified as separated: {', '.join(separated) or 'none'}."
        )
        name = f"{sheet_name(UNITS, results, world)}-{result.cell.gate}"
        drawn.append(Sheet(name, figure, f"What units carve out in {world}", caption, alt, world))
    return drawn


def _title(unit: ConceptAnswer) -> str:
    """Return the concept, below it the answer, and below that the unit's size and separation error."""
    if not unit.neurons:
        return f"{unit.concept}\n– no unit"
    error = "" if math.isnan(unit.error) else f", s = {number(unit.error)}"
    return f"{unit.concept}\n{unit.answer}\n|M| = {len(unit.neurons)}{error}"


def _best_cells(results: Results) -> list[CellResult]:
    """Return per planar world and gate the cell whose units separate best; ties go to fewer neurons."""
    best: list[CellResult] = []
    for world in results.worlds:
        cells = results.cells_of(world)
        if not cells or results.dataset(cells[0]).dim != 2:
            continue
        best += [min(group, key=_rank) for group in by_gate(cells).values()]
    return best


def _rank(result: CellResult) -> tuple[float, int]:
    units = result.measures.separation.units
    error = math.inf if units is None or math.isnan(units.best_error) else units.best_error
    return error, result.cell.width
