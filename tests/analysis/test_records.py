import json
import math

import numpy as np
import pytest
from analysis.planted import random_dataset, random_planted, square

from geosae.analysis import LEARNERS, Alignment, ConceptAnswer, analyse
from geosae.analysis.stored import hash_of_parts
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import UniformBox
from geosae.geometry.regions.registry import Ball
from geosae.storage.structure import from_json, to_json


def _with_ambient() -> Alignment:
    points = np.random.default_rng(0).uniform(-2, 2, (300, 2))
    membership = np.stack([np.linalg.norm(points, axis=1) <= 1, points[:, 0] > 0], axis=1)
    regions = (Ball(np.zeros(2), 1.0), None)
    ambient = UniformBox(np.full(2, -2.0), np.full(2, 2.0))
    return analyse(
        square(), ConceptDataset(points, membership, ("ball", "right"), regions=regions, ambient=ambient)
    )


def _without_ambient() -> Alignment:
    rng = np.random.default_rng(1)
    return analyse(random_planted(rng, 5, 3), random_dataset(rng, 90, 3, 4))


@pytest.fixture(params=[_with_ambient, _without_ambient])
def alignment(request):
    return request.param()


def _same(a: Alignment, b: Alignment) -> None:
    assert a.to_dict() == b.to_dict()
    assert a.notions == b.notions
    for notion in a.notions:
        assert str(getattr(a, notion)) == str(getattr(b, notion))
        for learner in LEARNERS:
            assert to_json(a.answers(notion, learner)) == to_json(b.answers(notion, learner))
    if a.floor is not None:
        _same(a.floor, b.floor)


def test_json_round_trip_without_nan(alignment):
    text = json.dumps(alignment.to_dict(), allow_nan=False)
    _same(Alignment.from_dict(json.loads(text)), alignment)


def test_file_round_trip(alignment, tmp_path):
    alignment.save(tmp_path / "alignment.npz")
    assert json.loads((tmp_path / "alignment.json").read_text())["kind"] == "alignment"
    _same(Alignment.load(tmp_path / "alignment.npz"), alignment)


def test_the_json_beside_the_file_holds_the_results(alignment, tmp_path):
    alignment.save(tmp_path / "alignment.npz")
    card = json.loads((tmp_path / "alignment.json").read_text())
    table = card["results"]["table"]
    assert {len(column) for column in table.values()} == {len(table["concept"])}
    at = [i for i, (n, x) in enumerate(zip(table["notion"], table["learner"], strict=True))
          if (n, x) == ("separation", "units")]  # fmt: skip
    rows = alignment.answers("separation", "units")
    assert [table["answer"][i] for i in at] == [row.answer for row in rows]
    assert card["results"]["judged"]["pairs"] == alignment.judgement.pairs
    counts = card["results"]["concepts"]["separation"]["units"]
    assert sum(counts.values()) == len(alignment.concepts)
    assert "floor_results" in card
    # Results that do not follow from the counts are refused.
    card["results"]["table"]["answer"][at[0]] = "learned by decree"
    (tmp_path / "alignment.json").write_text(json.dumps(card))
    with pytest.raises(InvalidInput, match="does not describe"):
        Alignment.load(tmp_path / "alignment.npz")


def test_answers_go_to_json_and_back(alignment):
    for notion in alignment.notions:
        for row in alignment.answers(notion):
            same = from_json(ConceptAnswer, json.loads(json.dumps(to_json(row), allow_nan=False)), "a row")
            assert to_json(same) == to_json(row)
            if math.isfinite(row.error) and math.isfinite(row.high):
                assert row.low <= row.error <= row.high


def test_columns_are_of_one_length_and_hold_every_row(alignment):
    columns = alignment.columns()
    rows = (len(alignment.notions) + 1) * len(LEARNERS) * len(alignment.concepts)
    assert {len(column) for column in columns.values()} == {rows}
    assert columns["notion"].count("f1") == len(LEARNERS) * len(alignment.concepts)
    assert set(columns["answer"][-3:]) <= {"not judged", "no unit"}


def test_a_tampered_or_foreign_record_is_refused(alignment, tmp_path):
    value = alignment.to_dict()
    with pytest.raises(InvalidInput, match="version"):
        Alignment.from_dict(value | {"version": 99})
    with pytest.raises(InvalidInput, match="lacks its part 'concepts'"):
        Alignment.from_dict({k: v for k, v in value.items() if k != "concepts"})
    forged = json.loads(json.dumps(value))
    forged["arrays"]["neurons.hits"]["values"][0][0] = 10_000
    with pytest.raises(InvalidInput, match="exceed"):
        Alignment.from_dict(forged)
    forged = json.loads(json.dumps(value))
    forged["arrays"]["fired"]["values"][0] += 1
    with pytest.raises(InvalidInput, match="not the sum"):
        Alignment.from_dict(forged)

    path = tmp_path / "a.npz"
    with pytest.raises(InvalidInput, match=r"\.npz"):
        alignment.save(tmp_path / "a.json")
    alignment.save(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InvalidInput):
        Alignment.load(path)
    alignment.save(path)
    _without_ambient().save(tmp_path / "b.npz")
    if alignment.ambient is not None:
        (tmp_path / "a.json").write_bytes((tmp_path / "b.json").read_bytes())
        with pytest.raises(InvalidInput, match="does not describe the file beside it"):
            Alignment.load(path)
        # The card is for people: without it the file is whole.
        (tmp_path / "a.json").unlink()
        _same(Alignment.load(path), alignment)
    with np.load(path) as archive:
        arrays = {name: archive[name].copy() for name in archive.files}
    arrays["fired"][0] += 1
    np.savez(path, **arrays)
    path.with_suffix(".json").unlink(missing_ok=True)
    with pytest.raises(InvalidInput, match="content hash"):
        Alignment.load(path)


def test_what_is_printed_is_short(alignment):
    for record in (alignment, alignment.detection, *alignment.answers("separation")):
        assert len(str(record)) <= 400
        assert len(repr(record)) <= 400
    assert f"{len(alignment.concepts)} concepts" in str(alignment)


def test_units_that_do_not_fit_their_sizes_are_refused(alignment):
    forged = json.loads(json.dumps(alignment.to_dict()))
    forged["arrays"]["chosen.f1.units.sizes"]["values"][0] += 1
    with pytest.raises(InvalidInput, match="do not fit their neurons"):
        Alignment.from_dict(forged)


def test_the_hash_is_of_the_card_and_of_every_array_whatever_their_order():
    arrays = {"a": np.arange(3), "b": np.zeros(2)}
    whole = hash_of_parts("card", arrays)
    assert hash_of_parts("card", dict(reversed(arrays.items()))) == whole
    others = [("Card", arrays), ("card", {"a": np.arange(3)}), ("card", arrays | {"b": np.ones(2)})]
    others.append(("card", {"a": np.arange(3), "c": np.zeros(2)}))
    assert whole not in [hash_of_parts(*parts) for parts in others]
