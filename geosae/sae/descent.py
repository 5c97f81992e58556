"""The training loop, and the state it carries from step to step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int

from geosae.sae.adam import Adam, learning_rate
from geosae.sae.auxk import auxk_of
from geosae.sae.config import TrainConfig
from geosae.sae.gates import activate
from geosae.sae.gradients import loss_and_gradient
from geosae.sae.parameters import Parameters, initial, remove_parallel, renormalise
from geosae.sae.resample import resample, resampling_is_due

# Log lines, the matched norm and resampling look at most at so many points, evenly spaced in the data.
SAMPLE = 4096


class TrainingDiverged(ArithmeticError):  # noqa: N818
    """Raised when the loss is no longer finite; names the step, the rate and the likely causes."""


@dataclass(eq=False)
class Descent:
    """A run under way: weights, moments, silence counts, generator, step and log.

    All that the next step depends on is here, so that a run can be written down and taken up again.
    """

    config: TrainConfig
    u: Float[torch.Tensor, "N n"]
    at: Parameters
    adam: Adam
    silent: Int[torch.Tensor, " d"]
    generator: torch.Generator
    step: int = 0
    log: list[dict[str, float | int]] = field(default_factory=list[dict[str, float | int]])

    @classmethod
    def begin(cls, config: TrainConfig, u: Float[torch.Tensor, "N n"], seed: int) -> "Descent":
        """Return a run at step 0, with its first log line."""
        generator = torch.Generator().manual_seed(seed)
        at = initial(config, _sample(u), generator)
        adam = Adam(at, config.beta1, config.beta2, config.eps)
        silent = torch.zeros(config.width, dtype=torch.int64, device=u.device)
        run = cls(config, u, at, adam, silent, generator)
        run.log.append(run.line())
        return run

    @torch.no_grad()
    def run(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Take the steps that are left.

        Raises
        ------
        TrainingDiverged
            If the loss is not finite at a log line.
        """
        config, at = self.config, self.at
        moving = config.baseline != "frozen_decoder"
        gradient = Parameters.zeros(config.width, self.u.shape[1], self.u.device)
        aux = auxk_of(config, self.u.shape[1])
        for u in self.batches(config.steps - self.step):
            dead = self.dead() if aux is not None else None
            losses = loss_and_gradient(config, at, u, gradient, aux, dead)
            if not moving:
                gradient.W_dec.zero_()
            elif config.decoder_norm == "unit":
                remove_parallel(gradient.W_dec, at.W_dec)
            self.step += 1
            self.adam.step(at, gradient, learning_rate(config, self.step))
            if moving and config.decoder_norm == "unit":
                renormalise(at.W_dec)
            self.silent.add_(len(u)).masked_fill_(losses.fired, 0)
            if resampling_is_due(config, self.step):
                self.revive()
            if self.step % config.log_every == 0 or self.step == config.steps:
                self.log.append(self.line())
                if progress is not None:
                    progress(self.step, config.steps)

    def batches(self, count: int) -> Iterator[Float[torch.Tensor, "B n"]]:
        """Yield batches drawn with replacement, or all points where there are no more than a batch."""
        size = self.config.batch_size
        for _ in range(count):
            if size >= len(self.u):
                yield self.u
            else:
                drawn = torch.randint(len(self.u), (size,), generator=self.generator)
                yield self.u.index_select(0, drawn.to(self.u.device))

    def dead(self) -> torch.Tensor | None:
        """Return the mask of dead neurons, or None where none is."""
        dead = self.silent >= self.config.dead_after
        return dead if bool(dead.any()) else None

    def revive(self) -> None:
        """Resample the dead neurons; they have `dead_after` points to prove themselves."""
        dead = self.dead()
        if dead is None:
            return
        u = _sample(self.u)
        resample(self.at, self.adam, dead, u, self._forward(u)[1], self.config, self.generator)
        self.silent[dead] = 0

    def line(self) -> dict[str, float | int]:
        """Return the log line of this step: loss, its parts, FVU, L0 and dead share on a fixed sample.

        Raises
        ------
        TrainingDiverged
            If the loss is not finite.
        """
        config, u = self.config, _sample(self.u)
        lr = learning_rate(config, self.step) if self.step else 0.0
        unused = Parameters.zeros(config.width, u.shape[1], u.device)
        aux = auxk_of(config, u.shape[1])
        losses = loss_and_gradient(config, self.at, u, unused, aux, self.dead())
        parts = torch.stack([losses.error, losses.penalty, losses.aux]).tolist()
        if not all(abs(part) < float("inf") for part in parts):
            raise _diverged(config, self.step, lr, parts)
        a, reconstruction = self._forward(u)
        rates = (a > 0).double().mean(dim=0)
        spread = (u - u.mean(dim=0)).double().square().sum()
        unexplained = (u - reconstruction).double().square().sum()
        return {
            "step": self.step,
            "lr": lr,
            "loss": sum(parts),
            "error": parts[0],
            "penalty": parts[1],
            "aux": parts[2],
            "fvu": float(unexplained / spread),
            "l0": float(rates.sum()),
            "dead_share": float((rates == 0).double().mean()),
        }

    def _forward(self, u: Float[torch.Tensor, "B n"]) -> tuple[torch.Tensor, torch.Tensor]:
        at = self.at
        inputs = u - at.b_dec if self.config.tied_bias else u
        a = activate(self.config.gate, torch.addmm(at.b_enc, inputs, at.W_enc.T))
        return a, torch.addmm(at.b_dec, a, at.W_dec)


def _sample(u: Float[torch.Tensor, "N n"]) -> Float[torch.Tensor, "E n"]:
    return u[:: -(-len(u) // SAMPLE)]


def _diverged(config: TrainConfig, step: int, lr: float, parts: list[float]) -> TrainingDiverged:
    named = ", ".join(
        f"{name} {part:.3g}" for name, part in zip(("error", "penalty", "aux"), parts, strict=True)
    )
    return TrainingDiverged(
        f"the loss stopped being finite by step {step} of {config.steps} ({named}; lr {lr:.3g}).\n"
        f"  Likely causes: too high a learning rate ({config.lr:g}), no warm-up (share {config.warmup:g}), "
        f"an L1 weight too high ({config.gate.penalty:g}), or a few points far outside all others.\n"
        "  What to do: divide the learning rate by 10, then look at the largest norms among the points."
    )
