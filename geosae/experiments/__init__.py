"""Runs: grids of SAEs over worlds, gates, widths, sparsities and seeds, resumable."""

from geosae.experiments.baselines import BASELINES, USUAL, Baseline
from geosae.experiments.cell import Cell, canonical_json, sae_words, short_hash
from geosae.experiments.cell_result import CellResult
from geosae.experiments.gates import GATES, Gate, gate_name
from geosae.experiments.interval import LEVEL, UNKNOWN, Interval, mean_interval
from geosae.experiments.measures import LEARNERS, Learner, Measures, fold, numbers
from geosae.experiments.plan import CheckEntry, GateEntry, Plan, WorldEntry
from geosae.experiments.plan_file import load_plan, parse_plan, plan_toml, preset_names
from geosae.experiments.results import LogLine, Results, load_results
from geosae.experiments.runner import Outline, run
from geosae.experiments.sae_config import config_of
from geosae.experiments.summary import Setting, Summary, SummaryRow, summarise

__all__ = [
    "BASELINES",
    "GATES",
    "LEARNERS",
    "LEVEL",
    "UNKNOWN",
    "USUAL",
    "Baseline",
    "Cell",
    "CellResult",
    "CheckEntry",
    "Gate",
    "GateEntry",
    "Interval",
    "Learner",
    "LogLine",
    "Measures",
    "Outline",
    "Plan",
    "Results",
    "Setting",
    "Summary",
    "SummaryRow",
    "WorldEntry",
    "canonical_json",
    "config_of",
    "fold",
    "gate_name",
    "load_plan",
    "load_results",
    "mean_interval",
    "numbers",
    "parse_plan",
    "plan_toml",
    "preset_names",
    "run",
    "sae_words",
    "short_hash",
    "summarise",
]
