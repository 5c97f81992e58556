"""What the files of an SAE say of how it does, and of the place its points come from."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.storage.records import check_fields
from geosae.validation import as_float

PLACES = ("model_name", "lm_name", "hf_hook_point_in", "hook_name", "hook_point", "submodule_name", "layer",
          "hook_layer", "hook_point_layer")  # fmt: skip
"""Keys by which configurations name the network and the place in it."""


@dataclass(frozen=True)
class Card:
    """What the files of an SAE declare; None where they say nothing.

    Parameters
    ----------
    l0
        The mean number of active neurons per point, as it was measured, aimed at or set (k).
    l0_source, fvu_source
        Where it stands.
    fvu
        Fraction of variance unexplained.
    place
        Network, layer and hook that the points come from.
    """

    l0: float | int | None = None
    l0_source: str = ""
    fvu: float | int | None = None
    fvu_source: str = ""
    place: str = ""

    __repr__ = short_repr

    def __post_init__(self) -> None:
        check_fields(self, "what the files declare")
        for name, number in (("l0", self.l0), ("fvu", self.fvu)):
            if number is not None and not math.isfinite(as_float(number)):
                raise InvalidInput(f"what the files declare: '{name}' is {number}, which is no finite number")


SILENT = Card()


def number_in(record: Mapping[str, Any], *keys: str) -> tuple[float, str] | None:
    """Return the first of the keys that holds a finite number that is no truth value, and the key.

    Examples
    --------
    >>> number_in({"k": None, "target_l0": 40}, "k", "target_l0")
    (40.0, 'target_l0')
    """
    for key in keys:
        entry = record.get(key)
        if isinstance(entry, int | float) and not isinstance(entry, bool):
            number = as_float(entry)
            if math.isfinite(number):
                return number, key
    return None


def place_in(*records: Mapping[str, Any]) -> str:
    """Return what configurations say of the network and the place in it, in words.

    Examples
    --------
    >>> place_in({"model_name": "gpt2", "layer": 8, "lr": 1e-4})
    'model_name gpt2, layer 8'
    """
    entries = {key: record[key] for record in records for key in PLACES if key in record}
    return ", ".join(f"{key} {entry}" for key, entry in entries.items() if isinstance(entry, str | int))


def sum_of_rates(rates: torch.Tensor, width: int, of: str) -> float:
    """Return the mean L0 that firing rates per neuron add up to.

    Raises
    ------
    InvalidInput
        If they are not one rate in [0, 1] for each neuron.

    Examples
    --------
    >>> sum_of_rates(torch.tensor([0.5, 0.25]), 2, "rates")
    0.75
    """
    wide = rates.double()
    if wide.shape != (width,) or not bool(((wide >= 0) & (wide <= 1)).all()):
        raise InvalidInput(
            f"{of} holds no firing rates of {width} neurons",
            causes="statistics of another SAE, or counts in the place of rates",
            remedy="move the file away, or write the weights without it",
        )
    return float(wide.sum())
