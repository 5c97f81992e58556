r"""P10. Partial minima: when neither the codes of a pattern nor the atoms can be bettered by themselves.

Fix which pairs (x, i) may be active. In the codes for fixed atoms, and in (free-norm) atoms for fixed codes,
E[‖x − x̂‖² + λΣ a_i] is convex, so (a, W) is a partial minimum iff the KKT conditions hold: a_i ≥ 0, g_i =
λ − 2⟨w_i, x − x̂⟩ ≥ 0 and a_i g_i = 0 on allowed pairs; and r_j = E a_j(x − x̂) = 0 for every atom, O1's free
gain (with a free b_dec: mean residual 0). A pattern that reconstructs X exactly is at λ = 0 a global minimum,
absorbed or not. The loss that better codes would save is at most Σ g_i(a_i − a*_i), a* the best ones ("gap").

*At λ > 0 that is empty*, which we add: 0 = ⟨w_j, r_j⟩ = E a_j⟨w_j, x − x̂⟩ = (λ/2)E a_j, so no atom of a
partial minimum fires; longer atoms and shorter codes always gain. Our repair is a penalty by norms,
λΣ a_i‖w_i‖: then g_i = λ‖w_i‖ − 2⟨w_i, x − x̂⟩, and r_j = (λE a_j/2)·w_j/‖w_j‖, O1's penalised gain (w_j = 0:
at most as long). P9's data directions are partial minima of it, for every pattern that allows their codes. A
partial minimum need not be local: at a = w = 0 neither moves by itself, and a = t, w = tu lowers the loss by
2t²⟨x, u⟩ − t⁴‖u‖² ("escape"). That every realisable absorption pattern is a partial local minimum (arXiv
2512.05534) reached us second-hand and is not adopted.

Decided: codes against the best ones, by trying every support in rationals; atoms against the least loss by
evaluation, one at a time under a penalty (what is not smooth is separate), by projection on the codes
without. Exact. On an SAE of a run the pattern is that of its own codes: the gap is what its encoder leaves
(amortisation), held against its KKT violations. The rest of the statement is elementary.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np

from geosae.verification import Claim, Hypothesis, Number, Observed
from proofs_checks._amortised import amortisation
from proofs_checks._codes import best_codes, violations
from proofs_checks._exact import dot, minus
from proofs_checks._fits import (
    beside_the_atoms,
    data_directions,
    exactly,
    least_squares,
    on_rays,
    random_fit,
    random_points,
    unit_vector,
)
from proofs_checks._losses import Fit, Vector, mean, projected_error, rational_length
from proofs_checks._one_atom import is_least

Part = Literal["codes", "atoms", "partial", "gap", "escape"]
Pattern = tuple[tuple[bool, ...], ...]


@dataclass(frozen=True)
class Case:
    """Codes, a decoder, λ and a pattern; `by_norms` says how the penalty weighs codes; for "escape" t and u.

    The last fields break hypotheses: pairs out of the pattern may be active, an atom turned afterwards, atoms
    that must keep their norms, only the code moves.
    """

    part: Part
    fit: Fit
    label: str
    l1: Fraction = Fraction(0)
    pattern: Pattern | None = None
    by_norms: bool = False
    free_bias: bool = False
    t: Fraction = Fraction(0)
    u: Vector = ()
    everywhere: bool = False
    turned: Vector | None = None
    on_sphere: bool = False
    alone: bool = False
    attained: bool = False

    def prices(self) -> list[Fraction]:
        """Return what a unit of each code costs."""
        return [self.l1 * (rational_length(w) if self.by_norms else 1) for w in self.fit.atoms]

    def allowed(self, row: int) -> list[int]:
        """Return the atoms that may be active at a point."""
        return [j for j in range(len(self.fit.atoms)) if self.pattern is None or self.pattern[row][j]]


def _rows(
    case: Case, *, everywhere: bool = False
) -> Iterator[tuple[Vector, list[Vector], list[Fraction], Vector]]:
    """Yield per point x − b, and the allowed atoms with their prices and codes."""
    prices = case.prices()
    for row, x in enumerate(case.fit.points):
        codes = case.fit.codes[row]
        chosen = range(len(prices)) if everywhere else case.allowed(row)
        target = tuple(minus(x, case.fit.b_dec))
        atoms = [case.fit.atoms[j] for j in chosen]
        yield target, atoms, [prices[j] for j in chosen], tuple(codes[j] for j in chosen)


def kkt(case: Case) -> bool:
    """Tell whether the KKT conditions hold on all allowed pairs."""
    return all(next(violations(*row), None) is None for row in _rows(case))


def pulls_vanish(case: Case) -> bool:
    """Tell whether r_j = 0 for all atoms, or r_j = (λA_j/2)·w_j/‖w_j‖; with a free bias E(x − x̂) = 0."""
    fit = case.fit
    if case.free_bias and any(mean([e[i] for e in fit.residuals()]) for i in range(len(fit.b_dec))):
        return False
    for j, w in enumerate(fit.atoms):
        r, half = fit.pull(j), case.l1 * fit.mean(j) / 2 if case.by_norms else Fraction(0)
        size = rational_length(w) if half else Fraction(0)
        if size == 0 and dot(r, r) > half * half:
            return False
        if size and any(size * v != half * u for v, u in zip(r, w, strict=True)):
            return False
    return True


def bound(case: Case) -> Number:
    """Return whether the conditions hold; Σ g_i(a_i − a*_i); or 2t²⟨x, u⟩ − t⁴‖u‖²."""
    if case.part == "codes":
        return int(kkt(case))
    if case.part == "atoms":
        return int(pulls_vanish(case))
    if case.part == "partial":
        return int(kkt(case) and pulls_vanish(case))
    if case.part == "escape":
        x, u, t = case.fit.points[0], case.u, case.t
        return 2 * t * t * dot(x, u) - t**4 * dot(u, u)
    total = Fraction(0)
    for target, atoms, prices, codes in _rows(case):
        best, rest = best_codes(target, atoms, prices), _rest(target, atoms, codes)
        slopes = [price - 2 * dot(w, rest) for w, price in zip(atoms, prices, strict=True)]
        total += dot(slopes, minus(codes, best))
    return total / len(case.fit.points)


def _rest(target: Vector, atoms: list[Vector], codes: Vector) -> Vector:
    return tuple(v - dot(codes, [w[i] for w in atoms]) for i, v in enumerate(target))


def _cost(target: Vector, atoms: list[Vector], prices: list[Fraction], codes: Vector) -> Fraction:
    rest = _rest(target, atoms, codes)
    return dot(rest, rest) + dot(prices, codes)


def excess(case: Case) -> Fraction:
    """Return by how much the loss is above that of the best codes, from the losses themselves."""
    total = Fraction(0)
    for row in _rows(case, everywhere=case.everywhere):
        target, atoms, prices, _ = row
        total += _cost(*row) - _cost(target, atoms, prices, best_codes(target, atoms, prices))
    return total / len(case.fit.points)


def _not_negative(case: Case) -> bool:
    """Tell whether all codes are ≥ 0."""
    return all(a >= 0 for codes in case.fit.codes for a in codes)


def _atoms_are_best(case: Case) -> bool:
    """Tell whether no decoder has less loss with these codes."""
    fit = case.fit if case.turned is None else case.fit.with_atom(0, case.turned)
    ones = [[Fraction(1)] * len(fit.points)] if case.free_bias else []
    if case.on_sphere:
        return is_least(fit, Fraction(0), on_sphere=True)
    if not (case.by_norms and case.l1):
        columns = [fit.column(j) for j in range(len(fit.atoms))] + ones
        return fit.error() == projected_error([minus(x, fit.b_dec) for x in fit.points], columns)
    if ones and fit.error() != projected_error(fit.residuals(), ones):
        return False
    return all(
        is_least(_first(fit, j), case.l1 * fit.mean(j), on_sphere=False) for j in range(len(fit.atoms))
    )


def _first(fit: Fit, j: int) -> Fit:
    """Return the fit with atom j in the first place."""
    order = [j, *(k for k in range(len(fit.atoms)) if k != j)]
    codes = tuple(tuple(row[k] for k in order) for row in fit.codes)
    return replace(fit, atoms=tuple(fit.atoms[k] for k in order), codes=codes)


def observe(case: Case) -> Observed:
    """Tell whether codes and atoms are the best by themselves; measure the gap, or the loss after a move."""
    label = f"{case.label} [{case.part}]"
    if case.part == "gap":
        return Observed(excess(case), label, kind="tight" if case.attained else "upper")
    if case.part == "escape":
        moved = replace(case.fit, codes=((case.t,),))
        moved = moved if case.alone else moved.with_atom(0, [case.t * v for v in case.u])
        return Observed(case.fit.error() - moved.error(), label, kind="tight")
    best_of_codes = case.part == "atoms" or (_not_negative(case) and excess(case) == 0)
    best = best_of_codes and (case.part == "codes" or _atoms_are_best(case))
    return Observed(int(best), label, kind="equivalence")


TINY = Fraction(1, 10**9)


def _pattern(rng: np.random.Generator, fit: Fit) -> Pattern:
    """Return a random pattern that allows at least one pair."""
    rows = rng.random((len(fit.points), len(fit.atoms))) < 0.7
    rows[0, 0] = True
    return tuple(tuple(map(bool, row)) for row in rows)


def _best_of(case: Case) -> Case:
    """Return the case with the best codes on its pattern."""
    rows: list[Vector] = []
    for row, (target, atoms, prices, _) in enumerate(_rows(case)):
        codes = [Fraction(0)] * len(case.fit.atoms)
        for j, a in zip(case.allowed(row), best_codes(target, atoms, prices), strict=True):
            codes[j] = a
        rows.append(tuple(codes))
    return replace(case, fit=replace(case.fit, codes=tuple(rows)))


def _moved(case: Case, i: int) -> Case:
    """Return the case with its first code, or its first atom, moved a little."""
    if i % 2 and case.part != "atoms":
        first = (case.fit.codes[0][0] + TINY, *case.fit.codes[0][1:])
        return replace(case, fit=replace(case.fit, codes=(first, *case.fit.codes[1:])))
    w = tuple(v * (1 + TINY) for v in case.fit.atoms[0])
    return replace(case, fit=case.fit.with_atom(0, w))


def _fixed(rng: np.random.Generator) -> Iterator[Case]:
    one, zero = Fraction(1), Fraction(0)
    flipped = Fit(((-one,),), ((-2 * one,),), ((one,),), (zero,))
    yield Case("codes", flipped, "a negative code that costs as much as none")
    nothing = Fit(((one,),), ((zero,),), ((zero,),), (zero,))
    for part in ("codes", "atoms", "partial"):
        yield Case(part, nothing, "x = 1, a = w = 0")
        yield Case(part, replace(nothing, atoms=((one,),)), "x = 1, a = 0, w = 1: the code should move")
        yield Case(part, replace(nothing, codes=((one,),)), "x = 1, a = 1, w = 0: the atom should move")
    priced = Fit(((one,),), ((one / 2,),), ((one,),), (zero,))
    yield Case("partial", priced, "x = 1 at λ = 1, the best code of a unit atom", l1=one)
    yield Case("partial", priced, "the same with a penalty by norms", l1=one, by_norms=True)
    yield Case("partial", replace(priced, codes=((zero,),)), "x = 1 at λ = 2, silent", l1=2 * one)
    for size in (one, 2 * one):
        label = f"x = 1 at λ = 1 by norms, an atom {size}"
        yield Case("atoms", replace(priced, atoms=((size,),)), label, l1=one, by_norms=True)
    yield Case("gap", priced, "x = 1 at λ = 1, the best code", l1=one, attained=True)
    yield _parallel(rng, 0)
    for t in (one / 2, one / 4):
        yield Case("escape", nothing, f"x = 1, both moved to {t}", t=t, u=(one,))
    family, axes = ((one, zero), (one, one)), ((one, zero), (zero, one))
    absorbed, apart = Fit(family, axes, family, (zero, zero)), Fit(family, family, axes, (zero, zero))
    yield Case("partial", absorbed, "an absorbed child, exactly")
    yield Case("partial", apart, "parent and child, exactly")


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield empty, negative, priced and absorbed codes, then for each part the best and what nearly is."""
    yield from _fixed(rng)
    for i in range(count):
        l1, by_norms = Fraction(int(rng.integers(0, 9)), 4), bool(i // 5 % 2)
        where = f"λ = {l1}{' by norms' if by_norms else ''} ({i})"
        fit = on_rays(rng) if by_norms else random_fit(rng)
        if i % 5 == 0:
            case = Case("codes", fit, f"best codes, {where}", l1, _pattern(rng, fit), by_norms)
            yield _best_of(case)
            yield replace(_moved(_best_of(case), 1), label=f"best codes moved, {where}")
        elif i % 5 == 1:
            flat = Case("atoms", least_squares(random_fit(rng)), f"least squares ({i})")
            rays = data_directions(rng, l1, count=2, dim=2)
            case = Case("atoms", rays, f"data directions, {where}", l1, by_norms=True) if by_norms else flat
            yield case
            yield replace(_moved(case, 0), label=f"{case.label}, moved")
        elif i % 5 == 2:
            yield from _partial(rng, i, l1)
        elif i % 5 == 3:
            case = Case("gap", fit, f"any codes, {where}", l1, None, by_norms)
            yield case
            yield _parallel(rng, i)
        else:
            x, u = random_points(rng, 2, int(rng.integers(1, 4)))
            zero = tuple(0 * v for v in x)
            empty = Fit((x,), ((Fraction(0),),), (zero,), zero)
            yield Case("escape", empty, f"a = w = 0 ({i})", t=Fraction(int(rng.integers(1, 50)), 100), u=u)


def _partial(rng: np.random.Generator, i: int, l1: Fraction) -> Iterator[Case]:
    kind = i // 5 % 3
    if kind == 0:
        fit = beside_the_atoms(rng)
        case = Case("partial", fit, f"residuals beside the atoms ({i})", free_bias=True)
    elif kind == 1:
        case = Case("partial", exactly(rng), f"exact codes ({i})")
    else:
        size, dim = (int(v) for v in rng.integers(1, 4, 2))
        fit = data_directions(rng, l1, count=size, dim=dim)
        case = Case("partial", fit, f"data directions, λ = {l1} by norms ({i})", l1, by_norms=True)
    yield case
    yield replace(_moved(case, i // 15), label=f"{case.label}, moved")


def _parallel(rng: np.random.Generator, i: int) -> Case:
    """Return an atom and its double: the long one is cheaper, and x̂ is the same: the gap is all there is."""
    l1, size = Fraction(int(rng.integers(1, 9)), 4), Fraction(int(rng.integers(9, 40)), 4)
    u = unit_vector(rng, int(rng.integers(1, 4)))
    point, zero = tuple(size * v for v in u), tuple(0 * v for v in u)
    # The best code is size/2 − λ/8 on the double; twice that on the atom decodes to the same.
    fit = Fit((point,), ((size - l1 / 4, Fraction(0)),), (u, tuple(2 * v for v in u)), zero)
    return Case("gap", fit, f"an atom beside its double, λ = {l1}, |x| = {size} ({i})", l1, attained=True)


def other_pairs(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield atoms that a point needs and its pattern forbids."""
    parts: tuple[Part, ...] = ("codes", "partial", "gap")
    for i in range(max(len(parts), count // 10)):
        k, zero = Fraction(int(rng.integers(1, 9)), 2), Fraction(0)
        axes = ((Fraction(1), zero), (zero, Fraction(1)))
        # The residuals (0, ±k) cancel for the first atom, and the second may not serve the one above.
        fit = Fit(((k, k), (k, -k)), ((k, zero), (k, zero)), axes, (zero, zero))
        case = Case(parts[i % 3], fit, f"a forbidden atom, k = {k} ({i})", everywhere=True)
        yield replace(case, pattern=((True, False), (True, True)))


def turned(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield exact codes of an atom that is turned by 10° afterwards."""
    t = Fraction(7, 80)
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    parts: tuple[Part, ...] = ("atoms", "partial")
    for i in range(max(len(parts), count // 10)):
        k, u = Fraction(int(rng.integers(1, 9)), 2), unit_vector(rng, 2)
        fit = Fit((tuple(k * v for v in u),), ((k,),), (u,), (Fraction(0),) * 2)
        away = (cosine * u[0] - sine * u[1], sine * u[0] + cosine * u[1])
        yield Case(parts[i % 2], fit, f"an atom turned by 10°, k = {k} ({i})", turned=away)


def on_a_sphere(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield atoms that are best among those of their norm, and too short."""
    for i in range(max(1, count // 10)):
        k, u = Fraction(int(rng.integers(3, 20)), 2), unit_vector(rng, int(rng.integers(1, 4)))
        fit = Fit((tuple(k * v for v in u),), ((Fraction(1),),), (u,), tuple(0 * v for v in u))
        yield Case("atoms", fit, f"a unit atom for x = {k}u ({i})", on_sphere=True)


def code_alone(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the code moved by itself, which an atom 0 does not notice."""
    for i in range(max(1, count // 10)):
        u, t = unit_vector(rng, 2), Fraction(int(rng.integers(1, 50)), 100)
        zero = (Fraction(0),) * 2
        empty = Fit((u,), ((Fraction(0),),), (zero,), zero)
        yield Case("escape", empty, f"only the code moves, to {t} ({i})", t=t, u=u, alone=True)


def _on(parts: tuple[Part, ...], formula: Callable[[Case], Number]) -> Callable[[Case], Number]:
    """Return the bound with another formula in some parts."""
    return lambda case: formula(case) if case.part in parts else bound(case)


CLAIM = Claim(
    id="P10",
    statement=(
        "On a pattern, codes and free-norm atoms are a partial minimum if and only if the KKT conditions "
        "hold on allowed pairs and O1's gains vanish; what better codes save is at most Σ g(a − a*); at "
        "a = w = 0 moving both still gains."
    ),
    tex=(
        r"a_i\ge0,\quad g_i=\lambda\|w_i\|-2\langle w_i,x-\hat x\rangle\ge0,\quad a_ig_i=0;\qquad "
        r"r_j=\tfrac{\lambda}{2}\,\mathbb E[a_j]\,\frac{w_j}{\|w_j\|};\qquad "
        r"L(a)-L(a^*)\le\mathbb E\sum_ig_i(a_i-a_i^*)"
    ),
    hypotheses=(
        Hypothesis("only pairs of the pattern may be active", other_pairs),
        Hypothesis("the atom is the one that was fitted", turned),
        Hypothesis("atoms have free norms", on_a_sphere),
        Hypothesis("escape: code and atom move together", code_alone),
    ),
    kind="equivalence",
    source="zhang2026geometric",
    figure="partial_minima",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=amortisation,
    mutants={
        "r = 0 under a penalty by norms": _on(
            ("atoms",), lambda case: int(pulls_vanish(replace(case, by_norms=False)))
        ),
        "KKT alone": _on(("partial",), lambda case: int(kkt(case))),
        "O1 alone": _on(("partial",), lambda case: int(pulls_vanish(case))),
        "half of the gap": _on(("gap",), lambda case: Fraction(bound(case)) / 2),
        "t² for 2t²": _on(
            ("escape",), lambda case: bound(case) - case.t**2 * dot(case.fit.points[0], case.u)
        ),
    },
    scales={"gap": (0.99, 1.01), "escape": (0.99, 1.01), "codes": None, "atoms": None, "partial": None},
)
