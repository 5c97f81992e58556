"""Weights and configuration of a foreign SAE on disk, read without running code that a file may contain."""

import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import safetensors.torch
import torch

from geosae.errors import InvalidInput
from geosae.notebook import short_text
from geosae.storage.arrays import RATIO, ROOM, read_archive, refuse_bomb
from geosae.storage.files import file_hash, read_json

TORCH = (".pt", ".pth", ".bin", ".ckpt")
SUFFIXES = (*TORCH, ".safetensors", ".npz")
# Files that training libraries write next to the weights and that hold no SAE weights.
NO_WEIGHTS = ("sparsity.safetensors", "trainer_state.pt", "optimizer.pt", "lr_scheduler.pt",
          "activations_store_state.pt", "activations_store_state.safetensors",
          "activation_whitening.safetensors")  # fmt: skip
KINDS = (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.bool, torch.uint8, torch.int8,
         torch.int16, torch.int32, torch.int64)  # fmt: skip
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
    if path.suffix not in SUFFIXES:
        raise InvalidInput(f"{path} is no weights file", remedy=f"name one of {', '.join(SUFFIXES)}")
    try:
        entries = _entries(path)
    except UnpicklingError as error:
        raise InvalidInput(
            f"{path} holds Python objects, not weights alone; loading them would run code of the file",
            causes="a whole module saved with torch.save(model, path)",
            remedy="where the file is trusted and its library installed, save the weights instead: "
            "torch.save(model.eval().state_dict(), 'weights.pt')",
        ) from error
    except InvalidInput:
        raise
    except Exception as error:
        # Damaged bytes make zipfile, numpy, safetensors and torch's unpickler raise a dozen kinds of errors.
        raise InvalidInput(
            f"{path} cannot be read: {type(error).__name__}: {short_text(str(error), 200)}",
            causes="a truncated or foreign file",
        ) from error
    if not isinstance(entries, Mapping) or not all(isinstance(key, str) for key in entries):
        raise InvalidInput(
            f"{path} holds a {type(entries).__name__}, where weights by name are needed",
            remedy="save the state_dict of one SAE",
        )
    tensors = {name: entry for name, entry in entries.items() if isinstance(entry, torch.Tensor)}
    _refuse_odd(tensors, path)
    return tensors, {name: entry for name, entry in entries.items() if name not in tensors}


def _entries(path: Path) -> Any:
    if path.suffix == ".safetensors":
        return safetensors.torch.load_file(path)
    if path.suffix == ".npz":
        return {name: torch.from_numpy(array) for name, array in read_archive(path).items()}
    with path.open("rb") as file, warnings.catch_warnings(action="ignore"):
        # Opened here, and without what torch remarks on old files: the file is read or refused.
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                refuse_bomb(archive, path)
        file.seek(0)
        return torch.load(file, map_location="cpu", weights_only=True)


def _refuse_odd(tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    """Refuse tensors that are no plain tables of numbers, or that claim far more than the file holds."""
    for name, tensor in tensors.items():
        kind, layout = (str(each).removeprefix("torch.") for each in (tensor.dtype, tensor.layout))
        if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.dtype not in KINDS:
            raise InvalidInput(
                f"{path}: {name[:80]!r} is a tensor of type {kind}, {layout}, on {tensor.device}, which is "
                "no plain table of numbers",
                causes="quantised or sparse weights, or a model saved without its numbers",
                remedy="convert it with the library that wrote it: dense, in float32 or bfloat16",
            )
    claimed = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    if claimed > ROOM + RATIO * path.stat().st_size:
        raise InvalidInput(
            f"{path} has {path.stat().st_size:,} bytes, and its tensors claim {claimed:,}",
            causes="one number that stands for all of a tensor, or a damaged file",
            remedy="save the weights as they are: {name: w.contiguous() for name, w in state_dict.items()}",
        )
