import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markupsafe import Markup, escape

from geosae.report.pages import ENVIRONMENT, with_code
from geosae.report.pictures import Figure, FigureCard
from geosae.studies.study import Answer

PARTS = ENVIRONMENT.get_template("parts.html.j2").module
nasty = st.text(alphabet="<>&\"'ab /=\n", max_size=20)


@given(nasty, nasty)
def test_text_and_attributes_never_become_markup(text: str, attribute: str):
    card = FigureCard("f", "f", 0, attribute, text, attribute, "", 6.8, ())
    page = PARTS.figure(Figure(card, Path("nowhere")))
    inner = page[page.index("</b>") + 4 : page.index("</figcaption>")]
    assert inner == escape(text)
    assert "<" not in inner
    assert ">" not in inner
    frame = PARTS.table(["x"], [], caption=attribute)
    head = frame[frame.index('<div class="scroll"') :]
    assert head[: head.index(">")].count('"') == 8


@given(nasty, nasty)
def test_answers_and_titles_never_become_markup(text: str, other: str):
    html = str(PARTS.answer(Answer(text, other, text, "undecided")))
    tags = re.findall(r"</?(\w+)", html)
    assert tags == ["div", "b", "b", "p", "p", "p", "p", "span", "span", "div"]
    assert html.count('"') == 4


def test_markup_is_not_escaped_twice():
    table = PARTS.table(["x"], [[with_code("`a & b`")]])
    assert '<th scope="row"><code>a &amp; b</code></th>' in table
    assert isinstance(with_code("<"), Markup)
    assert with_code(with_code("<")) == "&lt;"


def test_tables_have_heads_for_columns_and_rows():
    table = PARTS.table(["x", "y"], [["<a>", "1"]], caption="C & D", numeric=[1])
    assert '<th scope="col">x</th>' in table
    assert '<th scope="row">&lt;a&gt;</th>' in table
    assert '<td class="n">1</td>' in table
    assert "C &amp; D" in table


def test_the_page_forbids_everything_but_what_it_holds():
    child = '{% extends "page.html.j2" %}{% block title %}{{ title }}{% endblock %}'
    page = ENVIRONMENT.from_string(child).render(title="<T>")
    assert "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline';" in page
    assert "<title>&lt;T&gt;</title>" in page
    assert page.startswith("<!doctype html>")


def test_a_name_that_a_template_lacks_is_an_error():
    with pytest.raises(UndefinedError):
        ENVIRONMENT.from_string("{{ nothing }}").render()


def test_every_template_is_in_the_package_and_can_be_read():
    templates = ENVIRONMENT.list_templates(extensions=["j2"])
    assert {"report.html.j2", "world_card.html.j2", "gallery.html.j2"} <= set(templates)
    for name in templates:
        ENVIRONMENT.get_template(name)
