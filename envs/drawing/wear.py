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
    picture = Image.fromarray(image)
    if wear.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(wear.blur))
    if wear.noise:
        height, width, _ = image.shape
        # Bytes of a hash, not of a library's generator, whose stream may change.
        tile = np.frombuffer(shake_128(wear.seed.to_bytes(8, "little")).digest(TILE * TILE * 3), np.uint8)
        grain = tile.reshape(TILE, TILE, 3).astype(np.int16) * (2 * wear.noise + 1) // 256 - wear.noise
        grain = np.tile(grain, (-(-height // TILE), -(-width // TILE), 1))[:height, :width]
        picture = Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))
    if wear.quality:
        stored = io.BytesIO()
        picture.save(stored, "JPEG", quality=wear.quality, subsampling=0)
        picture = Image.open(stored).convert("RGB")
    return np.array(picture)
