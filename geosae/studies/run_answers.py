"""All that a run answers: its grid, each of its worlds, the bounds held against its SAEs, and its studies."""

from collections.abc import Mapping
from dataclasses import dataclass

from geosae.experiments import Results
from geosae.studies.bound_answers import bound_answers
from geosae.studies.grid_answers import grid_answers
from geosae.studies.registry import answers_of
from geosae.studies.study import Answer
from geosae.studies.world_answers import world_answers


@dataclass(frozen=True)
class RunAnswers:
    """The answers of a run, by what they are about.

    Attributes
    ----------
    grid
        On the grid as a whole: baselines, gates at matched L0, learning against interpretation.
    worlds
        On each world: what its SAEs reach of what is possible, and the price of detection.
    bounds
        On each statement whose bound is held against the run's SAEs.
    studies
        Of each study of the run, by its name.
    """

    grid: tuple[Answer, ...]
    worlds: Mapping[str, tuple[Answer, ...]]
    bounds: tuple[Answer, ...]
    studies: Mapping[str, tuple[Answer, ...]]

    @property
    def is_empty(self) -> bool:
        """Whether nothing that any prediction speaks about was measured."""
        return not (self.grid or self.bounds or any(self.worlds.values()) or any(self.studies.values()))


def run_answers(results: Results) -> RunAnswers:
    """Return all answers of a run, read off its stored numbers."""
    return RunAnswers(
        grid=tuple(grid_answers(results)),
        worlds={world: tuple(answers) for world, answers in world_answers(results).items()},
        bounds=tuple(bound_answers(results)),
        studies={name: tuple(answers) for name, answers in answers_of(results).items()},
    )
