r"""
The cells of neurons
====================

Five lines in general position cut the plane into :math:`1 + 5 + \binom{5}{2} = 16` cells and never more (G3): that many activation
patterns can a ReLU encoder of five neurons have. A Top-K encoder keeps the :math:`K` greatest, and its kept sets are the
cells of an order-:math:`K` power diagram (G2): each is convex, their union for one neuron need not be.
"""

# %%
# An arrangement, enumerated exactly
# ----------------------------------
import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import ListedColormap

from geosae.figures.style import blank, colour, styled
from geosae.geometry import Arrangement, Box, TopKCells
from geosae.geometry.arrangements.counting import cells

angles = 2 * np.pi * np.arange(5) / 5 + 0.2
w = np.column_stack([np.cos(angles), np.sin(angles)])
c = np.array([0.9, 0.5, 1.1, 0.7, 0.3])
arrangement = Arrangement(w, c)
print(arrangement.count(), "cells; the ceiling is", cells(5, 2))

box = Box(np.full(2, -3.0), np.full(2, 3.0))
polygons = arrangement.cell_polygons(box)
with styled():
    figure = blank(height=2.6)
    axes = figure.subplots()
    active = [int(cell.signs.sum()) for cell in polygons]
    shown = PolyCollection(
        [cell.vertices for cell in polygons], array=active, cmap="viridis", ec="white", lw=1
    )
    axes.add_collection(shown)
    axes.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
    bar = figure.colorbar(shown, ax=axes, label="active neurons (L0)", ticks=sorted(set(active)))

# %%
# Kept sets of a Top-2 encoder with the same five neurons
# -------------------------------------------------------
# Every point of the grid takes the colour of the two neurons that are kept there.
kept = TopKCells(w, c, 2)
axis = np.linspace(-3, 3, 400)
grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
sets, label = np.unique(kept.kept(grid), axis=0, return_inverse=True)
print(len(sets), "kept sets in the window")
with styled():
    kept_figure = blank(height=2.6)
    axes = kept_figure.subplots()
    tints = ListedColormap([colour(k) for k in range(len(sets))])
    axes.imshow(label.reshape(400, 400), cmap=tints, alpha=0.55, origin="lower", extent=(-3, 3, -3, 3))
    for k, members in enumerate(sets):
        name = "{" + ", ".join(str(i) for i in np.flatnonzero(members)) + "}"
        axes.annotate(name, grid[label.ravel() == k].mean(axis=0), ha="center", va="center", fontsize=7)
    axes.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
