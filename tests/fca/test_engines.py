"""The two engines against the definition, each other and the package `concepts`."""

from pathlib import Path

import numpy as np
import pytest
from fca.brute import concepts_fast, covers_of, random_context
from fca.strategies_fca import matrices
from hypothesis import given
from hypothesis import strategies as st

from geosae.fca import TooManyConcepts, _enumerate_numba, build, concept_lattice, count_concepts
from geosae.fca._enumerate_numba import enumerate_fast
from geosae.fca._enumerate_python import enumerate_ints
from geosae.fca.context import FormalContext
from geosae.fca.interop_concepts import oracle, to_concepts
from geosae.fca.lattice import ConceptLattice
from geosae.geometry import InvalidInput

DATA = Path(__file__).parent / "data"
ENGINES = [
    "ints",
    pytest.param("fast", marks=pytest.mark.skipif(not _enumerate_numba.available(), reason="no numba")),
]
needs_numba = pytest.mark.skipif(not _enumerate_numba.available(), reason="numba is not installed")


@pytest.mark.parametrize("engine", ENGINES)
@given(matrix=matrices())
def test_concepts_and_covers_up_to_twelve_by_twelve(engine, matrix):
    lattice = concept_lattice(FormalContext.from_array(matrix), engine=engine)
    found = {frozenset(e): frozenset(i) for e, i in zip(lattice.extents, lattice.intents, strict=True)}
    assert found == concepts_fast(matrix)
    assert len(lattice) == len(found)
    extents = [frozenset(e) for e in lattice.extents]
    covers = [(extents[i], extents[j]) for i, j in lattice.covers]
    assert len(covers) == len(set(covers))
    assert set(covers) == covers_of(extents)
    assert lattice.check() is lattice


@needs_numba
@given(matrices(), st.integers(0, 4), st.integers(0, 1000))
def test_the_compiled_engine_does_exactly_what_the_plain_one_does(matrix, least, seed):
    weights = np.random.default_rng(seed).integers(1, 5, len(matrix))
    one = enumerate_ints(matrix, weights, least=least, cap=10_000)
    two = enumerate_fast(matrix, weights, least=least, cap=10_000)
    assert np.array_equal(one.sets, two.sets)
    assert np.array_equal(one.supports, two.supports)
    assert np.array_equal(one.start, two.start)
    for i in range(len(one)):
        rows = [f.covers[f.start[i] : f.start[i + 1]].tolist() for f in (one, two)]
        assert sorted(rows[0]) == sorted(rows[1])
    assert one.stopped == two.stopped == ""


@needs_numba
def test_a_collision_of_marks_is_noticed_and_not_believed(monkeypatch):
    # With all marks equal, every sum is a multiple: only the verification tells sets apart.
    rng = np.random.default_rng(3)
    matrix = rng.random((12, 10)) < 0.4
    honest = enumerate_fast(matrix, np.ones(12, dtype=np.int64), cap=10_000)
    of = _enumerate_numba.Packed.of

    def same_marks(crosses, weights):
        packed = of(crosses, weights)
        packed.marks[:] = 1
        return packed

    monkeypatch.setattr(_enumerate_numba.Packed, "of", same_marks)
    forged = enumerate_fast(matrix, np.ones(12, dtype=np.int64), cap=10_000)
    assert np.array_equal(honest.sets, forged.sets)
    assert sorted(honest.covers) == sorted(forged.covers)


@needs_numba
@pytest.mark.parametrize("shape", [(70, 70), (200, 30), (30, 200), (64, 64), (65, 128)])
def test_more_than_one_word_and_growing_arrays(shape):
    context = FormalContext.from_array(np.random.default_rng(1).random(shape) < 0.12)
    one, two = concept_lattice(context, engine="ints"), concept_lattice(context, engine="fast")
    assert one.to_dict() == two.to_dict()
    one.check()


def test_a_lattice_of_bits_answers_as_one_of_tuples():
    for shape in ((12, 40), (40, 12)):
        context = FormalContext.from_array(np.random.default_rng(2).random(shape) < 0.35)
        large = concept_lattice(context)
        small = ConceptLattice.from_dict(large.to_dict())
        assert isinstance(small.extents, tuple)
        assert not isinstance(large.extents, tuple)
        assert [large.extents[i] for i in range(len(large))] == list(large.extents)
        assert [large.intents[i] for i in range(len(large))] == list(large.intents)
        assert large.extents == small.extents
        assert large.intents != small.extents
        assert large.upper == small.upper
        assert large.extents[1:3] == small.extents[1:3]
        assert list(large.intents) == list(small.intents)
        assert large.covers == small.covers
        assert tuple(large.lower) == tuple(small.lower)
        assert large.extent_sizes.tolist() == small.extent_sizes.tolist()
        assert large.intent_sizes.tolist() == small.intent_sizes.tolist()
        assert large.object_labels == small.object_labels
        assert large.attribute_labels == small.attribute_labels
        rng = np.random.default_rng(0)
        for i, j in rng.integers(0, len(small), (30, 2)).tolist():
            assert large.meet(i, j) == small.meet(i, j)
            assert large.join(i, j) == small.join(i, j)
            assert large.leq(i, j) == small.leq(i, j)
        assert large.check() is large


