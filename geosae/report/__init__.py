"""Pages that load nothing: the report of a run, the card of a data set, the gallery of worlds.

`write_report` puts a finished run into FOLDER/report.html; `geosae.report.world_card.card_page` and
`geosae.report.gallery.gallery_page` do the same for worlds.
"""

from geosae.report.report import write_report

__all__ = ["write_report"]
