"""The detection lattice against the number of training steps."""

from geosae.experiments import Results, gate_name
from geosae.experiments.studies.numbers import mean_of, per_seed, select
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, legend_below, seeds_of, values_of
from geosae.figures.save import Sheet
from geosae.figures.style import PAGE, panels, styled

FAMILY = "lattice-training"
MEASURES = {
    "exact_recall": "recall of true concepts",
    "closed_objects": "closed share",
    "mutual": "mutual-best rate",
    "fvu": "FVU",
}


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = results.studies.get("lattice-training", ())
    if not records:
        return []
    steps = values_of(records, "steps")
    gates = list(dict.fromkeys(str(r["settings"]["gate"]) for r in records))
    with styled():
        figure, grid = panels(1, len(MEASURES), width=PAGE, height=2.2)
        for ax, (key, label) in zip(grid[0], MEASURES.items(), strict=True):
            series: dict[str, Series] = {}
            for gate in gates:
                own = select(records, gate=gate)
                for name, words in ((key, ""), (f"{key}_floor", ", permuted columns")):
                    if name in own[0]["result"]:
                        series[gate_name(gate) + words] = [
                            (
                                place,
                                mean_of(
                                    list(per_seed(select(own, steps=s), lambda r, n=name: r[n]).values())
                                ),
                            )
                            for place, s in enumerate(steps)
                        ]
            draw_series(ax, series, within=(0.0, 1.0))
            ax.set_xticks(range(len(steps)), [f"{s:g}" for s in steps])
            ax.set_xlabel("training steps")
            ax.set_title(label)
            ax.set_ylim(bottom=0)
        legend_below(figure, grid[0])
    one = records[0]["settings"]
    caption = (
        "The detection lattice beside the true hierarchy: share of true lattice concepts that it has "
        "exactly; "
        "share of concepts that are closed (A″ = A); share of concepts whose best neuron has them as its "
        "best "
        "concept (F2); and reconstruction. With permuted columns: the floor. Each number of steps is a "
        "training "
        f"of its own; 0 is untrained. World ball-tree: n = 4, N = {one['points']:,} points (half to train "
        "on), "
        f"d = {one['width']}; {seeds_of(records)}. {INTERVALS}."
    )
    alt = "Four panels of lattice agreement and reconstruction against training steps, per gate."
    return [Sheet(FAMILY, figure, "The lattice over training", caption, alt)]
