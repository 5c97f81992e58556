"""`geosae train`: one sparse autoencoder on one data set, or a sweep of them."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geosae.cli._console import bar, number, paragraph, say, table, warn
from geosae.cli._executors import DaskOption, ExecutorOption, chosen_executor

if TYPE_CHECKING:
    from geosae.experiments import Interval
    from geosae.experiments.sweep import Sweep, SweepRow
    from geosae.sae import SparseAutoencoder
    from geosae.sae.config import TrainConfig
    from geosae.sae.training.train import TrainedSAE


def train_sweep(
    file: Path,
    data: Path,
    out: Path,
    device: str | None,
    workers: int,
    executor: Executor | None = None,
    split: tuple[float | None, int] = (None, 0),
) -> None:
    """Train what a TOML file lists, one folder per SAE below `out`; the same call goes on after a stop.

    A device that is given takes the place of the file's.

    Writes summary.csv and summary.json (per setting, over seeds) and cells.json (per SAE).
    """
    from geosae.cli._files import read_directions, training_array
    from geosae.experiments.sweep import load_sweep, summarise_sweep, sweep_csv
    from geosae.sae.training.grid import train_grid
    from geosae.sae.training.train import TrainingDiverged
    from geosae.storage.files import check_output_folder, write_atomic, write_json
    from geosae.storage.structure import to_json

    sweep = load_sweep(file)
    configs = sweep.configs()
    points, directions = training_array(data, *split), read_directions(data)
    check_output_folder(out)
    try:
        with bar(f"{len(configs)} settings × {len(sweep.seeds)} seeds") as progress:
            runs = train_grid(
                points,
                configs,
                sweep.seeds,
                workers=workers,
                executor=executor,
                device=device or sweep.device,
                folder=out,
                progress=progress,
            )
    except TrainingDiverged as error:
        warn(f"geosae: {error}\n  The SAEs that did not diverge are kept in {out}.")
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        warn(f"stopped; finished SAEs are kept: the same command goes on in {out}")
        raise typer.Exit(130) from None
    measured = [{**run.metrics, "mcc": _mcc(run, directions)} for run in runs]
    rows = summarise_sweep(sweep, measured)
    write_json(out / "summary.json", to_json(rows))
    write_atomic(out / "summary.csv", sweep_csv(rows).encode())
    write_json(out / "cells.json", _cells(sweep, runs, measured, out))
    paragraph(f"{len(runs)} SAEs in {out}; summary.csv, summary.json and cells.json beside them")
    _show(rows)
    notes = [warning for run in runs for warning in run.warnings]
    if notes:
        count = sum(bool(run.warnings) for run in runs)
        paragraph(f"note, of {count} of {len(runs)} SAEs; of the first: {notes[0]}", "  ", warn)


def _mcc(run: "TrainedSAE", directions: Any) -> float | None:
    from geosae.analysis import mcc
    from geosae.sae import neurons_of

    return None if directions is None else float(mcc(neurons_of(run.sae).decoder, directions))


def _cells(
    sweep: "Sweep", runs: Sequence["TrainedSAE"], measured: Sequence[Mapping[str, Any]], out: Path
) -> list[dict[str, Any]]:
    """Say for each SAE what it is, how it did, and in which folder it lies."""
    from geosae.storage.structure import read_plain_record

    folders: dict[str, str] = {}
    for card in sorted(out.glob("*/card.json")):
        entries = read_plain_record(card)
        folders[_named(entries["config"], entries["seed"], entries["device"], entries["kernel"])] = (
            card.parent.name
        )
    heads = [(setting, seed) for setting in sweep.settings() for seed in sweep.seeds]
    return [
        {
            "gate": setting.gate, "sparsity": setting.sparsity, "width": setting.width, "seed": seed,
            "device": run.device, "kernel": run.kernel,
            "folder": folders.get(_named(run.config.to_dict(), seed, run.device, run.kernel)),
            **metrics,
        }
        for (setting, seed), run, metrics in zip(heads, runs, measured, strict=True)
    ]  # fmt: skip


def _named(config: Mapping[str, Any], seed: int, device: str, kernel: str) -> str:
    import json

    return json.dumps([config, seed, device, kernel], sort_keys=True)


DIGITS = {"fvu": 3, "l0": 1, "dead_share": 2, "mcc": 2}
"""The measures of a sweep in the order of its table, each with its decimals."""


def _show(rows: "Sequence[SweepRow]") -> None:
    from geosae.experiments import gate_name

    best = min(rows, key=lambda row: row.fvu.mean if row.fvu.n else float("inf"))
    say()
    paragraph(
        f"Of {len(rows)} settings {gate_name(best.setting.gate, best.setting.sparsity)} with "
        f"{best.setting.width} neurons leaves the least variance unexplained: FVU "
        f"{_spelled(best.fvu, DIGITS['fvu'])} at L0 {_spelled(best.l0, DIGITS['l0'])}."
    )
    say()
    paragraph(
        "Means over seeds ± half of the 95 % Student-t interval. FVU: variance unexplained; L0: active "
        "neurons per point; dead: share of neurons that never fire; MCC: recovery of the true directions. "
        "–: not known."
    )
    say()
    measures = [name for name in DIGITS if any(getattr(r, name).n for r in rows)]
    lines = [
        [
            row.setting.gate,
            f"{row.setting.sparsity:g}",
            str(row.setting.width),
            *(_spelled(getattr(row, name), DIGITS[name]) for name in measures),
        ]
        for row in rows
    ]
    titles = {"fvu": "FVU", "l0": "L0", "dead_share": "dead", "mcc": "MCC"}
    table(["gate", "sparsity", "width", *(titles[name] for name in measures)], lines)


def _spelled(interval: "Interval", digits: int) -> str:
    """Spell a mean with half of its interval: the longer side, where the quantity's range cuts the other."""
    if not interval.is_bounded:
        return number(interval.mean, digits)
    half = max(interval.mean - interval.low, interval.high - interval.mean)
    return f"{number(interval.mean, digits)} ±{number(half, digits)}"


