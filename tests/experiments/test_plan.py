import hashlib
import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geosae import __version__
from geosae.errors import InvalidInput
from geosae.experiments.cell import Cell
from geosae.experiments.jobs import plan_jobs
from geosae.experiments.plan import CheckEntry, GateEntry, Plan, WorldEntry
from geosae.experiments.plan_file import load_plan, parse_plan, plan_toml, preset_names
from geosae.sae.training.numba import installed
from geosae.studies.registry import STUDIES as ALL_STUDIES

SMALL = """
widths = [4, 8]
seeds = 2
[[worlds]]
name = "nested-balls"
dim = 2
[[gates]]
name = "topk"
sparsity = [1, 8]
[[gates]]
name = "relu"
sparsity = [0.1, 1]
baseline_sparsity = 1
"""


def test_the_grid_is_complete_and_each_cell_once():
    cells = parse_plan(SMALL, "small").cells()
    topk = [(c.width, c.sparsity, c.seed) for c in cells if c.gate == "topk" and c.baseline == "trained"]
    assert sorted(topk) == [(4, 1, 0), (4, 1, 1), (8, 1, 0), (8, 1, 1), (8, 8, 0), (8, 8, 1)]
    untrained = [(c.width, c.sparsity) for c in cells if c.gate == "relu" and c.baseline == "untrained"]
    assert sorted(set(untrained)) == [(4, 1.0), (8, 1.0)]
    assert len(cells) == len({c.key for c in cells}) == 6 * 3 + 2 * 2 * (2 + 2)
    assert {c.data_seed for c in cells if c.seed == 1} == {1}


def test_a_world_may_have_its_own_widths_sparsities_settings_and_data():
    text = SMALL + '[[worlds]]\nname = "digits"\ndata_seed = 7\nwidths = [16]\ntrain = {steps = 3}\n'
    text += "[worlds.sparsity]\nrelu = [0.5, 2.0, 4.0]\n"
    cells = [c for c in parse_plan(text, "t").cells() if c.world == "digits"]
    assert {c.width for c in cells} == {16}
    assert {c.data_seed for c in cells} == {7}
    assert {c.sparsity for c in cells if c.gate == "relu" and c.baseline == "trained"} == {0.5, 2.0, 4.0}
    # baseline_sparsity = 1 is the second place of the plan's list, hence the second of this world's.
    assert {c.sparsity for c in cells if c.gate == "relu" and c.baseline == "untrained"} == {2.0}
    assert {c.train["steps"] for c in cells} == {3}


EVERYTHING = (
    SMALL.replace("seeds = 2", "seeds = 2\nbaselines = %s")
    + """
[[gates]]
name = "mp"
sparsity = 2
[[gates]]
name = "batchtopk"
sparsity = 8
"""
)


