"""Any module of a torch network, read by a forward hook: for models of your own, from Python."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from jaxtyping import Float

from geosae.activations.collect import Reading
from geosae.activations.folder import ModelCard
from geosae.errors import InvalidInput
from geosae.storage.files import content_hash


@contextmanager
def hooked(module: Any, *, inward: bool = False) -> Generator[list[Any]]:
    """Gather what a module puts out (or takes in) meanwhile; of a tuple, its first entry."""
    seen: list[Any] = []

    def note(*call: Any) -> None:
        # Before a module: (module, arguments); after it: (module, arguments, output).
        value = call[-1]
        seen.append(value[0] if isinstance(value, tuple) else value)

    handle = module.register_forward_pre_hook(note) if inward else module.register_forward_hook(note)
    try:
        yield seen
    finally:
        handle.remove()


class ModuleReader:
    """Reads one module of a torch network; the network runs on windows given by the names of its inputs.

    Parameters
    ----------
    model
        The network; it is put into evaluation mode.
    module
        The name of the module to read, as in ``model.named_modules()``: "encoder.3".
    name
        The model's name, for the record.
    channels
        The axis of the module's output that holds the channels. All axes but the first and this one are
        positions.
    forward
        Called with the network and a batch of tensors by name; by default the network is called with them,
        a single one without its name.

    Raises
    ------
    InvalidInput
        If the network has no such module.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
    >>> reader = ModuleReader(net, "0", name="toy")
    >>> [reading.values.shape for reading in reader.read({"x": np.zeros((2, 5, 2), np.float32)})]
    [(5, 3), (5, 3)]
    """

    longest: int | None = None

    def __init__(
        self,
        model: Any,
        module: str,
        *,
        name: str,
        channels: int = -1,
        forward: Callable[[Any, Mapping[str, Any]], Any] | None = None,
    ) -> None:
        import torch

        modules = dict(model.named_modules())
        if module not in modules:
            some = ", ".join(key for key in list(modules)[1:13])
            raise InvalidInput(f"{name} has no module {module!r}", remedy=f"its modules are {some}, …")
        self._model, self._module, self._channels = model.eval(), modules[module], channels
        self._forward = forward
        weights = [
            part
            for key, tensor in model.state_dict().items()
            for part in (key, tensor.detach().cpu().to(torch.float64).numpy())
        ]
        self._card = ModelCard("module", name, content_hash(*weights), module, f"torch {torch.__version__}")

    @property
    def card(self) -> ModelCard:
        """Say which model it is; its hash is that of its weights."""
        return self._card

    def lengths(self, batch: Mapping[str, np.ndarray]) -> list[int]:
        """Return one length for all: windows are as long as each other."""
        return [1] * len(next(iter(batch.values())))

    def read(self, batch: Mapping[str, np.ndarray]) -> list[Reading]:
        """Return the module's output for each window, a row for each position."""
        import torch

        tensors = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in batch.items()}
        with torch.inference_mode(), hooked(self._module) as seen:
            if self._forward is not None:
                self._forward(self._model, tensors)
            elif len(tensors) == 1:
                self._model(*tensors.values())
            else:
                self._model(**tensors)
        if len(seen) != 1:
            raise InvalidInput(f"the module ran {len(seen)} times on one batch", remedy="read another one")
        return readings(seen[0].to(torch.float32).numpy(), self._channels, len(self.lengths(batch)))


def readings(output: Float[np.ndarray, "B *shape"], channels: int, size: int) -> list[Reading]:
    """Return the positions of each window as rows: the axis of the channels last, all others gathered.

    Raises
    ------
    InvalidInput
        If the first axis is not the windows', or there is no such axis.

    Examples
    --------
    >>> [reading.values.shape for reading in readings(np.zeros((2, 3, 7)), 1, 2)]
    [(7, 3), (7, 3)]
    """
    if output.ndim < 2 or len(output) != size or not -output.ndim < channels < output.ndim or channels == 0:
        raise InvalidInput(
            f"the output has the shape {output.shape} for {size} windows, and its channels would be axis "
            f"{channels}",
            remedy="read another place, or name the axis of the channels",
        )
    rows = np.moveaxis(output, channels, -1).reshape(size, -1, output.shape[channels])
    nowhere = np.full((rows.shape[1], 2), -1)
    return [Reading(np.ascontiguousarray(values), nowhere) for values in rows]
