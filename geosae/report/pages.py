"""Pages from templates: whatever is not markup already is escaped, so no name can become code."""

import base64
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from geosae.experiments import gate_name
from geosae.report.numbers import interval_text, number, plural, sae_name


def render(template: str, **context: Any) -> str:
    """Return a page from its template; a name that the template uses and the context lacks is an error.

    Examples
    --------
    >>> page = render("gallery.html.j2", families=[], worlds=0, pictures=0)
    >>> page.splitlines()[0]
    '<!doctype html>'
    """
    return ENVIRONMENT.get_template(template).render(**context)


def with_code(text: str) -> Markup:
    """Return text in which what stands between backticks is set as code.

    Examples
    --------
    >>> with_code("at `far` < 1")
    Markup('at <code>far</code> &lt; 1')
    """
    parts = (Markup("<code>{}</code>" if k % 2 else "{}").format(t) for k, t in enumerate(text.split("`")))
    return Markup("").join(parts)


def data_uri(content: bytes, kind: str) -> str:
    """Return the bytes of a file as an address that holds them.

    Examples
    --------
    >>> data_uri(b"abc", "image/png")
    'data:image/png;base64,YWJj'
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("geosae.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = data_uri, gate_name, interval_text, number, plural, sae_name, with_code
    cast("dict[str, Any]", environment.filters).update({each.__name__: each for each in filters})
    return environment


ENVIRONMENT = _environment()
