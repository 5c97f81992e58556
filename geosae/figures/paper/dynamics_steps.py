"""Loss and separation on one axis against the number of training steps."""

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from geosae.experiments import Results, gate_name
from geosae.figures.paper.lines import INTERVALS, draw_series, legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import COLUMN, panels, styled
from geosae.studies.dynamics import STUDY, TRAIN_SHARE
from geosae.studies.dynamics_records import (
    WORLDS,
    Records,
    TrainedState,
    best_rate,
    of_arm,
    of_world,
    over_steps,
    worlds_of,
)
from geosae.studies.numbers import mean_over_seeds

FAMILY = "dynamics-steps"
MEASURES: Mapping[str, Callable[[TrainedState], float]] = {
    "FVU": lambda state: state.fvu,
    "dead neurons": lambda state: state.dead,
    "separated by one neuron": lambda state: state.neuron,
    "separated by a unit": lambda state: state.unit,
}
SHUFFLED: Mapping[str, Callable[[TrainedState], float]] = {
    "separated by one neuron": lambda state: state.neuron_shuffled,
    "separated by a unit": lambda state: state.unit_shuffled,
}


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    worlds = worlds_of(records)
    if not worlds:
        return []
    with styled():
        figure, axes = world_panels(worlds)
        for ax, world in zip(axes, worlds, strict=True):
            _draw(ax, of_world(records, world))
        last_row(axes, "training steps")
        legend_below(figure, axes, 2)
    caption = (
        "Unexplained variance, dead neurons and the share of concepts certified to be separated within 0.1 "
        "(E4, Holm), on points never trained on; each number of steps is a training of its own, 0 is "
        f"untrained. {described(records)} Rates: of those tried the one with the least loss after the most "
        f"steps ({_rates(records)}). frozen: random atoms that stay, as many steps at geosae's own rate; "
        f"shuffled: trained, labels of the points permuted. {seeds_of(records)}. {INTERVALS}."
    )
    alt = "; ".join(_spoken(of_world(records, world), world) for world in worlds)
    return [Sheet(FAMILY, figure, "Loss against separation over training", caption, f"{alt}.")]


def world_panels(worlds: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """Return a figure of a column's width with a titled panel for each world."""
    across = min(2, len(worlds))
    down = -(-len(worlds) // across)
    figure, grid = panels(down, across, width=COLUMN, height=1.45 * down + 0.7)
    axes = [ax for row in grid for ax in row]
    for ax in axes[len(worlds) :]:
        ax.set_axis_off()
    for i, (ax, world) in enumerate(zip(axes, worlds, strict=False)):
        ax.set_title(WORLDS[world].label)
        ax.set_ylim(-0.04, 1.04)
        ax.set_yticks([0, 0.5, 1])
        if i % across == 0:
            ax.set_ylabel("share")
    return figure, axes[: len(worlds)]


def last_row(axes: Sequence[Axes], label: str) -> None:
    """Name the x axis of the panels below."""
    for ax in axes[-2:]:
        ax.set_xlabel(label)


def _draw(ax: Axes, records: Records) -> None:
    curve = over_steps(records, best_rate(records, lambda state: state.loss))
    for i, (label, value) in enumerate(MEASURES.items()):
        series = [(at, mean_over_seeds(runs, value)) for at, (_, runs) in enumerate(curve)]
        draw_series(ax, {label: series}, first=i, within=(0.0, 1.0))
    at = len(curve) - 0.6
    frozen = of_arm(records, "frozen_decoder")
    ticks = [_short(steps) for steps, _ in curve]
    beside = [("frozen", frozen, MEASURES), ("shuffled", curve[-1][1], SHUFFLED)]
    for offset, (_, runs, values) in enumerate(beside, start=1):
        for i, (label, value) in enumerate(values.items(), start=0 if values is MEASURES else 2):
            draw_series(
                ax, {label: [(at + offset, mean_over_seeds(runs, value))]}, first=i, within=(0.0, 1.0)
            )
    ax.axvline(at + 0.3, color="#d4d4d4", lw=0.6, zorder=0)
    ax.set_xticks(
        [*range(len(curve)), at + 1, at + 2], [*ticks, "frozen", "shuffled"], rotation=90, fontsize=6.0
    )


def _short(steps: int) -> str:
    return f"{steps // 1000}k" if steps >= 1000 and steps % 1000 == 0 else f"{steps}"


def described(records: Records) -> str:
    """Return the sizes of each world and its SAE, and how many points train, choose and judge."""
    points = records[0].settings.points
    parts: list[str] = []
    for world in worlds_of(records):
        about = WORLDS[world]
        gate = gate_name(about.gate, about.sparsity)
        parts.append(
            f"{about.label.split(',')[0]}: n = {about.dim}, p = {about.concepts}, {gate}, d = {about.width}"
        )
    train = round(points * TRAIN_SHARE)
    return f"{'; '.join(parts)}. N = {points:,} points, {train:,} to train on."


def _rates(records: Records) -> str:
    chosen = [best_rate(of_world(records, world), lambda state: state.loss) for world in worlds_of(records)]
    return ", ".join(f"{rate:g}" for rate in chosen)


def _spoken(records: Records, world: str) -> str:
    curve = over_steps(records, best_rate(records, lambda state: state.loss))
    rows = [
        f"{label} "
        + ", ".join(f"{mean_over_seeds(runs, value).mean:.2f} after {steps}" for steps, runs in curve)
        for label, value in MEASURES.items()
        if label != "dead neurons"
    ]
    return f"{WORLDS[world].label}: {'; '.join(rows)}"
