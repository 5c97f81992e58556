"""Results of studies whose records are made by hand, so that figures can be read back."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from geosae.experiments import Results, Summary, parse_plan
from geosae.experiments.jobs import jobs_of
from geosae.experiments.plan import StudyEntry
from geosae.storage.structure import to_json
from geosae.studies.study import Study

PLAN = """
widths = [4]
seeds = [0, 1]
baselines = []
[[worlds]]
name = "disk-in-ring"
points = 300
dim = 2
[[gates]]
name = "topk"
sparsity = [1]
"""
Made = tuple[Study[Any, Any, Any], Mapping[str, Any], Callable[[Any], Any]]
"""A study, what its grid changes, and the result of a job's settings."""


def made_results(*studies: Made) -> Results:
    """Return the results of two seeds; of no studies, those of a run without any."""
    stored = {
        study.name: tuple(
            {"settings": to_json(job.settings), "result": to_json(result(job.settings))}
            for job in jobs_of(study, StudyEntry(study.name, grid), (0, 1))
        )
        for study, grid, result in studies
    }
    return Results(Path("nowhere"), parse_plan(PLAN, "made"), (), {}, (), Summary(()), stored)
