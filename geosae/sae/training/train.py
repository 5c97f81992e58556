"""Training: one loop from points and a config to an SAE, the same bytes for the same seed on a CPU."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from geosae.data.fvu import few_rows_warning
from geosae.notebook import Columns, columns_of, html_table, short_text
from geosae.parallel import using_threads
from geosae.sae.config import Baseline, TrainConfig
from geosae.sae.metrics import measure
from geosae.sae.model import SparseAutoencoder
from geosae.sae.neurons import neurons_of
from geosae.sae.training.checkpoint_state import TrainingCheckpoint
from geosae.sae.training.inputs import AnyPoints, TrainingInputs, in_memory, prepare_inputs, sample_of
from geosae.sae.training.parameters import Parameters
from geosae.sae.training.spec import training_spec
from geosae.sae.training.standardize import Standardizer
from geosae.sae.training.state import TrainingDiverged, TrainingState
from geosae.storage.arguments import checked_arguments
from geosae.validation import SEED, whole_number

__all__ = ["Baseline", "TrainConfig", "TrainedSAE", "TrainingDiverged", "train"]

MOSTLY_DEAD = 0.5
"""A run in which a greater share of the neurons fires on no point says so."""


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
        them of the SAE at that step, on one fixed random sample of at most 4096 points. Step 0 is the start.
    metrics
        FVU, L0, dead and dense share of the SAE (see `geosae.sae.metrics.measure`): on all points of an
        array, on a random sample of what is not in memory; and how far thresholds moved, for gates that
        learn them.
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

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know of the run: few points carry the variance, thresholds hardly moved, most are dead."""
        nan = float("nan")
        carried = few_rows_warning(
            *(self.metrics.get(name, nan) for name in ("fvu", "trimmed_fvu", "carried"))
        )
        notes = (carried, self.config.gate.warning(self.metrics), self._dead_warning())
        return tuple(text for text in notes if text is not None)

    def _dead_warning(self) -> str | None:
        dead = self.metrics.get("dead_share", 0.0)
        if self.config.baseline == "untrained" or not dead > MOSTLY_DEAD:
            return None
        return (
            f"{dead:.0%} of the neurons fire on none of the points: the learning rate "
            f"({self.config.peak_lr:g}) may be too high for this size, or there are more neurons than "
            "features (try a third of the rate)"
        )

    def __repr__(self) -> str:
        numbers = ", ".join(f"{name} {number:.4g}" for name, number in self.metrics.items())
        return short_text(
            f"TrainedSAE: {self.sae.width:,} neurons over {self.sae.dim:,} dimensions, {numbers}; "
            f"{self.sae.gate!r}, {self.config.steps:,} steps, seed {self.seed}, {self.device}"
            + "".join(f"; {warning}" for warning in self.warnings)
        )

    def _repr_html_(self) -> str:
        return html_table(repr(self), self.columns())

    def columns(self) -> Columns:
        """Return the log as columns: step, learning rate, loss and its parts, FVU, L0, … line by line."""
        return columns_of(self.log)


@checked_arguments(seed=SEED)
def train(
    points: AnyPoints,
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
        An array (N, n), float32 or float64, or a tensor or lists that make one; a mapped file
        (numpy.memmap), which is read batch by batch; a stream, with `dim`, `len()` and `rows(start, stop)`;
        or a function that returns an iterator over blocks of points. Computed in float32 after centring and
        scaling in float64; centre, spread and metrics of what is not in memory are those of a random sample
        over its whole length (for which blocks are read once before training). Streams and blocks are
        trained on in their order: pass what is sorted through
        `geosae.sae.training.shuffling.shuffled`.
    seed
        Seeds the start, the batches and the resampling: 0 ≤ seed < 2⁶³.
    device
        "cpu", "cuda", or "auto": a GPU if there is one.
    folder
        Where the state of the unfinished run is saved, at each log line. After an interruption the same call
        goes on from there: on a CPU to the same bytes as a run that was never interrupted. The state stays
        until the result is there: `geosae.sae.checkpoint.save` into the same folder removes it.
    probe
        Called at each log line with the SAE of that step; returns further columns of the log, such as the
        recovery of true directions.
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
    seed = checked_seed(seed)
    cloud = in_memory(points)
    sample = sample_of(cloud, config)
    spec = training_spec(config, sample.shape[1], device)
    inputs = prepare_inputs(cloud, sample, spec, seed)
    with using_threads(config.threads):
        state = TrainingState.begin(spec, inputs.source, inputs.u, seed)
        checkpoint = None if folder is None else TrainingCheckpoint.of(folder, state, seed, inputs.data_hash)
        if config.baseline == "untrained":
            state.log.append(state.line())
        else:
            save = None
            if checkpoint is not None:
                checkpoint.restore(state)
                # An interrupt may come within a step, with weights half moved: only log lines are saved.
                save = partial(checkpoint.save, state)
            measures = None if probe is None else lambda: probe(_fold(state, state.at, inputs.standardizer))
            state.run(progress, measures, save)
        return finished(state, inputs, seed)


def finished(state: TrainingState, inputs: TrainingInputs, seed: int) -> TrainedSAE:
    """Return the result of a run: its SAE in the points' own coordinates, measured on them."""
    at = state.result()
    sae = _fold(state, at, inputs.standardizer)
    spec, log = state.spec, tuple(state.log)
    metrics = measure(neurons_of(sae), inputs.sample)
    if state.step:
        metrics |= spec.config.gate.movement(at.weights(spec.config.gate))
    return TrainedSAE(sae, spec.config, seed, log, metrics, inputs.data_hash, spec.device.type, spec.kernel)


@torch.no_grad()
def _fold(state: TrainingState, at: Parameters, standardizer: Standardizer) -> SparseAutoencoder:
    """Return the SAE in the points' own coordinates: activations, biases and thresholds grow by the spread.

    Exact because gates are positively homogeneous (see `Gate`). What is not trained is calibrated first.
    """
    config = state.spec.config
    gate = config.gate
    weights = at.weights(gate)
    inputs = state.sample - at.b_dec if config.tied_bias else state.sample
    tensors = {"W_enc": weights.W_enc, "b_enc": weights.b_enc, "W_dec": weights.W_dec, **weights.extra}
    tensors |= gate.calibrate(weights, inputs)
    scaled = {"b_enc", *(name for name, parameter in gate.parameters.items() if parameter.scales)}
    folded = {
        name: tensor.cpu().numpy().astype(np.float64) * (standardizer.spread if name in scaled else 1.0)
        for name, tensor in tensors.items()
    }
    b_dec = standardizer.centre + at.b_dec.cpu().numpy() * standardizer.spread
    sae = SparseAutoencoder(state.spec.dim, config.width, gate)
    sae.set_weights(**folded, b_dec=b_dec, b_pre=b_dec if config.tied_bias else standardizer.centre)
    return sae


def checked_seed(seed: int) -> int:
    """Return a seed that torch's generator takes, as Python's integer.

    Raises
    ------
    InvalidInput
        If it is no integer, negative, or 2⁶³ or more.
    """
    return whole_number(seed, "the seed", most=2**63 - 1)
