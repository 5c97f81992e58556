"""The analysis: every concept against every neuron and against chosen units, on held-out points."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Int

from geosae.analysis._neurons import prepared
from geosae.analysis.alignment import Alignment
from geosae.analysis.ambient import why_not
from geosae.analysis.ambient_points import AmbientPoints, Judged
from geosae.analysis.answers import Chosen
from geosae.analysis.certified import Correction
from geosae.analysis.choice import Learner, Rule
from geosae.analysis.passes import (
    Choices,
    Progress,
    Reader,
    Tested,
    choose_all,
    fit_pass,
    search_rows,
    test_pass,
    unit_pass,
)
from geosae.analysis.sae_metrics import SAEMetrics
from geosae.data.dataset import ConceptDataset
from geosae.data.fvu import unexplained
from geosae.data.split import rows_apart, split_rows
from geosae.errors import InvalidInput
from geosae.storage.arguments import checked_arguments
from geosae.storage.records import check_fields


@dataclass(frozen=True)
class AnalysisConfig:
    """The settings of an analysis.

    Attributes
    ----------
    tolerance
        ε in [0, 1): a notion holds where its graded errors are ≤ ε.
    alpha
        The chance that anything of one kind is wrong: the edges of one notion, the answers "learned", the
        answers "not learned", the least tolerances, the intervals.
    correction
        For the number of pairs: "holm", or "benjamini-yekutieli" for the share of wrong ones.
    test_share
        Share of the points held out; the others choose neurons and units.
    ambient_samples
        Points drawn from ν to choose with, and again to judge with.
    search_points
        Units are sought on at most so many points of the fit half, drawn at random; they are chosen on all.
    floor
        Whether the same is done under permuted labels, in the same passes.
    seed
        Of the split, of the permuted labels and of the ambient points.
    chunk
        Points taken at once; memory grows with chunk × neurons and with search_points × neurons bits.

    Raises
    ------
    InvalidInput
        If a setting is out of range.

    Examples
    --------
    >>> AnalysisConfig(tolerance=0.1).correction
    'holm'
    """

    tolerance: float = 0.05
    alpha: float = 0.05
    correction: Correction = "holm"
    test_share: float = 0.5
    ambient_samples: int = 20_000
    search_points: int = 65_536
    floor: bool = True
    seed: int = 0
    chunk: int = 8192

    def __post_init__(self) -> None:
        check_fields(self, "the settings of the analysis")
        checks = {
            "tolerance": 0 <= self.tolerance < 1,
            "alpha": 0 < self.alpha < 1,
            "test_share": 0 < self.test_share < 1,
            "ambient_samples": self.ambient_samples >= 1,
            "seed": self.seed >= 0,
            "search_points": self.search_points >= 1,
            "chunk": 1 <= self.chunk <= 2**20,
        }
        bad = [f"{name} = {getattr(self, name)}" for name, fine in checks.items() if not fine]
        if bad:
            raise InvalidInput(
                f"out of range: {', '.join(bad)}",
                remedy="0 ≤ tolerance < 1; 0 < alpha, test_share < 1; samples, search_points ≥ 1; "
                "1 ≤ chunk ≤ 2^20; seed ≥ 0",
            )


DEFAULTS = AnalysisConfig()


@checked_arguments()
def analyse(
    sae: Any,
    dataset: ConceptDataset,
    config: AnalysisConfig = DEFAULTS,
    *,
    held_out: Int[np.ndarray, "K"] | None = None,
    progress: Progress | None = None,
) -> Alignment:
    """Grade detection, separation and approximation of every concept by single neurons and by units.

    The points are split at random. On the fit half the neuron, the unit of at most four neurons and the unit
    of any size are chosen for each concept and notion (`geosae.analysis.choice`); on the held-out half all
    errors are counted and the choices judged: learned, not learned, or undecided (E4). Approximation is
    judged on fresh points of ν. All that is called learned is so with probability ≥ 1 − alpha, and all that
    is called not learned likewise, if the SAE was not trained on these points.

    Parameters
    ----------
    sae
        A SparseAutoencoder, a TrainedSAE, Neurons, or an imported SAE: one that normalises its points first
        is analysed on the normalised points (`Imported.prepare_dataset`), as the command line does.
    dataset
        Points (N, n) with membership in p concepts; regions and ν, if approximation is to be measured.
    config
        Tolerance, split, seed: see `AnalysisConfig`.
    held_out
        Which points to judge on, as row numbers; by default a random share of them (`test_share`).
    progress
        Called with (points done, points in all).

    Raises
    ------
    InvalidInput
        If the dimensions differ, a row is not there or twice, or the split leaves a half empty.

    References
    ----------
    Theory §0, N1, D3, E2, E4.

    Examples
    --------
    >>> from geosae.geometry.arrangements.halfspaces import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder
    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(-1, 1, (2000, 2))
    >>> data = ConceptDataset(x, x[:, :1] > 0, ("right",))
    >>> sae = SparseAutoencoder.planted(HalfSpaces(np.array([[1.0, 0.0], [0.0, 1.0]]), np.zeros(2)))
    >>> al = analyse(sae, data)
    >>> right = al.answers("separation", "neurons")[0]
    >>> right.neurons, right.answer, right.error, round(right.least_tolerance, 3)
    ((0,), 'learned', 0.0, 0.008)
    >>> al.floor.answers("separation", "neurons")[0].answer
    'not learned'
    >>> al.approximation_reason
    'the dataset has no ambient measure ν'
    """
    neurons, dataset = prepared(sae, dataset)
    # One stream per use, so that asking for more ambient points does not change the split.
    streams = np.random.SeedSequence(config.seed).spawn(4)
    for_split, for_labels, for_ambient, for_search = (np.random.default_rng(s) for s in streams)
    fit_rows, test_rows = (
        split_rows(dataset.size, config.test_share, for_split)
        if held_out is None
        else rows_apart(dataset.size, held_out)
    )
    labellings = [dataset.membership]
    if config.floor:
        labellings.append(dataset.membership[for_labels.permutation(dataset.size)])
    sample = search_rows(fit_rows, config.search_points, for_search)
    again = len(sample) < len(fit_rows)
    reader = Reader(neurons, dataset.points, config.chunk, progress, dataset.size + again * len(fit_rows))

    fitted = fit_pass(reader, labellings, fit_rows, sample, config.tolerance)
    pools = fitted.pools
    fits = [each.neurons() for each in fitted.neurons]
    if again:
        pool_counts = unit_pass(reader, labellings, fit_rows, pools, fitted.codes)
    else:
        pool_counts = [bits.count(*pool) for bits, pool in zip(fitted.bits, pools, strict=True)]
    choices = [
        choose_all(fit, pool, counts, config.tolerance)
        for fit, pool, counts in zip(fits, pools, pool_counts, strict=True)
    ]
    ambient = AmbientPoints(neurons, dataset, config.ambient_samples, config.chunk, for_ambient)
    fit_ambient = ambient.choose(pools, choices)

    tests = test_pass(reader, labellings, test_rows, choices)
    test_ambient = ambient.judge(choices)
    left = unexplained(dataset.points, np.concatenate(reader.residuals), test_rows, chunk=config.chunk)
    metrics = SAEMetrics(
        points=dataset.size,
        active=fitted.neurons[0].active + tests[0].neurons.active,
        unexplained=left,
        fired=fitted.neurons[0].fired + tests[0].neurons.fired,
    )
    alignments = [
        Alignment(
            concepts=dataset.names,
            tolerance=float(config.tolerance),
            alpha=config.alpha,
            correction=config.correction,
            seed=config.seed,
            fit_points=len(fit_rows),
            test_points=len(test_rows),
            metrics=metrics,
            fit=fit,
            counts=test.neurons.neurons(),
            chosen=_chosen(chosen, test, judged),
            fit_ambient=on_fit,
            ambient=judged.neurons if judged is not None else None,
            approximation_reason=why_not(dataset),
        )
        for fit, test, chosen, on_fit, judged in zip(
            fits, tests, choices, fit_ambient, test_ambient, strict=True
        )
    ]
    return replace(alignments[0], floor=alignments[1] if config.floor else None)


def _chosen(choices: Choices, test: Tested, judged: Judged | None) -> dict[Rule, dict[Learner, Chosen]]:
    nan = np.full(len(choices["f1"]["neurons"]), np.nan)
    return {
        rule: {
            learner: Chosen(
                units,
                test.units[rule][learner],
                np.where([len(unit) == 1 for unit in units], test.auc[rule], nan)
                if learner == "neurons"
                else nan,
                judged.units[learner] if judged is not None and rule == "approximation" else None,
            )
            for learner, units in by_learner.items()
        }
        for rule, by_learner in choices.items()
    }
