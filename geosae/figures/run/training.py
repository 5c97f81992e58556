"""Training curves of a run: one line per gate and sparsity, at the greatest width."""

from geosae.experiments import Results, gate_name
from geosae.figures.curves import Log, training_curves
from geosae.figures.run.words import setting, sheet_name
from geosae.figures.save import Sheet

FAMILY = "training"


def sheets(results: Results) -> list[Sheet]:
    """Return a sheet per world with training logs."""
    found: list[Sheet] = []
    for world in results.worlds:
        records = results.records_of(world)
        if not records:
            continue
        width = max(int(r["cell"]["width"]) for r in records)
        logs: dict[str, list[Log]] = {}
        for record in records:
            cell = record["cell"]
            log = results.log(record)
            if int(cell["width"]) == width and log:
                logs.setdefault(gate_name(cell["gate"], cell["sparsity"]), []).append(log)
        if not logs:
            continue
        seeds = max(len(runs) for runs in logs.values())
        final = {
            name: sum(float(run[-1]["fvu"] or 0) for run in runs) / len(runs) for name, runs in logs.items()
        }
        caption = (
            f"Training at d = {width}, on one fixed sample of at most 4096 points: loss (each gate's own: "
            "not "
            "comparable between gates), share of variance unexplained (FVU), neurons active per point "
            "(L0), share "
            f"of neurons silent on the sample. Lines: means over {seeds} seeds; bands: their range. "
            f"{setting(results, world)}"
        )
        alt = "Final FVU: " + "; ".join(f"{name}: {value:.3f}" for name, value in final.items()) + "."
        found.append(
            Sheet(
                sheet_name(FAMILY, results, world),
                training_curves(logs),
                f"Training in {world}",
                caption,
                alt,
                world,
            )
        )
    return found
