"""One self-contained page from a tree of records: it loads nothing, and its policy lets it load nothing."""

import base64
import gzip
import hashlib
import json
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from geosae.explorer.records import ExploreData
from geosae.storage.arguments import checked_arguments
from geosae.storage.files import write_atomic
from geosae.storage.structure import to_json, write_record


@checked_arguments()
def write_page(data: ExploreData, path: str | Path) -> Path:
    """Write the explorer as one file and return its path: a page, or the records alone for a name in .json.

    The page opens offline from a disk. Its content-security policy admits the one script and the one style
    sheet in it, by their hashes, and no connection at all.

    Parameters
    ----------
    data
        What `explore_data` gathered.
    path
        The file to write.

    Raises
    ------
    InvalidInput
        If the file cannot be written.
    """
    target = Path(path)
    if target.suffix == ".json":
        write_record(target, data)
        return target
    write_atomic(target, page_text(data).encode())
    return target


def page_text(data: ExploreData) -> str:
    """Return the page as text.

    Examples
    --------
    >>> page = page_text(ExploreData("<b>", "runs/q", "geosae", ()))
    >>> "<title>&lt;b&gt; · geosae explorer</title>" in page, "connect-src" in page
    (True, False)
    """
    script, style = asset("explorer.js"), asset("explorer.css")
    text = json.dumps(to_json(data), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    packed = gzip.compress(text.encode(), compresslevel=9, mtime=0)
    environment = Environment(
        loader=PackageLoader("geosae.explorer"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("page.html.j2").render(
        title=data.title,
        script=script,
        style=style,
        script_hash=policy_hash(script),
        style_hash=policy_hash(style),
        packed=base64.b64encode(packed).decode("ascii"),
    )


def asset(name: str) -> str:
    """Return the text of a built asset.

    Examples
    --------
    >>> asset("explorer.css").startswith("/*")
    True
    """
    return (resources.files("geosae.explorer") / "assets" / name).read_text(encoding="utf-8")


def policy_hash(text: str) -> str:
    """Return the hash by which a content-security policy admits an inline script or style.

    Examples
    --------
    >>> policy_hash("")
    'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
    """
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
