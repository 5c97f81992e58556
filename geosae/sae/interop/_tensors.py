"""The weights of a foreign file by name, oriented by their shapes; unknown names are refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from geosae.errors import InvalidInput
from geosae.sae.gates import Gate
from geosae.sae.interop._checkpoint_files import CheckpointFiles
from geosae.sae.model import SparseAutoencoder
from geosae.validation import nearest


@dataclass(frozen=True, eq=False)
class NamedTensors:
    """Weights in the documented orientation, the two sizes, and notes on what was transposed."""

    tensors: Mapping[str, torch.Tensor]
    dim: int
    width: int
    notes: tuple[str, ...]

    def __getitem__(self, name: str) -> torch.Tensor:
        return self.tensors[name]

    def __contains__(self, name: str) -> bool:
        return name in self.tensors

    def get(self, name: str) -> torch.Tensor | None:
        """Return a tensor, or None where it is absent."""
        return self.tensors.get(name)


def tensors(
    checkpoint: CheckpointFiles,
    shapes: Mapping[str, str],
    *,
    optional: Sequence[str] = (),
    inert: Sequence[str] = (),
    dim: int | None = None,
    width: int | None = None,
) -> NamedTensors:
    """Return the tensors that `shapes` names, each checked against its documented shape.

    A shape is written "dim width", "width", "" (one number), … The sizes come from the configuration where it
    states them, from biases and thresholds otherwise; a matrix that fits only when transposed is transposed,
    with a note. A square matrix is read in the documented orientation.

    Raises
    ------
    InvalidInput
        If a tensor is unknown or missing, has a shape that does not fit, or is not finite.
    """
    of = checkpoint.weights_file.name
    refuse_unknown(checkpoint.tensors, [*shapes, *inert], f"{of}: weight")
    missing = [name for name in shapes if name not in checkpoint.tensors and name not in optional]
    if missing:
        raise InvalidInput(
            f"{of} comes without {', '.join(missing)}",
            causes="an SAE of another architecture than its configuration says, or an incomplete export",
        )
    sizes = {key: size for key, size in (("dim", dim), ("width", width)) if size is not None}
    widened_tensors = {n: widened(checkpoint.tensors[n]) for n in shapes if n in checkpoint.tensors}
    for name, tensor in widened_tensors.items():
        if len(shapes[name].split()) == 1:
            _fit_vector(name, tensor, shapes[name], sizes, of)
    oriented: dict[str, torch.Tensor] = {}
    notes: list[str] = []
    for name, tensor in widened_tensors.items():
        axes = shapes[name].split()
        if axes and not tensor.is_floating_point():
            raise InvalidInput(
                f"{of}: {name} holds whole numbers ({str(tensor.dtype)[6:]}), which are no weights",
                causes="quantised weights, or another tensor under this name",
            )
        _refuse_not_finite(name, tensor, of)
        if len(axes) == 2:
            oriented[name], transposed = _fit_matrix(name, tensor, axes, sizes, of)
            if transposed:
                stored = " × ".join(reversed(axes))
                notes.append(
                    f"{name} is stored as {stored}, against the format's documented {' × '.join(axes)}"
                )
        else:
            oriented[name] = tensor if axes else _scalar(name, tensor, of)
    return NamedTensors(oriented, sizes["dim"], sizes["width"], tuple(notes))


def widened(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor of half precision in float32, exactly: nothing is computed in half precision."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def _fit_vector(name: str, tensor: torch.Tensor, axis: str, sizes: dict[str, int], of: str) -> None:
    if tensor.ndim != 1 or len(tensor) != sizes.setdefault(axis, len(tensor)):
        raise InvalidInput(
            f"{of}: {name} has shape {tuple(tensor.shape)}; ({axis} {sizes.get(axis, '?')},) is needed",
            causes="weights and configuration of different SAEs",
        )


def _fit_matrix(
    name: str, tensor: torch.Tensor, axes: list[str], sizes: dict[str, int], of: str
) -> tuple[torch.Tensor, bool]:
    shape = tuple(tensor.shape)
    needed = tuple(sizes.get(axis) for axis in axes)

    def fits(sizes: tuple[int, ...]) -> bool:
        return len(sizes) == 2 and all(b in (None, a) for a, b in zip(sizes, needed, strict=True))

    if not (fits(shape) or fits(shape[::-1])):
        spelt = ", ".join(
            f"{axis} {size if size is not None else '?'}" for axis, size in zip(axes, needed, strict=True)
        )
        raise InvalidInput(
            f"{of}: {name} has shape {shape}; ({spelt}) is needed",
            causes="weights and configuration of different SAEs, or a transcoder",
        )
    transposed = not fits(shape)
    tensor = tensor.T if transposed else tensor
    for axis, size in zip(axes, tensor.shape, strict=True):
        sizes[axis] = size
    return tensor, transposed


def _scalar(name: str, tensor: torch.Tensor, of: str) -> torch.Tensor:
    if tensor.numel() != 1:
        raise InvalidInput(f"{of}: {name} has shape {tuple(tensor.shape)}; one number is needed")
    return tensor.reshape(())


def _refuse_not_finite(name: str, tensor: torch.Tensor, of: str) -> None:
    if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
        raise InvalidInput(
            f"{of}: {name} holds NaN or infinite values", causes="a diverged run, or a damaged file"
        )


def refuse_unknown(entries: Mapping[str, object], valid: Sequence[str], kind: str) -> None:
    """Refuse names that are not valid, naming all of them and the nearest valid name of the first.

    Raises
    ------
    InvalidInput
        If there is one.
    """
    unknown = sorted(set(entries) - set(valid))
    if unknown:
        near = nearest(unknown[0], sorted(valid))
        raise InvalidInput(
            f"{kind} {', '.join(unknown)} is unknown here"
            + (f"; the nearest known is {near}" if near else ""),
            causes="another architecture or version than the format and configuration say",
            remedy="nothing is read past an unknown name, since it may change what the SAE computes",
        )


def assemble(
    gate: Gate,
    *,
    encoder: torch.Tensor,
    b_enc: torch.Tensor | None,
    decoder: torch.Tensor,
    b_dec: torch.Tensor | None,
    b_pre: torch.Tensor | None = None,
    **extra: torch.Tensor,
) -> SparseAutoencoder:
    """Return the SAE with these weights: encoder and decoder (width, dim), absent biases 0.

    All weights take the encoder's type, float32 or float64.
    """
    width, dim = encoder.shape
    dtype = torch.float64 if encoder.dtype == torch.float64 else torch.float32
    sae = SparseAutoencoder(dim, width, gate, dtype)
    stated = {"W_enc": encoder, "b_enc": b_enc, "W_dec": decoder, "b_dec": b_dec, "b_pre": b_pre, **extra}
    weights = {name: tensor.detach().to(dtype) for name, tensor in stated.items() if tensor is not None}
    for name, tensor in weights.items():
        # Finite in the file, and not any more once it is an exponential, or in float32.
        _refuse_not_finite(name, tensor, "the SAE that the file describes")
    sae.set_weights(**{name: tensor.numpy() for name, tensor in weights.items()})
    return sae
