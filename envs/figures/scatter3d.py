"""Points in space on stems: two measures span the floor, the third is the height of the stem."""

from __future__ import annotations

import math
from dataclasses import dataclass

from envs.address import Draws
from envs.drawing.colour import Colour, mix
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.drawing.sheet import Point as Pixel
from envs.figures.around import EDGE
from envs.figures.base import Panel, Style, Words, widest
from envs.figures.frame import PAD, TICK, Axis, ticks
from envs.figures.legend import SWATCH, legend
from envs.figures.pairs import Pairs, Row, Shape, draw_pairs, draw_places, draw_sizes, few, split
from envs.figures.plane import SHAPES, beside, bold, marker, padded
from envs.registry import Scene, family
from envs.views import APART
from envs.views_points import Along, Point, Points

SLOPE = 0.55  # how steeply the floor rises into the depth
DEPTH = 0.3  # of the width that the depth of the floor takes
DEEP_TICK = 6.0  # pixels
FOOT = 8.0  # pixels, the bar that a stem stands on
STEPS = 4
SMALL = 300.0  # pixels: a narrower cell has room for two or three numbers along an axis
PLACES = ("top", "bottom")


@dataclass(frozen=True, slots=True)
class Space:
    """The three axes on the sheet: `x` along the front edge, `y` up the right edge into the depth, `z` upright on the
    left; `shift` is how far right a pixel of depth leads."""

    x: Axis
    y: Axis
    z: Axis
    shift: float

    def foot(self, row: Row) -> Pixel:
        """Where a stem stands on the floor."""
        deep = self.y.px(row.values[1])
        return self.x.px(row.values[0]) + (deep - self.y.start) * self.shift, deep

    def head(self, row: Row) -> Pixel:
        x, y = self.foot(row)
        return x, y + self.z.px(row.values[2]) - self.z.start


