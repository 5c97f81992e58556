r"""O1. What re-fitting one atom, or the whole decoder, would gain while the codes stay; when it is nothing.

Codes a(x) that do not depend on the decoder, loss E‖x − x̂‖² + penalty; r_j = E a_j(x − x̂), s_j = E a_j²,
A_j = E a_j, q_j = r_j + s_j w_j. As a function of w = w_j the loss is const − 2⟨w, q_j⟩ + s_j‖w‖² (+
λA_j‖w‖). Completing the square, the greatest decrease is ‖r_j‖²/s_j (free norm, the penalty without w); on
the sphere of radius ‖w_j‖ the middle term is constant, and it is 2(‖w_j‖‖q_j‖ − ⟨w_j, q_j⟩); with the penalty
λE Σa_i‖w_i‖ the best w points along q_j and is shrunk: −2⟨w_j, q_j⟩ + s_j‖w_j‖² + λA_j‖w_j‖ + (‖q_j‖ −
λA_j/2)₊²/s_j. A dead atom (s_j = 0) gains 0. Each is ≥ 0, and 0 iff r_j = 0; iff w_j is a non-negative
multiple of q_j, or q_j = 0; iff r_j = (λA_j/2)·w_j/‖w_j‖ (for w_j = 0, which we add: ‖r_j‖ ≤ λA_j/2). Where
a_j may be scaled too (σ times the encoder's row and bias), d/dσ of the loss with the penalty λE Σa is λA_j −
2⟨w_j, r_j⟩. The whole decoder with bias gains loss − min = tr(RᵀG⁺R), G = E ããᵀ, R = E ã(x − x̂)ᵀ, ã = (a, 1):
normal equations. That is at least every free gain of an atom, and equal to it where x − x̂ = a_j v throughout.

Decided: the loss itself is evaluated, in rationals, at atoms 0, ±e_i and ±2e_1, which fixes its linear, its
radial and its quadratic part; square roots are enclosed. The decoder: Gram–Schmidt on the codes. "any": no
other atom (on the sphere: no turned one) gains more. Of an SAE of a run the formulas, in floats, are held
against the loss decoded anew; gains are over E‖x − x̂‖².

A gain is a lower bound for what training left, and no proof of an optimum: the encoder is not examined, and
the loss must be the one trained on (AuxK, nested errors of Matryoshka, a tied bias change r_j). SpaDE's codes
come from prototypes of their own here, so it is admitted; matching pursuit's atoms are its encoder, and it
is not. Exact, but for square roots. The identities are elementary; that they are certificates for any
checkpoint is ours.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np
from flint import arb, ctx

from geosae.verification import Claim, Hypothesis, Number, Observed
from proofs_checks._arb import ETA, enclosed
from proofs_checks._exact import dot
from proofs_checks._fits import along_a_line, orthogonal, random_fit, random_points, shifted, with_residuals
from proofs_checks._gates import Encoder, codes
from proofs_checks._losses import Fit, Vector, ball, decoder_gain, length, projected_error, rational_length
from proofs_checks._one_atom import is_least, least, shape_of, slope_in_scale, tied_loss, tied_optimum
from proofs_checks._refits import refit_evidence

Form = Literal["free", "norm held", "penalised"]
Part = Literal["free", "norm held", "penalised", "any", "decoder", "single", "stationary", "scale"]
FORMS: tuple[Form, ...] = ("free", "norm held", "penalised")
BITS = 256
HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Case:
    """Codes and a decoder; atom 0 is fitted anew in one of the forms. For "any" `other` is an atom to try.

    For "scale" the codes are those of an encoder (Top-K where K is given). The last fields break hypotheses:
    codes that follow the atom, a penalty without norms, moments of another batch, an atom turned afterwards.
    """

    part: Part
    fit: Fit
    label: str
    form: Form = "free"
    l1: Fraction = Fraction(0)
    other: Vector | None = None
    attained: bool = False
    encoder: Encoder | None = None
    K: int | None = None
    tied: Fraction | None = None
    flat: bool = False
    batch: Fit | None = None
    turned: Vector | None = None


def _pull(fit: Fit) -> Vector:
    """Return q_0 = r_0 + s_0 w_0."""
    s = fit.moment(0)
    return tuple(r + s * w for r, w in zip(fit.pull(0), fit.atoms[0], strict=True))


def gain(fit: Fit, form: Form, l1: Fraction) -> Number:
    """Return the gain of atom 0 by its formula, enclosed where it has a square root."""
    w, r, s, half = fit.atoms[0], fit.pull(0), fit.moment(0), l1 * fit.mean(0) / 2
    if s == 0:
        return 0
    if form == "free":
        return dot(r, r) / s
    q = _pull(fit)
    with ctx.workprec(BITS):
        if form == "norm held":
            return enclosed(2 * (length(w) * length(q) - ball(dot(w, q))))
        shrunk = length(q) - ball(half) if dot(q, q) > half * half else arb(0)
        fixed = ball(s * dot(w, w) - 2 * dot(w, q)) + 2 * ball(half) * length(w)
        return enclosed(fixed + shrunk * shrunk / ball(s))


def stationary(fit: Fit, form: Form, l1: Fraction) -> bool:
    """Tell whether the condition for a gain of 0 is met."""
    w, r, half = fit.atoms[0], fit.pull(0), l1 * fit.mean(0) / 2
    if form == "free":
        return not any(r)
    if form == "norm held":
        q = _pull(fit)
        return dot(w, q) >= 0 and dot(w, q) ** 2 == dot(w, w) * dot(q, q)
    if not any(w):
        return dot(r, r) <= half * half
    # r = (λA/2)·w/‖w‖ as r parallel to w, on its side, and as long as that.
    return dot(w, r) >= 0 and dot(w, r) ** 2 == dot(w, w) * dot(r, r) and dot(r, r) == half * half


def bound(case: Case) -> Number:
    """Return the gain of the formula; for "stationary" whether it is 0; for "scale" λA − 2⟨w, r⟩."""
    fit = case.fit if case.batch is None else case.batch
    if case.part == "stationary":
        return int(stationary(fit, case.form, case.l1))
    if case.part in ("decoder", "single"):
        return decoder_gain(fit)
    if case.part == "scale":
        return case.l1 * fit.mean(0) - 2 * dot(fit.atoms[0], fit.pull(0))
    return gain(fit, case.form, case.l1)


def _price(case: Case) -> Fraction:
    """Return λA_0, what the loss charges for the length of atom 0."""
    charged = case.form == "penalised" and not case.flat
    return case.l1 * case.fit.mean(0) if charged else Fraction(0)


def _decrease(case: Case) -> Number:
    """Return by how much the loss falls from atom 0 to the other one, or to the best one."""
    w, price = case.fit.atoms[0], _price(case)
    with ctx.workprec(BITS):
        here = ball(case.fit.error()) + ball(price) * length(w)
        if case.other is not None:
            there = ball(case.fit.with_atom(0, case.other).error()) + ball(price) * length(case.other)
        else:
            square = dot(w, w) if case.form == "norm held" else None
            there = least(shape_of(case.fit, price), square)
        return enclosed(here - there)


def observe(case: Case) -> Observed:
    """Return by how much the loss falls when it is evaluated; whether it is least; its slope in σ."""
    label = f"{case.label} [{case.part}]"
    if case.tied is not None:
        points, w = case.fit.points, case.fit.atoms[0][0]
        best = tied_loss(points, tied_optimum(points, case.tied), case.tied)
        return Observed(tied_loss(points, w, case.tied) - best, label, "certified", 1e-9)
    if case.part == "stationary":
        fit = case.fit if case.turned is None else case.fit.with_atom(0, case.turned)
        best = is_least(fit, _price(case), on_sphere=case.form == "norm held")
        return Observed(int(best), label, kind="equivalence")
    if case.part == "decoder":
        ones = [Fraction(1)] * len(case.fit.points)
        columns = [*(case.fit.column(j) for j in range(len(case.fit.atoms))), ones]
        return Observed(case.fit.error() - projected_error(case.fit.points, columns), label)
    if case.part == "scale":
        if case.encoder is None:
            raise ArithmeticError("only an encoder can be scaled")
        return Observed(slope_in_scale(case.fit, case.encoder, case.K, case.l1), label)
    kind = "upper" if case.part in ("any", "single") and not case.attained else "tight"
    return Observed(_decrease(case), label, "certified", 4 * ETA, kind=kind)


def _best(fit: Fit, form: Form, l1: Fraction, factor: Fraction = Fraction(1)) -> Fit:
    """Return the fit with its best atom 0, on the sphere one of any length (penalised: ‖q_0‖ is rational)."""
    q, s, half = _pull(fit), fit.moment(0), l1 * fit.mean(0) / 2
    if form == "norm held":
        return fit.with_atom(0, [factor * v for v in q])
    size = rational_length(q) if form == "penalised" else Fraction(1)
    shrinkage = max(1 - half / size, Fraction(0)) if form == "penalised" and size else Fraction(1)
    return fit.with_atom(0, [shrinkage * v / s for v in q])


def _fixed() -> Iterator[Case]:
    one, zero, half = Fraction(1), Fraction(0), HALF
    dead = Fit(((one, zero),), ((zero, one),), ((one, one), (half, zero)), (zero, zero))
    opposite = Fit(((one,), (3 * one,)), ((one,), (one,)), ((-one,),), (zero,))
    nothing = Fit(((one, zero), (-one, zero)), ((one,), (one,)), ((3 * half, 2 * one),), (zero, zero))
    perfect = Fit(((2 * one,),), ((one,),), ((2 * one,),), (zero,))
    empty = Fit(((2 * one, one),), ((one,),), ((zero, zero),), (zero, zero))
    for form in FORMS:
        for fit, label in (
            (dead, "a dead atom"), (opposite, "an atom against its pull"), (nothing, "q = 0"),
            (perfect, "no residual"), (empty, "an atom 0"),
        ):  # fmt: skip
            yield Case(form, fit, f"{label}, {form}", form, one)
            if fit is not empty:  # of q_0 = 1, 2 the length is no rational
                yield Case("stationary", fit, f"{label}, {form}", form, one)
    yield Case("any", opposite, "the best atom, once against its pull", other=(2 * one,), attained=True)
    # The penalty is dearer than the atom: the best one is 0.
    for l1 in (2 * one, 4 * one, 5 * one):
        yield Case("penalised", perfect, f"λ = {l1} against q = 2", "penalised", l1)
        at_zero = perfect.with_atom(0, [zero])
        yield Case("stationary", at_zero, f"an atom 0, λ = {l1} against q = 2", "penalised", l1)
    biased = Fit(((one,), (one,)), ((one,), (zero,)), ((zero,),), (zero,))
    decoders = (
        (dead, "a dead atom"),
        (perfect, "no residual"),
        (nothing, "a constant code"),
        (biased, "a bias"),
    )
    for fit, label in decoders:
        yield Case("decoder", fit, label)
        yield Case("single", fit, label)
    two = Encoder(((one,), (-one,)), (zero, zero))
    points = ((3 * one,), (-2 * one,))
    fit = Fit(points, codes(two, points, 1), ((one,), (one,)), (zero,))
    yield Case("scale", fit, "Top-1, far from ties", l1=half, encoder=two, K=1)


def _any(rng: np.random.Generator, i: int, form: Form) -> Iterator[Case]:
    """Yield another atom, and the best one: it gains what the formula says."""
    l1 = Fraction(int(rng.integers(0, 9)), 4)
    fit = random_fit(rng)
    other = random_points(rng, 1, len(fit.b_dec))[0] if form != "norm held" else orthogonal(rng, fit.atoms[0])
    yield Case("any", fit, f"another atom {i}, {form}", form, l1, other=other)
    fit = along_a_line(random_fit(rng, dim=1))
    w = fit.atoms[0]
    best = _best(fit, form, l1)
    if form == "norm held" and any(best.atoms[0]):
        best = _best(fit, form, l1, rational_length(w) / rational_length(best.atoms[0]))
    elif form == "norm held":
        best = fit
    yield Case("any", fit, f"the best atom {i}, {form}", form, l1, other=best.atoms[0], attained=True)


def _single(rng: np.random.Generator, i: int) -> Iterator[Case]:
    """Yield a gain against the decoder's, and residuals a_0·v, which atom 0 alone can take away."""
    fit = random_fit(rng)
    yield Case("single", fit, f"one atom of a decoder {i}")
    v = random_points(rng, 1, len(fit.b_dec))[0]
    yield Case("single", with_residuals(fit, v), f"residuals a·v {i}", attained=True)


