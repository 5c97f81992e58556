"""The study of linear features by itself, with its figure; writes docs/measured/linear_features.md.

    OMP_NUM_THREADS=1 python -P benchmarks/linear_features.py [--size full --device cuda]

The study's own grid, one job after the other; jobs that the folder has are not done again. `geosae run
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
from geosae.figures.paper import linear_features
from geosae.figures.save import save
from geosae.storage.files import read_json, write_json
from geosae.studies.registry import STUDIES, all_studies, answers_of

ROOT = Path(__file__).parents[1]
PAGE, IMAGES = ROOT / "docs" / "measured" / "linear_features.md", ROOT / "docs" / "images"
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
name = "linear-features"
"""


FULL = """
features = 16384
dim = 768
roots = 128
width = 4096
gates = {relu = [0.1], batchtopk = [25], matryoshka = [25]}
batch = 1024
steps = 195313
points = 65536
"""
"""The published size, with 200 million samples: for a GPU."""


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
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "linear")
    parser.add_argument("--size", choices=("small", "full"), default="small")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    folder: Path = options.folder
    size = FULL if options.size == "full" else ""
    plan = parse_plan(
        f'seeds = {options.seeds}\ndevice = "{options.device}"\n{PLAN}{size}', "linear-features"
    )
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
        "# Many linear features, measured",
        "",
        "    OMP_NUM_THREADS=1 python -P benchmarks/linear_features.py",
        "",
        f"{date.today():%-d %B %Y}, {os.cpu_count()} cores, Python {platform.python_version()}. "
        f"{len(jobs):,} jobs, {options.seeds} seeds, {sum(seconds.values()):,.0f} seconds of one core: "
        + ", ".join(f"{study} {value:,.0f}" for study, value in sorted(seconds.items()))
        + ". The words are those of [the experiments](../paper.md); statements E4 and E5 are in "
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
    for sheet in (s for family in (linear_features,) for s in family.sheets(results)):
        save(sheet.figure, IMAGES / sheet.name, ("png",))
        lines += [
            "",
            f"![{sheet.alt}](../images/{sheet.name}.png)",
            "",
            f"**{sheet.title}.** {sheet.caption}",
        ]
    if options.size == "full":
        print("\n".join(lines))
        return
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


TEXT = [
    "SynthSAEBench's law at a size for a processor: 1,024 features, 192 dimensions, 256 latents, K = "
    "6, 76,800 points seen once (published: 16,384, 768, 4,096, 25, and 200 million). What is kept is "
    "the ratio of active features to dimensions (0.04), of latents to features (1/4) and of K to "
    "active features. An earlier try with 2,048 features in 96 dimensions kept none of it: there even "
    "the true directions, each with its best threshold, separated 1 of 351 testable features within "
    "0.1.",
    "",
    "What was found, each with what it rests on:",
    "",
    "- *How far ours are*: F1 0.46 and MCC 0.53 with Matryoshka, 0.42 and 0.53 with BatchTopK, 0.46 "
    "and 0.59 with ReLU, against published 0.88 and 0.79, 0.73 and 0.76, 0.56 for L1; and F1 0.97 "
    "since, with a LISTA-like encoder, Matryoshka, a falling K and a tilted loss, of which geosae has "
    "Matryoshka alone. It is no comparison of methods: ours saw 1/2,600 of the points, at another "
    "size.",
    "- *The recovery is the work of training*: untrained SAEs and frozen decoders have F1 0.01 to "
    "0.03 and MCC 0.24, and explain 0.17 to 0.39 of the variance.",
    "- *A recovered direction is not a learned set.* No ReLU or BatchTopK SAE separates one feature "
    "within 0.1 with one neuron; Matryoshka 0.01 of them; half-spaces along the true directions with "
    "the thresholds that labels teach separate 0.37 of those that can be certified and 0.93 of all "
    "within 0.5, where SAEs reach 0.03 to 0.09 (256 latents can have at most 0.25). It rests on "
    "neurons chosen on other points than they are judged on, on counts that hold at once (E4, Holm), "
    "and on shuffled labels, which give 0.",
    "- Matryoshka before BatchTopK, as published, is undecided here (F1 +0.04 over 5 seeds).",
    "",
    "What it does not show: anything at the published size, which was not run here: there was no GPU. "
    "`python -P benchmarks/linear_features.py --size full --device cuda` is that run, unmeasured. "
    "Whether longer training brings the sets as it brings F1; one penalty and one K, chosen "
    "beforehand; the true directions are no ceiling, a half-space may be better turned. Only features "
    "with about a hundred test points can be certified at all (E5).",
]

if __name__ == "__main__":
    main()
