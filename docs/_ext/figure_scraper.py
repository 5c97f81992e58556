"""Hand every new matplotlib Figure of a gallery script to sphinx-gallery.

The figures of geosae are plain Figure objects that pyplot never sees (importing the library must not touch a
user's matplotlib state), so the gallery's own scraper would find nothing.
"""

import matplotlib as mpl
from sphinx_gallery.scrapers import figure_rst


def scrape_figures(block, block_vars, gallery_conf):
    """Save the figures that this block made; return the reST that shows them."""
    seen = block_vars["example_globals"].setdefault("__figures_shown__", set())
    paths = []
    for value in list(block_vars["example_globals"].values()):
        if isinstance(value, mpl.figure.Figure) and id(value) not in seen:
            seen.add(id(value))
            path = next(block_vars["image_path_iterator"])
            value.savefig(path, dpi=160)
            paths.append(path)
    return figure_rst(paths, gallery_conf["src_dir"])


def _get_sg_image_scraper():
    """The hook by which sphinx-gallery finds the scraper when its settings name this module."""
    return scrape_figures
