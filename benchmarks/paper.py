"""Write docs/measured/paper.md from two finished runs: python benchmarks/paper.py FOLDER [SECOND FOLDER].

SECOND is the same plan on other seeds (`geosae run paper --shift-seeds 100`). The figures are FOLDER's own.
"""

import csv
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from geosae.experiments import load_results
from geosae.experiments.store import Store
from geosae.replication import replicate
from geosae.storage.files import read_json

PAGE = Path(__file__).parent.parent / "docs" / "measured" / "paper.md"
IMAGES = PAGE.parent.parent / "images" / "paper"
COLUMNS = ("study", "id", "prediction", "observation", "verdict")
WORST = 12
PAGES = {
    "capacity": "capacity_study", "phase": "capacity_study", "naming": "naming_study", "dynamics": "dynamics",
    "lattices": "lattices_study", "approximation": "approximation_study", "absorption": "absorption_study",
    "splitting": "absorption_study", "hedging": "hedging_study", "linear-features": "linear_features",
    "dictionaries": "dictionaries",
}  # fmt: skip
"""Studies that have a page of their own, with their answers and figures."""
FIGURES = (
    "oracle-gap", "oracle-gap-taxonomy", "matched-l0", "interpretation", "failures",
)  # fmt: skip


def page(folder: Path, second: Path | None) -> str:
    """Return the page: what was run, every answer as tables/answers.csv has it, and the comparison."""
    with (folder / "tables" / "answers.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    counts = Counter(row["verdict"] for row in rows)
    lines = [
        "# The experiments, measured",
        "",
        *_ran(folder),
        "",
        f"{counts['as predicted']} answers are as predicted, {counts['the prediction fails']} predictions "
        f"fail, {counts['undecided']} are undecided.",
        "",
        *_elsewhere(rows),
        "",
        *_table(COLUMNS, ([row[c] for c in COLUMNS] for row in rows if row["study"] not in PAGES)),
    ]
    if second is not None:
        lines += ["", *_compared(folder, second)]
    lines += ["", "## Figures", "", *_figures(folder / "figures")]
    return "\n".join(lines) + "\n"


def _ran(folder: Path) -> list[str]:
    card = Store(folder).card()
    busy = {
        name: sum(float(read_json(p)["seconds"]) for p in folder.glob(pattern))
        for name, pattern in (("jobs", "studies/*/*.timing.json"), ("SAEs", "cells/*/timing.json"))
    }
    machine = card.machine
    return [
        f"`geosae run paper`: {card.cells:,} SAEs, {card.jobs:,} jobs of studies, {card.checks} "
        f"theorem checks on {machine['cores']} cores, torch {machine['torch']}. Workers were busy for "
        f"{busy['jobs']:,.0f} seconds (on the clock) with jobs and {busy['SAEs']:,.0f} with SAEs. How "
        "answers are to be read is said in [the experiments](../paper.md).",
    ]


def _elsewhere(rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Say how the studies with pages of their own were answered."""
    counted = Counter((row["study"], row["verdict"]) for row in rows if row["study"] in PAGES)
    yield "Answers of these studies stand on their own pages, with their figures:"
    yield ""
    verdicts = ("as predicted", "the prediction fails", "undecided")
    studies = [study for study in PAGES if any(counted[study, verdict] for verdict in verdicts)]
    yield from _table(
        ("study", *verdicts),
        ([f"[{s}]({PAGES[s]}.md)", *(str(counted[s, verdict]) for verdict in verdicts)] for s in studies),
    )


def _compared(folder: Path, second: Path) -> Iterator[str]:
    replication = replicate(load_results(folder), load_results(second))
    counts = ", ".join(f"{many} {kind}" for kind, many in replication.counts().items() if many)
    yield "## A second set of seeds"
    yield ""
    yield (
        f"`geosae run paper --shift-seeds 100`, then `geosae replicate`: {len(replication.pairs):,} pairs of "
        f"means were compared, each with every other of its part where seeds are shuffled between the runs. "
        f"Answers: {counts}. "
        + ("Nothing differs beyond chance." if replication.holds else "Some differ beyond chance.")
    )
    yield ""
    yield from _table(
        ("part", "pairs", "variance between the runs", "where seeds are shuffled", "p, corrected"),
        (
            [p.part, f"{p.pairs:,}", f"{p.explained:.2%}", f"{p.usual:.2%}", f"{p.adjusted:.2g}"]
            for p in replication.parts
        ),
    )
    yield ""
    yield f"The {WORST} most different pairs:"
    yield ""
    yield from _table(
        ("part", "measure", "setting", "first", "second", "Welch t", "p, corrected"),
        (
            [p.part, p.measure, p.setting, str(p.first), str(p.second), f"{p.welch:.1f}", f"{p.adjusted:.2g}"]
            for p in replication.pairs[:WORST]
        ),
    )
    differ = [a for a in replication.answers if a.agreement != "agree"]
    if differ:
        yield ""
        yield "Answers that are not the same in both:"
        yield ""
        yield from _table(
            ("study", "id", "prediction", "first", "second"),
            ([a.part, a.id, a.prediction, a.first or "–", a.second or "–"] for a in differ),
        )


def _figures(folder: Path) -> Iterator[str]:
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name in FIGURES:
        card = read_json(folder / f"{name}.json")
        shutil.copyfile(folder / f"{name}.png", IMAGES / f"{name}.png")
        yield f"![{card['alt']}](../images/paper/{name}.png)"
        yield ""
        yield f"**{card['title']}.** {card['caption']}"
        yield ""


def _table(head: tuple[str, ...], rows: Iterator[list[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |"


if __name__ == "__main__":
    first, *others = (Path(name) for name in sys.argv[1:])
    PAGE.write_text(page(first, others[0] if others else None), encoding="utf-8")
