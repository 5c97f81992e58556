import csv

import pytest

from geosae.errors import InvalidInput
from geosae.experiments import GateEntry
from geosae.experiments.plan import SAESetting
from geosae.experiments.sweep import Sweep, parse_sweep, summarise_sweep, sweep_csv

TEXT = """
widths = [4, 8]
seeds = 2
[train]
steps = 3
[[gates]]
name = "topk"
sparsity = [1, 8]
[[gates]]
name = "relu-sqrt"
sparsity = 0.5
"""


def test_a_sweep_is_the_whole_grid_but_what_keeps_too_many():
    sweep = parse_sweep(TEXT)
    assert sweep.settings() == (
        SAESetting("topk", 1, 4), SAESetting("topk", 1, 8), SAESetting("topk", 8, 8),
        SAESetting("relu-sqrt", 0.5, 4), SAESetting("relu-sqrt", 0.5, 8),
    )  # fmt: skip
    configs = sweep.configs()
    assert [(c.width, c.steps) for c in configs] == [(4, 3), (8, 3), (8, 3), (4, 3), (8, 3)]
    assert configs[3].gate.to_dict() == {"kind": "relu", "l1": 0.5, "shape": "sqrt"}


def test_a_sweep_says_where_it_is_trained():
    assert parse_sweep(TEXT).device == "cpu"
    assert parse_sweep('device = "auto"' + TEXT).device == "auto"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("widths", "widhts"), "the sweep has an unknown key 'widhts'; the nearest valid one is 'widths'"),
        (('"topk"', '"topkk"'), "the nearest valid one is 'topk'"),
        (("seeds = 2", "seeds = 0"), "the sweep: seeds must be positive"),
        (("[4, 8]", "[0]"), "the sweep: widths must be positive"),
        (('"relu-sqrt"', '"topk"'), "the sweep has two gates called 'topk'"),
        (("[1, 8]", "[1.5]"), "must be of type int"),
        (("steps = 3", "stps = 3"), "the nearest valid one is 'steps'"),
        (("seeds = 2", "seeds = ["), "the sweep is not TOML"),
        (
            ("seeds = 2", 'device = "gpu"'),
            "the sweep has an unknown device 'gpu'; the nearest valid one is 'cpu'",
        ),
    ],
)
def test_a_bad_sweep_is_refused_by_name(edit: tuple[str, str], message: str):
    with pytest.raises(InvalidInput) as refused:
        parse_sweep(TEXT.replace(*edit, 1)).configs()
    assert message in str(refused.value)
    with pytest.raises(InvalidInput, match="no SAE"):
        parse_sweep('widths = [4]\n[[gates]]\nname = "mp"\nsparsity = 9')


def test_the_summary_keeps_settings_apart_and_the_table_says_the_same():
    sweep = Sweep((GateEntry("topk", (1, 2)),), widths=(4,), seeds=(0, 1))
    measured = [{"fvu": f, "l0": 1.0, "dead_share": 0.0, "mcc": None} for f in (0.2, 0.4, 0.5, 0.5)]
    rows = summarise_sweep(sweep, measured)
    assert [row.fvu.mean for row in rows] == pytest.approx([0.3, 0.5])
    assert rows[0].fvu.low == 0.0  # cut to the possible range
    assert (rows[1].fvu.low, rows[1].fvu.high) == (0.5, 0.5)
    assert rows[0].mcc.n == 0
    table = list(csv.DictReader(sweep_csv(rows).splitlines()))
    assert [(r["sparsity"], r["fvu"], r["mcc"]) for r in table] == [
        ("1", str(rows[0].fvu.mean), ""),
        ("2", "0.5", ""),
    ]
