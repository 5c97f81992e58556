"""What a statement says of a trained SAE, and neurons that say something else of themselves than they are."""

from dataclasses import dataclass
from typing import Any

from geosae.verification import Evidence, TrainedInstance
from proofs_checks import claims


def evidence(claim_id: str, instance: TrainedInstance) -> list[Evidence]:
    check = claims()[claim_id].check_run
    assert check is not None
    return list(check(instance))


@dataclass(frozen=True, eq=False)
class Forged:
    """Neurons that hand out something else than they are."""

    honest: Any
    changes: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.changes[name] if name in self.changes else getattr(self.honest, name)


def forged(instance: TrainedInstance, **changes: Any) -> TrainedInstance:
    neurons: Any = Forged(instance.neurons, changes)
    return TrainedInstance(neurons, instance.dataset, None, "forged")
