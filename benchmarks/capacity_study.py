"""The studies of capacity and of the phase diagram by themselves; writes docs/measured/capacity_study.md.

    OMP_NUM_THREADS=1 python -P benchmarks/capacity_study.py [--seeds 5] [--folder runs/capacity] [--page-only]

The studies' own grids, one job after the other; jobs that the folder has are not done again, and with
--page-only none is done: the page is made of what is stored. `geosae run paper` has the same jobs. Seconds are
processor time of this process.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from geosae.cli.sources import make_world
from geosae.experiments import Results, Summary, parse_plan
from geosae.experiments.jobs import Job, do_job, job_file, plan_jobs, study_records, write_job_list
from geosae.figures.paper import capacity, phase
from geosae.figures.save import save
from geosae.storage.files import read_json, write_json
from geosae.studies.capacity_answers import units_of
from geosae.studies.capacity_records import Cells, cells_of, main_concepts, main_dimension, some
from geosae.studies.certified_counts import Arm, Certified
from geosae.studies.numbers import mean_over_seeds
from geosae.studies.registry import STUDIES, all_studies, answers_of

ROOT = Path(__file__).parents[1]
PAGE, IMAGES = ROOT / "docs" / "measured" / "capacity_study.md", ROOT / "docs" / "images"
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
[[studies]]
name = "capacity"
[[studies]]
name = "phase"
"""
ARMS: tuple[Arm, ...] = ("trained", "untrained", "frozen_decoder", "planted")
BEFORE = (
    "of 12 balls in R³ SAEs with d = 4 and 8 neurons separated 0.88 [0.68, 1.07] more by units than by single "
    "neurons, and never more concepts than neurons (at most 0 beyond d)"
)


def done(folder: Path, job: Job) -> None:
    """Do a job whose result is not there yet, and note the processor time."""
    path = job_file(folder, job)
    if path.exists():
        return
    start = time.process_time()
    reason = do_job(str(folder), job, make_world, all_studies)
    if reason is not None:
        raise RuntimeError(reason)
    write_json(path.with_suffix(".cpu.json"), {"seconds": round(time.process_time() - start, 2)})


def main() -> None:
    """Run what is missing and write the page and its figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "capacity")
    parser.add_argument("--page-only", action="store_true")
    options = parser.parse_args()
    folder: Path = options.folder
    plan = parse_plan(f"seeds = {options.seeds}\n{PLAN}", "capacity")
    jobs = sorted(plan_jobs(plan, STUDIES), key=lambda job: job.settings.seed)
    for job in jobs if not options.page_only else ():
        done(folder, job)
    write_job_list(folder, jobs)
    results = Results(folder, plan, (), {}, (), Summary(()), study_records(folder, plan))
    PAGE.write_text("\n".join(_page(results, folder, jobs)) + "\n", encoding="utf-8")


def _page(results: Results, folder: Path, jobs: Sequence[Job]) -> list[str]:
    seconds: dict[str, float] = {}
    for job in jobs:
        timing = job_file(folder, job).with_suffix(".cpu.json")
        if timing.exists():
            seconds[job.study] = seconds.get(job.study, 0) + float(read_json(timing)["seconds"])
    spent = " and ".join(f"{value / 60:.1f} for `{study}`" for study, value in sorted(seconds.items()))
    cells = cells_of(STUDIES["capacity"].records(results.studies["capacity"]))
    answers = answers_of(results)
    return [
        "# Capacity and the phase diagram, measured",
        "",
        "    OMP_NUM_THREADS=1 python -P benchmarks/capacity_study.py",
        "",
        f"{date.today():%-d %B %Y}, {os.cpu_count()} cores, Python {platform.python_version()}. {len(jobs)} jobs, "
        f"{len(results.plan.seeds)} seeds, one core: {spent} minutes of processor time. How answers are to be "
        "read is said in [the experiments](../paper.md); statements are in [the theory's "
        "index](../generated/statements/index.md). Learned: certified on held-out points to be separated within "
        "ε = 0.1 (E4), Holm over the pairs of an SAE at 95 %. Every sentence with intervals is judged with all "
        "others of its study (Holm over the comparisons of the study).",
        "",
        "## What was found",
        "",
        *_found(cells),
        "",
        "## Concepts by number",
        "",
        *_table(cells),
        "",
        *_sheets(capacity.sheets(results)),
        "## The phase diagram",
        "",
        *_sheets(phase.sheets(results)),
        "## Predictions",
        "",
        "| study | id | prediction | observation | verdict |",
        "|---|---|---|---|---|",
        *(
            "| "
            + " | ".join(
                cell.replace("|", r"\|") for cell in (study, a.id, a.prediction, a.observation, a.verdict)
            )
            + " |"
            for study in ("capacity", "phase")
            for a in answers[study]
        ),
        "",
        "## What each finding rests on, and what it does not show",
        "",
        *_limits(),
    ]


def _sheets(sheets: Sequence[capacity.Sheet]) -> list[str]:
    lines: list[str] = []
    for sheet in sheets:
        save(sheet.figure, IMAGES / sheet.name, ("png",))
        lines += [f"![{sheet.alt}](../images/{sheet.name}.png)", "", f"**{sheet.title}.** {sheet.caption}", ""]
    return lines


def _mean(cells: Cells, value: Callable[[Certified], int] = units_of, **settings: object) -> str:
    return str(mean_over_seeds(some(cells, **settings), value))


def _found(cells: Cells) -> list[str]:
    return []


def _table(cells: Cells) -> list[str]:
    return []


def _limits() -> list[str]:
    return []


if __name__ == "__main__":
    main()
