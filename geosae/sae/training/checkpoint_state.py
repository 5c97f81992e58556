"""An unfinished run on disk: everything the next step depends on, so that it goes on bit for bit (on a CPU).

Tensors are in `state.safetensors`, whose metadata hold the rest and what the state belongs to: one file,
written atomically, is one moment of the run.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open

from geosae.errors import InvalidInput
from geosae.sae.training.state import Descent
from geosae.storage.files import write_atomic

SCHEMA = "geosae.sae.state/1"
STATE_FILE = "state.safetensors"


@dataclass(frozen=True)
class Place:
    """Where an unfinished run is kept, and what decides whether a kept one is the same run."""

    folder: Path
    identity: str

    @classmethod
    def of(cls, folder: Path | str, descent: Descent, seed: int, data_hash: str) -> "Place":
        """Return the place of a run in a folder."""
        spec = descent.spec
        whole = [spec.config.to_dict(), seed, data_hash, spec.device.type, spec.kernel]
        identity = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
        return cls(Path(folder), identity)

    @property
    def file(self) -> Path:
        """The file of the state."""
        return self.folder / STATE_FILE

    def keep(self, descent: Descent) -> None:
        """Write the state of a run, atomically."""
        metadata = {
            "schema": SCHEMA,
            "identity": self.identity,
            "rest": json.dumps({"step": descent.step, "adam": descent.adam.steps, "log": descent.log}),
        }
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in _tensors(descent).items()}
        write_atomic(self.file, safetensors.torch.save(tensors, metadata=metadata))

    def take_up(self, descent: Descent) -> bool:
        """Bring a run to the kept state, if there is one, and tell whether there was.

        Raises
        ------
        InvalidInput
            If the state is damaged, of another schema, or of another run.
        """
        if not self.file.is_file():
            return False
        try:
            with safe_open(self.file, framework="pt") as opened:  # pyright: ignore[reportUnknownVariableType]
                metadata: dict[str, str] = opened.metadata() or {}
            kept = safetensors.torch.load_file(self.file)
        except SafetensorError as error:
            raise InvalidInput(
                f"{self.file} is damaged: {error}", remedy="delete it; the run then starts again"
            ) from error
        if metadata.get("schema") != SCHEMA or metadata.get("identity") != self.identity:
            raise InvalidInput(
                f"{self.file} holds another run: points, config, seed, device or version of geosae differ",
                remedy="use another folder, or delete the file to start again",
            )
        rest = json.loads(metadata["rest"])
        for name, tensor in _tensors(descent).items():
            if name != "generator":
                tensor.copy_(kept[name])
        descent.generator.set_state(kept["generator"])
        descent.step, descent.adam.steps = rest["step"], rest["adam"]
        descent.log[:] = rest["log"]
        return True

    def clear(self) -> None:
        """Remove the state of a run that is finished."""
        self.file.unlink(missing_ok=True)


def _tensors(descent: Descent) -> dict[str, torch.Tensor]:
    return {
        "at": descent.at.flat,
        "start": descent.start.flat,
        "first": descent.adam.first.flat,
        "second": descent.adam.second.flat,
        "average": descent.average,
        "silent": descent.silent,
        "generator": descent.generator.get_state(),
    }
