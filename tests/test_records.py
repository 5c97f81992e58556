"""Every public record prints in at most 400 characters, and shows what it holds literally in a notebook."""

import importlib
import inspect
import pkgutil
import sys
import typing
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
import torch
from figures.made_runs import write_run

import geosae
from geosae.analysis import Alignment, AnalysisConfig, ConceptAnswer, NotionTable, analyse
from geosae.analysis.phenomena import Share
from geosae.data.dataset import ConceptDataset
from geosae.experiments import Results, Summary, load_results
from geosae.fca import (
    Clarified,
    Concept,
    ConceptFamily,
    ConceptLattice,
    FormalContext,
    Implication,
    LatticeComparison,
    Layout,
    aoc_poset,
    compare,
    concept_lattice,
    layered,
)
from geosae.geometry import (
    AllNamed,
    AllRecovered,
    BestProbe,
    Dimensions,
    Frame,
    Inseparable,
    Named,
    NotAllNamed,
    NotAllRecovered,
    OneShot,
    ReadoutError,
    Recovered,
    Separability,
    Separated,
    SmallestUnit,
    UnitInseparable,
    UnitSeparated,
    Unnameable,
    Unrecovered,
    best_probe,
    feature_dimensions,
    frame_of,
    name_all_features,
    name_feature,
    one_shot_recovery,
    readout_error,
    recover_all,
    recover_code,
    separability_measure,
    separate,
    separate_unit,
    smallest_unit,
)
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.superposition.naming_all_certificate import ExactRow
from geosae.notebook import MOST_CHARACTERS, distinct, html_table, short_list, short_repr
from geosae.sae import Neurons, SparseAutoencoder, TopK, TrainConfig, neurons_of
from geosae.sae.training.train import TrainedSAE, train

SCRIPT = "<script>alert('1')</script> & \"more\""
LABELS = tuple(f"{SCRIPT} {i}" for i in range(1000))


def public_records() -> list[type]:
    """Return the dataclasses and named tuples that the packages of geosae export, and two more."""
    packages = [
        geosae.__name__,
        *(m.name for m in pkgutil.walk_packages(geosae.__path__, "geosae.") if m.ispkg),
    ]
    records: dict[type, None] = {TrainedSAE: None, SparseAutoencoder: None}
    for package in map(importlib.import_module, packages):
        names = [n for n in getattr(package, "__all__", None) or vars(package) if not n.startswith("_")]
        for thing in (getattr(package, name) for name in names):
            if inspect.isclass(thing) and thing.__module__.startswith("geosae.") and is_record(thing):
                records[thing] = None
    return list(records)


def is_record(kind: type) -> bool:
    """Tell whether instances of the class exist and hold fields."""
    return not inspect.isabstract(kind) and (is_dataclass(kind) or hasattr(kind, "_fields"))


def full_name(record: type) -> str:
    return f"{record.__module__}.{record.__qualname__}"


def cloud(rows: int, dim: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, dim))


def context() -> FormalContext:
    return FormalContext.from_array(np.eye(1000, dtype=bool), LABELS, LABELS)


@cache
def lattice() -> ConceptLattice:
    return concept_lattice(context())


@cache
def comparison() -> LatticeComparison:
    rng = np.random.default_rng(0)
    truth = FormalContext.from_array(rng.random((40, 12)) < 0.5, LABELS[:40], LABELS[:12])
    learned = FormalContext.from_array(rng.random((40, 12)) < 0.5, LABELS[:40])
    return compare(truth, learned, rng, nulls=2, untrained=learned)


@cache
def alignment() -> Alignment:
    return analyse(planted(), dataset(), AnalysisConfig(tolerance=0.3))


def separated(rows: int = 3000, dim: int = 20) -> Separated:
    points = cloud(rows, dim)
    verdict = separate(points[points[:, 0] > 0.1], points[points[:, 0] < -0.1])
    assert isinstance(verdict, Separated)
    return verdict


def inseparable(rows: int = 3000, dim: int = 20) -> Inseparable:
    verdict = separate(cloud(rows, dim), cloud(rows, dim, seed=1))
    assert isinstance(verdict, Inseparable)
    return verdict


def ring() -> tuple[np.ndarray, np.ndarray]:
    points = cloud(1000, 2)
    radius = np.linalg.norm(points, axis=1)
    return points[radius < 0.5], points[radius > 0.8]


