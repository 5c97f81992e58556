"""The training loop, and the state it carries from step to step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int

from geosae.data.fvu import fvu
from geosae.sae.training.adam import Adam, learning_rate
from geosae.sae.training.autograd import objective
from geosae.sae.training.batches import Source
from geosae.sae.training.parameters import Parameters, initial, renormalise
from geosae.sae.training.resample import resample, resampling_is_due
from geosae.sae.training.spec import TrainingSpec
from geosae.sae.training.step import step_of
from geosae.sampling import drawn_rows

# Log lines, the matched norm, thresholds and resampling look at so many points at most, drawn at random.
SAMPLE = 4096
# Together with the run's seed it seeds that draw, so that it does not repeat a draw that made the points.
SAMPLE_KEY = 4096

Line = dict[str, float | int]
"""A line of the training log."""


class TrainingDiverged(ArithmeticError):  # noqa: N818
    """Raised when the loss is no longer finite; names the step, the rate and the likely causes."""


@dataclass(eq=False)
class TrainingState:
    """The state of a training run: weights, moments, silence counts, generator, step and log.

    The next step depends on nothing else, so that a run can be saved and restored
    (`geosae.sae.training.checkpoint_state`).
    """

    spec: TrainingSpec
    source: Source
    sample: Float[torch.Tensor, "E n"]
    at: Parameters
    start: Parameters
    adam: Adam
    average: Float[torch.Tensor, " P"]
    silent: Int[torch.Tensor, " d"]
    generator: torch.Generator
    step: int = 0
    log: list[Line] = field(default_factory=list[Line])

    @classmethod
    def begin(
        cls, spec: TrainingSpec, source: Source, u: Float[torch.Tensor, "E n"], seed: int
    ) -> "TrainingState":
        """Return a run at step 0; its sample is drawn from u, the standardised points that are at hand."""
        config, generator = spec.config, torch.Generator().manual_seed(seed)
        rows = drawn_rows(len(u), SAMPLE, np.random.default_rng([seed, SAMPLE_KEY]))
        sample = u if len(rows) == len(u) else u[torch.from_numpy(rows).to(u.device)]
        at = initial(config, sample, generator)
        start = Parameters.of(at.flat.clone(), config.width, spec.dim, config.gate.parameters)
        adam = Adam(at, config.beta1, config.beta2, config.eps)
        silent = torch.zeros(config.width, dtype=torch.int64, device=u.device)
        average = torch.zeros_like(at.flat)
        return cls(spec, source, sample, at, start, adam, average, silent, generator)

    @torch.no_grad()
    def run(
        self,
        progress: Callable[[int, int], None] | None = None,
        probe: Callable[[], Mapping[str, float]] | None = None,
        save: Callable[[], None] | None = None,
    ) -> None:
        """Take the steps that are left, or as many as the target FVU needs.

        Parameters
        ----------
        progress
            Called as progress(steps done, steps in all), once per log line.
        probe
            Called at each log line for further columns.
        save
            Called after each log line, so that the run can be saved.

        Raises
        ------
        TrainingDiverged
            If the loss is not finite at a log line.
        """
        config = self.spec.config
        step = step_of(self.spec, self.at, self.adam, self.start)
        revives = self.spec.aux is not None
        if not self.log:
            self.log.append(self.line(probe))
        while self.step < config.steps and not self.reached():
            u = self.source.batch(self.step, config.batch_size, self.generator)
            self.step += 1
            losses = step.take(u, learning_rate(config, self.step), self.dead() if revives else None)
            if config.ema:
                self.average.lerp_(self.at.flat, 1.0 - config.ema)
            self.silent.add_(len(u)).masked_fill_(losses.fired, 0)
            if resampling_is_due(config, self.step):
                self.revive()
            if self.step % config.log_every == 0 or self.step == config.steps:
                self.log.append(self.line(probe))
                if progress is not None:
                    progress(self.step, config.steps)
                if save is not None:
                    save()

    def reached(self) -> bool:
        """Tell whether the last log line reached the target FVU."""
        target = self.spec.config.target_fvu
        return target is not None and self.log[-1]["fvu"] <= target

    @torch.no_grad()
    def result(self) -> Parameters:
        """Return the weights of the result: the last ones, or their moving average."""
        config, at = self.spec.config, self.at
        if not config.ema or self.step == 0:
            return at
        # Bias correction as Adam's: the average started from 0.
        mean = self.average / (1.0 - config.ema**self.step)
        result = Parameters.of(mean, config.width, self.spec.dim, config.gate.parameters)
        if config.decoder_norm == "unit":
            renormalise(result.W_dec)
        return result

    def dead(self) -> torch.Tensor | None:
        """Return the mask of dead neurons, or None where none is."""
        dead = self.silent >= self.spec.config.dead_after
        return dead if bool(dead.any()) else None

    def revive(self) -> None:
        """Resample the dead neurons; they have `dead_after` points to prove themselves."""
        dead = self.dead()
        if dead is None:
            return
        a = objective(self.spec, self.at, self.sample).a
        guess = torch.addmm(self.at.b_dec, a, self.at.W_dec)
        config = self.spec.config
        revived = resample(self.at, self.adam, dead, self.sample, guess, config, self.generator)
        self.silent[dead] = 0
        if revived and config.ema:
            # The moving average of a neuron begins anew too, at what corrects to its new weights.
            average = Parameters.of(self.average, config.width, self.spec.dim, config.gate.parameters)
            for mean, now in zip(average.rows(), self.at.rows(), strict=True):
                mean[dead] = now[dead] * (1.0 - config.ema**self.step)

    @torch.no_grad()
    def line(self, probe: Callable[[], Mapping[str, float]] | None = None) -> Line:
        """Return the log line of this step: loss, its parts, FVU, L0 and dead share on a fixed sample.

        Raises
        ------
        TrainingDiverged
            If the loss is not finite.
        """
        config, u = self.spec.config, self.sample
        lr = learning_rate(config, self.step) if self.step else 0.0
        losses = objective(self.spec, self.at, u, self.dead())
        parts = torch.stack([losses.error, losses.penalty, losses.aux]).tolist()
        if not all(abs(part) < float("inf") for part in parts):
            raise _diverged(self.spec, self.step, lr, parts)
        rates = (losses.a != 0).double().mean(dim=0)
        guess = torch.addmm(self.at.b_dec, losses.a, self.at.W_dec)
        return {
            "step": self.step,
            "lr": lr,
            "loss": sum(parts),
            "error": parts[0],
            "penalty": parts[1],
            "aux": parts[2],
            "fvu": fvu(u.cpu().numpy(), guess.float().cpu().numpy()),
            "l0": float(rates.sum()),
            "dead_share": float((rates == 0).double().mean()),
            **(probe() if probe is not None else {}),
        }


def _diverged(spec: TrainingSpec, step: int, lr: float, parts: list[float]) -> TrainingDiverged:
    terms = ", ".join(
        f"{key} {part:.3g}" for key, part in zip(("error", "penalty", "aux"), parts, strict=True)
    )
    config = spec.config
    name = config.gate.sparsity_parameter
    sparsity = config.gate.to_dict().get(name)
    return TrainingDiverged(
        f"the loss stopped being finite by step {step} of {config.steps} ({terms}; lr {lr:.3g}).\n"
        f"  Likely causes: too high a learning rate ({config.peak_lr:g}), no warm-up (share "
        f"{config.warmup:g}), a penalty too heavy ({name} = {sparsity}), or a few points far outside all "
        "others.\n"
        "  What to do: divide the learning rate by 10, then look at the largest norms among the points."
    )
