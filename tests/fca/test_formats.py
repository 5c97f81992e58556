import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from concepts import Context
from hypothesis import example, given
from hypothesis import strategies as st

from geosae.errors import InvalidInput
from geosae.fca.context import FormalContext
from geosae.fca.formats import (
    LARGEST_WIDTH,
    RawContext,
    parse_csv,
    parse_cxt,
    parse_fimi,
    parse_json,
    render_csv,
    render_cxt,
    render_json,
)

LABELS = st.text(st.characters(blacklist_characters="\n\r\0", blacklist_categories=["Cs"]), max_size=8)
CASES = Path(__file__).parent / "data" / "names"
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
@example(RawContext(("a\rb", "=1+1", "'=1", "'", " ;\t"), ("@x", ""), np.eye(5, 2, dtype=bool)))
@example(RawContext(("0", "1"), ("sep=;", "x"), np.eye(2, dtype=bool)))  # as in a table of membership
@example(RawContext(("", "a;b"), (), np.zeros((2, 0), dtype=bool)))
def test_csv_and_json_round_trip(raw: RawContext) -> None:
    assert same(parse_json(render_json(raw)), raw)
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
     '{"objects": [1], "properties": ["m"], "context": [[]]}',
     '{"objects": "g", "properties": ["m"], "context": [[]]}', "null",
     '{"objects": ["g"], "properties": ["m"], "context": [null]}',
     '{"objects": ["g"], "properties": ["m"], "context": [[' + "9" * 5000 + "]]}",
     "[" * 100_000],
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


@pytest.mark.parametrize("suffix", [".cxt", ".ctx", ".csv", ".json", ".fimi"])
@given(labels=st.lists(st.text(max_size=6), min_size=3, max_size=3))
@example(labels=["a\nb", "\ud800", "\0"])
@example(labels=["\ufeff", "\x85", "\u2028"])
@example(labels=["-1", "+", "x" * 200_000])
def test_any_label_comes_back_or_is_refused_by_name(tmp_path_factory, suffix: str, labels: list[str]) -> None:
    path = tmp_path_factory.mktemp("any") / f"a{suffix}"
    lost = {"\0"} | ({"\n", "\r"} if suffix in (".cxt", ".ctx") else set())
    wrong = [label for label in labels if set(label) & lost or not encodable(label)]
    if wrong:
        with pytest.raises(InvalidInput, match="|".join(re.escape(repr(label)) for label in wrong)):
            FormalContext.from_array([[True, False]], labels[:1], labels[1:]).write(path)
        return
    context = FormalContext.from_array([[True, False]], labels[:1], labels[1:])
    context.write(path)
    back = FormalContext.read(path)
    if suffix == ".fimi":  # item sets hold no labels
        assert back.incidence.tolist() == [[True]]
        return
    assert (back.objects, back.attributes) == (tuple(labels[:1]), tuple(labels[1:]))
    assert np.array_equal(back.incidence, context.incidence)


def encodable(label: str) -> bool:
    return label.encode(errors="replace") == label.encode(errors="ignore")


@pytest.mark.parametrize("labels", [[1], [None], [b"a"], [np.float64(1.0)], "a"])
def test_labels_that_are_no_text_are_refused_at_the_door(labels) -> None:
    for pair in ((labels, ["m"]), (["g"], labels)):
        with pytest.raises(InvalidInput, match=r"text"):
            FormalContext.from_array([[True]], *pair)
    assert type(FormalContext.from_array([[True]], np.array(["g"])).objects[0]) is str
    with pytest.raises(InvalidInput, match="unequal length"):
        FormalContext.from_array([[True], [True, False]])


