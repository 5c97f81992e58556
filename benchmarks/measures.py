"""What the old measures said of a run's SAEs, and what the new ones say: writes docs/measured/measures.md.

    geosae run quickstart --out runs/q && python benchmarks/measures.py runs/q

Old: false alarms over the negatives; the best neuron by the points that it is reported on; the closure unit
at ε/10, which is the whole space where no neuron detects the concept. New: `geosae.analysis`. Both have
shuffled labels beside them, and both are of the same SAEs and the same points.
"""

import argparse
import os
import platform
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from geosae.experiments import CellResult, Results, gate_name, load_results

PAGE = Path(__file__).parent.parent / "docs" / "measured" / "measures.md"
HEAD = (
    "world", "gate", "SAE", "old: detection, neuron", "old: detection, unit", "old: separation, neuron",
    "old: separation, unit", "precision of these neurons", "empty units",
    "new: separation, neuron", "new: separation, unit",
)  # fmt: skip


def old_shares(
    fires: Bool[np.ndarray, "N d"],
    inside: Bool[np.ndarray, "N p"],
    rng: np.random.Generator,
    tolerance: float,
) -> dict[str, float]:
    """Return the shares of concepts that the old measures called learned, on a random half of the points."""
    order = rng.permutation(len(fires))
    fit, test = order[: len(order) // 2], order[len(order) // 2 :]
    detected = {"neuron": 0, "unit": 0}
    separated = {"neuron": 0, "unit": 0}
    precisions: list[float] = []
    empty = 0
    for k in range(inside.shape[1]):
        C, fitted = inside[test, k], inside[fit, k]
        miss = _share(~fires[test][C])
        rate = _share(fires[test][~C])
        members = _share(~fires[fit][fitted]) <= tolerance / 10
        theta = fires[test][:, members].all(axis=1)
        empty += not members.any()
        detected["neuron"] += bool((miss <= tolerance).any())
        detected["unit"] += bool((C & ~theta).sum() <= tolerance * C.sum())
        best = int(np.argmin(np.maximum(miss, rate)))
        if max(miss[best], rate[best]) <= tolerance:
            separated["neuron"] += 1
            precisions.append(float(C[fires[test][:, best]].mean()))
        separated["unit"] += bool(
            (C & ~theta).sum() <= tolerance * C.sum() and (theta & ~C).sum() <= tolerance * (~C).sum()
        )
    p = inside.shape[1]
    return {
        "old: detection, neuron": detected["neuron"] / p,
        "old: detection, unit": detected["unit"] / p,
        "old: separation, neuron": separated["neuron"] / p,
        "old: separation, unit": separated["unit"] / p,
        "precision of these neurons": float(np.median(precisions)) if precisions else np.nan,
        "empty units": empty / p,
    }


def _share(table: Bool[np.ndarray, "N d"]) -> Float[np.ndarray, " d"]:
    return table.mean(axis=0) if len(table) else np.ones(table.shape[1])


def rows_of(results: Results, cells: Sequence[CellResult]) -> list[list[str]]:
    """Return two rows for the cells of one setting: the labels as they are, and permuted."""
    measured: dict[str, list[dict[str, float]]] = {"": [], ", shuffled labels": []}
    for result in cells:
        data = results.dataset(result)
        unseen = data.train_test_split(result.cell.seed, result.cell.train_share)[1]
        fires = results.sae_neurons(result).fires(unseen.points.astype(np.float64))
        rng = np.random.default_rng(result.cell.seed)
        permuted = unseen.membership[rng.permutation(unseen.size)]
        separation = result.measures.separation
        for name, labels in (("", unseen.membership), (", shuffled labels", permuted)):
            new = {
                f"new: separation, {word}": float("nan")
                if (learned := separation.learned(learner)) is None
                else separation.floor(learner)
                if name
                else learned.share
                for learner, word in (("neurons", "neuron"), ("units", "unit"))
            }
            measured[name].append(old_shares(fires, labels, rng, result.cell.tolerance) | new)
    cell = cells[0].cell
    return [
        [cell.world, gate_name(cell.gate, cell.sparsity), cell.baseline.replace("_", " ") + name]
        + [_mean([row[key] for row in rows]) for key in HEAD[3:]]
        for name, rows in measured.items()
    ]


def _mean(numbers: Sequence[float]) -> str:
    known = [number for number in numbers if not np.isnan(number)]
    return f"{np.mean(known):.2f}" if known else "–"


def main() -> None:
    """Measure the trained and untrained SAEs of a run and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    results = load_results(parser.parse_args().run)
    lines = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    for world in results.worlds:
        for baseline in ("trained", "untrained"):
            groups: dict[tuple[str, float, int], list[CellResult]] = {}
            for result in results.cells_of(world, baseline):
                cell = result.cell
                groups.setdefault((cell.gate, cell.sparsity, cell.width), []).append(result)
            for group in groups.values():
                lines += ["| " + " | ".join(row) + " |" for row in rows_of(results, group)]
    place = f"{date.today()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    PAGE.write_text(
        f"# The same SAEs by the old and by the new measures\n\n`geosae run {results.plan.title}`, then "
        f"`python benchmarks/measures.py FOLDER`. {place}. Shares of concepts at ε = "
        f"{results.plan.tolerance:g}, means over {len(results.plan.seeds)} seeds.\n\n"
        "Old: false alarms are counted over the negatives, the best neuron is chosen by the points it is "
        "reported on, a unit is all neurons that miss at most ε/10 (with none it is the whole space, which "
        "“detects” everything). New: alarms per point of the concept, chosen on one half, certified on the "
        "other (E4). “Precision” is the median over the neurons that the old measure called separating.\n\n"
        + "\n".join(lines)
        + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
