"""The figure families of the studies, in the order of the report."""

from collections.abc import Callable, Mapping

from geosae.experiments import Results
from geosae.figures.paper import (
    absorption,
    approximation,
    capacity,
    capacity_depth,
    capacity_dimension,
    dictionaries,
    dynamics_rates,
    dynamics_steps,
    failures,
    hedging,
    interpretation,
    lattices_axes,
    lattices_maps,
    lattices_sizes,
    linear_features,
    matched_l0,
    naming_gap,
    naming_learned,
    naming_phase,
    oracle_gap,
    phase,
    phase_width,
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
        capacity_dimension,
        capacity_depth,
        naming_phase,
        naming_gap,
        naming_learned,
        phase,
        phase_width,
        dynamics_steps,
        dynamics_rates,
        splitting,
        absorption,
        hedging,
        interpretation,
        lattices_sizes,
        lattices_axes,
        lattices_maps,
        failures,
        linear_features,
        dictionaries,
    )
}
"""Name → the sheets of a run; a run without studies has none of them."""
