"""Activations of your own models as data: collected once, in shards on disk, each row traced to its text."""

from geosae.activations.collect import Texts, Windows, collect
from geosae.activations.folder import Activations, Provenance, open_activations

__all__ = ["Activations", "Provenance", "Texts", "Windows", "collect", "open_activations"]