def _stationary(rng: np.random.Generator, i: int, form: Form) -> Iterator[Case]:
    """Yield a best atom, and one that is a little off."""
    l1 = Fraction(int(rng.integers(0, 9)), 4)
    fit = random_fit(rng) if form != "penalised" else along_a_line(random_fit(rng, dim=1))
    best = _best(fit, form, l1, Fraction(int(rng.integers(1, 9)), 4))
    yield Case("stationary", best, f"a best atom {i}, {form}", form, l1)
    w = list(best.atoms[0])
    if form == "penalised":
        w = [v * (1 + Fraction(1, 10**9)) for v in w]
    elif form == "norm held" and (len(w) == 1 or i % 2):
        w = [-v for v in w]
    else:
        w[i % len(w)] += Fraction(1, 10**9)
    yield Case("stationary", best.with_atom(0, w), f"an atom a little off {i}, {form}", form, l1)


def _scale(rng: np.random.Generator, i: int) -> Case:
    n, d, count = (int(v) for v in rng.integers(1, 4, 3))
    encoder = Encoder(random_points(rng, d, n), random_points(rng, 1, d)[0])
    points = random_points(rng, count, n)
    fit = Fit(points, codes(encoder, points, None), random_points(rng, d, n), random_points(rng, 1, n)[0])
    return Case("scale", fit, f"a ReLU encoder {i}", l1=Fraction(int(rng.integers(0, 9)), 4), encoder=encoder)


