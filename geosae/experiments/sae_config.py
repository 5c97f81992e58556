"""From the entries of a plan to the configuration of a training run, checked at once."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from geosae.errors import InvalidInput
from geosae.experiments.baselines import BASELINES
from geosae.experiments.cell import Cell
from geosae.experiments.gates import GATES, gate_record

if TYPE_CHECKING:
    from geosae.sae import TrainConfig


def config_of(
    gate: str, sparsity: float | int | None, width: int, baseline: str, settings: Mapping[str, Any]
) -> "TrainConfig":
    """Return the configuration of a training run; settings named "gate.x" go to the gate.

    Raises
    ------
    InvalidInput
        If a setting is unknown (the nearest valid one is named), of a wrong type or out of range, or the gate
        keeps more neurons than there are.

    Examples
    --------
    >>> config_of("topk", 2, 16, "trained", {"steps": 50}).gate.k
    2
    """
    from geosae.sae import TrainConfig

    if sparsity is not None and not GATES[gate].fits(sparsity, width):
        raise InvalidInput(
            f"the gate '{gate}' keeps k = {sparsity} neurons of a width of {width}",
            causes="k and width swapped, or a grid that pairs every k with every width",
            remedy="choose k at most the width",
        )
    about_gate = {k.removeprefix("gate."): v for k, v in settings.items() if k.startswith("gate.")}
    knobs = gate_record(gate, sparsity, about_gate)
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
        # Settings differ between worlds only; seeds do not enter.
        kind = (cell.world, cell.gate, cell.sparsity, cell.width, cell.baseline)
        constructed = cell.baseline != "trained" and BASELINES[cell.baseline].constructed
        if kind not in seen and not constructed:
            seen.add(kind)
            config_of(cell.gate, cell.sparsity, cell.width, cell.baseline, cell.train)
