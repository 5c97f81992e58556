"""The jobs of a plan's studies: listed, done in a worker, stored one file per job, read back.

Which studies there are is not decided here: whoever runs a plan hands in their registry, and each of them is
seen through the protocol `StudyJobs`.
"""

import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from threadpoolctl import threadpool_limits

from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.experiments.cell import FORMAT, short_hash
from geosae.experiments.plan import Plan, StudyEntry
from geosae.storage.files import read_json, write_json
from geosae.validation import refuse_unknown

Settings = Mapping[str, Any]
Record = Mapping[str, Any]
"""What a job leaves: {"study", "settings", "result"}."""
MakeWorld = Callable[[str, Mapping[str, Any], np.random.Generator], ConceptDataset]


@dataclass(frozen=True)
class Job:
    """One job of a study."""

    study: str
    settings: Settings

    @property
    def key(self) -> str:
        """Return 16 hexadecimal digits that name the job; equal jobs have equal keys on every machine."""
        return short_hash({"format": FORMAT, "study": self.study, "settings": self.settings})


@runtime_checkable
class StudyJobs(Protocol):
    """What a run asks of a study: its settings, its jobs, and how one of them is done."""

    @property
    def name(self) -> str:
        """How plans name the study."""
        ...

    @property
    def defaults(self) -> Settings:
        """The settings that a plan may change, with their types."""
        ...

    @property
    def jobs(self) -> Callable[[Settings, Sequence[int]], Iterable[Settings]]:
        """From these settings and the plan's seeds to the settings of each job."""
        ...

    @property
    def do(self) -> Callable[[Settings, MakeWorld], dict[str, Any]]:
        """From the settings of a job to its result, ready for JSON."""
        ...


# A top-level function that returns the registry: a study holds functions, which cannot all be sent.
Studies = Callable[[], Mapping[str, StudyJobs]]


def plan_jobs(plan: Plan, studies: Mapping[str, StudyJobs]) -> tuple[Job, ...]:
    """Return the jobs of all studies of a plan, study by study.

    A study that looks at the plan's own worlds finds them in its setting "worlds".

    Raises
    ------
    InvalidInput
        If the plan names a study, or a setting of one, that does not exist.
    """
    if plan.studies and not studies:
        raise InvalidInput(
            f"the plan has {len(plan.studies)} studies, and none were handed in",
            remedy="pass studies=geosae.studies.all_studies to run, or leave [[studies]] out of the plan",
        )
    refuse_unknown([entry.name for entry in plan.studies], studies, "the plan", "study")
    worlds = [
        {"label": w.label, "source": w.source, "params": dict(w.params), "data_seed": w.data_seed}
        for w in plan.worlds
    ]
    jobs: list[Job] = []
    for entry in plan.studies:
        study = studies[entry.name]
        given = {"worlds": worlds} if "worlds" in study.defaults and "worlds" not in entry.settings else {}
        jobs += jobs_of(study, entry, plan.seeds, given)
    return tuple(jobs)


def jobs_of(
    study: StudyJobs, entry: StudyEntry, seeds: Sequence[int], given: Settings | None = None
) -> tuple[Job, ...]:
    """Return the jobs of a study as a plan asks for it, each once; `given` takes the place of defaults.

    Raises
    ------
    InvalidInput
        If the plan changes a setting that the study does not have, or to another type.
    """
    refuse_unknown(entry.settings, study.defaults, f"the study {study.name!r}", "setting")
    for key, value in entry.settings.items():
        wanted = type(study.defaults[key])
        fits = isinstance(value, int | float) if wanted is float else isinstance(value, wanted | tuple)
        if not fits:
            raise InvalidInput(f"the study {study.name!r}: {key} is {value!r}; a {wanted.__name__} is needed")
    settings = {**study.defaults, **(given or {}), **entry.settings}
    jobs = [Job(study.name, s) for s in study.jobs(settings, entry.seeds or seeds)]
    return tuple({job.key: job for job in jobs}.values())


def job_file(folder: Path, job: Job) -> Path:
    """Return where the result of a job lies."""
    return _file(folder, job.study, job.key)


def _file(folder: Path, study: str, key: str) -> Path:
    return folder / "studies" / study / f"{key}.json"


def _index(folder: Path) -> Path:
    return folder / "studies" / "jobs.json"


def write_job_list(folder: Path, jobs: Sequence[Job]) -> None:
    """Write which jobs belong to the plan of a run, in its order: what reads the run needs no registry."""
    by_study: dict[str, list[str]] = {}
    for job in jobs:
        by_study.setdefault(job.study, []).append(job.key)
    if by_study:
        write_json(_index(folder), by_study)


def _job_keys(folder: Path, plan: Plan) -> dict[str, list[str]]:
    """Return the keys of a plan's jobs, study by study."""
    stored: Mapping[str, list[str]] = read_json(_index(folder)) if plan.studies else {}
    return {entry.name: list(stored.get(entry.name, ())) for entry in plan.studies}


def do_job(
    folder: str, study: str, settings: Settings, make_world: MakeWorld, studies: Studies
) -> str | None:
    """Do one job and store its result; return None, or why it failed (recorded beside it)."""
    job = Job(study, settings)
    path = job_file(Path(folder), job)
    start = time.perf_counter()
    try:
        with threadpool_limits(1):
            result = studies()[study].do(settings, make_world)
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


def study_records(folder: Path, plan: Plan) -> dict[str, tuple[Record, ...]]:
    """Return the finished records of each study of a plan, in the order of its jobs."""
    return {
        study: tuple(read_json(path) for key in keys if (path := _file(folder, study, key)).is_file())
        for study, keys in _job_keys(folder, plan).items()
    }


def study_failures(folder: Path, plan: Plan) -> dict[str, str]:
    """Return why jobs of a plan failed, by study and settings."""
    failures: dict[str, str] = {}
    for study, keys in _job_keys(folder, plan).items():
        for path in (_file(folder, study, key) for key in keys):
            error = path.with_suffix(".error.json")
            if not path.is_file() and error.is_file():
                entries: Mapping[str, Any] = read_json(error)
                failures[f"{study} {dict(entries['settings'])}"] = str(entries["error"])
    return failures
