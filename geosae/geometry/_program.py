"""Linear, integer and quadratic programs by numerical solvers; what they return is a value, never a proof.

Linear and mixed-integer programs go to HiGHS (Huangfu and Hall, doi:10.1007/s12532-017-0130-5) through scipy;
quadratic programs to Clarabel through cvxpy, which is loaded only then. No other module calls a solver.

No call lasts for ever. HiGHS, Clarabel and L-BFGS are ended after `time_limit()` seconds, and
`SolverTimedOut` says so. The other two take no limit of time, and end by themselves: non-negative least
squares after a number of iterations (scipy 1.12 to 1.14 counted only some of them, and could go on for ever:
the package asks for 1.15), the assignment after at most rows² · columns steps.
"""

import math
import os
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int
from scipy import optimize, sparse

from geosae.errors import InvalidInput, SolverTimedOut

SECONDS = 600.0
"""How long one call of a solver may take, unless the environment says otherwise: those of a run take well
below a second, so that one which takes ten minutes has lost its way."""
SECONDS_SETTING = "GEOSAE_SOLVER_SECONDS"

Status = Literal["optimal", "infeasible", "unbounded", "stopped"]
_STATUS: dict[int, Status] = {0: "optimal", 1: "stopped", 2: "infeasible", 3: "unbounded"}


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a solver says: its status, a point and a value where it has one, its bound on the optimum.

    Of a linear program also the multipliers: how fast the optimum rises with the right side of each row.
    """

    status: Status
    point: Float[np.ndarray, " v"] | None
    value: float | None
    bound: float | None = None
    at_most_multipliers: Float[np.ndarray, " r"] | None = None
    equal_multipliers: Float[np.ndarray, " e"] | None = None


def time_limit() -> float:
    """Return the seconds that a solver may take: GEOSAE_SOLVER_SECONDS of the environment, or 600.

    Raises
    ------
    InvalidInput
        If the environment names no positive, finite number.

    Examples
    --------
    >>> time_limit()
    600.0
    """
    text = os.environ.get(SECONDS_SETTING, "")
    if not text:
        return SECONDS
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise InvalidInput(
            f"{SECONDS_SETTING} is {text!r}; it must be a positive, finite number of seconds",
            remedy=f"unset it for {SECONDS:g} seconds, or set another number",
        )
    return seconds


def linear_program(
    cost: Float[np.ndarray, " v"],
    *,
    at_most: tuple[Any, Float[np.ndarray, " r"]] | None = None,
    equal: tuple[Any, Float[np.ndarray, " e"]] | None = None,
    bounds: Sequence[tuple[float | None, float | None]] | tuple[float | None, float | None] = (0.0, None),
) -> Outcome:
    """Minimise ⟨cost, x⟩ with M x ≤ r, E x = e and bounds on x (dense or sparse matrices).

    Raises
    ------
    SolverTimedOut
        If the solver needs more than `time_limit()` seconds.

    Examples
    --------
    >>> outcome = linear_program(np.array([1.0, 1.0]), equal=(np.array([[1.0, 2.0]]), np.array([4.0])))
    >>> outcome.value, outcome.equal_multipliers.tolist()
    (2.0, [0.5])
    """
    rows, right = at_most or (None, None)
    equations, level = equal or (None, None)
    seconds = time_limit()
    solution: Any = optimize.linprog(
        cost,
        A_ub=rows,
        b_ub=right,
        A_eq=equations,
        b_eq=level,
        bounds=bounds,
        method="highs",
        options={"time_limit": seconds},
    )
    # Iterations are not limited: what HiGHS reports as a limit is that of time.
    if int(solution.status) == 1:
        raise SolverTimedOut("HiGHS (a linear program)", seconds)
    status = _STATUS.get(int(solution.status), "stopped")
    if status != "optimal":
        return Outcome(status, None, None)
    return Outcome(
        status,
        np.asarray(solution.x, dtype=np.float64),
        float(solution.fun),
        float(solution.fun),
        np.asarray(solution.ineqlin.marginals, dtype=np.float64),
        np.asarray(solution.eqlin.marginals, dtype=np.float64),
    )


def milp(
    cost: Float[np.ndarray, " v"],
    rows: Any,
    low: Float[np.ndarray, " r"],
    high: Float[np.ndarray, " r"],
    *,
    integer: bool = True,
    upper: float = 1.0,
    seconds: float | None = None,
) -> Outcome:
    """Minimise ⟨cost, x⟩ with low ≤ M x ≤ high and x in [0, upper], integer by default.

    With `seconds`, the best point of so much time is an answer (status "stopped").

    Raises
    ------
    SolverTimedOut
        If `seconds` is not given and the solver needs more than `time_limit()`.

    Examples
    --------
    >>> low = np.array([1.0])
    >>> milp(np.ones(2), np.array([[2.0, 2.0]]), low, low * 4).value
    1.0
    """
    limit = time_limit() if seconds is None else seconds
    solution: Any = optimize.milp(
        cost,
        constraints=optimize.LinearConstraint(sparse.csr_array(rows), low, high),
        integrality=np.full(len(cost), int(integer)),
        bounds=optimize.Bounds(0.0, upper),
        options={"time_limit": limit},
    )
    if seconds is None and int(solution.status) == 1:
        raise SolverTimedOut("HiGHS (an integer program)", limit)
    status = _STATUS.get(int(solution.status), "stopped")
    bound = None if solution.mip_dual_bound is None else float(solution.mip_dual_bound)
    if solution.x is None:
        return Outcome(status, None, None, bound)
    return Outcome(status, np.asarray(solution.x, dtype=np.float64), float(solution.fun), bound)


def nonnegative(matrix: Float[np.ndarray, "r v"], target: Float[np.ndarray, " r"]) -> Outcome:
    """Minimise ‖matrix·x − target‖ over x ≥ 0 (Lawson and Hanson's algorithm).

    Examples
    --------
    >>> nonnegative(np.eye(2), np.array([3.0, -4.0])).point.tolist()
    [3.0, 0.0]
    """
    try:
        point, residual = optimize.nnls(matrix, target, maxiter=50 * matrix.shape[1] + 1000)
    except RuntimeError:  # the limit of iterations
        return Outcome("stopped", None, None)
    return Outcome("optimal", np.asarray(point, dtype=np.float64), float(residual))


def quadratic_program(
    factor: Float[np.ndarray, "k v"],
    target: Float[np.ndarray, " k"],
    *,
    at_most: tuple[Float[np.ndarray, "r v"], Float[np.ndarray, " r"]] | None = None,
    equal: tuple[Float[np.ndarray, "e v"], Float[np.ndarray, " e"]] | None = None,
) -> Outcome:
    """Minimise ½‖factor·x − target‖² with M x ≤ r and E x = e.

    Raises
    ------
    SolverTimedOut
        If the solver needs more than `time_limit()` seconds.

    Examples
    --------
    >>> first_is_one = (np.array([[1.0, 0.0]]), np.array([1.0]))
    >>> outcome = quadratic_program(np.eye(2), np.array([3.0, 4.0]), equal=first_is_one)
    >>> outcome.point.round(6).tolist()
    [1.0, 4.0]
    """
    import cvxpy  # loading it takes a second: only who needs it pays

    variable = cvxpy.Variable(factor.shape[1])
    constraints: list[Any] = []
    if at_most is not None:
        constraints.append(at_most[0] @ variable <= at_most[1])
    if equal is not None:
        constraints.append(equal[0] @ variable == equal[1])
    problem = cvxpy.Problem(cvxpy.Minimize(0.5 * cvxpy.sum_squares(factor @ variable - target)), constraints)
    seconds = time_limit()
    with warnings.catch_warnings():
        # Where time ran out, cvxpy warns of an inaccurate solution; none is returned here.
        warnings.filterwarnings("ignore", message="Solution may be inaccurate")
        problem.solve(solver=cvxpy.CLARABEL, time_limit=seconds)
    if problem.status == "user_limit":
        raise SolverTimedOut("Clarabel (a quadratic program)", seconds)
    statuses: dict[str, Status] = {"optimal": "optimal", "infeasible": "infeasible", "unbounded": "unbounded"}
    status = statuses.get(str(problem.status), "stopped")
    if variable.value is None:
        return Outcome(status, None, None)
    return Outcome(
        status, np.asarray(variable.value, dtype=np.float64), float(np.asarray(problem.value).item())
    )


def assignment(cost: Float[np.ndarray, "r c"]) -> tuple[Int[np.ndarray, " k"], Int[np.ndarray, " k"]]:
    """Match rows to columns one to one, min(r, c) pairs in all, at the least total cost up to rounding.

    D. F. Crouse, On implementing 2D rectangular assignment algorithms, 2016, doi:10.1109/TAES.2016.140952.

    Examples
    --------
    >>> rows, columns = assignment(np.array([[1.0, 5.0, 0.0], [0.0, 9.0, 0.0]]))
    >>> rows.tolist(), columns.tolist()
    ([0, 1], [2, 0])
    """
    rows, columns = optimize.linear_sum_assignment(cost)
    return rows, columns


def minimise(
    function: Callable[[Float[np.ndarray, " v"]], tuple[float, Float[np.ndarray, " v"]]],
    start: Float[np.ndarray, " v"],
    *,
    steps: int = 200,
    least_gain: float = 1e-14,
    least_slope: float = 1e-10,
) -> Outcome:
    """Look for a local minimum of a function that returns its value and gradient (L-BFGS).

    It stops after so many steps, or where a step gains less of the value than `least_gain`, or no partial
    derivative exceeds `least_slope`.

    Raises
    ------
    SolverTimedOut
        If the search needs more than `time_limit()` seconds.

    Examples
    --------
    >>> outcome = minimise(lambda x: (float(x @ x), 2 * x), np.ones(2))
    >>> outcome.point is not None and bool(np.allclose(outcome.point, 0))
    True
    """
    seconds = time_limit()
    end = time.monotonic() + seconds

    def timed(x: Float[np.ndarray, " v"]) -> tuple[float, Float[np.ndarray, " v"]]:
        if time.monotonic() > end:
            raise SolverTimedOut("L-BFGS (a local minimum)", seconds)
        return function(x)

    solution = optimize.minimize(
        timed,
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": steps, "ftol": least_gain, "gtol": least_slope},
    )
    status: Status = "optimal" if solution.success else "stopped"
    return Outcome(status, np.asarray(solution.x, dtype=np.float64), float(solution.fun))
