"""SAEs in folders that geosae wrote: a checkpoint of training, or an imported SAE.

An imported SAE is stored as sae.safetensors (canonical weights) and imported.json (gate, normalisation,
source), which is written last and holds the SHA-256 of the weights.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from geosae.errors import InvalidInput
from geosae.sae.checkpoint import CARD_FILE, load
from geosae.sae.gates import gate_from_dict
from geosae.sae.interop.card import Card
from geosae.sae.interop.normalisation import NONE, normalisation_from_dict
from geosae.sae.interop.record import Imported, Source
from geosae.sae.weights_file import DTYPES, WEIGHTS_FILE, dtype_name, read_sae, write_weights
from geosae.storage.arguments import checked_arguments
from geosae.storage.files import file_hash, read_json
from geosae.storage.structure import from_json, read_plain_record, write_record
from geosae.validation import whole_number

SCHEMA = "geosae.sae.imported/3"
RECORD_FILE = "imported.json"


def is_own(path: Path) -> bool:
    """Tell whether a path is a folder of geosae's own."""
    return any((path / name).is_file() for name in (RECORD_FILE, CARD_FILE))


@checked_arguments()
def keep(imported: Imported, folder: Path | str) -> None:
    """Write an imported SAE into a folder: sae.safetensors and, last, imported.json.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from geosae.geometry import HalfSpaces
    >>> from geosae.sae.interop.normalisation import LayerNorm
    >>> from geosae.sae.model import SparseAutoencoder
    >>> right = HalfSpaces(np.array([[1.0, 0.0]]), np.array([-2.0]))
    >>> imported = Imported(SparseAutoencoder.planted(right), LayerNorm(), Source("hand", "relu"))
    >>> folder = Path(tempfile.mkdtemp())
    >>> keep(imported, folder)
    >>> read_own(folder).normalisation
    LayerNorm(eps=1e-05)
    """
    folder = Path(folder)
    sae = imported.sae
    digest = write_weights(folder, sae, SCHEMA)
    source = imported.source
    record = {
        "schema": SCHEMA,
        "gate": sae.gate.to_dict(),
        "dim": sae.dim,
        "width": sae.width,
        "dtype": dtype_name(sae),
        "normalisation": imported.normalisation.to_dict(),
        "half_spaces_live_in": imported.normalisation.space,
        "source": {
            "format": source.format,
            "architecture": source.architecture,
            "files": [list(each) for each in source.files],
            "unread": list(source.unread),
            "trained_on": source.trained_on,
        },
        "card": asdict(imported.card),
        "notes": list(imported.notes),
        "sha256": digest,
    }
    write_record(folder / RECORD_FILE, record)


def read_own(folder: Path) -> Imported:
    """Return the SAE of a folder that geosae wrote.

    Raises
    ------
    InvalidInput
        If a file is missing, damaged, or of another schema.
    """
    if not (folder / RECORD_FILE).is_file():
        run = load(folder)
        files = tuple((name, file_hash(folder / name)) for name in (WEIGHTS_FILE, CARD_FILE))
        source = Source("geosae", run.sae.gate.kind, files, (), run.data_hash)
        card = Card(run.metrics["l0"], CARD_FILE, run.metrics["fvu"], CARD_FILE)
        return Imported(run.sae, NONE, source, (), card)
    record = read_json(folder / RECORD_FILE)
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise InvalidInput(
            f"{folder / RECORD_FILE} is not of schema {SCHEMA}", causes="another version of geosae"
        )
    try:
        return _rebuilt(folder, read_plain_record(folder / RECORD_FILE))
    except (KeyError, TypeError) as error:
        raise InvalidInput(
            f"{folder / RECORD_FILE} cannot be read: {error!r}", causes="an edited file"
        ) from error


def _rebuilt(folder: Path, record: dict[str, Any]) -> Imported:
    gate = gate_from_dict(record["gate"])
    dim, width = (whole_number(record[key], f"{RECORD_FILE}: {key}", least=1) for key in ("dim", "width"))
    dtype = DTYPES[record["dtype"]]
    sae = read_sae(folder, record.get("sha256"), RECORD_FILE, dim, width, gate, dtype)
    source = from_json(Source, record["source"], f"{RECORD_FILE}: source")
    notes = from_json(tuple[str, ...], record["notes"], f"{RECORD_FILE}: notes")
    card = from_json(Card, record["card"], f"{RECORD_FILE}: card")
    return Imported(sae, normalisation_from_dict(record["normalisation"]), source, notes, card)
