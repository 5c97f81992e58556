"""All figures of a run, from its stored results: nothing is recomputed, equal results give equal bytes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from geosae.experiments import Results, load_results
from geosae.figures.paper.families import PAPER
from geosae.figures.run import (
    baselines,
    bounds,
    lattice_measures,
    lattices,
    planes,
    size_sparsity,
    tightness,
    training,
    world_pictures,
)
from geosae.figures.save import FORMATS, Sheet, save_sheet
from geosae.notebook import distinct
from geosae.storage.arguments import checked_arguments
from geosae.storage.files import read_json
from geosae.storage.structure import entry, from_json
from geosae.validation import refuse_unknown

FAMILIES: Mapping[str, Callable[[Results], list[Sheet]]] = {
    world_pictures.FAMILY: world_pictures.sheets,
    size_sparsity.FAMILY: size_sparsity.sheets,
    baselines.FAMILY: baselines.sheets,
    lattices.FAMILY: lattices.sheets,
    lattice_measures.MEASURES: lattice_measures.sheets,
    lattice_measures.ALONG: lattice_measures.along_sheets,
    planes.FAMILY: planes.sheets,
    planes.UNITS: planes.unit_sheets,
    bounds.FAMILY: bounds.sheets,
    tightness.FAMILY: tightness.sheets,
    training.FAMILY: training.sheets,
    **PAPER,
}
"""Name → the sheets of a run; a family has a sheet per world, or per world and gate, and may have none."""


@checked_arguments()
def draw(
    folder: str | Path,
    formats: Sequence[str] = ("pdf", "png"),
    only: Sequence[str] | None = None,
) -> list[Path]:
    """Draw the figures of a run into FOLDER/figures, each with NAME.json for its caption; return their files.

    Parameters
    ----------
    folder
        The folder of a run.
    formats
        Of pdf, png, svg.
    only
        Names of families (for example "size-sparsity", "lattice"); all by default.

    Raises
    ------
    InvalidInput
        If the folder holds no results, or a name or a format is unknown; the nearest valid one is named.
    """
    names = list(FAMILIES) if only is None else list(dict.fromkeys(only))
    refuse_unknown(names, FAMILIES, "`only`", "figure")
    refuse_unknown(formats, FORMATS, "`formats`", "format")
    results = load_results(folder)
    target = results.folder / "figures"
    paths: list[Path] = []
    for name in names:
        sheets = _apart(FAMILIES[name](results), _names_of_others(target, name))
        _forget(target, name, {sheet.name for sheet in sheets})
        for position, sheet in enumerate(sheets):
            paths += save_sheet(sheet, target, formats, family=name, position=position)
    return paths


def _names_of_others(folder: Path, family: str) -> list[str]:
    return [name for name, owner in (_card_of(card) for card in _cards(folder)) if owner != family]


def _cards(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def _card_of(path: Path) -> tuple[str, str]:
    """Return the name and the family that a figure's card states."""
    entries = from_json(Mapping[str, Any], read_json(path), str(path))
    return entry(entries, "name", str, str(path)), entry(entries, "family", str, str(path))


def _apart(sheets: Sequence[Sheet], taken: Sequence[str]) -> list[Sheet]:
    """Return the sheets under names of their own: a world may be called like the end of another's file."""
    names = file_names([sheet.name for sheet in sheets], taken)
    return [replace(sheet, name=name) for sheet, name in zip(sheets, names, strict=True)]


def file_names(names: Sequence[str], taken: Sequence[str] = ()) -> list[str]:
    """Return names of files, none twice and none of those taken: a repeated one gets a number.

    Examples
    --------
    >>> file_names(["lattice-a", "lattice-a", "lattice-b"], taken=["lattice-b"])
    ['lattice-a', 'lattice-a-2', 'lattice-b-2']
    """
    return distinct(names, taken, "{}-{}")


def _forget(folder: Path, family: str, names: set[str]) -> None:
    """Remove a family's earlier figures that this run no longer has: a report must not show them."""
    for card in _cards(folder):
        name, owner = _card_of(card)
        if owner == family and name not in names:
            for format in FORMATS:
                card.with_suffix(f".{format}").unlink(missing_ok=True)
            card.unlink(missing_ok=True)
