"""Bound against observation over the SAEs of a run and the constructed instances of its checks."""

from collections.abc import Mapping, Sequence
from typing import Any

from geosae.experiments import Results
from geosae.figures.bounds import bound_vs_observed
from geosae.figures.save import Sheet

FAMILY = "bounds"


def sheets(results: Results) -> list[Sheet]:
    """Return one sheet with a panel per statement that was held against anything; none if nothing was."""
    observed = trained_evidence(results)
    constructed = constructed_evidence(results)
    order = [v["id"] for v in results.verdicts] + list(observed)
    ids = [i for i in dict.fromkeys(order) if observed.get(i) or constructed.get(i)]
    if not ids:
        return []
    figure = bound_vs_observed(
        {i: observed.get(i, []) for i in ids}, constructed={i: constructed.get(i, []) for i in ids}
    )
    count = sum(len(observed.get(i, [])) for i in ids)
    worst = [e for i in ids for e in [*observed.get(i, []), *constructed.get(i, [])] if e["slack"] < 0]
    caption = (
        "Each panel holds one statement (its number in the corner) against instances: across what it "
        "allows, up "
        "what was observed; on the diagonal the bound is attained, the shaded side is forbidden, the bar "
        "from a "
        f"mark to the diagonal is the slack. Blue: {count} instances on the {len(results.cells)} SAEs of "
        "the run, "
        "baselines included (marks grow where instances coincide); purple: of the constructed instances "
        "the one "
        "with the least slack. Logarithmic axes where all values are positive, 0 drawn at the edge. A "
        "bound that "
        "holds with much room says little: the distance is the result. Each panel: number of instances drawn "
        "and least slack. Evidence is exact unless the verdicts' table says otherwise; no interval is "
        "involved."
    )
    alt = f"{len(ids)} panels ({', '.join(ids)}); {len(worst)} instances violate their bound."
    return [Sheet(FAMILY, figure, "Bounds against observations", caption, alt)]


def trained_evidence(results: Results) -> dict[str, list[Mapping[str, Any]]]:
    """Return the evidence on the SAEs of the run, by claim id."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for record in results.cells:
        for claim, items in (record.get("evidence") or {}).items():
            found.setdefault(claim, []).extend(items)
    return found


def constructed_evidence(results: Results) -> dict[str, list[Mapping[str, Any]]]:
    """Return what the verdicts kept of constructed instances: the tightest, and violations."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for verdict in results.verdicts:
        kept: Sequence[Mapping[str, Any]] = [verdict.get("tightest") or {}, *verdict.get("violations", ())]
        items = [k["evidence"] for k in kept if k.get("role") == "instance"]
        found[verdict["id"]] = [e for i, e in enumerate(items) if e not in items[:i]]
    return found
