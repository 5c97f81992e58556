"""The jobs of a plan's studies: listed, done in a worker, stored one file per job, read back."""

import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from geosae.data.files import read_json, write_json
from geosae.data.records import refuse_unknown
from geosae.experiments.studies.registry import STUDIES
from geosae.experiments.studies.study import Answer, Job, MakeWorld, Record, Settings, jobs_of

if TYPE_CHECKING:
    from geosae.experiments.plan import Plan


def plan_jobs(plan: "Plan") -> tuple[Job, ...]:
    """Return the jobs of all studies of a plan, study by study.

    A study that looks at the plan's own worlds finds them in its setting "worlds".

    Raises
    ------
    InvalidInput
        If the plan names a study, or a setting of one, that does not exist.
    """
    refuse_unknown([entry.name for entry in plan.studies], STUDIES, "the plan", "study")
    worlds = [
        {"label": w.label, "source": w.source, "params": dict(w.params), "data_seed": w.data_seed}
        for w in plan.worlds
    ]
    found: list[Job] = []
    for entry in plan.studies:
        study = STUDIES[entry.name]
        told = {"worlds": worlds} if "worlds" in study.defaults and "worlds" not in entry.settings else {}
        found += jobs_of(study, entry, plan.seeds, told)
    return tuple(found)


def job_file(folder: Path, job: Job) -> Path:
    """Return where the result of a job lies."""
    return folder / "studies" / job.study / f"{job.key}.json"


def do_job(folder: str, study: str, settings: Settings, make_world: MakeWorld) -> str | None:
    """Do one job and store its result; return None, or why it failed (recorded beside it)."""
    job = Job(study, settings)
    path = job_file(Path(folder), job)
    start = time.perf_counter()
    try:
        with threadpool_limits(1):
            result = STUDIES[study].do(settings, make_world)
        write_json(path, {"study": study, "settings": dict(settings), "result": result})
        seconds = round(time.perf_counter() - start, 4)
        write_json(path.with_suffix(".timing.json"), {"seconds": seconds})
        path.with_suffix(".error.json").unlink(missing_ok=True)
    except Exception as error:  # one job that fails must not lose the others
        reason = f"{type(error).__name__}: {error}"
        fail(Path(folder), job, reason, traceback.format_exc())
        return reason
    return None


def fail(folder: Path, job: Job, reason: str, trace: str = "") -> None:
    """Record by its settings that a job failed."""
    entries = {"study": job.study, "settings": dict(job.settings), "error": reason, "traceback": trace}
    write_json(job_file(folder, job).with_suffix(".error.json"), entries)


def study_records(folder: Path, plan: "Plan") -> dict[str, tuple[Record, ...]]:
    """Return the finished records of each study of a plan, in the order of its jobs."""
    found: dict[str, list[Record]] = {entry.name: [] for entry in plan.studies}
    for job in plan_jobs(plan):
        path = job_file(folder, job)
        if path.is_file():
            found[job.study].append(read_json(path))
    return {name: tuple(records) for name, records in found.items()}


def study_failures(folder: Path, plan: "Plan") -> dict[str, str]:
    """Return why jobs of a plan failed, by study and settings."""
    found: dict[str, str] = {}
    for job in plan_jobs(plan):
        path = job_file(folder, job)
        wrong = path.with_suffix(".error.json")
        if not path.is_file() and wrong.is_file():
            entries: Mapping[str, Any] = read_json(wrong)
            found[f"{job.study} {dict(job.settings)}"] = str(entries["error"])
    return found


def answers_of(records: Mapping[str, tuple[Record, ...]]) -> dict[str, list[Answer]]:
    """Return what each study answers, from its stored numbers."""
    return {name: STUDIES[name].answers(found) if found else [] for name, found in records.items()}
