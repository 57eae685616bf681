"""Centred bars of stages, each of which fewer reach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from envs.address import Draws
from envs.drawing.colour import Colour, ink_on
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.around import EDGE
from envs.figures.base import Panel, Style, Words, widest
from envs.figures.counts import NARROW, not_written
from envs.figures.tables import longest_name, window
from envs.numerals import Unit
from envs.registry import Scene, family
from envs.views import APART, Categories, Item

MEASURES = ("count", "number", "total")
UNITS = (Unit(), Unit(), Unit(), Unit(0, "thousands", suffix="k", scale=1e3))
LENGTHS_APART = 1.5  # times APART: both ends of a centred bar move, and there is no axis
HIGHEST = 76.0  # pixels of a stage


@dataclass(frozen=True, slots=True)
class Funnel:
    """Falling values by stage, the first on top. `tapered`: each bar narrows to the width of the next; `written`: each
    value on its bar, or to the right of all; `asked`: it must be; `beside`: names to the left, else on the bars where
    they fit."""

    names: tuple[str, ...]
    values: tuple[float, ...]
    tapered: bool
    written: bool
    graded: bool
    sizes: int
    asked: bool = False
    absent: tuple[str, ...] = ()

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Categories]:
        unit = panel.words.unit
        labels = [unit.write(value) for value in self.values]
        x0, y0, x1, y1 = cell
        left = x0 + EDGE + widest(self.names, style) + 8
        right, high = x1 - 2 * EDGE, y1 - 2 * EDGE
        step = min((high - y0 - 2 * EDGE) / len(self.names), HIGHEST)
        gap = 0.0 if self.tapered else max(2.0, step * (1 - style.fill) * 0.6)
        outside = self.written and not self._fit(labels, style, right - left, step - gap)
        if outside:
            right -= widest(labels, style) + 8
        wide = right - left
        if wide < 60 or step < style.line.height + 2:
            raise Unreadable("no room for the stages")
        top = (y0 + high) / 2 + step * len(self.names) / 2
        middle, px = (left + right) / 2, wide / max(self.values)
        colours = self._colours(style)
        for i, (name, value) in enumerate(zip(self.names, self.values, strict=True)):
            upper, lower = top - i * step, top - (i + 1) * step + gap
            half = value * px / 2
            below = self.values[min(i + 1, len(self.values) - 1)] * px / 2 if self.tapered else half
            corners: list[Point] = [
                (middle - half, upper),
                (middle + half, upper),
                (middle + below, lower),
                (middle - below, lower),
            ]
            edge = style.ink if style.outline else style.ground
            sheet.polygon(corners, colours[i], edge, 1.0, mark=i)
            at = (upper + lower) / 2
            sheet.text(name, left - 8, at, style.text, "name", across="right", up="center")
            if outside:
                sheet.text(labels[i], x1 - EDGE, at, style.text, "value", across="right", up="center")
            elif self.written:
                ink = ink_on(colours[i])
                sheet.text(
                    labels[i], middle, at, style.text, "value", up="center", colour=ink, ground=colours[i], inside=i
                )
        err = 0.0 if self.written else float("inf")
        items = [Item(name, value, err, value * px) for name, value in zip(self.names, self.values, strict=True)]
        span = max(self.values) if self.written else float("inf")
        view = panel.categories(
            items,
            span=span,
            written=self.written,
            apart_px=LENGTHS_APART * APART,
            sizes=self.sizes,
            absent=not_written(self.absent, panel.title),
        )
        return [view]

    def _fit(self, labels: list[str], style: Style, wide: float, high: float) -> bool:
        """Whether each value fits on its bar."""
        narrowest = [*self.values[1:], self.values[-1]] if self.tapered else self.values
        rooms = (wide * value / max(self.values) for value in narrowest)
        return all(style.width(label) + 6 < room for label, room in zip(labels, rooms)) and high > style.line.digit + 4

    def _colours(self, style: Style) -> list[Colour]:
        count = len(self.names)
        if self.graded:  # two colours that take turns
            return [style.palette[i % 2] for i in range(count)]
        return style.colours(count)


@cache
def _themes() -> tuple[tuple[str, ...], ...]:
    held = json.loads(Path(__file__).parents[1].joinpath("data", "stages.json").read_text(encoding="utf-8"))
    return tuple(tuple(stages) for stages in held)


def _falling(draws: Draws, count: int, level: int) -> Iterator[int]:
    """A large number, and ever smaller ones; at higher levels two may be close."""
    value = draws.integers(200, 1000) * draws.choice((1, 5, 10, 20))
    for _ in range(count):
        yield value
        percent = draws.integers(90, 95) if draws.chance(0.03 * level) else draws.integers(45, 90)
        value = value * percent // 100


@family("funnel", Categories, traits=("values", "rates", "words", "staged"), top_level=12)
def funnel(draws: Draws, scene: Scene) -> Panel:
    """How many reach each stage of something."""
    side = min(scene.width, scene.height)
    count, sizes = window(draws, scene, 5, 9, (scene.height - 50) / (scene.style.line.height + 4))
    longest = longest_name(scene)
    # One stage more than is shown, so that one can be absent.
    wide = [stages for stages in _themes() if sum(len(stage) <= longest for stage in stages) > count]
    count = count if wide else count - 1
    theme = draws.choice(wide or _themes())
    fit = [i for i, stage in enumerate(theme) if len(stage) <= longest]
    chosen = sorted(draws.sample(fit, min(count, len(fit))))
    names = tuple(theme[i] for i in chosen)
    words = Words("stage", "stages", draws.choice(MEASURES), draws.choice(UNITS), adds=False)
    values = tuple(map(float, _falling(draws, len(names), min(scene.level, 12))))
    titled = "title" in scene.needs or (side >= NARROW and draws.chance(0.75))
    title = draws.choice(
        (
            f"From {names[0].lower()} to {names[-1].lower()}",
            "How many reach each stage",
            f"{words.measure.capitalize()} at each stage",
        )
    )
    asked = "values" in scene.needs
    marks = Funnel(
        names,
        values,
        tapered=draws.chance(0.4),
        written=asked or draws.chance(max(0.3, 0.8 - 0.06 * scene.level)),
        graded=draws.chance(0.3),
        sizes=sizes,
        asked=asked,
        absent=tuple(theme[i] for i in draws.shuffled(fit) if i not in chosen),
    )
    return Panel(marks, words, "funnel chart", title if titled else "")
