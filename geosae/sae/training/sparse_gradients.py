"""The gradient of `gradients.py` for Top-K, on lists of who fires where; plain torch, for wide SAEs on a CPU.

Of B·d activations at most B·k are not 0, so everything after the encoder's product is taken on these: the
support as a sparse matrix with a row per point, its transpose with a row per neuron. With r = û − u

    û = a W_dec + b_dec,     ∂/∂a = 2/B · r W_decᵀ on the support (a sampled dense-dense product),
    ∂/∂W_dec = aᵀ · 2r/B,    ∂/∂W_enc = (∂/∂z)ᵀ (u − b_pre)     (products of a sparse with a dense matrix).

Products of sparse matrices are those of Intel's MKL, with which torch is built on x86 processors.
"""

import warnings
from functools import cache

import torch
from jaxtyping import Bool, Float, Int

from geosae.errors import InvalidInput
from geosae.sae.gates import TopK
from geosae.sae.gates.largest import largest_positive_places
from geosae.sae.training.auxk import add_auxk_of_dead
from geosae.sae.training.gradients import Losses
from geosae.sae.training.parameters import Parameters
from geosae.sae.training.spec import TrainingSpec

CHUNK_BYTES = 2**23
"""Pre-activations are made and searched in blocks of rows of about this size, which stay in the cache."""


@torch.no_grad()
def loss_and_sparse_gradient(
    spec: TrainingSpec,
    at: Parameters,
    u: Float[torch.Tensor, "B n"],
    into: Parameters,
    dead: Bool[torch.Tensor, " d"] | None = None,
) -> Losses:
    """Return the loss parts on a batch and write the gradient into `into`, as `loss_and_gradient` does.

    The same numbers up to the order of sums, by the same rule for ties.

    Parameters
    ----------
    at
        The weights, on the CPU.
    u
        A batch of standardised points.
    into
        Where the gradient goes; what stands there is overwritten.
    dead
        The neurons that the auxiliary loss revives, or None where none is dead.

    Raises
    ------
    InvalidInput
        If the gate is not Top-K.
    """
    config, gate, (batch, width) = spec.config, spec.config.gate, (len(u), len(at.b_enc))
    if not isinstance(gate, TopK):
        raise InvalidInput(
            f"no gradient on lists is written out for the gate {gate}", remedy="use kernel='auto'"
        )
    inputs = u - at.b_dec if config.tied_bias else u
    points, neurons, a = listed(gate, at, inputs)
    start = starts(points, batch)
    residual = torch.addmm(at.b_dec, csr(start, neurons, a, width), at.W_dec).sub_(u)
    error = torch.dot(residual.view(-1), residual.view(-1)) / batch
    out = residual * (2.0 / batch)
    pattern = csr(start, neurons, torch.zeros_like(a), width)
    slope = torch.sparse.sampled_addmm(pattern, out, at.W_dec.T, beta=0.0).values()

    # Turned round: neuron by neuron, its points in rising order.
    order = neurons.argsort(stable=True)
    begin, its_points = starts(neurons[order], width), points[order]
    torch.mm(csr(begin, its_points, a[order], batch), out, out=into.W_dec)
    torch.mm(csr(begin, its_points, slope[order], batch), inputs, out=into.W_enc)
    into.b_enc.zero_().index_add_(0, neurons, slope)
    torch.sum(out, dim=0, out=into.b_dec)
    if config.tied_bias:
        into.b_dec.addmv_(at.W_enc.T, into.b_enc, alpha=-1.0)
    zero = torch.zeros_like(error)
    extra = zero
    if spec.aux is not None and dead is not None:
        extra = add_auxk_of_dead(spec.aux, at, inputs, -residual, dead, into)
    return Losses(error, zero, extra, begin.diff() > 0)


def listed(
    gate: TopK, at: Parameters, inputs: Float[torch.Tensor, "B n"]
) -> tuple[Int[torch.Tensor, " m"], Int[torch.Tensor, " m"], Float[torch.Tensor, " m"]]:
    """Return who fires where: points and neurons, in rising order, and activations."""
    width = len(at.b_enc)
    rows = max(1, CHUNK_BYTES // (width * inputs.element_size()))
    room = inputs.new_empty(min(rows, len(inputs)), width)
    places, values = [], []
    for first in range(0, len(inputs), rows):
        chunk = inputs[first : first + rows]
        z = torch.addmm(at.b_enc, chunk, at.W_enc.T, out=room[: len(chunk)])
        place = largest_positive_places(z, gate.k)
        values.append(z.view(-1)[place])
        places.append(place + first * width)
    place = torch.cat(places)
    return (place // width).int(), (place % width).int(), torch.cat(values)


def starts(labels: Int[torch.Tensor, " m"], count: int) -> Int[torch.Tensor, " _"]:
    """Return where in sorted labels each of 0, …, count − 1 starts, and the end.

    Examples
    --------
    >>> starts(torch.tensor([0, 0, 2]), 3).tolist()
    [0, 2, 2, 3]
    """
    start = torch.zeros(count + 1, dtype=torch.int32)
    start[1:] = torch.bincount(labels, minlength=count).cumsum(0)
    return start


def csr(
    start: Int[torch.Tensor, " _"],
    columns: Int[torch.Tensor, " m"],
    values: Float[torch.Tensor, " m"],
    width: int,
) -> torch.Tensor:
    """Return a sparse matrix in compressed rows; its indices are right by construction, not checked."""
    _warn_of_beta_once()
    return torch.sparse_csr_tensor(start, columns, values, (len(start) - 1, width), check_invariants=False)


@cache
def _warn_of_beta_once() -> None:
    """Take the one warning that torch gives per process at its first compressed tensor, and nothing else."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta state", UserWarning)
        torch.sparse_csr_tensor([0, 0], [], [], (1, 1), check_invariants=False)
