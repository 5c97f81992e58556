import numpy as np
import pytest
from sklearn.datasets import load_digits

from geosae.data.sources import digits, from_files
from geosae.data.storage import load_dataset, save_dataset
from geosae.errors import InvalidInput

TABLE = np.array([[1, 0], [1, 1], [0, 1]], dtype=bool)


def test_digits_are_scikit_learns_with_their_concepts(tmp_path) -> None:
    data, source = digits(), load_digits()
    assert np.array_equal(data.points, source.data)
    labels = source.target
    for digit in range(10):
        assert np.array_equal(data.membership[:, digit], labels == digit)
    assert np.array_equal(data.membership[:, data.index("odd")], labels % 2 == 1)
    assert sorted(set(labels[data.membership[:, data.index("has a loop")]])) == [0, 6, 8, 9]
    strict = data.hierarchy & ~np.eye(13, dtype=bool)
    found = {(data.names[i], data.names[j]) for i, j in np.argwhere(strict)}
    assert found == set(data.declared_subsets)
    assert data.ambient is not None
    assert data.points.min() == 0
    assert data.points.max() == 16
    assert load_dataset(save_dataset(data, tmp_path / "d.npz")).content_hash == data.content_hash


def write(folder, points: np.ndarray, table: np.ndarray | str):
    np.save(folder / "x.npy", points)
    if isinstance(table, str):
        (folder / "m.csv").write_text(table)
        return folder / "x.npy", folder / "m.csv"
    np.save(folder / "m.npy", table)
    return folder / "x.npy", folder / "m.npy"


def test_own_files_are_read(tmp_path) -> None:
    points = np.arange(6, dtype=np.float32).reshape(3, 2)
    plain = from_files(*write(tmp_path, points, TABLE.astype(np.uint8)))
    assert plain.names == ("concept 1", "concept 2")
    assert plain.points.dtype == np.float32
    named = from_files(*write(tmp_path, points, "\ufeffleft, right\n1,0\ntrue,X\n.,1\n\n"))
    assert named.names == ("left", "right")
    assert np.array_equal(named.membership, plain.membership)
    assert np.array_equal(named.membership, TABLE)


@pytest.mark.parametrize(
    ("points", "table", "message"),
    [
        (np.array([[0.0], [1.0], [np.nan]]), TABLE, r"x\.npy, row 3, column 1: nan"),
        (np.zeros((3, 1)), TABLE + 1.5, r"m\.npy, row 1, column 1: 2\.5 is neither"),
        (np.zeros((3, 1)), "a,b\n1,0\n1,2\n0,1\n", r"m\.csv, line 3, column 'b': '2'"),
        (np.zeros((3, 1)), "a,b\n1,0\n1,\n0,1\n", r"m\.csv, line 3, column 'b': ''"),
        (np.zeros((3, 1)), "a,b\n1,0\n1\n0,1\n", r"m\.csv, line 3: 1 cells"),
        (np.zeros((3, 1)), "1,0\n1,0\n1,1\n0,1\n", "line 1: the header holds cells"),
        (np.zeros((3, 1)), "", "line 1"),
        (np.zeros((4, 1)), TABLE, "has 3 rows, x.npy has 4 points"),
        (np.zeros(3), TABLE, r"shape \(3,\)"),
        (np.zeros((3, 1), dtype=complex), TABLE, "complex128"),
        (np.zeros((3, 1)), "a,a\n1,0\n1,1\n0,1\n", "two concepts are called 'a'"),
        (np.zeros((3, 1)), "a,b\n1,0\n1,0\n0,0\n", "'b' holds no point"),
    ],
)
def test_wrong_files_are_refused_by_place(tmp_path, points: np.ndarray, table, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        from_files(*write(tmp_path, points, table))


def test_missing_pickled_and_archived_files_are_refused(tmp_path) -> None:
    points, table = write(tmp_path, np.zeros((3, 1)), TABLE)
    for gone in ((tmp_path / "no.npy", table), (points, tmp_path / "no.npy"), (points, tmp_path / "no.csv")):
        with pytest.raises(InvalidInput, match="no file"):
            from_files(*gone)
    np.save(points, np.array([[None]], dtype=object), allow_pickle=True)
    with pytest.raises(InvalidInput, match="cannot be read"):
        from_files(points, table)
    np.savez(tmp_path / "x.npz", points=np.zeros((3, 1)))
    with pytest.raises(InvalidInput, match="archive"):
        from_files(tmp_path / "x.npz", table)
