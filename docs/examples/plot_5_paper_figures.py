r"""
Figures of the paper, from stored results
=========================================

Each figure family of ``geosae run paper`` is a function that reads a finished run and trains nothing. Here a toy run
(three seeds, two widths, 60 steps) is stored in a temporary folder and drawn from there. Its numbers say nothing about
autoencoders: the measured run, with a verdict beside every prediction, is in ``docs/measured/paper.md``.
"""

# %%
# A plan: one world, one gate, three studies
# ------------------------------------------
# ``geosae run PLAN.toml`` does the same from the shell. A run that was stopped goes on where it was.
import tempfile
import textwrap
from concurrent.futures import ThreadPoolExecutor

from geosae.cli.sources import make_world
from geosae.experiments import load_results, parse_plan, run
from geosae.figures.draw import draw
from geosae.figures.paper.families import PAPER
from geosae.studies.registry import all_studies

PLAN = """
widths = [8]
seeds = 3
baselines = ["untrained"]
train = {steps = 60}
analysis = {ambient_samples = 500}
[[worlds]]
name = "disjoint-balls"
points = 600
dim = 2
[[gates]]
name = "topk"
sparsity = [1, 2]
[[studies]]
name = "feasibility"
[[studies]]
name = "splitting"
widths = [4, 8]
gates = {topk = [1, 2]}
steps = 60
points = 600
[[studies]]
name = "hedging"
widths = [3, 12]
gates = {topk = [2]}
steps = 60
points = 600
"""
folder = tempfile.mkdtemp()
with ThreadPoolExecutor(1) as here:  # in this process; by default a run has a pool of processes
    run(parse_plan(PLAN, "toy"), folder, make_world=make_world, studies=all_studies, executor=here)

# %%
# What is stored, and what can be drawn from it
# ---------------------------------------------
results = load_results(folder)
print(len(results.cells), "cells;", {name: len(records) for name, records in results.studies.items()}, "jobs")
print("families:", ", ".join(PAPER))


def caption(sheet):
    """Print a sheet's title and caption; in a report they stand below the figure."""
    print(textwrap.fill(f"{sheet.title}. {sheet.caption}", 100))


# %%
# What a neuron could do, and what it does
# ----------------------------------------
# A family returns sheets: a figure, its title, its caption with n, d, N, seeds and interval, and a text for readers who
# cannot see it.
gap, *_ = PAPER["oracle-gap"](results)
oracle_gap = gap.figure
caption(gap)

# %%
# What splits and what tiles
# --------------------------
splits, *_ = PAPER["splitting"](results)
splitting = splits.figure
caption(splits)

# %%
# Hedging by an autoencoder that is too narrow
# --------------------------------------------
hedges, *_ = PAPER["hedging"](results)
hedging = hedges.figure
caption(hedges)

# %%
# Files, for a paper
# ------------------
# ``draw`` writes PDF and PNG unless told otherwise, the same bytes for the same results, and beside each a NAME.json
# with its caption.
print([path.name for path in draw(folder, ["png"], only=["splitting"])])
