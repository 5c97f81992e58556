"""The figure families of the studies, in the order of the report."""

from collections.abc import Callable, Mapping

from geosae.experiments import Results
from geosae.figures.paper import (
    absorption,
    approximation,
    capacity,
    failures,
    hedging,
    interpretation,
    lattice_training,
    linear_features,
    matched_l0,
    naming_gap,
    naming_learned,
    naming_phase,
    oracle_gap,
    splitting,
)
from geosae.figures.save import Sheet

PAPER: Mapping[str, Callable[[Results], list[Sheet]]] = {
    module.FAMILY: module.sheets
    for module in (
        oracle_gap,
        matched_l0,
        approximation,
        capacity,
        naming_phase,
        naming_gap,
        naming_learned,
        splitting,
        absorption,
        hedging,
        interpretation,
        lattice_training,
        failures,
        linear_features,
    )
}
"""Name → the sheets of a run; a run without studies has none of them."""
