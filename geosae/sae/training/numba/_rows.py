"""Compiled: decoding, gradients and Adam over the lists of `_select.py`; needs numba (`geosae[fast]`).

Lists are turned round, neuron by neuron, so that a neuron's gradient is summed in one place, in the order of
the points: no scatter, no full gradient in memory, the same bytes for the same input.
"""
# pyright: basic
# numba's decorators have no types, and a kernel's arguments are typed where it is called.

from typing import no_type_check

import numba
import numpy as np

SUMS = {"reassoc", "contract", "nsz"}
"""What the compiler may do to float arithmetic here: sum in vectors, fuse multiply and add.

The error model is numpy's where there is a division: Python's looks for zeros, which keeps loops out of
vector code.
"""


@numba.njit(cache=True, fastmath=SUMS, error_model="numpy")
@no_type_check
def decode(u, W_dec, b_dec, start, index, value, first, rows, residual):
    """Write û − u for these rows; return the sum of its squares."""
    total = 0.0
    for b in range(first, first + rows):
        left, point = residual[b], u[b]
        for j in range(left.size):
            left[j] = b_dec[j] - point[j]
        for c in range(start[b], start[b + 1]):
            a, atom = value[c], W_dec[index[c]]
            for j in range(left.size):
                left[j] += a * atom[j]
        square = left[0] * left[0]
        for j in range(1, left.size):
            square += left[j] * left[j]
        total += square
    return total


@numba.njit(cache=True)
@no_type_check
def turn_round(start, index, value, begin, points, activations):
    """Turn lists of neurons per point into lists of points per neuron, points in rising order."""
    begin[:] = 0
    for c in range(start[-1]):
        begin[index[c] + 1] += 1
    total = 0
    for i in range(begin.size - 1):
        total += begin[i + 1]
        begin[i + 1] = total - begin[i + 1]
    # begin[i + 1] is now where neuron i starts; filling moves it to where neuron i + 1 starts.
    for b in range(start.size - 1):
        for c in range(start[b], start[b + 1]):
            slot = begin[index[c] + 1]
            points[slot] = b
            activations[slot] = value[c]
            begin[index[c] + 1] = slot + 1


@numba.njit(cache=True, fastmath=SUMS, error_model="numpy")
@no_type_check
def neuron_gradient(
    points, activations, inputs, residual, w_enc, w_dec, scale, penalty, unit, tied, g_enc, g_dec, g_b_dec
):
    """Write the gradient of one neuron's two rows; return that of its bias, and its Σ a ν over the batch.

    scale is 2/B, penalty λ/B; ν = ‖w_dec‖, or 1 for unit atoms. With a tied bias, b_dec's part is added.
    """
    zero = g_enc.dtype.type(0.0)
    norm = g_enc.dtype.type(1.0) if unit or penalty == 0 else norm_of(w_dec)
    bias, total = zero, zero
    for j in range(g_enc.size):
        g_enc[j] = zero
        g_dec[j] = zero
    for c in range(points.size):
        a, left, point = activations[c], residual[points[c]], inputs[points[c]]
        slope = zero
        for j in range(g_enc.size):
            slope += left[j] * w_dec[j]
        slope = slope * scale + penalty * norm
        scaled = a * scale
        for j in range(g_enc.size):
            g_dec[j] += scaled * left[j]
            g_enc[j] += slope * point[j]
        bias += slope
        total += a
    if penalty > 0 and not unit:
        for j in range(g_enc.size):
            g_dec[j] += penalty * total / norm * w_dec[j]
    if tied:
        for j in range(g_enc.size):
            g_b_dec[j] -= bias * w_enc[j]
    return bias, total * norm


@numba.njit(cache=True, fastmath=SUMS, error_model="numpy")
@no_type_check
def norm_of(row):
    """Return ‖row‖."""
    square = row[0] * row[0]
    for j in range(1, row.size):
        square += row[j] * row[j]
    return np.sqrt(square)


@numba.njit(cache=True, error_model="numpy")
@no_type_check
def to_unit(row):
    """Divide the row by its norm."""
    norm = norm_of(row)
    for j in range(row.size):
        row[j] /= norm


@numba.njit(cache=True, fastmath=SUMS, error_model="numpy")
@no_type_check
def project(g_dec, atom):
    """Subtract from the gradient its part along the atom."""
    along = g_dec[0] * atom[0]
    for j in range(1, atom.size):
        along += g_dec[j] * atom[j]
    for j in range(atom.size):
        g_dec[j] -= along * atom[j]


