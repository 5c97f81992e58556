"""What the study of capacity answers from its records: ceilings by counting, gains by intervals."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from geosae.experiments.interval import mean_interval
from geosae.experiments.jobs import StudyRecord
from geosae.studies.capacity_records import (
    Cell,
    Cells,
    Records,
    cells_of,
    main_concepts,
    main_dimension,
    some,
)
from geosae.studies.certified_counts import TOLERANCE, Arm, Certified
from geosae.studies.comparisons import Differences, Question
from geosae.studies.judged import difference, judge, question
from geosae.studies.study import Answer, Verdict

CROWDED, LONE = (3, 8), 10
"""Numbers of concepts from 3 d to 8 d are called the middle, from 10 d on the crowd."""
OneCell: TypeAlias = StudyRecord[Cell, Certified]
BASELINES: Mapping[Arm, str] = {
    "untrained": "untrained SAEs",
    "frozen_decoder": "SAEs with frozen decoders",
}


def answers(records: Records) -> list[Answer]:
    """Return the predictions beside what was observed."""
    cells = cells_of(records)
    counted, chains = some(cells, part="count"), some(cells, part="chain")
    ceilings = [
        _neurons_ceiling(counted),
        _sets_ceiling(counted),
        _patterns_ceiling(counted),
        _all_patterns(counted),
        _levels_ceiling(chains),
        _load(cells),
    ]
    questions = [*_count_questions(counted), *_chain_questions(chains)]
    return [*(answer for answer in ceilings if answer is not None), *judge(questions)]


def _judge_ceiling(
    id: str,
    prediction: str,
    cells: Cells,
    value: Callable[[Certified], int],
    ceiling: Callable[[OneCell], int],
) -> tuple[str, str, Verdict, int] | None:
    """Return the sentence on a ceiling that no SAE may pass, and the most that stood under it."""
    if not cells:
        return None
    rooms = [ceiling(c) - value(c.result) for c in cells]
    over, attained = sum(room < 0 for room in rooms), sum(room == 0 for room in rooms)
    words = (
        f"Of {len(cells)} SAEs {over} pass the ceiling and {attained} reach it (the nearest: {min(rooms)})"
    )
    # Where nothing comes near, the ceiling was not touched: that is no support for it.
    verdict: Verdict = "the prediction fails" if over else "as predicted" if attained else "undecided"
    return prediction, words, verdict, max(value(c.result) for c in cells)


def _neurons_ceiling(cells: Cells) -> Answer | None:
    more = [c for c in cells if c.settings.p > c.settings.width]
    prediction = "d neurons separate at most d disjoint concepts one by one, also within ε < 1/2 (S5, S12c)."
    judged = _judge_ceiling("S12", prediction, more, lambda r: r.neurons, lambda c: c.settings.width)
    if judged is None:
        return None
    trained = max((c.result.neurons for c in some(more, arm="trained")), default=0)
    text = f"{judged[1]}, of more than d concepts; trained SAEs come to {trained} at most."
    return Answer("S12", prediction, text, judged[2])


def _sets_ceiling(cells: Cells) -> Answer | None:
    prediction = (
        "Units of a budget K separate at most C(d, min(K, ⌊d/2⌋)) disjoint concepts within ε (S6, S12d)."
    )
    judged = _judge_ceiling("S6", prediction, cells, lambda r: r.within, lambda c: c.settings.sets)
    if judged is None:
        return None
    shared = [c for c in cells if c.settings.k > 1]
    shares = {
        arm: max((c.result.within / c.settings.sets for c in some(shared, arm=arm)), default=0.0)
        for arm in ("trained", "planted")
    }
    text = (
        f"{judged[1]}, counted on the held-out points without certificate; with K ≥ 2 trained SAEs come to a "
        f"share {shares['trained']:.2f} of it at most, planted ones to {shares['planted']:.2f}."
    )
    return Answer("S6", prediction, text, judged[2])


def _patterns_ceiling(cells: Cells) -> Answer | None:
    prediction = "No more disjoint concepts are separated within ε than activation patterns occur (S12e)."
    judged = _judge_ceiling("S12", prediction, cells, lambda r: r.within, lambda c: c.result.patterns)
    if judged is None:
        return None
    trained = some(cells, arm="trained")
    share = mean_interval([c.result.within / c.result.patterns for c in trained]).mean
    text = (
        f"{judged[1]}, both counted on the held-out points; trained SAEs separate a share {share:.2f} of "
        "their patterns on average."
    )
    return Answer("S12", prediction, text, judged[2])


def _all_patterns(cells: Cells) -> Answer | None:
    prediction = "A Top-K SAE has no more activation patterns than rankings of its neurons and 0 allow (G4)."
    judged = _judge_ceiling("G4", prediction, cells, lambda r: r.patterns, lambda c: c.settings.patterns)
    if judged is None:
        return None
    share = max(c.result.patterns / c.settings.patterns for c in cells)
    return Answer("G4", prediction, f"{judged[1]}; the nearest has a share {share:.2f} of it.", judged[2])


def _levels_ceiling(chains: Cells) -> Answer | None:
    prediction = (
        "A chain of L concepts separated exactly by units needs L active neurons at once: L ≤ K (S7)."
    )
    judged = _judge_ceiling("S7", prediction, chains, lambda r: r.exact, lambda c: c.result.most_active)
    if judged is None:
        return None
    beyond = [c for c in chains if c.result.units > c.result.most_active]
    text = (
        f"{judged[1]}, levels without error on the held-out points; certified within {TOLERANCE:g} are more "
        f"levels than neurons are active in {len(beyond)}, which S12 allows."
    )
    return Answer("S7", prediction, text, judged[2])


def _load(cells: Cells) -> Answer | None:
    """Hold (1 − ε)·Σ μ(C_k) against ∫ L0 over the union, in numbers of points."""
    served = [c for c in cells if c.result.demand]
    if not served:
        return None
    shares = [(1 - TOLERANCE) * c.result.demand / c.result.load for c in served]
    over = sum(share > 1 for share in shares)
    text = (
        f"Of {len(served)} SAEs with concepts that have a neuron of their own {over} have too few active "
        f"neurons for them; the nearest uses a share {max(shares):.2f} of those that are active."
    )
    prediction = "Concepts detected within ε by distinct neurons need (1−ε)Σμ(C_k) ≤ ∫ L0 over them (S12f)."
    return Answer("S12", prediction, text, "the prediction fails" if over else "as predicted")


def units_of(counts: Certified) -> int:
    """Return how many concepts units of any size are certified to separate."""
    return counts.units


def neurons_of(counts: Certified) -> int:
    """Return how many concepts single neurons are certified to separate."""
    return counts.neurons


def _count_questions(cells: Cells) -> list[Question]:
    axis = some(cells, n=main_dimension(cells))
    if not axis:
        return []
    d = axis[0].settings.width
    ks = sorted({c.settings.k for c in axis})
    shared = [k for k in ks if k > 1]
    middle = [c for c in axis if CROWDED[0] * d <= c.settings.p <= CROWDED[1] * d]
    crowd = [c for c in axis if c.settings.p >= LONE * d]
    few, more = some(axis, p=d), [c for c in axis if c.settings.p > d]
    trained = some(middle, arm="trained")

    def by_k(subject: Cells, other: Cells, budgets: Sequence[int] = ks) -> list[Differences | None]:
        return [difference(f"K = {k}", some(subject, k=k), units_of, some(other, k=k)) for k in budgets]

    def gain(cells: Cells, arm: Arm) -> list[Differences | None]:
        return by_k(some(cells, arm="trained"), some(cells, arm=arm))

    sizes = f"{CROWDED[0] * d} to {CROWDED[1] * d}"
    over = [difference(f"K = {k}", some(trained, k=k), units_of, d) for k in shared]
    questions = [
        question(
            "S6", "Units share neurons: trained SAEs carry more concepts than they have neurons.",
            f"Concepts certified by units less d = {d}, of p = {sizes}", ("more", "fewer"), over,
        )
    ]  # fmt: skip
    for arm, words in BASELINES.items():
        questions += [
            question(
                "baseline", f"Training lets units carry more of p > d concepts than in {words}.",
                f"Trained less {words}, mean over p > {d}", ("more", "fewer"), gain(more, arm),
            ),
            question(
                "baseline", f"Training lets units carry more of p = d concepts than in {words}.",
                f"Trained less {words}, p = {d}", ("more", "fewer"), gain(few, arm),
            ),
        ]  # fmt: skip
    questions += [
        question(
            "S6", "Geometry lets the same neurons and budget carry more: planted with labels, they do.",
            f"Planted less trained, of p = {sizes}", ("planted more", "planted fewer"),
            by_k(some(middle, arm="planted"), trained),
        ),
        question(
            "S12", "Concepts beyond what fits crowd one another out: of many fewer are learned than of some.",
            f"Trained, p = {sizes} less p ≥ {LONE * d}", ("more of some", "more of many"),
            by_k(trained, some(crowd, arm="trained")),
        ),
        _dimensions(cells, shared),
    ]  # fmt: skip
    return questions


def _dimensions(cells: Cells, ks: Sequence[int]) -> Question:
    axis = some(cells, p=main_concepts(cells), arm="trained")
    dims = sorted({c.settings.n for c in axis})
    differences: list[Differences | None] = []
    for k in ks if len(dims) > 1 else ():
        high, low = (some(axis, n=n, k=k) for n in (dims[-1], dims[0]))
        differences.append(difference(f"K = {k}", high, units_of, low))
    ends = f"n = {dims[-1]} less n = {dims[0]}" if dims else ""
    return question(
        "S8", "In more dimensions more labelings are separable, and units carry more concepts.",
        f"Trained, of p = {main_concepts(cells)}, {ends}", ("more", "fewer"), differences,
    )  # fmt: skip


def _chain_questions(chains: Cells) -> list[Question]:
    ks = sorted({c.settings.k for c in chains})
    if len(ks) < 2:
        return []
    depth = chains[0].settings.p
    trained = some(chains, arm="trained")
    few, many = some(trained, k=ks[0]), some(trained, k=ks[-1])
    ends = f"K = {ks[-1]} less K = {ks[0]}"
    questions = [
        question(
            "S7", "A larger budget K lets more levels of a hierarchy be separated.",
            f"Of {depth} levels, trained, {ends}", ("more", "fewer"),
            [difference("by units", many, units_of, few), difference("by one neuron", many, neurons_of, few)],
        ),
        question(
            "S12", "Within a tolerance a chain can be longer than the budget.",
            "Levels certified by units less K, trained", ("more", "fewer"),
            [difference(f"K = {k}", some(trained, k=k), units_of, k) for k in ks if k < depth],
        ),
    ]  # fmt: skip
    for arm, words in BASELINES.items():
        gains = [difference(f"K = {k}", some(trained, k=k), units_of, some(chains, arm=arm, k=k)) for k in ks]
        questions.append(
            question(
                "baseline", f"Training lets units separate more levels of a chain than in {words}.",
                f"Trained less {words}", ("more", "fewer"), gains,
            )
        )  # fmt: skip
    return questions
