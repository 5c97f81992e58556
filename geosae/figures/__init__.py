"""Figures for print: each a function of arrays and typed records, and `draw` for all figures of a run."""

from geosae.figures.bounds import bound_vs_observed
from geosae.figures.concept_lattice import lattice_diagram, lattice_pair
from geosae.figures.curves import training_curves
from geosae.figures.dots import interval_dots
from geosae.figures.draw import FAMILIES, draw
from geosae.figures.halfplanes import halfplanes
from geosae.figures.heatmap import heatmap
from geosae.figures.lattice import Diagram, line_diagram, line_diagrams
from geosae.figures.save import Sheet, render, save
from geosae.figures.style import COLUMN, PAGE, STYLE, styled
from geosae.figures.units import UnitPicture, units_in_plane

__all__ = [
    "COLUMN",
    "FAMILIES",
    "PAGE",
    "STYLE",
    "Diagram",
    "Sheet",
    "UnitPicture",
    "bound_vs_observed",
    "draw",
    "halfplanes",
    "heatmap",
    "interval_dots",
    "lattice_diagram",
    "lattice_pair",
    "line_diagram",
    "line_diagrams",
    "render",
    "save",
    "styled",
    "training_curves",
    "units_in_plane",
]
