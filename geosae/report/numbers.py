"""Numbers and names as the pages print them."""

import math

from geosae.experiments import BASELINES, Interval, Setting, gate_name


def sae_name(setting: Setting) -> tuple[str, str]:
    """Return how tables call the SAEs of a setting: the gate with its sparsity, and the kind of SAE.

    Constructed baselines have no gate to name but what they keep.

    Examples
    --------
    >>> sae_name(Setting("w", "topk", 8, 4, "frozen_decoder"))
    ('Top-K, K = 4', 'frozen decoder')
    >>> sae_name(Setting("w", "abstopk", 8, 4, "pca"))
    ('K = 4', 'PCA')
    """
    if setting.baseline == "trained":
        return gate_name(setting.gate, setting.sparsity), "trained"
    baseline = BASELINES[setting.baseline]
    if not baseline.constructed:
        return gate_name(setting.gate, setting.sparsity), baseline.printed
    return f"K = {setting.sparsity:g}" if setting.baseline == "pca" else "–", baseline.printed


def number(value: float | int | None, digits: int = 3) -> str:
    """Return a number with so many significant digits; a dash where it is not known.

    Examples
    --------
    >>> number(0.12345), number(None), number(1234567), number(0), number(1.5e-12)
    ('0.123', '–', '1,234,567', '0', '1.5e-12')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{int(value):,}"
    return f"{value:.{digits}g}"


def plural(count: int, word: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "concept"), plural(1200, "concept")
    ('1 concept', '1,200 concepts')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def interval_text(interval: Interval) -> str:
    """Return a mean with its interval; one value has none.

    Examples
    --------
    >>> from geosae.experiments import UNKNOWN
    >>> interval_text(Interval(0.5, 0.25, 0.75, 3)), interval_text(UNKNOWN)
    ('0.5 [0.25, 0.75]', '–')
    >>> interval_text(Interval(0.5, 0.0, 1.0, 1))
    '0.5'
    """
    if not interval.is_bounded:
        return number(interval.mean, 2)
    return f"{number(interval.mean, 2)} [{number(interval.low, 2)}, {number(interval.high, 2)}]"
