"""What is made in Python passes the checks of what is read from a file: words, types, ranges, numpy scalars.

The tests' own hook would refuse a wrong type first, so the lines run in a process without it.
"""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

REFUSED = {
    'ReLU(shape="L1")': "unknown shape 'L1'; the nearest valid one is 'l1'",
    'TrainConfig(TopK(2), 8, schedule="linaer")':
    "unknown schedule 'linaer'; the nearest valid one is 'linear'",
    'TrainConfig(TopK(2), 8, baseline="frozen-decoder")': "the nearest valid one is 'frozen_decoder'",
    'TrainConfig(TopK(2), 8, decoder_norm="unot")': "the nearest valid one is 'unit'",
    'TrainConfig(TopK(2), 8, precision="bf16")': "the nearest valid one is 'bfloat16'",
    'TrainConfig(TopK(2), 8, kernel="nmba")': "the nearest valid one is 'numba'",
    "TrainConfig(TopK(2), 8, steps=20.0)": "'steps' is 20.0, which is no int",
    "TrainConfig(TopK(2), 8, lr=nan)": "lr is nan",
    "TrainConfig(TopK(2), 8, tied_bias=1)": "'tied_bias' is 1, which is no bool",
    'TrainConfig("topk", 8)': "'gate' is 'topk', which is no Gate",
    "TrainConfig(TopK, 8)": "which is no Gate",
    "TopK(True)": "'k' is True, which is no int",
    "TopK(nan)": "'k' is nan, which is no int",
    "TopK(2.0)": "'k' is 2.0, which is no int",
    "TopK(2, aux_k=nan)": "'aux_k' is nan",
    "BatchTopK(nan)": "k is nan",
    "BatchTopK(0)": "k is 0",
    "Matryoshka(TopK(2), [.5, nan, 1.0])": "they must rise",
    "gates.AbsTopK(True)": "which is no int",
    "gates.MatchingPursuit(2.0)": "which is no int",
    'gates.Gated("0.1")': "'l1' is '0.1', which is no float",
    "gates.SpaDE(scale=nan)": "scale is nan",
    "gates.JumpReLU(bandwidth=None)": "'bandwidth' is None",
    'AnalysisConfig(correction="holmes")': "unknown correction 'holmes'; the nearest valid one is 'holm'",
    "AnalysisConfig(tolerance=nan)": "tolerance = nan",
    "AnalysisConfig(seed=-1)": "seed = -1",
    "AnalysisConfig(chunk=100.0)": "'chunk' is 100.0, which is no int",
    "AnalysisConfig(floor=1)": "'floor' is 1, which is no bool",
    'GateEntry("topq", (2,))': "the nearest valid one is 'topk'",
    'GateEntry("topk", (2.5,))': "keeps a whole number",
    'GateEntry("relu", (nan,))': "not finite",
    'WorldEntry("w", "nested-balls", widths=(0,))': "widths must be positive",
    'WorldEntry("w", "nested-balls", sparsity={"topq": (2,)})': "the nearest valid one is 'topk'",
    'Plan("p", (), (), (4,), (0,), tolerance=nan)': "tolerance is nan",
    'Plan("p", (), (), (4,), (-1,))': "seeds must be no negative number",
    'Plan("p", (), (), (4,), (0,), baselines=("untraind",))': "the nearest valid one is 'untrained'",
    'Plan("p", (), (), (4,), (0,), device="gpu")': "use one of: auto, cpu, cuda",
    'Sweep((GateEntry("topk", (2,)),), widths=(True,), seeds=(0,))': "which is no int",
    "CheckEntry(instances=0)": "instances must be positive",
    'StudyEntry("capacity", seeds=(0, 0))': "names the same value twice",
    "verify(None, instances=nan)": "the number of instances is nan, which is no integer",
    "verify(None, instances=True)": "which is no integer",
    "verify(None, budget=nan)": "the budget is nan",
    'worlds.make("nested-balls", points=9.5, dim=2, rng=np.random.default_rng(0))':
    "is 9.5, which is no integer",
    'worlds.make("nested-balls", points=100, dim=2, rng=np.random.default_rng(0), depth=nan)': "depth = nan",
    "geosae.train(points, TrainConfig(TopK(1), 4, steps=2), seed=0.0)":
    "the seed is 0.0, which is no integer",
    "geosae.train(points, TrainConfig(TopK(1), 4, steps=2), seed=2**63)": "the seed is 9223372036854775808",
}  # fmt: skip

TAKEN = {
    "TopK(np.int64(2)).k": "2",
    "TopK(np.int64(2)) == TopK(2)": "True",
    "BatchTopK(np.float32(2.5)).k": "2.5",
    "BatchTopK(4.0).to_dict() == BatchTopK(4).to_dict()": "True",
    "repr(BatchTopK(4.0).k)": "'4'",
    "TrainConfig(TopK(2), np.int64(16), lr=np.float32(0.5)).to_dict()['width']": "16",
    "type(TrainConfig(TopK(2), 16, lr=1).lr)": "<class 'float'>",
    "ReLU(np.float64(0.5)).l1": "0.5",
    "AnalysisConfig(tolerance=np.float64(0.1), seed=np.int64(3), floor=np.bool_(False)).floor": "False",
    'GateEntry("topk", np.arange(1, 3)).sparsity': "(1, 2)",
    'GateEntry("batchtopk", [1.5, 2.0]).sparsity': "(1.5, 2)",
    'GateEntry("relu", [1]) == GateEntry("relu", (1.0,))': "True",
    # A plan of numpy numbers is the plan of Python's: the same cells, the same keys.
    'Plan("p", [WorldEntry("w", "nested-balls", {"dim": np.int64(2)})], [GateEntry("topk", (2,))], '
    "np.arange(4, 6), np.arange(2), train={'lr': np.float64(.5)}).key == Plan('p', (WorldEntry('w', "
    "'nested-balls', {'dim': 2}),), (GateEntry('topk', (2,)),), (4, 5), (0, 1), train={'lr': .5}).key":
    "True",
    "worlds.make('nested-balls', points=np.int64(100), dim=np.int64(2), rng=np.random.default_rng(0), "
    "depth=np.int64(2)).content_hash == worlds.make('nested-balls', points=100, dim=2, "
    "rng=np.random.default_rng(0), depth=2).content_hash": "True",
    "type(geosae.train(points, TrainConfig(TopK(1), 4, steps=2), np.arange(3)[1]).seed)": "<class 'int'>",
    "saved_and_loaded(TrainConfig(TopK(np.int64(1)), np.int64(4), steps=np.int64(2)), np.uint8(1)).width":
    "4",
    "[len(g.support(__import__('torch').rand(7, 5)).nonzero()) for g in (BatchTopK(1.5), BatchTopK(.01))]":
    "[10, 1]",
}  # fmt: skip


@cache
def outcomes() -> dict[str, list[str]]:
    lines = [*REFUSED, *TAKEN]
    script = Path(__file__).with_name("one_door.py")
    run = subprocess.run(
        [sys.executable, str(script)], input=json.dumps(lines), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return dict(zip(lines, json.loads(run.stdout), strict=True))


@pytest.mark.parametrize("line", list(REFUSED))
def test_a_slip_is_refused_before_anything_is_trained(line: str):
    kind, message = outcomes()[line]
    assert kind == "refused", message
    assert REFUSED[line] in message


@pytest.mark.parametrize("line", list(TAKEN))
def test_numpy_scalars_are_scalars(line: str):
    assert outcomes()[line] == ["value", TAKEN[line]]
