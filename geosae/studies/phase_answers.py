"""What the study of the phase diagram answers from its records."""

from collections.abc import Callable, Mapping, Sequence

from geosae.experiments.interval import mean_interval
from geosae.geometry import most_named
from geosae.studies.certified_counts import Arm
from geosae.studies.comparisons import Differences, Question
from geosae.studies.judged import difference, judge, question
from geosae.studies.numbers import mean_over_seeds
from geosae.studies.phase_records import (
    Cell,
    Cells,
    Records,
    Shares,
    can_be_identity,
    cells_of,
    diagram_of,
    main_dimension,
    main_pair,
    some,
)
from geosae.studies.study import Answer, Verdict

BASELINES: Mapping[Arm, str] = {
    "untrained": "untrained SAEs",
    "frozen_decoder": "SAEs with frozen decoders",
}


def answers(records: Records) -> list[Answer]:
    """Return the predictions beside what was observed."""
    cells = cells_of(records)
    if not cells:
        return []
    n = main_dimension(records)
    diagram = cells_of(diagram_of(records))
    ceilings = [_width_ceiling(cells), _floor_of_dimensions(records), _identity(diagram)]
    questions = [
        *_training(diagram),
        *_beyond(diagram),
        *_widths(some(cells, n=n, p=main_pair(records)[0], k=main_pair(records)[1])),
        *_scaled(cells, n),
    ]
    return [*(answer for answer in ceilings if answer is not None), *judge(questions)]


def admits(n: int, p: int, k: int) -> bool:
    """Tell whether S11 admits that all p features are named in n dimensions on codes of exactly k.

    Its bound is proved for p ≥ 2k (S11b); where more are active, those that are not take their place.

    Examples
    --------
    >>> admits(16, 64, 2), admits(16, 64, 3), admits(16, 24, 16) == admits(16, 24, 8)
    (True, False, True)
    """
    most = most_named(n, min(k, p - k))
    return most is None or p <= most


def neurons_of(shares: Shares) -> float:
    """Return the share of features that single neurons are certified to separate."""
    return shares.neurons


def units_of(shares: Shares) -> float:
    """Return the share of features that units of any size are certified to separate."""
    return shares.units


def _width_ceiling(cells: Cells) -> Answer | None:
    narrow = [c for c in cells if c.settings.width < c.settings.p]
    if not narrow:
        return None
    rooms = [c.settings.width - round(c.result.neurons * c.settings.p) for c in narrow]
    over = sum(room < 0 for room in rooms)
    observation = (
        f"Of {len(narrow)} SAEs with d < p, {over} have more features separated by one neuron than neurons; "
        f"the nearest leaves {min(rooms)} neurons without one."
    )
    # Where nothing comes near, the ceiling was not touched: that is no support for it.
    verdict: Verdict = "the prediction fails" if over else "as predicted" if min(rooms) == 0 else "undecided"
    prediction = (
        "Features any two of which are ε-far are separated by d neurons for at most d of them (S12c)."
    )
    return Answer("S12", prediction, observation, verdict)


def _floor_of_dimensions(records: Records) -> Answer | None:
    """Hold the certificates against S11's bound: a draw beyond it must have features that are unnamed."""
    inside = [r for r in records if admits(r.settings.n, r.settings.p, r.settings.k)]
    beyond = [r for r in records if not admits(r.settings.n, r.settings.p, r.settings.k)]
    if not inside or not beyond:
        return None
    all_named = sum(r.result.nameable == r.result.asked for r in inside)
    unnamed = sum(r.result.nameable < r.result.asked for r in beyond)
    some_named = sum(r.result.nameable > 0 for r in beyond)
    against = sum(r.result.nameable == r.settings.p for r in beyond)
    observation = (
        f"Within the bound all features asked about are nameable in {all_named} of {len(inside)} draws; "
        f"beyond it some are unnamed in {unnamed} of {len(beyond)}, and some named in {some_named}."
    )
    prediction = "Beyond S11's bound not all features can be named on all codes of k features (S11d)."
    support: Verdict = "as predicted" if unnamed == len(beyond) else "undecided"
    return Answer("S11", prediction, observation, "the prediction fails" if against else support)


def _identity(diagram: Cells) -> Answer | None:
    """Compare the unexplained variance where the SAE can be the identity with what it has learned there."""
    trained = some(diagram, gate="batchtopk", arm="trained")
    free = [c for c in trained if _free(c.settings)]
    bound = [c for c in trained if not _free(c.settings)]
    if not free or not bound:
        return None
    fvu, other = (mean_over_seeds(some_, lambda s: s.fvu) for some_ in (free, bound))
    best = max(c.result.neurons for c in free)
    observation = (
        f"Where K ≥ n and d ≥ n a share {fvu.mean:.4f} of the variance is unexplained, elsewhere "
        f"{other.mean:.3f} (means over seeds; greatest there {max(c.result.fvu for c in free):.4f}); the "
        f"greatest share of features learned by one neuron there is {best:.2f}."
    )
    prediction = "Where an SAE can be the identity (K ≥ n, d ≥ n) it reconstructs without learning features."
    verdict: Verdict = "as predicted" if best == 0 and fvu.high < other.low else "undecided"
    if best > 0:
        verdict = "the prediction fails"
    return Answer("identity", prediction, observation, verdict)


