"""Worn pictures stay the pictures they were."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.address import Draws
from envs.drawing.painter import Painter
from envs.drawing.wear import draw_wear, worn
from envs.problem import draw, make


@given(st.integers(0, 2**40))
@settings(max_examples=40, deadline=None)
def test_wear_is_slight_and_always_the_same(seed: int) -> None:
    draws = Draws(seed)
    wear = None
    while wear is None:
        wear = draw_wear(draws)
    plain = Painter().paint(draw("bar/count/3/1").sheet)
    once, again = worn(plain, wear), worn(plain, wear)
    assert once.shape == plain.shape and once.dtype == np.uint8 and (once == again).all()
    assert np.abs(once.astype(int) - plain).mean() < 12
    light, dark = (plain.min(2) > 200), (plain.max(2) < 60)
    assert once[light].mean() > once[dark].mean() + 100


def test_some_pictures_are_worn_and_most_are_not() -> None:
    addresses = [f"bar/count/3/{seed}" for seed in range(200)]
    wears = [draw(address).figure.style.wear is not None for address in addresses]
    assert 10 < sum(wears) < 60
    first = addresses[wears.index(True)]
    assert (make(first).image == make(first).image).all()
