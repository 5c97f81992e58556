"""A small run with all that the explorer shows: a plane and a space, two gates, baselines, lattices."""

import tempfile
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import cache
from pathlib import Path
from typing import Any

from geosae.cli.sources import make_world
from geosae.experiments import Results, load_results, parse_plan, run
from geosae.explorer import ExploreData, explore_data

PLAN = """
title = "small <b>run</b>"
widths = [8]
seeds = 1
tolerance = 0.1
baselines = ["untrained"]
train = {steps = 150}
analysis = {ambient_samples = 200}
[checks]
claims = []
[[worlds]]
name = "nested-balls"
points = 900
dim = 2
[[worlds]]
name = "disjoint-balls"
label = "balls"
points = 1500
dim = 4
concepts = 5
radius = 0.2
background = 0.0
[[gates]]
name = "relu"
sparsity = [0.1]
[[gates]]
name = "topk"
sparsity = [2]
"""


class Inline(Executor):
    """Does each task where it is asked for: no process is started."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@cache
def run_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="explored-")) / "run"
    run(parse_plan(PLAN), folder, make_world=make_world, executor=Inline())
    return folder


@cache
def results() -> Results:
    return load_results(run_folder())


@cache
def data() -> ExploreData:
    return explore_data(run_folder())
