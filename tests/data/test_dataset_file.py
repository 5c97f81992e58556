import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geosae.data.dataset import ConceptDataset
from geosae.data.storage import load_dataset, save_dataset
from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import UniformBox
from geosae.geometry.regions.registry import Ball, Box, Polytope, Shell, Union

REGIONS = (
    Ball(np.array([0.1, 0.2]), 1.0 / 3.0),
    Shell(np.zeros(2), 1.0, np.pi),
    Union((Ball(np.zeros(2), 0.1), Box(np.ones(2), np.full(2, 2.0))), disjoint=True),
    Polytope(np.array([[0.0, 0.0], [1.0, 0.1], [0.3, 0.9], [0.2, 0.2]])),
    None,
)


def make(dtype: type = np.float64, seed: int = 0) -> ConceptDataset:
    rng = np.random.default_rng(seed)
    table = rng.random((40, 5)) < 0.5
    table[:, 0] &= table[:, 1]
    return ConceptDataset(
        points=rng.standard_normal((40, 2)).astype(dtype),
        membership=table,
        names=("ä", "b", "c", "d", "e"),
        regions=REGIONS,
        ambient=UniformBox(-np.ones(2), np.ones(2) / 3),
        truth=(ConceptTruth(True, 0.0), None, None, None, ConceptTruth(unit=False)),
        declared_subsets=(("ä", "b"),),
        directions=rng.standard_normal((5, 2)),
        seed=seed,
        provenance={"params": {"x": 0.1, "many": (1, 2)}},
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_round_trip_keeps_everything(tmp_path, dtype: type) -> None:
    data = make(dtype)
    back = load_dataset(save_dataset(data, tmp_path / "a.npz"))
    assert back.content_hash == data.content_hash
    assert back.card_text() == data.card_text()
    assert back.points.dtype == dtype
    assert back.points.tobytes() == data.points.tobytes()
    assert np.array_equal(back.membership, data.membership)
    assert np.array_equal(back.directions, data.directions)  # pyright: ignore[reportArgumentType]
    cloud = np.random.default_rng(1).uniform(-3, 3, (500, 2))
    for one, two in zip(data.regions, back.regions, strict=True):
        assert (one is None) == (two is None)
        if one is not None and two is not None:
            assert np.array_equal(one.contains(cloud), two.contains(cloud))


def test_same_data_same_bytes_other_data_other_bytes(tmp_path) -> None:
    files = [
        save_dataset(make(seed=seed), tmp_path / name).read_bytes()
        for seed, name in ((0, "a.npz"), (0, "b.npz"), (1, "c.npz"))
    ]
    assert files[0] == files[1] != files[2]


def test_the_card_is_readable(tmp_path) -> None:
    data = make()
    save_dataset(data, tmp_path / "a.npz")
    card = json.loads((tmp_path / "a.json").read_text())
    assert card["shapes"] == {"points": [40, 2], "membership": [40, 5]}
    assert card["sizes"]["c"] == int(data.membership[:, 2].sum())
    assert card["hierarchy"] == [["ä", "b"]]
    assert card["content_hash"] == data.content_hash
    assert card["regions"][0]["kind"] == "ball"


@settings(max_examples=50)  # each example writes and reads a file
@given(st.data())
def test_any_changed_array_is_refused(tmp_path_factory, draws: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("t") / "a.npz"
    save_dataset(make(), path)
    path.with_suffix(".json").unlink()
    with np.load(path) as archive:
        arrays = {name: archive[name].copy() for name in archive.files}
    name = draws.draw(st.sampled_from(["points", "membership", "directions", "card", "format"]))
    flat = arrays[name].reshape(-1)
    place = draws.draw(st.integers(0, flat.size - 1))
    bits = flat[place : place + 1].view(np.uint8)
    # One bit of a number, of a text or of a truth value.
    bits[draws.draw(st.integers(0, bits.size - 1))] ^= (
        1 if name == "membership" else 1 << draws.draw(st.integers(0, 7))
    )
    np.savez(path, **arrays)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidInput, match=r"a\.npz"):
        load_dataset(path)


@settings(max_examples=50)  # each example writes and reads a file
@given(st.data())
def test_any_changed_byte_of_the_file_is_refused_or_harmless(tmp_path_factory, draws: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("t") / "a.npz"
    data = make()
    save_dataset(data, path)
    whole = bytearray(path.read_bytes())
    whole[draws.draw(st.integers(0, len(whole) - 1))] ^= draws.draw(st.integers(1, 255))
    path.write_bytes(whole)
    try:
        loaded = load_dataset(path)
    except InvalidInput:
        return
    assert loaded.content_hash == data.content_hash


def test_truncated_foreign_and_missing_files_are_refused(tmp_path) -> None:
    path = tmp_path / "a.npz"
    with pytest.raises(InvalidInput, match="no file"):
        load_dataset(path)
    save_dataset(make(), path)
    whole = path.read_bytes()
    for kept in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:kept])
        with pytest.raises(InvalidInput, match=r"a\.npz"):
            load_dataset(path)
    np.savez(path, weights=np.zeros(3))
    with pytest.raises(InvalidInput, match="no data set of concepts"):
        load_dataset(path)
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(InvalidInput, match="cannot be read"):
        load_dataset(path)
    with path.open("wb") as file:
        np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InvalidInput, match="cannot be read"):
        load_dataset(path)


def test_an_edited_card_is_refused_and_a_missing_one_is_not(tmp_path) -> None:
    save_dataset(make(), tmp_path / "a.npz")
    card_path = tmp_path / "a.json"
    card = json.loads(card_path.read_text())
    card["names"][0] = "other"
    card_path.write_text(json.dumps(card))
    with pytest.raises(InvalidInput, match="names differ"):
        load_dataset(tmp_path / "a.npz")
    card_path.unlink()
    assert load_dataset(tmp_path / "a.npz").names[0] == "ä"


def test_other_extensions_are_refused(tmp_path) -> None:
    with pytest.raises(InvalidInput, match=r"\.npz"):
        save_dataset(make(), tmp_path / "a.pkl")
