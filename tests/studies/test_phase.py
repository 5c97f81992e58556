"""The study of the phase diagram: what it counts, its borders, and verdicts on records made by hand."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from jaxtyping import Float
from scipy.optimize import linprog

from geosae.cli.sources import make_world
from geosae.experiments.jobs import StudyRecord, jobs_of
from geosae.experiments.plan import StudyEntry
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.sae import SparseAutoencoder, TopK, neurons_of
from geosae.studies.certified_counts import Certified
from geosae.studies.phase import STUDY, nameable_exactly
from geosae.studies.phase_answers import admits
from geosae.studies.phase_records import (
    Cell,
    Job,
    Phase,
    Records,
    Row,
    can_be_identity,
    cells_of,
    diagram_of,
    main_dimension,
    main_pair,
)

GRID = {
    "dim": 16, "features": [16, 32, 64], "sparsities": [2, 4, 16], "width_features": 32, "width_sparsity": 2,
    "widths": [0.5, 2.0], "scaled": [[8, 16, 1], [32, 64, 4]],
}  # fmt: skip


def separable(A: Float[np.ndarray, "n p"], k: int, feature: int) -> bool:
    """Whether a half-space tells the codes of exactly k ones with a feature from those without: all tried."""
    p = A.shape[1]
    codes = np.array([[i in chosen for i in range(p)] for chosen in combinations(range(p), k)])
    x = np.column_stack([codes @ A.T, np.ones(len(codes))])
    signs = np.where(codes[:, feature], 1.0, -1.0)
    return linprog(np.zeros(x.shape[1]), A_ub=-signs[:, None] * x, b_ub=-np.ones(len(x)),
                   bounds=(None, None)).status == 0  # fmt: skip


@pytest.mark.parametrize(("n", "p", "k"), [(2, 5, 1), (2, 5, 2), (3, 6, 2), (3, 6, 4), (4, 7, 3), (4, 7, 5)])
def test_naming_on_codes_of_one_weight_is_that_of_all_codes_tried(n: int, p: int, k: int):
    A = np.random.default_rng(n * p + k).standard_normal((n, p))
    expected = [separable(A, k, i) for i in range(p)]
    assert [nameable_exactly(A, k, [i]) for i in range(p)] == expected


def test_some_of_the_directions_are_nameable_and_some_are_not():
    A = np.random.default_rng(0).standard_normal((3, 7))
    assert 0 < nameable_exactly(A, 2, range(7)) < 7


def test_an_sae_with_n_active_neurons_can_be_the_identity_on_a_bounded_body():
    n = 3
    x = np.random.default_rng(0).uniform(-1, 1, (200, n))
    sae = SparseAutoencoder(n, 5, TopK(k=n))
    raised = np.array([2.0, 2.0, 2.0, -9.0, -9.0])
    sae.set_weights(W_enc=np.eye(5, n), b_enc=raised, W_dec=np.eye(5, n), b_dec=-raised[:n])
    neurons = neurons_of(sae)
    assert can_be_identity(n, 5, n)
    assert neurons.reconstruct(x) == pytest.approx(x, abs=1e-5)
    # Far out the constant is not enough; 2n neurons are, two for each coordinate.
    far = 100 * x
    assert np.abs(neurons.reconstruct(far) - far).max() > 10
    both = SparseAutoencoder.planted(HalfSpaces(np.vstack([np.eye(n), -np.eye(n)]), np.zeros(2 * n)), far)
    assert neurons_of(both).reconstruct(far) == pytest.approx(far, rel=1e-4, abs=1e-3)


@pytest.mark.parametrize(("width", "budget"), [(8, 2), (2, 2), (8, 1)])
def test_with_fewer_active_neurons_the_reconstruction_has_too_low_a_rank(width: int, budget: int):
    n = 3
    assert not can_be_identity(n, width, budget)
    rng = np.random.default_rng(1)
    sae = SparseAutoencoder(n, width, TopK(k=budget))
    sae.set_weights(W_enc=rng.standard_normal((width, n)), W_dec=rng.standard_normal((width, n)),
                    b_enc=rng.standard_normal(width))  # fmt: skip
    neurons = neurons_of(sae)
    centre = rng.uniform(-1, 1, n)
    near = centre + 1e-3 * rng.standard_normal((50, n))
    same = near[(neurons.fires(near) == neurons.fires(centre[None])).all(axis=1)]
    assert len(same) > n
    moved = neurons.reconstruct(same)
    assert np.linalg.matrix_rank(moved - moved.mean(axis=0), tol=1e-5) <= budget


def test_a_job_has_every_arm_and_supervised_half_spaces_find_what_is_easy():
    result = STUDY.do(Job(8, 8, 1, 8, 16, 0.3, 8, 20, 400, 1600, 0), make_world, "cpu")
    kinds = [(row.gate, row.arm) for row in result.rows]
    arms = ["trained", "untrained", "frozen_decoder"]
    assert kinds == [("batchtopk", a) for a in arms] + [("relu", a) for a in arms] + [("relu", "supervised")]
    assert (result.asked, result.nameable) == (8, 8)
    assert result.rows[-1].counts.neurons == 8
    assert all(row.counts.shuffled == 0 for row in result.rows)


def made(
    counts: Callable[[Cell], float], fvu: Callable[[Cell], float], nameable: Callable[[Job], int]
) -> Records:
    """The grid's records with these shares of features by one neuron (and by units)."""
    records: list[StudyRecord] = []
    for job in jobs_of(STUDY, StudyEntry("phase", GRID), (0, 1, 2, 3, 4)):
        s = job.settings
        gates = ("batchtopk", "relu") if s.relu_width else ("batchtopk",)
        kinds = [(g, a) for g in gates for a in ("trained", "untrained", "frozen_decoder")]
        rows: list[Row] = []
        for gate, arm in [*kinds, ("relu", "supervised")]:
            cell = Cell(s.n, s.p, s.k, gate, arm, s.width, s.seed)
            number = round(counts(cell) * s.p)
            counted = Certified(number, number, number, 0, number, 0, 0, 0, 9, s.k, 0, 0, fvu(cell))
            rows.append(Row(gate, arm, counted))
        records.append(StudyRecord(s, Phase(tuple(rows), 16, nameable(s))))
    return records


