"""HTML from small functions: whatever is not markup already is escaped, so no name can become code."""

import html
from collections.abc import Iterable, Sequence
from typing import Any

VOID = frozenset({"img", "meta", "br", "hr"})


class Markup(str):
    """Text that is HTML already and must not be escaped again."""

    __slots__ = ()


Child = str | Iterable[Any]


def escape(child: Child) -> Markup:
    """Return markup as it is, text escaped, and sequences joined.

    Examples
    --------
    >>> escape(["<b>", Markup("<br>")])
    '&lt;b&gt;<br>'
    """
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return Markup(html.escape(child, quote=True))
    return Markup("".join(escape(part) for part in child))


def tag(name: str, /, *children: Child, **attributes: str) -> Markup:
    """Return an element; `cls` stands for the attribute class, underscores in names for hyphens.

    Examples
    --------
    >>> tag("p", "a < b", cls="note")
    '<p class="note">a &lt; b</p>'
    >>> tag("img", alt='say "hi"')
    '<img alt="say &quot;hi&quot;">'
    """
    names = {("class" if key == "cls" else key.replace("_", "-")): value for key, value in attributes.items()}
    head = "".join(f' {key}="{html.escape(value, quote=True)}"' for key, value in names.items())
    if name in VOID:
        return Markup(f"<{name}{head}>")
    return Markup(f"<{name}{head}>{escape(children)}</{name}>")


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Child]],
    *,
    caption: str = "",
    numeric: Sequence[int] = (),
    prose: Sequence[int] = (),
) -> Markup:
    """Return a table in a frame that scrolls sideways where the screen is narrow.

    Parameters
    ----------
    columns
        The heads.
    rows
        As many cells per row; the first is the row's head.
    caption
        What the table says; it stands above, so that it does not scroll away.
    numeric, prose
        Numbers of the columns that are set right-aligned, and of those that may break into lines.

    Examples
    --------
    >>> table(["x", "y"], [["a", "1"]], numeric=[1]).count('class="n"')
    2
    """
    kinds = {**dict.fromkeys(numeric, "n"), **dict.fromkeys(prose, "w")}

    def cell(name: str, i: int, child: Child, **more: str) -> Markup:
        return tag(name, child, **more, **({"cls": kinds[i]} if i in kinds else {}))

    heads = [cell("th", i, column, scope="col") for i, column in enumerate(columns)]
    lines = [
        tag("tr", tag("th", row[0], scope="row"), [cell("td", i, part) for i, part in enumerate(row) if i])
        for row in rows
    ]
    body = tag("table", tag("thead", tag("tr", heads)), tag("tbody", lines))
    # A region that scrolls must be reachable by keyboard.
    frame = tag("div", body, cls="scroll", tabindex="0", role="region", aria_label=caption or "table")
    return Markup(tag("p", caption, cls="caption") + frame) if caption else frame


def with_code(text: str) -> Markup:
    """Return text in which what stands between backticks is set as code.

    Examples
    --------
    >>> with_code("at `far` < 1")
    'at <code>far</code> &lt; 1'
    """
    parts = text.split("`")
    return escape([tag("code", part) if k % 2 else part for k, part in enumerate(parts)])


def details(summary: str, *children: Child) -> Markup:
    """Return a part that is folded until the reader opens it.

    Examples
    --------
    >>> details("more", "text")
    '<details><summary>more</summary>text</details>'
    """
    return tag("details", tag("summary", summary), *children)


def page(title: str, style: str, body: Child) -> str:
    """Return a whole document that loads nothing: its policy forbids all but inline style and data images.

    Examples
    --------
    >>> page("T", "", "x").splitlines()[0]
    '<!doctype html>'
    """
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Markup(style)),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', body), lang='en')}\n"