def unit_separated() -> UnitSeparated:
    verdict = separate_unit(*ring())
    assert isinstance(verdict, UnitSeparated)
    return verdict


def unit_inseparable() -> UnitInseparable:
    verdict = separate_unit(*reversed(ring()))
    assert isinstance(verdict, UnitInseparable)
    return verdict


def dataset() -> ConceptDataset:
    rng = np.random.default_rng(0)
    return ConceptDataset(cloud(500, 30), rng.random((500, 1000)) < 0.5, LABELS)


def planted() -> SparseAutoencoder:
    return SparseAutoencoder.planted(HalfSpaces(cloud(500, 30), np.ones(500)))


@cache
def trained() -> TrainedSAE:
    return train(cloud(200, 3), TrainConfig(gate=TopK(k=2), width=8, steps=300, log_every=20), seed=0)


@cache
def results() -> Results:
    with TemporaryDirectory() as folder:
        read = load_results(write_run(Path(folder), world=SCRIPT))
    return replace(read, plan=replace(read.plan, title=SCRIPT * 100), folder=Path("/far/" * 200))


# One or several real ones of each class that says itself how it prints.
EXAMPLES: Mapping[type, Callable[[], list[Any]]] = {
    Separated: lambda: [separated(), separated(4, 30)],
    Inseparable: lambda: [
        inseparable(),
        inseparable(4, 2),
        replace(inseparable(), grade="certified", eta=0.1),
    ],
    UnitSeparated: lambda: [unit_separated(), separate_unit(np.zeros((1, 4)), np.ones((2, 4)))],
    UnitInseparable: lambda: [unit_inseparable(), separate_unit(np.array([[0.0], [2.0]]), np.array([[1.0]]))],
    SmallestUnit: lambda: [
        smallest_unit(*ring()),
        replace(smallest_unit(*ring()), lower=1, lower_by="program"),
    ],
    Separability: lambda: [
        separability_measure(*ring()),
        separability_measure(cloud(40, 2), cloud(40, 2, 1)),
    ],
    Frame: lambda: [frame_of(cloud(5, 40)), frame_of(np.eye(2))],
    Dimensions: lambda: [feature_dimensions(cloud(5, 40))],
    BestProbe: lambda: [
        best_probe(cloud(5, 40), 3, 2),
        replace(best_probe(cloud(5, 40), 3, 2), lower=Fraction(1, 7**2000)),
    ],
    ReadoutError: lambda: [
        readout_error(cloud(5, 40), cloud(5, 40, 1), 2),
        readout_error(cloud(5, 4), cloud(5, 4), 9, boolean=True),
    ],
    Recovered: lambda: [recover_code(cloud(30, 60), np.eye(60)[7])],
    Unrecovered: lambda: [
        recover_code(cloud(5, 60), np.ones(60), nonnegative=flag) for flag in (True, False)
    ],
    AllRecovered: lambda: [recover_all(np.eye(5), 3)],
    NotAllRecovered: lambda: [recover_all(cloud(2, 9), 3)],
    Named: lambda: [name_feature(cloud(30, 60), 7, 2), name_feature(np.eye(3), 0, 2, 1.5)],
    AllNamed: lambda: [name_all_features(np.eye(40), 3, 1.5)],
    NotAllNamed: lambda: [name_all_features(cloud(2, 60), 3)],
    ExactRow: lambda: [ExactRow(3, (Fraction(1, 7**2000),) * 40)],
    Unnameable: lambda: [name_feature(cloud(2, 60), 7, 3), name_feature(np.zeros((2, 2)), 0, 1)],
    OneShot: lambda: [one_shot_recovery(np.eye(40), 3, 10**400), one_shot_recovery(cloud(9, 5), 5)],
    FormalContext: lambda: [context(), FormalContext.from_array([[True]], ["g" * 5000], [SCRIPT])],
    Clarified: lambda: [context().clarify()],
    ConceptLattice: lambda: [lattice()],
    Concept: lambda: [lattice().top, lattice().bottom, lattice()[5]],
    ConceptFamily: lambda: [aoc_poset(context()), replace(aoc_poset(context()), what=SCRIPT * 100)],
    Implication: lambda: [Implication(LABELS, LABELS, 3), Implication((), LABELS, 3)],
    LatticeComparison: lambda: [comparison()],
    Layout: lambda: [layered(concept_lattice(FormalContext.from_array(np.eye(30, dtype=bool))))],
    ConceptDataset: lambda: [dataset(), replace(dataset(), names=tuple(n * 50 for n in LABELS))],
    Neurons: lambda: [neurons_of(planted()), neurons_of(trained().sae)],
    SparseAutoencoder: lambda: [planted()],
    TrainedSAE: lambda: [trained()],
    Alignment: lambda: [alignment()],
    NotionTable: lambda: [alignment().detection, alignment().separation],
    ConceptAnswer: lambda: list(alignment().answers("separation")[:20]),
    Share: lambda: [Share(0, 0, 0.0, 1.0), Share(10**12, 10**13, 0.1, 0.1)],
    Results: lambda: [results()],
    Summary: lambda: [results().summary],
}
IN_NOTEBOOKS = [record for record in EXAMPLES if hasattr(record, "_repr_html_")]
TABLES = [record for record in EXAMPLES if hasattr(record, "columns")]

