"""Training: one loop from points and a config to an SAE, the same bytes for the same seed on a CPU."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from geosae.data.files import content_hash
from geosae.geometry._door import InvalidInput, finite_points
from geosae.sae.config import Baseline, TrainConfig
from geosae.sae.descent import Descent, TrainingDiverged
from geosae.sae.frame import Frame, frame_of
from geosae.sae.metrics import measure
from geosae.sae.model import SparseAutoencoder
from geosae.sae.neurons import neurons_of
from geosae.sae.parameters import Parameters

__all__ = ["Baseline", "TrainConfig", "TrainedSAE", "TrainingDiverged", "train"]

# Final metrics are taken on at most so many points, evenly spaced through the data.
METRIC_POINTS = 32_768


@dataclass(frozen=True, eq=False)
class TrainedSAE:
    """A training run: the SAE and everything that decided it.

    Parameters
    ----------
    sae
        The autoencoder, on the CPU, in the points' own coordinates.
    config, seed, device
        What it was trained with.
    log
        One record per `log_every` steps: step, lr, the loss and its parts, FVU, L0 and dead share, all of
        them of the SAE at that step, on one fixed sample of at most 4096 points. Step 0 is the start.
    metrics
        FVU, L0, dead and dense share of the SAE (see `geosae.sae.metrics.measure`).
    data_hash
        SHA-256 of the points.
    """

    sae: SparseAutoencoder
    config: TrainConfig
    seed: int
    log: tuple[dict[str, float | int], ...]
    metrics: dict[str, float]
    data_hash: str
    device: str = "cpu"


def train(
    points: Float[np.ndarray, "N n"],
    config: TrainConfig,
    seed: int,
    *,
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> TrainedSAE:
    """Train an SAE on points; on a CPU the same arguments give the same bytes.

    Bytes repeat on one machine and one version of torch, whatever the number of threads outside: `threads`
    of the config is set meanwhile and restored after. No global generator is read or seeded.

    Parameters
    ----------
    points
        float32 or float64; computed in float32 after centring and scaling in float64.
    seed
        Seeds the start, the batches and the resampling: 0 ≤ seed < 2⁶³.
    device
        "cpu", "cuda", or "auto": a GPU if there is one.
    progress
        Called as progress(steps done, steps in all), once per log line.

    Raises
    ------
    InvalidInput
        If the points are not finite, do not vary or do not fit float32, or the device is not there.
    TrainingDiverged
        If the loss stops being finite.

    Examples
    --------
    >>> from geosae.sae.gates import TopK
    >>> points = np.random.default_rng(0).standard_normal((500, 2))
    >>> run = train(points, TrainConfig(gate=TopK(k=1), width=8, steps=200), seed=0)
    >>> run.metrics["fvu"] < run.log[0]["fvu"], run.metrics["l0"] <= 1.0
    (True, True)
    """
    cloud = finite_points(points)
    where = _device(device)
    if not 0 <= seed < 2**63:
        raise InvalidInput(f"the seed is {seed}", remedy="choose one between 0 and 2⁶³ − 1")
    frame = frame_of(cloud, config.pre_bias, np.random.default_rng(seed))
    u = torch.from_numpy(frame.inward(cloud)).to(where)
    with _threads(config.threads):
        descent = Descent.begin(config, u, seed)
        if config.baseline != "untrained":
            descent.run(progress)
        sae = _fold(descent.at, frame, config)
        metrics = measure(neurons_of(sae), cloud[:: -(-len(cloud) // METRIC_POINTS)])
    data_hash = content_hash(np.asarray(points))
    return TrainedSAE(sae, config, seed, tuple(descent.log), metrics, data_hash, where.type)


def _fold(at: Parameters, frame: Frame, config: TrainConfig) -> SparseAutoencoder:
    """Return the SAE in the points' own coordinates: activations and biases grow by the spread.

    Exact for every gate that is positively homogeneous (gate(s·z) = s·gate(z), s > 0), as ReLU and Top-K are.
    """
    weights = {name: getattr(at, name).cpu().numpy().astype(np.float64) for name in ("W_enc", "W_dec")}
    b_enc = at.b_enc.cpu().numpy() * frame.spread
    b_dec = frame.centre + at.b_dec.cpu().numpy() * frame.spread
    b_pre = b_dec if config.tied_bias else frame.centre
    width, dim = at.W_enc.shape
    sae = SparseAutoencoder(dim, width, config.gate)
    sae.set_weights(**weights, b_enc=b_enc, b_dec=b_dec, b_pre=b_pre)
    return sae


def _device(name: str) -> torch.device:
    if name not in ("auto", "cpu", "cuda"):
        raise InvalidInput(f"there is no device '{name}'", remedy="use auto, cpu or cuda")
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise InvalidInput(
            "device 'cuda' was asked for and torch sees none",
            causes=f"a CPU build of torch (this is {torch.__version__}), or no visible GPU",
            remedy="use device='auto' or 'cpu', or install a CUDA build of torch",
        )
    return torch.device("cuda" if there and name != "cpu" else "cpu")


@contextmanager
def _threads(count: int) -> Generator[None]:
    # The number of threads decides the order of float32 sums; torch has one setting per process.
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
