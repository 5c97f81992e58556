"""The jobs of a plan's studies: listed, done in a worker, stored one file per job, read back.

Which studies there are is not decided here: whoever runs a plan hands in their registry, and each of them is
seen through the protocol `StudyJobs`. What a job is set to and what it finds are frozen dataclasses of the
study; here they are only written, read and named.
"""

import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae.errors import CannotWrite, InvalidInput
from geosae.experiments.cell import FORMAT, short_hash
from geosae.experiments.plan import Plan, StudyEntry
from geosae.sae.device import Device
from geosae.sae.training.numba import installed
from geosae.sae.training.spec import has_mkl
from geosae.storage.files import write_json
from geosae.storage.structure import from_table, read_plain_record, read_record, to_json, write_record
from geosae.validation import refuse_unknown

S = TypeVar("S", covariant=True)
R = TypeVar("R", covariant=True)
MakeWorld = Callable[[str, Mapping[str, Any], np.random.Generator], ConceptDataset]


@dataclass(frozen=True)
class StudyWorld:
    """A world of the plan, for studies that look at the plan's own worlds."""

    label: str
    source: str
    params: Mapping[str, Any]
    data_seed: int | None


@dataclass(frozen=True)
class Job:
    """One job of a study: `settings` is a frozen dataclass of the study, its seed included.

    Its SAEs are trained on `device`, where `numba` is installed or not and torch has `mkl` or not: their
    kernels depend on it.
    """

    study: str
    settings: Any
    device: Device = "cpu"
    numba: bool = field(default_factory=installed)
    mkl: bool = field(default_factory=has_mkl)

    @property
    def key(self) -> str:
        """Return 16 hexadecimal digits that name the job; equal jobs have equal keys on every machine."""
        entries = {
            "format": FORMAT,
            "study": self.study,
            "settings": to_json(self.settings),
            "numba": self.numba,
            "mkl": self.mkl,
        }
        # As for cells: another device is another job.
        return short_hash(entries if self.device == "cpu" else {**entries, "device": self.device})


@dataclass(frozen=True)
class StudyRecord(Generic[S, R]):
    """What a finished job leaves: what it was set to, and what it found."""

    settings: S
    result: R


@dataclass(frozen=True)
class JobError:
    """Why a job failed, as its error file holds it; the settings as they stand in JSON."""

    study: str
    settings: Any
    error: str
    traceback: str


@runtime_checkable
class StudyJobs(Protocol):
    """What a run asks of a study: its settings, its jobs, and how one of them is done."""

    @property
    def name(self) -> str:
        """How plans name the study."""
        ...

    @property
    def grid(self) -> type[Any]:
        """The frozen dataclass of what a plan may change, each with a default.

        A study that looks at the plan's own worlds has a field `worlds: tuple[StudyWorld, ...]`.
        """
        ...

    @property
    def jobs(self) -> Callable[[Any, Sequence[int]], Iterable[Any]]:
        """From the grid's settings and the plan's seeds to the settings of each job."""
        ...

    @property
    def do(self) -> Callable[[Any, MakeWorld, Device], Any]:
        """From the settings of a job, and the device for its SAEs, to its result."""
        ...


# A top-level function that returns the registry: a study holds functions, which cannot all be sent.
Studies = Callable[[], Mapping[str, StudyJobs]]


