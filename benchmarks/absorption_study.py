"""The studies of absorption and of splitting by themselves, with figures; docs/measured/absorption_study.md.

    OMP_NUM_THREADS=1 python -P benchmarks/absorption_study.py [--seeds 8] [--folder runs/absorption]

The studies' own grids, one job after the other; jobs that the folder has are not done again. `geosae run
paper` has the same jobs. Seconds are those of the processor.
"""

import argparse
import os
import platform
import time
from datetime import date
from pathlib import Path

from geosae.cli.sources import make_world
from geosae.experiments import Results, Summary, parse_plan
from geosae.experiments.jobs import Job, do_job, job_file, plan_jobs, study_records, write_job_list
from geosae.figures.paper import absorption, splitting
from geosae.figures.save import save
from geosae.storage.files import read_json, write_json
from geosae.studies.registry import STUDIES, all_studies, answers_of

ROOT = Path(__file__).parents[1]
PAGE, IMAGES = ROOT / "docs" / "measured" / "absorption_study.md", ROOT / "docs" / "images"
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
name = "absorption"
[[studies]]
name = "splitting"
"""


def cpu_file(folder: Path, job: Job) -> Path:
    """Return where a job's processor time lies."""
    return job_file(folder, job).with_suffix(".cpu.json")


def done(folder: Path, job: Job) -> None:
    """Do a job whose result is not there yet."""
    if not cpu_file(folder, job).exists():
        start = time.process_time()
        reason = do_job(str(folder), job, make_world, all_studies)
        if reason is not None:
            raise RuntimeError(reason)
        write_json(cpu_file(folder, job), {"seconds": time.process_time() - start})


def main() -> None:
    """Run what is missing and write the page and its figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "absorption")
    options = parser.parse_args()
    folder: Path = options.folder
    plan = parse_plan(f"seeds = {options.seeds}\n{PLAN}", "absorption")
    jobs = sorted(plan_jobs(plan, STUDIES), key=lambda job: job.settings.seed)
    for job in jobs:
        done(folder, job)
    write_job_list(folder, jobs)
    results = Results(folder, plan, (), {}, (), Summary(()), study_records(folder, plan))
    seconds: dict[str, float] = {}
    for job in jobs:
        spent = float(read_json(cpu_file(folder, job))["seconds"])
        seconds[job.study] = seconds.get(job.study, 0) + spent
    lines = [
        "# Absorption and splitting, measured",
        "",
        "    OMP_NUM_THREADS=1 python -P benchmarks/absorption_study.py",
        "",
        f"{date.today():%-d %B %Y}, {os.cpu_count()} cores, Python {platform.python_version()}. "
        f"{len(jobs):,} jobs, {options.seeds} seeds, {sum(seconds.values()):,.0f} seconds of one core: "
        + ", ".join(f"{study} {value:,.0f}" for study, value in sorted(seconds.items()))
        + ". The words are those of [the experiments](../paper.md); statements P1, P2, P3, P9 and P10 are in "
        "[the theory's index](../generated/statements/index.md).",
        "",
        *TEXT,
        "",
        "| id | prediction | observation | verdict |",
        "|---|---|---|---|",
    ]
    for answer in (answer for of_study in answers_of(results).values() for answer in of_study):
        cells = (answer.id, answer.prediction, answer.observation, answer.verdict)
        lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    for sheet in (s for family in (absorption, splitting) for s in family.sheets(results)):
        save(sheet.figure, IMAGES / sheet.name, ("png",))
        lines += [
            "",
            f"![{sheet.alt}](../images/{sheet.name}.png)",
            "",
            f"**{sheet.title}.** {sheet.caption}",
        ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


TEXT = [
    "What was found, each with what it rests on:",
    "",
    "- *ReLU's absorption by position is the work of training.* Edge minus inside is 0.84 in trained "
    "SAEs, 0.06 in untrained ones (first run, between two worlds: .67 against .00; here so again 0.72 "
    "against 0.00). Four of five λ are apart after correction. It rests on one SAE asked about both "
    "children, and on untrained SAEs of the same draws.",
    "- *Top-K's is not.* The first run reported .48 as predicted; untrained SAEs had .59. Now 0.19 "
    "against 0.32 in one SAE (0.39 against 0.41 between two worlds), trained minus untrained nowhere "
    "above 0: undecided. What Top-K does with a hierarchy (K = 2, 3: about +0.2) does not outlast "
    "correction for 52 comparisons either. BatchTopK, JumpReLU and Gated were tried at one setting "
    "each and are undecided.",
    "- *Under L1 total absorption is optimal at every λ > 0 where magnitudes do not vary* (P9: the "
    "dictionary {p, p + c} attains the bound). Trained SAEs do not follow: at λ = 0.01 and 0.03 the "
    "parent's neuron is silent on at most a tenth of the child, at 0.2 and 0.3 on three quarters; "
    "beyond, neurons die. That small penalties show no absorption is a fact about training, not about "
    "the optimum. At λ → 0 every pattern that reconstructs is optimal (P10).",
    "- *Variance of magnitudes lowers the optimum itself*: at coefficients of variation 0.2 and 0.4 "
    "the best two atoms are silent on little of the child, and trained SAEs lie within 0.13 of that "
    "up to λ = 0.3. The suppression seen in toy data is what L1 asks for.",
    "- *No connected concept was split cleanly*, by trained or untrained SAEs, and no two balls "
    "nearer than the sample resolves (P1). From the margin on at which half-spaces of the parts count "
    "as clean, trained SAEs split some, untrained SAEs and frozen decoders as many: clean splits are "
    "geometry, not training. The first run compared four balls with one ball and had no untrained "
    "SAEs in that comparison.",
    "",
    "What it does not show: SAEs of 8 to 32 neurons in 6 to 16 dimensions, trained for 400 to 800 "
    "steps; whether longer training reaches the optimum at small λ; the best two atoms where "
    "magnitudes vary are found by search over angles and hold for b_dec = 0 and pairs in orthogonal "
    "planes, no certificate; parents with one child each in the second part; two balls, so that "
    "pieces are easily found among random half-spaces. Untrained ReLU SAEs stand once for all λ, "
    "since they have met none. The measure takes the one neuron that best tells the parent's other "
    "points apart; where a parent has several neurons it describes one of them.",
]

if __name__ == "__main__":
    main()
