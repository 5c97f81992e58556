"""Floor 6: pages. `write_report` puts a run into one self-contained HTML file."""

from geosae.report.report import write_report

__all__ = ["write_report"]
