"""Check a data set of this package again: drawn anew from its provenance, and its truth by certificates."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae.data.storage import load_dataset
from geosae.errors import InvalidInput
from geosae.sampling import drawn_rows
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, NATURAL
from geosae_synthetic.redraw import draw_again
from geosae_synthetic.truth_checks import Finding, concept_checks

Status = Literal["holds", "fails", "open"]


@dataclass(frozen=True)
class Check:
    """One thing that was checked again: it holds, it fails, or it is open, and why."""

    name: str
    status: Status
    detail: str


@checked_arguments(concepts=NATURAL, points=COUNT)
def verify(
    source: Path | str | ConceptDataset,
    *,
    concepts: int = 8,
    points: int = 2000,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Check, ...]:
    """Check a data set, or the file of one, against its hash, its provenance and its declared truth.

    It is drawn again and compared byte by byte; points are held against the regions' oracles and the declared
    hierarchy and context; what is declared of separability, m* and e_irr against certificates and intervals
    of the geometry engine.

    Parameters
    ----------
    source
        A file .npz, or a data set (then there is no file's hash to check).
    concepts
        Certificates are asked for at most so many concepts, drawn at random.
    points
        Certificates are asked for `points` points, drawn at random. What separates all points separates
        these; what these do not allow, all points do not.
    progress
        Called as progress(done, total) over the concepts.

    Examples
    --------
    >>> from geosae_synthetic import make
    >>> data = make("nested-balls", points=300, dim=2, rng=np.random.default_rng(0), depth=2)
    >>> {check.status for check in verify(data)}
    {'holds'}
    """
    if concepts < 0 or points < 1:
        raise InvalidInput(f"verifying needs concepts ≥ 0 and points ≥ 1, not {concepts} and {points}")
    if isinstance(source, ConceptDataset):
        checks, data = list[Check](), source
    else:
        try:
            data = load_dataset(source)
        except InvalidInput as error:
            if not Path(source).is_file():
                raise
            return (Check("content hash", "fails", str(error)),)
        checks = [Check("content hash", "holds", data.content_hash)]
    checks += [_drawn_again(data), _oracle(data), _hierarchy(data), _rows(data)]
    return (*checks, *_truth(data, concepts, points, progress))


def _drawn_again(data: ConceptDataset) -> Check:
    name = "drawn again, byte by byte"
    try:
        twin = draw_again(data)
    except InvalidInput as error:
        return Check(name, "fails", f"the provenance draws nothing: {error}")
    if twin is None:
        return Check(name, "open", "the provenance names no world or stream of this package")
    version, ours = data.provenance.get("version"), twin.provenance["version"]
    # The version alone may differ: what it is for is to say where different bytes come from.
    twin = replace(twin, provenance={**twin.provenance, "version": version})
    parts: dict[str, tuple[Any, Any]] = {
        "points": (_bytes(data.points), _bytes(twin.points)),
        "membership": (_bytes(data.membership), _bytes(twin.membership)),
        "directions": (_bytes(data.directions), _bytes(twin.directions)),
        "card": (data.card_text(), twin.card_text()),
    }
    wrong = [part for part, (stored, drawn) in parts.items() if stored != drawn]
    if not wrong:
        return Check(name, "holds", f"points, membership and card; version {version}, drawn by {ours}")
    where = ", ".join(wrong)
    hint = "" if version == ours else f" (made by version {version}, drawn again by {ours})"
    return Check(name, "fails", f"different: {where}{hint}")


def _bytes(array: np.ndarray | None) -> tuple[Any, ...]:
    return () if array is None else (array.dtype.str, array.shape, array.tobytes())


def _oracle(data: ConceptDataset) -> Check:
    name = "membership is what the regions say"
    checked, wrong = 0, list[str]()
    for column, region in enumerate(data.regions):
        if region is None:
            continue
        checked += 1
        differ = np.flatnonzero(region.contains(data.points) != data.membership[:, column])
        if differ.size:
            wrong.append(f"{data.names[column]}: {differ.size} points, first {int(differ[0])}")
    if wrong:
        return Check(name, "fails", "; ".join(wrong[:4]))
    if not checked:
        return Check(name, "open", "the concepts are events, not regions of space")
    return Check(name, "holds", f"{checked} regions asked for {data.size} points each")


def _hierarchy(data: ConceptDataset) -> Check:
    name = "declared inclusions"
    if not data.declared_subsets:
        return Check(name, "holds", "none is declared")
    wrong: list[str] = []
    for child, parent in data.declared_subsets:
        i, j = data.index(child), data.index(parent)
        if not data.hierarchy[i, j]:
            wrong.append(f"{child} ⊄ {parent}")
    if wrong:
        return Check(name, "fails", ", ".join(wrong[:4]))
    return Check(name, "holds", f"{len(data.declared_subsets)} hold on all points")


def _rows(data: ConceptDataset) -> Check:
    name = "rows of the true context"
    declared = data.provenance.get("facts", {}).get("rows")
    if declared is None:
        return Check(name, "open", "the true context of this world is not declared")
    occurring = {tuple(np.flatnonzero(row).tolist()) for row in np.unique(data.membership, axis=0)}
    true_rows = {tuple(row) for row in declared}
    if occurring - true_rows:
        row = ", ".join(data.names[k] for k in min(occurring - true_rows)) or "no concept"
        return Check(name, "fails", f"points belong to {{{row}}} only, which is not declared")
    if true_rows - occurring:
        # Not a contradiction: a row of small probability can be missed by a small sample.
        return Check(
            name, "open", f"{len(true_rows - occurring)} of {len(true_rows)} declared rows occur in no point"
        )
    return Check(name, "holds", f"the {len(true_rows)} declared rows occur, and no others")


def _truth(
    data: ConceptDataset, concepts: int, points: int, progress: Callable[[int, int], None] | None
) -> list[Check]:
    truths = [(k, truth) for k, truth in enumerate(data.truth) if truth is not None]
    if len(truths) > concepts:
        truths = [truths[k] for k in drawn_rows(len(truths), concepts, np.random.default_rng(0)).tolist()]
    findings: dict[str, list[Finding]] = {}
    for done, (column, truth) in enumerate(truths, start=1):
        for kind, finding in concept_checks(data, column, truth, points).items():
            findings.setdefault(kind, []).append(finding)
        if progress is not None:
            progress(done, len(truths))
    return [_together(kind, parts) for kind, parts in findings.items()]


def _together(kind: str, findings: list[Finding]) -> Check:
    """Join what was found of several concepts: one failure is a failure, one open question stays open."""
    for status in ("fails", "open"):
        those = [finding.detail for finding in findings if finding.status == status]
        if those:
            more = f" (and {len(those) - 3} more)" if len(those) > 3 else ""
            return Check(kind, status, "; ".join(those[:3]) + more)
    count = len(findings)
    return Check(kind, "holds", f"{count} concept{'s' * (count != 1)}; {findings[0].detail}")
