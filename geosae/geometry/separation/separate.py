"""Whether one half-space holds all of A and nothing of B (theory S1), as a record that proves itself.

Floats find a hyperplane or a common point of the two hulls; exact arithmetic proves it, and finishes the
search where floats cannot see enough.
"""

import numpy as np
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.geometry.exact import nearest_float
from geosae.geometry.separation._certify import inseparable, separated
from geosae.geometry.separation._cloud import Cloud, Frame, as_cloud, frame_of
from geosae.geometry.separation._nearest_exact import nearest_exact
from geosae.geometry.separation._nearest_float import nearest_floats
from geosae.geometry.separation._working_set import WorkingSet
from geosae.geometry.separation.certificate import Inseparable, Separated
from geosae.storage.arguments import checked_arguments
from geosae.validation import NATURAL

# A margin this near (relatively) to its bound is not improved in exact arithmetic: low and high dimension.
CLOSE_ENOUGH = (1e-14, 1e-9)
MOST_STEPS = 10_000


@checked_arguments(exact_up_to=NATURAL)
def separate(
    A: Float[np.ndarray, "Na n"], B: Float[np.ndarray, "Nb n"], *, exact_up_to: int = 256
) -> Separated | Inseparable:
    """Decide whether the convex hulls of A and B are disjoint, and prove it (theory S1, S2).

    Parameters
    ----------
    A, B
        Points, one per row. Float32 and float64 arrays are used by reference, and never copied as a whole.
    exact_up_to
        Highest dimension n in which rational systems of n+2 equations are solved. Above it a verdict that
        floats cannot prove is `Inseparable` of grade "certified": a proved bound `eta` on every margin.

    Returns
    -------
    Separated | Inseparable
        A hyperplane of maximum margin (up to a proved `eta`), or at most n+2 points whose hulls meet.

    Raises
    ------
    InvalidInput
        If the clouds are empty, not finite, or of different dimensions.

    Examples
    --------
    >>> import numpy as np
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> verdict = separate(square, square + [3.0, 0.0]).check()
    >>> verdict.separable, verdict.margin
    (True, 1.0)
    >>> separate(square, np.array([[0.5, 0.25]])).check().common_point()
    (Fraction(1, 2), Fraction(1, 4))
    """
    positives, negatives = as_cloud(A, "points A"), as_cloud(B, "points B")
    if positives.dim != negatives.dim:
        raise InvalidInput(
            f"points A have {positives.dim} coordinates and points B {negatives.dim}",
            causes="samples of different spaces",
            remedy="pass points of one space",
        )
    frame = frame_of(positives, negatives, names=("points A", "points B"))
    return decide(positives, negatives, frame, exact_up_to=exact_up_to)


def decide(
    positives: Cloud,
    negatives: Cloud,
    frame: Frame,
    *,
    exact_up_to: int = 256,
) -> Separated | Inseparable:
    """Decide for clouds whose frame is known."""
    guess = nearest_floats(positives, negatives, frame, np.ones(positives.dim))
    return conclude(positives, negatives, frame, guess, exact_up_to)


def conclude(
    positives: Cloud, negatives: Cloud, frame: Frame, guess: WorkingSet, exact_up_to: int
) -> Separated | Inseparable:
    """Turn a float guess into a proved verdict; where it does not prove one, search on."""
    verdict = separated(positives, negatives, frame, guess, np.ones(positives.dim))
    if verdict is None and _badly_scaled(frame):
        even = _even_metric(frame)
        scaled = nearest_floats(positives, negatives, frame, even)
        verdict = separated(positives, negatives, frame, scaled, even)
        guess = guess if verdict is None else scaled
    close = CLOSE_ENOUGH[positives.dim > 16]
    if verdict is not None and verdict.margin >= (1 - close) * verdict.margin_bound:
        return verdict
    if positives.dim > exact_up_to:
        return inseparable(positives, negatives, guess) if verdict is None else verdict
    return _finish(positives, negatives, frame, guess, verdict)


def _finish(
    positives: Cloud, negatives: Cloud, frame: Frame, guess: WorkingSet, verdict: Separated | None
) -> Separated | Inseparable:
    """Let exact arithmetic finish the search from where floats stopped."""
    rows = [(bool(guess.side[i]), int(guess.rows[i])) for i in guess.support]
    weights = np.maximum(guess.weights, 0)
    badly = _badly_scaled(frame)
    if verdict is None and badly:
        # First the verdict alone, where the columns count evenly: with columns 300 orders apart, numbers in
        # the metric of the data are thousands of digits long.
        even = [-int(e) for e in np.frexp(frame.reach)[1]]
        exact = nearest_exact(positives, negatives, frame, rows, weights, MOST_STEPS, even)
        if exact.meets:
            return inseparable(positives, negatives, exact)
        verdict = separated(positives, negatives, frame, exact, None)
        rows, weights = list(exact.rows), np.array([nearest_float(v) for v in exact.weights])
    steps = _steps(positives.dim, badly, verdict is not None)
    exact = nearest_exact(positives, negatives, frame, rows, weights, steps)
    if exact.meets:
        return inseparable(positives, negatives, exact)
    better = separated(positives, negatives, frame, exact, None)
    if better is None:
        return inseparable(positives, negatives, exact) if verdict is None else verdict
    return better if verdict is None or better.margin >= verdict.margin else verdict


def _steps(dim: int, badly: bool, decided: bool) -> int:
    """Return how many exact steps to allow: few where only the margin is open in high dimension."""
    if dim <= (16 if badly else 32):
        return MOST_STEPS
    return 4 if decided else 400


def _badly_scaled(frame: Frame) -> bool:
    used = frame.reach[frame.reach > 2.0**-999]
    return len(used) > 1 and float(used.max() / used.min()) > 2.0**12


def _even_metric(frame: Frame) -> Float[np.ndarray, " n"]:
    """Return powers of two that bring every column to about the same reach."""
    return np.ldexp(1.0, np.clip(-np.frexp(frame.reach)[1], -1000, 1000))
