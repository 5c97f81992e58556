"""Which device computes: the words for it, and what torch has of it."""

from typing import Literal, cast, get_args

import torch

from geosae.errors import InvalidInput
from geosae.validation import refuse_unknown

Device = Literal["auto", "cpu", "cuda"]
DEVICES: tuple[str, ...] = get_args(Device)


def checked_device(name: str, where: str) -> Device:
    """Return the word for a device, whether or not this machine has it; `where` says who asks.

    Raises
    ------
    InvalidInput
        If there is no such word.

    Examples
    --------
    >>> checked_device("cuda", "the plan")
    'cuda'
    """
    refuse_unknown([name], DEVICES, where, "device")
    return cast("Device", name)


def resolve_device(name: str) -> torch.device:
    """Return the device of a name: "cpu", "cuda", or "auto", a GPU if there is one.

    Raises
    ------
    InvalidInput
        If there is no such device.

    Examples
    --------
    >>> resolve_device("cpu")
    device(type='cpu')
    """
    checked_device(name, "geosae")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise InvalidInput(
            "device 'cuda' was asked for and torch sees none",
            causes=f"a CPU build of torch (this is {torch.__version__}), or no visible GPU",
            remedy="use device='auto' or 'cpu', or install a CUDA build of torch",
        )
    return torch.device("cuda" if available and name != "cpu" else "cpu")


def gpu_name(device: torch.device) -> str | None:
    """Return what the GPU calls itself; None for a CPU.

    Examples
    --------
    >>> gpu_name(resolve_device("cpu")) is None
    True
    """
    return torch.cuda.get_device_name(device) if device.type == "cuda" else None
