"""What an encoder's rows name: against all codes, and where floats cannot tell."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies_dictionaries import dictionaries

from geosae.geometry import Named, name_features, named_by
from geosae.geometry.superposition import naming_rows


def named_by_codes(A: np.ndarray, w: np.ndarray, c: float | None, k: int, rho: Fraction) -> int:
    """Return the feature whose codes the half-space holds and no others; without c, of any threshold."""
    products = [sum(Fraction(x) * Fraction(y) for x, y in zip(w, a, strict=True)) for a in A.T.tolist()]
    values: list[tuple[tuple[int, ...], Fraction]] = [
        (support, sum((t * products[j] for t, j in zip(amplitudes, support, strict=True)), Fraction(0)))
        for size in range(min(k, len(products)) + 1)
        for support in combinations(range(len(products)), size)
        for amplitudes in product((Fraction(1), rho), repeat=size)
    ]
    for i in range(len(products)):
        low = max(v for support, v in values if i not in support)
        high = min(v for support, v in values if i in support)
        if low < high and (c is None or low <= -Fraction(c) < high):
            return i
    return -1


@given(
    dictionaries(most_dim=3, most=5),
    st.integers(1, 3),
    st.sampled_from([Fraction(1), Fraction(3, 2)]),
    st.data(),
)
def test_rows_name_what_all_codes_say(A: np.ndarray, k: int, rho: Fraction, data: st.DataObject):
    entries = st.integers(-4, 4).map(lambda x: x / 2)
    w = np.array(data.draw(st.lists(st.tuples(*[entries] * len(A)), min_size=1, max_size=5)))
    c = np.array(data.draw(st.lists(entries, min_size=len(w), max_size=len(w))))
    naming = named_by(A, w, c, k, rho)
    assert naming.best.tolist() == [named_by_codes(A, row, None, k, rho) for row in w.tolist()]
    own = [named_by_codes(A, row, t, k, rho) for row, t in zip(w.tolist(), c.tolist(), strict=True)]
    assert naming.own.tolist() == own
    assert naming.features().tolist() == [i in naming.best for i in range(A.shape[1])]
    assert naming.features(best=False).tolist() == [i in own for i in range(A.shape[1])]


def test_rows_of_the_certificates_name_their_features():
    A = np.random.default_rng(0).standard_normal((12, 30))
    verdicts = [verdict for verdict in name_features(A, 2) if isinstance(verdict, Named)]
    assert 5 < len(verdicts) < 30
    w, c = np.array([v.b for v in verdicts]), np.array([-v.t for v in verdicts])
    naming = named_by(A, w, c, 2)
    assert naming.own.tolist() == naming.best.tolist() == [v.feature for v in verdicts]
    # A threshold beyond the interval serves nothing, and the row is the same.
    beyond = named_by(A, w, c - 10, 2)
    assert set(beyond.own.tolist()) == {-1}
    assert beyond.best.tolist() == naming.best.tolist()
    scaled = named_by(A * 1e200, w * 1e-300, c * 1e-100, 2)
    assert scaled.best.tolist() == naming.best.tolist()


def test_what_floats_cannot_tell_is_decided_exactly():
    # The first row is above the second column by 2^-60, which the product loses beside 1.
    A = np.array([[1.0, 1.0], [2.0**-60, 0.0]])
    naming = named_by(A, np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 0.0]]), np.zeros(3), 1)
    assert naming.best.tolist() == [0, 1, -1]


def test_floats_exclude_nearly_all_pairs(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(1)
    A, w = rng.standard_normal((16, 64)), rng.standard_normal((200, 16))
    pairs = list(naming_rows._candidates(A, w, 2, 1.0))
    assert len(pairs) < 20
    monkeypatch.setattr(
        naming_rows, "_candidates", lambda *_: [(j, i) for j in range(200) for i in range(64)]
    )
    everything = named_by(A, w, np.zeros(200), 2)
    monkeypatch.undo()
    assert named_by(A, w, np.zeros(200), 2).best.tolist() == everything.best.tolist()
