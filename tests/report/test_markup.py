from hypothesis import given
from hypothesis import strategies as st

from geosae.report.markup import Markup, escape, page, table, tag

nasty = st.text(alphabet="<>&\"'ab /=\n", max_size=20)


@given(nasty, nasty)
def test_text_and_attributes_never_become_markup(text: str, attribute: str):
    made = tag("p", text, title=attribute)
    inner = made[made.index(">") + 1 : made.rindex("<")]
    assert "<" not in inner
    assert ">" not in inner
    head = made[: made.index(">")]
    assert head.count('"') == 2


def test_markup_is_not_escaped_twice():
    assert tag("p", tag("b", "a & b")) == "<p><b>a &amp; b</b></p>"
    assert escape(escape("<")) == "&lt;"
    assert isinstance(tag("p"), Markup)


def test_tables_have_heads_for_columns_and_rows():
    made = table(["x", "y"], [["<a>", "1"]], caption="C & D", numeric=[1])
    assert '<th scope="col">x</th>' in made
    assert '<th scope="row">&lt;a&gt;</th>' in made
    assert "C &amp; D" in made


def test_the_page_forbids_everything_but_what_it_holds():
    made = page("<T>", "p{}", "text")
    assert "default-src &#x27;none&#x27;" in made
    assert "<title>&lt;T&gt;</title>" in made
    assert made.startswith("<!doctype html>")
