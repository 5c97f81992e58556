"""Read an SAE of any known format, which is recognised by its files and keys or given by name."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from geosae.errors import InvalidInput
from geosae.sae.interop import (
    batchtopk,
    dictionary_learning,
    gemma_scope,
    gemma_scope_2,
    openai,
    overcomplete,
    saelens,
    saelens_legacy,
    sparsify,
)
from geosae.sae.interop._checkpoint_files import CheckpointFiles, read_files
from geosae.sae.interop._format import Format
from geosae.sae.interop.own import is_own, read_own
from geosae.sae.interop.record import Imported
from geosae.storage.arguments import checked_arguments

FORMATS: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT
    for module in (
        openai, saelens, saelens_legacy, dictionary_learning, sparsify, gemma_scope, gemma_scope_2, batchtopk,
        overcomplete,
    )
}  # fmt: skip


@checked_arguments()
def read(
    path: Path | str, format: str | None = None, *, ignore: Sequence[str] = (), **settings: Any
) -> Imported:
    """Read an SAE from a file or folder of another library, or a folder of geosae's own.

    Parameters
    ----------
    path
        A weights file, or a folder with one; a configuration is looked for in the same folder.
    format
        One of `FORMATS`; None finds it by files and keys, and refuses where that is not certain.
    ignore
        Keys of the configuration that are unknown here and that the caller knows to change nothing.
    settings
        What the files of a format do not say, such as k for overcomplete; see `FORMATS[name].settings`.

    Raises
    ------
    InvalidInput
        If the format cannot be told; if a weight, a key or an architecture is unknown, or a weight is
        missing; if the SAE computes something that no gate here does. Nothing is read in part or by guess.

    Examples
    --------
    >>> import tempfile, torch
    >>> file = Path(tempfile.mkdtemp()) / "0.pt"
    >>> weights = {"pre_bias": torch.zeros(2), "latent_bias": torch.zeros(3)}
    >>> weights |= {"encoder.weight": torch.ones(3, 2), "decoder.weight": torch.ones(2, 3)}
    >>> torch.save({**weights, "activation": "ReLU"}, file)
    >>> imported = read(file)
    >>> imported.source.format, imported.sae.gate.kind, imported.sae.width, imported.normalisation.kind
    ('openai', 'relu', 3, 'none')
    """
    path = Path(path)
    if format in (None, "geosae") and is_own(path):
        _refuse_settings(settings, "geosae", {})
        return read_own(path)
    if format is not None and format not in FORMATS:
        raise InvalidInput(
            f"there is no format '{format}' to read at {path}",
            remedy=f"known are geosae, {', '.join(FORMATS)}",
        )
    checkpoint = read_files(path, ignore)
    chosen = _detected(checkpoint) if format is None else FORMATS[format]
    _refuse_settings(settings, chosen.name, chosen.settings)
    return chosen.read(checkpoint, settings)


def _refuse_settings(settings: Mapping[str, Any], name: str, valid: Mapping[str, str]) -> None:
    for key in settings:
        if key not in valid:
            remedy = f"it has {', '.join(valid) or 'none'}"
            raise InvalidInput(f"the format '{name}' has no setting '{key}'", remedy=remedy)


def _detected(checkpoint: CheckpointFiles) -> Format:
    """Return the one format whose files look like these."""
    able = [each for each in FORMATS.values() if each.recognises(checkpoint)]
    if len(able) == 1:
        return able[0]
    keys = ", ".join(sorted({*checkpoint.tensors, *checkpoint.entries})[:12]) or "none"
    config = "no configuration" if checkpoint.config_file is None else checkpoint.config_file.name
    raise InvalidInput(
        f"{checkpoint.weights_file} (with {config}) looks like "
        + (" and like ".join(each.name for each in able) or "no format known here")
        + f"; its keys are {keys}",
        causes="an unknown format, or a configuration that is not beside the weights",
        remedy=f"put the configuration there, or name the format: {', '.join(FORMATS)}",
    )
