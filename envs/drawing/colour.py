"""How far apart two colours are, to the eye and as ink on a ground. Colours are sRGB triples in [0, 1]."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

Colour = tuple[float, float, float]
BLACK: Colour = (0.0, 0.0, 0.0)
WHITE: Colour = (1.0, 1.0, 1.0)
LIGHTNESSES_APART = 1.35  # contrast ratio of two colours, one of which is plainly the darker
COLOURS_APART = 12.0  # CIEDE2000 between colours that must be told apart without effort


def from_hex(text: str) -> Colour:
    """'1f77b4' as a colour."""
    r, g, b = (int(text[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return r, g, b


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


@lru_cache(4096)
def contrast(a: Colour, b: Colour) -> float:
    """Contrast ratio of WCAG 2, from 1 to 21."""
    bright, dark = sorted(
        (sum(w * _linear(c) for w, c in zip((0.2126, 0.7152, 0.0722), x)) for x in (a, b)), reverse=True
    )
    return (bright + 0.05) / (dark + 0.05)


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """The colour with this share of another."""
    r, g, b = (a + (z - a) * share for a, z in zip(colour, other))
    return r, g, b


@lru_cache(4096)
def standing_out(colour: Colour, ground: Colour, ink: Colour, least: float) -> Colour:
    """The colour with as much ink as it takes to stand out from the ground by this contrast ratio."""
    while contrast(colour, ground) < least:
        colour = mix(colour, ink, 0.15)
    return colour


def ink_on(ground: Colour) -> Colour:
    """Black or white, whichever reads better on the ground."""
    return BLACK if contrast(BLACK, ground) >= contrast(WHITE, ground) else WHITE


@lru_cache(1024)
def _lab(colour: Colour) -> tuple[float, float, float]:
    r, g, b = map(_linear, colour)
    x = (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047
    y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b
    z = (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@lru_cache(16384)
def distance(a: Colour, b: Colour) -> float:
    """CIEDE2000 (Sharma, Wu, Dalal 2005); about 1 is just noticeable, 12 is told apart without effort."""
    (l1, a1, b1), (l2, a2, b2) = _lab(a), _lab(b)
    c_bar = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 0.5 * (1 - math.sqrt(c_bar**7 / (c_bar**7 + 25.0**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, a1)) % 360, math.degrees(math.atan2(b2, a2)) % 360
    dl, dc = l2 - l1, c2 - c1
    dh = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    dh_chord = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(dh / 2))
    l_bar, c_bar = (l1 + l2) / 2, (c1 + c2) / 2
    h_bar = (h1 + h2) / 2 if abs(h1 - h2) <= 180 else ((h1 + h2 + 360) / 2) % 360
    h_bar = h1 + h2 if c1 * c2 == 0 else h_bar
    t = (
        1
        - 0.17 * math.cos(math.radians(h_bar - 30))
        + 0.24 * math.cos(math.radians(2 * h_bar))
        + 0.32 * math.cos(math.radians(3 * h_bar + 6))
        - 0.20 * math.cos(math.radians(4 * h_bar - 63))
    )
    s_l = 1 + 0.015 * (l_bar - 50) ** 2 / math.sqrt(20 + (l_bar - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c_bar, 1 + 0.015 * c_bar * t
    r_c = 2 * math.sqrt(c_bar**7 / (c_bar**7 + 25.0**7))
    r_t = -math.sin(math.radians(60 * math.exp(-(((h_bar - 275) / 25) ** 2)))) * r_c
    return math.sqrt((dl / s_l) ** 2 + (dc / s_c) ** 2 + (dh_chord / s_h) ** 2 + r_t * (dc / s_c) * (dh_chord / s_h))


# Hues in degrees up to which a clear colour may be called by these names; between two there are hues with both.
_HUES = (
    (12, "red"),
    (22, "red orange"),
    (42, "orange"),
    (48, "orange yellow"),
    (65, "yellow"),
    (80, "yellow green"),
    (155, "green"),
    (195, "green blue turquoise"),
    (250, "blue"),
    (268, "blue purple"),
    (295, "purple"),
    (345, "purple pink red"),
    (360, "red"),
)


@lru_cache(1024)
def colour_names(colour: Colour) -> frozenset[str]:
    """The common names that somebody might give to a colour; one that nobody doubts has one name."""
    high, low = max(colour), min(colour)
    chroma = high - low
    if chroma < 0.06:
        return frozenset({"grey"} if 0.25 < high < 0.85 else {"grey", "black", "white"})
    r, g, b = colour
    if high == r:
        hue = 60 * ((g - b) / chroma) % 360
    else:
        hue = 60 * ((b - r) / chroma + 2) if high == g else 60 * ((r - g) / chroma + 4)
    names = set(next(text for end, text in _HUES if hue <= end).split())
    if chroma < 0.3:
        names |= {"grey", "brown"}
    if hue < 50 and high < 0.75:
        names |= {"brown"}
    if low > 0.45 and (hue < 30 or hue > 265):
        names |= {"pink"}
    if high < 0.35:
        names |= {"black"}
    return frozenset(names)


def called(colours: Sequence[Colour]) -> list[tuple[str, int]]:
    """What can be said of one colour alone, with its index: a common name, or that it is the darkest or lightest."""
    if len(colours) < 2:
        return []
    names = [colour_names(colour) for colour in colours]
    found = [
        (f"the colour {next(iter(mine))}", k)
        for k, mine in enumerate(names)
        if len(mine) == 1 and sum(bool(mine & other) for other in names) == 1
    ]
    order = sorted(range(len(colours)), key=lambda k: contrast(colours[k], BLACK))
    for word, a, b in (("darkest", order[0], order[1]), ("lightest", order[-1], order[-2])):
        if contrast(colours[a], colours[b]) >= LIGHTNESSES_APART:
            found.append((f"the {word} colour", a))
    return found
