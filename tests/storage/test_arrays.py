"""Archives of arrays: none is unpacked that is far longer than its file, and what is written is read."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from geosae.errors import InvalidInput
from geosae.storage import arrays
from geosae.storage.arrays import read_archive
from geosae.storage.npz_card import StoredArrays, load_arrays, save_arrays

ZEROS = {"counts": np.zeros(300_000, dtype=np.int64), "points": np.ones(3)}


def compress_types(path: Path) -> dict[str, int]:
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: entry.compress_type for entry in archive.infolist()}


@pytest.mark.parametrize("room", [2**26, 1000])
def test_what_is_nearly_all_zeros_is_written_so_that_it_is_no_bomb(tmp_path, monkeypatch, room: int) -> None:
    monkeypatch.setattr(arrays, "ROOM", room)
    path = tmp_path / "a.npz"
    save_arrays(path, "kind", StoredArrays("{}", ZEROS, "0" * 64), {})
    back = load_arrays(path, "kind", "record").arrays
    assert all(np.array_equal(back[name], ZEROS[name]) for name in ZEROS)
    packed = compress_types(path)["counts.npy"] == zipfile.ZIP_DEFLATED
    assert packed == (room == 2**26)


def test_an_archive_is_a_bomb_by_its_room_and_its_length(tmp_path, monkeypatch) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **ZEROS)
    assert read_archive(path)["counts"].flags.writeable
    monkeypatch.setattr(arrays, "ROOM", 1000)
    with pytest.raises(InvalidInput, match=r"a\.npz has [\d,]+ bytes and would unpack to 2,400,"):
        read_archive(path)
    np.savez(path, **ZEROS)
    assert set(read_archive(path)) == {"counts", "points"}


def test_other_ways_of_packing_are_refused(tmp_path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x.npy", b"")
    with pytest.raises(InvalidInput, match=r"'x\.npy' is packed in a way that is not read here"):
        read_archive(tmp_path / "a.npz")
