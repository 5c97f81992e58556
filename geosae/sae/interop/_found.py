"""What lies on disk: weights and configuration, read without running anything that the file brings along."""

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError

from geosae.errors import InvalidInput
from geosae.storage.files import read_json

TORCH = (".pt", ".pth", ".bin", ".ckpt")
SUFFIXES = (*TORCH, ".safetensors", ".npz")
# Files that training libraries put beside the weights and that are no weights.
BESIDE = ("sparsity.safetensors", "trainer_state.pt", "optimizer.pt", "lr_scheduler.pt",
          "activations_store_state.pt", "activations_store_state.safetensors",
          "activation_whitening.safetensors")  # fmt: skip
CONFIGS = ("cfg.json", "config.json")


@dataclass(frozen=True, eq=False)
class Found:
    """Weights by name, what else their file holds, and the configuration beside it."""

    weights_file: Path
    tensors: Mapping[str, torch.Tensor]
    entries: Mapping[str, Any]
    config: Mapping[str, Any]
    config_file: Path | None
    ignore: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """Name and SHA-256 of what was read."""
        read = [self.weights_file] if self.config_file is None else [self.weights_file, self.config_file]
        return tuple((path.name, sha256(path)) for path in read)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find(path: Path, ignore: Sequence[str] = ()) -> Found:
    """Read the weights at a path (a file, or a folder with one) and the configuration beside them.

    Raises
    ------
    InvalidInput
        If there is nothing, or more than one weights file; if a file is damaged or wants code to be run.
    """
    weights = _weights_file(path)
    tensors, entries = _load(weights)
    config_file = _config_file(weights)
    config = {} if config_file is None else read_json(config_file)
    if not isinstance(config, dict):
        raise InvalidInput(f"{config_file} is a {type(config).__name__}, where a JSON object is needed")
    return Found(weights, tensors, entries, config, config_file, tuple(ignore))


def _weights_file(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise InvalidInput(f"there is no file or folder {path}", remedy="check the path")
    held = sorted(each for each in path.iterdir() if each.suffix in SUFFIXES and each.name not in BESIDE)
    if len(held) != 1:
        names = ", ".join(each.name for each in held) or "none"
        raise InvalidInput(
            f"{path} holds {len(held)} weights files ({names}); one is needed",
            causes="a folder of several SAEs, or a folder above or below the right one",
            remedy="name the file itself",
        )
    return held[0]


def _config_file(weights: Path) -> Path | None:
    folders = [weights.parent]
    # dictionary_learning keeps checkpoints one folder below their configuration.
    if weights.parent.name == "checkpoints":
        folders.append(weights.parent.parent)
    for folder in folders:
        held = [folder / name for name in CONFIGS if (folder / name).is_file()]
        if len(held) > 1:
            raise InvalidInput(
                f"{folder} holds both {held[0].name} and {held[1].name}",
                causes="two exports written into one folder",
                remedy="keep the one that belongs to the weights",
            )
        if held:
            return held[0]
    return None


def _load(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path), {}
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                return {name: torch.from_numpy(arrays[name]) for name in arrays.files}, {}
        if path.suffix not in TORCH:
            raise InvalidInput(f"{path} is no weights file", remedy=f"name one of {', '.join(SUFFIXES)}")
        held = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise InvalidInput(
            f"{path} holds Python objects, not weights alone; loading them would run code of the file",
            causes="a whole module saved with torch.save(model, path)",
            remedy="where the file is trusted and its library installed, save the weights instead: "
            "torch.save(model.eval().state_dict(), 'weights.pt')",
        ) from error
    except (
        SafetensorError,
        zipfile.BadZipFile,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        TypeError,
    ) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(f"{path} cannot be read: {error}", causes="a truncated or foreign file") from error
    if not isinstance(held, Mapping) or not all(isinstance(key, str) for key in held):
        raise InvalidInput(
            f"{path} holds a {type(held).__name__}, where weights by name are needed",
            remedy="save the state_dict of one SAE",
        )
    tensors = {name: value for name, value in held.items() if isinstance(value, torch.Tensor)}
    return tensors, {name: value for name, value in held.items() if name not in tensors}