@dataclass(frozen=True, slots=True)
class Scatter3d:
    """Rows of three values. `shapes`: one a group; `labels`: at most so many points are named."""

    pairs: Pairs
    radius: float
    shapes: tuple[str, ...]
    legend: str
    labels: int
    insist: frozenset[str] = frozenset()
    sizes: int = 1

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Points]:
        pairs = self.pairs
        colours = bold(style, max(1, len(pairs.groups)))
        edge = style.ink if style.outline else style.ground
        if pairs.groups:
            look = dict(zip(pairs.groups, zip(self.shapes, colours)))

            def sample(name: str, x: float, y: float) -> None:
                marker(sheet, look[name][0], (x + SWATCH / 2, y), self.radius, look[name][1], edge)

            key = [(name, colour) for name, (_, colour) in look.items()]
            cell = legend(key, style, sheet, cell, self.legend, sample=sample)
        space, kept = self._space(style, cell, sheet)
        rows = sorted(pairs.rows, key=lambda row: -row.values[1])  # from the back to the front
        heads = [space.head(row) for row in rows]
        stems = [(space.foot(row), head) for row, head in zip(rows, heads)]
        texts = [(i, row.name) for i, row in enumerate(rows) if row.name]
        texts.sort(key=lambda text: -abs(rows[text[0]].values[2] - space.z.high / 2))  # the ends of the ranking first
        spots = [*((head, self.radius) for head in heads), *((at, 0.0) for at in kept)]
        room = (space.x.start + 2, space.y.start + 2, cell[2] - EDGE, cell[3] - EDGE)
        found = beside(texts, spots, style, room, stems, self.labels)
        if "labels" in self.insist and len(found) < 3:
            raise Unreadable("no room for the labels of the points")
        for foot, head in stems:
            sheet.line([foot, head], mix(style.ink, style.ground, 0.35), 1.2, data=True)
            sheet.line([(foot[0] - FOOT / 2, foot[1]), (foot[0] + FOOT / 2, foot[1])], style.ink, 1.0)
        for i, (row, head) in enumerate(zip(rows, heads)):
            marker(sheet, self.shapes[row.group], head, self.radius, colours[row.group], edge, i)
        for i, name in texts:
            if i in found:
                x, y, across = found[i]
                sheet.text(name, x, y, style.text, "label", across=across, up="center")
        return [self._view(space, rows, heads, set(found))]

    def _space(self, style: Style, cell: Box, sheet: Sheet) -> tuple[Space, list[Pixel]]:
        """Measures and draws the axes, the floor and the two walls behind it; where labels must not go."""
        across, deep, up = self.pairs.measures
        x0, y0, x1, y1 = cell
        (low_x, high_x), (low_y, high_y) = (padded([row.values[k] for row in self.pairs.rows]) for k in (0, 1))
        low_y, high_y = _round_ends(low_y, high_y)  # the depth has room for few numbers
        if x1 - x0 < SMALL:
            low_x, high_x = _round_ends(low_x, high_x)
        high_z = 1.06 * max(row.values[2] for row in self.pairs.rows)
        line = style.line
        marks_y = [text for _, text in ticks(low_y, high_y, STEPS, deep.unit)]
        finest = max(STEPS, int((y1 - y0) / (2.6 * line.digit)))  # of the height, of which the titles take some
        marks_z = [text for most in range(STEPS, finest + 1) for _, text in ticks(0.0, high_z, most, up.unit)]
        title = line.height + PAD
        left = x0 + EDGE + title + widest(marks_z, style) + PAD + TICK
        right = x1 - EDGE - max(widest(marks_y, style) + DEEP_TICK + PAD, style.width(_capital(deep.name)) / 2)
        wide = right - left
        # The depth is named below the front end of its edge, or in a line of its own.
        middle, name = left + (1 - DEPTH) * wide / 2, style.width(_capital(across.name)) / 2
        tip = min(x1 - EDGE, right + style.width(_capital(deep.name)) / 2)
        stacked = tip - style.width(_capital(deep.name)) < middle + name + 8
        bottom, top = y0 + EDGE + (3 if stacked else 2) * title + TICK, y1 - EDGE - line.digit / 2
        foot = bottom - TICK - PAD - line.height - 3
        if middle - name < x0 + EDGE or tip - 2 * name > x1 - x0:
            raise Unreadable("no room for the titles of the axes")
        sheet.text(_capital(across.name), middle, foot, style.text, "axis", up="top")
        foot -= title if stacked else 0.0
        sheet.text(_capital(deep.name), tip, foot, style.text, "key", across="right", up="top")
        back = DEPTH * wide
        high = top - bottom - back * SLOPE
        if high < 50 or wide < 70:
            raise Unreadable("the space is too small")
        front = right - back
        space = Space(
            Axis(left, front, low_x, high_x),
            Axis(bottom, bottom + back * SLOPE, low_y, high_y),
            Axis(bottom, bottom + high, 0.0, high_z),
            1 / SLOPE,
        )
        pale = style.grid or mix(style.ink, style.ground, 0.75)
        behind = bottom + back * SLOPE
        for one, other in (
            ((left + back, behind), (right, behind)),
            ((left, bottom), (left + back, behind)),
            ((left + back, behind), (left + back, behind + high)),
            ((right, behind), (right, behind + high)),
            ((left, bottom + high), (left + back, behind + high)),
            ((left + back, behind + high), (right, behind + high)),
        ):
            sheet.line([one, other], pale, 1.0)
        kept = self._axes(style, sheet, space, cell, pale)
        for one, other in (
            ((left, bottom), (front, bottom)),
            ((left, bottom), (left, bottom + high)),
            ((front, bottom), (right, behind)),
        ):
            sheet.line([one, other], style.ink, 1.0)
        return space, kept

    def _axes(self, style: Style, sheet: Sheet, space: Space, cell: Box, pale: Colour) -> list[Pixel]:
        """Ticks, what is written beside them, lines on the floor; places along the numbers of the depth."""
        across, deep, up = self.pairs.measures
        x, y, z, line = space.x, space.y, space.z, style.line
        back = (y.end - y.start) * space.shift
        marks = ticks(x.low, x.high, max(1, int((x.end - x.start) / (4.5 * style.text))), across.unit)
        places = [x.px(value) for value, _ in marks]
        wide = widest([text for _, text in marks], style)
        if len(places) < 2 or places[1] - places[0] < wide + 4:
            raise Unreadable("no room for the numbers below the axis")
        for at, (_, text) in zip(places, marks):
            sheet.line([(at, y.start), (at + back, y.end)], pale, 1.0)
            sheet.line([(at, y.start - TICK), (at, y.start)], style.ink, 1.0)
            sheet.text(text, at, y.start - TICK - PAD, style.text, "tick", up="top")
        for value, text in ticks(z.low, z.high, max(1, int((z.end - z.start) / (2.6 * line.digit))), up.unit):
            at = z.px(value)
            sheet.line([(x.start - TICK, at), (x.start, at)], style.ink, 1.0)
            sheet.text(text, x.start - TICK - PAD, at, style.text, "tick", across="right", up="center")
        marks = ticks(y.low, y.high, max(1, int((y.end - y.start) / (1.7 * line.digit))), deep.unit)
        if (marks[1][0] - marks[0][0]) * y.px_per_unit < line.digit + 3:
            raise Unreadable("no room for the numbers along the depth")
        kept = []
        for value, text in marks:
            deep_x, deep_y = x.end + (y.px(value) - y.start) * space.shift, y.px(value)
            sheet.line([(deep_x - (x.end - x.start), deep_y), (deep_x, deep_y)], pale, 1.0)
            sheet.line([(deep_x, deep_y), (deep_x + DEEP_TICK, deep_y)], style.ink, 1.0)
            sheet.text(text, deep_x + DEEP_TICK + PAD, deep_y, style.text, "tick", across="left", up="center")
            kept += [(deep_x + DEEP_TICK + PAD + 5 * k, deep_y) for k in range(int(style.width(text) / 5) + 2)]
        sheet.text(_capital(up.name), cell[0] + EDGE, (z.start + z.end) / 2, style.text, "axis", up="top", angle=90.0)
        return kept

    def _view(self, space: Space, rows: list[Row], heads: list[Pixel], labels: set[int]) -> Points:
        pairs = self.pairs
        # A place in the depth cannot be told from one to the right without care: only heights are compared.
        sides = [
            Along(measure=m.name, unit=m.unit, span=a.high - a.low, low=a.low, high=a.high, px=a.px_per_unit)
            for m, a in zip(pairs.measures, (space.x, space.y, space.z))
        ]
        points = tuple(
            Point(
                name=row.name if i in labels else str(i),
                x=row.values[0],
                y=row.values[1],
                at=head,
                err_x=math.inf,
                err_y=math.inf,
                size=row.values[2],
                err_size=2 * APART / space.z.px_per_unit,
                across=space.z.px(row.values[2]) - space.z.start,
                group=pairs.groups[row.group] if pairs.groups else "",
                labelled=i in labels,
                covered=any(math.dist(head, other) < 1.3 * self.radius for other in heads[i + 1 :]),
            )
            for i, (row, head) in enumerate(zip(rows, heads))
        )
        return Points(
            points=points,
            x=sides[0],
            y=sides[1],
            size=sides[2],
            noun=pairs.noun,
            nouns=pairs.nouns,
            groups=pairs.groups,
            group_noun=pairs.group_noun,
            group_nouns=pairs.group_nouns,
            sizes=self.sizes,
            shown_by="height of the stem",
        )


