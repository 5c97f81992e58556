"""A study by itself, with its figures; writes its page in docs/measured.

    OMP_NUM_THREADS=1 python -P benchmarks/studies.py dynamics [--seeds 5] [--folder runs/dynamics]

The study's own grid, one job after the other; jobs that the folder has are not done again. `geosae run paper`
has the same jobs.
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
    approximation,
    dynamics_rates,
    dynamics_steps,
    lattices_axes,
    lattices_maps,
    lattices_sizes,
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
    figures: tuple[Callable[[Results], list[Sheet]], ...]


PAGES: Mapping[str, Page] = {
    "dynamics": Page(
        "dynamics",
        "Loss against separation, measured",
        (dynamics_steps.sheets, dynamics_rates.sheets),
    ),
    "lattices": Page(
        "lattices_study",
        "True lattices and learned ones, measured",
        (lattices_sizes.sheets, lattices_axes.sheets, lattices_maps.sheets),
    ),
    "approximation": Page(
        "approximation_study",
        "Approximation against unit size, measured",
        (approximation.sheets,),
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
    parser.add_argument("study", choices=sorted(PAGES))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    name: str = options.study
    folder: Path = options.folder or ROOT / "runs" / name
    plan = parse_plan(f'seeds = {options.seeds}\n{PLAN}[[studies]]\nname = "{name}"\n', name)
    jobs = plan_jobs(plan, STUDIES)
    seconds = sum(done(folder, job) for job in sorted(jobs, key=lambda job: job.settings.seed))
    write_job_list(folder, jobs)
    results = Results(folder, plan, (), {}, (), Summary(()), study_records(folder, plan))
    page = PAGES[name]
    lines = [
        f"# {page.title}",
        "",
        f"    OMP_NUM_THREADS=1 python -P benchmarks/studies.py {name}",
        "",
        f"{date.today():%-d %B %Y}, Python {platform.python_version()}, one core of two, both busy: "
        f"{len(jobs):,} jobs, {options.seeds} seeds, {seconds:,.0f} seconds of a processor. The words are "
        "those of [the experiments](../paper.md).",
        "",
        (Path(__file__).parent / "findings" / f"{name}.md").read_text(encoding="utf-8").strip(),
        "",
        "## Predictions",
        "",
        "| id | prediction | observation | verdict |",
        "|---|---|---|---|",
    ]
    for answer in answers_of(results)[name]:
        cells = (answer.id, answer.prediction, answer.observation, answer.verdict)
        lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    lines += ["", "## Figures"]
    for sheet in (sheet for sheets in page.figures for sheet in sheets(results)):
        save(sheet.figure, DOCS / "images" / sheet.name, ("png",))
        picture = f"![{sheet.alt}](../images/{sheet.name}.png)"
        lines += ["", picture, "", f"**{sheet.title}.** {sheet.caption}"]
    (DOCS / "measured" / f"{page.file}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
