"""Values as arcs: gauges on half circles with a scale, and concentric arcs as percent of a full turn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from envs.address import Draws
from envs.drawing.colour import COLOURS_APART, Colour, distance, mix
from envs.drawing.metrics import line as lines_of
from envs.drawing.sheet import Box, Sheet, Unreadable, Wedge
from envs.figures.around import EDGE
from envs.figures.base import Panel, Style, Words, widest
from envs.figures.counts import NARROW
from envs.figures.frame import Tick
from envs.figures.legend import SWATCH, column
from envs.figures.pie import DEGREES_APART, EYE_DEGREES, colours_around
from envs.figures.polar import rings
from envs.figures.tables import by_eye, writes
from envs.figures.topics import fewest, how_many, tell
from envs.numerals import Unit
from envs.registry import Scene, family
from envs.views import APART, EYE, Categories, Item

SMALLEST = 26.0  # pixels: the radius of a gauge
THINNEST = 5.0  # pixels: the width of a concentric arc
PAD = 4.0  # pixels between an arc and the numbers around it
TICK = 4.0
PERCENT = Unit(0, "percent", suffix="%")


@dataclass(frozen=True, slots=True)
class Gauges:
    """Values by name, each on a half circle from zero on the left to the last mark of the scale on the right. A value
    is the end of a coloured arc, or with "needle" the place that a needle points to on one. `thick`: the width of the
    arc as a share of the radius."""

    names: tuple[str, ...]
    values: tuple[float, ...]
    look: Literal["arc", "needle"]
    thick: float
    written: bool
    most: int  # marks of the scale
    ordered: bool = False
    sizes: int = 1
    absent: tuple[str, ...] = ()

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Categories]:
        unit = panel.words.unit
        start = sheet.bookmark()
        for written, most in ((w, m) for w in (self.written, False) for m in range(self.most, 0, -1)):
            scale = rings(max(self.values), unit, most)
            scale = [(0.0, unit.write(0.0, _decimals(scale))), *scale]
            try:
                radius = self._draw(panel, style, cell, sheet, scale, written)
                break
            except Unreadable:
                sheet.rewind(start)
        else:
            raise Unreadable("the gauges are too small")
        top = scale[-1][0]
        per_unit = math.pi * radius / top
        err = 0.0 if written else by_eye(per_unit, unit)
        items = [Item(name, value, err, value * per_unit) for name, value in zip(self.names, self.values, strict=True)]
        return [
            panel.categories(
                items, span=top, written=written, sizes=self.sizes, ordered=self.ordered, absent=self.absent
            )
        ]

    def _draw(self, panel: Panel, style: Style, cell: Box, sheet: Sheet, scale: list[Tick], written: bool) -> float:
        """Draws all gauges, row by row; their radius."""
        x0, y0, x1, y1 = cell
        count, line = len(self.names), style.line
        above, below = _beside(style, written)

        def room(columns: int) -> float:
            """The radius of gauges in so many columns."""
            wide, high = (x1 - x0) / columns, (y1 - y0) / -(-count // columns)
            return min(self._across(wide, scale, style), high - above - below)

        columns = max(range(1, count + 1), key=room)
        radius, rows = room(columns), -(-count // columns)
        wide, high = (x1 - x0) / columns, (y1 - y0) / rows
        texts = self.names + tuple(panel.words.unit.write(value) for value in self.values)
        ends = style.width(scale[0][1]) / 2 + style.width(scale[-1][1]) / 2 + 2 * PAD
        if radius < SMALLEST or widest(texts, style) > wide - 2 * PAD or ends > radius * (2 - self.thick):
            raise Unreadable("the gauges are too small")
        for i in range(count):
            row, place = divmod(i, columns)
            # The last row is centred where it holds fewer.
            within = min(columns, count - row * columns)
            x = (x0 + x1) / 2 + (place - (within - 1) / 2) * wide
            y = y1 - row * high - (high - (radius + above + below)) / 2 - above - radius + line.height / 2
            self._gauge(i, x, y, radius, scale, panel.words.unit.write(self.values[i]) if written else "", style, sheet)
        return radius

    def _across(self, wide: float, scale: list[Tick], style: Style) -> float:
        """The largest radius of a gauge with its labels in so many pixels."""
        half = wide / 2 - 7
        found = [half - TICK, (half - style.width(scale[-1][1]) / 2) / (1 - self.thick / 2)]
        for value, label in scale[1:-1]:
            cos = abs(math.cos(math.pi * value / scale[-1][0]))
            if cos > 0.05:
                found.append((half - style.width(label) / 2 * (1 + cos)) / cos - TICK - PAD)
        return min(found)

    def _gauge(
        self, i: int, x: float, y: float, radius: float, scale: list[Tick], text: str, style: Style, sheet: Sheet
    ) -> None:
        top, line = scale[-1][0], style.line
        inner = radius * (1 - self.thick)
        colour = style.palette[0 if style.one_colour else i % len(style.palette)]
        angle = 180 * (1 - self.values[i] / top)
        track = track_colour(style, colour)
        if self.look == "needle":
            sheet.wedge(Wedge(x, y, radius, 0, 180, inner), mix(colour, style.ground, 0.25), style.ink, 0.8, i)
            cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            tip = (x + 0.97 * radius * cos, y + 0.97 * radius * sin)
            base = [(x - 3 * sin, y + 3 * cos), (x + 3 * sin, y - 3 * cos)]
            sheet.polygon([base[0], tip, base[1]], style.ink)
            sheet.dot(x, y, 4.5, style.ink)
        else:
            if angle > 0:
                sheet.wedge(Wedge(x, y, radius, 0, angle, inner), track, style.ground, 0.0)
            sheet.wedge(Wedge(x, y, radius, angle, 180, inner), colour, style.ink, 0.8 if style.outline else 0.0, i)
        for value, label in scale:
            turn = math.pi * (1 - value / top)
            cos, sin = math.cos(turn), math.sin(turn)
            sheet.line([(x + r * cos, y + r * sin) for r in (radius, radius + TICK)], style.ink, 1.0)
            if value in (0.0, top):  # below the ends of the arc
                sheet.text(label, x + radius * (1 - self.thick / 2) * cos, y - PAD, style.text, "tick", up="top")
                continue
            reach, half = radius + TICK + PAD, style.width(label) / 2
            while True:  # outwards, until the nearest point of a wide label is clear of the arc
                across, up = (reach + half) * cos, (reach + line.digit / 2) * sin
                if math.hypot(max(0.0, abs(across) - half), max(0.0, up - line.height / 2)) >= radius + 1:
                    break
                reach += 1
            sheet.text(label, x + across, y + up, style.text, "tick", up="center")
        foot = y - PAD - line.height - 1
        for part, role in ((text, "value"), (self.names[i], "name")):
            if part:
                sheet.text(part, x, foot, style.text, role, up="top")
                foot -= line.height + 2


def _beside(style: Style, written: bool) -> tuple[float, float]:
    """Pixels above a gauge, for labels and some air below the gauge above it, and below it, for name and value."""
    high = style.line.height
    return TICK + PAD + 1.7 * high, 2 * PAD + high * (3 if written else 2)


def _most(scene: Scene, titled: bool) -> int:
    """How many gauges there is room for, six at most."""
    high, wide = SMALLEST + sum(_beside(scene.style, True)), 2 * SMALLEST + scene.style.width("1,234k") / 2 + 14
    title = 2 * EDGE + lines_of(scene.style.font, scene.style.title).height + 4 if titled else 0.0
    return min(6, int((scene.height - title) / high) * int(scene.width / wide))


def _decimals(scale: list[Tick]) -> int:
    """Digits after the point in the labels of a scale."""
    return max((len(label.partition(".")[2].rstrip("%kMB")) for _, label in scale), default=0)


def track_colour(style: Style, colour: Colour) -> Colour:
    """A pale colour for the rest of an arc, apart from that of the arc."""
    for share in (0.12, 0.2, 0.06):
        track = mix(style.ground, style.ink, share)
        if distance(track, colour) >= COLOURS_APART:
            return track
    return style.ground


@family("gauge", Categories, traits=("values", "words", "title"), top_level=12, smallest=NARROW)
def gauge(draws: Draws, scene: Scene) -> Panel:
    """One to six gauges with the same scale."""
    level, side = min(scene.level, 12), min(scene.width, scene.height)
    most = _most(scene, "title" in scene.needs)
    count, sizes = how_many(draws, level, min(fewest(scene), most), most)
    longest = max(7, min(9 + level // 3, scene.width // 34))
    told = tell(draws, scene, positions=count, longest=longest, counted=False)
    values = told.grid.values[0]
    second, first = sorted((0.0, *values))[-2:]
    close = (first - second) * side / 4 < 1.4 * APART * first  # too close for the eye
    marks = Gauges(
        told.grid.positions,
        values,
        # The arc of a very small value would be too thin to see.
        draws.choice(("arc", "needle")) if min(values) > 0.08 * max(values) else "needle",
        thick=draws.uniform(0.2, 0.5),
        written=writes(draws, scene) or close or ("values" in scene.needs and side < 300),
        most=draws.integers(3, 6),
        ordered=told.grid.ordered,
        sizes=sizes,
        absent=told.grid.absent,
    )
    title = told.title if "title" in scene.needs or count <= _most(scene, True) else ""
    return Panel(marks, told.words, "gauge chart", title)


@dataclass(frozen=True, slots=True)
class RadialProgress:
    """Percentages by name, each an arc that begins at the top and runs clockwise round a track; the first is outermost.
    Names stand in a legend, with their values if `written`."""

    names: tuple[str, ...]
    values: tuple[int, ...]
    written: bool
    gap: float  # between two arcs, as a share of their width
    sizes: int = 1
    absent: tuple[str, ...] = ()

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Categories]:
        x0, y0, x1, y1 = cell
        count = len(self.names)
        colours = colours_around(style, count)
        texts = [
            f"{name} ({panel.words.unit.write(value)})" if self.written else name
            for name, value in zip(self.names, self.values, strict=True)
        ]
        step, width = style.line.height + 5, widest(texts, style) + SWATCH + 6
        if x1 - x0 - width - 3 * EDGE >= 0.55 * (y1 - y0):
            right, low = x1 - width - 2 * EDGE, y0
            column(list(zip(texts, colours, strict=True)), style, sheet, right + EDGE, (y0 + y1) / 2, role="name")
        else:
            right, low = x1, y0 + step * count + EDGE
            left, middle = (x0 + x1 - width) / 2, y0 + EDGE + step * count / 2
            column(list(zip(texts, colours, strict=True)), style, sheet, left, middle, role="name")
        radius = min(right - x0, y1 - low) / 2 - EDGE
        # The innermost track still has a hole as wide as a third of the disc.
        pitch = min(0.67 * radius / count, 0.3 * radius)
        thick = max(pitch * (1 - self.gap), min(THINNEST, pitch - 1))  # where there is little room, gaps close
        inner = radius - pitch * (count - 1) - thick
        if thick < THINNEST or width > x1 - x0 - 2 * EDGE:
            raise Unreadable("the arcs are too thin")
        x, y = (x0 + right) / 2, (low + y1) / 2
        for i, value in enumerate(self.values):
            rim, last = radius - i * pitch, 90 - 3.6 * value
            track = track_colour(style, colours[i])
            sheet.wedge(Wedge(x, y, rim, last - 360 + 3.6 * value, last, rim - thick), track, style.ground, 0.0)
            edge, line = (style.ink, 0.8) if style.outline else (style.ground, 0.0)
            sheet.wedge(Wedge(x, y, rim, last, 90, rim - thick), colours[i], edge, line, i)
        return [self._view(panel, inner)]

    def _view(self, panel: Panel, inner: float) -> Categories:
        turn = 2 * math.pi * inner  # the innermost arc is read least well
        err = 0.0 if self.written else max(EYE / turn, EYE_DEGREES / 360) * 100
        items = (
            Item(name, value, err, value / 100 * turn) for name, value in zip(self.names, self.values, strict=True)
        )
        return panel.categories(
            items,
            span=100.0,
            written=self.written,
            apart_px=max(APART, DEGREES_APART / 360 * turn),
            sizes=self.sizes,
            absent=self.absent,
        )


GOALS = (
    "share of the target reached",
    "share of the budget spent",
    "completion rate",
    "approval rating",
    "response rate",
    "level of awareness",
)


@family(
    "radial_progress",
    Categories,
    traits=("values", "percent", "rates", "words", "title"),
    top_level=12,
    smallest=NARROW,
)
def radial_progress(draws: Draws, scene: Scene) -> Panel:
    """One to six percentages as concentric arcs, of names from a packaged domain."""
    level, side = min(scene.level, 12), min(scene.width, scene.height)
    named = len(set(colours_around(scene.style, 6)))  # colours that repeat cannot name arcs
    count, sizes = how_many(draws, level, min(fewest(scene), named - 1), min(6 if side >= 300 else 5, named))
    longest = max(7, min(10 + level // 3, scene.width // 34))
    grid = tell(draws, scene, positions=count, ordered=False, longest=longest, counted=False).grid
    # Percentages from a drawn base, by steps that shrink with the level.
    least = max(1, 7 - level // 2)
    room = 93 - 4 - least * (count - 1)
    cuts = sorted(draws.integers(0, room + 1) for _ in range(count))
    values = draws.shuffled([4 + cut + least * k for k, cut in enumerate(cuts)])
    measure = draws.choice(GOALS)
    second, first = sorted(values)[-2:] if count > 1 else (0, 100)
    titled = (side >= NARROW and draws.chance(0.75)) or "title" in scene.needs
    title = draws.choice((f"{grid.domain}: {measure}", f"{measure} by {grid.noun}", measure)) if titled else ""
    marks = RadialProgress(
        grid.positions,
        tuple(values),
        written="values" in scene.needs or 3.6 * (first - second) < DEGREES_APART or writes(draws, scene),
        gap=draws.uniform(0.1, 0.5),
        sizes=sizes,
        absent=grid.absent,
    )
    words = Words(grid.noun, grid.nouns, measure, PERCENT, adds=False)
    return Panel(marks, words, "radial bar chart", title[:1].upper() + title[1:])
