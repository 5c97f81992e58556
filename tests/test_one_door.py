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
    "verify(None)": "'claim' is None, which is no Claim",
    "verify(claim, instances=nan)": "'instances' is nan, which is no int",
    "verify(claim, instances=True)": "which is no int",
    "verify(claim, budget=nan)": "'budget' is nan",
    'worlds.make("nested-balls", points=9.5, dim=2, rng=np.random.default_rng(0))':
    "'points' is 9.5, which is no int",
    'worlds.make("nested-balls", points=100, dim=2, rng=np.random.default_rng(0), depth=nan)': "depth = nan",
    "geosae.train(points, TrainConfig(TopK(1), 4, steps=2), seed=0.0)":
    "'seed' is 0.0, which is no int",
    "geosae.train(points, TrainConfig(TopK(1), 4, steps=2), seed=2**63)": "'seed' is 9223372036854775808",
}  # fmt: skip

MASKED = "np.ma.array([[0.0], [1.0]], mask=[[0], [1]])"
REFUSED |= {
    # Integers and long doubles that float64 would move.
    "geosae.separate([[2**53 + 1]], [[2**53]])": "float64 cannot hold",
    "geosae.separate(np.array([[2**63 + 1]], dtype=np.uint64), [[0]])": "float64 cannot hold",
    "geosae.separate([[2**53 + 1, 0.5]], [[0, 0.5]])": "float64 cannot hold",
    "geosae.separate([[2**63, 1], [-(2**53) - 1, 1]], [[0, 1]])": "float64 cannot hold",
    "finite_points(np.array([[1]], dtype=np.longdouble) / 3)": "float64 cannot hold",
    "finite_points(np.array([[1]], dtype=np.longdouble) * np.longdouble('1e400'))": "float64 cannot hold",
    "finite_vector([2**53 + 1, 0], 'offsets')": "offsets hold numbers (int64) that float64 cannot hold",
    # Masked arrays, everywhere by name.
    f"geosae.separate({MASKED}, [[2.0]])": "masked array",
    f"geosae.separate([[2.0]], {MASKED})": "masked array",
    f"separate_many({MASKED}, [[1], [0]])": "masked array",
    f"separate_many([[0], [1]], {MASKED})": "membership: this is a masked array",
    f"finite_points([{MASKED}[0], {MASKED}[1]])": "masked array",
    f"ConceptDataset({MASKED}, [[1], [0]], ('a',))": "points: this is a masked array",
    f"ConceptDataset([[0], [1]], {MASKED}, ('a',))": "membership: this is a masked array",
    f"FormalContext.from_array({MASKED})": "the incidence: this is a masked array",
    f"geosae.train({MASKED}, TrainConfig(TopK(1), 4, steps=2), 0)": "masked array",
    f"HalfSpaces({MASKED}, [0, 0])": "masked array",
    "Ball(np.ma.array([0.0], mask=[1]), 1.0)": "masked array",
    f"Ball([0.0], 1.0).contains({MASKED})": "masked array",
    f"phenomena.families_among({MASKED})": "masked array",
    f"subset_order({MASKED})": "masked array",
    # Masks hold true and false, or 1 and 0, in two axes.
    "separate_many([[0], [1]], [[1], [2]])":
    "membership holds other values than true and false (dtype int64)",
    "separate_many([[0], [1]], [[1], [nan]])": "membership holds other values than true and false",
    "separate_many([[0], [1]], [1, 0])": "membership has shape (2,)",
    "ConceptDataset([[0], [1]], [[.5], [0]], ('a',))": "membership holds other values",
    "FormalContext.from_array([[2, 0]])": "the incidence holds other values",
    "FormalContext.from_array([['1', '0']])": "the incidence holds other values",
    "phenomena.families_among([[0, 3]])": "holds other values",
    "subset_order([[0, 2]])": "membership holds other values",
    "supervised([[0], [1]], [[0], [7]])": "the labels holds other values",
    "geosae.analyse(Odd(), ConceptDataset(points, points[:, :1] > 0, ('a',)))":
    "what fires() returns holds other",
    "phenomena.dead_and_dense(Odd(), ConceptDataset(points, points[:, :1] > 0, ('a',)))":
    "holds other values",
    "geosae.train('points', TrainConfig(TopK(1), 4, steps=2), 0)": "points are a str",
    "finite_points([[1, 2], [3]])": "rows of unequal length",
}  # fmt: skip

