"""A start, changes up and down that hang on each other, and the end they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from envs.address import Draws
from envs.drawing.colour import Colour
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.bars import THINNEST
from envs.figures.base import Panel, Style, widest
from envs.figures.columns import PLACES, TRAITS
from envs.figures.frame import PAD, Values
from envs.figures.legend import legend
from envs.figures.tables import (
    axis_titles,
    by_eye,
    first_fit,
    longest_name,
    plot,
    single_view,
    value_label,
    window,
    writes,
)
from envs.figures.topics import Told, tell
from envs.registry import Scene, family
from envs.views import Categories, Item, Several, View

if TYPE_CHECKING:
    from envs.data import Grid

RUNNING = "running total"
KINDS = (("increase", "decrease", "total"), ("gain", "loss", "total"), ("rise", "fall", "level"))
ENDS = (("Start", "End"), ("Opening", "Closing"), ("Before", "After"))


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The grid's single series holds signed changes; `first` is the value of the start. `ends` are the names of the
    start and the end, `kinds` those of a rise, a fall and a total in the legend, which stands at `place` or, if that
    is '', nowhere. `written`: each change and both totals at their bars; `asked`: they must be."""

    grid: Grid
    first: float
    ends: tuple[str, str]
    kinds: tuple[str, str, str]
    place: str
    lying: bool
    written: bool
    sizes: int
    asked: bool = False
    needs_legend: bool = False

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        return first_fit(sheet, (partial(self._draw, panel, style, cell, sheet, *way) for way in self._ways()))

    def _ways(self) -> Iterator[tuple[bool, str, bool]]:
        """Lying, place of the legend, values written."""
        places = (self.place, *(p for p in PLACES if p != self.place)) if self.needs_legend else (self.place, "")
        for written in dict.fromkeys((self.written, self.asked)):
            for lying in (self.lying, not self.lying):
                yield from ((lying, place, written) for place in places)

    def levels(self, decimals: int) -> list[float]:
        """The start, and the running total after each change; exact to the last digit."""
        digit = 10**decimals
        steps = [round(self.first * digit)]
        for change in self.grid.values[0]:
            steps.append(steps[-1] + round(change * digit))
        return [step / digit for step in steps]

    def _draw(
        self, panel: Panel, style: Style, cell: Box, sheet: Sheet, lying: bool, place: str, written: bool
    ) -> list[View]:
        grid, unit, changes = self.grid, panel.words.unit, self.grid.values[0]
        rise, fall, total = style.palette[:3]
        room = cell
        if place:
            room = legend(list(zip(self.kinds, (rise, fall, total), strict=True)), style, sheet, cell, place)
        levels = self.levels(unit.decimals)
        spans = [(0.0, levels[0]), *pairwise(levels), (0.0, levels[-1])]
        colours: list[Colour] = [total, *(rise if change > 0 else fall for change in changes), total]
        labels = [unit.write(levels[0]), *(_signed(unit.write(c)) for c in changes), unit.write(levels[-1])]
        names = (self.ends[0], *grid.positions, self.ends[1])
        axis = Values(0.0, 1.05 * max(levels), unit, panel.value_axis)
        found = plot(room, style, panel, names, axis, lying)
        slot, wide, turned = found.names.slot, widest(labels, style), False
        if slot * style.fill < (max(THINNEST, style.line.digit) if written and lying else THINNEST):
            raise Unreadable("the bars are too thin")
        if written:
            turned = not lying and wide + 4 > slot
            if turned and style.line.digit + 4 > slot:
                raise Unreadable("no room for the values above the bars")
            head = (wide if lying or turned else style.line.digit) + 2 * PAD
            found = plot(room, style, panel, names, replace(axis, head=head), lying)
        px = found.values.px_per_unit
        # A change lies between two edges; a running total is one, or a sum of what is written.
        reach = max(changes) - min(changes)
        err, running = (0.0, 0.0) if written else (by_eye(px, unit, 2), by_eye(px, unit))
        found.frame.begin(style, sheet)
        for k, ((low, high), colour, label) in enumerate(zip(spans, colours, labels, strict=True)):
            box = found.box(k + 0.5 - style.fill / 2, k + 0.5 + style.fill / 2, low, high)
            outline = style.ink if style.outline else None
            sheet.rect(box, colour, outline, 1.0 if outline else 0.0, mark=k)
            if k < len(levels):  # a thread from where this bar ends to where the next one starts
                level = levels[k]
                ends = [found.point(k + 0.5 + style.fill / 2, level), found.point(k + 1.5 - style.fill / 2, level)]
                sheet.line([ends[0], found.point(k + 1, level), ends[1]], style.ink, 1.0)
            if written:
                end = (box[2], (box[1] + box[3]) / 2) if lying else ((box[0] + box[2]) / 2, box[3])
                # Signs keep clear of the threads, for one of which they might be taken.
                value_label(sheet, style, end, label, lying=lying, turned=turned, gap=5.0 if lying else 3.0)
        found.frame.finish(style, sheet)
        parts = [Item(name, value, err, value * px) for name, value in zip(grid.positions, changes, strict=True)]
        totals = [
            Item(name, value, running, value * px, (name, RUNNING)) for name, value in zip(grid.positions, levels[1:])
        ]
        views = [
            single_view(panel, grid, items, span=span, written=written, sizes=self.sizes)
            for items, span in ((parts, reach), (totals, found.values.high))
        ]
        views[1] = replace(views[1], measure=RUNNING, adds=False)
        return [Several(views=tuple(views)), *views]


