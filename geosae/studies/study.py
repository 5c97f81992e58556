"""A study: one question put to many small jobs, whose stored numbers answer it in a sentence.

The grid of a plan asks the same of every SAE. A study asks one thing more: it lists its own jobs (plain JSON
settings), does each of them, and reads its answers off all their results. Jobs are stored like cells: one
file per job, named by the hash of its settings, written whole or not at all.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from geosae.experiments.jobs import MakeWorld, Record, Settings

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
