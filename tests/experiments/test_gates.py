"""The table of gates and that of baselines say what the code behind them does."""

from typing import get_args

import numpy as np
import pytest

from geosae.errors import InvalidInput
from geosae.experiments import BASELINES, GATES, Baseline, Gate, config_of
from geosae.experiments.baselines import place_of
from geosae.sae.config import CONSTRUCTED
from geosae.sae.config import Baseline as ConfigBaseline
from geosae.sae.gates import GATES as KINDS
from geosae.sae.training.train import train

TRAINED = [name for name, known in BASELINES.items() if not known.constructed]
WHOLE = [name for name, known in GATES.items() if known.whole]
POINTS = np.random.default_rng(0).normal(size=(40, 3))


def value(gate: str) -> float | int:
    return 2 if GATES[gate].whole else 0.25


def test_the_tables_name_all_that_there_is():
    assert set(GATES) == set(get_args(Gate))
    assert {"trained", *BASELINES} == set(get_args(Baseline))
    assert set(BASELINES) == set(get_args(ConfigBaseline))
    assert {name for name, known in BASELINES.items() if known.constructed} == set(CONSTRUCTED)
    kinds = {known.kind if known.around is None else known.around[0] for known in GATES.values()}
    assert kinds == set(KINDS)


@pytest.mark.parametrize("name", GATES)
def test_a_gates_entry_is_true(name: str):
    known, gate = GATES[name], config_of(name, value(name), 8, "trained", {}).gate
    assert (gate.gating == "absolute") == known.absolute
    inner = getattr(gate, "inner", gate)
    assert (inner.kind, inner.knob, getattr(inner, known.knob)) == (known.kind, known.knob, value(name))
    assert all(getattr(inner, key) == fixed for key, fixed in known.fixed.items())


@pytest.mark.parametrize("name", GATES)
def test_every_gate_trains_with_every_baseline_that_stands_beside_it(name: str):
    for baseline in ("trained", *TRAINED):
        if place_of(baseline, name, value(name), 6) is None:
            with pytest.raises(InvalidInput):
                config_of(name, value(name), 6, baseline, {})
            continue
        config = config_of(name, value(name), 6, baseline, {"steps": 2, "batch_size": 8})
        assert np.isfinite(train(POINTS, config, 0).metrics["fvu"])


@pytest.mark.parametrize("name", WHOLE)
def test_more_neurons_kept_than_there_are_is_refused_by_name(name: str):
    with pytest.raises(InvalidInput, match=f"'{name}' keeps k = 9 neurons of a width of 8"):
        config_of(name, 9, 8, "trained", {})


def test_settings_go_to_the_gate_and_cannot_take_the_grids_place():
    assert config_of("topk", 2, 8, "trained", {"gate.aux_k": 3}).gate.to_dict()["aux_k"] == 3
    assert config_of("topk", 2, 8, "trained", {"gate.k": 3}).gate.to_dict()["k"] == 2
    gate = config_of("matryoshka", 2, 8, "trained", {"gate.shares": [0.5, 1.0], "gate.aux_k": 3}).gate
    assert gate.to_dict()["shares"] == [0.5, 1.0]
    assert gate.to_dict()["inner"]["aux_k"] == 3
    with pytest.raises(InvalidInput, match="'bandwith'; the nearest valid one is 'bandwidth'"):
        config_of("jumprelu", 0.1, 8, "trained", {"gate.bandwith": 1.0})
