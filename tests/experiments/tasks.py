"""Tasks that tests send to worker processes."""

import os
import time
from pathlib import Path


def touch(path: str) -> None:
    Path(path).touch()


def touch_slowly(path: str) -> None:
    time.sleep(0.05)
    Path(path).touch()


def find_disk_full(path: str) -> None:
    from geosae.errors import CannotWrite

    raise CannotWrite("the disk is full")


def die(path: str) -> None:
    Path(path).touch()
    os._exit(9)


def sleep(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(60)


LIBRARIES = ("numpy", "scipy", "torch")


def threads(path: str) -> None:
    Path(path).write_text(str(threads_here()))


def threads_here() -> list[int]:
    """Return, each once, the numbers of threads of BLAS, OpenMP and torch in this process."""
    import numpy  # noqa: F401, ICN001
    import scipy.linalg  # noqa: F401
    import torch
    from threadpoolctl import threadpool_info

    # Solvers bring a BLAS of their own, which may know one thread only.
    numerical = [each for each in threadpool_info() if any(name in each["filepath"] for name in LIBRARIES)]
    return sorted({torch.get_num_threads(), *(library["num_threads"] for library in numerical)})


def answer(path: str) -> int:
    return 42


def refuse(path: str) -> None:
    raise RuntimeError(path)


def make_world(name, params, rng):
    import geosae_synthetic

    return geosae_synthetic.make(name, rng=rng, **params)


def no_claims():
    return {}


def one_claim():
    """S6, and a check of runs that fails on seed 1."""
    import dataclasses

    import proofs_checks

    def check_run(instance):
        if "seed=1" in instance.label:
            raise RuntimeError("seed 1 is not to my taste")
        return []

    return {"S6": dataclasses.replace(proofs_checks.claims()["S6"], check_run=check_run)}


def dying_claims():
    """The end of a worker process; in the process that runs the plan, two statements."""
    import multiprocessing

    import proofs_checks

    if multiprocessing.parent_process() is not None:
        os._exit(9)
    return {name: proofs_checks.claims()[name] for name in ("S1", "S6")}
