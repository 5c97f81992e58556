"""The study of naming by itself, with its figures; writes docs/measured/naming_study.md.

    OMP_NUM_THREADS=1 python -P benchmarks/naming_study.py [--seeds 5] [--folder runs/naming]

The study's own grid, one job after the other; jobs that the folder has are not done again. `geosae run paper`
has the same jobs. Seconds are those of the jobs on the clock, added up.
"""

import argparse
import os
import platform
from datetime import date
from pathlib import Path

from geosae.cli.sources import make_world
from geosae.experiments import Results, Summary, parse_plan
from geosae.experiments.jobs import Job, do_job, job_file, plan_jobs, study_records, write_job_list
from geosae.figures.paper import naming_gap, naming_learned, naming_phase
from geosae.figures.save import save
from geosae.storage.files import read_json
from geosae.studies.registry import STUDIES, all_studies, answers_of

ROOT = Path(__file__).parents[1]
PAGE, IMAGES = ROOT / "docs" / "measured" / "naming_study.md", ROOT / "docs" / "images"
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
name = "naming"
"""


def done(folder: Path, job: Job) -> None:
    """Do a job whose result is not there yet."""
    if not job_file(folder, job).exists():
        reason = do_job(str(folder), job, make_world, all_studies)
        if reason is not None:
            raise RuntimeError(reason)


def main() -> None:
    """Run what is missing and write the page and its figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "naming")
    options = parser.parse_args()
    folder: Path = options.folder
    plan = parse_plan(f"seeds = {options.seeds}\n{PLAN}", "naming")
    jobs = sorted(plan_jobs(plan, STUDIES), key=lambda job: job.settings.seed)
    for job in jobs:
        done(folder, job)
    write_job_list(folder, jobs)
    results = Results(folder, plan, (), {}, (), Summary(()), study_records(folder, plan))
    seconds: dict[str, float] = {}
    for job in jobs:
        timing = read_json(job_file(folder, job).with_suffix(".timing.json"))
        seconds[job.settings.part] = seconds.get(job.settings.part, 0) + float(timing["seconds"])
    lines = [
        "# Naming and the amortisation gap, measured",
        "",
        "    OMP_NUM_THREADS=1 python -P benchmarks/naming_study.py",
        "",
        f"{date.today():%-d %B %Y}, {os.cpu_count()} cores, Python {platform.python_version()}. "
        f"{len(jobs):,} jobs, {options.seeds} seeds, which took {sum(seconds.values()):,.0f} seconds on the "
        f"clock in all, at a load of {os.getloadavg()[0]:.1f} on these cores: "
        + ", ".join(f"{part} {value:,.0f}" for part, value in sorted(seconds.items()))
        + ". The words are those of [the experiments](../paper.md); statements S10, S11, R2, R3 and R5 are "
        "in [the theory's index](../generated/statements/index.md).",
        "",
        "| id | prediction | observation | verdict |",
        "|---|---|---|---|",
    ]
    for answer in answers_of(results)["naming"]:
        cells = (answer.id, answer.prediction, answer.observation, answer.verdict)
        lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    lines += ["", *_limits()]
    for sheet in (s for family in (naming_phase, naming_gap, naming_learned) for s in family.sheets(results)):
        save(sheet.figure, IMAGES / sheet.name, ("png",))
        lines += [
            "",
            f"![{sheet.alt}](../images/{sheet.name}.png)",
            "",
            f"**{sheet.title}.** {sheet.caption}",
        ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _limits() -> list[str]:
    return [
        "What this does not show: one p for the phase diagram; random columns only (columns found by search "
        "let all features be named in fewer dimensions, nearer to S11's floor); one penalty for each gate "
        "that has one, chosen beforehand and not tuned; constant amplitudes without noise. Top-K's rows are "
        "counted as if each neuron fired by itself, which it does not: what its own gate does is on the "
        "right of the last figure. Shares of codes are those of random codes, naming is asked of all codes.",
    ]


if __name__ == "__main__":
    main()
