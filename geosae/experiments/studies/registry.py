"""All studies, by name."""

from collections.abc import Mapping

from geosae.experiments.studies import (
    absorption,
    approximation,
    capacity,
    failures,
    feasibility,
    hedging,
    lattice_training,
    splitting,
)
from geosae.experiments.studies.study import Study

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
