"""The studies of one page by themselves, with their figures; writes the page in docs/measured.

    OMP_NUM_THREADS=1 python -P benchmarks/studies.py dynamics [--seeds 5] [--folder runs/dynamics]
    OMP_NUM_THREADS=1 python -P benchmarks/studies.py linear-features --full --device cuda

The studies' own grids, one job after the other; jobs that the folder has are not done again. `geosae run
paper` has the same jobs. With --full they are of the published size, and the page is printed only.
"""

import argparse
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from geosae.cli.sources import make_world
from geosae.experiments import Results, Summary, parse_plan
from geosae.experiments.jobs import Job, do_job, job_file, plan_jobs, study_records, write_job_list
from geosae.figures.paper import (
    absorption,
    approximation,
    dictionaries,
    dynamics_rates,
    dynamics_steps,
    hedging,
    lattices_axes,
    lattices_maps,
    lattices_sizes,
    linear_features,
    naming_gap,
    naming_learned,
    naming_phase,
    splitting,
)
from geosae.figures.save import Sheet, save
from geosae.storage.files import read_json, write_json
from geosae.studies.registry import STUDIES, all_studies, answers_of

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PLAN = """
widths = [8]
baselines = []
[[worlds]]
name = "disk-in-ring"
points = 300
dim = 2
[[gates]]
name = "topk"
sparsity = [1]
"""


@dataclass(frozen=True)
class Page:
    """What a page has beside the answers, and beside what benchmarks/findings says of them."""

    file: str
    title: str
    studies: tuple[str, ...]
    figures: tuple[Callable[[Results], list[Sheet]], ...]
    seeds: int = 5
    full: str = ""
    """What the plan changes for the published size."""


PAGES: Mapping[str, Page] = {
    "dynamics": Page(
        "dynamics",
        "Loss against separation, measured",
        ("dynamics",),
        (dynamics_steps.sheets, dynamics_rates.sheets),
    ),
    "lattices": Page(
        "lattices_study",
        "True lattices and learned ones, measured",
        ("lattices",),
        (lattices_sizes.sheets, lattices_axes.sheets, lattices_maps.sheets),
    ),
    "approximation": Page(
        "approximation_study",
        "Approximation against unit size, measured",
        ("approximation",),
        (approximation.sheets,),
    ),
    "naming": Page(
        "naming_study",
        "Naming and the amortisation gap, measured",
        ("naming",),
        (naming_phase.sheets, naming_gap.sheets, naming_learned.sheets),
    ),
    "absorption": Page(
        "absorption_study",
        "Absorption and splitting, measured",
        ("absorption", "splitting"),
        (absorption.sheets, splitting.sheets),
        seeds=8,
    ),
    "hedging": Page(
        "hedging_study",
        "Hedging, measured",
        ("hedging",),
        (hedging.sheets,),
        seeds=8,
    ),
    "linear-features": Page(
        "linear_features",
        "Many linear features, measured",
        ("linear-features",),
        (linear_features.sheets,),
        full="""
features = 16384
dim = 768
roots = 128
width = 4096
gates = {relu = [0.1], batchtopk = [25], matryoshka = [25]}
batch = 1024
steps = 195313
points = 65536
""",
    ),
    "dictionaries": Page(
        "dictionaries",
        "Dictionaries between seeds, measured",
        ("dictionaries",),
        (dictionaries.sheets,),
    ),
}


def done(folder: Path, job: Job) -> float:
    """Do a job whose result is not there yet; return the seconds of a processor that it took."""
    path = job_file(folder, job)
    timing = path.with_suffix(".cpu.json")
    if not path.exists():
        start = time.process_time()
        reason = do_job(str(folder), job, make_world, all_studies)
        if reason is not None:
            raise RuntimeError(reason)
        write_json(timing, {"seconds": time.process_time() - start})
    return float(read_json(timing)["seconds"])


def main() -> None:
    """Run what is missing and write the page and its figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", choices=sorted(PAGES))
    parser.add_argument("--seeds", type=int, default=None)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    name: str = options.page
    page = PAGES[name]
    seeds = page.seeds if options.seeds is None else options.seeds
    folder: Path = options.folder or ROOT / "runs" / (f"{name}-full" if options.full else name)
    extra = page.full if options.full else ""
    studies = "".join(f'[[studies]]\nname = "{study}"\n{extra}' for study in page.studies)
    plan = parse_plan(f'seeds = {seeds}\ndevice = "{options.device}"\n{PLAN}{studies}', name)
    jobs = plan_jobs(plan, STUDIES)
    seconds = sum(done(folder, job) for job in sorted(jobs, key=lambda job: job.settings.seed))
    write_job_list(folder, jobs)
    results = Results(folder, plan, (), {}, (), Summary(()), study_records(folder, plan))
    spent = f"{len(jobs):,} jobs, {seeds} seeds, {seconds:,.0f} seconds"
    text = "\n".join(_lines(name, page, results, spent)) + "\n"
    if options.full:
        print(text)
    else:
        (DOCS / "measured" / f"{page.file}.md").write_text(text, encoding="utf-8")


def _lines(name: str, page: Page, results: Results, spent: str) -> list[str]:
    lines = [
        f"# {page.title}",
        "",
        f"    OMP_NUM_THREADS=1 python -P benchmarks/studies.py {name}",
        "",
        f"{date.today():%-d %B %Y}, Python {platform.python_version()}, one core of two, both busy: {spent} "
        "of a processor. The words are those of [the experiments](../paper.md); statements are in "
        "[the theory's index](../generated/statements/index.md).",
        "",
        (Path(__file__).parent / "findings" / f"{name}.md").read_text(encoding="utf-8").strip(),
        "",
        "## Predictions",
        "",
        "| id | prediction | observation | verdict |",
        "|---|---|---|---|",
    ]
    for answer in (answer for study in page.studies for answer in answers_of(results)[study]):
        cells = (answer.id, answer.prediction, answer.observation, answer.verdict)
        lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    lines += ["", "## Figures"]
    for sheet in (sheet for sheets in page.figures for sheet in sheets(results)):
        save(sheet.figure, DOCS / "images" / sheet.name, ("png",))
        picture = f"![{sheet.alt}](../images/{sheet.name}.png)"
        lines += ["", picture, "", f"**{sheet.title}.** {sheet.caption}"]
    return lines


if __name__ == "__main__":
    main()
