"""What a picture suffers on its way: a camera's noise, a little blur, a JPEG's artefacts. All slight: the smallest
letters stay readable."""

from __future__ import annotations

import io
from dataclasses import dataclass
from hashlib import shake_128

import numpy as np
from PIL import Image, ImageFilter

from envs.address import Draws

SHARE = 0.15  # of pictures that are worn
TILE = 128  # pixels, the side of a tile of noise


@dataclass(frozen=True, slots=True)
class Wear:
    """`blur`: radius in pixels; `noise`: most that a channel is off, of 255; `quality` of the JPEG, 0 for none."""

    blur: float
    noise: int
    quality: int
    seed: int


def draw_wear(draws: Draws) -> Wear | None:
    """None for most pictures."""
    if not draws.chance(SHARE):
        return None
    return Wear(
        blur=draws.choice((0.0, 0.0, 0.3, 0.4, 0.5)),
        noise=draws.choice((0, 0, 6, 10, 14)),
        quality=draws.choice((0, 55, 70, 85)),
        seed=draws.bits(),
    )


def worn(image: np.ndarray, wear: Wear | None) -> np.ndarray:
    """The picture (uint8 height x width x 3) as it arrives."""
    if wear is None:
        return image
    if wear.blur:
        image = np.array(Image.fromarray(image).filter(ImageFilter.GaussianBlur(wear.blur)))
    if wear.noise:
        image = _grainy(image, wear)
    if wear.quality:
        stored = io.BytesIO()
        Image.fromarray(image).save(stored, "JPEG", quality=wear.quality, subsampling=0)
        image = np.array(Image.open(stored))
    return image


def _grainy(image: np.ndarray, wear: Wear) -> np.ndarray:
    """The picture with noise on it, cut off at black and white; a tile of noise is repeated over it."""
    # Bytes of a hash, not of a library's generator, whose stream may change.
    tile = np.frombuffer(shake_128(wear.seed.to_bytes(8, "little")).digest(TILE * TILE * 3), np.uint8)
    grain = tile.reshape(TILE, TILE, 3).astype(np.int16) * (2 * wear.noise + 1) // 256 - wear.noise
    height, width, _ = image.shape
    # What is added and what is taken away, in bytes throughout: sums of wider numbers take ten times as long.
    more, less = (
        np.tile(np.maximum(part, 0).astype(np.uint8), (1, -(-width // TILE), 1))[:, :width] for part in (grain, -grain)
    )
    found = image.copy()
    for top in range(0, height, TILE):
        rows = found[top : top + TILE]
        up, down = more[: len(rows)], less[: len(rows)]
        np.minimum(rows, 255 - up, out=rows)
        rows += up
        np.maximum(rows, down, out=rows)
        rows -= down
    return found
