"""Figures of the studies, one script per family; all read stored results only."""
