"""The configuration of a training run, from the entries of a plan."""

from collections.abc import Mapping
from typing import Any

from geosae.errors import InvalidInput
from geosae.experiments.gates import GATES, gate_record
from geosae.sae.config import TrainConfig
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, refuse_unknown


@checked_arguments(width=COUNT)
def config_of(
    gate: str, sparsity: int | float | None, width: int, baseline: str, settings: Mapping[str, Any]
) -> TrainConfig:
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
    refuse_unknown([gate], GATES, "the configuration", "gate")
    if sparsity is not None and not GATES[gate].fits(sparsity, width):
        raise InvalidInput(
            f"the gate '{gate}' keeps k = {sparsity} neurons of a width of {width}",
            causes="k and width swapped, or a grid that pairs every k with every width",
            remedy="choose k at most the width",
        )
    gate_settings = {k.removeprefix("gate."): v for k, v in settings.items() if k.startswith("gate.")}
    record = gate_record(gate, sparsity, gate_settings)
    training = {key: v for key, v in settings.items() if not key.startswith("gate.")}
    # What the grid decides cannot be overridden by a setting.
    fixed = {"gate": record, "width": width, "baseline": None if baseline == "trained" else baseline}
    return TrainConfig.from_dict({**training, **fixed})
