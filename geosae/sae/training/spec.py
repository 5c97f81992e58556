"""Which kernel, which device and which auxiliary loss a training run takes: decided here, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import torch

from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig
from geosae.sae.device import resolve_device
from geosae.sae.gates import AuxK, BatchTopK, Gate, Matryoshka, ReLU, TopK
from geosae.sae.gates.terms import default_aux_k
from geosae.sae.training.numba import reason_against

Kernel = Literal["autograd", "torch", "torch-sparse", "numba"]

SPARSE_WIDTH, SPARSE = 512, 32
"""Sparse matrices of torch pay from this width on, while at most one neuron in so many is kept."""


@dataclass(frozen=True)
class TrainingSpec:
    """Everything that is decided about a run before its first step; nothing below decides again.

    Parameters
    ----------
    config
        The settings of the user.
    dim
        The dimension n of the points.
    device
        Where the run computes.
    kernel
        How gradients are computed; "auto" of the config is resolved.
    aux
        The auxiliary loss on dead neurons, if the gate asks for one.
    """

    config: TrainConfig
    dim: int
    device: torch.device
    kernel: Kernel
    aux: AuxK | None

    @property
    def multiples(self) -> Mapping[str, float]:
        """What learns at another rate than the rest, by name, and at how many times the rate."""
        config = self.config
        multiples = {
            name: parameter.least_rate / config.peak_lr
            for name, parameter in config.gate.parameters.items()
            if parameter.trained and parameter.least_rate > config.peak_lr
        }
        return multiples if config.decoder_lr == 1 else {"W_dec": float(config.decoder_lr), **multiples}


def training_spec(config: TrainConfig, dim: int, device: str = "cpu") -> TrainingSpec:
    """Decide kernel, device and auxiliary loss for points of a dimension.

    Raises
    ------
    InvalidInput
        If there is no such device, or the kernel that is asked for cannot do this run.

    Examples
    --------
    >>> spec = training_spec(TrainConfig(TopK(k=8), width=32), dim=48)
    >>> spec.kernel, spec.device.type, spec.aux
    ('torch', 'cpu', AuxK(k=32, coefficient=0.03125))
    """
    resolved = resolve_device(device)
    return TrainingSpec(config, dim, resolved, resolve_kernel(config, resolved), _resolve_aux(config, dim))


def written_out(gate: Gate) -> bool:
    """Tell whether the gradient of a gate is written out (`geosae.sae.training.gradients`).

    Examples
    --------
    >>> from geosae.sae.gates import JumpReLU
    >>> written_out(TopK(k=2)), written_out(ReLU(shape="tanh")), written_out(JumpReLU())
    (True, False, False)
    """
    return isinstance(gate, TopK | BatchTopK) or (isinstance(gate, ReLU) and gate.shape == "l1")


def has_mkl() -> bool:
    """Return whether torch has Intel's MKL here, which multiplies its sparse matrices on a CPU."""
    return torch.backends.mkl.is_available()


def reason_against_sparse(
    config: TrainConfig, device: torch.device | str = "cpu", *, mkl: bool | None = None
) -> str | None:
    """Tell why the gradient on torch's sparse matrices is not for this run, or return None if it is.

    `mkl` says whether torch has MKL where the run is; None looks here.

    Examples
    --------
    >>> reason_against_sparse(TrainConfig(TopK(k=32), width=512))
    'k = 32 of 512 neurons is not sparse enough to gain'
    """
    gate = config.gate
    if not isinstance(gate, TopK):
        return f"the codes of the gate {gate.kind} need not be sparse"
    if config.width < SPARSE_WIDTH:
        return f"{config.width} neurons are too few to gain"
    if SPARSE * gate.k > config.width:
        return f"k = {gate.k} of {config.width} neurons is not sparse enough to gain"
    if config.precision != "float32":
        return "the sparse gradient computes in float32"
    if torch.device(device).type != "cpu":
        return "the sparse gradient is taken on the CPU"
    if not (has_mkl() if mkl is None else mkl):
        return "torch is built without MKL here"
    return None


def resolve_kernel(
    config: TrainConfig,
    device: torch.device | str = "cpu",
    *,
    numba: bool | None = None,
    mkl: bool | None = None,
) -> Kernel:
    """Return how the gradients of a run are computed: its bytes depend on it.

    `numba` says whether numba is installed where the run is, `mkl` whether torch has MKL there; None looks
    here.

    Raises
    ------
    InvalidInput
        If the config asks for a kernel that cannot do this run.

    Examples
    --------
    >>> config = TrainConfig(TopK(k=2), width=16)
    >>> resolve_kernel(config, numba=True), resolve_kernel(config, numba=False)
    ('numba', 'torch')
    >>> resolve_kernel(TrainConfig(TopK(k=2), width=512), numba=False, mkl=True)
    'torch-sparse'
    """
    against = {
        "numba": reason_against(config, device, numba=numba),
        "torch-sparse": reason_against_sparse(config, device, mkl=mkl),
    }
    if (reason := against.get(config.kernel)) is not None:
        raise InvalidInput(
            f"the kernel '{config.kernel}' is not for this run: {reason}", remedy="use kernel='auto'"
        )
    if config.kernel == "torch" and not written_out(config.gate):
        raise InvalidInput(
            f"no gradient is written out for the gate {config.gate}", remedy="use kernel='auto' or 'autograd'"
        )
    if config.kernel != "auto":
        return config.kernel
    if against["numba"] is None:
        return "numba"
    if against["torch-sparse"] is None:
        return "torch-sparse"
    return "torch" if written_out(config.gate) and config.precision == "float32" else "autograd"


@runtime_checkable
class _HasAuxK(Protocol):
    """A gate with an auxiliary loss on dead neurons."""

    @property
    def aux_k(self) -> int | None: ...

    @property
    def aux_coefficient(self) -> float | int: ...


def _resolve_aux(config: TrainConfig, dim: int) -> AuxK | None:
    gate = config.gate.inner if isinstance(config.gate, Matryoshka) else config.gate
    if not isinstance(gate, _HasAuxK) or gate.aux_coefficient == 0:
        return None
    return AuxK(min(gate.aux_k or default_aux_k(dim), config.width), float(gate.aux_coefficient))
