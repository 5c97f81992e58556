"""The door to the solvers: outcomes are values, also when there is no solution."""

import time
from collections.abc import Callable, Mapping
from types import SimpleNamespace

import numpy as np
import pytest

from geosae.errors import InvalidInput, SolverTimedOut
from geosae.geometry import _program as program


def test_a_linear_program_and_its_failures():
    cost = np.array([-1.0, -2.0])
    box = (np.eye(2), np.ones(2))
    found = program.linear_program(cost, at_most=box)
    assert found.status == "optimal"
    assert found.value == pytest.approx(-3.0)
    assert program.linear_program(cost).status == "unbounded"
    none = program.linear_program(cost, at_most=(np.eye(2), -np.ones(2)))
    assert (none.status, none.point, none.value) == ("infeasible", None, None)


def test_an_integer_program_and_its_failures():
    rows, one = np.array([[2.0, 2.0, 2.0]]), np.ones(1)
    found = program.milp(np.ones(3), rows, 3 * one, 9 * one)
    assert found.value == pytest.approx(2.0)
    assert found.bound == pytest.approx(2.0)
    relaxed = program.milp(np.ones(3), rows, 3 * one, 9 * one, integer=False)
    assert relaxed.value == pytest.approx(1.5)
    assert program.milp(np.ones(3), rows, 7 * one, 9 * one).status == "infeasible"


def test_non_negative_least_squares():
    matrix = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    found = program.nonnegative(matrix, np.array([-1.0, 1.0, 3.0]))
    assert found.point is not None
    assert found.point.tolist() == pytest.approx([0.0, 2.0])


def test_a_quadratic_program_and_its_failure():
    row = np.array([[1.0, 1.0]])
    found = program.quadratic_program(np.eye(2), np.zeros(2), equal=(row, np.array([2.0])))
    assert found.point is not None
    assert found.point.tolist() == pytest.approx([1.0, 1.0], abs=1e-6)
    both = program.quadratic_program(np.eye(2), np.zeros(2), at_most=(np.vstack([row, -row]), -np.ones(2)))
    assert both.status == "infeasible"


class Timed:
    """A clock of one's own: each look at it takes a minute."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 60.0
        return self.now


def a_cover() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return an integer program that takes HiGHS well over a second."""
    rows = (np.random.default_rng(0).random((80, 300)) < 0.08).astype(np.float64)
    return np.ones(300), rows, np.ones(80), np.full(80, np.inf)


def test_the_time_limit_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch):
    assert program.time_limit() == program.SECONDS == 600
    monkeypatch.setenv("GEOSAE_SOLVER_SECONDS", "2.5")
    assert program.time_limit() == 2.5
    for wrong in ("0", "-1", "nan", "inf", "ten"):
        monkeypatch.setenv("GEOSAE_SOLVER_SECONDS", wrong)
        with pytest.raises(InvalidInput, match=f"GEOSAE_SOLVER_SECONDS is '{wrong}'(.|\n)*unset it"):
            program.time_limit()


def dense_linear() -> object:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((300, 300))
    return program.linear_program(rng.standard_normal(300), at_most=(rows, np.ones(300)), bounds=(-1.0, 1.0))


def dense_quadratic() -> object:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((300, 300))
    return program.quadratic_program(
        rng.standard_normal((300, 300)), np.ones(300), at_most=(rows, np.ones(300))
    )


@pytest.mark.parametrize(
    ("call", "solver"),
    [
        (dense_linear, "HiGHS (a linear program)"),
        (lambda: program.milp(*a_cover()), "HiGHS (an integer program)"),
        (dense_quadratic, "Clarabel (a quadratic program)"),
    ],
)
def test_a_solver_that_takes_too_long_is_ended_and_named(
    call: Callable[[], object], solver: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GEOSAE_SOLVER_SECONDS", "0.001")
    begun = time.monotonic()
    with pytest.raises(SolverTimedOut) as ended:
        call()
    assert time.monotonic() - begun < 30
    what, causes, remedy = str(ended.value).splitlines()
    assert what == f"{solver} did not end within 0.001 seconds, and was stopped."
    assert causes.startswith("  Likely causes: a problem far larger than usual")
    assert "GEOSAE_SOLVER_SECONDS" in remedy


def test_a_search_whose_function_is_slow_is_ended(monkeypatch: pytest.MonkeyPatch):
    """The clock takes a minute per evaluation, so that the eleventh is too late."""
    monkeypatch.setattr(program, "time", Timed())
    asked: list[float] = []

    def slow(x: np.ndarray) -> tuple[float, np.ndarray]:
        asked.append(float(x[0]))
        return float(np.cosh(x).sum() + 1e-3 * (x**4).sum()), np.sinh(x) + 4e-3 * x**3

    with pytest.raises(SolverTimedOut, match="L-BFGS"):
        program.minimise(slow, np.array([30.0, -7.0, 2.0]))
    assert len(asked) == 10


def test_a_budget_of_the_caller_is_an_answer_and_no_failure():
    outcome = program.milp(*a_cover(), seconds=0.01)
    assert outcome.status == "stopped"
    assert outcome.bound is None or outcome.bound <= 300


def test_every_solver_is_told_its_limit(monkeypatch: pytest.MonkeyPatch):
    """A solver that was never told could not end: here each is asked what it was called with."""
    limits: list[float] = []

    def status(options: Mapping[str, float]) -> SimpleNamespace:
        limits.append(options["time_limit"])
        return SimpleNamespace(status=1, x=None, fun=None, mip_dual_bound=None)

    monkeypatch.setattr(program.optimize, "linprog", lambda *_, options, **__: status(options))
    monkeypatch.setattr(program.optimize, "milp", lambda *_, options, **__: status(options))
    for call in (dense_linear, lambda: program.milp(*a_cover())):
        with pytest.raises(SolverTimedOut, match="within 600 seconds"):
            call()
    assert program.milp(*a_cover(), seconds=7.0).status == "stopped"
    assert limits == [600.0, 600.0, 7.0]


def test_non_negative_least_squares_ends_on_what_made_it_cycle():
    """Columns that nearly depend on each other: where nnls of scipy 1.12 to 1.14 could go on for ever."""
    rng = np.random.default_rng(0)
    for scale in (1e-3, 1e-9, 1e-15):
        base = rng.standard_normal((12, 4))
        matrix = np.hstack([base + scale * rng.standard_normal((12, 4)) for _ in range(20)])
        outcome = program.nonnegative(matrix, matrix[:, 0] - base[:, 1])
        assert outcome.status in ("optimal", "stopped")
        if outcome.point is not None:
            assert (outcome.point >= 0).all()
