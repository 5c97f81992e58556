"""Pages: a run's report, the card of a data set and the gallery of worlds, each one HTML file that loads nothing.

`write_report` puts a finished run into FOLDER/report.html; `geosae.report.world_card.card_page` and
`geosae.report.gallery.gallery_page` do the same for worlds.
"""

from geosae.report.report import write_report

__all__ = ["write_report"]
