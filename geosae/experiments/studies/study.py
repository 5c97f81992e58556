"""A study: one question put to many small jobs, whose stored numbers answer it in a sentence.

The grid of a plan asks the same of every SAE. A study asks one thing more: it lists its own jobs (plain JSON
settings), does each of them, and reads its answers off all their results. Jobs are stored like cells: one
file per job, named by the hash of its settings, written whole or not at all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae.data.records import refuse_unknown
from geosae.experiments.cell import FORMAT, short_hash
from geosae.geometry._door import InvalidInput

Settings = Mapping[str, Any]
Record = Mapping[str, Any]
"""What a job leaves: {"study", "settings", "result"}."""
MakeWorld = Callable[[str, Mapping[str, Any], np.random.Generator], ConceptDataset]
Verdict = Literal["as predicted", "the prediction fails", "undecided"]


@dataclass(frozen=True)
class Answer:
    """One prediction of the theory (or of the literature) beside what was observed.

    Attributes
    ----------
    id
        The statement that predicts it (theory ids, or an arXiv number).
    prediction, observation
        One sentence each; the observation is made of the numbers.
    verdict
        "as predicted", "the prediction fails", or "undecided" where the numbers do not tell.
    """

    id: str
    prediction: str
    observation: str
    verdict: Verdict


@dataclass(frozen=True)
class Study:
    """A question, its jobs and its answers.

    Attributes
    ----------
    name, title
        How plans and figures name it.
    question, world, grid
        What is asked, of which points, over which settings; one sentence each.
    defaults
        The settings that a plan may change, with their types.
    jobs
        From these settings and the plan's seeds to the settings of each job.
    do
        From the settings of a job to its result, ready for JSON.
    answers
        From all records to the predictions beside the observations.
    """

    name: str
    title: str
    question: str
    world: str
    grid: str
    defaults: Settings
    jobs: Callable[[Settings, Sequence[int]], Iterable[Settings]]
    do: Callable[[Settings, MakeWorld], dict[str, Any]]
    answers: Callable[[Sequence[Record]], list[Answer]]


@dataclass(frozen=True)
class StudyEntry:
    """A study as a plan names it: what it changes, and seeds of its own if it has some."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    seeds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Job:
    """One job of a study."""

    study: str
    settings: Settings

    @property
    def key(self) -> str:
        """Return 16 hexadecimal digits that name the job; equal jobs have equal keys on every machine."""
        return short_hash({"format": FORMAT, "study": self.study, "settings": self.settings})


def jobs_of(
    study: Study, entry: StudyEntry, seeds: Sequence[int], told: Settings | None = None
) -> tuple[Job, ...]:
    """Return the jobs of a study as a plan asks for it, each once; `told` takes the place of defaults.

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
    settings = {**study.defaults, **(told or {}), **entry.settings}
    found = [Job(study.name, s) for s in study.jobs(settings, entry.seeds or seeds)]
    return tuple({job.key: job for job in found}.values())
