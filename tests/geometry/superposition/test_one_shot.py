"""One look at the scores: every support and every corner of the amplitudes tried; forged verdicts."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies_dictionaries import dictionaries

from geosae.errors import InvalidInput
from geosae.geometry import ForgedCertificate, one_shot_recovery


def by_enumeration(D: np.ndarray, c: np.ndarray, k: int, rho: Fraction) -> tuple[Fraction, Fraction]:
    """Return the least margin and the least active score over all codes with entries 1 and ρ."""
    d, p = D.shape
    rows = [[Fraction(float(v)) for v in row] for row in D]
    margins: list[Fraction] = []
    active: list[Fraction] = []
    for support in combinations(range(p), k):
        for z in product({Fraction(1), rho}, repeat=k):
            scores = [
                sum((row[m] * v for m, v in zip(support, z, strict=True)), Fraction(float(c[r])))
                for r, row in enumerate(rows)
            ]
            inside = [scores[i] for i in support]
            margins += [x - scores[j] for x in inside for j in range(d) if j not in support]
            active += inside
    return min(margins), min(active)


@given(
    dictionaries(most_dim=3, least=2, most=4),
    st.integers(1, 4),
    st.sampled_from([Fraction(1), Fraction(5, 2), Fraction(1, 3) + 1]),
    st.integers(0, 2),
    st.randoms(),
)
def test_it_is_decided_as_by_all_codes(A, k, rho, strangers, random) -> None:
    p = A.shape[1]
    d = p + strangers
    more = [[random.randint(-3, 3) for _ in range(p)] for _ in range(strangers)]
    D = np.vstack([A.T @ A, np.array(more, dtype=float).reshape(strangers, p)])
    c = np.array([random.randint(-2, 2) / 4 for _ in range(d)])
    k = min(k, p if strangers else p - 1)
    verdict = one_shot_recovery(D, k, rho, offsets=c).check()
    assert (verdict.margin, verdict.least_score) == by_enumeration(D, c, k, rho)
    assert verdict.right == (verdict.margin > 0)


@given(dictionaries(most_dim=3, least=3, most=5), st.integers(1, 2))
def test_floats_that_need_more_than_64_bits_are_decided_alike(A: np.ndarray, k: int) -> None:
    D = A.T @ A
    wide = D * (1 + 2.0**-30) + 2.0**-45 * np.eye(len(D))
    verdict = one_shot_recovery(wide, k, 1 + 2.0**-40).check()
    assert (verdict.margin, verdict.least_score) == by_enumeration(
        wide, np.zeros(len(D)), k, 1 + Fraction(1, 2**40)
    )


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_the_scale_of_the_scores_does_not_matter(scale: float) -> None:
    D = np.random.default_rng(0).normal(size=(6, 6)) / 8 + np.eye(6)
    plain, scaled = one_shot_recovery(D, 2, 1.5), one_shot_recovery(D * scale, 2, 1.5).check()
    assert (plain.feature, plain.rival, plain.right) == (scaled.feature, scaled.rival, scaled.right)


def test_k_plus_1_vectors_tie_where_coherence_is_one_over_2k_minus_1() -> None:
    for k in (1, 2, 3):
        # In units of κ: unit vectors of products −κ in S and +κ to the last.
        gram = np.full((k + 1, k + 1), -1.0)
        gram[k] = gram[:, k] = 1.0
        np.fill_diagonal(gram, 2 * k - 1)
        assert one_shot_recovery(gram, k).check().margin == 0
        np.fill_diagonal(gram, 2 * k - 1 + 2.0**-40)
        assert one_shot_recovery(gram, k).check().right
        # One active feature is read right at any amplitude.
        assert one_shot_recovery(gram, k, 1 + 2.0**-30).check().right == (k == 1)


def test_192_features_are_decided() -> None:
    A = np.random.default_rng(0).normal(size=(64, 192))
    A /= np.linalg.norm(A, axis=0)
    assert one_shot_recovery(A.T @ A, 1, 1.2).right
    assert not one_shot_recovery(A.T @ A, 4).right


def test_a_forged_verdict_is_refused() -> None:
    honest = one_shot_recovery(np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]]), 2, 2).check()
    one, two = Fraction(1), Fraction(2)
    forged = {
        "the code is none": replace(honest, code=(one, one, one)),
        "not active and inactive": replace(honest, rival=honest.feature),
        "another margin": replace(honest, margin=honest.margin + 1),
        "another pair has a smaller": replace(
            honest, feature=2, rival=0, code=(Fraction(0), two, two), margin=Fraction(8)
        ),
        "the least score is another": replace(honest, least_score=Fraction(9)),
    }
    for complaint, record in forged.items():
        with pytest.raises(ForgedCertificate, match=complaint):
            record.check()


def test_it_refuses_what_has_no_answer() -> None:
    for D, k in ((np.eye(3)[:2], 1), (np.eye(3), 3), (np.eye(5)[:, :2], 3)):
        with pytest.raises(InvalidInput, match="the scores D are of"):
            one_shot_recovery(D, k)
    with pytest.raises(InvalidInput, match=r"rho is 0\.5"):
        one_shot_recovery(np.eye(3), 1, 0.5)
    with pytest.raises(InvalidInput, match="offsets"):
        one_shot_recovery(np.eye(3), 1, offsets=np.zeros(2))
    with pytest.raises(TypeError, match=r"\.right"):
        bool(one_shot_recovery(np.eye(3), 1))
