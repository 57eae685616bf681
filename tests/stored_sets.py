"""Data sets for the tests of stored problems: small Parquet files, written by `datasets`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from envs.stored import Spec


def picture(seed: int, width: int = 60, height: int = 40, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 4), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    stored = io.BytesIO()
    image.save(stored, form)
    return stored.getvalue()


def write(path: Path, **columns: list[Any]) -> Path:
    """A Parquet file by `datasets`, its images as it stores them."""
    import datasets

    features = datasets.Dataset.from_dict({k: v for k, v in columns.items() if k != "image"}).features
    features = datasets.Features({"image": datasets.Image(), **features})
    datasets.Dataset.from_dict(columns, features=features).to_parquet(path)
    return path


def plain(path: Path, count: int = 40, images: int | None = None, **more: list[Any]) -> Path:
    """Rows of small numbers, each with an image of its own or one of so many."""
    columns: dict[str, list[Any]] = {
        "image": [picture(i % (images or count)) for i in range(count)],
        "question": [f"What is written at {i}?" for i in range(count)],
        "answer": [str(i) for i in range(count)],
    }
    return write(path, **(columns | more))


def spec(source: Path, name: str = "own", **more: Any) -> Spec:
    return Spec(name=name, source=str(source), **more)
