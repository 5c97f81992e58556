"""An unfinished training run on disk, from which it goes on bit for bit (on a CPU).

Tensors are in `state.safetensors`; its metadata hold step and log, the hash of what decides the run, and the
hash of tensors, step and log. One file, written atomically, is one moment of the run.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open

from geosae.errors import InvalidInput
from geosae.sae.training.state import TrainingState
from geosae.storage.files import content_hash, json_value, remove_temporaries, write_atomic
from geosae.storage.structure import from_json

SCHEMA = "geosae.sae.state/2"
STATE_FILE = "state.safetensors"


@dataclass(frozen=True)
class _Rest:
    """What is no tensor of the state."""

    step: int
    adam: int
    log: tuple[Mapping[str, int | float], ...]


@dataclass(frozen=True)
class TrainingCheckpoint:
    """The file of an unfinished run, and the hash that decides whether a saved one is the same run."""

    folder: Path
    identity: str

    @classmethod
    def of(cls, folder: Path | str, state: TrainingState, seed: int, data_hash: str) -> "TrainingCheckpoint":
        """Return the checkpoint of a run in a folder."""
        spec = state.spec
        whole = [spec.config.to_dict(), seed, data_hash, spec.device.type, spec.kernel]
        identity = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
        return cls(Path(folder), identity)

    @property
    def file(self) -> Path:
        """The file of the state."""
        return self.folder / STATE_FILE

    def save(self, state: TrainingState) -> None:
        """Write the state of a run, atomically."""
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in _tensors(state).items()}
        rest = json.dumps({"step": state.step, "adam": state.adam.steps, "log": state.log})
        metadata = {
            "schema": SCHEMA,
            "identity": self.identity,
            "rest": rest,
            "content_hash": _hash_of(tensors, rest),
        }
        write_atomic(self.file, safetensors.torch.save(tensors, metadata=metadata))

    def restore(self, state: TrainingState) -> bool:
        """Bring a run to the saved state, if there is one, and tell whether there was.

        Raises
        ------
        InvalidInput
            If the state is damaged, of another schema, or of another run.
        """
        remove_temporaries(self.file)
        if not self.file.is_file():
            return False
        try:
            with safe_open(self.file, framework="pt") as file:  # pyright: ignore[reportUnknownVariableType]
                metadata: dict[str, str] = file.metadata() or {}
            tensors = safetensors.torch.load_file(self.file)
        except (SafetensorError, KeyError, ValueError, TypeError, RuntimeError) as error:
            raise InvalidInput(
                f"{self.file} is damaged: {error}", remedy="delete it: the same command starts the run again"
            ) from error
        if metadata.get("schema") != SCHEMA or metadata.get("identity") != self.identity:
            raise InvalidInput(
                f"{self.file} holds another run: points, config, seed, device or version of geosae differ",
                remedy="use another folder, or delete the file to start again",
            )
        self._refuse_others(tensors, _tensors(state))
        if metadata.get("content_hash") != _hash_of(tensors, metadata.get("rest", "")):
            raise InvalidInput(
                f"{self.file} does not have the content hash that it states",
                causes="it was edited after it was written, or damaged in a transfer",
                remedy="delete it: the same command starts the run again",
            )
        rest = from_json(_Rest, json_value(metadata.get("rest", ""), str(self.file)), str(self.file))
        try:
            state.generator.set_state(tensors["generator"])
        except RuntimeError as error:
            raise InvalidInput(
                f"{self.file} holds no state of a generator: {error}",
                remedy="delete it: the same command starts the run again",
            ) from error
        for name, target in _tensors(state).items():
            if name != "generator":
                target.copy_(tensors[name])
        state.step, state.adam.steps = rest.step, rest.adam
        state.log[:] = [dict(line) for line in rest.log]
        return True

    def _refuse_others(self, stored: Mapping[str, torch.Tensor], needed: Mapping[str, torch.Tensor]) -> None:
        """Refuse tensors of which one is missing or too many, or of another shape or type than the run's."""
        for name in sorted({*needed, *stored}):
            tensor, target = stored.get(name), needed.get(name)
            alike = (
                tensor is not None
                and target is not None
                and (tensor.shape, tensor.dtype)
                == (
                    target.shape,
                    target.dtype,
                )
            )
            if not alike:
                raise InvalidInput(
                    f"{self.file} does not hold the state of this run: {name[:40]!r} is missing, unknown, or "
                    "of another shape",
                    remedy="delete it: the same command starts the run again",
                )


def clear_state(folder: Path) -> None:
    """Remove the state of a run whose result is saved, and what killed writes of it left."""
    remove_temporaries(folder / STATE_FILE)
    (folder / STATE_FILE).unlink(missing_ok=True)


def _hash_of(tensors: Mapping[str, torch.Tensor], rest: str) -> str:
    arrays = (part for name in sorted(tensors) for part in (name, tensors[name].numpy()))
    return content_hash(rest, *arrays)


def _tensors(state: TrainingState) -> dict[str, torch.Tensor]:
    return {
        "at": state.at.flat,
        "start": state.start.flat,
        "first": state.adam.first.flat,
        "second": state.adam.second.flat,
        "average": state.average,
        "silent": state.silent,
        "generator": state.generator.get_state(),
    }
