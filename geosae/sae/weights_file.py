"""The stored form of an SAE's weights: one safetensors file, whose SHA-256 a JSON card holds."""

import hashlib
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError

from geosae.errors import InvalidInput
from geosae.sae.gates import Gate
from geosae.sae.model import SparseAutoencoder
from geosae.storage.files import write_atomic

WEIGHTS_FILE = "sae.safetensors"
DTYPES = {"float32": torch.float32, "float64": torch.float64}


def dtype_name(sae: SparseAutoencoder) -> str:
    """Return the type of the weights as a card spells it."""
    return str(sae.W_enc.dtype).removeprefix("torch.")


def write_weights(folder: Path, sae: SparseAutoencoder, schema: str) -> str:
    """Write sae.safetensors, whole or not at all, and return its SHA-256 for the card."""
    tensors = {name: getattr(sae, name).detach().cpu().contiguous() for name in sae.names}
    return write_hashed(folder / WEIGHTS_FILE, safetensors.torch.save(tensors, metadata={"schema": schema}))


def write_hashed(path: Path, data: bytes) -> str:
    """Write the bytes, whole or not at all, and return their SHA-256."""
    write_atomic(path, data)
    return hashlib.sha256(data).hexdigest()


def read_hashed(path: Path, digest: object, card: str) -> bytes:
    """Return the bytes of a file, which must be those that its card describes.

    Raises
    ------
    InvalidInput
        If the file is missing, or its SHA-256 is another one.
    """
    if not path.is_file():
        raise InvalidInput(f"there is no file {path}", causes="an incomplete copy of the folder")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise InvalidInput(
            f"{path} is not the file that {card} describes: its SHA-256 differs",
            causes="a damaged or edited file, or a save that was cut short over an older one",
            remedy="train again, or copy the folder again",
        )
    return data


def read_sae(
    folder: Path, digest: object, card: str, dim: int, width: int, gate: Gate, dtype: torch.dtype
) -> SparseAutoencoder:
    """Return the SAE of the shapes and type that its card promises, with the weights of sae.safetensors.

    Raises
    ------
    InvalidInput
        If the file is missing, damaged or another one, lacks a weight or has one too many, or a weight has a
        wrong shape or type, or is not finite.
    """
    weights = _stored(read_hashed(folder / WEIGHTS_FILE, digest, card))
    encoder = weights.get("W_enc")
    if encoder is not None and tuple(encoder.shape) != (width, dim):
        # Before an SAE of that size is made: what the card says may be anything.
        raise _other_shape("W_enc", encoder, f"{(width, dim)} of {str(dtype).removeprefix('torch.')}")
    if encoder is None:
        raise InvalidInput(f"{WEIGHTS_FILE} has other keys than this schema's: missing W_enc")
    sae = SparseAutoencoder(dim, width, gate, dtype)
    same_keys(set(weights), set(sae.names), WEIGHTS_FILE)
    for name, promised in sorted(sae.state_dict().items()):
        tensor = weights[name]
        if tensor.shape != promised.shape or tensor.dtype != promised.dtype:
            raise _other_shape(name, tensor, _shape_of(promised))
        if not bool(tensor.isfinite().all()):
            raise InvalidInput(
                f"{name} in {WEIGHTS_FILE} holds NaN or infinite values", causes="a diverged run"
            )
    sae.load_state_dict(weights)
    return sae


def _stored(data: bytes) -> dict[str, torch.Tensor]:
    try:
        return safetensors.torch.load(data)
    except (SafetensorError, KeyError, ValueError, TypeError, RuntimeError) as error:
        # A KeyError: a type of number that torch does not know.
        raise InvalidInput(f"{WEIGHTS_FILE} is no safetensors file: {error}") from error


def _shape_of(tensor: torch.Tensor) -> str:
    return f"{tuple(tensor.shape)} of {str(tensor.dtype).removeprefix('torch.')}"


def _other_shape(name: str, tensor: torch.Tensor, promised: str) -> InvalidInput:
    return InvalidInput(f"{name} in {WEIGHTS_FILE} is {_shape_of(tensor)}; the card promises {promised}")


def same_keys(keys: set[str], needed: set[str], of: str) -> None:
    """Refuse keys that are unknown or missing, naming them all.

    Raises
    ------
    InvalidInput
        If there are some.
    """
    unknown, missing = sorted(keys - needed), sorted(needed - keys)
    if unknown or missing:
        parts = [f"unknown {', '.join(unknown)}"] * bool(unknown)
        parts += [f"missing {', '.join(missing)}"] * bool(missing)
        raise InvalidInput(f"{of} has other keys than this schema's: {'; '.join(parts)}")
