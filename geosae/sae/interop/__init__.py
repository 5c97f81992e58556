"""Read SAEs of other libraries, and write them for SAELens.

`read` gives the SAE in canonical form with its normalisation and source, or refuses the file: nothing is
read in part or by guess. `write_saelens` writes SAELens' form. There is one file per format.
"""

from geosae.sae.interop.card import Card
from geosae.sae.interop.comparison import CardComparison, CardWarning, Trial, compare_with_card
from geosae.sae.interop.normalisation import NONE, ConstantFactor, ConstantNorm, LayerNorm, Normalisation
from geosae.sae.interop.own import keep
from geosae.sae.interop.reading import FORMATS, read
from geosae.sae.interop.record import Imported, Source
from geosae.sae.interop.saelens_write import write_saelens

__all__ = [
    "FORMATS",
    "NONE",
    "Card",
    "CardComparison",
    "CardWarning",
    "ConstantFactor",
    "ConstantNorm",
    "Imported",
    "LayerNorm",
    "Normalisation",
    "Source",
    "Trial",
    "compare_with_card",
    "keep",
    "read",
    "write_saelens",
]