# What a field may be filled with when a class has none of its own words.
STUFFING: tuple[Any, ...] = (
    np.zeros((1000, 50)), np.array([SCRIPT] * 1000), torch.zeros(300, 400), LABELS, list(LABELS),
    SCRIPT * 200, dict.fromkeys(LABELS, np.zeros(1000)), Fraction(3**20_000, 7**20_000), 10**10_000,
    tuple((SCRIPT,) * 5 for _ in range(5)), results, None,
)  # fmt: skip


def is_small(promised: Any) -> bool:
    """Tell whether a field's type admits numbers, truth values and fixed words only."""
    if get_origin(promised) in (UnionType, typing.Union):
        return all(map(is_small, get_args(promised)))
    return promised in (int, float, bool, NoneType) or get_origin(promised) is Literal


def stuffed(record: type, filling: Any) -> Any:
    """Return a record whose larger fields all hold the filling, past its checks."""
    if not is_dataclass(record):
        return record(*[1.0 if is_small(kind) else filling for kind in record.__annotations__.values()])
    instance = object.__new__(record)
    for each in fields(record):
        object.__setattr__(instance, each.name, -1.2345e-300 if is_small(each.type) else filling)
    return instance


def test_the_classes_that_print_themselves_have_examples() -> None:
    """The others take `short_repr`, or are so small that what a dataclass prints does."""
    of_their_own = [
        record
        for record in public_records()
        if record.__repr__ is not short_repr
        and Path(inspect.getfile(inspect.unwrap(record.__repr__))).is_relative_to(Path(geosae.__path__[0]))
    ]
    assert {*of_their_own} <= {*EXAMPLES}
    assert len(public_records()) > 80


@pytest.mark.parametrize("record", public_records(), ids=full_name)
def test_a_record_prints_in_at_most_400_characters(record: type) -> None:
    if record in EXAMPLES:
        examples = EXAMPLES[record]()
    else:
        examples = [stuffed(record, filling) for filling in STUFFING]
    for example in examples:
        assert len(repr(example)) <= MOST_CHARACTERS
        if record in EXAMPLES or type(example).__str__ is object.__str__:
            assert len(str(example)) <= MOST_CHARACTERS


@pytest.mark.parametrize("record", [FormalContext, ConceptDataset, ConceptLattice, Results])
def test_what_is_printed_says_how_much_there_is(record: type) -> None:
    expected = {
        FormalContext: "1,000 objects × 1,000 attributes with 1,000 crosses",
        ConceptDataset: "500 points in 30 dimensions and 1,000 concepts",
        ConceptLattice: "1002 concepts",
        Results: "28 of 28 cells",
    }
    assert expected[record] in repr(EXAMPLES[record]()[0])


def test_a_verdict_is_a_sentence_that_says_who_is_separated_and_how_surely() -> None:
    verdict = separate(np.array([[0.0], [1.0]]), np.array([[3.0], [4.0], [5.0]]))
    assert str(verdict) == (
        "Separated: one half-space holds the 2 points of A and none of the 3 of B (n = 1); margin 1, at most "
        "0 below the greatest there is; proved exactly"
    )
    doubtful = separate(np.array([[0.0, 0.0]]), np.array([[3.0, 1.0]]))
    assert "so this verdict says little" in str(doubtful)
    assert "no margin above 0.1 is possible" in str(replace(inseparable(), grade="certified", eta=0.1))
    assert "has size 3 " in str(replace(smallest_unit(*ring()), lower=3, upper=3))
    assert "between 1 and 3 " in str(replace(smallest_unit(*ring()), lower=1, upper=3))


