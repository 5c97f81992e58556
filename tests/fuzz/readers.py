"""Every reader of files as a function of bytes, which ends in an answer or in InvalidInput."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
from fuzz import corpus, shells
from fuzz.shells import NoDescription

import geosae
from geosae.analysis import Alignment, alignment
from geosae.data import storage
from geosae.data.sources import from_files, read_points
from geosae.data.storage import load_dataset
from geosae.errors import InvalidInput
from geosae.experiments import load_results
from geosae.experiments.cell_lattices import CellLattices
from geosae.experiments.cell_result import CellResult
from geosae.experiments.plan_file import load_plan
from geosae.experiments.store import RunCard, Store
from geosae.experiments.summary import Summary
from geosae.experiments.sweep import load_sweep
from geosae.experiments.theorem_checks import CheckedClaim
from geosae.fca import FormalContext, formats
from geosae.report import write_report
from geosae.sae.interop import read
from geosae.sae.training.checkpoint_state import STATE_FILE, TrainingCheckpoint
from geosae.sae.training.checkpoint_state import _hash_of as hash_of_state  # pyright: ignore[reportPrivateUsage]
from geosae.storage.structure import read_record

LARGEST_TABLE = 2**26
"""Cells beyond which a context is refused in these tests: the rule is the same, the machine is left alone."""


class Reader(NamedTuple):
    """One reader.

    Parameters
    ----------
    name, group
        What it is called, and which kind of file it belongs to.
    seeds
        From an empty folder to the inputs that a campaign starts from.
    attempt
        Reads the file that some bytes stand for, in a folder of its own.
    syntax
        How the bytes are written: "json" describes files, "toml" is a plan, "" are the bytes of the file.
    """

    name: str
    group: str
    seeds: Callable[[Path], list[bytes]]
    attempt: Callable[[bytes, Path], Any]
    syntax: str = ""


def described(data: bytes, *keys: str) -> dict[str, Any]:
    try:
        table = json.loads(data)
    except (ValueError, RecursionError):
        raise NoDescription from None
    if not isinstance(table, dict) or any(key not in table for key in keys):
        raise NoDescription
    return table


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(shells.utf8(content) if isinstance(content, str) else content)
    return path


def npz(table: dict[str, Any], folder: Path) -> Path:
    path = write(folder / "a.npz", shells.npz_file(table["members"]))
    path.with_suffix(".json").unlink(missing_ok=True)
    if table.get("beside") is not None:
        write(path.with_suffix(".json"), shells.text_of(table["beside"]))
    return path


def _dataset(data: bytes, folder: Path) -> None:
    table = described(data, "members")
    path = npz(table, folder)
    if table.get("digest") is not True:
        # As if whoever changed the file had computed its hash again.
        with patch.object(storage, "check_digest", lambda *_: None):
            load_dataset(path)
    else:
        load_dataset(path)


def _alignment(data: bytes, folder: Path) -> None:
    table = described(data)
    if "record" in table:
        if not isinstance(table["record"], dict):
            raise NoDescription
        made = Alignment.from_dict(table["record"])
    elif "members" in table:
        with patch.object(alignment, "check_digest", lambda *_: None):
            made = Alignment.load(npz(table, folder))
    else:
        raise NoDescription
    # What is read must answer: a record that breaks where it is used was not checked where it was read.
    made.columns()


def _file(name: str, attempt: Callable[[Path], Any]) -> Callable[[bytes, Path], None]:
    def attempted(data: bytes, folder: Path) -> None:
        attempt(write(folder / name, data))

    return attempted


def _membership(data: bytes, folder: Path) -> None:
    points = folder / "points.npy"
    if not points.is_file():
        np.save(points, np.arange(6.0).reshape(3, 2))
    from_files(points, write(folder / "m.csv", data), allow_trivial=True)


def _own(data: bytes, folder: Path) -> None:
    table = described(data, "card_file", "card", "tensors", "log")
    for name in ("card.json", "imported.json"):
        (folder / name).unlink(missing_ok=True)
    card = table["card"]
    log = shells.utf8(shells.text_of(table["log"]))
    weights = shells.safetensors_file(table["tensors"], {"schema": "geosae.sae/2"})
    write(folder / "log.jsonl", log)
    write(folder / "sae.safetensors", weights)
    if isinstance(card, dict):
        import hashlib

        for name, content in (("sae.safetensors", weights), ("log.jsonl", log)):
            files = card.get("files")
            if isinstance(files, dict) and files.get(name) == "right":
                files[name] = hashlib.sha256(content).hexdigest()
        if card.get("sha256") == "right":
            card["sha256"] = hashlib.sha256(weights).hexdigest()
    write(
        folder / ("card.json" if table["card_file"] == "card.json" else "imported.json"), shells.hashed(card)
    )
    geosae.load(folder)


def _state(data: bytes, folder: Path) -> None:
    table = described(data, "metadata", "tensors")
    state, checkpoint = _begun(folder)
    metadata = table["metadata"]
    if isinstance(metadata, dict):
        metadata = {key: shells.text_of(value) for key, value in metadata.items()}
        if "identity" in metadata:
            metadata["identity"] = checkpoint.identity
        if "content_hash" in metadata:
            metadata["content_hash"] = _right_hash(table["tensors"], metadata.get("rest", ""))
    write(folder / STATE_FILE, shells.safetensors_file(table["tensors"], metadata))
    checkpoint.restore(state)


def _right_hash(tensors: Any, rest: str) -> str:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return hash_of_state(load(shells.safetensors_file(tensors)), rest)
    except (SafetensorError, KeyError, ValueError, TypeError):
        return "0" * 64


_STATES: dict[Path, Any] = {}


def _begun(folder: Path) -> Any:
    """Return a training run at its start, and the checkpoint that belongs to it."""
    if folder not in _STATES:
        from sae.clouds import blobs

        from geosae.sae.config import TrainConfig
        from geosae.sae.gates import TopK
        from geosae.sae.training.inputs import prepare_inputs, sample_of
        from geosae.sae.training.spec import training_spec
        from geosae.sae.training.state import TrainingState

        config, points = TrainConfig(gate=TopK(k=2), width=4, steps=4, log_every=2), blobs(count=60)
        sample = sample_of(points, config)
        spec = training_spec(config, sample.shape[1], "cpu")
        inputs = prepare_inputs(points, sample, spec, 7)
        state = TrainingState.begin(spec, inputs.source, inputs.u, 7)
        _STATES[folder] = state, TrainingCheckpoint.of(folder, state, 7, inputs.data_hash)
    return _STATES[folder]


SUFFIXES = (".pt", ".safetensors", ".npz")


def _foreign(data: bytes, folder: Path) -> None:
    table = described(data, "file", "tensors", "entries", "settings")
    if not isinstance(table["file"], str) or not isinstance(table["settings"], dict):
        raise NoDescription
    inside = folder / "in"
    shutil.rmtree(inside, ignore_errors=True)
    inside.mkdir()
    suffix = next((each for each in SUFFIXES if table["file"].endswith(each)), ".pt")
    build = {
        ".pt": lambda: shells.torch_file(table["tensors"], table["entries"]),
        ".safetensors": lambda: shells.safetensors_file(table["tensors"]),
        ".npz": lambda: shells.npz_file(table["tensors"]),
    }[suffix]
    write(inside / f"w{suffix}", build())
    if "config" in table:
        name = "cfg.json" if table.get("config_file") == "cfg.json" else "config.json"
        write(inside / name, shells.text_of(table["config"]))
    settings = {
        key: value for key, value in table["settings"].items() if key not in ("path", "format", "ignore")
    }
    imported = read(inside, **settings)
    imported.reconstruct(np.zeros((1, imported.sae.dim)) + np.arange(imported.sae.dim))


def _weights(data: bytes, folder: Path) -> None:
    inside = folder / "in"
    shutil.rmtree(inside, ignore_errors=True)
    inside.mkdir()
    read(write(inside / f"w{SUFFIXES[data[0] % 3] if data else '.pt'}", data[1:]))


KINDS: dict[str, Any] = {
    "run.json": RunCard,
    "summary.json": Summary,
    "verdicts.json": tuple[CheckedClaim, ...],
    "result.json": CellResult,
    "lattice.json": CellLattices,
}


def _record(data: bytes, folder: Path) -> None:
    table = described(data, "file", "content")
    kind = KINDS.get(table["file"]) if isinstance(table["file"], str) else None
    if kind is None:
        raise NoDescription
    path = write(folder / table["file"], shells.hashed(table["content"]))
    if kind is RunCard:
        Store(folder).card()
    else:
        read_record(path, kind)


def _run(data: bytes, folder: Path) -> None:
    table = described(data, "file", "content")
    if table["file"] not in corpus.RUN_FILES:
        raise NoDescription
    run = corpus.run_folder(folder)
    path = sorted(run.rglob(table["file"]))[0]
    before = path.read_bytes()
    write(
        path, shells.hashed(table["content"]) if path.suffix == ".json" else shells.text_of(table["content"])
    )
    try:
        results = load_results(run)
        results.columns()
        cell = results.cells[0]
        results.lattices(cell)
        results.log(cell)
        results.sae_neurons(cell)
        results.dataset(cell)
        if len(data) % 4 == 0:
            # The page takes as long as all the rest.
            write_report(run)
    finally:
        path.write_bytes(before)


def _read_context(path: Path) -> None:
    with patch.object(formats, "LARGEST_TABLE", LARGEST_TABLE):
        FormalContext.read(path)


def _context(suffix: str) -> Reader:
    return Reader(
        f"context {suffix}", "contexts", corpus.contexts(suffix), _file(f"c{suffix}", _read_context)
    )


READERS: dict[str, Reader] = {
    reader.name: reader
    for reader in (
        Reader("data set", "data sets", corpus.datasets, _dataset, "json"),
        Reader("data set, bytes", "data sets", corpus.archives, _file("a.npz", load_dataset)),
        Reader("points .npy", "data sets", corpus.arrays, _file("x.npy", read_points)),
        Reader("points .csv", "data sets", lambda folder: corpus.TABLES, _file("x.csv", read_points)),
        Reader("membership .csv", "data sets", lambda folder: corpus.TABLES, _membership),
        Reader("checkpoint", "checkpoints", corpus.checkpoints, _own, "json"),
        Reader("kept import", "checkpoints", corpus.imported, _own, "json"),
        Reader("training state", "checkpoints", corpus.states, _state, "json"),
        *(
            Reader(name, "foreign formats", lambda folder, make=make: make(), _foreign, "json")
            for name, make in corpus.FOREIGN.items()
        ),
        Reader("weights, bytes", "foreign formats", corpus.weight_files, _weights),
        *(_context(suffix) for suffix in (".cxt", ".csv", ".json", ".fimi")),
        Reader("plan", "plans and sweeps", corpus.plans, _file("p.toml", load_plan), "toml"),
        Reader(
            "sweep", "plans and sweeps", lambda folder: [corpus.SWEEP], _file("s.toml", load_sweep), "toml"
        ),
        Reader("stored record", "run folders", corpus.stored_records, _record, "json"),
        Reader("run folder", "run folders", corpus.run_files, _run, "json"),
        Reader("alignment", "alignments", corpus.alignments, _alignment, "json"),
    )
}


def outcome(reader: Reader, data: bytes, folder: Path) -> str:
    """Return "read", "refused", or "no file" where the bytes describe none; any other error is raised."""
    try:
        reader.attempt(data, folder)
    except NoDescription:
        return "no file"
    except InvalidInput:
        return "refused"
    return "read"
