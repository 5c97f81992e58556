"""The bounds of the theory held against the SAEs of a run: whether they hold, and how near the SAEs came."""

from collections.abc import Sequence

from geosae.experiments import Results
from geosae.studies.study import Answer
from geosae.verification import Evidence, evidence_summary


def evidence_by_claim(results: Results) -> dict[str, list[Evidence]]:
    """Return what each statement that speaks about trained SAEs finds on those of a run, by its id."""
    by_claim: dict[str, list[Evidence]] = {}
    for result in results.cells:
        for claim, evidence in result.evidence.items():
            by_claim.setdefault(claim, []).extend(evidence)
    return by_claim


def bound_answers(results: Results) -> list[Answer]:
    """Return for each statement held against a run's SAEs whether its bound holds, and how near they came."""
    statements = {checked.id: checked.statement for checked in results.verdicts}
    return [
        _bound_answer(claim, statements.get(claim, f"Statement {claim}."), evidence)
        for claim, evidence in evidence_by_claim(results).items()
        if evidence
    ]


def _bound_answer(claim: str, statement: str, evidence: Sequence[Evidence]) -> Answer:
    summary = evidence_summary(claim, evidence)
    nearest = summary.nearest
    if nearest is None:
        observation = f"None of {summary.tried:,} instances on the run's SAEs could violate it."
        return Answer(claim, statement, observation, "undecided")
    observation = (
        f"Held on {summary.counted - summary.violated:,} of {summary.counted:,} instances on the run's SAEs "
        f"that could violate it; {summary.vacuous:,} more could not. Nearest to its bound: observed "
        f"{_spell(nearest.observed)}, bound {_spell(nearest.bound)} ({nearest.instance})."
    )
    if summary.median_tightness is not None and summary.greatest_tightness is not None:
        observation += (
            f" Observed over bound: median {summary.median_tightness:.3g}, greatest "
            f"{summary.greatest_tightness:.3g}."
        )
    return Answer(
        claim, statement, observation, "the prediction fails" if summary.violated else "as predicted"
    )


def _spell(number: float) -> str:
    return f"{number:,.0f}" if number.is_integer() and abs(number) < 1e9 else f"{number:.3g}"
