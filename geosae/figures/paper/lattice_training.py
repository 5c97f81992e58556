"""The detection lattice against the number of training steps, and against width."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from matplotlib.axes import Axes

from geosae.experiments import Results, gate_name
from geosae.experiments.jobs import Record
from geosae.figures.paper.lines import (
    INTERVALS,
    draw_series,
    in_octaves,
    legend_below,
    seeds_of,
    values_of,
)
from geosae.figures.save import Sheet
from geosae.figures.style import PAGE, panels, styled
from geosae.studies.lattice_training import width_of
from geosae.studies.numbers import mean_of, per_seed, select

FAMILY = "lattice-training"
MEASURES = {
    "exact_recall": "recall of true concepts",
    "closed_objects": "closed share",
    "mutual": "mutual-best rate",
    "fvu": "FVU",
}
KINDS = {"": "", "_floor": ", columns permuted"}


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = results.studies.get("lattice-training", ())
    if not records:
        return []
    width = width_of(records)
    steps, widths = values_of(records, "steps"), values_of(records, "width")
    rows = 2 if len(widths) > 1 else 1
    with styled():
        figure, grid = panels(rows, len(MEASURES), width=PAGE, height=1.75 * rows + 0.6)
        for (key, label), *column in zip(MEASURES.items(), *grid, strict=True):
            _over_training(column[0], select(records, width=width), key, steps)
            column[0].set_title(label)
            if rows == 2:
                _over_width(
                    column[1], select(records, steps=(steps[0], steps[-1])), key, (steps[0], steps[-1])
                )
        legend_below(figure, [ax for row in grid for ax in row])
    one = records[0]["settings"]
    below = f" Below: the same against width d, after {steps[-1]} steps and untrained." if rows == 2 else ""
    caption = (
        "The detection lattice beside the true hierarchy: share of true lattice concepts that it has "
        "exactly; share of concepts that are closed (A″ = A); share of concepts whose best neuron has them "
        "as its best concept (F2); and reconstruction. Columns permuted: the floor. Above: against training, "
        f"d = {width}; each number of steps is a training of its own; 0 is untrained.{below} World "
        f"ball-tree: n = 4, N = {one['points']:,} points (half to train on), gates "
        f"{', '.join(_gates(records))}; {seeds_of(records)}. {INTERVALS}."
    )
    alt = "Panels of lattice agreement and reconstruction against training steps and width, per gate."
    return [Sheet(FAMILY, figure, "The lattice over training and over width", caption, alt)]


def _gates(records: Sequence[Record]) -> list[str]:
    pairs = dict.fromkeys((str(r["settings"]["gate"]), r["settings"]["sparsity"]) for r in records)
    return [gate_name(gate, sparsity) for gate, sparsity in pairs]


def _means(rows: Sequence[Record], name: str) -> Any:
    read: Callable[[Any], Any] = lambda result: result[name]  # noqa: E731
    return mean_of(list(per_seed(rows, read).values()))


def _over_training(ax: Axes, records: Sequence[Record], key: str, steps: Sequence[float | int]) -> None:
    gates = dict.fromkeys(str(r["settings"]["gate"]) for r in records)
    # Each pair of gate and kind has one look in all panels, also where a measure has no floor.
    for place, (gate, (ending, words)) in enumerate(product(gates, KINDS.items())):
        own = select(records, gate=gate)
        if key + ending in own[0]["result"]:
            points = [(i, _means(select(own, steps=s), key + ending)) for i, s in enumerate(steps)]
            draw_series(ax, {gate_name(gate) + words: points}, first=place, within=(0.0, 1.0))
    ax.set_xticks(range(len(steps)), [f"{s:g}" for s in steps])
    ax.set_xlabel("training steps")
    ax.set_ylim(bottom=0)


def _over_width(ax: Axes, records: Sequence[Record], key: str, steps: tuple[float | int, ...]) -> None:
    widths = values_of(records, "width")
    gates = list(dict.fromkeys(str(r["settings"]["gate"]) for r in records))
    for words, first, at in (("", 0, steps[-1]), (", untrained", 4, steps[0])):
        for place, gate in enumerate(gates):
            own = select(records, gate=gate, steps=at)
            points = [(w, _means(select(own, width=w), key)) for w in widths]
            # A gate has the colour that it has above, where each takes two: its own and its floor's.
            draw_series(ax, {gate_name(gate) + words: points}, first=first + 2 * place, within=(0.0, 1.0))
    in_octaves(ax, widths)
    ax.set_xlabel("width d")
    ax.set_ylim(bottom=0)