AT_LEAST = 16
"""Random ones that are always drawn: what is fixed does not expose every wrong form."""


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield dead, zero, opposite and perfect atoms, dear penalties, then random codes for each part."""
    yield from _fixed()
    for i in range(max(count, AT_LEAST)):
        form = FORMS[i // 8 % 3]
        l1 = Fraction(int(rng.integers(0, 9)), 4)
        if i % 8 < 3:
            form = FORMS[i % 8]
            yield Case(form, random_fit(rng), f"random codes {i}, λ = {l1}", form, l1)
        elif i % 8 == 3:
            yield from _any(rng, i, form)
        elif i % 8 == 4:
            yield Case("decoder", random_fit(rng), f"a random decoder {i}")
        elif i % 8 == 5:
            yield from _single(rng, i)
        elif i % 8 == 6:
            yield from _stationary(rng, i, form)
        else:
            yield _scale(rng, i)


def tied(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a tied atom at its optimum: its codes follow it, and r ≠ 0 there."""
    for i in range(max(1, count // 10)):
        far, bias = (
            (2, -HALF) if not i else (int(rng.integers(2, 9)), -Fraction(int(rng.integers(1, 10)), 20))
        )
        points = ((Fraction(1),), (Fraction(far),))
        w = tied_optimum(points, bias)
        activations = tuple((max(w * x + bias, Fraction(0)),) for (x,) in points)
        fit = Fit(points, activations, ((w,),), (Fraction(0),))
        yield Case("free", fit, f"a tied atom on 1 and {far}, bias {bias} ({i})", tied=bias)


def no_norms(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a penalty on the codes alone, handed to the third form: atoms 0, and atoms twice too long."""
    for i in range(max(2, count // 10)):
        fit, l1 = random_fit(rng), Fraction(int(rng.integers(1, 9)), 4)
        while not any(_pull(fit)):
            fit = random_fit(rng)
        atom = [Fraction(0)] * len(fit.b_dec) if i % 2 else [2 * v / fit.moment(0) for v in _pull(fit)]
        yield Case("penalised", fit.with_atom(0, atom), f"λΣa without norms {i}", "penalised", l1, flat=True)


def another_batch(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield moments of a batch on which atom 0 leaves twice or half of what it leaves on the data."""
    parts: tuple[Part, ...] = ("free", "decoder", "any", "single", "norm held")
    for i in range(max(len(parts), count // 10)):
        part, fit = parts[i % len(parts)], random_fit(rng)
        while not any(fit.pull(0)) or dot(_pull(fit), fit.atoms[0]) == 0:
            fit = random_fit(rng)
        step = [r / fit.moment(0) for r in fit.pull(0)]
        if part == "single":
            fit = with_residuals(fit, step)
        case = Case(part, fit, f"another batch {i}", batch=shifted(fit, step))
        if part in ("any", "single"):
            case = replace(case, other=_best(fit, "free", case.l1).atoms[0])
            case = replace(case, batch=shifted(fit, [-v / 2 for v in step]))
        elif part == "norm held":
            mirrored = shifted(fit, [-2 * v / fit.moment(0) for v in _pull(fit)])
            case = replace(case, form=part, batch=mirrored)
        yield case


def turned(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield best atoms that are turned by ten degrees afterwards."""
    t = Fraction(7, 80)  # tan 5°, nearly
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    for i in range(max(3, count // 10)):
        form = FORMS[i % 2]
        fit = _best(random_fit(rng, dim=2), form, Fraction(0))
        while not any(fit.atoms[0]):
            fit = _best(random_fit(rng, dim=2), form, Fraction(0))
        u, v = fit.atoms[0]
        atom = (cosine * u - sine * v, sine * u + cosine * v)
        yield Case("stationary", fit, f"a best atom turned by 10° {i}, {form}", form, turned=atom)


def near_ties(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a Top-1 encoder that keeps another neuron once the first one is halved or doubled."""
    for i in range(max(1, count // 10)):
        a = Fraction(int(rng.integers(4, 9)))
        b = a * Fraction(int(rng.integers(9, 16)), 16)
        encoder, points = Encoder(((a,), (b,)), (Fraction(0), Fraction(0))), ((Fraction(1),),)
        fit = Fit(points, codes(encoder, points, 1), ((Fraction(1),), (Fraction(-1),)), (Fraction(0),))
        yield Case("scale", fit, f"Top-1 with scores {a} and {b} ({i})", l1=HALF, encoder=encoder, K=1)


def _on(part: Part, formula: Callable[[Case], Number]) -> Callable[[Case], Number]:
    """Return the bound with another formula in one part."""
    return lambda case: formula(case) if case.part == part else bound(case)


def _by_pull(case: Case) -> Number:
    w, r = case.fit.atoms[0], case.fit.pull(0)
    with ctx.workprec(BITS):
        return enclosed(2 * (length(w) * length(r) - ball(dot(w, r))))


CLAIM = Claim(
    id="O1",
    statement=(
        "With the codes kept, re-fitting one atom gains exactly ‖r‖²/s, on its sphere 2(‖w‖‖q‖−⟨w,q⟩), under "
        "λΣa‖w‖ the shrunk form; each is 0 iff its condition holds; the whole decoder gains tr(RᵀG⁺R), and "
        "no free atom more."
    ),
    tex=(
        r"\max_w\Delta=\frac{\|r_j\|^2}{s_j},\quad 2(\|w_j\|\|q_j\|-\langle w_j,q_j\rangle),\quad "
        r"-2\langle w_j,q_j\rangle+s_j\|w_j\|^2+\lambda A_j\|w_j\|+"
        r"\frac{(\|q_j\|-\lambda A_j/2)_+^2}{s_j};\qquad \max_{W,b}\Delta=\operatorname{tr}(R^\top G^+R)"
    ),
    hypotheses=(
        Hypothesis("the codes do not follow the decoder", tied),
        Hypothesis("the loss: its penalty weighs codes by norms", no_norms),
        Hypothesis("the moments are those of the data", another_batch),
        Hypothesis("the atom is the one that was fitted", turned),
        Hypothesis("scaling: ReLU, or Top-K away from ties", near_ties),
    ),
    kind="tight",
    source="zhang2026geometric",
    figure="refit_gains",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=refit_evidence,
    mutants={
        "‖r‖² without s": _on("free", lambda case: dot(case.fit.pull(0), case.fit.pull(0))),
        "r for q on the sphere": _on("norm held", _by_pull),
        "λA for λA/2": _on("penalised", lambda case: gain(case.fit, case.form, 2 * case.l1)),
        "the penalty forgotten": _on("penalised", lambda case: gain(case.fit, case.form, Fraction(0))),
        "a for (a, 1)": _on("decoder", lambda case: decoder_gain(case.fit, constant=False)),
        "r = 0 in every form": _on("stationary", lambda case: int(stationary(case.fit, "free", case.l1))),
        "λA forgotten in the slope": _on("scale", lambda case: -2 * dot(case.fit.atoms[0], case.fit.pull(0))),
    },
    scales=dict.fromkeys((*FORMS, "any", "decoder", "single", "scale"), (0.99, 1.01)) | {"stationary": None},
)
