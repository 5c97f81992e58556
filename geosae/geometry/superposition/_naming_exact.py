"""Naming in exact arithmetic: the point nearest to 0 of {a_i − v : v admissible}, by Wolfe's algorithm.

P. Wolfe, Finding the nearest point in a polytope (1976, doi:10.1007/BF01580381). The polytope has a vertex
a_i − ρΣ_W a_j + ρΣ_Y a_j for every pair of disjoint sets W, Y of at most k and k−1 features; the one least
along a direction is found by sorting. Feature i is named iff 0 is not in the polytope; the first direction
along which all vertices are positive is a neuron's row (theory S10). Without the box |v_j| ≤ ρ the vertices
are a_i − ρk·a_j + ρ(k−1)·a_l, one feature or none on either side (theory S11a).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import Any

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from jaxtyping import Int

from geosae.geometry.exact import fraction, rational
from geosae.geometry.superposition._dictionary import Question
from geosae.geometry.superposition._grid import Code

Vertex = tuple[Code, Code]
"""W and Y: the features that count +ρ and −ρ in v."""


@dataclass(frozen=True, eq=False)
class ExactAnswer:
    """A row along which all vertices are positive, or v with a_i = Σ v_j a_j; neither if steps ran out."""

    row: tuple[fmpq, ...] | None
    support: Int[np.ndarray, " s"]
    weights: tuple[Fraction, ...] | None


def decide_exactly(
    question: Question,
    start: Sequence[tuple[Code, Code, fmpq]],
    steps: int | None = None,
    *,
    boxed: bool = True,
) -> ExactAnswer:
    """Run the algorithm to its end, or for at most so many solves, from vertices whose weights sum to 1."""
    corral = _Corral(question, start, boxed=boxed)
    nowhere = np.zeros(0, dtype=np.int64)
    for _ in count() if steps is None else range(steps):
        if not corral.move():
            continue
        point = corral.point()
        if not any(point):
            return ExactAnswer(None, *corral.combination())
        value, vertex = corral.least(point)
        if value > 0:
            return ExactAnswer(tuple(fmpq(v) for v in point), nowhere, None)
        # At the nearest point itself all vertices are at least its squared length along it: more than 0.
        corral.add(vertex)
    return ExactAnswer(None, nowhere, None)


class _Corral:
    """Vertices with weights ≥ 0 that sum to 1; points are in units of 2**exponent over ρ's denominator."""

    def __init__(self, question: Question, start: Sequence[tuple[Code, Code, fmpq]], *, boxed: bool) -> None:
        self.question = question
        self.rho = rational(question.rho)
        self.shares = question.shares(boxed=boxed)
        # The greatest numbers of features on either side of a vertex.
        self.most = (question.k, question.k - 1) if boxed else (1, min(1, question.k - 1))
        self.vertices: list[Vertex] = []
        self.weights: list[fmpq] = []
        merged: dict[Vertex, fmpq] = {}
        for on, off, weight in start or [((), (), fmpq(1))]:
            merged[(on, off)] = merged.get((on, off), fmpq(0)) + weight
        self.vertices, self.weights = list(merged), list(merged.values())
        self.columns = [self.column(vertex) for vertex in self.vertices]

    def column(self, vertex: Vertex) -> list[fmpz]:
        """Return a vertex as integers."""
        exact = self.question.dictionary.exact.matrix
        loads = fmpz_mat(exact.ncols(), 1)
        loads[self.question.feature, 0] = self.rho.q
        for side, sign, share in zip(vertex, (-1, 1), self.shares, strict=True):
            for j in side:
                loads[j, 0] = loads[j, 0] + sign * (share * self.rho.q).p
        return (exact * loads).entries()

    def point(self) -> list[fmpq]:
        """Return Σ weights · vertices."""
        return [
            sum((v * c for v, c in zip(self.weights, row, strict=True)), fmpq(0))
            for row in zip(*self.columns, strict=True)
        ]

    def least(self, direction: Sequence[fmpq]) -> tuple[fmpq, Vertex]:
        """Return the least value of a vertex along a direction, up to a positive factor, and the vertex."""
        question = self.question
        products, _ = question.products(direction)
        order = sorted((c, j) for j, c in enumerate(products) if j != question.feature)
        off = [(c, j) for c, j in order[: self.most[1]] if c < 0]
        on = [(c, j) for c, j in order[-self.most[0] :] if c > 0]
        load = self.shares[0] * sum((c for c, _ in on), fmpz(0))
        load -= self.shares[1] * sum((c for c, _ in off), fmpz(0))
        vertex = tuple(sorted(j for _, j in on)), tuple(sorted(j for _, j in off))
        return products[question.feature] - load, vertex

    def add(self, vertex: Vertex) -> None:
        """Add a vertex with weight zero."""
        self.vertices.append(vertex)
        self.weights.append(fmpq(0))
        self.columns.append(self.column(vertex))

    def move(self) -> bool:
        """Go towards the affine optimum while weights stay ≥ 0; tell whether it was all the way."""
        goal = self._affine_optimum()
        if goal is None:
            self._make_independent()
            return False
        falling = [i for i, y in enumerate(goal) if y < 0]
        if falling:
            share = min(self.weights[i] / (self.weights[i] - goal[i]) for i in falling)
            goal = [x + share * (y - x) for x, y in zip(self.weights, goal, strict=True)]
        self._set(goal)
        return not falling

    def _set(self, weights: Sequence[fmpq]) -> None:
        """Take these weights, and forget vertices of weight zero."""
        keep = [i for i, v in enumerate(weights) if v != 0]
        self.vertices = [self.vertices[i] for i in keep]
        self.columns = [self.columns[i] for i in keep]
        self.weights = [weights[i] for i in keep]

    def _affine_optimum(self) -> list[fmpq] | None:
        """Return the weights, sum 1, of the shortest affine combination; None if they are not unique."""
        size = len(self.columns)
        n = len(self.columns[0])
        if size > n + 1:
            return None
        points = fmpz_mat([list(row) for row in zip(*self.columns, strict=True)])
        try:
            if size == n + 1:
                rows = [*points.tolist(), [fmpz(1)] * size]
                return _entries(fmpz_mat(rows).solve(fmpz_mat(size, 1, [0] * n + [1])), size)
            gram = (points.transpose() * points).tolist()
            rows = [[*row, fmpz(1)] for row in gram] + [[fmpz(1)] * size + [fmpz(0)]]
            return _entries(fmpz_mat(rows).solve(fmpz_mat(size + 1, 1, [0] * size + [1])), size)
        except ZeroDivisionError:
            return None

    def _make_independent(self) -> None:
        """Drop a vertex without moving the point: they are affinely dependent (Carathéodory)."""
        rows = [list(row) for row in zip(*self.columns, strict=True)]
        basis, _ = fmpz_mat([*rows, [fmpz(1)] * len(self.columns)]).nullspace()
        direction = [fmpq(basis[i, 0]) for i in range(len(self.columns))]
        share = min(x / z for x, z in zip(self.weights, direction, strict=True) if z > 0)
        self._set([x - share * z for x, z in zip(self.weights, direction, strict=True)])

    def combination(self) -> tuple[Int[np.ndarray, " s"], tuple[Fraction, ...]]:
        """Return v: the weighted sum of the vertices' sets, times the shares of its features."""
        loads: dict[int, fmpq] = {}
        for vertex, weight in zip(self.vertices, self.weights, strict=True):
            for side, sign, share in zip(vertex, (1, -1), self.shares, strict=True):
                for j in side:
                    loads[j] = loads.get(j, fmpq(0)) + sign * weight * share
        support = sorted(j for j, v in loads.items() if v != 0)
        return np.array(support, dtype=np.int64), tuple(fraction(loads[j]) for j in support)


def _entries(solution: Any, count: int) -> list[fmpq]:
    return [solution[i, 0] for i in range(count)]
