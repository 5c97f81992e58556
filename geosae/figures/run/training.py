"""Training curves of a run: one line per gate and sparsity, at the greatest width."""

from collections.abc import Mapping, Sequence

from geosae.experiments import LogLine, Results, gate_name
from geosae.figures.curves import training_curves
from geosae.figures.run.captions import decimals, sample_sentence, sheet_name
from geosae.figures.save import Sheet

FAMILY = "training"


def sheets(results: Results) -> list[Sheet]:
    """Return a sheet per world with training logs."""
    drawn: list[Sheet] = []
    for world in results.worlds:
        cells = results.cells_of(world)
        width = max((result.cell.width for result in cells), default=0)
        logs: dict[str, list[Sequence[LogLine]]] = {}
        for result in cells:
            if result.cell.width == width and (log := results.log(result)):
                logs.setdefault(gate_name(result.cell.gate, result.cell.sparsity), []).append(log)
        if logs:
            drawn.append(_sheet(results, world, width, logs))
    return drawn


def _sheet(
    results: Results, world: str, width: int, logs: Mapping[str, Sequence[Sequence[LogLine]]]
) -> Sheet:
    seeds = max(len(runs) for runs in logs.values())
    caption = (
        f"Training at d = {width}, on one fixed sample of at most 4096 points: loss (each gate's own: not "
        "comparable between gates), share of variance unexplained (FVU), neurons active per point (L0), "
        f"share of neurons silent on the sample. Lines: means over {seeds} seeds; bands: their range. "
        f"{sample_sentence(results, world)}"
    )
    final = {name: sum(log[-1].fvu for log in runs) / len(runs) for name, runs in logs.items()}
    alt = "Final FVU: " + "; ".join(f"{name}: {decimals(fvu, 3)}" for name, fvu in final.items()) + "."
    name = sheet_name(FAMILY, results, world)
    return Sheet(name, training_curves(logs), f"Training in {world}", caption, alt, world)
