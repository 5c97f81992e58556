"""Plain arrays: read as they are meant, refused where they could mean something else."""

from pathlib import Path

import numpy as np
import pytest

from geosae.benchmark import read_plain_arrays
from geosae.errors import InvalidInput
from geosae.sae.neurons import neurons_of


def written(folder: Path, **changes: np.ndarray) -> Path:
    rng = np.random.default_rng(0)
    arrays = {
        "W_enc": rng.standard_normal((5, 3)), "b_enc": rng.standard_normal(5),
        "W_dec": rng.standard_normal((5, 3)), "b_dec": rng.standard_normal(3),
    } | changes  # fmt: skip
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return folder


def test_it_computes_what_the_arrays_say(tmp_path: Path) -> None:
    sae = read_plain_arrays(written(tmp_path, b_pre=np.array([0.5, 0.0, 0.0])), k=2)
    x = np.random.default_rng(1).standard_normal((20, 3))
    W, b, D, c = (np.load(tmp_path / f"{name}.npy") for name in ("W_enc", "b_enc", "W_dec", "b_dec"))
    z = (x - [0.5, 0, 0]) @ W.T + b
    z[z < np.sort(z, axis=1)[:, [-2]]] = 0
    expected = np.maximum(z, 0) @ D + c
    assert np.allclose(neurons_of(sae).reconstruct(x), expected, atol=1e-5)
    assert read_plain_arrays(tmp_path).gate.kind == "relu"


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"W_dec": np.zeros((3, 5))}, "a neuron in each row"),
        ({"W_enc": np.zeros(5)}, "needed"),
        ({"b_enc": np.zeros(4)}, "asks for"),
        ({"b_dec": np.full(3, np.nan)}, "not finite"),
    ],
)
def test_other_shapes_are_refused(changes: dict, match: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=match):
        read_plain_arrays(written(tmp_path, **changes))


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "b_dec.npy").unlink()
    with pytest.raises(InvalidInput, match=r"b_dec\.npy"):
        read_plain_arrays(tmp_path)
