"""`geosae verify --sae`: what can be certified of any SAE: gains of a refit, and its frame (O1, C1, C2)."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geosae.cli._console import paragraph, say, table, warn

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

    from geosae.analysis import Shares
    from geosae.data.codes import Codes

POINTS = 8192
"""At most so many points are used where a command names no number."""
UNIT_WITHIN = 1e-3
"""Stored atoms whose norms are all this near to 1 are those of a decoder that was kept at 1."""


@dataclass(frozen=True)
class Gains:
    """What re-fitting gains with the codes kept, over the error E‖x − x̂‖²."""

    atoms: "Mapping[str, Shares]"
    """One live atom at a time, by form."""
    chance: float
    decoder: float
    held_out: float
    """The decoder fitted to one half of the points, on the other half; negative where it does worse."""


@dataclass(frozen=True)
class Figures:
    """What is printed of one decoder with its codes."""

    fvu: float
    live_atoms: int
    gains: Gains | None
    """None where the codes are made by the decoder itself."""
    tightness: float
    coherence: float
    over_welch: float | None


def verify_sae(sae: Path, data: Path, points: int | None, seed: int) -> list[dict[str, Any]]:
    """Print figures of an SAE beside those of the untrained one and of random atoms, and return them.

    Raises
    ------
    InvalidInput
        If a file cannot be read, the points are of another dimension, or there are fewer than four.
    """
    import numpy as np

    from geosae.analysis import random_decoder
    from geosae.cli._files import read_points
    from geosae.cli.analyse import untrained_like
    from geosae.errors import InvalidInput
    from geosae.sae.interop import NONE, read
    from geosae.sae.neurons import neurons_of
    from geosae.sampling import drawn_rows
    from geosae.storage.files import content_hash

    imported, whole = read(sae), read_points(data)
    neurons, rng = imported.neurons, np.random.default_rng(seed)
    if whole.shape[1] != neurons.dim:
        raise InvalidInput(
            f"{data} has points of dimension {whole.shape[1]}, and the SAE in {sae} reads {neurons.dim}",
            causes="activations of another model or another layer",
        )
    if len(whole) < 4:
        raise InvalidInput(f"{data} has {len(whole)} points", remedy="give four at least, for two halves")
    if imported.source.trained_on == content_hash(whole):
        warn("note: the SAE was trained on these very points; the figures describe them and no others")
    cloud = whole[drawn_rows(len(whole), POINTS if points is None else points, rng)].astype(np.float64)
    l1, untrained = penalty_of(sae, whole), untrained_like(sae, whole)
    if imported.normalisation != NONE:
        warn(f"note: points are normalised first; the decoder lives in {imported.normalisation.space}")
        cloud = imported.prepare(cloud)
    if neurons.codes_follow_decoder:
        warn(
            "note: the codes are made by the decoder itself, so that it cannot be fitted while they stay (O1)"
        )
    codes = neurons.codes(cloud, values=True)
    decoders = {"this SAE": (codes, neurons.decoder, neurons.b_dec)}
    if untrained is not None:
        start = neurons_of(untrained)
        decoders["untrained"] = (start.codes(cloud, values=True), start.decoder, start.b_dec)
    decoders["random atoms"] = (codes, *random_decoder(codes, cloud, neurons.decoder, rng))
    follow = neurons.codes_follow_decoder
    columns = {
        name: _figures(active, cloud, atoms, bias, None if follow else l1, seed, refitted=not follow)
        for name, (active, atoms, bias) in decoders.items()
    }
    _print(columns, len(cloud), neurons.decoder)
    return [{"decoder": name, "points": len(cloud), **asdict(figures)} for name, figures in columns.items()]


def penalty_of(sae: Path, points: "Float[np.ndarray, 'N n']") -> float | None:
    """Return λ of the penalty λE Σa_i‖w_i‖ in units of the points, where geosae trained a ReLU with one."""
    from geosae.data.fvu import spread
    from geosae.sae.checkpoint import CARD_FILE, load
    from geosae.sae.gates import ReLU

    gate = load(sae).config.gate if (sae / CARD_FILE).is_file() else None
    if not isinstance(gate, ReLU) or gate.shape != "l1" or gate.l1 == 0:
        return None
    return float(gate.l1) * spread(points)


def _figures(
    codes: "Codes",
    points: "Float[np.ndarray, 'N n']",
    decoder: "Float[np.ndarray, 'd n']",
    b_dec: "Float[np.ndarray, ' n']",
    l1: float | None,
    seed: int,
    *,
    refitted: bool,
) -> Figures:
    import numpy as np

    from geosae.analysis import atom_gains, refit
    from geosae.analysis.refit import FORMS
    from geosae.data.fvu import spread
    from geosae.geometry import frame_of

    frame, before = frame_of(decoder.T), atom_gains(codes, points, decoder, b_dec, l1=l1)
    gains = None
    if refitted:
        order = np.random.default_rng(seed).permutation(len(points))
        fitted, others = order[::2], order[1::2]
        half = refit(codes.rows(fitted), points[fitted], decoder, b_dec)
        rest = codes.rows(others), points[others]
        errors = [atom_gains(*rest, *part).error for part in ((half.decoder, half.b_dec), (decoder, b_dec))]
        gains = Gains(
            {form: before.shares(form) for form in FORMS if l1 is not None or form != "penalised"},
            before.chance,
            refit(codes, points, decoder, b_dec).share,
            1 - _ratio(*errors),
        )
    fvu = _ratio(before.error, spread(points) ** 2)
    return Figures(fvu, before.alive, gains, frame.tightness, frame.coherence, frame.over_welch)


def _ratio(left: float, whole: float) -> float:
    return left / whole if whole > 0 else math.nan


ROWS: tuple[tuple[str, Callable[[Figures], float | int | None]], ...] = (
    ("FVU", lambda figures: figures.fvu),
    ("live atoms", lambda figures: figures.live_atoms),
    ("frame tightness Σφ/n", lambda figures: figures.tightness),
    ("coherence κ", lambda figures: figures.coherence),
    ("κ over Welch's bound", lambda figures: figures.over_welch),
)
FORM_NAMES = {"free": "one atom", "norm held": "one atom, norm held", "penalised": "one atom, L1 by norm"}


def _print(columns: Mapping[str, Figures], points: int, decoder: "Float[np.ndarray, 'd n']") -> None:
    """Print what was found in a sentence, and the figures of each decoder in a table."""
    import numpy as np

    first = next(iter(columns.values()))
    if first.gains is not None:
        most = first.gains.atoms["free"].greatest
        paragraph(
            f"On {points:,} points the SAE leaves an FVU of {_short(first.fvu)}. A decoder fitted anew to "
            f"the same codes would take {_percent(first.gains.decoder)} of that error away, and "
            f"{_percent(first.gains.held_out)} on points that it was not fitted to; one atom alone at most "
            f"{_percent(most)}."
        )
        lengths = np.linalg.norm(decoder, axis=1)
        if float(np.abs(lengths - 1).max()) < UNIT_WITHIN:
            paragraph('The atoms have norm 1: what training could have gained is the form "norm held".')
    else:
        paragraph(f"On {points:,} points the SAE leaves an FVU of {_short(first.fvu)}.")
    rows = [[label, *(_short(value(figures)) for figures in columns.values())] for label, value in ROWS]
    table(["", *columns], [*rows[:2], *_gain_rows(columns), *rows[2:]])
    say()
    for line in LEGEND:
        say(line)


def _gain_rows(columns: Mapping[str, Figures]) -> list[list[str]]:
    # Either all decoders were fitted anew, or none.
    gains = [figures.gains for figures in columns.values() if figures.gains is not None]
    rows: list[list[str]] = []
    for form in gains[0].atoms if gains else ():
        shares = [each.atoms[form] for each in gains]
        rows += [
            [f"{FORM_NAMES[form]}: sum", *(_short(share.total) for share in shares)],
            ["  greatest", *(_short(share.greatest) for share in shares)],
            ["  median", *(_short(share.median) for share in shares)],
        ]
    if gains:
        rows += [
            ["sum by chance", *(_short(each.chance) for each in gains)],
            ["whole decoder", *(_short(each.decoder) for each in gains)],
            ["  on points held out", *(_short(each.held_out) for each in gains)],
        ]
    return rows


def _short(value: float | int | None) -> str:
    return "–" if value is None or value != value else f"{value:.3g}"


def _percent(share: float) -> str:
    return f"{_short(100 * share)} %"


LEGEND = (
    "one atom, whole decoder: what re-fitting it would gain, the codes kept, over the",
    "mean squared error (O1); 0: nothing to gain. sum by chance: what the sum of one",
    "atom would be if residuals were noise. Σφ/n: 1 for a tight frame (C1). κ: the",
    "greatest |cosine| of two atoms; over Welch's bound: 1 at best (C2). random",
    "atoms: the same codes, with random directions at the best scale.",
)
