"""`geosae analyse`: what one sparse autoencoder has learned of the concepts of a data set."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geosae.cli._console import bar, number, say, table, warn

if TYPE_CHECKING:
    from geosae.analysis import Alignment

HEAD = ["notion", "learned by", "concept", "neurons", "error", "low", "high", "holds"]


def analyse(
    sae: Annotated[Path, typer.Argument(help="The folder of an SAE: trained here, or as convert reads it.")],
    data: Annotated[Path, typer.Argument(help="A data set .npz, or points .npy (with --membership).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")],
    membership: Annotated[
        Path | None, typer.Option(help="Concepts of the points: .npy of booleans (N, p), or .csv with names.")
    ] = None,
    tolerance: Annotated[float, typer.Option(min=0.0, help="Tolerance of the three notions.")] = 0.05,
    alpha: Annotated[float, typer.Option(help="Chance that any of the intervals misses.")] = 0.05,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the split and of ambient points.")] = 0,
) -> None:
    """Grade detection, separation and approximation of every concept, by one neuron and by its closure unit.

    Writes alignment.npz and alignment.json, concepts.csv, and the formal context of each notion.
    """
    from geosae.analysis import analyse as analyse_sae
    from geosae.cli._files import read_dataset
    from geosae.sae.interop import NONE, read
    from geosae.storage.files import content_hash

    dataset = read_dataset(data, membership)
    imported = read(sae)
    if imported.source.trained_on == content_hash(dataset.points):
        warn("note: the SAE was trained on these very points; the intervals describe them and no others")
    if imported.normalisation != NONE:
        warn(f"note: points are normalised first; neurons live in {imported.normalisation.space}")
        dataset = imported.prepare_dataset(dataset)
    with bar("analyse") as progress:
        found = analyse_sae(imported.neurons, dataset, tolerance, alpha=alpha, seed=seed, progress=progress)
    rows = rows_of(found)
    _write(found, rows, out)
    table(
        HEAD, [[*row[:3], _shown(row[3]), *map(number, row[4:7]), "yes" if row[7] else "no"] for row in rows]
    )
    if found.approximation_reason:
        say(f"approximation: {found.approximation_reason}")
    say(f"L0 {number(found.l0)}, FVU {number(found.fvu)}, dead {number(found.dead_share)}; written to {out}")


def rows_of(found: "Alignment") -> list[list[Any]]:
    """Return a row per notion, learner (neuron or unit) and concept, as in `HEAD`."""
    rows: list[list[Any]] = []
    for notion in ("detection", "separation", "approximation"):
        for learner, side in (("neuron", found), ("unit", found.units)):
            graded = getattr(side, notion)
            for row in () if graded is None else graded.rows():
                neurons = list(row.neurons)
                rows.append([notion, learner, row.concept, neurons, row.error, row.low, row.high, row.holds])
    return rows


def _shown(neurons: list[int]) -> str:
    return " ".join(map(str, neurons[:6])) + (f" … ({len(neurons)})" if len(neurons) > 6 else "")


def _write(found: "Alignment", rows: list[list[Any]], out: Path) -> None:
    from geosae.storage.files import write_atomic

    found.save(out / "alignment.npz")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows([*row[:3], " ".join(map(str, row[3])), *row[4:]] for row in rows)
    write_atomic(out / "concepts.csv", text.getvalue().encode())
    for notion in ("detection", "separation", "approximation"):
        if getattr(found, notion) is not None:
            found.context(notion).write(out / f"context-{notion}.csv")
