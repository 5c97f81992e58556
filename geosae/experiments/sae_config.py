"""From the entries of a plan to the configuration of a training run, checked at once."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from geosae.experiments.cell import Cell

if TYPE_CHECKING:
    from geosae.sae import TrainConfig

KNOB = {"topk": "k", "relu": "l1"}


def config_of(
    gate: str, sparsity: float | int | None, width: int, baseline: str, settings: Mapping[str, Any]
) -> "TrainConfig":
    """Return the configuration of a training run; settings named "gate.x" go to the gate.

    Raises
    ------
    InvalidInput
        If a setting is unknown (the nearest valid one is named), of a wrong type or out of range.

    Examples
    --------
    >>> config_of("topk", 2, 16, "trained", {"steps": 50}).gate.k
    2
    """
    from geosae.sae import TrainConfig

    knobs: dict[str, Any] = {"kind": gate}
    if sparsity is not None:
        knobs[KNOB[gate]] = sparsity
    knobs |= {key.removeprefix("gate."): v for key, v in settings.items() if key.startswith("gate.")}
    own = {key: v for key, v in settings.items() if not key.startswith("gate.")}
    # What the grid decides cannot be overridden beside it.
    fixed = {"gate": knobs, "width": width, "baseline": None if baseline == "trained" else baseline}
    return TrainConfig.from_dict({**own, **fixed})


def check_configs(cells: Sequence[Cell]) -> None:
    """Refuse at the door of a run what would fail in each of its cells.

    Raises
    ------
    InvalidInput
        If a training setting of the plan is not valid.
    """
    seen: set[tuple[Any, ...]] = set()
    for cell in cells:
        # Settings differ between worlds only; the rest is covered by one cell per gate, width and sparsity.
        kind = (cell.world, cell.gate, cell.sparsity, cell.width)
        if kind not in seen:
            seen.add(kind)
            config_of(cell.gate, cell.sparsity, cell.width, cell.baseline, cell.train)
