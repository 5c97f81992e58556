"""The studies of capacity and of the phase diagram by themselves; writes docs/measured/capacity_study.md.

    OMP_NUM_THREADS=1 python -P benchmarks/capacity_study.py [--seeds 5] [--folder runs/capacity]

The studies' own grids, one job after the other; jobs that the folder has are not done again, and with
--page-only none is done: the page is made of what is stored. Its prose is in capacity_study.txt. `geosae run
paper` has the same jobs.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from types import ModuleType

from geosae.cli.sources import make_world
from geosae.experiments import Results, Summary, parse_plan
from geosae.experiments.jobs import Job, do_job, job_file, plan_jobs, study_records, write_job_list
from geosae.figures.paper import capacity, capacity_depth, capacity_dimension, phase, phase_width
from geosae.figures.save import save
from geosae.storage.files import read_json, write_json
from geosae.studies.capacity_answers import units_of
from geosae.studies.capacity_records import Cells, cells_of, main_dimension, some
from geosae.studies.certified_counts import Arm, Certified
from geosae.studies.numbers import mean_over_seeds
from geosae.studies.phase_records import Cells as PhaseCells
from geosae.studies.phase_records import cells_of as cells_of_phase
from geosae.studies.phase_records import some as some_phase
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
    capacity_cells = cells_of(STUDIES["capacity"].records(results.studies["capacity"]))
    counted, chains = (some(capacity_cells, part=part) for part in ("count", "chain"))
    phase_records = STUDIES["phase"].records(results.studies["phase"])
    numbers = {
        **_run(results, folder, jobs),
        **_concepts(counted),
        **_levels(chains),
        **_features(cells_of_phase(phase_records)),
        "table": "\n".join(_table(counted)),
        "capacity_sheets": "\n".join(_sheets(results, (capacity, capacity_dimension, capacity_depth))),
        "phase_sheets": "\n".join(_sheets(results, (phase, phase_width))),
        "answers": "\n".join(_answers(results)),
        **_verdicts(results),
    }
    template = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    PAGE.write_text(template.format(**numbers), encoding="utf-8")


def _run(results: Results, folder: Path, jobs: Sequence[Job]) -> dict[str, str]:
    seconds: dict[str, float] = {}
    for job in jobs:
        timing = job_file(folder, job).with_suffix(".cpu.json")
        if timing.exists():
            seconds[job.study] = seconds.get(job.study, 0) + float(read_json(timing)["seconds"])
    return {
        "today": f"{date.today():%-d %B %Y}",
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "jobs": str(len(jobs)),
        "seeds": str(len(results.plan.seeds)),
        "minutes": " and ".join(f"{v / 60:.1f} (`{study}`)" for study, v in sorted(seconds.items())),
    }


def _sheets(results: Results, families: Sequence[ModuleType]) -> list[str]:
    lines: list[str] = []
    for sheet in (sheet for family in families for sheet in family.sheets(results)):
        save(sheet.figure, IMAGES / sheet.name, ("png",))
        lines += [
            f"![{sheet.alt}](../images/{sheet.name}.png)",
            "",
            f"**{sheet.title}.** {sheet.caption}",
            "",
        ]
    return lines


def _answers(results: Results) -> list[str]:
    answers = answers_of(results)
    rows = [
        (study, a.id, a.prediction, a.observation, a.verdict)
        for study in ("capacity", "phase")
        for a in answers[study]
    ]
    return ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in rows]


def _verdicts(results: Results) -> dict[str, str]:
    words = {
        "fall": "crowd one another out",
        "over": "carry more concepts than they have neurons",
        "few_untrained": "p = d concepts than in untrained",
        "few_frozen": "p = d concepts than in SAEs with frozen",
    }
    answers = answers_of(results)["capacity"]
    return {name: next(a.verdict for a in answers if part in a.prediction) for name, part in words.items()}


def _mean(cells: Cells, value: Callable[[Certified], float | int] = units_of, **settings: object) -> str:
    return str(mean_over_seeds(some(cells, **settings), value))


def _concepts(counted: Cells) -> dict[str, str]:
    at = {k: some(counted, n=12, p=40, k=k) for k in (3, 4)}
    few = {k: some(counted, n=12, p=8, k=k) for k in (2, 3, 4)}
    flat = some(counted, n=4, p=40, k=4)
    middle = [c for c in some(counted, n=12, arm="trained") if 24 <= c.settings.p <= 60]
    shared = [c for c in some(counted, arm="trained") if c.settings.k > 1]
    letters = dict(zip("tufp", ARMS, strict=True))
    return {
        **{f"{letter}{k}": _mean(at[k], arm=arm) for letter, arm in letters.items() for k in (3, 4)},
        "r2": _mean(counted, n=12, p=16, k=2, arm="trained"),
        **{f"r{k}b": _mean(counted, n=12, p=120, k=k, arm="trained") for k in (2, 3, 4)},
        **{f"w{k}": _mean(counted, lambda r: r.within, n=12, p=60, k=k, arm="planted") for k in (3, 4)},
        **{f"x{p}": _mean(counted, lambda r: r.within, n=12, p=p, k=4, arm="trained") for p in (40, 120)},
        "half": f"{max(c.result.within / c.settings.sets for c in shared):.2f}",
        "one4": _mean(at[4], lambda r: r.neurons, arm="trained"),
        "pat4": _mean(at[4], lambda r: r.patterns, arm="trained"),
        **{f"over{k}": _mean(middle, lambda r: r.units - 8, k=k) for k in (2, 3, 4)},
        "few": "; ".join(f"K = {k}: {_four(cells)}" for k, cells in few.items()),
        "fvu_u": _mean(few[4], lambda r: r.fvu, arm="untrained"),
        "fvu_t": _mean(few[4], lambda r: r.fvu, arm="trained"),
        "fvu4": f"{mean_over_seeds(some(flat, arm='trained'), lambda r: r.fvu).mean:.4f}",
        "flat": _mean(flat, arm="trained"),
        "flat_u": _mean(flat, arm="untrained"),
    }


def _four(cells: Cells) -> str:
    return " / ".join(f"{mean_over_seeds(some(cells, arm=arm), units_of).mean:.1f}" for arm in ARMS)


def _levels(chains: Cells) -> dict[str, str]:
    arms: dict[str, Arm] = {"c": "trained", "d": "frozen_decoder", "e": "untrained"}
    return {
        f"{letter}{k}": _mean(chains, arm=arm, k=k) for letter, arm in arms.items() for k in (1, 4, 8, 16)
    }


def _features(cells: PhaseCells) -> dict[str, str]:
    def share(arm: Arm, k: int, p: int = 32) -> str:
        gate = "relu" if arm == "supervised" else "batchtopk"
        return str(
            mean_over_seeds(
                some_phase(cells, n=16, p=p, k=k, width=p, gate=gate, arm=arm), lambda r: r.neurons
            )
        )

    whole = some_phase(cells, n=16, k=16, gate="batchtopk", arm="trained")
    return {
        **{f"s{k}": share("trained", k) for k in (2, 3, 4)},
        "u2": share("untrained", 2),
        "s64": share("trained", 2, 64),
        "h64": share("supervised", 2, 64),
        "fvu_id": f"{max(c.result.fvu for c in whole):.4f}",
    }


def _table(counted: Cells) -> list[str]:
    axis = some(counted, n=main_dimension(counted))
    ks = sorted({c.settings.k for c in axis})
    ceilings = [some(axis, k=k)[0].settings.sets for k in ks]
    heads = [f"K = {k} (at most {most})" for k, most in zip(ks, ceilings, strict=True)]
    lines = ["| p | " + " | ".join(heads) + " |", "|---" * (len(ks) + 1) + "|"]
    for p in sorted({c.settings.p for c in axis}):
        row: list[str] = []
        for k in ks:
            trained = some(axis, p=p, k=k, arm="trained")
            seen = mean_over_seeds(trained, lambda r: r.patterns).mean
            strict = mean_over_seeds(trained, lambda r: r.strict).mean
            row.append(f"{_four(some(axis, p=p, k=k))} ({seen:.0f}; {strict:.1f})")
        lines.append(f"| {p} | " + " | ".join(row) + " |")
    return lines


if __name__ == "__main__":
    main()
