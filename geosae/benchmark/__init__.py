"""geosae-bench-1: frozen sets of concepts to hold sparse autoencoders against, as plain files, with a score.

`make_files` writes a setting as .npy, .csv and .json that need no geosae to be read; `score` judges what an
SAE has learned of it, beside untrained, frozen, shuffled, planted and supervised ones; `score_table` puts
cards side by side.
"""

from geosae.benchmark.files import load_benchmark, make_files
from geosae.benchmark.numbers import KINDS
from geosae.benchmark.plain_arrays import read_plain_arrays
from geosae.benchmark.released import RELEASED
from geosae.benchmark.score import score
from geosae.benchmark.settings import SETTINGS, setting
from geosae.benchmark.table import read_cards, score_table

__all__ = [
    "KINDS",
    "RELEASED",
    "SETTINGS",
    "load_benchmark",
    "make_files",
    "read_cards",
    "read_plain_arrays",
    "score",
    "score_table",
    "setting",
]
