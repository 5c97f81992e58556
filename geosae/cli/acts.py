"""`geosae acts`: the activations of a model on texts or windows, as a folder that train and analyse read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geosae.cli._console import bar, number, paragraph, table, warn

if TYPE_CHECKING:
    from geosae.activations import Activations
    from geosae.activations.collect import ActivationModel, Texts, Windows


def acts(
    model: Annotated[
        str,
        typer.Argument(help="A folder, an installed package, a .gguf or an .onnx file; never downloaded."),
    ],
    inputs: Annotated[
        Path | None,
        typer.Argument(help="Texts, one a line (.txt); for ONNX, arrays (.npy, .npz by name of input)."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The folder to write.")] = None,
    layer: Annotated[
        int | None, typer.Option(min=0, help="The block of a transformer, from 1; 0: the embeddings.")
    ] = None,
    gguf: Annotated[str | None, typer.Option(help="The GGUF file of the folder or package.")] = None,
    node: Annotated[str | None, typer.Option(help="The tensor of an ONNX graph to read.")] = None,
    list_nodes: Annotated[bool, typer.Option("--list", help="List the tensors of an ONNX graph.")] = False,
    channels: Annotated[
        int | None, typer.Option(help="The axis of that tensor that holds the channels (1, or -1: the last).")
    ] = None,
    pool: Annotated[str, typer.Option(help="mean, last, or tokens: a row for each of them.")] = "mean",
    skip_first: Annotated[
        bool, typer.Option("--skip-first", help="Leave out first tokens, a sink in many language models.")
    ] = False,
    dtype: Annotated[str, typer.Option(help="Stored as fp32, fp16 or bf16.")] = "fp32",
    batch: Annotated[int, typer.Option(min=1, help="Texts at once; bytes depend on it.")] = 32,
    per_shard: Annotated[
        int, typer.Option(min=1, help="Texts per shard: so many are lost by a stop.")
    ] = 1024,
) -> None:
    """Collect the activations of a model that is on this machine, a row for each text or token.

    The same command goes on with a collection that was interrupted, to the same bytes.
    """
    from geosae.errors import InvalidInput

    if list_nodes:
        _list(Path(model))
        return
    if inputs is None or out is None:
        raise InvalidInput(
            "what to read and where to write are needed", remedy="geosae acts MODEL TEXTS -o DIR"
        )
    reader = _reader(model, layer, gguf, node, channels)
    given = _windows(inputs) if node is not None else _texts(inputs)
    _collect(reader, given, out, pool, skip_first, dtype, batch, per_shard)


def _list(path: Path) -> None:
    from geosae.activations.onnx_graph import nodes

    rows = [[each.name, each.operation, " × ".join(each.shape) or "–"] for each in nodes(path)]
    table(["node", "operation", "shape"], rows)


def _reader(
    model: str, layer: int | None, gguf: str | None, node: str | None, channels: int | None
) -> "ActivationModel":
    import os

    from geosae.errors import InvalidInput

    if model.endswith(".onnx"):
        from geosae.activations.onnx_graph import OnnxReader

        if node is None:
            raise InvalidInput(
                f"{model} can be read at many nodes", remedy="see --list, and name one: --node"
            )
        return OnnxReader(model, node, channels=channels, threads=int(os.environ.get("OMP_NUM_THREADS", "1")))
    if layer is None or node is not None:
        raise InvalidInput(
            "a transformer is read behind one of its blocks", remedy="name it: --layer 4; 0 is the embeddings"
        )
    from geosae.activations.transformer import transformer

    return transformer(model, layer, gguf=gguf)


def _texts(path: Path) -> "Texts":
    from geosae.activations import Texts
    from geosae.errors import InvalidInput
    from geosae.storage.tables import decode

    try:
        text = decode(path.read_bytes(), path.name)
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {path}", remedy="check the path") from error
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    return Texts(tuple(lines))


def _windows(path: Path) -> "Windows":
    from geosae.activations import Windows
    from geosae.errors import InvalidInput
    from geosae.storage.arrays import read_archive, read_array

    if path.suffix != ".npz":
        return Windows({"input": read_array(path)})
    if not path.is_file():
        raise InvalidInput(f"there is no file {path}", remedy="check the path")
    try:
        return Windows(read_archive(path))
    except (OSError, ValueError, KeyError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(f"{path} cannot be read: {error}", causes="a damaged file") from error


def _collect(
    reader: "ActivationModel",
    given: "Texts | Windows",
    out: Path,
    pool: Any,
    skip_first: bool,
    dtype: Any,
    batch: int,
    per_shard: int,
) -> None:
    import os

    from geosae.activations import collect

    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    try:
        with bar(f"read {reader.card.name}, {reader.card.site}") as progress:
            activations = collect(
                reader, given, out, pool=pool, skip_first=skip_first, precision=dtype, batch=batch,
                per_shard=per_shard, threads=threads, progress=progress,
            )  # fmt: skip
    except KeyboardInterrupt:
        warn(f"stopped; finished shards are kept: the same command goes on in {out}")
        raise typer.Exit(130) from None
    _say(activations)


def _say(activations: "Activations") -> None:
    index = activations.index
    recipe, card = index.recipe, index.recipe.model
    what = {"mean": "means over positions", "last": "last positions", "tokens": "single positions"}[
        recipe.pool
    ]
    paragraph(
        f"{activations.folder}: {index.rows:,} rows of {index.dim} channels ({recipe.precision}, {what}) of "
        f"{recipe.sources:,} inputs, {len(index.shards)} shards; {card.name}, {card.site}, "
        f"SHA-256 {card.sha256[:16]}…"
    )
    if index.constant_channels:
        names = ", ".join(map(str, index.constant_channels[:12]))
        paragraph(
            f"note: {len(index.constant_channels)} channels are constant: {names}; the points lie in "
            f"{index.dim - len(index.constant_channels)} dimensions", "  ", warn,
        )  # fmt: skip
    if index.first_token_sink is not None:
        first, rest = index.norms[0], index.norms[1:]
        others = sum(n.mean_norm * n.count for n in rest) / sum(n.count for n in rest)
        advice = "they are left out" if recipe.skip_first else "leave them out: --skip-first"
        paragraph(
            f"note: first tokens are a sink: norm {number(first.mean_norm, 1)} against {number(others, 1)} "
            f"of the others; {advice}", "  ", warn,
        )  # fmt: skip
    if index.truncated:
        paragraph(f"note: {index.truncated} texts are longer than the model reads, and were cut", "  ", warn)
