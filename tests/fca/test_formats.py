import json

import numpy as np
import pytest
from concepts import Context
from hypothesis import example, given
from hypothesis import strategies as st

from geosae.errors import InvalidInput
from geosae.fca.context import FormalContext
from geosae.fca.formats import (
    RawContext,
    parse_csv,
    parse_cxt,
    parse_json,
    render_csv,
    render_cxt,
    render_json,
)

LABELS = st.text(st.characters(blacklist_characters="\n\r", blacklist_categories=["Cs"]), max_size=8)
SMALL = "B\n\n2\n3\n\ncat\ndog\npurrs\nbarks\nfurry\nX.X\n.XX\n"


@st.composite
def raw_contexts(draw: st.DrawFn, labels: st.SearchStrategy[str] = LABELS) -> RawContext:
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    cells = draw(st.lists(st.booleans(), min_size=rows * columns, max_size=rows * columns))
    return RawContext(
        tuple(draw(st.lists(labels, min_size=rows, max_size=rows))),
        tuple(draw(st.lists(labels, min_size=columns, max_size=columns))),
        np.array(cells).reshape(rows, columns),
    )


def same(one: RawContext, two: RawContext) -> bool:
    return one[:2] == two[:2] and np.array_equal(one.incidence, two.incidence)


@given(raw_contexts())
@example(RawContext(("", "x"), ("1", "1"), np.zeros((2, 2), dtype=bool)))  # empty, numeric, repeated labels
def test_cxt_round_trip(raw: RawContext) -> None:
    assert same(parse_cxt(render_cxt(raw)), raw)


@given(
    raw_contexts(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=8))
)
def test_csv_and_json_round_trip(raw: RawContext) -> None:
    assert same(parse_json(render_json(raw)), raw)
    if not any("\r" in label for label in (*raw.objects, *raw.attributes)):
        assert same(parse_csv(render_csv(raw)), raw)


@pytest.mark.parametrize(
    "text",
    [
        SMALL.replace("\n", "\r\n"),
        SMALL.rstrip("\n"),
        SMALL + "\n\n",
        SMALL.replace("X", "x"),
        SMALL.replace("X", "1").replace(".", "0"),
        SMALL.replace("B\n\n", "B\nA title\n", 1),
        SMALL.replace("B\n\n", "B\n", 1),
        SMALL.replace("3\n\n", "3\n", 1),
        SMALL.replace(".XX", ".XX  "),
    ],
)
def test_cxt_tolerates_dialects(text: str) -> None:
    assert same(parse_cxt(text), parse_cxt(SMALL))


def test_truncated_cxt_is_refused_at_every_line() -> None:
    lines = SMALL.split("\n")[:-1]
    for kept in range(len(lines)):
        with pytest.raises(InvalidInput, match=r"line \d+"):
            parse_cxt("\n".join(lines[:kept]), "cut.cxt")
    with pytest.raises(InvalidInput, match=r"cut\.cxt, line 12: the file ends where row 2 of 2"):
        parse_cxt("\n".join(lines[:11]), "cut.cxt")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (SMALL.replace(".XX", ".X"), "line 12: row 2 has 2"),
        (SMALL.replace(".XX", ".?X"), r"line 12 holds '\?'"),
        (SMALL + "XXX\n", "line 13: text after"),
        ("C" + SMALL[1:], "line 1"),
        (SMALL.replace("3", "three"), "line 3"),
    ],
)
def test_wrong_cxt_is_refused_by_line(text: str, line: str) -> None:
    with pytest.raises(InvalidInput, match=line):
        parse_cxt(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "line 1"),
        ("name,a,b\ng,1\n", "line 2: 2 cells"),
        ("name,a,b\ng,1,0\nh,2,0\n", "line 3, column 'a' holds '2'"),
    ],
)
def test_wrong_csv_is_refused_by_line_and_column(text: str, what: str) -> None:
    with pytest.raises(InvalidInput, match=what):
        parse_csv(text)


@pytest.mark.parametrize(
    "text",
    ["[", "[]", '{"objects": []}', '{"objects": ["g"], "properties": ["m"], "context": [[1]]}',
     '{"objects": ["g"], "properties": ["m"], "context": [[true]]}',
     '{"objects": ["g"], "properties": ["m"], "context": []}',
     '{"objects": [1], "properties": ["m"], "context": [[]]}'],
)  # fmt: skip
def test_wrong_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_json(text)


def test_line_breaks_in_labels_are_refused_by_cxt_only() -> None:
    raw = RawContext(("a\nb",), ("m",), np.ones((1, 1), dtype=bool))
    with pytest.raises(InvalidInput, match="line break"):
        render_cxt(raw)
    assert same(parse_csv(render_csv(raw)), raw)


def test_files_agree_with_the_package_concepts(tmp_path) -> None:
    labels = ["fish leech", "bream", "frog"]
    ours = FormalContext.from_array([[True, False], [True, True], [False, True]], labels, ["Größe", "limbs"])
    ours.write(tmp_path / "a.cxt")
    theirs = Context.fromfile(str(tmp_path / "a.cxt"), encoding="utf-8")
    assert theirs.objects == ours.objects
    assert theirs.properties == ours.attributes
    assert np.array_equal(theirs.bools, ours.incidence)
    theirs.tojson(str(tmp_path / "b.json"))
    back = FormalContext.read(tmp_path / "b.json")
    assert back.objects == ours.objects
    assert np.array_equal(back.incidence, ours.incidence)


def test_latin_1_files_are_read(tmp_path) -> None:
    path = tmp_path / "old.cxt"
    path.write_bytes("B\n\n1\n1\n\nTümpel\x85x\nstehend\nX\n".encode("latin-1"))
    assert FormalContext.read(path).objects == ("Tümpel\x85x",)


def test_unknown_formats_and_missing_files_are_refused(tmp_path) -> None:
    with pytest.raises(InvalidInput, match="no known format"):
        FormalContext.read(tmp_path / "a.txt")
    with pytest.raises(InvalidInput, match="cannot be read"):
        FormalContext.read(tmp_path / "a.cxt")
    with pytest.raises(InvalidInput, match="no known format"):
        FormalContext.from_array([[True]]).write(tmp_path / "a.xlsx")
    (tmp_path / "a.json").write_text(json.dumps({"objects": ["g"], "properties": ["m"], "context": [[0]]}))
    assert FormalContext.read(str(tmp_path / "a.json")).incidence.tolist() == [[True]]