def _signed(text: str) -> str:
    return text if text.startswith("-") else f"+{text}"


def signed(draws: Draws, told: Told, least_share: float) -> tuple[Told, float]:
    """The values of a single series with signs, some up and some down, and a start above all that is lost; none is
    smaller than this share of their sum."""
    digit = 10**told.words.unit.decimals
    steps = [round(value * digit) for value in told.grid.values[0]]
    least = int(least_share * sum(steps)) + 1
    steps = [step + max(0, least - min(steps)) for step in steps]
    rising = [draws.chance(0.5) for _ in steps]
    if len(set(rising)) == 1:
        flip = draws.integers(0, len(steps))
        rising[flip] = not rising[flip]
    changes = [step if up else -step for step, up in zip(steps, rising)]
    level, lowest = 0, 0
    for change in changes:
        level += change
        lowest = min(lowest, level)
    start = -lowest + int(draws.uniform(0.3, 1.2) * max(steps)) + least
    grid = replace(told.grid, values=(tuple(change / digit for change in changes),))
    words = replace(told.words, measure="signed change")
    return replace(told, grid=grid, words=words), start / digit


@family("waterfall", Categories, traits=(*TRAITS, "signed"), top_level=12)
def waterfall(draws: Draws, scene: Scene) -> Panel:
    """How a start becomes an end, by changes named after a topic."""
    side = min(scene.width, scene.height)
    count, sizes = window(draws, scene, 5, 16, (side - 110) / (1.4 * scene.style.text) - 2)
    plain = tell(draws, scene, positions=count, sums=True, longest=longest_name(scene), counted=False)
    _, value_axis = axis_titles(draws, scene, plain)
    told, first = signed(draws, plain, max(0.03, 7 / (side - 110)))
    year = draws.integers(1995, 2025)
    dated = draws.chance(0.4) and not plain.grid.ordered
    title = f"Change in {plain.grid.measure} by {plain.grid.noun}" if plain.title else ""
    # Read between two edges, changes are too coarse: the mean of gains and losses may be as small as the error.
    needs_legend, asked = "legend" in scene.needs, "values" in scene.needs
    marks = Waterfall(
        told.grid,
        first,
        ends=(str(year), str(year + 1)) if dated else draws.choice(ENDS),
        kinds=draws.choice(KINDS),
        place=draws.choice(PLACES) if needs_legend or (draws.chance(0.4) and side >= 320) else "",
        lying=draws.chance(0.25),
        written=writes(draws, scene) or asked,
        sizes=sizes,
        asked=asked,
        needs_legend=needs_legend,
    )
    across = told.words.noun.capitalize() if value_axis and ("axes" in scene.needs or draws.chance(0.6)) else ""
    return Panel(marks, told.words, "waterfall chart", title, across, value_axis)
