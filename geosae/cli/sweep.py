"""`geosae train --sweep`: a grid of sparse autoencoders on one data set."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from geosae.cli._console import bar, number, say, table, warn

if TYPE_CHECKING:
    from geosae.experiments.sweep import Sweep
    from geosae.sae.train import TrainedSAE


def train_sweep(file: Path, data: Path, out: Path, device: str, workers: int) -> None:
    """Train what a TOML file lists, one folder per SAE below `out`; the same call goes on after a stop.

    Writes summary.csv and summary.json (per setting, over seeds) and cells.json (per SAE).
    """
    from geosae.cli._files import read_directions, read_points
    from geosae.data.files import write_atomic, write_json
    from geosae.experiments.sweep import parse_sweep, summarise_sweep, sweep_csv
    from geosae.geometry import InvalidInput
    from geosae.sae.grid import train_grid

    if not file.is_file():
        raise InvalidInput(f"there is no file {file}", remedy="name a TOML file with --sweep")
    sweep = parse_sweep(file.read_text(encoding="utf-8"))
    configs = sweep.configs()
    points, directions = read_points(data), read_directions(data)
    try:
        with bar(f"{len(configs)} settings × {len(sweep.seeds)} seeds") as progress:
            runs = train_grid(
                points, configs, sweep.seeds, workers=workers, device=device, folder=out, progress=progress
            )
    except KeyboardInterrupt:
        warn(f"stopped; finished SAEs are kept: the same command goes on in {out}")
        raise typer.Exit(130) from None
    measured = [{**run.metrics, "mcc": _mcc(run, directions)} for run in runs]
    rows = summarise_sweep(sweep, measured)
    write_json(out / "summary.json", rows)
    write_atomic(out / "summary.csv", sweep_csv(rows).encode())
    write_json(out / "cells.json", _cells(sweep, runs, measured, out))
    _show(rows)
    say(f"{len(runs)} SAEs in {out}; summary.csv, summary.json and cells.json beside them")


def _mcc(run: "TrainedSAE", directions: Any) -> float | None:
    from geosae.analysis import mcc
    from geosae.sae import neurons_of

    return None if directions is None else float(mcc(neurons_of(run.sae).decoder, directions))


def _cells(
    sweep: "Sweep", runs: Sequence["TrainedSAE"], measured: Sequence[Mapping[str, Any]], out: Path
) -> list[dict[str, Any]]:
    """Say for each SAE what it is, how it did, and in which folder it lies."""
    import json

    from geosae.data.files import read_json

    homes: dict[str, str] = {}
    for card in sorted(out.glob("*/card.json")):
        entries = read_json(card)
        homes[json.dumps([entries["config"], entries["seed"]], sort_keys=True)] = card.parent.name
    heads = [(setting, seed) for setting in sweep.settings() for seed in sweep.seeds]
    return [
        {
            "gate": setting.gate, "sparsity": setting.sparsity, "width": setting.width, "seed": seed,
            "folder": homes.get(json.dumps([run.config.to_dict(), seed], sort_keys=True)), **metrics,
        }
        for (setting, seed), run, metrics in zip(heads, runs, measured, strict=True)
    ]  # fmt: skip


def _show(rows: Sequence[Mapping[str, Any]]) -> None:
    known = [name for name in ("fvu", "l0", "dead_share", "mcc") if any(row[name] for row in rows)]
    lines = [
        [row["gate"], f"{row['sparsity']:g}", str(row["width"]), *(_spread(row[name]) for name in known)]
        for row in rows
    ]
    say("mean over seeds, and its 95 % Student-t interval:")
    table(["gate", "sparsity", "width", *(name.replace("_", " ") for name in known)], lines)


def _spread(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "–"
    if found["count"] < 2 or found["low"] is None or found["high"] is None:
        return number(found["mean"])
    return f"{number(found['mean'])} [{number(found['low'])}, {number(found['high'])}]"