def train(
    data: Annotated[
        Path, typer.Argument(help="A data set .npz; .npy or .csv, a point per row; a folder of activations.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")],
    gate: Annotated[
        str | None,
        typer.Option(help="topk (default), relu, jumprelu, …: any other word is answered with all of them."),
    ] = None,
    width: Annotated[int | None, typer.Option(min=1, help="Number of neurons (default 64).")] = None,
    sparsity: Annotated[
        float | None,
        typer.Option(help="The gate's own: neurons kept (default 4), weight of the penalty, or scale."),
    ] = None,
    k: Annotated[int | None, typer.Option(help="The same for a gate that keeps k neurons.")] = None,
    l1: Annotated[float | None, typer.Option(help="The same for a gate with an L1 penalty.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of start and batches (default 0).")] = None,
    device: Annotated[
        str | None,
        typer.Option(
            help="cpu, cuda, or auto: a GPU if there is one (default: as the sweep says, else cpu)."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Further training setting, as key=value; may be repeated."),
    ] = None,
    sweep: Annotated[
        Path | None,
        typer.Option(help="Train all that a TOML file lists: widths, seeds, [train], [[gates]]."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes of a sweep.")] = 1,
    test_share: Annotated[
        float | None,
        typer.Option(help="Leave out the share that `analyse --test-share` of the same seed judges on."),
    ] = None,
    split_seed: Annotated[int, typer.Option(min=0, help="The seed of that analysis.")] = 0,
    executor: ExecutorOption = None,
    dask: DaskOption = None,
) -> None:
    """Train a sparse autoencoder and save it (weights, configuration, training log).

    The same command goes on with a run that was interrupted, from its last log line.
    """
    from geosae.errors import InvalidInput

    if sweep is None:
        if executor is not None or dask is not None:
            raise InvalidInput(
                "--executor and --dask are for sweeps",
                remedy="give --sweep, or leave them out",
            )
        _one(
            data,
            out,
            gate or "topk",
            width or 64,
            (sparsity, k, l1),
            seed or 0,
            device or "cpu",
            settings or [],
            (test_share, split_seed),
        )
        return
    alone = {
        "gate": gate,
        "width": width,
        "sparsity": sparsity,
        "k": k,
        "l1": l1,
        "seed": seed,
        "set": settings,
    }
    conflicting = [name for name, value in alone.items() if value is not None]
    if conflicting:
        raise InvalidInput(f"--{conflicting[0]} beside --sweep", remedy=f"say it in {sweep}")
    with chosen_executor(executor, dask) as place:
        train_sweep(sweep, data, out, device, workers, place, (test_share, split_seed))


def _one(
    data: Path,
    out: Path,
    gate: str,
    width: int,
    sparsities: tuple[float | None, int | None, float | None],
    seed: int,
    device: str,
    settings: list[str],
    split: tuple[float | None, int],
) -> None:
    from geosae.cli._files import read_directions, read_training_points
    from geosae.cli.worlds import parse_settings
    from geosae.experiments import GATES, config_of
    from geosae.sae.checkpoint import save
    from geosae.sae.training.train import TrainingDiverged
    from geosae.sae.training.train import train as train_sae
    from geosae.storage.folders import output_folder
    from geosae.validation import refuse_unknown

    refuse_unknown([gate], GATES, "--gate", "gate")
    # Set by --threads; a setting of the training, because its bytes depend on it.
    further = {"threads": int(os.environ["OMP_NUM_THREADS"]), **parse_settings(settings)}
    config = config_of(gate, sparsity_of(gate, *sparsities), width, "trained", further)
    points, directions = read_training_points(data, *split), read_directions(data)
    probe = None if directions is None else recovery_of(directions)
    with output_folder(out):
        trained = finished_run(out, config, seed, device, points)
        if trained is None:
            try:
                with bar(f"train {gate} width {width}") as progress:
                    trained = train_sae(
                        points, config, seed, device=device, folder=out, probe=probe, progress=progress
                    )
            except TrainingDiverged as error:
                warn(f"geosae: {error}\n  The state of the last log line before is kept in {out}.")
                raise typer.Exit(2) from None
            except KeyboardInterrupt:
                warn(f"stopped; the same command goes on in {out}, from the last line of the log")
                raise typer.Exit(130) from None
            save(trained, out)
    metrics = {**trained.metrics, **(probe(trained.sae) if probe is not None else {})}
    paragraph(f"{out}: {width} neurons of {gate} in dimension {trained.sae.dim}. {quality(width, metrics)}")
    for warning in trained.warnings:
        paragraph(f"note: {warning}", "  ", warn)


def finished_run(
    out: Path, config: "TrainConfig", seed: int, device: str, points: Any
) -> "TrainedSAE | None":
    """Return the SAE that a folder holds, if it is the one to be trained; None if it holds none.

    Raises
    ------
    InvalidInput
        If it holds another one: that may have cost hours, and is not overwritten.
    """
    from geosae.errors import InvalidInput
    from geosae.sae.checkpoint import CARD_FILE, load
    from geosae.sae.device import resolve_device
    from geosae.sae.training.checkpoint_state import clear_state
    from geosae.sae.training.inputs import hash_of_points

    if not (out / CARD_FILE).is_file():
        return None
    trained = load(out)
    requested = (config.to_dict(), seed, resolve_device(device).type, hash_of_points(points, config))
    if (trained.config.to_dict(), trained.seed, trained.device, trained.data_hash) != requested:
        raise InvalidInput(
            f"{out} holds a finished SAE, which is not overwritten",
            remedy="name another folder with --out, or delete this one",
        )
    warn(f"{out} holds this SAE already")
    # Left where a process was killed between the result and the end.
    clear_state(out)
    return trained


def quality(width: int, metrics: Mapping[str, float]) -> str:
    """Return in a sentence or two how an SAE does on the points as a whole.

    Examples
    --------
    >>> quality(8, {"l0": 2.0, "fvu": 0.125, "dead_share": 0.25}).split("; ")[1]
    '2 of 8 neurons never fire.'
    """
    dead = round(width * metrics["dead_share"])
    silent = f"{dead} of {width} neurons never fire" if dead else "every neuron fires at some point"
    sentences = [
        f"On average {number(metrics['l0'], 2)} neurons fire at a point (L0) and {number(metrics['fvu'])} of "
        f"the variance stays unexplained (FVU); {silent}."
    ]
    if "mcc" in metrics:
        sentences.append(f"The atoms recover the true directions with MCC {number(metrics['mcc'])}.")
    return " ".join(sentences)


def sparsity_of(gate: str, sparsity: float | None, k: int | None, l1: float | None) -> float | int | None:
    """Return the sparsity from the options --sparsity, --k and --l1; None leaves it to the gate's default.

    Raises
    ------
    InvalidInput
        If two of them are given, or one that the gate does not have, or a number that does not fit.

    Examples
    --------
    >>> sparsity_of("topk", None, None, None), sparsity_of("mp", 3.0, None, None)
    (4, 3)
    """
    from geosae.errors import InvalidInput
    from geosae.experiments import GATES

    entry = GATES[gate]
    for name, value in (("k", k), ("l1", l1)):
        if value is not None and entry.sparsity_parameter != name:
            raise InvalidInput(
                f"--{name} is not a setting of {gate}",
                remedy=f"use --sparsity: for {gate} it is its {entry.sparsity_parameter}",
            )
    values = [value for value in (sparsity, k, l1) if value is not None]
    if len(values) > 1:
        raise InvalidInput(f"the sparsity of {gate} is given twice", remedy="use --sparsity alone")
    if not values:
        return 4 if entry.whole else None
    if entry.whole and values[0] != int(values[0]) and not entry.fractional:
        raise InvalidInput(f"{gate} keeps a number of neurons, not {values[0]:g}")
    return int(values[0]) if entry.whole and values[0] == int(values[0]) else float(values[0])


def recovery_of(directions: Any) -> Callable[["SparseAutoencoder"], dict[str, float]]:
    """Return the probe that says how well atoms recover true directions: their MCC."""
    from geosae.analysis import mcc
    from geosae.sae import neurons_of

    return lambda sae: {"mcc": float(mcc(neurons_of(sae).decoder, directions))}
