"""Names are data: any label is drawn as it stands, told apart, and has a file of its own."""

import io
import re
import warnings
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from figures.made_runs import write_run
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.text import Text
from PIL import Image

from geosae.errors import InvalidInput
from geosae.fca import concept_lattice, implication_basis
from geosae.fca.context import FormalContext
from geosae.figures import heatmap, lattice_diagram, render
from geosae.figures.draw import draw, file_names
from geosae.figures.glyphs import printable
from geosae.figures.style import log_scale, panels, styled
from geosae.report.exports import to_csv, to_latex
from geosae.storage.names import LONGEST_STEM, file_stems

DOLLARS = Path(__file__).parents[1] / "fca" / "data" / "names" / "dollar.csv"
ODD = ["$x^2$", "costs $1", r"$\foo$", "$", "_a", "日本語の概念", "a\rb", "x" * 200_000, "\x07", "", "😀"]


def texts_of(figure) -> set[str]:
    return {text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)}


@settings(max_examples=8)
@given(st.lists(st.text(max_size=8), min_size=4, max_size=4))
@example(ODD[:4])
@example(ODD[4:8])
@example(ODD[7:])
@example(["\x13¶2\x9a1婖\ufffdz", "", "", "0\x1fഀ\U00016fd0"])
@example(["日" * 8] * 3 + ["月" * 8])
def test_any_label_is_drawn_without_error(labels: list[str]) -> None:
    wrong = [label for label in labels if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in label)]
    if wrong:
        with pytest.raises(InvalidInput, match="|".join(re.escape(repr(label)) for label in wrong)):
            FormalContext.from_array([[1, 0], [0, 1]], labels[:2], labels[2:])
        return
    context = FormalContext.from_array([[1, 0], [0, 1]], labels[:2], labels[2:])
    bars = heatmap(np.array([[0.1, 0.9]]), [labels[0]], labels[2:], column_label=labels[1], value_label="ε")
    lattice = lattice_diagram(concept_lattice(context), title=labels[0])
    for figure, formats in ((lattice, ("png", "pdf")), (bars, ("svg",))):
        for format in formats:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # a missing glyph is a warning
                data = render(figure, format)
            if format == "svg":
                ET.fromstring(data)
            if format == "png":
                Image.open(io.BytesIO(data)).load()


def test_dollars_stand_in_the_figure_as_in_the_file() -> None:
    context = FormalContext.read(DOLLARS)
    figure = lattice_diagram(concept_lattice(context), title="$x$")
    render(figure, "svg")
    assert texts_of(figure) >= {
        "$x$",
        "$x^2$ term",
        "$\\foo$",
        "costs $1 to $2",
        "item $5 and $6",
        "(no name)",
    }
    assert not any(text.get_parse_math() for text in figure.findobj(Text) if isinstance(text, Text))


@given(st.text(), st.text())
@example("日", "月")
@example("\x01", "\x02")
def test_two_texts_never_print_alike(one: str, two: str) -> None:
    if one != two and "⟨" not in one + two:
        assert printable(one) != printable(two)


def test_axes_show_powers_without_mathematics() -> None:
    with styled():
        figure, [[ax]] = panels(1, 1)
        log_scale(ax, "xy")
        ax.set_xlim(1e-6, 1e6)
        ax.set_ylim(1.5, 8)
    render(figure, "png")
    assert "10⁻⁴" in texts_of(figure)
    assert "3×10⁰" in texts_of(figure)
    assert not any("$" in text or "\\" in text for text in texts_of(figure))


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"])), unique=True))
@example(["α", "β", "γ"])
@example(["A b", "A-b", "a-b"])
@example(["world", "日", "x" * 300, "x" * 299])
def test_file_names_are_distinct(names: list[str]) -> None:
    stems = file_stems(names)
    assert list(stems) == names
    assert len(set(stems.values())) == len(names)
    for stem in stems.values():
        assert stem.isascii()
        assert 0 < len(stem) <= LONGEST_STEM + 65
        assert set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_name_alone_keeps_its_words_and_the_stem_of_a_name_stays() -> None:
    assert file_stems(["two features", "α"]) == {"two features": "two-features", "α": "world"}
    assert file_stems(["A b", "A-b"])["A b"] == file_stems(["A b", "c", "A-b", "a b"])["A b"]
    assert file_names(["a", "a", "a-2"], ["b"]) == ["a", "a-3", "a-2"]


@pytest.mark.parametrize("worlds", [("α", "β", "γ"), ("A b", "A-b")])
def test_worlds_have_a_figure_each(tmp_path: Path, worlds: tuple[str, ...]) -> None:
    write_run(tmp_path, seeds=(0,), world=worlds[0], others=worlds[1:])
    paths = draw(tmp_path, ["png"], ["world"])
    assert len(set(paths)) == len(paths) == len(worlds)
    assert draw(tmp_path, ["png"], ["world"]) == paths
    assert len(list((tmp_path / "figures").glob("*.json"))) == len(worlds)


def test_no_text_of_a_table_is_a_formula_or_a_command() -> None:
    rows = [
        {"world": '=HYPERLINK("http://a","b")', "gain": -0.5},
        {"world": "[2em] $x$ -- a\nb", "gain": 1.0},
    ]
    assert to_csv(rows).splitlines()[1] == '"\'=HYPERLINK(""http://a"",""b"")",-0.5'
    for start in "=+-@\t\r":
        assert to_csv([{"a": f"{start}1"}]).splitlines()[1].lstrip('"').startswith("'")
    line = to_latex(rows).splitlines()[5]
    assert line == r"{[}2em] \$x\$ -{}- a b & 1 \\"


def test_rules_name_each_attribute_apart() -> None:
    crosses = np.array([[1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1]])
    rules = implication_basis(FormalContext.from_array(crosses, None, ["a", "a", "", "b\nc"]))
    for rule in rules:
        assert "\n" not in str(rule)
        assert set(rule.premise) | set(rule.conclusion) <= {"a", "a (2)", "(no name)", "b c"}
    assert any("a (2)" in str(rule) for rule in rules)
    assert str(rules[0]) == "always (no name) (3 objects)"
