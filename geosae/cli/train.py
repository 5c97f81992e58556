"""`geosae train`: one sparse autoencoder on one data set."""

from pathlib import Path
from typing import Annotated

import typer

from geosae.cli._console import bar, number, say


def train(
    data: Annotated[Path, typer.Argument(help="A data set: .npz of geosae, or .npy with one point per row.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")],
    gate: Annotated[str, typer.Option(help="topk or relu.")] = "topk",
    width: Annotated[int, typer.Option(min=1, help="Number of neurons.")] = 64,
    k: Annotated[int | None, typer.Option(help="Neurons kept by topk (default 4).")] = None,
    l1: Annotated[float | None, typer.Option(help="L1 coefficient of relu.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of initialisation and batches.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Further training setting, as key=value; may be repeated."),
    ] = None,
) -> None:
    """Train a sparse autoencoder and save it (weights, configuration, training log)."""
    from geosae.cli._files import read_points
    from geosae.cli.worlds import parse_settings
    from geosae.experiments import config_of, refuse_unknown
    from geosae.geometry import InvalidInput
    from geosae.sae.checkpoint import save
    from geosae.sae.train import train as train_sae

    refuse_unknown([gate], ("topk", "relu"), "--gate", "gate")
    if (gate == "topk" and l1 is not None) or (gate == "relu" and k is not None):
        raise InvalidInput(f"--{'l1' if gate == 'topk' else 'k'} is not a setting of {gate}")
    sparsity = l1 if gate == "relu" else 4 if k is None else k
    config = config_of(gate, sparsity, width, "trained", parse_settings(settings or []))
    points = read_points(data)
    with bar(f"train {gate} width {width}") as progress:
        trained = train_sae(points, config, seed, device=device, progress=progress)
    save(trained, out)
    shown = ", ".join(f"{key} {number(trained.metrics[key])}" for key in ("fvu", "l0", "dead_share"))
    say(f"{out}: {gate} with {width} neurons in dimension {points.shape[1]}; {shown}")
