"""What charts of topics share: a table drawn from a packaged domain, the words to speak of it, and a title."""

from __future__ import annotations

from dataclasses import dataclass

from envs.address import Draws
from envs.data import Grid, draw_grid
from envs.figures.base import Words
from envs.figures.counts import NARROW, TOP
from envs.registry import Scene


@dataclass(frozen=True, slots=True)
class Told:
    """A table with its words and its title ('' where none is written)."""

    grid: Grid
    words: Words
    title: str


def tell(
    draws: Draws,
    scene: Scene,
    *,
    series: int = 1,
    positions: int,
    ordered: bool | None = None,
    parts: bool = False,
    sums: bool = False,
    longest: int | None = None,
) -> Told:
    """A table of series x positions at the scene's level; see `draw_grid`. Asked for sums, its values add up; asked
    for dates, its times are. Pictures narrower than NARROW are given no
    title unless the question is about it."""
    grid = draw_grid(
        draws,
        test=scene.test,
        series=series,
        positions=positions,
        ordered=ordered,
        level=scene.level,
        longest=longest,
        parts=parts,
        sums=sums or "sums" in scene.needs,
        dated="dated" in scene.needs,
    )
    titled = min(scene.width, scene.height) >= NARROW and draws.chance(0.75) and not scene.tight
    title = grid.subject if titled or "title" in scene.needs else ""
    return Told(grid, Words(grid.noun, grid.nouns, grid.measure, grid.unit, adds=grid.adds), title)


def fewest(scene: Scene) -> int:
    """The fewest things to show where a single one is fair: what is ranked or compared takes several."""
    return 1 if "recognition" in scene.needs else 4


def how_many(draws: Draws, level: int, least: int, most: int) -> tuple[int, int]:
    """How many things to show, and how many different numbers might have been drawn: uniform over a window of up to
    four that moves from `least` towards `most` with the level."""
    width = min(most - least, 3)
    low = least + (most - least - width) * min(level, TOP) // TOP
    return draws.integers(low, low + width + 1), width + 1