def _round_ends(low: float, high: float) -> tuple[float, float]:
    """Round numbers around a range, at most two steps apart."""
    steps = (digit * 10.0**power for power in range(-3, 9) for digit in (1, 2, 5))
    step = next(step for step in steps if step >= high - low)
    return math.floor(low / step) * step, math.ceil(high / step) * step


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


@family(
    "scatter3d", Points, traits=("words", "title", "legend", "groups", "labels", "size"), top_level=12, smallest=240
)
def scatter3d(draws: Draws, scene: Scene) -> Panel:
    """Things with three measures, in space."""
    level, needs, small = min(scene.level, 12), scene.needs, min(scene.width, scene.height) < 300
    radius = draws.uniform(3.4, 4.2) if small else draws.uniform(4.0, 5.5)
    low, high = (4, 7) if small else (few(level, 4, 8), few(level, 10, 18))
    kinds = draws.choice((2, 2, 3)) if needs & {"groups", "legend"} or (draws.chance(0.4) and not small) else 1
    groups = split(draws, low, high, kinds)
    places = draw_places(draws, scene, Shape(0, 0.0, 2 * radius + 4), groups)
    for _ in range(30):
        # No stem is too short to be seen.
        sizes = [0.12 + 0.88 * size for size in draw_sizes(draws, len(places))]
        if _seen_apart(places, sizes, scene, 2.1 * radius):
            break
    labels = draws.integers(4, 5 + few(level, 1, 4)) if "labels" in needs or draws.chance(0.4) else 0
    pairs = draw_pairs(
        draws,
        scene,
        places,
        names=min(labels + 4, len(groups), 12) if labels else 0,
        groups=groups,
        measures=3,
        longest=max(7, min(10, scene.width // 32)),
        sizes=sizes,
    )
    first, alike = draws.integers(0, len(SHAPES)), draws.choice((True, False))
    shapes = tuple(SHAPES[0 if alike else (first + k) % len(SHAPES)] for k in range(3))
    marks = Scatter3d(pairs, radius, shapes, draws.choice(PLACES), labels, needs & {"labels"}, high - low + 1)
    words = Words(pairs.noun, pairs.nouns, pairs.measures[2].name, pairs.measures[2].unit)
    return Panel(marks, words, "3D scatter chart", pairs.title)


def _seen_apart(places: list[tuple[float, float]], sizes: list[float], scene: Scene, apart: float) -> bool:
    """Whether no two heads will lie on each other, as far as the projection can be told beforehand."""
    wide, high = 0.7 * scene.width, 0.68 * scene.height
    heads = [
        (wide * ((1 - DEPTH) * u + DEPTH * v), wide * DEPTH * SLOPE * v + (high - wide * DEPTH * SLOPE) * size)
        for (u, v), size in zip(places, sizes)
    ]
    return all(math.dist(a, b) >= apart for i, a in enumerate(heads) for b in heads[i + 1 :])
