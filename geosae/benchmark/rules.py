"""Implications between concepts: which of the true ones, and of the untrue, hold among the chosen units."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool

from geosae.fca.context import FormalContext
from geosae.fca.implications import implication_basis
from geosae.fca.relations import merged

MOST_CONCEPTS = 16
"""Up to so many the whole basis of implications is asked for; beyond, the order of the concepts."""

Rule = tuple[tuple[int, ...], tuple[int, ...]]


class RuleScore(NamedTuple):
    """How many of the true implications units keep, and of the untrue ones; nan where there is none."""

    recall: float
    alarms: float

    @property
    def gain(self) -> float:
        """Recall − alarms: 0 for units that always fire or know nothing of the concepts; at most 1."""
        return self.recall - self.alarms


def true_rules(membership: Bool[np.ndarray, "N p"]) -> tuple[Rule, ...]:
    """Return the implications that hold among the concepts and have points: a basis, or for many the order.

    Examples
    --------
    >>> true_rules(np.array([[True, True], [False, True], [False, False]]))
    (((0,), (1,)),)
    """
    concepts = membership.shape[1]
    if concepts > MOST_CONCEPTS:
        return tuple(((c,), (d,)) for c, d in np.argwhere(_held(membership, 1.0)).tolist())
    labels = tuple(str(k) for k in range(concepts))
    table = FormalContext.from_array(merged(membership)[0], None, labels)
    rules = ((rule.premise, rule.conclusion) for rule in implication_basis(table) if rule.support)
    return tuple((tuple(map(int, premise)), tuple(map(int, end))) for premise, end in rules)


def rule_score(
    membership: Bool[np.ndarray, "N p"], chosen: Bool[np.ndarray, "N p"], tolerance: float
) -> RuleScore:
    """Hold the true implications against what chosen units say of the same points.

    Recall is the share of `true_rules` that hold among the units with confidence ≥ 1 − ε: of the points where
    all units of the premise fire, the share where those of the conclusion do. Alarms are the share, of the
    rules C ⇒ D that are untrue of the concepts, which hold so among the units: units that always fire keep
    every rule, true or not. Units that never fire keep none.

    Examples
    --------
    >>> truth = np.array([[True, True], [False, True], [False, False]])
    >>> rule_score(truth, truth, 0.05), rule_score(truth, np.ones_like(truth), 0.05).gain
    (RuleScore(recall=1.0, alarms=0.0), 0.0)
    """
    rules = true_rules(membership)
    confident = [_confidence(chosen, premise, conclusion) >= 1 - tolerance for premise, conclusion in rules]
    untrue = ~_held(membership, 1.0) & ~np.eye(membership.shape[1], dtype=bool)
    claimed = _held(chosen, 1 - tolerance)
    return RuleScore(
        sum(confident) / len(confident) if confident else float("nan"),
        float(claimed[untrue].mean()) if untrue.any() else float("nan"),
    )


def _confidence(table: Bool[np.ndarray, "N p"], premise: Sequence[int], conclusion: Sequence[int]) -> float:
    having = table[:, list(premise)].all(axis=1)
    if not having.any():
        return 0.0
    return float(table[having][:, list(conclusion)].all(axis=1).mean())


def _held(table: Bool[np.ndarray, "N p"], confidence: float) -> Bool[np.ndarray, "p p"]:
    """Tell which rules C ⇒ D between two different columns hold with a confidence, and have a point."""
    counts = table.T.astype(np.float64) @ table.astype(np.float64)
    sizes = np.diag(counts)[:, None]
    return (counts >= confidence * sizes) & (sizes > 0) & ~np.eye(len(counts), dtype=bool)