def plan_jobs(plan: Plan, studies: Mapping[str, StudyJobs]) -> tuple[Job, ...]:
    """Return the jobs of all studies of a plan, study by study.

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
    return tuple(
        job
        for entry in plan.studies
        for job in jobs_of(studies[entry.name], entry, plan.seeds, worlds, plan.device)
    )


def jobs_of(
    study: StudyJobs,
    entry: StudyEntry,
    seeds: Sequence[int],
    worlds: Sequence[Mapping[str, Any]] = (),
    device: Device = "cpu",
) -> tuple[Job, ...]:
    """Return the jobs of a study as a plan asks for it, each once; `worlds` are the plan's own.

    Raises
    ------
    InvalidInput
        If the plan changes a setting that the study does not have, or to another type.
    """
    looks_at_worlds = "worlds" in study.grid.__dataclass_fields__
    table = {**({"worlds": list(worlds)} if looks_at_worlds and worlds else {}), **entry.settings}
    grid = from_table(study.grid, table, f"the study {study.name!r}")
    jobs = [Job(study.name, settings, device) for settings in study.jobs(grid, entry.seeds or seeds)]
    return tuple({job.key: job for job in jobs}.values())


def job_file(folder: Path, job: Job) -> Path:
    """Return where the result of a job lies."""
    return _file(folder, job.study, job.key)


def _file(folder: Path, study: str, key: str) -> Path:
    return folder / "studies" / study / f"{key}.json"


def _index(folder: Path) -> Path:
    return folder / "studies" / "jobs.json"


def write_job_list(folder: Path, jobs: Sequence[Job]) -> None:
    """Write which jobs belong to the plan of a run, study by study, in its order."""
    by_study: dict[str, list[str]] = {}
    for job in jobs:
        by_study.setdefault(job.study, []).append(job.key)
    if by_study:
        write_record(_index(folder), by_study)


def _job_keys(folder: Path, plan: Plan) -> dict[str, tuple[str, ...]]:
    """Return the keys of a plan's jobs, study by study."""
    keys = read_record(_index(folder), dict[str, tuple[str, ...]]) if plan.studies else {}
    return {entry.name: keys.get(entry.name, ()) for entry in plan.studies}


def do_job(folder: str, job: Job, make_world: MakeWorld, studies: Studies) -> str | None:
    """Do one job and store its result; return None, or why it failed (recorded beside it)."""
    path = job_file(Path(folder), job)
    start = time.perf_counter()
    try:
        for name, needed, here in (("numba", job.numba, installed()), ("torch's MKL", job.mkl, has_mkl())):
            if needed != here:
                raise InvalidInput(
                    f"the job is one of a run {'with' if needed else 'without'} {name}, unlike this machine",
                    causes=f"an executor one of whose machines has {name} and another has not",
                    remedy="install the same packages on all of them (pip install 'geosae[fast]')",
                )
        result = studies()[job.study].do(job.settings, make_world, job.device)
        seconds = round(time.perf_counter() - start, 4)
        write_json(path.with_suffix(".timing.json"), {"seconds": seconds})
        path.with_suffix(".error.json").unlink(missing_ok=True)
        # Last of all: where it lies, the job is done.
        write_record(path, StudyRecord(job.settings, result))
    except CannotWrite:
        raise
    except Exception as error:  # one job that fails must not lose the others
        reason = f"{type(error).__name__}: {error}"
        fail(Path(folder), job, reason, traceback.format_exc())
        return reason
    return None


def fail(folder: Path, job: Job, reason: str, trace: str = "") -> None:
    """Record by its settings that a job failed."""
    error = JobError(job.study, to_json(job.settings), reason, trace)
    write_record(job_file(folder, job).with_suffix(".error.json"), error)


def study_records(folder: Path, plan: Plan) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """Return the finished records of each study of a plan as they stand in JSON, in the order of its jobs."""
    return {
        study: tuple(read_plain_record(path) for key in keys if (path := _file(folder, study, key)).is_file())
        for study, keys in _job_keys(folder, plan).items()
    }


def study_failures(folder: Path, plan: Plan) -> dict[str, str]:
    """Return why jobs of a plan failed, by study and settings."""
    failures: dict[str, str] = {}
    for study, keys in _job_keys(folder, plan).items():
        for path in (_file(folder, study, key) for key in keys):
            if not path.is_file() and path.with_suffix(".error.json").is_file():
                error = read_record(path.with_suffix(".error.json"), JobError)
                failures[f"{study} {error.settings}"] = error.error
    return failures
