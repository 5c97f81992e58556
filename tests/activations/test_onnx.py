"""ONNX graphs made on the spot: every node is what numpy computes; what does not fit is refused."""

from pathlib import Path

import numpy as np
import pytest

from geosae.activations import Windows, collect
from geosae.activations.onnx_graph import OnnxReader, nodes
from geosae.errors import InvalidInput

onnx = pytest.importorskip("onnx", reason="onnx is not installed (geosae[onnx])")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed (geosae[onnx])")
RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(5, 2, 3)).astype(np.float32)
HEAD = RNG.normal(size=(35, 4)).astype(np.float32)
INPUT = RNG.normal(size=(6, 2, 9)).astype(np.float32)


@pytest.fixture(params=["N", 1])
def graph(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return a graph Conv → Relu → Flatten → MatMul for any number of windows, or for one at a time."""
    make, kind = onnx.helper, onnx.TensorProto.FLOAT
    model = make.make_model(
        make.make_graph(
            [
                make.make_node("Conv", ["x", "w"], ["conv"]),
                make.make_node("Relu", ["conv"], ["relu"]),
                make.make_node("Flatten", ["relu"], ["flat"]),
                make.make_node("MatMul", ["flat", "head"], ["y"]),
            ],
            "net",
            [make.make_tensor_value_info("x", kind, [request.param, 2, 9])],
            [make.make_tensor_value_info("y", kind, [request.param, 4])],
            [onnx.numpy_helper.from_array(WEIGHTS, "w"), onnx.numpy_helper.from_array(HEAD, "head")],
        ),
        opset_imports=[make.make_opsetid("", 17)],
        ir_version=9,
    )
    path = tmp_path / "net.onnx"
    onnx.save(model, str(path))
    return path


def hidden() -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(INPUT, 3, axis=2)
    return np.maximum(np.einsum("ock,nctk->not", WEIGHTS, windows), 0)


def test_any_node_is_read(graph: Path, tmp_path: Path) -> None:
    assert [node.name for node in nodes(graph)] == ["conv", "relu", "flat", "y"]
    assert nodes(graph)[1].shape[1:] == ("5", "7")
    inputs = Windows({"x": INPUT})
    acts = collect(OnnxReader(graph, "relu", channels=1), inputs, tmp_path / "a", pool="tokens", batch=4)
    np.testing.assert_allclose(acts.array(), hidden().transpose(0, 2, 1).reshape(-1, 5), atol=1e-5)
    assert acts.provenance(9) == (1, (2, 3), (-1, -1))
    last = collect(OnnxReader(graph, "y"), inputs, tmp_path / "b")
    np.testing.assert_allclose(last.array(), hidden().reshape(6, -1) @ HEAD, atol=1e-4)


def test_what_does_not_fit_is_refused(graph: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nearest valid one is 'relu'"):
        OnnxReader(graph, "rely")
    with pytest.raises(InvalidInput, match="which axis holds the channels"):
        collect(OnnxReader(graph, "relu"), Windows({"x": INPUT}), tmp_path / "a")
    with pytest.raises(InvalidInput, match="the graph reads x, and there is x, z"):
        collect(OnnxReader(graph, "y"), Windows({"x": INPUT, "z": INPUT}), tmp_path / "b")
    with pytest.raises(InvalidInput, match="onnxruntime refuses the inputs"):
        collect(OnnxReader(graph, "y"), Windows({"x": INPUT[:, :, :4]}), tmp_path / "c")
    (tmp_path / "x.onnx").write_bytes(b"no graph")
    with pytest.raises(InvalidInput, match="is no ONNX graph"):
        nodes(tmp_path / "x.onnx")
    with pytest.raises(InvalidInput, match="there is no file"):
        nodes(tmp_path / "y.onnx")
