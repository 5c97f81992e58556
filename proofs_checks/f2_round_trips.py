r"""F2. Learning and interpretation need not agree: best-match round trips and Galois round trips.

With f(C) the best neuron for C and g(i) the best concept for i, g(f(C)) = C exactly on the mutual best
pairs, and g(f(C)) ≠ C does occur. The Galois maps return A″ = A exactly for the extents, the intersections
of the neurons' own extents. So the share of mutual best pairs and of closed sets is something to report,
not to assume.

Where several are equally good, f and g must break ties by one rule, here the smallest index; with ties
broken differently on the way there and back a mutual pair can be lost (control). Formulated in Zhang, Lin
and Lee (2026), arXiv:2606.07007; closure operators after Ganter and Wille (1999).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int

from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks._lattices import extents
from proofs_checks._runs import pair_errors, sample_view

Part = Literal["mutual", "lost", "closed"]


@dataclass(frozen=True, eq=False)
class Case:
    """Scores of concepts (rows) against neurons, smaller is better; with `last` g breaks ties the other way.

    For "closed" the relation is score = 0; `some` derives with "some member" in place of "every member".
    """

    scores: Int[np.ndarray, "p d"]
    part: Part
    label: str
    last: bool = False
    some: bool = False


def _first(row: Int[np.ndarray, " k"]) -> int:
    return int(np.argmin(row))


def _last(row: Int[np.ndarray, " k"]) -> int:
    return len(row) - 1 - int(np.argmin(row[::-1]))


def bound(case: Case) -> int:
    """Return the number of mutual best pairs, at least one lost trip, or the number of extents."""
    scores = case.scores
    if case.part == "lost":
        return 1
    if case.part == "closed":
        return len(extents(scores == 0))
    pairs = 0
    for k in range(scores.shape[0]):
        i = _first(scores[k])
        pairs += _first(scores[:, i]) == k
    return pairs


def observe(case: Case) -> Observed:
    """Count the concepts that return to themselves, those that do not, or the sets A with A″ = A."""
    label = f"{case.label} [{case.part}]"
    scores = case.scores
    if case.part == "closed":
        return Observed(_closed(scores == 0, case.some), label)
    back = [(_last if case.last else _first)(scores[:, _first(row)]) for row in scores]
    returned = sum(k == concept for k, concept in enumerate(back))
    if case.part == "lost":
        return Observed(len(back) - returned, label, kind="existence")
    return Observed(returned, label)


def _closed(relation: Bool[np.ndarray, "p d"], some: bool) -> int:
    derive = np.any if some else np.all
    count = 0
    for bits in range(1 << relation.shape[0]):
        rows = np.array([bool(bits >> k & 1) for k in range(relation.shape[0])])
        intent = derive(relation[rows], axis=0)
        extent = derive(relation[:, intent], axis=1)
        count += bool((extent == rows).all())
    return count


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a lost trip, ties, no neurons that matter, then random scores."""
    thief = np.array([[1], [2]])
    yield Case(thief, "lost", "two concepts, one neuron: one is lost")
    for lead in range(2, 21):
        yield Case(thief * [[1], [lead]], "lost", f"two concepts, one neuron, {2 * lead} against 1")
    yield Case(thief, "mutual", "two concepts, one neuron")
    yield Case(np.zeros((3, 3), dtype=np.int64), "mutual", "all scores equal: ties to the first")
    yield Case(np.array([[0, 1], [1, 0]]), "mutual", "each has its own")
    yield Case(np.array([[0, 1], [1, 0]]), "closed", "each has its own")
    yield Case(np.ones((3, 2), dtype=np.int64), "closed", "no relation at all")
    yield Case(np.zeros((3, 2), dtype=np.int64), "closed", "all related")
    for i in range(count):
        p, d = int(rng.integers(1, 7)), int(rng.integers(1, 7))
        part: Part = "closed" if i % 2 else "mutual"
        yield Case(rng.integers(0, 3, (p, d)), part, f"random scores {i}: p={p}, d={d}")


def two_rules(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield ties broken to the first on the way there and to the last on the way back."""
    tie = np.array([[0, 0], [1, 0]])
    yield Case(tie, "mutual", "a tie, broken to the first and back to the last", last=True)
    for i in range(max(1, count // 10)):
        size = int(rng.integers(2, 7))
        # Concept k takes neuron k, and neuron k finds the concepts 0…k equally good.
        equal = np.tril(np.ones((size, size), dtype=np.int64), -1)
        yield Case(equal, "mutual", f"random tie {i} of {size}", last=True)


def matched(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield perfect matches, of which no trip is lost."""
    for size in (2, *(int(v) for v in rng.integers(1, 7, max(1, count // 10)))):
        scores = 1 - np.eye(size, dtype=np.int64)[rng.permutation(size)]
        yield Case(scores, "lost", f"each of {size} has its own: no trip is lost")


def some_member(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield derivations with "some member" for "every member"."""
    yield Case(np.array([[0, 1], [0, 0], [1, 0]]), "closed", "'some member' for 'every member'", some=True)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Compare round trips with mutual best pairs under the worse of miss and false-alarm rate.

    Tightness is 1 by the statement; observed over the number of concepts is the rate to report. Always
    vacuous: both are read off one array of errors.
    """
    view = sample_view(instance)
    miss, alarms = pair_errors(view)
    worst = np.maximum(miss, alarms)
    there = worst.argmin(axis=1)
    back = worst.argmin(axis=0)
    returned = sum(int(back[i]) == k for k, i in enumerate(there))
    mutual = sum(int(there[k]) == i for i, k in enumerate(back))
    label = f"{instance.label}: concepts of {len(view.names)} that return from their best neuron"
    return [compare(Observed(returned, label), mutual, "tight", vacuous=True)]


CLAIM = Claim(
    id="F2",
    statement=(
        "A concept returns from its best neuron exactly when the two are a mutual best pair, which can "
        "fail; the "
        "Galois round trip returns a set of concepts exactly when it is an extent."
    ),
    tex=(
        r"g(f(C))=C\iff(C,f(C))\text{ mutual best},\quad \exists:\ g(f(C))\ne C;\qquad "
        r"A''=A\iff A=\bigcap_{i\in B}\{i\}'"
    ),
    hypotheses=(
        Hypothesis("ties are broken by one rule", two_rules),
        Hypothesis("a trip is lost: two concepts share their best neuron", matched),
        Hypothesis("the derivation operators quantify over every member", some_member),
    ),
    kind="tight",
    source="zhang2026geometric,ganter1999",
    figure="round_trips",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
)
