"""The score of an SAE on a setting: its numbers beside those of what learned nothing, or knew the truth."""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

from geosae.analysis import Alignment, AnalysisConfig, analyse
from geosae.analysis.recovery import recovery_of
from geosae.analysis.unit_firing import unit_firing
from geosae.benchmark.files import Benchmark
from geosae.benchmark.numbers import KINDS, Matched, NumberKind, Numbers, numbers_of
from geosae.benchmark.released import RELEASED
from geosae.benchmark.rivals import Rival, rival
from geosae.benchmark.rules import rule_score
from geosae.data.dataset import ConceptDataset
from geosae.experiments.cell_result import NO_ANSWERS, ConceptAnswers, concept_answers
from geosae.fca import TooManyConcepts, compare
from geosae.fca.context import FormalContext
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import SEED

SCORE = "geosae-score-1"
RIVALS: tuple[Rival, ...] = ("untrained", "frozen decoder", "planted", "probe")
ARMS = ("sae", "shuffled labels", *RIVALS)
"""In the order of tables: what is scored, three floors, two that knew the truth."""
MOST_EXTENTS = 5_000
"""A lattice of more concepts is judged by its stable ones."""


@dataclass(frozen=True)
class Arm:
    """One SAE's numbers, and what it has learned of every concept; the reason if it could not be had."""

    numbers: Numbers
    answers: ConceptAnswers
    width: int
    missing: str = ""

    __repr__ = short_repr


@dataclass(frozen=True)
class ScoreCard:
    """What `score` returns and stores.

    Attributes
    ----------
    format
        "geosae-score-1".
    benchmark, benchmark_hash
        The setting, and the hash of its bytes.
    released
        Whether these bytes are those of the release; a score on others is comparable with none.
    sae, sae_hash
        What was scored, by name, and the hash of its weights where it has any.
    seed, tolerance, alpha
        Of the judgement and of the rivals.
    arms
        The SAE ("sae"), the same under permuted labels ("shuffled labels"), and each rival.
    kinds
        What every number is: its formula, and which way it is better.
    versions
        Of Python and the packages.
    """

    format: str
    benchmark: str
    benchmark_hash: str
    released: bool
    sae: str
    sae_hash: str
    seed: int
    tolerance: float
    alpha: float
    arms: Mapping[str, Arm]
    kinds: Mapping[str, NumberKind]
    versions: Mapping[str, str]

    __repr__ = short_repr


@checked_arguments(seed=SEED)
def score(
    sae: Any,
    benchmark: Benchmark,
    *,
    name: str = "SAE",
    sae_hash: str = "",
    seed: int = 0,
    config: AnalysisConfig | None = None,
    rivals: Sequence[Rival] = RIVALS,
    progress: Callable[[int, int], None] | None = None,
) -> ScoreCard:
    """Judge an SAE on a setting, beside an untrained one, a frozen decoder, the truth, and a probe.

    Parameters
    ----------
    sae
        A SparseAutoencoder, an imported SAE, or anything with ``dim``, ``width``,
        ``fires(points)`` and ``reconstruct(points)``.
    benchmark
        The setting's files (`load_benchmark`).
    name, sae_hash
        Written on the card.
    seed
        Of permuted labels, ambient points and rivals.
    config
        Tolerance and level; .05 and .05 by default. Its split is not used: the setting has one.
    rivals
        Which SAEs stand beside; all by default. Planted and probe are the same for every SAE of a setting.
    progress
        Called with the arms done and their number.

    Raises
    ------
    InvalidInput
        If the SAE reads points of another dimension, or answers in other shapes.
    """
    settings = replace(config or AnalysisConfig(), seed=seed)
    total = 1 + len(rivals)
    alignment, arm = _arm(sae, benchmark, settings)
    arms = {"sae": arm}
    if alignment.floor is not None:
        arms["shuffled labels"] = _shuffled(sae, benchmark, alignment.floor)
    for done, kind in enumerate(rivals, start=1):
        if progress is not None:
            progress(done, total)
        candidate = rival(kind, sae, benchmark, seed)
        if candidate.sae is None:
            arms[kind] = Arm(_UNKNOWN, NO_ANSWERS, 0, candidate.reason)
        else:
            arms[kind] = _arm(candidate.sae, benchmark, replace(settings, floor=False))[1]
    if progress is not None:
        progress(total, total)
    card = benchmark.card
    return ScoreCard(
        format=SCORE,
        benchmark=card.name,
        benchmark_hash=card.hash,
        released=RELEASED.get(card.name) == card.hash,
        sae=name,
        sae_hash=sae_hash,
        seed=seed,
        tolerance=settings.tolerance,
        alpha=settings.alpha,
        arms=arms,
        kinds=KINDS,
        versions={
            "python": platform.python_version(),
            **{p: version(p) for p in ("geosae", "numpy", "torch")},
        },
    )


_UNKNOWN = Numbers(**dict.fromkeys(KINDS, float("nan")))


def _arm(sae: Any, benchmark: Benchmark, config: AnalysisConfig) -> tuple[Alignment, Arm]:
    dataset = benchmark.judged
    alignment = analyse(sae, dataset, config, held_out=benchmark.test_rows)
    tested = dataset.take(benchmark.test_rows, allow_trivial=True)
    matched = _matched(sae, tested, alignment)
    numbers = numbers_of(alignment, matched)
    return alignment, Arm(numbers, concept_answers(alignment), alignment.width)


def _shuffled(sae: Any, benchmark: Benchmark, floor: Alignment) -> Arm:
    """Return what the same SAE has of permuted labels; recovery knows no labels and is left out."""
    tested = benchmark.judged.take(benchmark.test_rows, allow_trivial=True)
    without_directions = replace(tested, directions=None)
    matched = _matched(sae, without_directions, floor)
    return Arm(numbers_of(floor, matched), concept_answers(floor), floor.width)


def _extents(truth: FormalContext, learned: FormalContext) -> tuple[float, float]:
    """Return recall and precision of the extents of a learned lattice; of its stable ones, if it is large.

    Recall is 0 where nothing is learned: then there is no extent but the trivial ones.
    """
    try:
        whole = compare(truth, learned, theta=1, cap=MOST_EXTENTS)
    except TooManyConcepts:
        return float("nan"), float("nan")
    chosen = compare(truth, learned) if whole.theta is None else whole
    return chosen.soft_recall, chosen.soft_precision


def _matched(sae: Any, tested: ConceptDataset, alignment: Alignment) -> Matched:
    directions = recovery_of(sae, tested) if tested.directions is not None and _has_decoder(sae) else None
    truth = FormalContext(tested.names, tested.names, tested.hierarchy)
    extents = _extents(truth, alignment.context("detection"))
    fires = unit_firing(sae, tested, [row.neurons for row in alignment.closest["units"]])
    rules = rule_score(tested.membership, fires, alignment.tolerance)
    unknown = float("nan")
    return Matched(
        mcc=unknown if directions is None else directions.mcc,
        recovery_f1=unknown if directions is None else directions.f1_score,
        uniqueness=unknown if directions is None else directions.uniqueness,
        lattice_recall=extents[0],
        lattice_precision=extents[1],
        implication_recall=rules.recall,
        implication_alarms=rules.alarms,
        implication_gain=rules.gain,
    )


def _has_decoder(sae: Any) -> bool:
    return any(hasattr(sae, attribute) for attribute in ("decoder", "W_dec", "sae"))
