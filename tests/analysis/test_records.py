import json
import math

import numpy as np
import pytest
from analysis.planted import random_dataset, random_planted, square

from geosae.analysis import NOTIONS, Alignment, NotionSummary, analyse
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
    for notion in NOTIONS:
        assert str(getattr(a, notion)) == str(getattr(b, notion))
        for side, same_side in ((a, b), (a.units, b.units)):
            table, same = getattr(side, notion), getattr(same_side, notion)
            assert (table is None) == (same is None)
            # As text, since nan equals itself there.
            assert table is None or str(table.summary()) == str(same.summary())


def test_json_round_trip_without_nan(alignment):
    text = json.dumps(alignment.to_dict(), allow_nan=False)
    _same(Alignment.from_dict(json.loads(text)), alignment)


def test_file_round_trip(alignment, tmp_path):
    alignment.save(tmp_path / "alignment.npz")
    assert json.loads((tmp_path / "alignment.json").read_text())["kind"] == "alignment"
    _same(Alignment.load(tmp_path / "alignment.npz"), alignment)


def test_a_summary_is_json_without_nan(alignment):
    for notion in NOTIONS:
        tables = getattr(alignment, notion), getattr(alignment.units, notion)
        if tables[0] is None:
            assert tables == (None, None)
            assert alignment.approximation_reason
            continue
        for table in tables:
            text = json.dumps(to_json(table.summary()), allow_nan=False)
            summary = from_json(NotionSummary, json.loads(text), "the summary")
            assert [row.concept for row in summary.concepts] == list(alignment.concepts)
            for row in summary.concepts:
                if math.isfinite(row.error) and math.isfinite(row.high):
                    assert row.low <= row.error <= row.high
                assert not row.holds or row.error <= alignment.tolerance


def test_the_rows_are_the_cells_of_the_full_table(alignment):
    for notion in ("detection", "separation"):
        table = getattr(alignment, notion)
        for k, row in enumerate(table.rows()):
            i = row.neurons[0]
            assert row.error == table.worst[k, i] == np.nanmin(table.worst[k])
            assert row.high == max(e.high[k, i] for e in table.errors.values())
            assert row.low == max(e.low[k, i] for e in table.errors.values())
        assert not (table.certified & ~table.holds).any()


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


def test_what_is_shown_is_short_and_says_what_counts(alignment):
    assert len(str(alignment.detection).splitlines()) == 1 + len(alignment.concepts)
    assert repr(alignment.detection) == str(alignment.detection)
    assert f"{len(alignment.concepts)} concepts" in str(alignment)
    for row, line in zip(alignment.detection.rows(), str(alignment.detection).splitlines()[1:], strict=True):
        assert line.strip().startswith(row.concept)
        assert line.endswith("holds") == row.holds


def test_a_long_table_is_cut_and_says_so():
    rng = np.random.default_rng(0)
    al = analyse(random_planted(rng, 3, 2), random_dataset(rng, 90, 2, 40))
    assert len(str(al.detection).splitlines()) == 22
    assert "20 more" in str(al.detection)
