"""ONNX graphs read at any of their nodes: what is no output of the graph is made one."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geosae.activations.collect import Reading
from geosae.activations.folder import ModelCard
from geosae.activations.modules import readings
from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.storage.files import file_hash
from geosae.validation import refuse_unknown


@dataclass(frozen=True)
class Node:
    """A tensor that a graph computes on the way: its name, the operation, and its shape where it is known."""

    name: str
    operation: str
    shape: tuple[str, ...]

    __repr__ = short_repr


class OnnxReader:
    """Reads one tensor of an ONNX graph on windows given by the names of its inputs.

    Parameters
    ----------
    path
        The .onnx file.
    node
        The name of the tensor: one of `nodes(path)`.
    channels
        The axis of the tensor that holds the channels; needed where it has more than two.
    threads
        Of onnxruntime; bytes depend on it.

    Raises
    ------
    InvalidInput
        If onnx and onnxruntime are not installed, the file is none, or there is no such node.
    """

    longest: int | None = None

    def __init__(self, path: Path | str, node: str, *, channels: int | None = None, threads: int = 1) -> None:
        path = Path(path)
        onnx, runtime = _libraries()
        model = _opened(onnx, path)
        refuse_unknown([node], [each.name for each in _nodes(model)], str(path), "node")
        if node not in {output.name for output in model.graph.output}:
            model.graph.output.append(onnx.helper.make_empty_tensor_value_info(node))
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 3
        self._session: Any = runtime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._node, self._channels = node, channels
        self._inputs = {entry.name: entry for entry in self._session.get_inputs()}
        versions = f"onnxruntime {runtime.__version__}"
        self._card = ModelCard("onnx", path.name, file_hash(path), node, versions)

    @property
    def card(self) -> ModelCard:
        """Say which graph it is; its hash is that of the file."""
        return self._card

    def lengths(self, batch: Mapping[str, np.ndarray]) -> list[int]:
        """Return one length for all: windows are as long as each other."""
        return [1] * len(next(iter(batch.values())))

    def read(self, batch: Mapping[str, np.ndarray]) -> list[Reading]:
        """Return the tensor for each window, a row for each position.

        Raises
        ------
        InvalidInput
            If the inputs are not those of the graph, or the axis of the channels is not known.
        """
        fed = self._fed(batch)
        size = len(self.lengths(batch))
        single = any(entry.shape and entry.shape[0] == 1 for entry in self._inputs.values())
        parts = [{name: array[i : i + 1] for name, array in fed.items()} for i in range(size)]
        try:
            outputs = [self._session.run([self._node], part)[0] for part in (parts if single else [fed])]
        except Exception as error:
            # onnxruntime raises kinds of its own, one for each status.
            raise InvalidInput(
                f"onnxruntime refuses the inputs: {str(error)[:300]}", remedy="compare with --list"
            ) from error
        output = np.concatenate(outputs)
        if self._channels is None and output.ndim != 2:
            raise InvalidInput(
                f"{self._node} has the shape {output.shape}: which axis holds the channels?",
                remedy="say it: --channels 1, or --channels -1 for the last",
            )
        return readings(output.astype(np.float32), self._channels or -1, size)

    def _fed(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        arrays = dict(batch)
        if len(arrays) == 1 and len(self._inputs) == 1:
            arrays = dict.fromkeys(self._inputs, next(iter(arrays.values())))
        if set(arrays) != set(self._inputs):
            raise InvalidInput(
                f"the graph reads {', '.join(self._inputs)}, and there is {', '.join(arrays)}",
                remedy="write one array for each input: numpy.savez(path, NAME=array, …)",
            )
        types = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64,
                 "tensor(float16)": np.float16, "tensor(int32)": np.int32}  # fmt: skip
        return {
            name: np.ascontiguousarray(array, dtype=types.get(self._inputs[name].type, array.dtype))
            for name, array in arrays.items()
        }


def nodes(path: Path | str) -> tuple[Node, ...]:
    """List the tensors that a graph computes, with their shapes as far as they are known.

    Raises
    ------
    InvalidInput
        If onnx and onnxruntime are not installed, or the file is no ONNX graph.
    """
    onnx, _ = _libraries()
    model = _opened(onnx, Path(path))
    return _nodes(onnx.shape_inference.infer_shapes(model))


def _nodes(model: Any) -> tuple[Node, ...]:
    graph = model.graph
    shapes = {
        value.name: tuple(dim.dim_param or str(dim.dim_value) for dim in value.type.tensor_type.shape.dim)
        for value in (*graph.value_info, *graph.output)
    }
    return tuple(
        Node(name, node.op_type, shapes.get(name, ()))
        for node in graph.node
        if node.op_type != "Constant"
        for name in node.output
        if name
    )


def _libraries() -> tuple[Any, Any]:
    try:
        return importlib.import_module("onnx"), importlib.import_module("onnxruntime")
    except ImportError as error:
        raise InvalidInput(
            f"ONNX graphs need onnx and onnxruntime: {error}", remedy="pip install 'geosae[onnx]'"
        ) from error


def _opened(onnx: Any, path: Path) -> Any:
    try:
        model = onnx.load(str(path))
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {path}", remedy="check the path") from error
    except Exception as error:
        # protobuf raises kinds of its own.
        raise InvalidInput(f"{path} is no ONNX graph: {str(error)[:200]}") from error
    if not model.graph.node:
        raise InvalidInput(f"{path} is no ONNX graph: it computes nothing")
    return model
