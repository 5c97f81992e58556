"""Checkpoints: weights as safetensors, everything else as a JSON card, the log as JSON lines.

The card is written last and holds the SHA-256 of the other two files and its own, so a folder is either one
whole run or refused.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig
from geosae.sae.training.checkpoint_state import clear_state
from geosae.sae.training.train import TrainedSAE
from geosae.sae.weights_file import (
    DTYPES,
    WEIGHTS_FILE,
    dtype_name,
    read_hashed,
    read_sae,
    same_keys,
    write_hashed,
    write_weights,
)
from geosae.storage.files import json_value, read_json
from geosae.storage.structure import from_json, read_plain_record, write_record

SCHEMA = "geosae.sae/2"
CARD_FILE, LOG_FILE = "card.json", "log.jsonl"
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
TABLES: dict[str, Any] = {
    "config": Mapping[str, Any],
    "files": Mapping[str, str],
    "metrics": Mapping[str, float],
    "data_hash": str,
    "device": str,
    "kernel": str,
}
"""The types of what `load` hands on as it stands in the card."""


def save(run: TrainedSAE, folder: Path | str) -> None:
    """Write a run into a folder: sae.safetensors, log.jsonl and, last, card.json; each file atomically.

    The state of the unfinished run, where `train` kept one in this folder, is removed after that.

    Raises
    ------
    InvalidInput
        If a file cannot be written.

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
    log = "".join(json.dumps(line, allow_nan=False) + "\n" for line in run.log).encode()
    files = {
        WEIGHTS_FILE: write_weights(folder, run.sae, SCHEMA),
        LOG_FILE: write_hashed(folder / LOG_FILE, log),
    }
    card = {
        "schema": SCHEMA,
        "config": run.config.to_dict(),
        "seed": run.seed,
        "device": run.device,
        "kernel": run.kernel,
        "dim": run.sae.dim,
        "dtype": dtype_name(run.sae),
        "metrics": run.metrics,
        "data_hash": run.data_hash,
        "torch": torch.__version__,
        "files": files,
    }
    write_record(folder / CARD_FILE, card)
    # The result is on disk: only now the state of the unfinished run may go.
    clear_state(folder)


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
    config, digest = TrainConfig.from_dict(card["config"]), card["files"].get(WEIGHTS_FILE)
    dtype = DTYPES[card["dtype"]]
    sae = read_sae(folder, digest, CARD_FILE, card["dim"], config.width, config.gate, dtype)
    log = _log(read_hashed(folder / LOG_FILE, card["files"].get(LOG_FILE), CARD_FILE))
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
    # The schema first: a card of another version is whole, and has no hash.
    card = read_plain_record(folder / CARD_FILE)
    same_keys(set(card), CARD_KEYS, CARD_FILE)
    whole = type(card["seed"]) is int and type(card["dim"]) is int and card["dim"] >= 1
    if not whole or str(card["dtype"]) not in DTYPES:
        raise InvalidInput(
            f"{CARD_FILE} has seed {card['seed']!r}, dim {card['dim']!r}, dtype {card['dtype']!r}"
        )
    for key, kind in TABLES.items():
        from_json(kind, card[key], f"{CARD_FILE}: {key}")
    return card


def _log(data: bytes) -> tuple[dict[str, float | int], ...]:
    lines = enumerate(data.splitlines(), start=1)
    values = [(json_value(line, f"{LOG_FILE}, line {number}"), number) for number, line in lines]
    for value, number in values:
        from_json(Mapping[str, Any], value, f"{LOG_FILE}, line {number}")
    return tuple(value for value, _ in values)
