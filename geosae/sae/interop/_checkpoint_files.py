"""Weights and configuration of a foreign SAE on disk, read without running code that a file may contain."""

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
from geosae.storage.files import file_hash, read_json

TORCH = (".pt", ".pth", ".bin", ".ckpt")
SUFFIXES = (*TORCH, ".safetensors", ".npz")
# Files that training libraries write next to the weights and that hold no SAE weights.
NO_WEIGHTS = ("sparsity.safetensors", "trainer_state.pt", "optimizer.pt", "lr_scheduler.pt",
          "activations_store_state.pt", "activations_store_state.safetensors",
          "activation_whitening.safetensors")  # fmt: skip
CONFIGS = ("cfg.json", "config.json")


@dataclass(frozen=True, eq=False)
class CheckpointFiles:
    """Weights by name, the other entries of their file, and the configuration that goes with it."""

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
        return tuple((path.name, file_hash(path)) for path in read)


def read_files(path: Path, ignore: Sequence[str] = ()) -> CheckpointFiles:
    """Read the weights at a path (a file, or a folder with one) and the configuration next to them.

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
    return CheckpointFiles(weights, tensors, entries, config, config_file, tuple(ignore))


def _weights_file(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise InvalidInput(f"there is no file or folder {path}", remedy="check the path")
    candidates = sorted(
        each for each in path.iterdir() if each.suffix in SUFFIXES and each.name not in NO_WEIGHTS
    )
    if len(candidates) != 1:
        names = ", ".join(each.name for each in candidates) or "none"
        raise InvalidInput(
            f"{path} holds {len(candidates)} weights files ({names}); one is needed",
            causes="a folder of several SAEs, or a folder above or below the right one",
            remedy="name the file itself",
        )
    return candidates[0]


def _config_file(weights: Path) -> Path | None:
    folders = [weights.parent]
    # dictionary_learning keeps checkpoints one folder below their configuration.
    if weights.parent.name == "checkpoints":
        folders.append(weights.parent.parent)
    for folder in folders:
        configs = [folder / name for name in CONFIGS if (folder / name).is_file()]
        if len(configs) > 1:
            raise InvalidInput(
                f"{folder} holds both {configs[0].name} and {configs[1].name}",
                causes="two exports written into one folder",
                remedy="keep the one that belongs to the weights",
            )
        if configs:
            return configs[0]
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
        entries = torch.load(path, map_location="cpu", weights_only=True)
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
    if not isinstance(entries, Mapping) or not all(isinstance(key, str) for key in entries):
        raise InvalidInput(
            f"{path} holds a {type(entries).__name__}, where weights by name are needed",
            remedy="save the state_dict of one SAE",
        )
    tensors = {name: entry for name, entry in entries.items() if isinstance(entry, torch.Tensor)}
    return tensors, {name: entry for name, entry in entries.items() if name not in tensors}