@numba.njit(cache=True, fastmath=SUMS, error_model="numpy")
@no_type_check
def sum_rows(rows, scale, out):
    """Write scale · Σ rows."""
    for j in range(out.size):
        out[j] = out.dtype.type(0.0)
    for b in range(rows.shape[0]):
        for j in range(out.size):
            out[j] += scale * rows[b, j]


@numba.njit(cache=True, fastmath={"contract"}, error_model="numpy")
@no_type_check
def adam(weights, gradient, first, second, rates):
    """Take Adam's step on one vector, in place."""
    keep1, take1, keep2, take2, root, eps, lr = rates
    for j in range(weights.size):
        g = gradient[j]
        m = keep1 * first[j] + take1 * g
        v = keep2 * second[j] + take2 * (g * g)
        first[j] = m
        second[j] = v
        weights[j] -= lr * m / (np.sqrt(v) * root + eps)


@numba.njit(cache=True)
@no_type_check
def add_auxiliary(row, aux, g_enc, g_b_enc, g_dec, i):
    """Add a row of the auxiliary gradient to neuron i's."""
    aux_enc, aux_b, aux_dec = aux
    g_b_enc[i] += aux_b[row]
    for j in range(g_enc.size):
        g_enc[j] += aux_enc[row, j]
        g_dec[j] += aux_dec[row, j]


@numba.njit(cache=True)
@no_type_check
def gradients(common, weights, aux_of, aux, into):
    """Write the gradient into four arrays; return Σ a ν over the batch. Arguments as in `descend`."""
    begin, points, activations, inputs, residual, scale, penalty, unit, tied = common
    W_enc, _, W_dec, _ = weights
    g_W_enc, g_b_enc, g_W_dec, g_b_dec = into
    sum_rows(residual, scale, g_b_dec)
    mass = 0.0
    for i in range(W_dec.shape[0]):
        mine = slice(begin[i], begin[i + 1])
        g_b_enc[i], part = neuron_gradient(
            points[mine], activations[mine], inputs, residual, W_enc[i], W_dec[i], scale, penalty, unit, tied,
            g_W_enc[i], g_W_dec[i], g_b_dec,
        )  # fmt: skip
        mass += part
        if aux_of[i] >= 0:
            add_auxiliary(aux_of[i], aux, g_W_enc[i], g_b_enc, g_W_dec[i], i)
    return mass


@numba.njit(cache=True)
@no_type_check
def descend(common, weights, aux_of, aux, moving, first, second, rates, decoder_rates, row):
    """Take the step, neuron by neuron: gradient, projection, Adam, unit norm; return Σ a ν over the batch.

    common is what the gradient is made of: the lists per neuron, points, residuals, 2/B, λ/B, whether atoms
    have norm 1 and whether the biases are tied. weights and the moments first and second are tuples W_enc,
    b_enc, W_dec, b_dec. aux_of[i] is the row of aux (W_enc, b_enc, W_dec) that belongs to neuron i, or −1.
    The atoms stay as they are unless `moving`. row is scratch: a gradient, W_enc and W_dec of one neuron.
    """
    begin, points, activations, inputs, residual, scale, penalty, unit, tied = common
    W_enc, b_enc, W_dec, b_dec = weights
    g_enc, g_b_enc, g_dec, g_b_dec = row
    sum_rows(residual, scale, g_b_dec)
    mass = 0.0
    for i in range(W_dec.shape[0]):
        mine = slice(begin[i], begin[i + 1])
        g_b_enc[i], part = neuron_gradient(
            points[mine], activations[mine], inputs, residual, W_enc[i], W_dec[i], scale, penalty, unit, tied,
            g_enc, g_dec, g_b_dec,
        )  # fmt: skip
        mass += part
        if aux_of[i] >= 0:
            add_auxiliary(aux_of[i], aux, g_enc, g_b_enc, g_dec, i)
        adam(W_enc[i], g_enc, first[0][i], second[0][i], rates)
        if moving:
            if unit:
                project(g_dec, W_dec[i])
            adam(W_dec[i], g_dec, first[2][i], second[2][i], decoder_rates)
            if unit:
                to_unit(W_dec[i])
    adam(b_enc, g_b_enc, first[1], second[1], rates)
    adam(b_dec, g_b_dec, first[3], second[3], rates)
    return mass
