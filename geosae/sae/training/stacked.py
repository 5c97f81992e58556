"""Several SAEs as one: their parameters stacked, each product of matrices taken for all members at once.

It pays where a single member is too small to fill the machine: on a GPU, and on a CPU at small batches
(docs/measured/training_speed.md). Members may differ in seed, learning rate and L1 weight; each draws the
batches that it would draw alone. Products are summed in another order than alone, so a member's numbers agree
with those of `train` to rounding at the first steps and drift apart later, as those of two kernels do: near
Top-K ties rounding decides, and its effects grow. On a CPU `train_grid` therefore trains members apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.parallel import using_threads
from geosae.sae.config import TrainConfig
from geosae.sae.gates import ReLU, TopK, largest_positive
from geosae.sae.training.adam import learning_rate
from geosae.sae.training.inputs import in_memory, prepare_inputs, sample_of
from geosae.sae.training.parameters import Parameters
from geosae.sae.training.spec import training_spec, written_out
from geosae.sae.training.state import TrainingState
from geosae.sae.training.train import TrainedSAE, checked_seed, finished


def stackable(configs: Sequence[TrainConfig]) -> bool:
    """Tell whether runs of these configs can be stacked: alike but for learning rate and L1 weight.

    Examples
    --------
    >>> stackable([TrainConfig(TopK(k=2), 8, lr=lr) for lr in (0.01, 0.1)])
    True
    >>> stackable([TrainConfig(TopK(k=k), 8) for k in (1, 2)])
    False
    """
    first = configs[0]
    plain = isinstance(first.gate, TopK | ReLU) and written_out(first.gate) and first.precision == "float32"
    steady = not first.ema and first.clip is None and first.target_fvu is None and not first.resample_every
    whole = first.baseline in (None, "frozen_decoder")
    return plain and steady and whole and len({_shape(config) for config in configs}) == 1


def train_stacked(
    points: Float[np.ndarray, "N n"],
    members: Sequence[tuple[TrainConfig, int]],
    *,
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> list[TrainedSAE]:
    """Train members, pairs of a config and a seed, together on the same points.

    Raises
    ------
    InvalidInput
        If there is no member, or they cannot be stacked; and what `train` refuses.
    TrainingDiverged
        If the loss of a member stops being finite.

    Examples
    --------
    >>> points = np.random.default_rng(0).standard_normal((500, 2))
    >>> config = TrainConfig(TopK(k=1), width=8, steps=200)
    >>> [run.metrics["fvu"] < run.log[0]["fvu"] for run in train_stacked(points, [(config, 0), (config, 1)])]
    [True, True]
    """
    if not members:
        raise InvalidInput("there is no member to train")
    if not stackable([config for config, _ in members]):
        raise InvalidInput(
            "these runs cannot be stacked",
            causes="gates but Top-K and ReLU with L1, or configs that differ in more than lr and l1",
            remedy="train them one by one",
        )
    members = [(config, checked_seed(seed)) for config, seed in members]
    cloud = in_memory(points)
    sample = sample_of(cloud, members[0][0])
    # The stacked step is the one written out in torch, whatever kernel a member alone would take.
    specs = [replace(training_spec(config, sample.shape[1], device), kernel="torch") for config, _ in members]
    inputs = prepare_inputs(cloud, sample, specs[0], 0)
    with using_threads(specs[0].config.threads):
        runs = [
            TrainingState.begin(spec, inputs.source, inputs.u, seed)
            for spec, (_, seed) in zip(specs, members, strict=True)
        ]
        Stack(runs).run(progress)
        return [finished(run, inputs, seed) for run, (_, seed) in zip(runs, members, strict=True)]


def _shape(config: TrainConfig) -> TrainConfig:
    gate = ReLU(l1=1.0) if isinstance(config.gate, ReLU) else config.gate
    return replace(config, gate=gate, lr=1.0)


class Stack:
    """Runs under way that step together; each is a `TrainingState` whose numbers are views of the stack's."""

    def __init__(self, runs: Sequence[TrainingState]) -> None:
        spec, configs = runs[0].spec, [run.spec.config for run in runs]
        self.runs, self.config, self.aux = runs, spec.config, spec.aux
        self.width, self.dim = spec.config.width, spec.dim
        self.at = self._gathered([run.at for run in runs])
        self.first = self._gathered([run.adam.first for run in runs])
        self.second = self._gathered([run.adam.second for run in runs])
        self.slope = torch.zeros_like(self.at)
        self.silent = torch.stack([run.silent for run in runs])
        for i, run in enumerate(runs):
            run.at, run.silent = self._member(self.at, i), self.silent[i]
            run.adam.first, run.adam.second = self._member(self.first, i), self._member(self.second, i)
        weights = [float(c.gate.l1) if isinstance(c.gate, ReLU) else 0.0 for c in configs]
        self.l1 = torch.tensor(weights, device=self.at.device).view(-1, 1, 1)

    def _gathered(self, members: Sequence[Parameters]) -> Float[torch.Tensor, "M P"]:
        return torch.stack([member.flat for member in members])

    def _member(self, flat: Float[torch.Tensor, "M P"], i: int) -> Parameters:
        return Parameters.of(flat[i], self.width, self.dim)

    def _views(self, flat: Float[torch.Tensor, "M P"]) -> tuple[torch.Tensor, ...]:
        d, n = self.width, self.dim
        w_enc, b_enc, w_dec, b_dec = flat.split([d * n, d, d * n, n], dim=1)
        return w_enc.unflatten(1, (d, n)), b_enc.unsqueeze(1), w_dec.unflatten(1, (d, n)), b_dec.unsqueeze(1)

    @torch.no_grad()
    def run(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Take all steps; log lines are written to the members' own logs."""
        config = self.config
        for run in self.runs:
            run.log.append(run.line())
        for step in range(1, config.steps + 1):
            u = torch.stack([r.source.batch(r.step, config.batch_size, r.generator) for r in self.runs])
            fired = self._gradient(u, self._dead())
            self._descend([learning_rate(run.spec.config, step) for run in self.runs], step)
            self.silent.add_(u.shape[1]).masked_fill_(fired, 0)
            for run in self.runs:
                run.step = run.adam.steps = step
                if step % config.log_every == 0 or step == config.steps:
                    run.log.append(run.line())
            if progress is not None and (step % config.log_every == 0 or step == config.steps):
                progress(step, config.steps)

    def _dead(self) -> Bool[torch.Tensor, "M d"] | None:
        if self.aux is None:
            return None
        dead = self.silent >= self.config.dead_after
        return dead if bool(dead.any()) else None

    def _gradient(
        self, u: Float[torch.Tensor, "M B n"], dead: Bool[torch.Tensor, "M d"] | None
    ) -> Bool[torch.Tensor, "M d"]:
        """Write every member's gradient, as `geosae.sae.training.gradients` has it; return who fired."""
        w_enc, b_enc, w_dec, b_dec = self._views(self.at)
        to_enc, to_b_enc, to_dec, to_b_dec = self._views(self.slope)
        inputs = u - b_dec if self.config.tied_bias else u
        z = torch.baddbmm(b_enc, inputs, w_enc.mT)
        support = self._support(z)
        a = z * support
        residual = torch.baddbmm(b_dec, a, w_dec).sub_(u)
        out = residual * (2.0 / u.shape[1])
        slope = torch.bmm(out, w_dec.mT)
        to_dec.copy_(torch.bmm(a.mT, out))
        if isinstance(self.config.gate, ReLU):
            self._press(a, slope, w_dec, to_dec)
        slope.mul_(support)
        to_b_enc.copy_(slope.sum(dim=1, keepdim=True))
        to_b_dec.copy_(out.sum(dim=1, keepdim=True))
        if self.config.tied_bias:
            to_b_dec.sub_(torch.bmm(to_b_enc, w_enc))
        to_enc.copy_(torch.bmm(slope.mT, inputs))
        if dead is not None:
            self._revive(inputs, z, residual, dead)
        return support.amax(dim=1) > 0

    def _support(self, z: Float[torch.Tensor, "M B d"]) -> Float[torch.Tensor, "M B d"]:
        gate = self.config.gate
        if isinstance(gate, TopK):
            return largest_positive(z.flatten(0, 1), gate.k).view_as(z)
        return (z > 0).to(z.dtype)

    def _press(
        self,
        a: Float[torch.Tensor, "M B d"],
        slope: Float[torch.Tensor, "M B d"],
        w_dec: Float[torch.Tensor, "M d n"],
        to_dec: Float[torch.Tensor, "M d n"],
    ) -> None:
        if self.config.decoder_norm == "unit":
            slope.add_(self.l1 / a.shape[1])
            return
        norms = torch.linalg.vector_norm(w_dec, dim=2, keepdim=True)
        slope.add_(norms.mT * self.l1 / a.shape[1])
        to_dec.add_(w_dec * (a.mean(dim=1).unsqueeze(2) / norms * self.l1))

    def _revive(
        self,
        inputs: Float[torch.Tensor, "M B n"],
        z: Float[torch.Tensor, "M B d"],
        residual: Float[torch.Tensor, "M B n"],
        dead: Bool[torch.Tensor, "M d"],
    ) -> None:
        """Add AuxK's gradient (`geosae.sae.training.auxk.AuxK`); members without dead neurons add zeros."""
        aux = self.aux
        if aux is None:
            return
        w_dec = self._views(self.at)[2]
        to_enc, to_b_enc, to_dec, _ = self._views(self.slope)
        spread = (residual - residual.mean(dim=1, keepdim=True)).square().sum(dim=(1, 2))
        weight = torch.where(spread > 0, aux.coefficient / spread, torch.zeros_like(spread))
        # Among living neurons nothing is positive, so none of them is chosen.
        asleep = z.masked_fill(~dead.unsqueeze(1), -1.0)
        support = largest_positive(asleep.flatten(0, 1), aux.k).view_as(z)
        a = asleep * support
        out = torch.baddbmm(residual, a, w_dec) * (2.0 * weight.view(-1, 1, 1))
        slope = torch.bmm(out, w_dec.mT).mul_(support)
        to_dec.baddbmm_(a.mT, out)
        to_enc.baddbmm_(slope.mT, inputs)
        to_b_enc.add_(slope.sum(dim=1, keepdim=True))

    def _descend(self, rates: Sequence[float], steps: int) -> None:
        """Take one step of Adam for every member (see `geosae.sae.training.adam`), each at its own rate."""
        config = self.config
        w_dec, to_dec = self._views(self.at)[2], self._views(self.slope)[2]
        if config.baseline == "frozen_decoder":
            to_dec.zero_()
        elif config.decoder_norm == "unit":
            to_dec.sub_(w_dec * (to_dec * w_dec).sum(dim=2, keepdim=True))
        self.first.lerp_(self.slope, 1.0 - config.beta1)
        self.second.mul_(config.beta2).addcmul_(self.slope, self.slope, value=1.0 - config.beta2)
        scale = self.second.sqrt().div_((1.0 - config.beta2**steps) ** 0.5).add_(config.eps)
        rate = torch.tensor(rates, device=self.at.device).view(-1, 1) / (1.0 - config.beta1**steps)
        moved = self.first / scale * rate
        if config.decoder_lr != 1:
            self._views(moved)[2].mul_(config.decoder_lr)
        self.at.sub_(moved)
        if config.baseline != "frozen_decoder" and config.decoder_norm == "unit":
            w_dec.div_(torch.linalg.vector_norm(w_dec, dim=2, keepdim=True))