@pytest.mark.parametrize("name", ["digits", "gewaesser", "lattice", "liveinwater", "tealady"])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_package_concepts_agrees(name, engine):
    context = FormalContext.read(DATA / f"{name}.cxt")
    lattice = concept_lattice(context, engine=engine)
    assert set(zip(lattice.extents, lattice.intents, strict=True)) == oracle(context)


def test_a_finished_lattice_is_handed_over_and_is_the_one_that_concepts_finds():
    context = FormalContext.read(DATA / "liveinwater.cxt")
    handed = to_concepts(concept_lattice(context))
    import concepts

    own = concepts.Context(context.objects, context.attributes, context.incidence.tolist()).lattice
    assert [(c.extent, c.intent) for c in handed.lattice] == [(c.extent, c.intent) for c in own]
    for one, two in zip(handed.lattice, own, strict=True):
        assert [u.extent for u in one.upper_neighbors] == [u.extent for u in two.upper_neighbors]
        assert [u.extent for u in one.lower_neighbors] == [u.extent for u in two.lower_neighbors]
    assert handed.lattice.join(handed.lattice[1:3]).extent == own.join(own[1:3]).extent


def test_labels_that_concepts_would_refuse_are_changed():
    context = FormalContext(("x", "x", ""), ("x", "y", "y"), ~np.eye(3, dtype=bool))
    handed = to_concepts(concept_lattice(context))
    assert len(handed.lattice) == 8
    assert len({*handed.objects, *handed.properties}) == 6


@pytest.mark.parametrize("engine", ENGINES)
def test_cap_and_time_stop_the_search_with_what_is_known(engine):
    context = FormalContext.from_array(~np.eye(14, dtype=bool))
    with pytest.raises(TooManyConcepts, match="at least 1001 concepts") as caught:
        concept_lattice(context, cap=1000, engine=engine)
    assert caught.value.reason == "cap"
    with pytest.raises(TooManyConcepts, match="the time is over") as late:
        concept_lattice(context, seconds=0.0, engine=engine)
    assert 1 < late.value.at_least <= 2**14
    count = count_concepts(context, seconds=0.0, engine=engine)
    assert not count.complete
    assert count.stopped == "time"
    assert str(count) == f"at least {count.found} concepts"


def test_a_complete_count_is_exact():
    context = random_context(5)
    count = count_concepts(context)
    assert count.complete
    assert count.found == len(concept_lattice(context))
    assert str(count) == f"{count.found} concepts"
    full = count_concepts(FormalContext.from_array(~np.eye(10, dtype=bool)), cap=1024)
    assert (full.found, full.complete) == (1024, True)


def test_an_engine_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(_enumerate_numba, "available", lambda: False)
    context = FormalContext.from_array(~np.eye(3, dtype=bool))
    with pytest.raises(InvalidInput, match="numba"):
        concept_lattice(context, engine="fast")
    monkeypatch.setattr(build, "COLD", 4)
    assert len(concept_lattice(context)) == 8


@needs_numba
def test_the_compiled_engine_is_used_early_where_it_is_loaded(monkeypatch):
    """Which engine runs depends on the process; the lattice does not."""
    context = FormalContext.from_array(np.random.default_rng(3).random((40, 30)) < 0.3)
    plain = concept_lattice(context, engine="ints")
    assert build.LOADED < len(plain) < build.COLD
    for loaded, used in ((False, False), (True, True)):
        calls = []
        monkeypatch.setattr(_enumerate_numba, "loaded", lambda loaded=loaded: loaded)
        monkeypatch.setattr(
            build._enumerate_numba, "enumerate_fast",
            lambda *a, calls=calls, **k: (calls.append(1), enumerate_fast(*a, **k))[1],
        )  # fmt: skip
        assert concept_lattice(context).to_dict() == plain.to_dict()
        assert bool(calls) == used


@needs_numba
def test_progress_is_told():
    seen = []
    context = FormalContext.from_array(~np.eye(13, dtype=bool))
    concept_lattice(context, engine="fast", progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (2**13, 2**13)
    assert all(done <= total for done, total in seen)


@pytest.mark.slow
@needs_numba
def test_mushroom_has_as_many_closed_sets_as_pyfim_counts(tmp_path):
    fim = pytest.importorskip("fim")
    path = Path(__file__).parents[2] / "benchmarks" / "data" / "mushroom.cxt"
    matrix = FormalContext.read(path).incidence
    closed = fim.fpgrowth(
        [np.flatnonzero(r).tolist() for r in matrix], target="c", supp=-1, zmin=0, report="a"
    )
    lattice = concept_lattice(FormalContext.from_array(matrix), cap=300_000)
    # pyfim lists neither the empty extent nor an empty intent.
    assert len(lattice) == 238_710
    assert len(lattice) - len(closed) in (0, 1, 2)


@needs_numba
def test_more_weight_than_a_mark_can_tell_is_refused():
    with pytest.raises(InvalidInput, match="4294967297"):
        enumerate_fast(np.eye(2, dtype=bool), np.array([2**32, 1]), cap=10)
