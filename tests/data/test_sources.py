import contextlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from geosae.data.sources import digits, from_files, read_points
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
        (np.zeros((3, 1)), np.array([0, 1, 2]), r"(?s)a label for each of 3 points.*class labels"),
        (np.zeros((3, 1)), np.array(["a", "b", "c"]), r"(?s)a label for each of 3 points.*class labels"),
        (np.zeros((3, 1)), "a,b\n1,0\nyes,cat\n0,1\n", r"(?s)line 3, column 'b': 'cat'.*names of points"),
        (np.zeros((3, 1)), "a,b\n1,0\n0,\n0,1\n", r"(?s)'' is neither 0 nor 1.*missing value"),
        (np.zeros((3, 1)), "a,b\n1,0\n0,0.3\n0,1\n", r"(?s)'0\.3' is neither.*scores"),
        (
            np.zeros((3, 1)),
            ",a,b\n5,1,0\n6,1,1\n7,0,1\n",
            r"(?s)line 2: the first column has no title, and '5'",
        ),
        (np.zeros((3, 1)), ",a,b\ncat,1,0\ndog,1,1\nfox,0,1\n", r"(?s)'cat' in it.*names of the points"),
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
    torch.save(torch.zeros(3, 1), tmp_path / "x.pt")
    with pytest.raises(InvalidInput, match=r"(?s)x\.pt is a file of PyTorch.*numpy\.save"):
        from_files(tmp_path / "x.pt", table)
    (tmp_path / "t.npy").write_text("1,2\n3,4\n")
    with pytest.raises(InvalidInput, match=r"(?s)no \.npy file.*name a table of text \.csv"):
        from_files(tmp_path / "t.npy", table)
    np.savez(tmp_path / "x.npz", points=np.zeros((3, 1)))
    with pytest.raises(InvalidInput, match="archive"):
        from_files(tmp_path / "x.npz", table)


@pytest.mark.parametrize(
    "table",
    ["left;right\n1;0\n1;1\n0;1\n", "left\tright\n1.0\t0.0\n1.0\t1.0\n0.0\t1.0\n",
     "sep=;\nleft;right\nyes;no\nYES;yes\nno;yes\n", ",left,right\n0,1,0\n1,1,1\n2,0,1\n"],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_usual_tables_of_membership_are_read(tmp_path, table: str, encoding: str) -> None:
    points, path = write(tmp_path, np.zeros((3, 1)), table)
    path.write_bytes(table.encode(encoding))
    dataset = from_files(points, path)
    assert dataset.names == ("left", "right")
    assert np.array_equal(dataset.membership, TABLE)


@pytest.mark.parametrize(
    "table",
    ["0.5,1\n-2e3,3\n", "x,y\n0.5,1\n-2e3,3\n", "x;y\n0.5;1\n-2e3;3\n", "0.5\t1\n-2e3\t3\n",
     ",x,y\n0,0.5,1\n1,-2e3,3\n"],
)  # fmt: skip
def test_points_are_read_from_tables(tmp_path, table: str) -> None:
    (tmp_path / "x.csv").write_text(table)
    assert read_points(tmp_path / "x.csv").tolist() == [[0.5, 1.0], [-2000.0, 3.0]]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "is empty"),
        ("x,y\n1,2\n1,cat\n", r"x\.csv, line 3, column 2: 'cat' is no number"),
        ("x;y\n1,5;2,5\n", r"(?s)line 2, column 1: '1,5' is no number.*decimal comma"),
        ("x,y\n1,2\n1\n", r"line 3: 1 cells where line 1 has 2"),
        ("x,y\n1,2\n1,nan\n", r"row 2, column 2: nan"),
        ("0,1\n1,2\n1,3\n", "may be a header or a point"),
        (",x\n3,0.5\n", "does not count the points"),
    ],
)
def test_wrong_tables_of_points_are_refused_by_place(tmp_path, table: str, message: str) -> None:
    (tmp_path / "x.csv").write_text(table)
    with pytest.raises(InvalidInput, match=message):
        read_points(tmp_path / "x.csv")


@given(st.data())
def test_a_mutated_header_is_read_or_refused_by_name(tmp_path_factory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("npy") / "x.npy"
    np.save(path, np.arange(6.0).reshape(3, 2))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(6, 127))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    # Any other error, or a warning, fails the test.
    with contextlib.suppress(InvalidInput):
        assert read_points(path).size <= 48


@pytest.mark.parametrize(
    "header", [b"{'descr': '<f8', 'fortran_order': False, 'shape': (3", b"{'a\n  (", b"[[[[("]
)
def test_a_header_cut_within_brackets_is_refused(tmp_path, header: bytes) -> None:
    """Python's tokenizer raises a TokenError of its own."""
    content = b"\x93NUMPY\x01\x00v\x00" + header.ljust(117) + b"\n" + bytes(48)
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(InvalidInput, match=r"x\.npy cannot be read as \.npy"):
        read_points(tmp_path / "x.npy")


def test_a_shape_that_the_file_does_not_hold_is_refused_before_memory_is_taken(tmp_path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 1000), }"
    content = b"\x93NUMPY\x01\x00v\x00" + header.ljust(117) + b"\n" + bytes(48)
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(InvalidInput, match=r"x\.npy cannot be read as \.npy"):
        read_points(tmp_path / "x.npy")
