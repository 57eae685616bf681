"""What charts of tables share: a table of a packaged domain or counted from a text, the words for it, and a title."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from envs.address import Draws
from envs.data import Grid, draw_counted, draw_grid
from envs.figures.base import Words
from envs.figures.counts import NARROW, TOP
from envs.registry import Scene

OF_TEXT = 0.18  # of tables are counted from a text
OF_CORPUS = 0.85  # those of an address that names a text; the others stand in where it has none that can be read


@dataclass(frozen=True, slots=True)
class Told:
    """A table with its words and its title ('' where none is written)."""

    grid: Grid
    words: Words
    title: str

    def mended(self, rows: tuple[tuple[float, ...], ...]) -> Told:
        """The table with other values; one that is counted from a text is counted again, from a text that has them."""
        if rows == self.grid.values:
            return self
        rows = self.grid.recount(rows) if self.grid.recount else rows
        return replace(self, grid=replace(self.grid, values=rows))


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
    counted: bool = True,
) -> Told:
    """A table of series x positions at the scene's level; see `draw_grid`. Some are counted from a text, if `counted`:
    most where the address names one. Asked for sums, its values add up; asked for dates, its times are. Pictures
    narrower than NARROW are given no title unless the question is about it.
    """
    shape: dict[str, Any] = {
        "test": scene.test,
        "series": series,
        "positions": positions,
        "ordered": ordered,
        "level": scene.level,
        "longest": longest,
    }
    dated = "dated" in scene.needs
    counted = counted and not dated and draws.chance(OF_CORPUS if scene.source else OF_TEXT)
    grid = draw_counted(draws, **shape, source=scene.source) if counted else None
    if grid is None:
        sums, persona = sums or "sums" in scene.needs, scene.style.persona
        grid = draw_grid(draws, **shape, parts=parts, sums=sums, dated=dated, persona=persona)
    grid = replace(grid, unit=scene.style.notation.of(grid.unit))
    titled = min(scene.width, scene.height) >= NARROW and draws.chance(0.75) and not scene.tight
    title = grid.subject if titled or "title" in scene.needs else ""
    noted = scene.style.noted and "title" not in scene.needs
    words = Words(grid.noun, grid.nouns, grid.measure, grid.unit, most=grid.most, adds=grid.adds, noted=noted)
    return Told(grid, words, title)


def fewest(scene: Scene) -> int:
    """The fewest things to show where a single one is fair: what is ranked or compared takes several."""
    return 1 if "recognition" in scene.needs else 4


def how_many(draws: Draws, level: int, least: int, most: int) -> tuple[int, int]:
    """How many things to show, and how many different numbers might have been drawn: uniform over a window of up to
    four that moves from `least` towards `most` with the level."""
    width = min(most - least, 3)
    low = least + (most - least - width) * min(level, TOP) // TOP
    return draws.integers(low, low + width + 1), width + 1
