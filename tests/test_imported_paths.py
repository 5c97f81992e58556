"""Every path on which an imported SAE meets points applies its normalisation, or refuses.

The table holds every public function that takes an SAE or its neurons; what the library gives is held against
formulas written out in tests/imported_by_hand.py.
"""

import ast
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from cli.command import call
from imported_by_hand import ByHand, D, OnOwnPoints, imported, inside, normalised, raw

import geosae
from geosae.activations import Activations, Provenance
from geosae.activations.examples import neuron_examples
from geosae.analysis import (
    Alignment,
    AnalysisConfig,
    along_tolerances,
    learning_and_interpretation,
    levels_of,
)
from geosae.analysis import analyse as analyse_sae
from geosae.analysis.ambient import Labelled, measure_ambient
from geosae.analysis.detectors import concept_detectors, fit_fvu
from geosae.analysis.phenomena import absorption, dead_and_dense, families, hedging, splits, tiling
from geosae.analysis.reach import reach
from geosae.analysis.recovery import recovery, recovery_of
from geosae.analysis.unit_firing import unit_firing
from geosae.benchmark.files import Benchmark
from geosae.benchmark.numbers import KINDS
from geosae.benchmark.score import _arm as arm_of
from geosae.data.dataset import ConceptDataset
from geosae.data.fvu import fvu
from geosae.errors import InvalidInput
from geosae.fca import concept_lattice
from geosae.figures.units import UnitPicture, units_in_plane
from geosae.geometry import UniformBox
from geosae.sae.interop import (
    NONE,
    ConstantFactor,
    Imported,
    Source,
    compare_with_card,
    keep,
    read,
    write_saelens,
)
from geosae.sae.interop.comparison import rule_of
from geosae.sae.metrics import measure
from geosae.sae.neurons import neurons_of
from geosae.verification.claim import TrainedInstance

ROOT = Path(__file__).parent.parent
DATA = raw()
X = DATA.points
SETTINGS = AnalysisConfig(tolerance=0.3, seed=3)
HAND, OWN = ByHand(), OnOwnPoints()


