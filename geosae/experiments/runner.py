"""Run a plan: data sets, then cells and theorem checks, then the summary; begin again where it stopped."""

import os
import platform
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from geosae._version import __version__
from geosae.errors import CannotWrite, InvalidInput
from geosae.experiments.cell import FORMAT, Cell
from geosae.experiments.jobs import Job, Studies, do_job, fail, job_file, plan_jobs, write_job_list
from geosae.experiments.plan import Plan, WorldEntry
from geosae.experiments.results import Results, load_results
from geosae.experiments.store import RunCard, Store
from geosae.experiments.summary import summarise
from geosae.experiments.theorem_checks import Claims, check_ids, check_key, do_check, fail_check, gather
from geosae.experiments.worker import HEAVY, MakeWorld, can_be_had, do_cell, ensure_dataset
from geosae.notebook import short_repr
from geosae.parallel import Task, run_tasks, using_threads
from geosae.sae.device import gpu_name, resolve_device
from geosae.sae.training.numba import installed
from geosae.sae.training.spec import has_mkl
from geosae.storage.arguments import checked_arguments
from geosae.storage.files import check_content, file_hash
from geosae.storage.structure import write_record
from geosae.validation import COUNT

NUMERICAL = ("numpy", "scipy", "torch", "scikit-learn", "python-flint")
"""The packages whose releases can change numbers; run.json names those of the run."""


@dataclass(frozen=True)
class Outline:
    """What a run has to do and what it found done: shown before it begins.

    `foreign` are finished cells of other plans; `absent` are cells of this one that cannot be had, because
    no half-spaces are known to be true of their world; `jobs` are those of the plan's studies.
    """

    cells: int
    finished: int
    checks: int
    checked: int
    foreign: int
    absent: int = 0
    jobs: int = 0
    jobs_done: int = 0

    __repr__ = short_repr


@checked_arguments(workers=COUNT)
def run(
    plan: Plan,
    out: str | Path,
    *,
    make_world: MakeWorld,
    claims: Claims | None = None,
    studies: Studies | None = None,
    executor: Executor | None = None,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
    outline: Callable[[Outline], None] | None = None,
) -> Results:
    """Run a plan into a folder, or go on with it: what is finished there is never computed again.

    Parameters
    ----------
    plan
        The grid.
    out
        The folder; cells that an earlier plan left there are used where they are the same.
    make_world
        A top-level function (name, params, rng) → ConceptDataset, sent to the workers.
    claims
        A top-level function that returns the registry of claims; None leaves the checks out.
    studies
        A top-level function that returns the registry of studies (`geosae.studies.registry.all_studies`), for
        plans that have some.
    executor
        Where the tasks go, for example to a cluster that shares the file system; it is not shut down. A task
        whose worker died is tried again there. By default a pool of `workers` local processes. Either way
        each task uses one thread.
    workers
        Processes of the default executor.
    progress, outline
        Called with (done, total), and once with what is to be done.

    Raises
    ------
    InvalidInput
        If the plan's device is not there, a world cannot be made as the plan says, a claim is unknown, the
        folder is another's, in use or removed meanwhile, or every cell failed.
    CannotWrite
        If the disk is full or became read-only: nothing more is computed; what is finished is kept.

    Notes
    -----
    result.json, verdicts.json and summary.json are the same bytes however often the run was killed; what
    depends on the clock lies in timing.json and run.json.
    """
    store = Store(Path(out))
    device = resolve_device(plan.device)
    plan = _with_contents(replace(plan, device="cuda" if device.type == "cuda" else "cpu"))
    cells = plan.cells()
    ids = check_ids(plan.checks, claims)
    jobs = plan_jobs(plan, {} if studies is None else studies())
    preload = _modules(make_world, claims, studies)
    # One thread here too: sums in the data sets then do not depend on how many cores the machine has.
    with store.lock(), using_threads(1):
        begun = time.time()
        _make_datasets(store, cells, make_world)
        in_plan, cells = len(cells), [cell for cell in cells if can_be_had(store, cell)]
        card = RunCard(
            plan.key,
            len(cells),
            len(ids),
            len(jobs),
            _machine(gpu_name(device)),
            status="running",
            device=plan.device,
        )
        # The plan comes last: where it lies, the folder is that of a run and can be read.
        write_job_list(store.folder, jobs)
        store.write_card(card)
        store.write_plan(plan)
        todo = [cell for cell in cells if not store.finished(cell)]
        open_checks = [i for i in ids if not store.check(check_key(i, plan.checks)).is_file()]
        open_jobs = [job for job in jobs if not job_file(store.folder, job).is_file()]
        if outline is not None:
            studied = {"jobs": len(jobs), "jobs_done": len(jobs) - len(open_jobs)}
            done = len(cells) - len(todo), len(ids), len(ids) - len(open_checks), store.foreign_cells(cells)
            outline(Outline(len(cells), *done, absent=in_plan - len(cells), **studied))
        tasks = [_check_task(store, i, plan, claims) for i in open_checks if claims is not None]
        tasks += [_job_task(store, job, make_world, studies) for job in open_jobs if studies is not None]
        tasks += [_cell_task(store, cell, make_world, claims) for cell in todo]
        try:
            if executor is not None:
                tasks = [_where_the_run_is(store, task) for task in tasks]
            run_tasks(tasks, executor, workers, preload, progress or _silent)
        except (KeyboardInterrupt, CannotWrite):
            # On a full disk there may be no room for this either; what was wrong first is what is told.
            with suppress(InvalidInput):
                store.write_card(replace(card, status="interrupted"))
            raise
        if not store.has_plan:
            raise InvalidInput(
                f"{store.folder} was removed, or lost its plan, while the run wrote into it",
                remedy="the same command goes on with what is there",
            )
        gather(store, ids, plan.checks)
        results = _summarised(store, cells)
        store.write_card(
            replace(
                card,
                status=_status(results),
                failures={**results.failures, **results.failed_checks},
                seconds=round(time.time() - begun, 2),
            )
        )
    return results


