"""A whole training step on sparse codes: encode, select, decode, gradient, Adam; needs numba."""

import math
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.sae.gates import BatchTopK, ReLU, TopK
from geosae.sae.training.adam import Adam
from geosae.sae.training.auxk import auxk_of
from geosae.sae.training.gradients import Losses
from geosae.sae.training.numba import _rows
from geosae.sae.training.numba.lists import Lists
from geosae.sae.training.numba.screen import Screen, is_faster
from geosae.sae.training.parameters import Parameters
from geosae.sae.training.spec import TrainingSpec, written_out

CHUNK_BYTES = 8 * 2**20
"""Pre-activations are made and used in blocks of rows of about this size, which stay in the cache."""


SCREENED = 2**14
"""Encoders with fewer weights gain nothing from products in bfloat16: rounding them takes as long."""

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


class SparseStep:
    """One training step after another on the same weights, moments and buffers.

    The same result as `loss_and_gradient`, `remove_parallel`, `Adam.step` and `renormalise`, up to rounding:
    who fires is listed once, and everything after the encoder's product touches listed entries only. One
    thread but for that product; the same input gives the same bytes.

    Parameters
    ----------
    spec
        What to minimise. Every gate whose gradient is written out works; `reason_against` tells where
        lists pay.
    at, adam
        The weights and the moments, on the CPU; every step changes them in place.
    start
        The weights at the start; not used here.
    screen
        Whether Top-K goes through products in bfloat16 (see `Screen`); None asks the processor.

    Raises
    ------
    InvalidInput
        If the gradient of the gate is not written out.

    Examples
    --------
    >>> from geosae.sae.training.adam import Adam
    >>> from geosae.sae.config import TrainConfig
    >>> from geosae.sae.training.spec import training_spec
    >>> spec = training_spec(TrainConfig(TopK(k=1), width=2, decoder_norm="free", lr=0.1), dim=1)
    >>> at = Parameters.zeros(width=2, dim=1)
    >>> at.flat.copy_(torch.tensor([1.0, -1.0, 0.0, 0.0, 1.0, -1.0, 0.0])).tolist()[:2]
    [1.0, -1.0]
    >>> step = SparseStep(spec, at, Adam(at, 0.9, 0.999, 1e-8))
    >>> u = torch.tensor([[2.0], [3.0]])
    >>> losses = step.take(u, lr=0.1)
    >>> float(losses.error), losses.fired.tolist()
    (0.0, [True, False])
    """

    def __init__(
        self,
        spec: TrainingSpec,
        at: Parameters,
        adam: Adam,
        start: Parameters | None = None,
        *,
        screen: bool | None = None,
    ) -> None:
        config, gate = spec.config, spec.config.gate
        if not (isinstance(gate, ReLU | TopK | BatchTopK) and written_out(gate)):
            raise InvalidInput(
                f"no gradient is written out for the gate {gate}", remedy="use kernel='auto' or 'autograd'"
            )
        self.config, self.gate, self.at, self.adam = config, gate, at, adam
        self._weights, self._first, self._second = arrays(at), arrays(adam.first), arrays(adam.second)
        self._aux = spec.aux
        self._lambda = float(gate.l1) if isinstance(gate, ReLU) else 0.0
        (width, dim), dtype = self._weights[0].shape, self._weights[0].dtype
        self._dtype = dtype
        large = width * dim >= SCREENED
        self._screens = large and is_faster() if screen is None else screen
        self._row = tuple(np.empty(size, dtype) for size in (dim, width, dim, dim))
        self._no_aux = np.full(width, -1)
        self._no_gradient = (np.empty((0, dim), dtype), np.empty(0, dtype), np.empty((0, dim), dtype))
        self._batch = 0

    @torch.no_grad()
    def take(
        self, u: Float[torch.Tensor, "B n"], lr: float, dead: Bool[torch.Tensor, " d"] | None = None
    ) -> Losses:
        """Move the weights by one step of Adam, in place; return the loss before it."""
        error = self._forward(u)
        aux_loss, aux_of, aux = self._auxiliary(dead)
        self.adam.steps += 1
        mass = _rows.descend(
            self._common(len(u)), self._weights, aux_of, aux, self.config.baseline != "frozen_decoder",
            self._first, self._second, self._rates(lr), self._rates(lr * self.config.decoder_lr), self._row,
        )  # fmt: skip
        return self._losses(error, mass, aux_loss)

    @torch.no_grad()
    def gradient(
        self,
        u: Float[torch.Tensor, "B n"],
        into: Parameters,
        dead: Bool[torch.Tensor, " d"] | None = None,
    ) -> Losses:
        """Write the gradient on a batch into `into`, as `loss_and_gradient` does, and take no step."""
        error = self._forward(u)
        aux_loss, aux_of, aux = self._auxiliary(dead)
        mass = _rows.gradients(self._common(len(u)), self._weights, aux_of, aux, arrays(into))
        return self._losses(error, mass, aux_loss)

    def _forward(self, u: Float[torch.Tensor, "B n"]) -> float:
        """Encode, list who fires, decode; keep û − u and return the sum of its squares."""
        at, gate = self.at, self.gate
        if len(u) != self._batch:
            self._allocate(len(u))
        points = u.numpy()
        if self.config.tied_bias:
            torch.sub(u, at.b_dec, out=self._centred)
        self._inputs = self._centred if self.config.tied_bias else u
        _, b_enc, W_dec, b_dec = self._weights
        if self._screen is not None:
            self._screen.renew()
        error = 0.0
        for first in range(0, len(u), self._rows):
            inputs = self._inputs[first : first + self._rows]
            if self._screen is not None:
                self._screen.keep_largest(self.lists, inputs, first)
            else:
                z = torch.mm(inputs, at.W_enc.T, out=self._z[: len(inputs)])
                if isinstance(gate, TopK):
                    self.lists.keep_largest(z.numpy(), b_enc, gate.k, first)
                else:
                    z += at.b_enc
                    self.lists.keep_support(z.numpy(), gate.support(z).numpy())
            error += _rows.decode(
                points, W_dec, b_dec, self.lists.start, self.lists.index, self.lists.value,
                first, len(inputs), self._residual,
            )  # fmt: skip
        self.lists.turn_round()
        return error

    def _common(self, batch: int) -> tuple[Any, ...]:
        lists, real = self.lists, self._dtype.type
        return (
            lists.begin, lists.points, lists.activations, self._inputs.numpy(), self._residual,
            real(2.0 / batch), real(self._lambda / batch),
            self.config.decoder_norm == "unit", self.config.tied_bias,
        )  # fmt: skip

    def _rates(self, lr: float) -> tuple[Any, ...]:
        adam, real = self.adam, self._dtype.type
        root = 1.0 / math.sqrt(1.0 - adam.beta2**adam.steps)
        scaled = lr / (1.0 - adam.beta1**adam.steps)
        rates = (adam.beta1, 1.0 - adam.beta1, adam.beta2, 1.0 - adam.beta2, root, adam.eps, scaled)
        return tuple(real(rate) for rate in rates)

    def _auxiliary(self, dead: torch.Tensor | None) -> tuple[torch.Tensor, np.ndarray, Any]:
        """Return the auxiliary loss, its gradient on the dead neurons, and which row of it is whose."""
        if self._aux is None or dead is None or not bool(dead.any()):
            return torch.zeros(()), self._no_aux, self._no_gradient
        neurons = dead.nonzero().squeeze(1)
        residual = torch.from_numpy(self._residual).neg()
        loss, into = auxk_of(self._aux, self.at, self._inputs, residual, neurons)
        row_of = np.full(len(dead), -1)
        row_of[neurons.numpy()] = np.arange(len(neurons))
        return loss, row_of, arrays(into)[:3]

    def _losses(self, error: float, mass: float, aux: torch.Tensor) -> Losses:
        begin = self.lists.begin
        parts = torch.from_numpy(np.array([error, self._lambda * mass], self._dtype) / self._batch)
        return Losses(parts[0], parts[1], aux, torch.from_numpy(begin[:-1] < begin[1:]))

    def _allocate(self, batch: int) -> None:
        """Make the buffers for batches of this size."""
        (width, dim), gate, like = self.at.W_enc.shape, self.gate, self.at.flat
        chunk = max(64, CHUNK_BYTES // (width * self._dtype.itemsize))
        # Only Top-K decides point by point how many fire; the other gates need all points at once.
        self._rows, room = (min(batch, chunk), batch * gate.k) if isinstance(gate, TopK) else (batch, batch)
        self._screen = None
        if self._screens and isinstance(gate, TopK) and self._dtype == np.float32:
            self._screen = Screen(self.at.W_enc, self.at.b_enc, self._rows, gate.k)
        self._z = like.new_empty(0 if self._screen is not None else self._rows, width)
        self._centred = like.new_empty(batch, dim)
        self._residual = np.empty((batch, dim), self._dtype)
        self.lists = Lists(batch, width, room, self._dtype)
        self._batch = batch


def arrays(p: Parameters) -> Arrays:
    """Return numpy views of the four arrays of weights."""
    return p.W_enc.numpy(), p.b_enc.numpy(), p.W_dec.numpy(), p.b_dec.numpy()
