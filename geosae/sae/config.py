"""Everything that decides a training run but its points and its seed: one frozen record."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.sae.baseline_kinds import Baseline
from geosae.sae.gates import Gate, gate_from_dict
from geosae.storage.records import check_fields, checked_types
from geosae.validation import refuse_unknown

Kernel = Literal["auto", "autograd", "torch", "torch-sparse", "numba"]


@dataclass(frozen=True)
class TrainConfig:
    """How an SAE is trained; defaults are chosen by the study in docs/measured/training_defaults.md.

    Training works on standardised points u = (x − centre) / spread, where the spread is the root mean squared
    distance of the points to their mean; the weights are folded back into the points' own coordinates at the
    end.
    Learning rate, L1 weight and initial norm therefore mean the same at every scale of the data.

    Parameters
    ----------
    gate, width
        The gate and the number d of neurons.
    steps, batch_size
        Steps of Adam, and points per step (drawn with replacement; all points where there are no more).
    lr
        Peak learning rate; None takes `default_lr` of the number of neurons.
    decoder_lr
        The rate of the decoder's atoms, as a multiple of `lr`.
    schedule, warmup, decay
        The rate rises linearly over the first `warmup` share of the steps, and falls to 0 over the last
        `decay` share, along a line or a cosine; "constant" does not fall.
    beta1, beta2, eps
        Adam's constants (Kingma and Ba, arXiv 1412.6980).
    clip
        The whole gradient is scaled down to this norm where it is longer; None leaves it alone.
    ema
        The SAE that is returned has the exponential moving average of the weights, with this decay and
        Adam's bias correction (arXiv 2406.04093 uses 0.999); 0 returns the last weights.
    target_fvu
        Training ends at the first log line whose FVU is at most this; None takes all steps.
    precision
        "bfloat16" takes the products of matrices in bfloat16 and keeps weights, moments and sums in float32.
    kernel
        How gradients are computed. "autograd": by the gate's objective, for every gate. "torch": written
        out, for ReLU with L1, Top-K and BatchTopK. "torch-sparse": on lists of active neurons, for wide
        Top-K on a CPU with MKL. "numba": compiled, on such lists too (extra `fast`). "auto": the fastest of
        them that the gate, the device and the installation allow. They agree up to rounding.
    decoder_norm
        "unit": atoms have norm 1 at every step, the gradient's part along each atom is removed, and atoms
        are renormalised after the step (arXiv 2406.04093). "free": no constraint. None takes the gate's own
        for so many neurons: Top-K's is free from 128 on, where it learns more (docs/measured/rates.md).
    init_norm
        Norm of the encoder's rows at the start (the decoder's too when it is free); "matched" takes the
        norm with which the first reconstruction has the least squared error (arXiv 2406.04093 asks for
        reconstructions as long as the inputs). The decoder is the encoder transposed, up to this norm.
    pre_bias
        The centre: geometric median or mean of at most 32 768 points, or 0.
    tied_bias
        Whether b_pre = b_dec is one trained vector (arXiv 2406.04093); otherwise b_pre stays at the centre.
    dead_after
        A neuron is dead once it has been silent on so many points in a row.
    resample_every
        Every so many steps of the first half, dead neurons are given new weights (Bricken et al. 2023); 0
        never does. Top-K has an auxiliary loss instead; in the study, resampling made its loss worse.
    log_every
        Steps per line of the training log.
    threads
        Threads of numerical libraries meanwhile. The same number gives the same bytes on the same machine.
    baseline
        None trains everything. "untrained" returns the start, at the matched norm whatever `init_norm` is, so
        that its FVU is the least that random atoms reach at any norm. "frozen_decoder" trains all but the
        decoder's atoms, which stay random; "soft_frozen_decoder" keeps each atom within cosine 0.8 of its
        random start; "frozen_encoder" keeps the encoder's weights and biases at their random start and
        trains the rest: atoms, the pre-bias, and thresholds where the gate has some (all three: arXiv
        2602.14111, figure 1). "shuffled" trains everything, on points whose coordinates were shuffled each
        by itself: the marginals are kept and all structure between them is gone. "pca", "kmeans" and
        "planted" mark what `geosae.sae.baselines` built; `train` refuses them.

    Examples
    --------
    >>> from geosae.sae.gates import TopK
    >>> config = TrainConfig(gate=TopK(k=4), width=64)
    >>> TrainConfig.from_dict(config.to_dict()) == config
    True
    """

    gate: Gate
    width: int
    steps: int = 1000
    batch_size: int = 256
    lr: float | int | None = None
    decoder_lr: float | int = 1.0
    schedule: Literal["constant", "linear", "cosine"] = "linear"
    warmup: float | int = 0.05
    decay: float | int = 0.5
    beta1: float | int = 0.9
    beta2: float | int = 0.999
    eps: float | int = 1e-8
    clip: float | int | None = None
    ema: float | int = 0.0
    target_fvu: float | int | None = None
    precision: Literal["float32", "bfloat16"] = "float32"
    kernel: Kernel = "auto"
    decoder_norm: Literal["unit", "free"] | None = None
    init_norm: float | int | Literal["matched"] = 0.1
    pre_bias: Literal["geometric_median", "mean", "zero"] = "geometric_median"
    tied_bias: bool = True
    dead_after: int = 20_000
    resample_every: int = 0
    log_every: int = 100
    threads: int = 1
    baseline: Baseline | None = None

    __repr__ = short_repr

    def __post_init__(self) -> None:
        check_fields(self, "the training config")
        for name in ("width", "steps", "batch_size", "dead_after", "log_every", "threads"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        if self.decoder_norm is None:
            # Atoms that do not move would keep the short start of free ones.
            moving = self.baseline not in ("frozen_decoder", "soft_frozen_decoder")
            free = moving and self.gate.free_from is not None and self.width >= self.gate.free_from
            object.__setattr__(self, "decoder_norm", "free" if free else self.gate.decoder)
        _refuse_norm_or_baseline(self)
        for name in ("lr", "clip", "target_fvu"):
            value = getattr(self, name)
            _require(value is None or 0 < value < math.inf, name, value, "positive and finite, or None")
        _require(0 <= self.ema < 1, "ema", self.ema, "at least 0 and below 1")
        if self.precision == "bfloat16" and self.kernel not in ("auto", "autograd"):
            raise InvalidInput(f"the kernel '{self.kernel}' computes in float32", remedy="use kernel='auto'")
        for name in ("decoder_lr", "eps"):
            _require(0 < getattr(self, name) < math.inf, name, getattr(self, name), "positive and finite")
        for name in ("warmup", "decay"):
            _require(0 <= getattr(self, name) <= 1, name, getattr(self, name), "a share between 0 and 1")
        for name in ("beta1", "beta2"):
            _require(0 <= getattr(self, name) < 1, name, getattr(self, name), "at least 0 and below 1")
        _require(self.resample_every >= 0, "resample_every", self.resample_every, "at least 0 (0: never)")
        norm = math.inf if self.init_norm == "matched" else self.init_norm
        _require(norm == math.inf or 0 < norm < math.inf, "init_norm", norm, "positive, or 'matched'")
        k = self.gate.sparsity
        if k is not None and k > self.width:
            raise InvalidInput(
                f"the gate keeps k = {k} neurons of a width of {self.width}",
                causes="k and width swapped, or a grid that pairs every k with every width",
                remedy="choose k at most the width",
            )

    @property
    def peak_lr(self) -> float:
        """The peak learning rate: `lr`, or the default for this width."""
        return float(default_lr(self.width) if self.lr is None else self.lr)

    def to_dict(self) -> dict[str, Any]:
        """Return every setting by name, ready for JSON."""
        settings = {field.name: getattr(self, field.name) for field in fields(self)}
        return settings | {"gate": self.gate.to_dict()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "TrainConfig":
        """Build a config from a mapping; settings that are absent take their defaults.

        Raises
        ------
        InvalidInput
            If a key is unknown (the nearest valid one is named), a value of the wrong type or out of range,
            or gate or width is missing.

        Examples
        --------
        >>> TrainConfig.from_dict({"gate": {"kind": "relu"}, "width": 8, "lr": 1}).lr
        1.0
        """
        refuse_unknown(record, [field.name for field in fields(cls)], "the training config")
        for name in ("gate", "width"):
            if name not in record:
                raise InvalidInput(f"the training config comes without its {name}")
        gate = record["gate"]
        if not isinstance(gate, Gate):
            gate = gate_from_dict(gate)
        return cls(**checked_types({**record, "gate": gate}, cls, "the training config"))


def default_lr(width: int) -> float:
    """Return the peak learning rate for so many neurons: 0.03 up to 128, then as 1/width, down to 0.005.

    Chosen by docs/measured/training_defaults.md (up to 64 neurons) and docs/measured/rates.md (from 128 on).

    Examples
    --------
    >>> default_lr(32), default_lr(512), default_lr(4096)
    (0.03, 0.0075, 0.005)
    """
    return min(0.03, max(0.005, 0.03 * 128 / width))


def _refuse_norm_or_baseline(config: TrainConfig) -> None:
    gate = getattr(config.gate, "inner", config.gate)
    if gate.decoder_reason is not None and config.decoder_norm != gate.decoder:
        raise InvalidInput(
            gate.decoder_reason, remedy=f"leave decoder_norm out, or use decoder_norm='{gate.decoder}'"
        )
    if not gate.own_encoder and config.baseline == "frozen_encoder":
        raise InvalidInput(
            f"the gate '{gate.kind}' has no encoder of its own that could be frozen",
            remedy="use another baseline, such as 'frozen_decoder'",
        )


def _require(fine: bool, name: str, value: Any, needed: str) -> None:
    if not fine:
        raise InvalidInput(f"{name} is {value}; it must be {needed}")
