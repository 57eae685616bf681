"""Rose charts: sectors of equal angle whose radius is the value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from envs.address import Draws
from envs.drawing.sheet import Box, Sheet, Unreadable, Wedge
from envs.figures.base import Panel, Style
from envs.figures.counts import NARROW
from envs.figures.frame import Tick
from envs.figures.pie import colours_around
from envs.figures.polar import ROOM, Disc, disc, ring_colour, rings
from envs.figures.tables import by_eye, writes
from envs.figures.topics import how_many, tell
from envs.registry import Scene, family
from envs.views import APART, Categories, Item


@dataclass(frozen=True, slots=True)
class Rose:
    """Values by name, the first at the top, then clockwise. `written`: each value with its name; `plain`: all sectors
    in one colour."""

    names: tuple[str, ...]
    values: tuple[float, ...]
    written: bool
    plain: bool
    most: int  # rings
    ordered: bool = False
    sizes: int = 1
    absent: tuple[str, ...] = ()

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Categories]:
        count, unit = len(self.names), panel.words.unit
        angles = [math.pi / 2 - 2 * math.pi * (i + 0.5) / count for i in range(count)]
        marked = rings(max(self.values), unit, self.most)
        labels = [f"{name}\n({unit.write(value)})" for name, value in zip(self.names, self.values, strict=True)]
        # Whether values are written, and how many rings must be labelled then, in the order in which they are tried.
        ways = [(False, 2), (True, 0), (False, 1)]
        for written, least in [(True, 0), *ways] if self.written else ways:
            try:
                found = disc(cell, style, marked[-1][0], labels if written else self.names, angles)
            except Unreadable:
                continue
            wedges = self._wedges(found)
            spots = _spots(found, marked, wedges, style)
            if len(spots) >= least:
                break
        else:
            raise Unreadable("no room for the labels of the rings")
        ring = ring_colour(style)
        for value, _ in marked if spots else ():
            sheet.line(found.circle(value), ring, 1.0)
        colours = [style.palette[0]] * count if self.plain else colours_around(style, count)
        for i, wedge in enumerate(wedges):
            sheet.wedge(wedge, colours[i], style.ink if style.outline else style.ground, 1.2, mark=i)
        for x, y, label in spots:
            sheet.text(label, x, y, style.text, "tick", up="center")
        found.write_names(style, sheet)
        err = 0.0 if written else by_eye(found.px_per_unit, unit)
        items = [
            Item(name, value, err, value * found.px_per_unit)
            for name, value in zip(self.names, self.values, strict=True)
        ]
        return [
            panel.categories(
                items, span=found.top, written=written, sizes=self.sizes, ordered=self.ordered, absent=self.absent
            )
        ]

    def _wedges(self, found: Disc) -> list[Wedge]:
        sweep = 360 / len(self.names)
        return [
            Wedge(found.x, found.y, value * found.px_per_unit, 90 - (i + 1) * sweep, 90 - i * sweep)
            for i, value in enumerate(self.values)
        ]


def _spots(
    found: Disc, marked: Sequence[Tick], wedges: Sequence[Wedge], style: Style
) -> list[tuple[float, float, str]]:
    """Where rings are labelled: in the direction in which the most labels lie on nothing but the ground."""
    best: list[tuple[float, float, str]] = []
    for wedge in sorted(wedges, key=lambda w: w.radius):
        if best and sum(value * found.px_per_unit > wedge.radius for value, _ in marked) <= len(best):
            break  # the other sectors reach further still
        for share in (0.0, 0.5, 0.2, 0.8):
            angle = math.radians(wedge.first + share * (wedge.last - wedge.first))
            made: list[tuple[float, float, str]] = []
            last: Box = (0.0, 0.0, 0.0, 0.0)
            for value, label in marked:
                x, y = found.at(angle, value)
                half, high = style.width(label) / 2 + 2, style.line.digit / 2 + 2
                box = (x - half, y - high, x + half, y + high)
                if last[0] < box[2] and box[0] < last[2] and last[1] < box[3] and box[1] < last[3]:
                    continue
                if found.free(box) and not any(_over(box, other) for other in wedges):
                    made.append((x, y, label))
                    last = box
            best = max(best, made, key=len)
    return best


def _over(box: Box, wedge: Wedge) -> bool:
    """Whether a box lies over a sector: tried at points a few pixels apart along its sides."""
    x0, y0, x1, y1 = box
    if math.hypot(max(x0 - wedge.x, 0.0, wedge.x - x1), max(y0 - wedge.y, 0.0, wedge.y - y1)) > wedge.radius:
        return False
    steps = max(2, int((x1 - x0) / 8))
    across = [x0 + (x1 - x0) * k / steps for k in range(steps + 1)]
    return any(wedge.holds((x, y), 0.0) for x in across for y in (y0, y1))


@family("rose", Categories, traits=("values", "words", "title"), top_level=12, smallest=NARROW)
def rose(draws: Draws, scene: Scene) -> Panel:
    """A measure from a packaged domain around a centre."""
    level, side = min(scene.level, 12), min(scene.width, scene.height)
    count, sizes = how_many(draws, level, 4, max(5, min(14, side // 32)))
    longest = max(7, min(9 + level // 3, scene.width // 34))
    told = tell(draws, scene, positions=count, longest=longest)
    values = told.grid.values[0]
    second, first = sorted(values)[-2:]
    close = (first - second) * (side / 2 - 75) < 1.4 * APART * first  # too close for the eye
    gap = max(b - a for a, b in pairwise(sorted(values)))
    crowded = scene.reckons and gap * (side / 2 - 90) < ROOM * first
    marks = Rose(
        told.grid.positions,
        values,
        written=writes(draws, scene) or close or crowded or ("values" in scene.needs and side < 300),
        plain=scene.style.one_colour,
        most=draws.integers(4, 6) if side >= 300 else 3,
        ordered=told.grid.ordered,
        sizes=sizes,
        absent=told.grid.absent,
    )
    return Panel(marks, told.words, "rose chart", told.title)
