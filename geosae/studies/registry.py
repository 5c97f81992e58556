"""All studies, by name."""

from collections.abc import Mapping

from geosae.experiments.jobs import Record
from geosae.studies import (
    absorption,
    approximation,
    capacity,
    failures,
    feasibility,
    hedging,
    lattice_training,
    splitting,
)
from geosae.studies.study import Answer, Study

STUDIES: Mapping[str, Study] = {
    module.STUDY.name: module.STUDY
    for module in (
        feasibility,
        approximation,
        capacity,
        splitting,
        absorption,
        hedging,
        lattice_training,
        failures,
    )
}
"""In the order of the report."""


def all_studies() -> Mapping[str, Study]:
    """Return the registry: a function that a run can send to its workers."""
    return STUDIES


def answers_of(records: Mapping[str, tuple[Record, ...]]) -> dict[str, list[Answer]]:
    """Return what each study answers, from its stored numbers."""
    return {name: STUDIES[name].answers(done) if done else [] for name, done in records.items()}