def share(cell: Cell) -> float:
    if cell.arm == "supervised":
        return 1.0 if admits(cell.n, cell.p, cell.k) else 0.25
    if cell.arm != "trained" or cell.k == 16:
        return 0.0
    if not admits(cell.n, cell.p, cell.k):
        return 0.125
    narrow = min(1.0, cell.width / cell.p)
    return narrow * {8: 1.0, 16: 0.75, 32: 0.5}[cell.n]


def unexplained(cell: Cell) -> float:
    return 0.001 if cell.k == 16 else 0.1 + cell.seed / 1000


def named(job: Job) -> int:
    return 16 if admits(job.n, job.p, job.k) else 3


def verdicts(records: Records, words: str) -> set[str]:
    outcomes = {answer.verdict for answer in STUDY.answers(records) if words in answer.prediction}
    assert outcomes
    return outcomes


def test_the_axes_are_read_off_the_records():
    records = made(share, unexplained, named)
    assert (main_dimension(records), main_pair(records)) == (16, (32, 2))
    assert {(r.settings.p, r.settings.k) for r in diagram_of(records)} == {
        (p, k) for p in (16, 32, 64) for k in (2, 4, 16) if k < p
    }
    assert {c.settings.width for c in cells_of(records) if c.settings.arm == "supervised"} == {16, 32, 64}


def test_what_is_foretold_is_found_in_records_that_have_it():
    answers = STUDY.answers(made(share, unexplained, named))
    assert len(answers) == 13
    by_words = {(a.prediction, a.observation[:20]): a.verdict for a in answers}
    undecided = [words for (words, _), v in by_words.items() if v == "undecided"]
    # In these records units are single neurons, few neurons reach 3/4 of d, and more change nothing.
    assert [w[:22] for w in undecided] == [
        "Features any two of wh",
        "Units of BatchTopK neu",
        "More neurons than feat",
    ]
    assert "the prediction fails" not in by_words.values()
    assert STUDY.answers([]) == []


@pytest.mark.parametrize(
    ("words", "broken"),
    [
        ("any two of which", lambda c: 1.0 if c.width < c.p else share(c)),
        ("single neurons separate more features than untrained",
         lambda c: {"untrained": 0.9, "trained": 0.5}.get(c.arm, 1.0)),
        ("units separate more features than SAEs with frozen",
         lambda c: {"frozen_decoder": 0.9, "trained": 0.5}.get(c.arm, 1.0)),
        ("Half-spaces fitted with labels", lambda c: {"trained": 0.9}.get(c.arm, 0.1)),
        ("without learning features", lambda c: 0.5),
        ("do not lessen", lambda c: 0.1 if c.width > c.p else share(c)),
        ("harder in more dimensions", lambda c: 1.0 if c.n == 32 else 0.5),
    ],
)  # fmt: skip
def test_predictions_can_fail(words: str, broken: Callable[[Cell], float]):
    assert verdicts(made(broken, unexplained, named), words) == {"the prediction fails"}


def test_a_draw_beyond_the_bound_with_all_named_refutes_it_and_a_sample_of_named_ones_leaves_it_open():
    def whole(job: Job) -> int:
        return job.p

    assert verdicts(made(share, unexplained, whole), "Beyond S11's bound not") == {"the prediction fails"}
    assert verdicts(made(share, unexplained, lambda _: 16), "Beyond S11's bound not") == {"undecided"}


def test_variance_that_stays_unexplained_is_no_identity():
    records = made(share, lambda _: 0.1, named)
    assert verdicts(records, "without learning") == {"undecided"}
    replaced = replace(records[0].settings, seed=9)
    assert len(STUDY.answers([*records, StudyRecord(replaced, records[0].result)])) == 13