@pytest.mark.parametrize("record", IN_NOTEBOOKS, ids=full_name)
def test_a_notebook_shows_labels_literally_on_any_background(record: type) -> None:
    for example in EXAMPLES[record]():
        page = example._repr_html_()
        assert len(page) < 40_000
        # Parsed as XML it would fail on markup left open; and what is read is what the labels say.
        tree = ET.fromstring(page)
        assert {node.tag for node in tree.iter()} <= {"div", "p", "table", "thead", "tbody", "tr", "th", "td"}
        styles = [node.get("style", "") for node in tree.iter()]
        colours = [
            rule for style in styles for rule in style.split(";") if "color" in rule or "background" in rule
        ]
        assert {*colours} <= {"color:inherit", "background:none"}


@pytest.mark.parametrize("record", [FormalContext, ConceptLattice, ConceptDataset, Results], ids=full_name)
def test_a_script_in_a_label_is_text(record: type) -> None:
    page = EXAMPLES[record]()[0]._repr_html_()
    assert "<script" not in page
    assert "<script>alert('1')" in "".join(ET.fromstring(page).itertext())


def test_long_tables_say_how_much_is_left_out() -> None:
    page = html_table("long", {f"c{i}": np.arange(100) for i in range(20)})
    assert "88 more rows and 4 more columns" in page
    assert page.count("<tr>") == 13
    assert "more" not in html_table("short", {"a": np.arange(12)})
    assert "990 more rows" in lattice()._repr_html_()


@pytest.mark.parametrize("record", TABLES, ids=full_name)
@pytest.mark.parametrize("library", ["", "pandas", "polars"])
def test_columns_are_a_table(record: type, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if library:
        frames = pytest.importorskip(library)
    else:
        # Nothing of it may need either library.
        monkeypatch.setitem(sys.modules, "pandas", None)
        monkeypatch.setitem(sys.modules, "polars", None)
    for example in EXAMPLES[record]():
        columns = example.columns()
        assert all(isinstance(name, str) for name in columns)
        assert all(
            isinstance(c, list) or (isinstance(c, np.ndarray) and c.ndim == 1) for c in columns.values()
        )
        (rows,) = {len(column) for column in columns.values()}
        if library:
            assert frames.DataFrame(columns).shape == (rows, len(columns))


def test_columns_hold_the_numbers_of_the_record() -> None:
    of_results = results().columns()
    assert len(of_results["seed"]) == len(results().cells)
    first = results().cells[0]
    assert of_results["separation.units.share"][0] == first.measures.separation.units.share
    of_summary = results().summary.columns()
    row = results().summary.rows[0]
    assert of_summary["metrics.fvu.low"][0] == row.measures.metrics.fvu.low
    assert of_summary["seeds"].tolist() == [r.seeds for r in results().summary.rows]
    assert trained().columns()["fvu"].tolist() == [line["fvu"] for line in trained().log]
    sizes = dataset().columns()
    assert sizes["size"].tolist() == dataset().membership.sum(axis=0).tolist()
    table = context().columns()
    assert np.array_equal(np.column_stack([table[name] for name in LABELS]), context().incidence)
    verdict = inseparable()
    combination = verdict.columns()
    assert np.isclose(combination["weight"][np.array(combination["cloud"]) == "A"].sum(), 1.0)
    excludes = unit_separated().columns()["excludes"]
    assert excludes.sum() == len(ring()[1])
    concepts = lattice().columns()
    assert concepts["extent_size"].tolist() == lattice().extent_sizes.tolist()


def test_repeated_labels_make_columns_of_their_own() -> None:
    crosses = np.array([[True, False, True]])
    table = FormalContext.from_array(crosses, ["g"], ["object", "a", "a"]).columns()
    assert list(table) == ["object", "object (2)", "a", "a (2)"]
    names = ["a", "a", "a (2)", "", "", "a"]
    assert len({*distinct(names)}) == len(names)


def test_lists_of_labels_stay_short() -> None:
    assert short_list(()) == ""
    assert len(short_list(("x" * 5000,), 50)) <= 50 + len(", … (1,000)")
    assert short_list(["ab", "cd"], 6) == "ab, cd"
    assert short_list(["ab", "cd", "ef"], 6) == "ab, cd, … (3)"
