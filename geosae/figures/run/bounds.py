"""Bound against observation over the SAEs of a run and the constructed instances of its checks."""

from geosae.experiments import Results
from geosae.figures.bounds import bound_vs_observed
from geosae.figures.save import Sheet
from geosae.verification import Evidence
from geosae.verification.runner import Verdict

FAMILY = "bounds"


def sheets(results: Results) -> list[Sheet]:
    """Return one sheet with a panel per statement that was held against anything; none if nothing was."""
    observed = trained_evidence(results)
    constructed = constructed_evidence(results)
    order = [checked.id for checked in results.verdicts] + list(observed)
    ids = [i for i in dict.fromkeys(order) if observed.get(i) or constructed.get(i)]
    if not ids:
        return []
    figure = bound_vs_observed(
        {i: observed.get(i, []) for i in ids}, constructed={i: constructed.get(i, []) for i in ids}
    )
    violations = [e for i in ids for e in [*observed.get(i, []), *constructed.get(i, [])] if e.slack < 0]
    caption = (
        "Each panel holds one statement (its number in the corner) against instances: across what it "
        "allows, up what was observed; on the diagonal the bound is attained, the shaded side is forbidden, "
        "the bar from a mark to the diagonal is the slack. Blue: instances on the "
        f"{len(results.cells)} SAEs of the run, baselines included (marks grow where instances coincide), "
        "without those that could not violate the bound; "
        "purple: of the constructed instances the one with the least slack. Logarithmic axes where all "
        "values are positive, 0 drawn at the edge. A bound that holds with much room says little: the "
        "distance is the result. Each panel: number of instances drawn and least slack. Evidence is exact "
        "unless the verdicts' table says otherwise; no interval is involved."
    )
    alt = f"{len(ids)} panels ({', '.join(ids)}); {len(violations)} instances violate their bound."
    return [Sheet(FAMILY, figure, "Bounds against observations", caption, alt)]


def trained_evidence(results: Results) -> dict[str, list[Evidence]]:
    """Return the evidence on the SAEs of the run that could have violated its bound, by claim id."""
    by_claim: dict[str, list[Evidence]] = {}
    for result in results.cells:
        for claim, evidence in result.evidence.items():
            by_claim.setdefault(claim, []).extend(e for e in evidence if not e.vacuous)
    return by_claim


def constructed_evidence(results: Results) -> dict[str, list[Evidence]]:
    """Return the constructed instances that the verdicts hold, by claim id: the tightest, and violations."""
    return {checked.id: _instances(checked.verdict) for checked in results.verdicts}


def _instances(verdict: Verdict) -> list[Evidence]:
    """Return a verdict's instances, each once; controls are left out."""
    tightest = () if verdict.tightest is None else (verdict.tightest,)
    instances = [each.evidence for each in (*tightest, *verdict.violations) if each.role == "instance"]
    return [evidence for i, evidence in enumerate(instances) if evidence not in instances[:i]]
