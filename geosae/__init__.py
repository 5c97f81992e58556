"""geosae measures which concepts the neurons of a sparse autoencoder detect, separate and approximate.

The names below are loaded when they are first used: importing geosae loads neither torch nor matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from geosae._version import __version__ as __version__

if TYPE_CHECKING:
    from geosae.analysis import Alignment, AnalysisConfig, analyse
    from geosae.data.dataset import ConceptDataset
    from geosae.data.storage import load_dataset, save_dataset
    from geosae.errors import InvalidInput
    from geosae.experiments import Results, load_plan, load_results, run
    from geosae.fca import concept_lattice
    from geosae.fca.context import FormalContext
    from geosae.geometry import separate, separate_unit, smallest_unit
    from geosae.sae import ReLU, TopK, TrainConfig, neurons_of
    from geosae.sae.folder import load, save
    from geosae.sae.training.grid import train_grid
    from geosae.sae.training.train import train
    from geosae.verification import verify

_HOME = {
    "geosae.errors": ("InvalidInput",),
    "geosae.geometry": ("separate", "separate_unit", "smallest_unit"),
    "geosae.fca.context": ("FormalContext",),
    "geosae.data.dataset": ("ConceptDataset",),
    "geosae.data.storage": ("load_dataset", "save_dataset"),
    "geosae.sae": ("ReLU", "TopK", "TrainConfig", "neurons_of"),
    "geosae.sae.folder": ("load", "save"),
    "geosae.sae.training.grid": ("train_grid",),
    "geosae.sae.training.train": ("train",),
    "geosae.analysis": ("Alignment", "AnalysisConfig", "analyse"),
    "geosae.fca": ("concept_lattice",),
    "geosae.verification": ("verify",),
    "geosae.experiments": ("Results", "load_plan", "load_results", "run"),
}
_WHERE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "Alignment",
    "AnalysisConfig",
    "ConceptDataset",
    "FormalContext",
    "InvalidInput",
    "ReLU",
    "Results",
    "TopK",
    "TrainConfig",
    "__version__",
    "analyse",
    "concept_lattice",
    "load",
    "load_dataset",
    "load_plan",
    "load_results",
    "neurons_of",
    "run",
    "save",
    "save_dataset",
    "separate",
    "separate_unit",
    "smallest_unit",
    "train",
    "train_grid",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'geosae' has no attribute {name!r}")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
