"""Neurons for the explorer: how often and how strongly each fires, examples, its atom, and its half-space."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from geosae.data.codes import Codes
from geosae.data.dataset import ConceptDataset
from geosae.data.fvu import spread
from geosae.explorer.blocks import Block
from geosae.explorer.concepts import across
from geosae.explorer.points import Examples
from geosae.explorer.records import NeuronGeometry, NeuronRecord

if TYPE_CHECKING:
    from geosae.sae import Neurons

BINS = 32
"""Bins of a histogram of activations."""
NEAREST = 5
"""So many nearest atoms are listed."""


def neuron_records(
    neurons: "Neurons",
    codes: Codes,
    dataset: ConceptDataset,
    examples: Examples,
    places: dict[int, int],
    kept: Int[np.ndarray, " m"],
) -> tuple[NeuronRecord, ...]:
    """Return a record of each of the neurons that are kept.

    Parameters
    ----------
    neurons
        The neurons of the SAE.
    codes
        The codes of the points of the data set, with their values.
    dataset
        The held-out points.
    examples
        Rows of the data set.
    places
        Where each of these rows stands among the drawn points.
    kept
        The neurons' numbers.
    """
    by_neuron = codes.transposed()
    values = np.zeros(0) if by_neuron.values is None else by_neuron.values
    added = ablation_effects(neurons, codes, dataset.points)
    norms = np.linalg.norm(neurons.decoder, axis=1)
    unit = neurons.decoder / np.maximum(norms[:, None], 1e-300)
    encoder = np.linalg.norm(neurons.affine.w, axis=1)
    records: list[NeuronRecord] = []
    for slot, i in enumerate(kept.tolist()):
        values_of_neuron = np.asarray(
            values[int(by_neuron.indptr[i]) : int(by_neuron.indptr[i + 1])], dtype=np.float64
        )
        mean, deviation, skewness, kurtosis = moments(values_of_neuron)
        cosines = unit @ unit[i]
        order = np.argsort(-cosines, kind="stable")
        order = order[order != i][:NEAREST]
        records.append(
            NeuronRecord(
                fired=len(values_of_neuron),
                density=len(values_of_neuron) / len(codes),
                dead=len(values_of_neuron) == 0,
                dense=2 * len(values_of_neuron) > len(codes),
                mean=mean,
                deviation=deviation,
                skewness=skewness,
                kurtosis=kurtosis,
                greatest=float(values_of_neuron.max()) if len(values_of_neuron) else float("nan"),
                histogram=_histogram(values_of_neuron),
                ablation=float(added[i]),
                top=tuple(places[row] for row in examples.top[slot]),
                random=tuple(places[row] for row in examples.random[slot]),
                nearest=tuple((int(j), float(cosines[j])) for j in order),
                encoder_norm=float(encoder[i]),
                decoder_norm=float(norms[i]),
            )
        )
    return tuple(records)


def neuron_geometry(
    neurons: "Neurons",
    codes: Codes,
    dataset: ConceptDataset,
    rows: Int[np.ndarray, " k"],
    kept: Int[np.ndarray, " m"],
) -> NeuronGeometry:
    """Return neurons as geometry: half-spaces, the planes they are drawn in, activations at some rows."""
    absolute = neurons.gating == "absolute"
    spaces = neurons.half_spaces() if absolute else neurons.affine
    points = dataset.points.astype(np.float64)
    weights, offsets = spaces.w[kept], spaces.c[kept]
    norms = np.linalg.norm(weights, axis=1, keepdims=True)
    first = weights / np.maximum(norms, 1e-300)
    second = across(points, first) if dataset.dim > 1 else np.zeros_like(first)
    total = max(float(points.var(axis=0).sum()), 1e-300)
    shares = np.stack([(points @ axes.T).var(axis=0) / total for axes in (first, second)], axis=1)
    return NeuronGeometry(
        half_spaces=absolute,
        weights=Block.of(weights, "float64"),
        offsets=Block.of(offsets, "float64"),
        second=Block.of(second, "float32"),
        origin=Block.of(points.mean(axis=0), "float64"),
        shares=Block.of(shares, "float32"),
        activations=Block.of(_dense(codes.rows(rows))[:, kept], "float32"),
    )


def ablation_effects(
    neurons: "Neurons", codes: Codes, points: Float[np.ndarray, "N n"]
) -> Float[np.ndarray, " d"]:
    """Return for each neuron what setting it to 0 adds to Σ‖x − x̂‖² over Σ‖x − x̄‖², the FVU.

    With residual r = x − x̂, activation a and atom g the squared error at a point becomes ‖r + a·g‖², so each
    neuron adds Σ 2a⟨r, g⟩ + a²‖g‖². The codes of the other neurons are left as they are.
    """
    from scipy import sparse

    values = np.zeros(len(codes.indices)) if codes.values is None else codes.values
    table = sparse.csr_array(
        (np.asarray(values, dtype=np.float64), codes.indices, codes.indptr), shape=(len(codes), codes.width)
    )
    residuals = np.asarray(points, dtype=np.float64) - neurons.reconstruct_from(codes)
    crossed = np.einsum("dn,dn->d", np.asarray(table.T @ residuals), neurons.decoder)
    squares = np.asarray((table * table).sum(axis=0)).ravel()
    total = spread(points) ** 2 * len(points)
    added = 2 * crossed + squares * np.sum(neurons.decoder**2, axis=1)
    return added / total if total > 0 else np.full(codes.width, np.nan)


def moments(values: Float[np.ndarray, " k"]) -> tuple[float, float, float, float]:
    """Return mean, standard deviation, skewness and kurtosis; nan where they are not defined.

    Examples
    --------
    >>> [round(moment, 3) for moment in moments(np.array([1.0, 1.0, 3.0, 3.0]))]
    [2.0, 1.0, 0.0, 1.0]
    """
    nan = float("nan")
    if not len(values):
        return nan, nan, nan, nan
    mean = float(values.mean())
    deviation = float(values.std())
    # Values that are equal up to rounding have no shape.
    if deviation <= 1e-9 * max(abs(mean), 1e-300):
        return mean, deviation, nan, nan
    standard = (values - mean) / deviation
    return mean, deviation, float((standard**3).mean()), float((standard**4).mean())


def _histogram(values: Float[np.ndarray, " k"]) -> tuple[int, ...]:
    if not len(values):
        return ()
    counts, _ = np.histogram(values, bins=BINS, range=(0.0, max(float(values.max()), 1e-300)))
    return tuple(int(count) for count in counts)


def _dense(codes: Codes) -> Float[np.ndarray, "k d"]:
    out = np.zeros((len(codes), codes.width))
    rows = np.repeat(np.arange(len(codes)), np.diff(codes.indptr))
    out[rows, codes.indices] = 0.0 if codes.values is None else codes.values
    return out
