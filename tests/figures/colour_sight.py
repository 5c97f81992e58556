"""What eyes make of a colour: contrast on white, lightness, and difference under colour blindness."""

import numpy as np
from jaxtyping import Float

SIGHTS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
"""Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB (doi 10.1109/TVCG.2009.113)."""

_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                 [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip


def linear(hexadecimal: str) -> Float[np.ndarray, "3"]:
    """Return linear RGB of an sRGB colour."""
    v = np.array([int(hexadecimal[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def contrast_on_white(hexadecimal: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    return float(1.05 / (linear(hexadecimal) @ _XYZ[1] + 0.05))


def lab(rgb: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
    """Return CIE L*a*b* (white D65) of linear RGB."""
    t = _XYZ @ np.clip(rgb, 0, 1) / _XYZ.sum(axis=1)
    x, y, z = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def difference(one: Float[np.ndarray, "3"], other: Float[np.ndarray, "3"]) -> float:
    """Return CIEDE2000 of two L*a*b* colours, by Sharma, Wu and Dalal 2005."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    g = 1.5 - 0.5 * np.sqrt(_seventh((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2))
    c1, c2 = np.hypot(a1 * g, b1), np.hypot(a2 * g, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1 * g)), np.degrees(np.arctan2(b2, a2 * g))
    grey = c1 * c2 == 0
    turn = 0.0 if grey else (h2 - h1 + 180) % 360 - 180
    hue = h1 + h2 if grey else (h1 + turn / 2) % 360
    lightness, c = (l1 + l2) / 2, (c1 + c2) / 2
    cosines = np.cos(np.radians([hue - 30, 2 * hue, 3 * hue + 6, 4 * hue - 63]))
    t = 1 + cosines @ [-0.17, 0.24, 0.32, -0.20]
    x = (l2 - l1) / (1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2))
    y = (c2 - c1) / (1 + 0.045 * c)
    z = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * c * t)
    bend = np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    return float(np.sqrt(x * x + y * y + z * z - 2 * np.sqrt(_seventh(c)) * bend * y * z))


def seen_apart(one: str, other: str) -> float:
    """Return the least difference of two colours over all sights."""
    pairs = [(lab(m @ linear(one)), lab(m @ linear(other))) for m in SIGHTS.values()]
    return min(difference(a, b) for a, b in pairs)


def _seventh(chroma: float) -> float:
    return chroma**7 / (chroma**7 + 25.0**7)
