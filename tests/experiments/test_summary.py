import math

import numpy as np
import pytest
from scipy import stats

from geosae.experiments.summary import estimate, interval, summarise


def test_the_interval_is_scipys_student_t():
    values = np.random.default_rng(0).normal(size=7).tolist()
    mean, low, high = interval(values)
    expected = stats.t.interval(0.95, 6, loc=np.mean(values), scale=stats.sem(values))
    assert mean == pytest.approx(np.mean(values))
    assert (low, high) == pytest.approx(expected)


def test_the_interval_covers_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    hits = sum(
        low <= 0 <= high for _, low, high in (interval(rng.normal(size=3).tolist()) for _ in range(2000))
    )
    # 2000 trials at 0.95: a binomial of standard deviation 9.7.
    assert abs(hits - 1900) < 50


def test_one_seed_gives_no_interval_and_unknown_values_do_not_count():
    assert interval([2.0])[1:] == (-math.inf, math.inf)
    assert estimate([2.0], (0.0, math.inf)) == {"mean": 2.0, "low": 0.0, "high": None, "count": 1}
    assert estimate([None, None], (0.0, 1.0)) is None


def result(seed: int, share: float, *, width: int = 4, mcc: float | None = None) -> dict:
    cell = {"world": "w", "gate": "topk", "width": width, "sparsity": 2, "baseline": "trained", "seed": seed}
    return {
        "cell": cell,
        "metrics": {"l0": 2.0, "mcc": mcc},
        "notions": {"detection": {"neurons": {"share": share, "per_concept": [["c", 0]]}, "units": None}},
        "lattice": {"concepts": 3 + seed},
    }


def test_one_row_per_group_with_the_means_of_all_numbers():
    rows = summarise([result(0, 0.5), result(1, 1.0), result(0, 0.1, width=8)])["rows"]
    assert [(r["width"], r["seeds"]) for r in rows] == [(4, 2), (8, 1)]
    share = rows[0]["notions"]["detection"]["neurons"]["share"]
    assert share["mean"] == 0.75
    assert share["high"] == 1.0  # cut to the range of a share
    assert rows[0]["metrics"]["mcc"] is None
    assert rows[0]["lattice"]["concepts"]["mean"] == 3.5
    assert "per_concept" not in rows[0]["notions"]["detection"]["neurons"]
