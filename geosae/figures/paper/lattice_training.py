"""The detection lattice against the number of training steps, and against width."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from geosae.experiments import Results, gate_name
from geosae.figures.paper.lines import INTERVALS, draw_series, in_octaves, legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import PAGE, panels, styled
from geosae.studies.lattice_training import STUDY, Compared, Records, width_over_training
from geosae.studies.numbers import mean_over_seeds

FAMILY = "lattice-training"


@dataclass(frozen=True)
class Measure:
    """What one column of panels shows, and its floor under permuted columns where it has one."""

    label: str
    value: Callable[[Compared], float]
    floor: Callable[[Compared], float] | None = None


MEASURES = (
    Measure("recall of true concepts", lambda c: c.lattice.exact_recall, lambda c: c.floor.exact_recall),
    Measure("closed share", lambda c: c.lattice.closed_objects, lambda c: c.floor.closed_objects),
    Measure("mutual-best rate", lambda c: c.mutual),
    Measure("FVU", lambda c: c.fvu),
)


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    if not records:
        return []
    width = width_over_training(records)
    steps, widths = sorted({r.settings.steps for r in records}), sorted({r.settings.width for r in records})
    rows = 2 if len(widths) > 1 else 1
    with styled():
        figure, grid = panels(rows, len(MEASURES), width=PAGE, height=1.75 * rows + 0.6)
        for measure, *column in zip(MEASURES, *grid, strict=True):
            _over_training(column[0], [r for r in records if r.settings.width == width], measure, steps)
            column[0].set_title(measure.label)
            if rows == 2:
                _over_width(column[1], records, measure, steps)
        legend_below(figure, [ax for row in grid for ax in row])
    below = f" Below: the same against width d, after {steps[-1]} steps and untrained." if rows == 2 else ""
    caption = (
        "The detection lattice beside the true hierarchy: share of true lattice concepts that it has "
        "exactly; share of concepts that are closed (A″ = A); share of concepts whose best neuron has them "
        "as its best concept (F2); and reconstruction. Columns permuted: the floor. Above: against training, "
        f"d = {width}; each number of steps is a training of its own; 0 is untrained.{below} World "
        f"ball-tree: n = 4, N = {records[0].settings.points:,} points (half to train on), gates "
        f"{', '.join(_gates(records))}; {seeds_of(records)}. {INTERVALS}."
    )
    alt = "Panels of lattice agreement and reconstruction against training steps and width, per gate."
    return [Sheet(FAMILY, figure, "The lattice over training and over width", caption, alt)]


def _gates(records: Records) -> list[str]:
    pairs = dict.fromkeys((r.settings.gate, r.settings.sparsity) for r in records)
    return [gate_name(gate, sparsity) for gate, sparsity in pairs]


def _over_training(ax: Axes, records: Records, measure: Measure, steps: Sequence[int]) -> None:
    # Each pair of gate and kind has one look in all panels, also where a measure has no floor.
    looks = 2
    for index, gate in enumerate(dict.fromkeys(r.settings.gate for r in records)):
        of_gate = [r for r in records if r.settings.gate == gate]
        for kind, (words, value) in enumerate((("", measure.value), (", columns permuted", measure.floor))):
            if value is None:
                continue
            points = [
                (i, mean_over_seeds([r for r in of_gate if r.settings.steps == s], value))
                for i, s in enumerate(steps)
            ]
            draw_series(ax, {gate_name(gate) + words: points}, first=looks * index + kind, within=(0.0, 1.0))
    ax.set_xticks(range(len(steps)), [f"{s:g}" for s in steps])
    ax.set_xlabel("training steps")
    ax.set_ylim(bottom=0)


def _over_width(ax: Axes, records: Records, measure: Measure, steps: Sequence[int]) -> None:
    ends = [r for r in records if r.settings.steps in (steps[0], steps[-1])]
    widths = sorted({r.settings.width for r in ends})
    gates = list(dict.fromkeys(r.settings.gate for r in ends))
    for words, first, count in (("", 0, steps[-1]), (", untrained", 4, steps[0])):
        for index, gate in enumerate(gates):
            at = [r for r in ends if r.settings.gate == gate and r.settings.steps == count]
            points = [
                (d, mean_over_seeds([r for r in at if r.settings.width == d], measure.value)) for d in widths
            ]
            # A gate has the colour that it has above, where each takes two: its own and its floor's.
            draw_series(ax, {gate_name(gate) + words: points}, first=first + 2 * index, within=(0.0, 1.0))
    in_octaves(ax, widths)
    ax.set_xlabel("width d")
    ax.set_ylim(bottom=0)
