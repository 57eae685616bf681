"""Rings of sectors: parts around their parents (sunburst), and the same parts of two wholes (ring)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product

from envs.address import Draws
from envs.drawing.colour import Colour, ink_on, mix
from envs.drawing.sheet import Box, Point, Sheet, Unreadable, Wedge
from envs.figures.around import EDGE
from envs.figures.base import Panel, Style, Words
from envs.figures.counts import NARROW, TOP
from envs.figures.kinds import draw_things, draw_values, titled
from envs.figures.legend import legend
from envs.figures.pie import ANGLES_APART, DEGREES_APART, EYE_DEGREES, Place, _beside
from envs.figures.trees import Tree, draw_tree
from envs.numerals import Unit, show
from envs.registry import Scene, family
from envs.views import Categories, Item, Series, View
from envs.views_tree import Hierarchy

STEP = 2.0  # degrees between two corners of an arc
SMALLEST_RADIUS = 45.0


@dataclass(frozen=True, slots=True)
class Sector:
    """A piece of a ring: centre, inner and outer radius, first and last angle in degrees, counter-clockwise."""

    x: float
    y: float
    inner: float
    outer: float
    first: float
    last: float

    @property
    def wedge(self) -> Wedge:
        """The sector of the disc that it is cut from."""
        return Wedge(self.x, self.y, self.outer, self.first, self.last)

    def at(self, radius: float, degrees: float) -> Point:
        turn = math.radians(degrees)
        return self.x + radius * math.cos(turn), self.y + radius * math.sin(turn)

    def corners(self) -> list[Point]:
        """Its outline: the outer arc, and back along the inner one."""
        count = max(2, math.ceil((self.last - self.first) / STEP) + 1)
        angles = [self.first + (self.last - self.first) * k / (count - 1) for k in range(count)]
        back = [self.at(self.inner, angle) for angle in reversed(angles)] if self.inner else [(self.x, self.y)]
        return [self.at(self.outer, angle) for angle in angles] + back

    def seat(self, width: float, height: float) -> Point | None:
        """The middle of a text of this size on it; None if it does not fit."""
        for along in (0.5, 0.4, 0.6, 0.3, 0.7):
            for out in (0.5, 0.6, 0.42, 0.68, 0.76):
                x, y = self.at(
                    self.inner + out * (self.outer - self.inner), self.first + along * (self.last - self.first)
                )
                corners = [(x + a * width / 2, y + b * height / 2) for a in (-1, 1) for b in (-1, 1)]
                near_x = max(0.0, abs(x - self.x) - width / 2)
                near_y = max(0.0, abs(y - self.y) - height / 2)
                if math.hypot(near_x, near_y) > self.inner + 2 and all(self.wedge.holds(c, 2.0) for c in corners):
                    return x, y
        return None


def around(x: float, y: float, inner: float, outer: float, start: float, values: Sequence[float]) -> list[Sector]:
    """A full ring of sectors in proportion to the values."""
    found, angle = [], start
    for value in values:
        last = angle + 360 * value / sum(values)
        found.append(Sector(x, y, inner, outer, angle, last))
        angle = last
    return found


# Parents, parts, the place of each parent's name on it (None where a legend has it), the written values of the parts
# with their places on them (None where they stand beside), the labels beside the parts and their places.
_Fitted = tuple[list[Sector], list[Sector], list[Point | None], list[tuple[str, Point | None]], list[str], list[Place]]


@dataclass(frozen=True, slots=True)
class Sunburst:
    """Parents around the middle, their parts around them. `hole`: the radius that is left free in the middle, as a
    share of the whole; `insist`: values must be written; `place`: that of a legend of the parents, "" for their
    names on them."""

    tree: Tree
    written: bool
    insist: bool
    start: float
    hole: float
    place: str

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        tree = self.tree
        colours = style.palette[: len(tree.parents)]
        key = list(zip(tree.parents, colours, strict=True))
        # Mend what does not fit: parents' names move into or out of a legend, the disc turns, values are left out.
        spoken = (True,) if self.insist else (self.written, False)
        places = dict.fromkeys((self.place, "", "top", "right"))
        for written, place, turn in product(spoken, places, (0.0, 25.0, 50.0)):
            start, fitted = sheet.bookmark(), None
            with suppress(Unreadable):
                room = legend(key, style, sheet, cell, place) if place else cell
                fitted = self._fit(room, style, panel, written, bool(place), self.start + turn)
            if fitted:
                break
            sheet.rewind(start)
        else:
            raise Unreadable("the disc is too small for its labels")
        inner, outer, seats, values, labels, beside = fitted
        for i, sector in enumerate(inner):
            sheet.polygon(sector.corners(), colours[i], style.ground, 1.5, mark=i)
        shades = [mix(colours[i], style.ground, 0.4) for i, row in enumerate(tree.parts) for _ in row]
        for k, (sector, shade) in enumerate(zip(outer, shades, strict=True), len(inner)):
            sheet.polygon(sector.corners(), shade, style.ground, 1.5, mark=k)
        for i, (name, colour) in enumerate(zip(tree.parents, colours, strict=True)):
            if seats[i]:
                _write(name, seats[i], "parent", colour, i, style, sheet)
        for k, (text, seat) in enumerate(values):
            if seat:
                _write(text, seat, "value", shades[k], k + len(inner), style, sheet)
        for label, (x, y, leader) in zip(labels, beside, strict=True):
            sheet.text(label, x, y, style.text, "name", across="left")
            if leader:
                sheet.line(leader, style.ink, 1.0)
        sweeps = iter([sector.last - sector.first for sector in outer])
        lengths = [[next(sweeps) for _ in row] for row in tree.parts]
        view = tree.view(lengths, written=written, gap=ANGLES_APART, apart_px=DEGREES_APART)
        return [view, *view.slices()]

    def _fit(self, room: Box, style: Style, panel: Panel, written: bool, keyed: bool, start: float) -> _Fitted | None:
        """The largest disc whose labels all find a place."""
        tree = self.tree
        x, y = (room[0] + room[2]) / 2, (room[1] + room[3]) / 2
        radius = min(room[2] - room[0], room[3] - room[1]) / 2 - EDGE
        least = max(SMALLEST_RADIUS, 0.36 * radius)
        every = [value for row in tree.values for value in row]
        texts = [panel.words.unit.write(value) if written else "" for value in every]
        names = [name for row in tree.parts for name in row]
        line = style.line
        while radius >= least:
            inner = around(x, y, self.hole * radius, 0.58 * radius, start, tree.totals)
            outer = around(x, y, 0.58 * radius, radius, start, every)
            seats = [
                None if keyed else sector.seat(style.width(name), line.height)
                for sector, name in zip(inner, tree.parents, strict=True)
            ]
            if not keyed and None in seats:
                return None  # a smaller disc has even less room for them
            values = [
                (text, sector.seat(style.width(text), line.digit + 3) if text else None)
                for text, sector in zip(texts, outer, strict=True)
            ]
            labels = [
                f"{name} ({text})" if text and not seat else name
                for name, (text, seat) in zip(names, values, strict=True)
            ]
            places = _beside([sector.wedge for sector in outer], labels, style, (room[0] + 2, room[1] + 2, *room[2:]))
            if places:
                return inner, outer, seats, values, labels, places
            radius *= 0.94
        return None


def _write(text: str, seat: Point | None, role: str, ground: Colour, mark: int, style: Style, sheet: Sheet) -> None:
    """A text in the middle of a mark."""
    assert seat
    sheet.text(text, *seat, style.text, role, up="center", colour=ink_on(ground), ground=ground, inside=mark)


@dataclass(frozen=True, slots=True)
class Ring:
    """Shares of the same things in two wholes, one ring around the other. `values[i][j]` is thing j in whole i, the
    outer ring first; `decimals` are those of a written share."""

    names: tuple[str, ...]
    wholes: tuple[str, str]
    values: tuple[tuple[float, ...], ...]
    written: bool
    decimals: int
    start: float
    place: str
    whole_noun: str
    whole_nouns: str
    sizes: int
    absent: tuple[str, ...] = ()

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        colours = style.palette[: len(self.names)]
        x0, y0, x1, y1 = legend(list(zip(self.names, colours, strict=True)), style, sheet, cell, self.place)
        wholes = list(zip(("Outer", "Inner"), self.wholes, strict=True))
        notes = [f"{which} ring ({self.whole_noun}): {name}" for which, name in wholes]
        if max(map(style.width, notes)) > x1 - x0:
            notes = [f"{which} ring: {name}" for which, name in wholes]
        foot = y0 + EDGE
        for note in reversed(notes):
            sheet.text(note, (x0 + x1) / 2, foot, style.text, "note", up="bottom")
            foot += style.line.height + 3
        radius = min(x1 - x0, y1 - foot) / 2 - EDGE
        if radius < SMALLEST_RADIUS:
            raise Unreadable("the disc is too small")
        x, y = (x0 + x1) / 2, (foot + y1) / 2
        rings = [
            around(x, y, inner * radius, outer * radius, self.start, row)
            for (inner, outer), row in zip(((0.65, 1.0), (0.24, 0.6)), self.values, strict=True)
        ]
        shares = [[100 * value / sum(row) for value in row] for row in self.values]
        texts = [[f"{show(share, self.decimals)}%" for share in row] for row in shares]
        seats = [
            [sector.seat(style.width(text), style.line.digit + 3) for sector, text in zip(ring, row, strict=True)]
            for ring, row in zip(rings, texts, strict=True)
        ]
        written = self.written and all(seat for row in seats for seat in row)
        mark = 0
        for ring, row, places in zip(rings, texts, seats, strict=True):
            for sector, colour, text, seat in zip(ring, colours, row, places, strict=True):
                sheet.polygon(sector.corners(), colour, style.ink if style.outline else style.ground, 1.2, mark=mark)
                if written and seat:
                    _write(text, seat, "value", colour, mark, style, sheet)
                mark += 1
        view = self._view(panel, shares, written)
        return [view, *(replace(view.of_series(i), sizes=self.sizes) for i in (0, 1))]

    def _view(self, panel: Panel, shares: list[list[float]], written: bool) -> Series:
        decimals = self.decimals if written else 0
        err = 0.5 * 10.0**-decimals if written else EYE_DEGREES / 3.6
        items = tuple(
            tuple(
                Item(name, share, err, share * 3.6, (whole, name)) for name, share in zip(self.names, row, strict=True)
            )
            for whole, row in zip(self.wholes, shares, strict=True)
        )
        return Series(
            series=self.wholes,
            positions=self.names,
            items=items,
            noun=panel.words.noun,
            nouns=panel.words.nouns,
            series_noun=self.whole_noun,
            series_nouns=self.whole_nouns,
            measure=panel.words.measure,
            unit=Unit(decimals, "percent", suffix="%"),
            written=written,
            span=max(share for row in shares for share in row),
            apart_px=DEGREES_APART,
            gap=ANGLES_APART,
            absent=self.absent,
        )


@family(
    "sunburst",
    Hierarchy,
    Categories,
    traits=("values", "words", "title"),
    top_level=TOP,
    smallest={"": 200, "values": 340},  # a smaller disc has no room for what is written on it and beside it
)
def sunburst(draws: Draws, scene: Scene) -> Panel:
    """Parents and their parts in two rings. Levels add parts and bring them closer; values are written less often."""
    level, side = min(scene.level, TOP), min(scene.width, scene.height)
    insist = "values" in scene.needs
    written = insist or draws.chance(max(0.2, 0.7 - 0.06 * level))
    tree = draw_tree(
        draws,
        scene,
        most=max(4, min(5 + level, side // (40 if written else 30))),
        parents=min(5, len(scene.style.palette)),
        longest=min(6 + level // 2, 10, max(5, scene.width // (50 if written else 40))),  # a value stands behind it
        smallest=0.3,
        clear=0.0 if written else ANGLES_APART + 0.02,
    )
    marks = Sunburst(
        tree,
        written,
        insist,
        float(draws.integers(0, 360)),
        draws.choice((0.0, 0.0, 0.2)),
        draws.choice(("top", "bottom", "right")) if side >= NARROW and draws.chance(0.3) else "",
    )
    return Panel(marks, tree.words, "sunburst chart", tree.title)


@family(
    "ring",
    Series,
    Categories,
    traits=("values", "percent", "whole", "words", "title", "legend", "entries"),
    top_level=TOP,
    smallest={"": 200, "values": 300},
)
def ring(draws: Draws, scene: Scene) -> Panel:
    """Shares of two wholes as nested rings. Levels add sectors and bring them closer."""
    level, side = min(scene.level, TOP), min(scene.width, scene.height)
    high = max(3, min(4 + level // 2, len(scene.style.palette), side // 50))
    if scene.reckons:
        high = min(high, max(4, side // 80))  # so that the shares of all find room
    low = max(3, min(3 + level // 3, high - 2))
    if "recognition" in scene.needs:
        low = min(low, high - 1)  # where a palette has three colours, not always three are counted
    count = draws.integers(low, high + 1)
    longest = min(6 + level // 2, 10, max(5, scene.width // 40))
    (wholes, things), measure = draw_things(draws, scene, (2, count), longest, parts=True)
    clear = ANGLES_APART + 0.02
    rows = [draw_values(draws, measure, count, 0.35, clear=clear) for _ in range(2)]
    if draws.chance(0.5):  # what is large in one is small in the other: chance alone leaves most differences small
        order = sorted(range(count), key=lambda i: rows[0][i])
        fallen = sorted(rows[1], reverse=True)
        rows[1] = [fallen[order.index(i)] for i in range(count)]
    marks = Ring(
        things.names,
        (wholes.names[0], wholes.names[1]),
        tuple(map(tuple, rows)),
        "values" in scene.needs or draws.chance(max(0.25, 0.8 - 0.07 * level)),
        draws.integers(int(scene.reckons), 2) if side >= 400 else 0,  # two roundings leave a small difference to chance
        float(draws.integers(0, 360)),
        draws.choice(("right", "top", "bottom")) if scene.width >= 300 else "top",
        wholes.noun,
        wholes.nouns,
        high - low + 1,
        things.spare,
    )
    title = titled(draws, scene, [f"Share of {measure.name} by {things.noun}", f"{things.nouns.capitalize()} compared"])
    spoken = Words(things.noun, things.nouns, f"share of {measure.name}", Unit(0, "percent", suffix="%"))
    return Panel(marks, spoken, "nested donut chart", title)
