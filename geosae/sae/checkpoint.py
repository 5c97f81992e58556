"""Checkpoints: weights as safetensors, everything else as a JSON card, the log as JSON lines.

The card is written last and holds the SHA-256 of the other two files, so a folder is either one whole run or
refused.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError

from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig
from geosae.sae.model import SparseAutoencoder
from geosae.sae.training.train import TrainedSAE
from geosae.storage.files import read_json, write_atomic, write_json

SCHEMA = "geosae.sae/1"
WEIGHTS_FILE, CARD_FILE, LOG_FILE = "sae.safetensors", "card.json", "log.jsonl"
CARD_KEYS = {
    "schema",
    "config",
    "seed",
    "device",
    "kernel",
    "dim",
    "dtype",
    "metrics",
    "data_hash",
    "files",
    "torch",
}
DTYPES = {"float32": torch.float32, "float64": torch.float64}


def save(run: TrainedSAE, folder: Path | str) -> None:
    """Write a run into a folder: sae.safetensors, log.jsonl and, last, card.json; each file atomically.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from geosae.sae.gates import ReLU
    >>> from geosae.sae.training.train import train
    >>> run = train(np.eye(3), TrainConfig(gate=ReLU(), width=4, steps=10), seed=0)
    >>> folder = Path(tempfile.mkdtemp())
    >>> save(run, folder)
    >>> torch.equal(load(folder).sae.W_enc, run.sae.W_enc)
    True
    """
    folder = Path(folder)
    tensors = {name: getattr(run.sae, name).detach().cpu().contiguous() for name in run.sae.names}
    files = {
        WEIGHTS_FILE: safetensors.torch.save(tensors, metadata={"schema": SCHEMA}),
        LOG_FILE: "".join(json.dumps(line, allow_nan=False) + "\n" for line in run.log).encode(),
    }
    for name, data in files.items():
        write_atomic(folder / name, data)
    card = {
        "schema": SCHEMA,
        "config": run.config.to_dict(),
        "seed": run.seed,
        "device": run.device,
        "kernel": run.kernel,
        "dim": run.sae.dim,
        "dtype": str(run.sae.W_enc.dtype).removeprefix("torch."),
        "metrics": run.metrics,
        "data_hash": run.data_hash,
        "torch": torch.__version__,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    write_json(folder / CARD_FILE, card)


def load(folder: Path | str) -> TrainedSAE:
    """Return the run that `save` wrote, bit for bit.

    Raises
    ------
    InvalidInput
        If a file is missing, damaged or from another run; if the schema is another one; if the card or the
        weights hold an unknown key or lack one; if a weight has a wrong shape or type, or is not finite.
    """
    folder = Path(folder)
    card = _card(folder)
    config = TrainConfig.from_dict(card["config"])
    sae = SparseAutoencoder(card["dim"], config.width, config.gate, DTYPES[card["dtype"]])
    sae.load_state_dict(_weights(_checked(folder, WEIGHTS_FILE, card), sae, card["dtype"]))
    log = _log(_checked(folder, LOG_FILE, card))
    return TrainedSAE(
        sae, config, card["seed"], log, card["metrics"], card["data_hash"], card["device"], card["kernel"]
    )


def _card(folder: Path) -> dict[str, Any]:
    card = read_json(folder / CARD_FILE)
    schema = card.get("schema") if isinstance(card, dict) else None
    if schema != SCHEMA:
        raise InvalidInput(
            f"{folder / CARD_FILE} has schema {schema!r}; this version of geosae reads {SCHEMA!r}",
            causes="a file of another program, or of another version of geosae",
            remedy="load it with the version that wrote it",
        )
    _same_keys(set(card), CARD_KEYS, CARD_FILE)
    whole = isinstance(card["seed"], int) and isinstance(card["dim"], int) and card["dim"] >= 1
    if not whole or card["dtype"] not in DTYPES:
        raise InvalidInput(
            f"{CARD_FILE} has seed {card['seed']!r}, dim {card['dim']!r}, dtype {card['dtype']!r}"
        )
    return card


def _checked(folder: Path, name: str, card: dict[str, Any]) -> bytes:
    path = folder / name
    if not path.is_file():
        raise InvalidInput(f"there is no file {path}", causes="an incomplete copy of the folder")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != card["files"].get(name):
        raise InvalidInput(
            f"{path} is not the file that {CARD_FILE} describes: its SHA-256 differs",
            causes="a damaged or edited file, or a save that was cut short over an older one",
            remedy="train again, or copy the folder again",
        )
    return data


def _weights(data: bytes, sae: SparseAutoencoder, dtype: str) -> dict[str, torch.Tensor]:
    try:
        weights = safetensors.torch.load(data)
    except SafetensorError as error:
        raise InvalidInput(f"{WEIGHTS_FILE} is no safetensors file: {error}") from error
    _same_keys(set(weights), set(sae.names), WEIGHTS_FILE)
    shapes = {name: tuple(tensor.shape) for name, tensor in sae.state_dict().items()}
    for name, tensor in sorted(weights.items()):
        if tuple(tensor.shape) != shapes[name] or tensor.dtype != DTYPES[dtype]:
            stored = f"{tuple(tensor.shape)} of {str(tensor.dtype).removeprefix('torch.')}"
            raise InvalidInput(
                f"{name} in {WEIGHTS_FILE} is {stored}; the card promises {shapes[name]} of {dtype}"
            )
        if not bool(tensor.isfinite().all()):
            raise InvalidInput(
                f"{name} in {WEIGHTS_FILE} holds NaN or infinite values", causes="a diverged run"
            )
    return weights


def _log(data: bytes) -> tuple[dict[str, float | int], ...]:
    try:
        return tuple(json.loads(line) for line in data.decode().splitlines())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{LOG_FILE} is not JSON lines: {error}") from error


def _same_keys(keys: set[str], needed: set[str], of: str) -> None:
    unknown, missing = sorted(keys - needed), sorted(needed - keys)
    if unknown or missing:
        parts = [f"unknown {', '.join(unknown)}"] * bool(unknown) + [f"missing {', '.join(missing)}"] * bool(
            missing
        )
        raise InvalidInput(f"{of} has other keys than this schema's: {'; '.join(parts)}")