def same(one: Any, other: Any) -> None:
    """Compare answers field by field, arrays by their numbers; what rounds may differ in the last places."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray | float):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    elif isinstance(one, tuple | list):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            same(left, right)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key, value in one.items():
            same(value, other[key])
    elif hasattr(one, "__dataclass_fields__"):
        for name in one.__dataclass_fields__:
            same(getattr(one, name), getattr(other, name))
    else:
        assert one == other


def alignments(sae: Imported) -> tuple[Alignment, Alignment]:
    return analyse_sae(sae, DATA, SETTINGS), analyse_sae(HAND, normalised(DATA), SETTINGS)


def analysed(sae: Imported) -> None:
    one, other = alignments(sae)
    np.testing.assert_array_equal(one.metrics.fired, HAND.fires(inside(X)).sum(axis=0))
    same(one.to_dict(), other.to_dict())
    # Points that were prepared already are not normalised a second time.
    same(analyse_sae(sae, sae.prepare_dataset(DATA), SETTINGS).to_dict(), other.to_dict())
    same(analyse_sae(sae.neurons, sae.prepare_dataset(DATA), SETTINGS).to_dict(), other.to_dict())
    with pytest.raises(InvalidInput, match=r"these neurons read normalised points \(layer_norm\)"):
        analyse_sae(sae.neurons, DATA, SETTINGS)


def from_the_alignment(question: Callable[[Alignment], Any]) -> Callable[[Imported], None]:
    def path(sae: Imported) -> None:
        one, other = alignments(sae)
        same(question(one), question(other))

    return path


def phenomenon(question: Callable[[Any, ConceptDataset], Any]) -> Callable[[Imported], None]:
    def path(sae: Imported) -> None:
        same(question(sae, DATA), question(HAND, normalised(DATA)))
        with pytest.raises(InvalidInput, match="these neurons read normalised points"):
            question(sae.neurons, DATA)

    return path


def mixed_directions(sae: Imported) -> None:
    same(hedging(sae, DATA, threshold=0.1), hedging(OWN, DATA, threshold=0.1))


def splits_of_two(sae: Imported) -> None:
    same(splits(sae, sae, DATA, tolerance=0.4), splits(HAND, HAND, normalised(DATA), tolerance=0.4))
    plain = Imported(sae.sae, NONE, Source("hand", "batchtopk"))
    with pytest.raises(InvalidInput, match="normalise their points differently"):
        splits(sae, plain, DATA)


def features(sae: Imported) -> None:
    assert DATA.directions is not None
    batches = [(X, OWN.reconstruct(X), OWN.fires(X), DATA.membership)]
    same(recovery_of(sae, DATA, chunk=100), recovery(D, DATA.directions, batches))


def ambient(sae: Imported) -> None:
    box = UniformBox(np.full(6, -2.0), np.full(6, 2.0))
    spacious = ConceptDataset(X, DATA.membership, DATA.names, ambient=box, regions=(None,) * 3)
    assert analyse_sae(sae, spacious, SETTINGS).approximation_reason == "the dataset has no ambient measure ν"
    units = [Labelled(((0,),), np.array([0]))]
    with pytest.raises(InvalidInput, match="these neurons read normalised points"):
        measure_ambient(sae.neurons, spacious, units, 10, np.random.default_rng(0), chunk=10)
    with pytest.raises(InvalidInput, match="approximation was not measured"):
        reach(analyse_sae(sae, spacious, SETTINGS), spacious, np.random.default_rng(0))


def of_units(sae: Imported) -> None:
    units = [(0,), (0, 1), ()]
    same(unit_firing(sae, DATA, units), unit_firing(HAND, normalised(DATA), units))
    with pytest.raises(InvalidInput, match="these neurons read normalised points"):
        unit_firing(sae.neurons, DATA, units)


class Rows(Activations):
    """Points as a folder of activations hands them out, without texts and without a folder."""

    def __init__(self) -> None:
        pass

    dim = DATA.dim
    texts = None

    def blocks(self) -> list[np.ndarray]:
        return [X[:50], X[50:]]

    def provenance(self, row: int) -> Provenance:
        return Provenance(row, (0, 1), (-1, -1))


def exemplified(sae: Imported) -> None:
    rows = Rows()
    for neuron, column in enumerate(OWN.activations(X).T):
        examples = neuron_examples(sae, rows, neuron, top=len(X), random=0, rng=np.random.default_rng(0))
        assert examples.fires == np.count_nonzero(column)
        assert {each.row for each in examples.top} == set(np.flatnonzero(column).tolist())
        values = [column[each.row] for each in examples.top]
        np.testing.assert_allclose([each.value for each in examples.top], values, rtol=1e-5, atol=1e-6)


def setting_of(data: ConceptDataset) -> Benchmark:
    """A benchmark that holds these points, the last third of them to test on; its files are not asked for."""
    setting = object.__new__(Benchmark)
    tests = data.size // 3
    card = SimpleNamespace(points={"fit": data.size - tests, "test": tests})
    setting.__dict__.update(judged=data, card=card)
    return setting


def scored(sae: Imported) -> None:
    (_, one), (_, other) = (
        arm_of(each, setting_of(data), SETTINGS) for each, data in ((sae, DATA), (HAND, normalised(DATA)))
    )
    theirs = {"mcc", "recovery_f1", "uniqueness"}  # of directions, which live in the points' own space
    for name in set(KINDS) - theirs:
        same(getattr(one.numbers, name), getattr(other.numbers, name))


def compared(sae: Imported) -> None:
    comparison = compare_with_card(sae, X)
    assert comparison.l0 == OWN.fires(X).sum(axis=1).mean()
    assert comparison.fvu == pytest.approx(fvu(X, OWN.reconstruct(X)))
    assert comparison.fvu_inside == pytest.approx(fvu(inside(X), HAND.reconstruct(inside(X))))


def itself(sae: Imported) -> None:
    np.testing.assert_array_equal(sae.fires(X), OWN.fires(X))
    np.testing.assert_allclose(sae.activations(X), OWN.activations(X), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(sae.reconstruct(X), OWN.reconstruct(X), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(sae.prepare(X), inside(X), rtol=1e-12)


def written(write: Callable[[Imported, Path], None], close: float) -> Callable[..., None]:
    def path(sae: Imported, folder: Path) -> None:
        write(sae, folder / "written")
        back = read(folder / "written")
        assert back.normalisation == sae.normalisation
        np.testing.assert_allclose(back.reconstruct(X), OWN.reconstruct(X), rtol=close, atol=close)

    return path


def drawn(sae: Imported) -> None:
    """Who fires in a picture is asked through the SAE: `imported.fires` normalises."""
    plane = np.random.default_rng(0).standard_normal((30, 2))
    flat = neurons_in_plane()
    picture, member = [UnitPicture(0, (0,))], plane[:, :1] > 0
    seen: list[np.ndarray] = []

    def watched(points: np.ndarray) -> np.ndarray:
        seen.append(flat.fires(points))
        return seen[-1]

    units_in_plane(watched, picture, plane, member, ["right"])
    np.testing.assert_array_equal(seen[0], 3 * plane @ np.eye(2).T - 1 > 0)


def neurons_in_plane() -> Imported:
    from geosae.geometry.arrangements.halfspaces import HalfSpaces
    from geosae.sae import SparseAutoencoder

    both = SparseAutoencoder.planted(HalfSpaces(np.eye(2), np.full(2, -1.0)))
    return Imported(both, ConstantFactor(3.0), Source("hand", "relu"))


def geosae_analyse(sae: Imported, folder: Path, monkeypatch: Any, capsys: Any) -> None:
    np.save(folder / "points.npy", X)
    np.save(folder / "members.npy", DATA.membership)
    keep(sae, folder / "sae")
    options = (
        "--membership",
        folder / "members.npy",
        "--tolerance",
        "0.3",
        "--seed",
        "3",
        "-o",
        folder / "out",
    )
    code, examples, _ = call(monkeypatch, capsys, "analyse", folder / "sae", folder / "points.npy", *options)
    assert code == 0
    alignment = Alignment.load(folder / "out" / "alignment.npz")
    np.testing.assert_array_equal(alignment.metrics.fired, HAND.fires(inside(X)).sum(axis=0))
    same(alignment.metrics.fvu, alignments(sae)[1].metrics.fvu)
    assert f"FVU {fvu(X, OWN.reconstruct(X)):.3g}" in examples


def geosae_verify(sae: Imported, folder: Path, monkeypatch: Any, capsys: Any) -> None:
    np.save(folder / "points.npy", X)
    keep(sae, folder / "sae")
    files = (folder / "sae", folder / "points.npy", "--json", folder / "out.json")
    assert call(monkeypatch, capsys, "verify", "--sae", *files)[0] == 0
    a, e = HAND.activations(inside(X)), inside(X) - HAND.reconstruct(inside(X))
    fired = a.any(axis=0)
    r, s = (a.T @ e)[fired], np.square(a).sum(axis=0)[fired]
    total = (np.square(r).sum(axis=1) / s).sum() / np.square(e).sum()
    same(json.loads((folder / "out.json").read_text())[0]["gains"]["atoms"]["free"]["total"], float(total))


PATHS: dict[str, Callable[..., None]] = {
    "geosae.analysis.analyse.analyse": analysed,
    "geosae.analysis.ambient.measure_ambient": ambient,
    "geosae.analysis.levels.levels_of": from_the_alignment(lambda a: levels_of(a, 0.9, edges="point")),
    "geosae.analysis.levels.along_tolerances": from_the_alignment(
        lambda a: along_tolerances(a, "detection", (0.3, 0.9), edges="point")
    ),
    "geosae.analysis.reach.reach": ambient,
    "geosae.analysis.recovery.recovery_of": features,
    "geosae.analysis.round_trips.learning_and_interpretation": from_the_alignment(
        lambda a: learning_and_interpretation(a, tolerance=0.9, edges="point")
    ),
    "geosae.analysis.phenomena.absorption.absorption": phenomenon(
        lambda s, d: absorption(s, d, "right", "both")
    ),
    "geosae.analysis.phenomena.dead_dense.dead_and_dense": phenomenon(dead_and_dense),
    "geosae.analysis.phenomena.families.families": phenomenon(families),
    "geosae.analysis.phenomena.hedging.hedging": mixed_directions,
    "geosae.analysis.phenomena.splitting.splits": splits_of_two,
    "geosae.analysis.phenomena.splitting.tiling": phenomenon(
        lambda s, d: tiling(s, d, "right", tolerance=0.4)
    ),
    "geosae.analysis.unit_firing.unit_firing": of_units,
    "geosae.analysis.detectors.concept_detectors": phenomenon(concept_detectors),
    "geosae.analysis.detectors.fit_fvu": phenomenon(fit_fvu),
    "geosae.activations.examples.neuron_examples": exemplified,
    "geosae.cli.examples.examples": exemplified,
    "geosae.benchmark.score.score": scored,
    "geosae.cli.bench.score": scored,
    "geosae.figures.units.units_in_plane": drawn,
    "geosae.cli.analyse.analyse": geosae_analyse,
    "geosae.cli.verify.verify": geosae_verify,
    "geosae.cli.verify_sae.verify_sae": geosae_verify,
    "geosae.sae.interop.comparison.compare_with_card": compared,
    "geosae.sae.interop.own.keep": written(keep, 1e-9),
    "geosae.sae.interop.saelens_write.write_saelens": written(write_saelens, 1e-4),
    "geosae.sae.folder.save": written(geosae.save, 1e-9),
    "geosae.fca.concept_lattice": from_the_alignment(
        lambda a: concept_lattice(a.context("detection", 0.9, edges="point")).context.incidence
    ),
    "geosae.sae.interop.record.Imported": itself,
}
# What refuses everything but bare neurons or weights: tests/test_one_door.py holds the lines.
REFUSES = {"geosae.sae.metrics.measure", "geosae.sae.neurons.neurons_of"}
# What meets no points: weights written and read, words, or SAEs that geosae trained and keeps in runs.
NO_POINTS = {
    "geosae.benchmark.numbers.numbers_of": "an alignment's numbers",
    "geosae.benchmark.rivals.rival": "its gate and its width alone",
    "geosae.experiments.cell_result.concept_answers": "an alignment's answers",
    "geosae.sae.interop.comparison.rule_of": "weights in words",
    "geosae.sae.checkpoint.save": "a trained SAE, written",
    "geosae.sae.weights_file.dtype_name": "weights alone",
    "geosae.sae.weights_file.write_weights": "weights alone",
    "geosae.cli.analyse_concepts.print_detectors": "an alignment's answers, printed",
    "geosae.cli.analyse_concepts.print_separability": "an alignment's answers, printed",
    "geosae.cli.analyse_concepts.summary": "an alignment's answers, in words",
    "geosae.cli.analyse.untrained_like": "an SAE that geosae trained, started again",
    "geosae.cli.analyse.floor_of": "an alignment's own floor",
    "geosae.cli.analyse.in_words": "an alignment in words",
    "geosae.cli.convert.lines": "weights in words",
    "geosae.cli.verify_sae.penalty_of": "an SAE that geosae trained: its penalty",
    "geosae.experiments.cell_lattices.store_lattices": "SAEs of a run, which geosae trained",
    "geosae.experiments.cell_result.cell_result": "SAEs of a run, which geosae trained",
    "geosae.experiments.cell_result.learned_by": "SAEs of a run, which geosae trained",
    "geosae.experiments.cell_result.notion_measures": "SAEs of a run, which geosae trained",
    "geosae.explorer.neurons.ablation_effects": "SAEs of a run, which geosae trained",
    "geosae.explorer.neurons.neuron_geometry": "SAEs of a run, which geosae trained",
    "geosae.explorer.neurons.neuron_records": "SAEs of a run, which geosae trained",
    "geosae.explorer.sources.kept_neurons": "an alignment's answers",
    "geosae.explorer.sources.pair_tables": "an alignment's counts",
    "geosae.studies.certified_counts.certified_counts": "SAEs of a study, which geosae trained",
    "geosae.studies.common.l0_of": "SAEs of a study, which geosae trained",
    "geosae.studies.failures.recovered": "SAEs of a study, which geosae trained",
    "geosae.studies.parent_child.mean_silence": "SAEs of a study, which geosae trained",
    "geosae.studies.parent_child.pair_silence": "SAEs of a study, which geosae trained",
    "geosae.report.matrix.learned_of": "stored answers of a study",
}
ALONG = ("levels.along_tolerances", "round_trips.learning_and_interpretation")
WORDS = ("Neurons", "SparseAutoencoder", "Imported", "TrainedSAE", "Alignment", "Fires")
NAMES = ("sae", "imported", "coarse", "fine", "neurons")


@pytest.mark.parametrize("name", PATHS)
def test_the_path_gives_what_the_formulas_give(name, tmp_path, request):
    module, _, attribute = name.rpartition(".")
    assert hasattr(importlib.import_module(module), attribute)
    path = PATHS[name]
    sae = imported(tmp_path)
    more = {
        "folder": lambda: tmp_path,
        "monkeypatch": lambda: request.getfixturevalue("monkeypatch"),
        "capsys": lambda: request.getfixturevalue("capsys"),
    }
    wanted = path.__code__.co_varnames[1 : path.__code__.co_argcount]
    path(sae, *(more[key]() for key in wanted))


def takes_an_sae(function: ast.FunctionDef) -> bool:
    for arg in (*function.args.args, *function.args.kwonlyargs):
        annotation = "" if arg.annotation is None else ast.unparse(arg.annotation)
        if "ndarray" in annotation or "Counts" in annotation or "torch.Tensor" in annotation:
            continue
        if "Callable" in annotation and "Fires" not in annotation:
            continue
        if arg.arg in NAMES or any(word in annotation for word in WORDS):
            return True
    return False


def test_every_public_function_that_takes_an_sae_is_in_the_table():
    public = {
        ".".join((*path.relative_to(ROOT).with_suffix("").parts, node.name))
        for path in (ROOT / "geosae").rglob("*.py")
        if not any(part.startswith("_") for part in path.relative_to(ROOT).parts)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and takes_an_sae(node)
    }
    listed = {*PATHS, *REFUSES, *NO_POINTS} - {
        "geosae.fca.concept_lattice",
        "geosae.sae.interop.record.Imported",
    }
    assert public == listed


def test_neurons_are_asked_about_points_in_these_files_alone():
    """A new place where neurons meet points must think of the normalisation, and enter the table above."""
    methods = {"fires", "codes", "activations", "reconstruct", "in_chunks"}
    functions = {"codes_of", "firing_of", "residuals_of", "reconstruction_of"}
    files = {
        path.relative_to(ROOT / "geosae").as_posix()
        for path in (ROOT / "geosae").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        if (isinstance(node.func, ast.Attribute) and node.func.attr in methods)
        or (isinstance(node.func, ast.Name) and node.func.id in functions)
    }
    studies = {file for file in files if file.startswith("studies/")}
    # Likewise.
    runs = {"explorer/sources.py"}
    # Codes there are those of a dictionary, which reads no points.
    dictionaries = {file for file in files if file.startswith("geometry/superposition/")}
    assert runs <= files
    assert files - studies - runs - dictionaries == {
        "activations/examples.py", "analysis/detectors.py",
        "analysis/_neurons.py", "analysis/ambient.py", "analysis/passes.py", "analysis/phenomena/_shares.py",
        "analysis/recovery.py", "analysis/unit_firing.py", "cli/verify_sae.py", "sae/metrics.py",
        "sae/neurons.py",
        "sae/interop/comparison.py", "sae/interop/record.py",
    }  # fmt: skip


def test_the_table_would_notice_a_normalisation_that_is_left_out(tmp_path):
    plain = Imported(imported(tmp_path).sae, NONE, Source("hand", "batchtopk"))
    noticed = [analysed, features, compared, itself, mixed_directions]
    noticed += [path for name, path in PATHS.items() if "phenomena" in name and path not in (splits_of_two,)]
    noticed += [PATHS[f"geosae.analysis.{name}"] for name in ALONG]
    for path in noticed:
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            path(plain)


def test_prepared_points_are_prepared_once_and_not_for_another_sae(tmp_path):
    """A constant factor applied twice would be another SAE."""
    sae = imported(tmp_path)
    doubled = Imported(sae.sae, ConstantFactor(2.0), Source("hand", "batchtopk"))
    prepared = doubled.prepare_dataset(DATA)
    np.testing.assert_array_equal(prepared.points, 2 * X)
    assert doubled.prepare_dataset(prepared) is prepared
    with pytest.raises(InvalidInput, match="were normalised already"):
        sae.prepare_dataset(prepared)


def test_what_takes_bare_neurons_says_so(tmp_path):
    sae = imported(tmp_path)
    assert rule_of(sae.neurons) == "BatchTopK: a neuron fires where z > 0.8"
    assert neurons_of(sae.sae).normalisation is None
    assert measure(sae.neurons, inside(X))["l0"] == pytest.approx(HAND.fires(inside(X)).sum(axis=1).mean())
    with pytest.raises(InvalidInput, match="those of the data set are not prepared"):
        TrainedInstance(sae.neurons, DATA)
    assert TrainedInstance(sae.neurons, sae.prepare_dataset(DATA)).label == "trained SAE"
