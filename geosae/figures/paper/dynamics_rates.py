"""Loss and separation on one axis against the learning rate, after the most steps."""

from geosae.experiments import Results
from geosae.figures.paper.dynamics_steps import MEASURES, described, last_row, world_panels
from geosae.figures.paper.lines import INTERVALS, draw_series, in_octaves, legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import styled
from geosae.studies.dynamics import STUDY
from geosae.studies.dynamics_records import Records, of_world, over_rates, steps_of, worlds_of
from geosae.studies.numbers import mean_over_seeds

FAMILY = "dynamics-rates"


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run at several rates."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    worlds = worlds_of(records)
    if not worlds or len(over_rates(records)) < 2:
        return []
    with styled():
        figure, axes = world_panels(worlds)
        for ax, world in zip(axes, worlds, strict=True):
            series = {
                label: [
                    (rate, mean_over_seeds(runs, value))
                    for rate, runs in over_rates(of_world(records, world))
                ]
                for label, value in MEASURES.items()
            }
            draw_series(ax, series, within=(0.0, 1.0))
            in_octaves(ax, [rate for rate, _ in over_rates(records)])
        last_row(axes, "peak learning rate")
        legend_below(figure, axes, 2)
    steps = max(steps_of(records))
    caption = (
        f"Unexplained variance, dead neurons and the share of concepts certified to be separated within 0.1 "
        f"(E4, Holm), after {steps:,} steps at each peak rate of Adam, on points never trained on. "
        f"{described(records)} geosae's own rates were chosen on the loss. {seeds_of(records)}. {INTERVALS}."
    )
    alt = "; ".join(_spoken(of_world(records, world), world) for world in worlds)
    return [Sheet(FAMILY, figure, "Loss against separation over learning rates", caption, f"{alt}.")]


def _spoken(records: Records, world: str) -> str:
    rows = [
        f"{label} "
        + ", ".join(
            f"{mean_over_seeds(runs, value).mean:.2f} at {rate:g}" for rate, runs in over_rates(records)
        )
        for label, value in MEASURES.items()
    ]
    return f"{world}: {'; '.join(rows)}"
