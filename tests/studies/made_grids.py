"""Grids made by hand: a run's cells with numbers of one's own, without points, weights or files."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from figures.made_runs import concept_answers, learned, result

from geosae.experiments import Baseline, Cell, CellResult, GateEntry, Plan, Results, WorldEntry, summarise
from geosae.experiments.cell_result import NotionAnswers

GATES = (GateEntry("topk", (1, 2)), GateEntry("relu", (0.1, 0.3)))


def plan(
    worlds: Sequence[str], seeds: int, baselines: tuple[Baseline, ...] = ("untrained", "frozen_decoder")
) -> Plan:
    entries = tuple(WorldEntry(world, "nowhere", {"name": world}) for world in worlds)
    return Plan("made", entries, GATES, widths=(4,), seeds=tuple(range(seeds)), baselines=baselines)


def results(made: Plan, numbers: Callable[[Cell], CellResult]) -> Results:
    """The results of a plan, each cell's by a function of one's own."""
    cells = tuple(numbers(cell) for cell in made.cells())
    return Results(Path("nowhere"), made, cells, {}, (), summarise(cells))


def cell_result(
    cell: Cell, share: float, error: float, fvu: float, floor: float = 0.0, concepts: int = 8
) -> CellResult:
    """The result of a cell with these numbers under separation, by neurons and by units alike."""
    blank = result(cell, ("concept",))
    each = learned(share, error, float(concepts))
    separation = replace(
        blank.measures.separation, neurons=each, small_units=each, units=each,
        shuffled_neurons=floor, shuffled_small_units=floor, shuffled_units=floor,
    )  # fmt: skip
    metrics = replace(blank.measures.metrics, fvu=fvu)
    rows = concept_answers(error, ("concept",), (0,))
    answers = replace(blank.answers, separation=NotionAnswers(rows, rows, rows))
    measures = replace(blank.measures, separation=separation, metrics=metrics)
    return replace(blank, measures=measures, answers=answers)
