"""The bounds of the theory held against the SAEs of a run: whether they hold, and how near the SAEs came."""

import math
from collections.abc import Sequence

from geosae.experiments import Results
from geosae.studies.study import Answer
from geosae.verification import Evidence


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
    violated = sum(not e.holds for e in evidence)
    touched = [e for e in evidence if e.observed != 0]
    attained = sum(e.slack == 0 for e in touched)
    nearest = min(touched or evidence, key=_distance)
    observation = (
        f"Held on {len(evidence) - violated:,} of {len(evidence):,} instances on the run's SAEs, attained on "
        f"{attained:,}. Nearest to its bound: observed {_spell(nearest.observed)}, "
        f"bound {_spell(nearest.bound)} ({nearest.instance})."
    )
    if not touched:
        observation += " Nothing was observed on any of them that the bound could limit."
    verdict = "the prediction fails" if violated else "as predicted" if touched else "undecided"
    return Answer(claim, statement, observation, verdict)


def _spell(number: float) -> str:
    return f"{number:,.0f}" if number.is_integer() and abs(number) < 1e9 else f"{number:.3g}"


def _distance(evidence: Evidence) -> tuple[float, float]:
    """Return how far an observation is from its bound: by ratio where there is one, else by slack."""
    if evidence.observed > 0 and evidence.bound > 0:
        return (0.0, abs(math.log(evidence.observed / evidence.bound)))
    return (1.0, abs(evidence.slack))
