"""All studies, by name."""

from collections.abc import Mapping
from typing import Any

from geosae.experiments import Results
from geosae.studies import (
    absorption,
    approximation,
    capacity,
    dictionaries,
    dynamics,
    failures,
    feasibility,
    hedging,
    lattices,
    linear_features,
    naming,
    phase,
    splitting,
)
from geosae.studies.study import Answer, Study

STUDIES: Mapping[str, Study[Any, Any, Any]] = {
    module.STUDY.name: module.STUDY
    for module in (
        feasibility,
        approximation,
        capacity,
        naming,
        phase,
        dynamics,
        splitting,
        absorption,
        hedging,
        lattices,
        failures,
        linear_features,
        dictionaries,
    )
}
"""In the order of the report."""


def all_studies() -> Mapping[str, Study[Any, Any, Any]]:
    """Return the registry: a function that a run can send to its workers."""
    return STUDIES


def answers_of(results: Results) -> dict[str, list[Answer]]:
    """Return what each study of a run answers, from its stored numbers."""
    return {
        name: STUDIES[name].answers(STUDIES[name].records(stored)) if stored else []
        for name, stored in results.studies.items()
    }