def test_constructed_baselines_stand_once_beside_all_that_they_are_compared_with():
    plan = parse_plan(EVERYTHING % '["pca", "kmeans", "planted", "frozen_encoder"]', "t")
    plan = replace(plan, train={"steps": 5})
    cells = [c for c in plan.cells() if c.seed == 0]
    # All components behind ReLU, which keeps no number of neurons; else as many as are kept.
    pca = [(c.gate, c.sparsity, c.width) for c in cells if c.baseline == "pca"]
    assert sorted(pca) == [("abstopk", 1, 4), ("abstopk", 1, 8), ("abstopk", 2, 4), ("abstopk", 2, 8),
                           ("abstopk", 4, 4), ("abstopk", 8, 8)]  # fmt: skip
    assert [(c.gate, c.sparsity, c.width) for c in cells if c.baseline == "kmeans"] == [
        ("topk", 1, 4),
        ("topk", 1, 8),
    ]
    assert {c.gate for c in cells if c.baseline == "planted"} == {"relu"}
    assert {c.baseline: c.train.get("steps") for c in cells} == {
        "trained": 5, "frozen_encoder": 5, "pca": None, "kmeans": None, "planted": None,
    }  # fmt: skip
    # Matching pursuit has no encoder that could be frozen.
    assert {c.gate for c in cells if c.baseline == "frozen_encoder"} == {"topk", "relu", "batchtopk"}
    assert plan.compared("nested-balls") == {
        ("topk", 1), ("topk", 8), ("relu", 1.0), ("mp", 2), ("batchtopk", 8),
    }  # fmt: skip
    assert replace(plan, baselines=()).compared("nested-balls") == frozenset()


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("widths =", "widhts ="), "'widhts'; the nearest valid one is 'widths'"),
        (("sparsity = [1, 8]", "sparsty = [1, 8]"), "'sparsty'; the nearest valid one is 'sparsity'"),
        (('"topk"', '"topkk"'), "'topkk'; the nearest valid one is 'topk'"),
        (("seeds = 2", 'seeds = "two"'), "must be of type int"),
        (("seeds = 2", "seeds = 0"), "must be positive"),
        (("seeds = 2", "seeds = [1, 1]"), "the same value twice"),
        (("seeds = 2", "seeds = [-1]"), "negative"),
        (("seeds = 2", "seeds = true"), "must be of type int"),
        (("seeds = 2", 'seeds = 2\nbaselines = ["untraind"]'), "nearest valid one is 'untrained'"),
        (("seeds = 2", "seeds = 2\ntolerance = 1.5"), "tolerance is 1.5"),
        (("seeds = 2", "seeds = 2\nanalysis = {alhpa = 0.1}"), "nearest valid one is 'alpha'"),
        (("seeds = 2", "seeds = 2\nchecks = {instance = 1}"), "nearest valid one is 'instances'"),
        (("widths = [4, 8]", "widths = []"), "empty list"),
        (("widths = [4, 8]", "widths = [0]"), "must be positive"),
        (("widths = [4, 8]", ""), "lacks the key 'widths'"),
        (("[1, 8]", "[0]"), "too small"),
        (("[1, 8]", "[1.5]"), "must be of type int"),
        (("[0.1, 1]", "[nan, 1]"), "sparsity is nan; it must be finite"),
        (("baseline_sparsity = 1", "baseline_sparsity = 9"), "must be among"),
        (('name = "relu"', 'name = "topk"'), "two gates called 'topk'"),
        (("dim = 2", 'dim = 2\n[[worlds]]\nname = "nested-balls"'), "two worlds called 'nested-balls'"),
        (("dim = 2", "dim = 1979-05-27"), "JSON"),
        (("widths = [4, 8]", "widths = [4, 8"), "not TOML"),
    ],
)  # fmt: skip
def test_a_bad_plan_is_refused_by_name(edit: tuple[str, str], message: str):
    assert edit[0] in SMALL
    with pytest.raises(InvalidInput, match=None) as refused:
        parse_plan(SMALL.replace(*edit, 1), "small")
    assert message in str(refused.value)


def test_an_unknown_preset_is_refused_with_the_nearest():
    with pytest.raises(InvalidInput, match="nearest preset is 'quickstart'"):
        load_plan("quikstart")


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_read_have_three_seeds_and_both_baselines(name: str):
    plan = load_plan(name)
    assert plan.title == name
    assert len(plan.seeds) >= 3
    assert {"trained", "untrained", "frozen_decoder"} <= {c.baseline for c in plan.cells()}
    assert parse_plan(plan_toml(plan)) == plan


STUDIES = """
[[studies]]
name = "hedging"
seeds = 4
[[studies]]
name = "failures"
"""


def test_a_shift_reaches_all_seeds_and_nothing_else():
    text = SMALL + '[[worlds]]\nname = "digits"\ndata_seed = 7\n' + STUDIES
    plan = parse_plan(text, "t")
    shifted = plan.shifted(100)
    assert shifted.seeds_by_part() == {
        "grid": (100, 101), "hedging": (100, 101, 102, 103), "failures": (100, 101),
    }  # fmt: skip
    assert shifted.checks.seed == 100
    assert {c.data_seed for c in shifted.cells()} == {7, 100, 101}
    assert not {c.key for c in plan.cells()} & {c.key for c in shifted.cells()}
    jobs = {job.key: job.settings for p in (plan, shifted) for job in plan_jobs(p, ALL_STUDIES)}
    assert len(jobs) == len(plan_jobs(plan, ALL_STUDIES)) + len(plan_jobs(shifted, ALL_STUDIES))
    assert {s.seed for s in jobs.values()} == {0, 1, 2, 3, 100, 101, 102, 103}
    # What the folder stores is the plan with these seeds.
    assert parse_plan(plan_toml(shifted)) == shifted
    assert shifted.shifted(-100) == plan


