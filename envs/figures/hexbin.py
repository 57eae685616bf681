"""Counts of things in hexagons over two measures, shown by colour in steps."""

from __future__ import annotations

import math
from dataclasses import dataclass

from envs.address import Draws
from envs.drawing.colour import Colour, ink_on
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.base import Panel, Style, Words, widest
from envs.figures.pairs import Surface, draw_surface, few
from envs.figures.plane import plane
from envs.figures.ramp import bar, draw_ramp
from envs.registry import Scene, family
from envs.views import Measured
from envs.views_field import Field, Spot

NAMES = "ABCDEFGH"
HEXAGON = tuple((math.sin(k * math.pi / 3), math.cos(k * math.pi / 3)) for k in range(6))
Cell = tuple[int, int]  # column and row; odd rows are shifted right by half a hexagon


@dataclass(frozen=True, slots=True)
class Hexbin:
    """Things counted in hexagons: `counts` by cell, none of them 0. Step k holds k * width + 1 to (k + 1) * width of
    them. `marked` cells carry a letter."""

    surface: Surface
    columns: int
    rows: int
    counts: tuple[tuple[Cell, int], ...]
    width: int
    colours: tuple[Colour, ...]
    marked: tuple[Cell, ...]
    titled: bool
    insist: bool
    sizes: int = 1

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Field]:
        steps = [(k * self.width + 1, (k + 1) * self.width) for k in range(len(self.colours))]
        texts = [f"{low}–{high}" for low, high in steps]
        cell = bar(self.colours, texts, self.surface.key(style, cell), style, sheet, cell)
        found = plane(
            cell,
            style,
            self.surface.measures,
            self.surface.ranges,
            titled=self.titled or self.insist,
            insist=self.insist,
        )
        left, bottom, right, top = found.frame.box
        across, up = right - left, top - bottom
        radius = min(across / (math.sqrt(3) * (self.columns + 0.6)), up / (1.5 * self.rows + 0.7))
        if 1.6 * radius < widest(NAMES[: len(self.marked)], style) + 3:
            raise Unreadable("the hexagons are too small")
        step = math.sqrt(3) * radius
        start = (left + right - step * (self.columns - 0.5)) / 2, (bottom + top - 1.5 * radius * (self.rows - 1)) / 2
        found.frame.begin(style, sheet)
        middles: dict[Cell, Point] = {}
        of: dict[Cell, int] = {}
        for i, ((column, row), count) in enumerate(self.counts):
            x, y = start[0] + step * (column + 0.5 * (row % 2)), start[1] + 1.5 * radius * row
            of[column, row] = (count - 1) // self.width
            middles[column, row] = x, y
            corners = [(x + radius * a, y + radius * b) for a, b in HEXAGON]
            colour = self.colours[of[column, row]]
            sheet.polygon(corners, colour, style.ground, 1.0, i)
            if (column, row) in self.marked:
                name = NAMES[self.marked.index((column, row))]
                sheet.text(name, x, y, style.text, "label", up="center", colour=ink_on(colour), ground=colour, inside=i)
        found.frame.finish(style, sheet)

        spots = tuple(Spot(name, *found.value(middles[spot]), of[spot]) for name, spot in zip(NAMES, self.marked))
        highest = [spot for spot, k in of.items() if k == max(of.values())]
        across_side, up_side = found.along(self.surface.measures)
        kind = self.surface.kind
        return [
            Field(
                x=across_side,
                y=up_side,
                value=Measured(measure=f"number of {kind.nouns}", span=float(steps[-1][1])),
                steps=tuple((float(low), float(high)) for low, high in steps),
                spots=spots,
                peak=found.value(middles[highest[0]]) if len(highest) == 1 else None,
                cells=tuple(sum(k == other for other in of.values()) for k in range(len(steps))),
                noun="hexagon",
                nouns="hexagons",
                sizes=self.sizes,
            )
        ]


def _bumps(draws: Draws, scene: Scene, columns: int, rows: int, steps: int, width: int) -> dict[Cell, int]:
    """Counts that fall off from a fullest cell, and from a lower one; far from both there are none."""
    most = steps * width
    peak = draws.integers(0, columns), draws.integers(0, rows)
    while abs(peak[0] - (columns - 0.5) / 2) < 0.9 or abs(peak[1] - (rows - 1) / 2) < 0.9:
        peak = draws.integers(0, columns), draws.integers(0, rows)
    second = draws.integers(0, columns), draws.integers(0, rows)
    sharp, lower = draws.uniform(0.07, 0.22), draws.uniform(0.35, 0.7)
    densities: dict[Cell, float] = {}
    for row in range(rows):
        for column in range(columns):
            density = 0.0
            for (x, y), height in ((peak, 1.0), (second, lower)):
                dx, dy = column + 0.5 * (row % 2) - x - 0.5 * (y % 2), 0.87 * (row - y)
                q = 1 + sharp * (dx * dx + dy * dy)
                density += height / (q * q)
            densities[column, row] = density * draws.uniform(0.55, 1.15) - 0.1 * draws.random()
    # How many are not empty is drawn, or a small lattice would always be full.
    kept = draws.integers(len(densities) * 3 // 5, len(densities) + 1)
    fullest = sorted(densities, key=lambda cell: -densities[cell])[:kept]
    # Only the fullest cell is in the highest step.
    counts = {cell: max(1, min(int(densities[cell] * most), most - width)) for cell in densities if cell in fullest}
    counts[peak] = most - draws.integers(0, width)
    return counts


def _marked(draws: Draws, counts: dict[Cell, int], bound: int, wanted: int) -> list[Cell]:
    """So many cells, or all, the fullest one among them; how many of them hold more than a bound is drawn first."""
    wanted = min(wanted, len(counts))
    order = sorted(counts, key=lambda cell: -counts[cell])
    peak, *high = [cell for cell in order if counts[cell] > bound]
    low = order[len(high) + 1 :]
    above = draws.integers(max(0, wanted - 1 - len(low)), min(wanted - 1, len(high)) + 1)
    return [peak, *draws.sample(high, above), *draws.sample(low, wanted - 1 - above)]


@family("hexbin", Field, traits=("words", "title", "axes", "cells"), top_level=12)
def hexbin(draws: Draws, scene: Scene) -> Panel:
    """How many things lie where, in up to some fifty hexagons."""
    level, small = min(scene.level, 12), min(scene.width, scene.height) < 300
    columns = draws.integers(4, 5 + few(level, 1, 4)) if not small else draws.integers(3, 5)
    # The lattice fills the plot, as far as its shape can be told beforehand.
    rows = max(3, min(9, int(1.15 * columns * (scene.height - 85) / (scene.width - 135) + 0.5)))
    steps, width = draws.integers(3, 4 + few(level, 1, 2)), draws.integers(2, 6)
    counts = _bumps(draws, scene, columns, rows, steps, width)
    wanted = draws.integers(3 + few(level, 0, 2), 4 + few(level, 1, 5))
    marked = _marked(draws, counts, width * draws.integers(1, max(2, steps - 1)), wanted)
    marks = Hexbin(
        draw_surface(draws, scene, measures=2),
        columns,
        rows,
        tuple(counts.items()),
        width,
        draw_ramp(draws, steps, scene.style.ground),
        tuple(draws.shuffled(marked)),
        titled=draws.chance(0.95),
        insist="axes" in scene.needs,
        sizes=8 + level,
    )
    kind = marks.surface.kind
    return Panel(marks, Words("hexagon", "hexagons", f"number of {kind.nouns}"), "hexbin plot", marks.surface.title)
