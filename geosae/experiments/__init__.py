"""Runs: grids of SAEs over worlds, gates, widths, sparsities and seeds, resumable."""

from geosae.experiments.baselines import BASELINES, USUAL, Baseline
from geosae.experiments.cell import Cell, canonical_json, short_hash
from geosae.experiments.gates import GATES, Gate, gate_name, sae_words
from geosae.experiments.plan import CheckEntry, GateEntry, Plan, WorldEntry
from geosae.experiments.plan_file import load_plan, parse_plan, plan_toml, preset_names
from geosae.experiments.results import Results, Row
from geosae.experiments.runner import Outline, run
from geosae.experiments.sae_config import config_of
from geosae.experiments.summary import estimate_at, interval, summarise

__all__ = [
    "BASELINES",
    "GATES",
    "USUAL",
    "Baseline",
    "Cell",
    "CheckEntry",
    "Gate",
    "GateEntry",
    "Outline",
    "Plan",
    "Results",
    "Row",
    "WorldEntry",
    "canonical_json",
    "config_of",
    "estimate_at",
    "gate_name",
    "interval",
    "load_plan",
    "parse_plan",
    "plan_toml",
    "preset_names",
    "run",
    "sae_words",
    "short_hash",
    "summarise",
]
