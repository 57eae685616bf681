"""How large a string is in a font, in pixels, and its bitmap; both cached.

Fonts are loaded by path from Matplotlib's own data with a fixed hinting factor, so that no rcParam, no font cache and
no working folder has a say. One point is one pixel here (72 dpi): sizes are the height of the em square in pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from operator import add
from pathlib import Path
from typing import NamedTuple, TypeVar

import matplotlib
import numpy as np
from matplotlib.ft2font import FT2Font, Kerning, LoadFlags

V = TypeVar("V")

DPI = 72
LARGE = 256.0  # pixels: a size at which the slightest kerning shows
_UNHINTED = LoadFlags.NO_HINTING
HINTING_FACTOR = 8  # `text.hinting_factor` is the one rcParam that would still change pixels
FILES = {
    "DejaVu Sans": "DejaVuSans.ttf",
    "DejaVu Sans Bold": "DejaVuSans-Bold.ttf",
    "DejaVu Serif": "DejaVuSerif.ttf",
    "DejaVu Sans Mono": "DejaVuSansMono.ttf",
    "STIX": "STIXGeneral.ttf",
}


class Extent(NamedTuple):
    """Pixels of an unrotated string: width, height, and how far it goes below its baseline."""

    width: float
    height: float
    descent: float


class Line(NamedTuple):
    """Pixels of a line of text: ascent above and descent below the baseline, height of a digit, height of an x."""

    ascent: float
    descent: float
    digit: float
    x_height: float

    @property
    def height(self) -> float:
        return self.ascent + self.descent


def font_path(font: str) -> str:
    """The file of one of FILES in Matplotlib's data."""
    return str(Path(matplotlib.get_data_path(), "fonts", "ttf", FILES[font]))


class _InMemory:
    """A file held in memory; its methods lie ready, for a face asks for them fourteen times a glyph."""

    __slots__ = ("close", "read", "seek")

    def __init__(self, path: str) -> None:
        held = BytesIO(Path(path).read_bytes())
        self.read, self.seek, self.close = held.read, held.seek, held.close


@lru_cache(16)
def _face(font: str) -> FT2Font:
    # A face reads its file as it goes, a little for every glyph. From memory that takes a third of the time, and two
    # processes that fork from one do not share a file position, which would make them read each other's glyphs.
    return FT2Font(_InMemory(font_path(font)), hinting_factor=HINTING_FACTOR)  # type: ignore[arg-type]


@lru_cache(16)
def _glyphs(font: str) -> frozenset[int]:
    return frozenset(_face(font).get_charmap())


def has_glyphs(text: str, font: str) -> bool:
    """Whether the font can draw every character."""
    return _glyphs(font).issuperset(map(ord, text))


def _set(text: str, font: str, size: float, angle: float = 0.0) -> FT2Font:
    face = _face(font)
    face.set_size(size, DPI)
    face.set_text(text, angle, flags=_UNHINTED)
    return face


class _Table(dict[str, V]):
    """What a function says of each key, asked once."""

    def __init__(self, find: Callable[[str], V]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, key: str) -> V:
        found = self[key] = self._find(key)
        return found


def _kern(pair: str, font: str, size: float, mode: Kerning) -> int:
    """By how much more the second of two characters is away from the first, in 64ths of a pixel."""
    face = _face(font)
    face.set_size(size, DPI)
    first, second = map(face.get_char_index, map(ord, pair))
    return face.get_kerning(first, second, mode)


@lru_cache(16)
def _kerned(font: str) -> _Table[bool]:
    """Two characters -> whether the font kerns them at all: hardly any, so that tables by size stay small."""
    return _Table(lambda pair: _kern(pair, font, LARGE, Kerning.UNFITTED) != 0)


@lru_cache(256)
def _spacing(font: str, size: float) -> tuple[_Table[tuple[int, int, int]], _Table[int]]:
    """Character -> advance, lowest and highest point; two characters that are kerned -> by how much."""

    def character(c: str) -> tuple[int, int, int]:
        face = _set(c, font, size)
        advance, height = face.get_width_height()
        return advance, -face.get_descent(), height - face.get_descent()

    return _Table(character), _Table(lambda pair: _kern(pair, font, size, Kerning.DEFAULT))


@lru_cache(8192)
def extent(text: str, font: str, size: float) -> Extent:
    """Size of a string in pixels: what FreeType says, to the bit, put together from characters in a tenth of the time
    that setting the string takes."""
    if not text:
        return Extent(0.0, 0.0, 0.0)
    characters, kerns = _spacing(font, size)
    advances, lows, highs = zip(*map(characters.__getitem__, text))
    kerned = _kerned(font)
    width = sum(advances) + sum(kerns[pair] for pair in map(add, text, text[1:]) if kerned[pair])
    low = min(lows)
    return Extent(width / 64, (max(highs) - low) / 64, -low / 64)


@lru_cache(1024)
def line(font: str, size: float) -> Line:
    """Measures of a line of text."""
    _, height, descent = extent("lp", font, size)
    return Line(height - descent, descent, extent("0", font, size).height, extent("x", font, size).height)


@lru_cache(64)
def size_for(font: str, x_height: float) -> float:
    """The smallest size, in half pixels, whose x is at least this high."""
    size = 8.0
    while line(font, size).x_height < x_height:
        size += 0.5
    return size


@lru_cache(4096)
def bitmap(text: str, font: str, size: float, angle: float = 0.0) -> tuple[np.ndarray, float, float]:
    """Grey coverage of a string (uint8, h x w) turned by so many degrees; pixels from the pen to its left edge, and
    from its lower edge up to the pen. Turning outlines is sharper than turning pixels, and takes a quarter of the
    time."""
    face = _set(text, font, size, angle)
    face.draw_glyphs_to_bitmap(antialiased=True)
    return face.get_image().copy(), face.get_bitmap_offset()[0] / 64, face.get_descent() / 64
