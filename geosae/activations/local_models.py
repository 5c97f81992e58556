"""Finding a model on this machine: a folder, a file, an installed package, or a copy in a hub's cache."""

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.storage.files import content_hash, file_hash


@dataclass(frozen=True)
class LocalModel:
    """The folder of a model, and in it the GGUF file, where its weights are one."""

    name: str
    folder: Path
    gguf: str | None

    __repr__ = short_repr

    @property
    def sha256(self) -> str:
        """The SHA-256 of the GGUF file, or of the names and bytes of all files of the folder."""
        if self.gguf is not None:
            return file_hash(self.folder / self.gguf)
        files = sorted(path for path in self.folder.iterdir() if path.is_file() and path.name[0] != ".")
        return content_hash(*(part for path in files for part in (path.name, file_hash(path))))


def local_model(name: str, gguf: str | Path | None = None) -> LocalModel:
    """Return where a model lies: nothing is ever downloaded.

    Parameters
    ----------
    name
        A folder with a config.json, a .gguf file, the name of an installed package that holds one of the two,
        or a name of the Hugging Face hub of which its cache holds a copy.
    gguf
        The GGUF file of the folder or package, where it holds several.

    Raises
    ------
    InvalidInput
        If there is no copy on this machine, or there are several.
    """
    path = Path(name)
    if path.suffix == ".gguf" and path.is_file():
        return LocalModel(path.name, path.parent, path.name)
    if gguf is not None and Path(gguf).is_file():
        return LocalModel(Path(gguf).name, Path(gguf).parent, Path(gguf).name)
    folders = [path] if path.is_dir() else [*_package(name), *_cached(name)]
    for folder in folders:
        model = _in_folder(name, folder, None if gguf is None else str(gguf))
        if model is not None:
            return model
    if folders:
        raise InvalidInput(
            f"{folders[0]} holds no model: neither config.json nor a .gguf file",
            causes="a folder above the model's own, or an incomplete copy",
        )
    raise InvalidInput(
        f"there is no model {name!r} on this machine",
        causes="a name of the Hugging Face hub without a local copy: geosae downloads nothing",
        remedy="download it first (hf download NAME --local-dir FOLDER) and name the folder, or install a "
        "package that holds it",
    )


def _package(name: str) -> list[Path]:
    """Return the folders of an installed package, which is not imported for it."""
    module = name.replace("-", "_")
    if not module.isidentifier() or module in sys.builtin_module_names:
        return []
    spec = importlib.util.find_spec(module)
    return [] if spec is None else [Path(place) for place in spec.submodule_search_locations or ()]


def _cached(name: str) -> list[Path]:
    if importlib.util.find_spec("huggingface_hub") is None:
        return []
    hub: Any = importlib.import_module("huggingface_hub")
    try:
        config = hub.try_to_load_from_cache(name, "config.json")
    except ValueError:
        # What cannot be a name there.
        return []
    return [Path(config).parent] if isinstance(config, str) else []


def _in_folder(name: str, folder: Path, gguf: str | None) -> LocalModel | None:
    """Return the one model in a folder or below it: a config.json nearest to the top, or a GGUF file."""
    if gguf is None:
        configs = [path for path in _below(folder, "config.json") if _is_model(path)]
        if configs:
            return LocalModel(name, configs[0].parent, None)
    files = [path for path in _below(folder, "*.gguf") if gguf in (None, path.name)]
    if not files and gguf is not None:
        raise InvalidInput(f"{folder} holds no {gguf}", remedy="name one of its .gguf files")
    if len(files) > 1:
        raise InvalidInput(
            f"{folder} holds {len(files)} GGUF files: {', '.join(path.name for path in files[:5])}",
            remedy="name one: --gguf FILE",
        )
    return LocalModel(name, files[0].parent, files[0].name) if files else None


def _below(folder: Path, pattern: str) -> Sequence[Path]:
    return sorted(folder.rglob(pattern), key=lambda path: (len(path.parts), path))


def _is_model(config: Path) -> bool:
    """Tell a model's configuration from others of that name, such as a pooling layer's."""
    return b'"model_type"' in config.read_bytes()
