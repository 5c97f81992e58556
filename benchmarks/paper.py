"""Write docs/measured/paper.md from a finished `geosae run paper`: python benchmarks/paper.py FOLDER."""

import csv
import sys
from collections import Counter
from pathlib import Path

from geosae.data.files import read_json

PAGE = Path(__file__).parent.parent / "docs" / "measured" / "paper.md"
COLUMNS = ("study", "id", "prediction", "observation", "verdict")


def page(folder: Path) -> str:
    """Return the page: what was run, and every answer as tables/answers.csv has it."""
    with (folder / "tables" / "answers.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    card = read_json(folder / "run.json")
    busy = {
        name: sum(float(read_json(p)["seconds"]) for p in folder.glob(pattern))
        for name, pattern in (("jobs", "studies/*/*.timing.json"), ("SAEs", "cells/*/timing.json"))
    }
    counts = Counter(row["verdict"] for row in rows)
    machine = card["machine"]
    lines = [
        "# The experiments, measured",
        "",
        f"`geosae run paper`: {card['cells']:,} SAEs, {card['jobs']:,} jobs of studies, {card['checks']} "
        "theorem "
        f"checks; {machine['cores']} cores, torch {machine['torch']}. Workers were busy for "
        f"{busy['jobs']:,.0f} seconds with jobs and {busy['SAEs']:,.0f} with SAEs, on a machine that others "
        "used "
        "too. How answers are to be read is said in [the experiments](../paper.md).",
        "",
        f"{counts['as predicted']} answers are as predicted, {counts['the prediction fails']} predictions "
        "fail, "
        f"{counts['undecided']} are undecided.",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|---" * len(COLUMNS) + "|",
        *("| " + " | ".join(row[c].replace("|", "/") for c in COLUMNS) + " |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(Path(sys.argv[1])), encoding="utf-8")