def _within(cell: Cell) -> bool:
    return admits(cell.n, cell.p, cell.k)


def _free(cell: Cell) -> bool:
    return can_be_identity(cell.n, cell.width, cell.k)


def _by_k(
    subject: Cells, value: Callable[[Shares], float], other: Cells | float | int = 0.0
) -> list[Differences | None]:
    """Return differences for each k, mean over p; a share of p features moves in steps of 1/p."""
    differences: list[Differences | None] = []
    for k in sorted({c.settings.k for c in subject}):
        left = some(subject, k=k)
        minus = some(other, k=k) if isinstance(other, Sequence) else other
        step = mean_interval([1 / c.settings.p for c in left]).mean
        differences.append(difference(f"k = {k}", left, value, minus, step))
    return differences


def _training(diagram: Cells) -> list[Question]:
    inside = [c for c in diagram if _within(c.settings) and not _free(c.settings)]
    batch, relu = some(inside, gate="batchtopk"), some(inside, gate="relu")
    trained, supervised = some(batch, arm="trained"), some(relu, arm="supervised")
    questions = [
        question(
            "S11", f"Within S11's bound training lets single neurons separate more features than {words} do.",
            f"BatchTopK, share by one neuron, trained less {words}, mean over p", ("more", "fewer"),
            _by_k(trained, neurons_of, some(batch, arm=arm)),
        )
        for arm, words in BASELINES.items()
    ]  # fmt: skip
    questions += [
        question(
            "baseline", f"Within S11's bound training lets units separate more features than {words} do.",
            f"ReLU, share by units of any size, trained less {words}, mean over p", ("more", "fewer"),
            _by_k(some(relu, arm="trained"), units_of, some(relu, arm=arm)),
        )
        for arm, words in BASELINES.items()
    ]  # fmt: skip
    questions += [
        question(
            "S6", "Units of BatchTopK neurons separate more features than single neurons do.",
            "Trained, share by units less share by one neuron, mean over p", ("more", "fewer"),
            _by_k(trained, lambda s: s.units - s.neurons),
        ),
        question(
            "S10", "Half-spaces fitted with labels separate more features than trained neurons do.",
            "Supervised less BatchTopK, share by one neuron, mean over p", ("more", "fewer"),
            _by_k(supervised, neurons_of, trained),
        ),
    ]  # fmt: skip
    return questions


def _beyond(diagram: Cells) -> list[Question]:
    beyond = [c for c in diagram if not _within(c.settings) and not _free(c.settings)]
    return [
        question(
            "S11", "Beyond S11's bound, where not all features can be named, some are learned within 0.1.",
            f"Share by one neuron, {words}, mean over p", ("some", "none"),
            _by_k(some(beyond, gate=gate, arm=arm), neurons_of),
        )
        for gate, arm, words in (
            ("batchtopk", "trained", "BatchTopK trained"),
            ("relu", "supervised", "half-spaces fitted with labels"),
        )
    ]  # fmt: skip


def _widths(axis: Cells) -> list[Question]:
    trained = some(axis, gate="batchtopk", arm="trained")
    if not trained:
        return []
    p = trained[0].settings.p
    whole = some(trained, width=p)
    differences = [
        difference(f"d/p = {width / p:g}", whole, neurons_of, some(trained, width=width), 1 / p)
        for width in sorted({c.settings.width for c in trained})
        if width > p
    ]
    return [
        question(
            "S5", "More neurons than features do not lessen what single neurons separate.",
            f"Share by one neuron at d = p = {p}, k = {trained[0].settings.k}, less that of more neurons",
            ("lessened", "more"), differences, expected="not above",
        )
    ]  # fmt: skip


def _scaled(cells: Cells, n: int) -> list[Question]:
    """Compare the greatest and the least dimension among cells of the same k/n and p/n."""
    trained = [c for c in some(cells, gate="batchtopk", arm="trained") if c.settings.width == c.settings.p]
    ratios: dict[tuple[float, float], set[int]] = {}
    for c in trained:
        s = c.settings
        ratios.setdefault((s.k / s.n, s.p / s.n), set()).add(s.n)
    differences: list[Differences | None] = []
    for (sparsity, features), dims in ratios.items():
        if len(dims) > 1:
            low, high = (
                some(trained, n=size, k=round(sparsity * size), p=round(features * size))
                for size in (min(dims), max(dims))
            )
            name = f"k/n = {sparsity:g}, p/n = {features:g}, n = {min(dims)} less n = {max(dims)}"
            differences.append(difference(name, low, neurons_of, high, 1 / (features * min(dims))))
    return [
        question(
            "S11", "The same k/n and p/n are harder in more dimensions, as what S11 bounds is k²/n.",
            "Share by one neuron, BatchTopK trained", ("fewer dimensions more", "more dimensions more"),
            differences,
        )
    ]  # fmt: skip
