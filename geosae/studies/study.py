"""A study: one question put to many small jobs, whose stored numbers answer it in a sentence.

The grid of a plan asks the same of every SAE. A study asks one thing more: it lists its own jobs, does each
of them, and reads its answers off all their results. What a plan may change, what a job is set to and what
it finds are frozen dataclasses, stored and read by `geosae.experiments.jobs`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from geosae.experiments.jobs import MakeWorld, StudyRecord
from geosae.notebook import short_repr
from geosae.sae.device import Device
from geosae.storage.structure import from_json

G = TypeVar("G")
S = TypeVar("S")
R = TypeVar("R")
Verdict = Literal["as predicted", "the prediction fails", "undecided"]
StoredRecords: TypeAlias = Sequence[Mapping[str, Any]]
"""Records as they stand in JSON."""


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

    __repr__ = short_repr


@dataclass(frozen=True)
class Study(Generic[G, S, R]):
    """A question, its jobs and its answers; G is its grid, S the settings of a job, R the result of one.

    Attributes
    ----------
    name, title
        How plans and figures name it.
    question, world, design
        What is asked, of which points, over which settings; one sentence each.
    grid
        The frozen dataclass of what a plan may change, each with a default.
    settings
        The frozen dataclass of what one job is set to, its seed included, or a union of such: of a study
        whose jobs ask several things each kind has a field `part` of its own literal type.
    result
        The frozen dataclass of what one job finds, or a union of such.
    jobs
        From the grid and the plan's seeds to the settings of each job.
    do
        From the settings of a job, and the device for its SAEs, to its result.
    answers
        From all records to the predictions beside the observations.
    """

    name: str
    title: str
    question: str
    world: str
    design: str
    grid: type[G]
    settings: Any
    result: Any
    jobs: Callable[[G, Sequence[int]], Iterable[S]]
    do: Callable[[S, MakeWorld, Device], R]
    answers: Callable[[Sequence[StudyRecord[S, R]]], list[Answer]]

    __repr__ = short_repr

    def records(self, stored: StoredRecords) -> tuple[StudyRecord[S, R], ...]:
        """Return stored records in the study's own types.

        Raises
        ------
        InvalidInput
            If one does not fit them: another version of the study wrote it.
        """
        kind: Any = StudyRecord[self.settings, self.result]
        return tuple(from_json(kind, record, f"a record of the study {self.name!r}") for record in stored)
