"""The door to the solvers: outcomes are values, also when there is no solution."""

import numpy as np
import pytest

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
