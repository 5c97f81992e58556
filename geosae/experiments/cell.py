"""A cell: everything that decides one trained (or untrained) SAE and its analysis."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from geosae._version import __version__
from geosae.experiments.baselines import Baseline
from geosae.experiments.gates import GATES, Gate, gate_name
from geosae.notebook import short_repr
from geosae.sae.device import Device
from geosae.sae.training.spec import Kernel
from geosae.storage.arguments import checked_arguments
from geosae.storage.records import check_fields
from geosae.storage.structure import to_json
from geosae.validation import SHARE, Range

# Part of every key: results of another version of geosae are never taken for one's own.
FORMAT = f"geosae {__version__}"


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, no NaN.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": (2.0, None)})
    '{"a":[2.0,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def short_hash(value: Any) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Cell:
    """One point of the grid; equal cells have equal keys, on every machine.

    Attributes
    ----------
    world
        The label of the world within its plan.
    source
        The world's name in the registry, or "digits", or "file".
    world_params
        What the world is made with.
    data_seed
        The seed of the world's points.
    gate, sparsity, width, seed
        The SAE: its gate, the gate's sparsity (see `geosae.experiments.gates`), its neurons, and the seed of
        its initialisation and of its batches.
    baseline
        "trained", or which baseline takes its place.
    train, analysis
        Further settings of the training and of the analysis, by name.
    tolerance
        The tolerance ε of the three notions.
    train_share
        The share of the points that the SAE learns from; everything is measured on the others.
    device
        Where the SAE is trained.
    kernel
        How its gradients are computed; None where nothing is trained.

    Examples
    --------
    >>> cell = Cell("w", "nested-balls", {"dim": 2}, 0, "topk", 4, 16, 0)
    >>> from geosae.storage.structure import from_json
    >>> cell.key == from_json(Cell, to_json(cell), "the cell").key
    True
    """

    world: str
    source: str
    world_params: Mapping[str, Any]
    data_seed: int
    gate: Gate
    sparsity: int | float
    width: int
    seed: int
    baseline: Baseline = "trained"
    train: Mapping[str, Any] = field(default_factory=dict[str, Any])
    analysis: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tolerance: float = 0.05
    train_share: float = 0.5
    device: Device = "cpu"
    kernel: Kernel | None = None

    __repr__ = short_repr

    def __post_init__(self) -> None:
        check_fields(self, "the cell")
        SHARE.check(self.tolerance, "the cell's tolerance")
        SHARE.check(self.train_share, "the cell's train_share")
        Range(0, math.inf, open_high=True).check(self.sparsity, "the cell's sparsity")

    @cached_property
    def key(self) -> str:
        """Return 16 hexadecimal digits that name the cell: its label in the plan does not enter."""
        entries = to_json(self)
        del entries["world"]
        # Bytes repeat on CPUs, where most cells are trained; those of another device are other cells.
        if self.device == "cpu":
            del entries["device"]
        return short_hash({"format": FORMAT, "cell": entries})

    @cached_property
    def data_key(self) -> str:
        """Return the 16 hexadecimal digits that name the cell's data set."""
        return short_hash(
            {"format": FORMAT, "source": self.source, "params": self.world_params, "seed": self.data_seed}
        )

    @property
    def name(self) -> str:
        """Return a name for messages.

        Examples
        --------
        >>> Cell("disk", "disk-in-ring", {}, 0, "relu", 0.1, 16, 2).name
        'disk relu l1=0.1 width=16 seed=2 trained'
        """
        sparsity = f"{GATES[self.gate].sparsity_parameter}={self.sparsity}"
        return f"{self.world} {self.gate} {sparsity} width={self.width} seed={self.seed} {self.baseline}"


@checked_arguments()
def sae_words(cell: Cell) -> str:
    """Return how captions call the SAE of a cell.

    Examples
    --------
    >>> sae_words(Cell("w", "nested-balls", {}, 0, "topk", 4, 8, 0))
    'Top-K, K = 4, d = 8, seed 0'
    """
    return f"{gate_name(cell.gate, cell.sparsity)}, d = {cell.width}, seed {cell.seed}"
