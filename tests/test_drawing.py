"""What is measured and painted by short cuts is what the long way gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.ft2font import LoadFlags

from envs.drawing.metrics import DPI, FILES, Extent, _face, extent, has_glyphs
from envs.drawing.painter import Painter, _opaque
from envs.drawing.sheet import Sheet, Wedge

FONTS = st.sampled_from(sorted(FILES))
LETTERS = st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_categories=["C"])
COLOURS = st.tuples(*[st.integers(0, 255).map(lambda channel: channel / 255)] * 3)
PLACES = st.tuples(*[st.floats(2.0, 60.0)] * 2)


@given(
    text=st.text(LETTERS, max_size=24) | st.text("AVTWYao.,-", max_size=9), font=FONTS, half_pixels=st.integers(8, 120)
)
@settings(deadline=None)
def test_a_string_is_as_large_as_freetype_sets_it(text: str, font: str, half_pixels: int) -> None:
    text = "".join(c for c in text if has_glyphs(c, font))
    face = _face(font)
    face.set_size(half_pixels / 2, DPI)
    face.set_text(text, 0, flags=LoadFlags.NO_HINTING)
    width, height = face.get_width_height()
    assert Extent(width / 64, height / 64, face.get_descent() / 64) == extent(text, font, half_pixels / 2)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (448, 448), (1120, 700)])
def test_an_opaque_picture_loses_its_last_channel_and_nothing_else(shape: tuple[int, int]) -> None:
    pixels = (
        (np.arange(shape[0] * shape[1] * 4, dtype=np.uint32) * 2654435761 >> 13).astype(np.uint8).reshape(*shape, 4)
    )
    found = _opaque(pixels)
    assert np.array_equal(found, pixels[..., :3]) and found.flags.c_contiguous and found.flags.writeable


class Public(RendererAgg):
    """Takes the public way, as a recorder does."""


@given(
    ground=COLOURS,
    fill=COLOURS,
    edge=COLOURS | st.none(),
    places=st.lists(PLACES, min_size=3, max_size=6),
    data=st.data(),
)
@settings(deadline=None)
def test_the_quick_way_paints_what_the_public_one_does(ground, fill, edge, places, data) -> None:  # type: ignore[no-untyped-def]
    sheet = Sheet(70, 64, "DejaVu Sans", (0.0, 0.0, 0.0), ground)
    (x0, y0), (x1, y1) = places[:2]
    width = data.draw(st.sampled_from([0.0, 1.0, 1.2, 2.0]))
    sheet.rect((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)), fill, edge, width)
    sheet.line(places, fill, width, data=data.draw(st.booleans()), dash=data.draw(st.sampled_from([(), (3.0, 2.0)])))
    sheet.polygon(places, fill, edge, width, alpha=data.draw(st.sampled_from([1.0, 0.5])))
    sheet.dot(x0, y0, 5.0, fill, edge, width)
    sheet.wedge(Wedge(x1, y1, 9.0, 20.0, 200.0, data.draw(st.sampled_from([0.0, 4.0]))), fill, edge or fill, width)
    assert np.array_equal(Painter().paint(sheet), Painter(Public).paint(sheet))