def _status(results: Results) -> Literal["finished", "failed cells", "failed checks"]:
    if results.failures:
        return "failed cells"
    return "failed checks" if results.failed_checks else "finished"


def _silent(done: int, total: int) -> None:
    """Report nothing."""


def _with_contents(plan: Plan) -> Plan:
    """Return the plan with the hash of every file that it names: the bytes decide the cells, not the path.

    A plan that names a hash already is one that a run wrote; the file, where it still is there, must have it.
    """
    return replace(plan, worlds=tuple(_with_content(world) for world in plan.worlds))


def _with_content(world: WorldEntry) -> WorldEntry:
    path = Path(str(world.params.get("path", "")))
    if world.source != "file" or "path" not in world.params:
        return world
    if "content" not in world.params:
        try:
            return replace(world, params={**world.params, "content": file_hash(path)})
        except InvalidInput as error:
            raise _cannot_be_made(world.label, error) from error
    if path.is_file():
        check_content(path, str(world.params["content"]))
    return world


def _cannot_be_made(label: str, error: InvalidInput) -> InvalidInput:
    return InvalidInput(f"the world {label!r} of the plan cannot be made: {error}")


def _make_datasets(store: Store, cells: Sequence[Cell], make_world: MakeWorld) -> None:
    """Make them before anything else, so that a wrong parameter is refused at once and not cell by cell."""
    for cell in {cell.data_key: cell for cell in cells}.values():
        try:
            ensure_dataset(store, cell, make_world)
        except InvalidInput as error:
            raise _cannot_be_made(cell.world, error) from error


def _cell_task(store: Store, cell: Cell, make_world: MakeWorld, claims: Claims | None) -> Task:
    return Task(
        call=do_cell,
        args=(str(store.folder.resolve()), cell, make_world, claims),
        begun=lambda: (store.cell(cell) / "cell.json").is_file() and not store.finished(cell),
        fail=lambda reason: store.write_error(cell, reason, ""),
    )


def _check_task(store: Store, claim_id: str, plan: Plan, claims: Claims) -> Task:
    return Task(
        call=do_check,
        args=(str(store.folder.resolve()), claim_id, plan.checks, claims),
        # A check leaves no trace before it is done: after a worker's death each open one is suspect.
        begun=lambda: not store.check(check_key(claim_id, plan.checks)).is_file(),
        fail=lambda reason: fail_check(store, claim_id, plan.checks, reason),
    )


def _job_task(store: Store, job: Job, make_world: MakeWorld, studies: Studies) -> Task:
    return Task(
        call=do_job,
        args=(str(store.folder.resolve()), job, make_world, studies),
        # A job leaves no trace before it is done: after a worker's death each open one is suspect.
        begun=lambda: not job_file(store.folder, job).is_file(),
        fail=lambda reason: fail(store.folder, job, reason),
    )


def _where_the_run_is(store: Store, task: Task) -> Task:
    """Return the task with a look, before it, whether its worker sees this folder and has this version."""
    args = (str(store.folder.resolve()), FORMAT, task.call, *task.args)
    return replace(task, call=do_where_the_run_is, args=args)


def do_where_the_run_is(folder: str, made_by: str, call: Callable[..., Any], *args: Any) -> Any:
    """Do a task of a run on a worker that may be of another machine.

    Raises
    ------
    InvalidInput
        If the folder of the run is not there, or the worker has another version of geosae.
    """
    if not Store(Path(folder)).has_plan:
        raise InvalidInput(
            f"the folder of the run, {folder}, is not there on the machine of a worker ({platform.node()})",
            causes="a disk that the machines do not share, or share at another path",
            remedy="name a shared folder with --out",
        )
    if made_by != FORMAT:
        raise InvalidInput(
            f"a worker ({platform.node()}) has {FORMAT}; the run is one of {made_by}",
            remedy="install the same version on all machines",
        )
    return call(*args)


def _modules(make_world: MakeWorld, *registries: Claims | Studies | None) -> list[str]:
    functions = [do_cell, make_world, *(r for r in registries if r is not None)]
    names = [*HEAVY, *(getattr(function, "__module__", "") for function in functions)]
    return [name for name in dict.fromkeys(names) if name and name != "__main__"]


def _summarised(store: Store, cells: Sequence[Cell]) -> Results:
    if not any(store.finished(cell) for cell in cells):
        errors = {error for cell in cells if (error := store.error(cell)) is not None}
        raise InvalidInput(
            f"all {len(cells)} cells failed",
            causes="; ".join(sorted(errors)[:3]),
            remedy="see cells/*/error.json",
        )
    results = load_results(store.folder)
    summary = summarise(results.cells)
    write_record(store.folder / "summary.json", summary)
    return replace(results, summary=summary)


def _machine(gpu: str | None) -> dict[str, str | int | None]:
    packages: dict[str, str | None] = {name: version(name) for name in NUMERICAL}
    # Whether they are there decides the kernels, and so the bytes, of a run.
    packages["numba"] = version("numba") if installed() else None
    packages["mkl"] = "in torch" if has_mkl() else None
    return {
        "geosae": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        **({} if gpu is None else {"gpu": gpu}),
        **packages,
    }
