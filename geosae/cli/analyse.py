"""`geosae analyse`: what one sparse autoencoder has learned of the concepts of a data set."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from geosae.cli._console import bar, number, say, table, warn

if TYPE_CHECKING:
    from geosae.analysis import Alignment, ConceptError, Notion

HEAD = ["notion", "learned by", "concept", "neurons", "error", "low", "high", "holds"]


@dataclass(frozen=True)
class GradedConcept:
    """What is written of one concept: under which notion, learned by what, and how well."""

    notion: "Notion"
    learner: Literal["neuron", "unit"]
    best: "ConceptError"

    def printed(self) -> list[str]:
        """Return the row for the table on the terminal, as in `HEAD`."""
        best = self.best
        numbers = [number(best.error), number(best.low), number(best.high)]
        neurons, holds = _first_neurons(best.neurons), "yes" if best.holds else "no"
        return [self.notion, self.learner, best.concept, neurons, *numbers, holds]

    def written(self) -> list[str | float | bool]:
        """Return the row for concepts.csv, as in `HEAD`."""
        best = self.best
        neurons = " ".join(map(str, best.neurons))
        return [self.notion, self.learner, best.concept, neurons, best.error, best.low, best.high, best.holds]


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
    from geosae.analysis import AnalysisConfig
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
    config = AnalysisConfig(tolerance=tolerance, alpha=alpha, seed=seed)
    with bar("analyse") as progress:
        alignment = analyse_sae(imported.neurons, dataset, config, progress=progress)
    rows = rows_of(alignment)
    _write(alignment, rows, out)
    table(HEAD, [row.printed() for row in rows])
    if alignment.approximation_reason:
        say(f"approximation: {alignment.approximation_reason}")
    metrics = f"L0 {number(alignment.l0)}, FVU {number(alignment.fvu)}, dead {number(alignment.dead_share)}"
    say(f"{metrics}; written to {out}")


def rows_of(alignment: "Alignment") -> list[GradedConcept]:
    """Return a row per notion that was measured, learner (neuron or unit) and concept."""
    from geosae.analysis import NOTIONS

    rows: list[GradedConcept] = []
    for notion in NOTIONS:
        neurons, units = getattr(alignment, notion), getattr(alignment.units, notion)
        if neurons is not None:
            rows += [GradedConcept(notion, "neuron", best) for best in neurons.rows()]
            rows += [GradedConcept(notion, "unit", best) for best in units.rows()]
    return rows


def _first_neurons(neurons: tuple[int, ...]) -> str:
    return " ".join(map(str, neurons[:6])) + (f" … ({len(neurons)})" if len(neurons) > 6 else "")


def _write(alignment: "Alignment", rows: list[GradedConcept], out: Path) -> None:
    from geosae.analysis import NOTIONS
    from geosae.storage.files import write_atomic

    alignment.save(out / "alignment.npz")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows(row.written() for row in rows)
    write_atomic(out / "concepts.csv", text.getvalue().encode())
    for notion in NOTIONS:
        if getattr(alignment, notion) is not None:
            alignment.context(notion).write(out / f"context-{notion}.csv")