@pytest.mark.parametrize(
    ("offset", "message"),
    [
        (0, "seeds 0, 1, 2, 3"),
        (3, "What to do: shift it by 4 or more"),
        (-4, "a seed of the plan becomes negative"),
    ],
)
def test_a_shift_that_keeps_a_seed_or_makes_one_negative_is_refused(offset: int, message: str):
    with pytest.raises(InvalidInput) as refused:
        parse_plan(SMALL + STUDIES, "t").shifted(offset)
    assert message in str(refused.value).replace("\n", " ")


VALUES = st.recursive(
    st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
WORDS = st.text(string.ascii_lowercase + "_", min_size=1, max_size=6)
OWN = {"name", "label", "data_seed", "widths", "sparsity", "train"}
PARAMS = st.dictionaries(WORDS.filter(lambda w: w not in OWN), VALUES, max_size=3)


KS = st.sets(st.integers(1, 9), min_size=1)


@given(label=st.text(), params=PARAMS, ks=KS, data_seed=st.none() | st.integers(0, 5))
@settings(max_examples=60)
def test_a_plan_survives_its_own_text(label: str, params: dict, ks: set[int], data_seed: int | None):
    world = WorldEntry(label, "w", params, data_seed, train={"gate.aux_k": 1})
    gate = GateEntry("topk", tuple(ks))
    plan = Plan("t\x7f\n", (world,), (gate,), (9,), (0, 4), checks=CheckEntry(("S1",), 3))
    assert parse_plan(plan_toml(plan)) == plan


def test_a_gates_own_widths_come_before_the_worlds_and_the_plans():
    text = """
widths = [4]
seeds = 1
baselines = []
[[worlds]]
name = "nested-balls"
widths = [8]
[[gates]]
name = "relu"
sparsity = [0.1]
[[gates]]
name = "topk"
sparsity = [1]
widths = [2, 3]
"""
    plan = parse_plan(text)
    assert {(c.gate, c.width) for c in plan.cells()} == {("relu", 8), ("topk", 2), ("topk", 3)}
    assert parse_plan(plan_toml(plan), plan.title) == plan
    with pytest.raises(InvalidInput, match="the gate 'topk': widths must be positive"):
        parse_plan(text.replace("[2, 3]", "[0]"))
    with pytest.raises(InvalidInput, match="widths"):
        parse_plan(text.replace("widths = [2, 3]", "width = [2]"))


CELL = Cell("w", "nested-balls", {"dim": 2, "gap": 0.5}, 0, "topk", 4, 16, 0)


def test_the_key_depends_on_everything_but_the_label_and_the_order_of_keys():
    assert CELL.key == replace(CELL, world="other label", world_params={"gap": 0.5, "dim": 2}).key
    changes = [
        {"source": "digits"}, {"world_params": {"dim": 3}}, {"data_seed": 1}, {"gate": "relu"},
        {"sparsity": 5}, {"width": 17}, {"seed": 1}, {"baseline": "untrained"}, {"train": {"steps": 1}},
        {"analysis": {"alpha": 0.1}}, {"tolerance": 0.1}, {"train_share": 0.4},
        {"device": "cuda"}, {"device": "auto"}, {"kernel": "torch"}, {"kernel": "numba"},
        {"kernel": "torch-sparse"},
    ]  # fmt: skip
    keys = {replace(CELL, **change).key for change in changes}
    assert len(keys | {CELL.key}) == len(changes) + 1


def test_the_key_is_the_same_on_every_machine_and_day():
    text = (
        '{"cell":{"analysis":{},"baseline":"trained","data_seed":0,"gate":"topk","kernel":null,'
        '"seed":0,"source":"nested-balls","sparsity":4,"tolerance":0.05,"train":{},"train_share":0.5,"width":16,'
        f'"world_params":{{"dim":2,"gap":0.5}}}},"format":"geosae {__version__}"}}'
    )
    assert CELL.key == hashlib.sha256(text.encode()).hexdigest()[:16]
    assert CELL.data_key != replace(CELL, data_seed=1).data_key


def test_the_kernel_of_a_cell_is_that_of_a_machine_with_or_without_numba():
    """At width 6 Top-K is too dense for numba's step; PCA and k-means are trained by none."""
    text = """
widths = [6, 16]
seeds = 1
baselines = ["untrained", "pca", "kmeans"]
[[worlds]]
name = "nested-balls"
[[gates]]
name = "topk"
sparsity = [2]
[[gates]]
name = "relu"
sparsity = [0.1]
[[gates]]
name = "gated"
sparsity = [0.1]
"""
    plan = parse_plan(text)
    having, lacking = plan.cells(numba=True), plan.cells(numba=False)
    assert plan.cells() == (having if installed() else lacking)
    kernels = {(c.gate, c.width, c.baseline): c.kernel for c in having}
    assert kernels["topk", 16, "trained"] == kernels["topk", 16, "untrained"] == "numba"
    assert kernels["topk", 6, "trained"] == kernels["relu", 16, "trained"] == "torch"
    assert kernels["gated", 16, "trained"] == "autograd"
    assert {c.kernel for c in having if c.baseline in ("pca", "kmeans")} == {None}
    assert "numba" not in {c.kernel for c in lacking}
    common = {c.key for c in having} & {c.key for c in lacking}
    other = {(c.gate, c.width) for c in having if c.key not in common}
    assert other == {("topk", 16)}
    assert len(having) == len(lacking) > len(common)
    # The kernel of a GPU is none of numba's.
    on_gpu = replace(plan, device="cuda").cells(numba=True)
    assert {c.kernel for c in on_gpu if c.gate == "topk" and c.baseline == "trained"} == {"torch"}


def test_without_numba_the_kernel_of_a_wide_cell_is_that_of_a_machine_with_or_without_mkl():
    gates = (GateEntry("topk", (2,)),)
    plan = replace(parse_plan(SMALL), gates=gates, widths=(16, 512), baselines=(), seeds=(0,))
    kernels = {mkl: {c.width: c.kernel for c in plan.cells(numba=False, mkl=mkl)} for mkl in (False, True)}
    assert kernels == {False: {16: "torch", 512: "torch"}, True: {16: "torch", 512: "torch-sparse"}}
    assert len({c.key for mkl in kernels for c in plan.cells(numba=False, mkl=mkl) if c.width == 512}) == 2


def test_a_kernel_that_the_machine_lacks_is_refused_with_the_plan():
    gates = (GateEntry("topk", (1,)),)
    plan = replace(parse_plan(SMALL), train={"kernel": "numba"}, gates=gates, widths=(8,))
    assert {c.kernel for c in plan.cells(numba=True) if c.baseline == "trained"} == {"numba"}
    with pytest.raises(InvalidInput, match="numba is not installed"):
        plan.cells(numba=False)


def test_the_device_of_a_plan_is_that_of_what_it_trains():
    plan = parse_plan(SMALL)
    assert plan.device == "cpu"
    text = 'device = "cuda"\nbaselines = ["untrained", "pca"]\n' + SMALL
    other = parse_plan(text)
    assert other.device == "cuda"
    assert parse_plan(plan_toml(other), other.title) == other
    # What is computed without training stays the same cell.
    assert {(c.baseline, c.device) for c in other.cells()} == {
        ("trained", "cuda"), ("untrained", "cuda"), ("pca", "cpu"),
    }  # fmt: skip
    keys = {cell.key for cell in parse_plan(text.replace("cuda", "cpu")).cells()}
    shared = {cell.baseline for cell in other.cells() if cell.key in keys}
    assert shared == {"pca"}
    with pytest.raises(InvalidInput, match="unknown device 'cudo'; the nearest valid one is 'cuda'"):
        parse_plan(text.replace("cuda", "cudo"))
    with pytest.raises(InvalidInput, match="device"):
        parse_plan(text.replace('"cuda"', "0"))


def test_a_world_for_pictures_has_no_baselines():
    plan = parse_plan(SMALL.replace("[[worlds]]", "[[worlds]]\nbaselines = false", 1), "small")
    first = plan.worlds[0].label
    assert {c.baseline for c in plan.cells() if c.world == first} == {"trained"}
    assert plan.compared(first) == frozenset()
    assert parse_plan(plan_toml(plan)) == plan


@pytest.mark.parametrize("share", ["0.0", "1.0", "nan"])
def test_the_share_to_train_on_leaves_something_to_measure_on(share: str):
    with pytest.raises(InvalidInput, match="train_share"):
        parse_plan(f"train_share = {share}\n{SMALL}", "small")
