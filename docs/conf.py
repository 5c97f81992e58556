"""Sphinx settings: furo, MyST, a gallery of scripts run at build, one generated page per statement."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from sphinx.domains.python import PyObject
from sphinx.util import logging

from geosae import __version__

project = "geosae"
copyright = "2026, the geosae developers"
author = "The geosae developers"
release = version = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
    "myst_parser",
    "statements",
    "architecture",
]
root_doc = "index"
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
# The last two are included in architecture.md.
exclude_patterns = [
    "_build",
    "examples",
    "**/README*",
    "generated/architecture/*.md",
    "measured/trainconfig_path.md",
]
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "alpha"

autosummary_generate = True
autosummary_imported_members = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
# Attributes are listed by autodoc where they stand; napoleon must not list them a second time.
napoleon_use_ivar = True

sphinx_gallery_conf = {
    "examples_dirs": ["examples"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"/plot_",
    "image_scrapers": ("figure_scraper",),
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "min_reported_time": 10**6,
    "write_computation_times": False,
    "reset_modules": (),
}

html_theme = "furo"
html_title = f"geosae {release}"
html_show_sourcelink = False


def setup(app):
    """Show |A| in a docstring as it is written: docutils would read a substitution."""
    app.connect("autodoc-process-docstring", escape_bars)
    app.connect("missing-reference", refuse_missing)
    # A record's field is listed by its bare name, which Sphinx would link to a field of another record.
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.rolename = ""


def escape_bars(app, what, name, obj, options, lines):
    """Escape vertical bars outside of literals and examples, in place."""
    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            lines[i] = re.sub(r"(`[^`]*`)|\|", lambda found: found[1] or r"\|", line)


def refuse_missing(app, env, node, contnode):
    """Warn where the glossary points to an object that the reference does not show."""
    if node.get("refdoc") == "glossary":
        logging.getLogger(__name__).warning(
            "no object %s in the reference", node.get("reftarget"), location=node
        )
