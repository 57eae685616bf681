"""Sectors of a disc, or of a ring: shares of a whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from envs.address import Draws
from envs.drawing.colour import COLOURS_APART, Colour, distance, ink_on, mix
from envs.drawing.sheet import Box, Point, Sheet, Unreadable, Wedge
from envs.figures.around import EDGE
from envs.figures.base import Panel, Style, widest
from envs.figures.counts import NARROW, RANKED, draw_counts, draw_words, not_written
from envs.figures.legend import SWATCH, column
from envs.figures.strokes import led
from envs.figures.topics import how_many, tell
from envs.numerals import Unit, half_up, show
from envs.registry import Scene, family
from envs.views import APART, EYE, Categories, Item

BESIDE = 7.0  # pixels between the rim and a name
SMALLEST_RADIUS = 22.0
# Angles are judged less well than positions: two sectors are ranked by eye only if they differ by this share of the
# larger and by so many degrees, and an angle is read to within EYE_DEGREES.
ANGLES_APART, DEGREES_APART, EYE_DEGREES = 0.12, 5.0, 4.0

Place = tuple[float, float, list[Point]]  # where a baseline starts, and a line from the rim to the label


@dataclass(frozen=True, slots=True)
class Pie:
    """Amounts by name, drawn as exact shares. `decimals` are those of a written share; `explode` moves the sector of
    that index out of the disc; `legend`: names beside coloured squares instead of beside the sectors, and with `shared`
    not here but beside all panels. `hole`: the inner radius as a share of the outer one; `total` is written in it,
    where there is room."""

    names: tuple[str, ...]
    values: tuple[float, ...]
    written: bool
    decimals: int
    start: float
    explode: int | None = None
    legend: bool = False
    sizes: int = 1
    absent: tuple[str, ...] = ()
    hole: float = 0.0
    total: str = ""
    shared: bool = False

    @property
    def shares(self) -> tuple[float, ...]:
        """Percent of the whole."""
        total = sum(self.values)
        return tuple(100 * value / total for value in self.values)

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Categories]:
        x0, y0, x1, y1 = cell
        count = len(self.names)
        colours = colours_around(style, count)
        names_by_colour = len(set(colours)) == count  # colours that repeat cannot name sectors
        asked = self.legend and names_by_colour
        legend_width = widest(self.names, style) + SWATCH + 6
        room = (x0 + 2, y0 + 2, x1 - EDGE + 3, y1 - 2)
        beside_legend = (x0 + 2, y0 + 2, x1 - EDGE - legend_width - 2 * EDGE + 3, y1 - 2)
        # Mend what does not fit: the disc stays whole, the names move into or out of a legend, shares are not written.
        mends = [(self.explode, self.written, asked), (None, self.written, asked)]
        mends += [(None, self.written, not asked)] if names_by_colour and not self.shared else []
        for exploded, written, legend in [*mends, (None, False, asked)]:
            fitted = self._fit(beside_legend if legend and not self.shared else room, style, exploded, written, legend)
            if fitted:
                break
        else:
            raise Unreadable("the disc is too small for its labels")
        if legend and not self.shared:
            key = list(zip(self.names, colours, strict=True))
            column(key, style, sheet, x1 - EDGE - legend_width, (y0 + y1) / 2, role="name")
        wedges, values, labels, places = fitted
        for i, wedge in enumerate(wedges):
            sheet.wedge(wedge, colours[i], style.ink if style.outline else style.ground, 1.2, mark=i)
        for i, (label, value) in enumerate(zip(labels, values)):
            if value:
                ink = ink_on(colours[i])
                sheet.text(
                    self._written(i), *value, style.text, "value", up="center", colour=ink, ground=colours[i], inside=i
                )
            if label:
                x, y, leader = places[i]
                sheet.text(label, x, y, style.text, "name", across="left")
                if leader:  # a label that had to move away keeps its tie
                    sheet.line(leader, style.ink, 1.0)
        if self.hole and self.total:
            _write_total(self.total, wedges, style, sheet)
        return [self._view(panel, wedges[0].radius, written)]

    def _fit(
        self, room: Box, style: Style, exploded: int | None, written: bool, legend: bool
    ) -> tuple[list[Wedge], list[tuple[float, float] | None], list[str], list[Place]] | None:
        """The largest disc whose labels all find a place: sectors, places of the shares on them, labels beside them."""
        x0, y0, x1, y1 = room
        pull = 0.0 if exploded is None else 0.09
        radius = (min(x1 - x0, y1 - y0) / 2 - EDGE) / (1 + pull)
        least = max(SMALLEST_RADIUS, 0.4 * radius)
        while radius >= least:
            wedges = self._wedges((x0 + x1) / 2, (y0 + y1) / 2, radius, pull, exploded)
            values = [_inside(wedge, self._written(i), style) if written else None for i, wedge in enumerate(wedges)]
            labels = [self._label(i, written and not values[i], legend) for i in range(len(self.names))]
            places = _beside(wedges, labels, style, room)
            if places:
                return wedges, values, labels, places
            radius *= 0.94
        return None

    def _written(self, i: int) -> str:
        return f"{show(self.shares[i], self.decimals)}%"

    def _label(self, i: int, share: bool, legend: bool) -> str:
        """What stands beside a sector: its name unless the legend has it, its share where it does not fit inside."""
        if legend:
            return self._written(i) if share else ""
        return f"{self.names[i]} ({self._written(i)})" if share else self.names[i]

    def _wedges(self, x: float, y: float, radius: float, pull: float, exploded: int | None) -> list[Wedge]:
        """The sectors, counter-clockwise from the start."""
        wedges, angle = [], self.start
        for i, share in enumerate(self.shares):
            last = angle + 3.6 * share
            middle = math.radians((angle + last) / 2)
            shift = pull * radius if i == exploded else 0.0
            centre = x + shift * math.cos(middle), y + shift * math.sin(middle)
            wedges.append(Wedge(*centre, radius, angle, last, self.hole * radius))
            angle = last
        return wedges

    def _view(self, panel: Panel, radius: float, written: bool) -> Categories:
        circle = 2 * math.pi * radius
        decimals = self.decimals if written else 0
        err = 0.5 * 10.0**-decimals if written else max(2 * EYE / circle, EYE_DEGREES / 360) * 100
        items = tuple(
            Item(name, share, err, share / 100 * circle) for name, share in zip(self.names, self.shares, strict=True)
        )
        return panel.categories(
            items,
            span=max(self.shares),
            unit=Unit(decimals, "percent", suffix="%"),
            whole=True,
            written=written,
            apart_px=max(APART, DEGREES_APART / 360 * circle),
            gap=ANGLES_APART,
            sizes=self.sizes,
            absent=self.absent,
        )


def colours_around(style: Style, count: int) -> list[Colour]:
    """One colour a sector: the palette, then its mixtures with ink and ground; where those run out too, over again.

    Neighbours differ, also the last and the first.
    """
    colours = list(style.palette)
    for towards, share in ((style.ink, 0.35), (style.ground, 0.4), (style.ink, 0.6)):
        for colour in style.palette if len(colours) < count else ():
            mixed = mix(colour, towards, share)
            if all(distance(mixed, other) >= COLOURS_APART for other in (*colours, style.ground)):
                colours.append(mixed)
    colours = [colours[i % len(colours)] for i in range(count)]
    if count > 1 and colours[-1] == colours[0]:
        colours[-1] = next(c for c in style.palette if c not in (colours[0], colours[-2]))
    if count > 1 and any(distance(a, b) < COLOURS_APART for a, b in zip(colours, colours[1:] + colours[:1])):
        raise Unreadable("neighbouring sectors look alike")
    return colours


def _inside(wedge: Wedge, text: str, style: Style) -> tuple[float, float] | None:
    """The middle of a text on its sector; None if it does not fit."""
    width, height = style.width(text), style.line.digit
    middle = math.radians((wedge.first + wedge.last) / 2)
    hole = wedge.inner / wedge.radius
    for reach in ((1 + hole) / 2,) if hole else (0.62, 0.72, 0.52, 0.8):
        x, y = wedge.x + reach * wedge.radius * math.cos(middle), wedge.y + reach * wedge.radius * math.sin(middle)
        corners = [(x + a * width / 2, y + b * (height / 2 + 2)) for a in (-1, 1) for b in (-1, 1)]
        if all(wedge.holds(corner, 2.0) for corner in corners):
            return x, y
    return None


def _write_total(total: str, wedges: list[Wedge], style: Style, sheet: Sheet) -> None:
    """The total in the hole, under its caption; left out where it would touch the ring."""
    x, y = (sum(at) / len(wedges) for at in ([w.x for w in wedges], [w.y for w in wedges]))
    line, half = style.line, widest(("Total", total), style) / 2
    if math.hypot(half, line.height) < wedges[0].inner * 0.85:
        sheet.text("Total", x, y + 2, style.text, "total", up="bottom")
        sheet.text(total, x, y - 2, style.text, "total", up="top")


def _beside(wedges: list[Wedge], labels: list[str], style: Style, room: Box) -> list[Place] | None:
    """Where the labels go, around the disc inside `room`; None if they do not all fit.

    A label's box touches the rim; one that would lie over another moves out by up to two lines.
    """
    line = style.line
    boxes: list[Box] = []
    places: list[Place] = []
    for wedge, label in zip(wedges, labels):
        middle = math.radians((wedge.first + wedge.last) / 2)
        cos, sin = math.cos(middle), math.sin(middle)
        width = style.width(label) if label else 0.0
        for out in (0.0, line.height, 2 * line.height):
            reach = wedge.radius + out
            clear = reach + BESIDE - 2
            while True:  # outwards, until the nearest point of the box is clear of the rim
                reach += 2
                x, y = (
                    wedge.x + reach * cos + width / 2 * (cos - 1),
                    wedge.y + reach * sin + line.height / 2 * (sin - 1),
                )
                near_x = min(max(wedge.x, x), x + width)
                near_y = min(max(wedge.y, y), y + line.height)
                if math.hypot(near_x - wedge.x, near_y - wedge.y) >= clear:
                    break
            box = (x - 2, y - 1, x + width + 2, y + line.height + 1)
            if not any(b[0] < box[2] and box[0] < b[2] and b[1] < box[3] and box[1] < b[3] for b in boxes):
                break
        else:
            return None
        if label and not (room[0] <= box[0] and box[2] <= room[2] and room[1] <= box[1] and box[3] <= room[3]):
            return None
        if label:
            boxes.append(box)
        leader = [
            (wedge.x + far * cos, wedge.y + far * sin) for far in (wedge.radius + 1, wedge.radius + BESIDE - 4 + out)
        ]
        places.append((x, y + line.descent, leader if label and out else []))
    return places


@family(
    "pie",
    Categories,
    traits=("values", "written", "percent", "whole", "words", "title"),
    top_level=12,
    smallest={"values": NARROW},
)
def pie(draws: Draws, scene: Scene) -> Panel:
    """Shares of letter or word counts above a threshold."""
    # Shares that have to be written take room beside a small disc.
    each = 40 if "values" in scene.needs else 32
    most = max(4, min(13, min(scene.width, scene.height) // each))
    found, shown, sizes = draw_counts(draws, scene, most=most, clear=ANGLES_APART + 0.01)
    words, title, _ = draw_words(draws, scene, found, measures=("share", "percentage"))
    level = min(scene.level, 12)
    # By eye a share is read to within a point or two, which is too coarse to ask for.
    written = draws.chance(max(0.25, 0.9 - 0.1 * level)) or "values" in scene.needs
    decimals = draws.integers(0, 2) if min(scene.width, scene.height) >= 336 else 0
    if "values" in scene.needs and max(found.counts) < 0.3 * sum(found.counts) and scene.width >= NARROW:
        decimals = 1  # what is reckoned from whole percents would be too coarse
    marks = Pie(
        tuple(found.names[i] for i in shown),
        tuple(found.counts[i] for i in shown),
        written=written,
        decimals=decimals,
        start=float(draws.integers(0, 360)),
        explode=draws.integers(0, len(shown)) if draws.chance(0.25) else None,
        legend=scene.width >= NARROW and draws.chance(min(0.4, 0.1 * level)),
        sizes=sizes,
        absent=not_written(found.absent, title),
    )
    return Panel(marks, words, "pie chart", title)


def of_topic(draws: Draws, scene: Scene, hole: float = 0.0, total: bool = False) -> Panel:
    """Shares of a measure that adds up, from a packaged domain."""
    side, level = min(scene.width, scene.height), min(scene.level, 12)
    # Of three, about evenly spaced, no two are plainly the closest, and no threshold leaves two on both sides.
    least = 4 if scene.needs & {"comparison", "aggregation"} else 3
    # Where shares are reckoned with there must be room to write them, and names may have to move into a legend.
    most = min(11, side // 36, len(scene.style.palette) if scene.reckons else 11)
    count, sizes = how_many(draws, level, least, max(least + 1, most))
    longest = max(7, min(9 + level // 2, scene.width // 30))
    told = tell(draws, scene, positions=count, ordered=draws.chance(0.15), sums=True, longest=longest)
    if "ranking" in scene.needs:
        row = told.grid.values[0]
        lead = (ANGLES_APART + 0.03) * max(row) / max(max(row) - min(row), 0.1 * max(row))
        told = told.mended((led(row, told.words.unit.decimals, lead, 2),))
    values = told.grid.values[0]
    first, second = sorted((100 * value / sum(values) for value in values), reverse=True)[:2]
    # What cannot be ranked by eye is written, with as many decimals as the largest need.
    close = first - second < max((ANGLES_APART + 0.01) * first, 100 * DEGREES_APART / 360)
    written = draws.chance(max(0.25, 0.9 - 0.1 * level)) or close or "values" in scene.needs
    marks = Pie(
        told.grid.positions,
        values,
        written=written,
        decimals=max(draws.integers(int("aggregation" in scene.needs), 2) if side >= 336 else 0, _decimals(values)),
        start=float(draws.choice((90, 0, draws.integers(0, 360)))),
        explode=draws.integers(0, count) if draws.chance(0.3) and not hole else None,
        legend=scene.width >= NARROW and draws.chance(min(0.4, 0.1 + 0.1 * level)),
        sizes=sizes,
        absent=told.grid.absent,
        hole=hole,
        total=told.words.unit.write(sum(values)) if total else "",
    )
    words = replace(told.words, measure=f"share of {told.words.measure}", noted=False)
    return Panel(marks, words, "donut chart" if hole else "pie chart", told.title)


def _decimals(values: Sequence[float]) -> int:
    """The fewest decimals with which the shares of the largest are written differently."""
    shares = sorted((100 * value / sum(values) for value in values), reverse=True)[:RANKED]
    for decimals in (0, 1):
        if len({half_up(share, decimals) for share in shares}) == len(shares):
            return decimals
    return 2


@family("topic_pie", Categories, traits=("values", "written", "percent", "whole", "words", "title"), top_level=12)
def topic_pie(draws: Draws, scene: Scene) -> Panel:
    """Shares of a measure from a packaged domain, one sector sometimes pulled out."""
    return of_topic(draws, scene)


@family("donut", Categories, traits=("values", "written", "percent", "whole", "words", "title"), top_level=12)
def donut(draws: Draws, scene: Scene) -> Panel:
    """Shares as sectors of a ring, sometimes with the total in its hole."""
    return of_topic(draws, scene, draws.choice((0.4, 0.5, 0.55, 0.6, 0.66)), draws.chance(0.6))
