"""The images of a data set: bytes of any form Pillow reads to RGB arrays of a bounded size, or a bad row."""

from __future__ import annotations

import io
import math
import warnings
from typing import TYPE_CHECKING

import numpy as np

from envs.stored_answers import BadRow

if TYPE_CHECKING:
    from PIL import Image

SHORTEST, THINNEST, LARGEST = 8, 50, 80_000_000  # pixels of a side; one side in the other; pixels of an image


def head(encoded: bytes) -> Image.Image:
    """The image with its size known and its pixels not yet read; BadRow."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes that are refused below
            image = Image.open(io.BytesIO(encoded))
    except Exception:  # Pillow's plug-ins raise nearly anything on broken files
        raise BadRow("an image that cannot be read") from None
    short, long = sorted(image.size)
    if short < SHORTEST or long > THINNEST * short or short * long > LARGEST:
        raise BadRow(f"an image of less than {SHORTEST} pixels, thinner than 1 to {THINNEST}, or of {LARGEST} pixels")
    return image


def decoded(encoded: bytes, most: int) -> np.ndarray:
    """uint8, height x width x 3, of at most `most` pixels; what is transparent is white. BadRow."""
    from PIL import Image, ImageOps

    image = head(encoded)
    try:
        image = ImageOps.exif_transpose(image)
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        image = image.convert("RGB")
        width, height = image.size
        if width * height > most:
            scale = math.sqrt(most / (width * height))
            image = image.resize((max(1, int(width * scale)), max(1, int(height * scale))), Image.Resampling.LANCZOS)
        return np.asarray(image).copy()
    except Exception:  # cut-off files show only here
        raise BadRow("an image that cannot be read") from None