@pytest.mark.parametrize("name", ["dollar.csv", "semicolon.csv", "tabs.csv"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("declared", [False, True])
def test_delimiters_and_encodings_are_told_by_the_file(tmp_path, name: str, encoding: str, declared) -> None:
    text = (CASES / name).read_text(encoding="utf-8")
    delimiter = {"dollar.csv": ",", "semicolon.csv": ";", "tabs.csv": "\t"}[name]
    text = f"sep={delimiter}\n{text}" if declared else text
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    context = FormalContext.read(tmp_path / "a.csv")
    if name == "dollar.csv":
        assert context.attributes == ("costs $1 to $2", "$\\foo$", "$x^2$ term", "a_b")
        assert context.objects == ("item $5 and $6", "日本語の概念", 'quote "q"', "", "line\nbreak")
        assert context.incidence.astype(int).tolist() == [
            [1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 1]
        ]  # fmt: skip
    else:
        assert context.objects == ("cat", "dog")[: len(context.objects)]
        assert context.attributes == ("a", "b")
        assert context.incidence.tolist() == [[True, False], [False, True]][: len(context.objects)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rows_ints.json", r"rows_ints\.json: the row of object 'a' is 1, and no list"),
        ("surrogate.json", r"surrogate\.json: objects: name 1, '\\ud800'"),
        ("multiline_label.csv", r"multiline_label\.csv, line 5, column 'a' holds '2'"),
        ("zero_attr_truncated.cxt", r"line 7: the file ends where labels should stand \(3 objects and 0"),
        ("big_item.fimi", r"3 objects × 10,000,000 attributes has 0\.028 GiB, and 5 crosses"),
    ],
)
def test_files_that_went_wrong_are_refused_by_place(name: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        FormalContext.read(CASES / name)


def test_sizes_are_estimated_before_a_table_is_made() -> None:
    assert parse_fimi(f"{LARGEST_WIDTH - 1}\n").incidence.shape == (1, LARGEST_WIDTH)
    with pytest.raises(InvalidInput, match="without gaps"):
        parse_fimi(f"{LARGEST_WIDTH}\n")
    with pytest.raises(InvalidInput, match="100,000 objects × 900,001 attributes"):
        parse_fimi("900000\n" + "\n" * 99_999)
    with pytest.raises(InvalidInput, match=r"a\.cxt, line 3: 999999999999… \(of 5000 digits\)"):
        parse_cxt("B\n\n" + "9" * 5000 + "\n1\n\na\nm\nX\n", "a.cxt")


def test_a_long_label_of_a_table_is_read_and_the_limit_of_the_process_stays() -> None:
    limit = csv.field_size_limit()
    label = "x" * 200_000
    assert parse_csv(f"name,a\n{label},1\n").objects == (label,)
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("text", ["left,right\n1,0\n0,1\n", "left\n1\n0\n", "a;b\nyes;no\n"])
def test_a_table_of_membership_is_no_context(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"(?s)first column.*membership.*column with a name for each row"):
        parse_csv(text)


def test_null_bytes_and_broken_encodings_are_refused(tmp_path) -> None:
    text = (CASES / "semicolon.csv").read_text()
    for data, message in (
        (text.encode("utf-16-le"), "line 1: a null character"),
        (text.encode("utf-16")[:-1], "begins as utf-16 and is not"),
        (text.encode().replace(b"cat", b'"cat'), "line 2: unexpected end of data"),
    ):
        (tmp_path / "a.csv").write_bytes(data)
        with pytest.raises(InvalidInput, match=message):
            FormalContext.read(tmp_path / "a.csv")


def test_the_other_ending_of_burmeisters_format_is_read(tmp_path) -> None:
    shutil.copy(Path(__file__).parent / "data" / "segments.cxt", tmp_path / "segments.ctx")
    context = FormalContext.read(tmp_path / "segments.ctx")
    context.write(tmp_path / "again.ctx")
    assert FormalContext.read(tmp_path / "again.ctx").objects == context.objects


def test_a_cxt_file_without_attributes_needs_no_rows():
    for rows in ("", "\n\n"):
        context = parse_cxt(f"B\n\n2\n0\n\nfrog\nfish\n{rows}", "pond.cxt")
        assert (context.objects, context.incidence.shape) == (("frog", "fish"), (2, 0))
