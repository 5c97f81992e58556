"""Training: one loop from points and a config to an SAE, the same bytes for the same seed on a CPU."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from geosae.errors import InvalidInput
from geosae.sae.config import Baseline, TrainConfig
from geosae.sae.metrics import measure
from geosae.sae.model import SparseAutoencoder
from geosae.sae.neurons import neurons_of
from geosae.sae.training.checkpoint_state import Place
from geosae.sae.training.inputs import Opened, Points, opened, sample_of
from geosae.sae.training.parameters import Parameters
from geosae.sae.training.spec import training_spec
from geosae.sae.training.standardize import Frame
from geosae.sae.training.state import Descent, TrainingDiverged

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
    kernel
        The kernel that computed the gradients, which "auto" leaves open.
    """

    sae: SparseAutoencoder
    config: TrainConfig
    seed: int
    log: tuple[dict[str, float | int], ...]
    metrics: dict[str, float]
    data_hash: str
    device: str = "cpu"
    kernel: str = "autograd"


def train(
    points: Points,
    config: TrainConfig,
    seed: int,
    *,
    device: str = "auto",
    folder: Path | str | None = None,
    probe: Callable[[SparseAutoencoder], Mapping[str, float]] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> TrainedSAE:
    """Train an SAE on points; on a CPU the same arguments give the same bytes.

    Bytes repeat on one machine and one version of torch, whatever the number of threads outside: `threads`
    of the config is set meanwhile and restored after. No global generator is read or seeded.

    Parameters
    ----------
    points
        An array (N, n), float32 or float64; a mapped file (numpy.memmap), which is read batch by batch; a
        stream, with `dim`, `len()` and `rows(start, stop)`; or a function that returns an iterator over
        blocks of points. Computed in float32 after centring and scaling in float64; frame and metrics of what
        is not in memory are those of a sample.
    seed
        Seeds the start, the batches and the resampling: 0 ≤ seed < 2⁶³.
    device
        "cpu", "cuda", or "auto": a GPU if there is one.
    folder
        Where the state of the unfinished run is kept, at each log line and when it is interrupted. The same
        call then goes on from there: on a CPU to the same bytes as a run that was never interrupted.
    probe
        Asked at each log line, with the SAE of that step, for more columns: recovery of what is known.
    progress
        Called as progress(steps done, steps in all), once per log line.

    Raises
    ------
    InvalidInput
        If the points are not finite, do not vary or do not fit float32, the device is not there, or the
        folder holds the state of another run.
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
    checked_seed(seed)
    sample = sample_of(points)
    spec = training_spec(config, sample.shape[1], device)
    data = opened(points, sample, spec, seed)
    with using_threads(config.threads):
        descent = Descent.begin(spec, data.source, data.u, seed)
        place = None if folder is None else Place.of(folder, descent, seed, data.data_hash)
        if config.baseline != "untrained":
            _descend(descent, data.frame, place, probe, progress)
        else:
            descent.log.append(descent.line())
        result = finished(descent, data, seed)
    if place is not None:
        place.clear()
    return result


def finished(descent: Descent, data: Opened, seed: int) -> TrainedSAE:
    """Return the result of a run: its SAE in the points' own coordinates, measured on them."""
    sae = _fold(descent, descent.result(), data.frame)
    metrics = measure(neurons_of(sae), data.sample[:: -(-len(data.sample) // METRIC_POINTS)])
    spec, log = descent.spec, tuple(descent.log)
    return TrainedSAE(sae, spec.config, seed, log, metrics, data.data_hash, spec.device.type, spec.kernel)


def _descend(
    descent: Descent,
    frame: Frame,
    place: Place | None,
    probe: Callable[[SparseAutoencoder], Mapping[str, float]] | None,
    progress: Callable[[int, int], None] | None,
) -> None:
    asked = None if probe is None else lambda: probe(_fold(descent, descent.at, frame))
    if place is None:
        descent.run(progress, asked)
        return
    # An interrupt may come within a step, with weights half moved: what was kept at the last log line stands.
    place.take_up(descent)
    descent.run(progress, asked, lambda: place.keep(descent))


@torch.no_grad()
def _fold(descent: Descent, at: Parameters, frame: Frame) -> SparseAutoencoder:
    """Return the SAE in the points' own coordinates: activations, biases and thresholds grow by the spread.

    Exact because gates are positively homogeneous (see `Gate`). What descent does not move is settled first.
    """
    config = descent.spec.config
    gate = config.gate
    weights = at.weights(gate)
    inputs = descent.sample - at.b_dec if config.tied_bias else descent.sample
    named = {"W_enc": weights.W_enc, "b_enc": weights.b_enc, "W_dec": weights.W_dec, **weights.extra}
    named |= gate.settle(weights, inputs)
    grown = {"b_enc", *(name for name, extra in gate.extras.items() if extra.scales)}
    folded = {
        name: value.cpu().numpy().astype(np.float64) * (frame.spread if name in grown else 1.0)
        for name, value in named.items()
    }
    b_dec = frame.centre + at.b_dec.cpu().numpy() * frame.spread
    width, dim = at.W_enc.shape
    sae = SparseAutoencoder(dim, width, gate)
    sae.set_weights(**folded, b_dec=b_dec, b_pre=b_dec if config.tied_bias else frame.centre)
    return sae


def checked_seed(seed: int) -> None:
    """Refuse a seed that torch's generator does not take.

    Raises
    ------
    InvalidInput
        If it is negative or 2⁶³ or more.
    """
    if not 0 <= seed < 2**63:
        raise InvalidInput(f"the seed is {seed}", remedy="choose one between 0 and 2⁶³ − 1")


@contextmanager
def using_threads(count: int) -> Generator[None]:
    """Let torch use so many threads meanwhile."""
    # The number of threads decides the order of float32 sums; torch has one setting per process.
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