REFUSED |= {
    # An imported SAE that normalises its points, where bare neurons or weights are taken.
    "geosae.neurons_of(layered)": "is no SparseAutoencoder",
    "measure(layered, points)": "a Imported is no Neurons",
    "measure(layered.sae, points)": "is no Neurons",
    "geosae.analyse(layered.neurons, data)": "these neurons read normalised points (layer_norm)",
    "phenomena.dead_and_dense(layered.neurons, data)": "these neurons read normalised points (layer_norm)",
    "TrainedInstance(layered, data)": "those of the data set are not prepared",
    "units_in_plane(layered, [UnitPicture(0, (0,))], points[:, :2], points[:, :1] > 0, ['right'])":
    "a Imported is neither half-spaces nor a function",
    "write_saelens(layered, 'x', normalisation=NONE)": "the imported SAE normalises by LayerNorm",
    "compare_with_card(layered, points[:, :2])": "2 coordinates where 3 are needed",
    "compare_with_card(layered, points, most=0)": "'most' is 0, where a number ≥ 1",
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
    # Whole numbers 0 and 1 are a mask; before, ~1 = -2 counted as true.
    "separate_many([[-2], [2], [-1]], [[1], [0], [1]])[0].check().separable": "True",
    "separate_many([[-2], [2], [-2]], [[1.0], [0.0], [1.0]])[0].check().separable": "True",
    "[v.check().separable for v in separate_many([[-2], [-2], [2]], [[0], [0], [1]])]": "[True]",
    "geosae.separate([[2**53 + 2]], [[2**53]]).check().separable": "True",
    "geosae.separate([[2**60]], np.array([[2**62]], dtype=np.uint64)).check().separable": "True",
    "ConceptDataset([[0], [1]], [[1], [0]], ('a',)).membership.dtype": "dtype('bool')",
    "FormalContext.from_array([[1.0, 0.0]]).incidence.tolist()": "[[True, False]]",
    # Torch tensors, with gradients and in bfloat16, lists of them, and lists of numbers.
    "geosae.separate(torch.ones(2, 1, requires_grad=True), torch.zeros(2, 1).bfloat16()).check().separable":
    "True",
    "finite_points([torch.ones(2, requires_grad=True), torch.zeros(2)]).tolist()": "[[1.0, 1.0], [0.0, 0.0]]",
    "ConceptDataset(torch.eye(2, requires_grad=True), torch.eye(2).bool(), ('a', 'b')).points.dtype":
    "dtype('float32')",
    "same(geosae.train(torch.tensor(points, requires_grad=True), TrainConfig(TopK(1), 4, steps=2), 0))":
    "True",
    "same(geosae.train(points.tolist(), TrainConfig(TopK(1), 4, steps=2), 0))": "True",
    # What was borrowed is not changed with the lender.
    "lent(lambda w: HalfSpaces(w, np.zeros(2)), lambda h: h.w.copy())": "True",
    "lent(lambda w: FormalContext.from_array(w == 1), lambda c: c.incidence.copy(), bool)": "True",
    "refilled()": "True",
}  # fmt: skip


@cache
def outcomes() -> dict[str, list[str]]:
    lines = [*REFUSED, *TAKEN]
    script = Path(__file__).with_name("one_door.py")
    run = subprocess.run(
        [sys.executable, str(script)], input=json.dumps(lines), capture_output=True, text=True, check=False
    )
    # An error is no answer of any line; raised here it would not be remembered, and the process start anew.
    answers = json.loads(run.stdout) if run.returncode == 0 else [["crashed", run.stderr]] * len(lines)
    return dict(zip(lines, answers, strict=True))


@pytest.mark.parametrize("line", list(REFUSED))
def test_a_slip_is_refused_before_anything_is_trained(line: str):
    kind, message = outcomes()[line]
    assert kind == "refused", message
    assert REFUSED[line] in message


@pytest.mark.parametrize("line", list(TAKEN))
def test_numpy_scalars_are_scalars(line: str):
    assert outcomes()[line] == ["value", TAKEN[line]]
