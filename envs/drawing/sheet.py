"""The display list: what will be drawn, at measured pixel places, and beside it where every text and mark landed.

Coordinates are pixels with y up and the origin at the lower left corner. Nothing is painted here: a Sheet that proves
unreadable is thrown away before any pixel.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from matplotlib.path import Path

from envs.drawing.colour import Colour
from envs.drawing.metrics import extent, line

_DISC = Path.unit_circle()
_DISC_POINTS, _DISC_CODES = np.array(_DISC.vertices), np.array(_DISC.codes)

AIR = 2.0  # pixels between a text and a line of the grid that ends at it

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # x0, y0, x1, y1


class Unreadable(Exception):
    """A laid-out figure that is not fair to ask about; the message says what is wrong."""


class Outline(NamedTuple):
    """A path as the renderer takes it: n x 2 vertices, and a code for each or None for a polyline. A tenth of the cost
    of a Path, which most sheets never need, as they are not painted."""

    vertices: Sequence[Point] | np.ndarray
    codes: np.ndarray | None = None

    @property
    def should_simplify(self) -> bool:
        """Never: else an rcParam decides."""
        return False

    @property
    def simplify_threshold(self) -> float:
        """Pixels, of no effect."""
        return 0.0


@lru_cache(1024)
def _closed(length: int) -> np.ndarray:
    """The codes of a closed polygon whose last vertex is its first."""
    codes = np.full(length, Path.LINETO, Path.code_type)
    codes[0], codes[-1] = Path.MOVETO, Path.CLOSEPOLY
    return codes


@lru_cache(256)
def _apart(lines: int) -> np.ndarray:
    """The codes of so many lines between two points each."""
    return np.array([Path.MOVETO, Path.LINETO] * lines, Path.code_type)


class Fill(NamedTuple):
    """A path filled and, if `edge` is given, stroked `width` pixels wide; a line has no fill.

    `alpha` is how opaque the filling is; `dash` the pixels drawn and left out in turn, () for a solid stroke; `comb`
    says that the path is many lines apart from each other, two vertices each.
    """

    path: Outline
    fill: Colour | None
    edge: Colour | None
    width: float
    snap: bool
    alpha: float = 1.0
    dash: tuple[float, ...] = ()
    comb: bool = False

    @property
    def pieces(self) -> int:
        """How many strokes it is."""
        return len(self.path.vertices) // 2 if self.comb else 1


class Write(NamedTuple):
    """A string whose baseline starts at (x, y), turned by `angle` degrees."""

    string: str
    x: float
    y: float
    angle: float
    font: str
    size: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Text:
    """A string on the sheet. `quad` holds its corners, `box` their hull; `ground` is the colour it lies on.

    `inside` is the index of the mark that it is written on, or None where it must stay clear of all marks; `swatch` the
    colour of the sign that it explains in a legend.
    """

    string: str
    role: str
    quad: tuple[Point, Point, Point, Point]
    box: Box
    x_height: float
    colour: Colour
    ground: Colour
    inside: int | None = None
    swatch: Colour | None = None


@dataclass(frozen=True, slots=True)
class Wedge:
    """A sector: centre, radius, first and last angle in degrees, counter-clockwise from the right. One of a ring begins
    at the `inner` radius."""

    x: float
    y: float
    radius: float
    first: float
    last: float
    inner: float = 0.0

    def holds(self, point: Point, margin: float = 1.0) -> bool:
        """Whether a point lies inside, at least `margin` pixels from every edge."""
        dx, dy = point[0] - self.x, point[1] - self.y
        reach = math.hypot(dx, dy)
        if reach > self.radius - margin or (self.inner and reach < self.inner + margin):
            return False
        angle = (math.degrees(math.atan2(dy, dx)) - self.first) % 360
        slack = math.degrees(math.asin(min(1.0, margin / max(reach, 1e-9))))
        return slack <= angle <= self.last - self.first - slack or self.last - self.first >= 360


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark that stands for a value: its bounding box, its colour and, where it is none of a box, its shape; `round`
    if it is a disc."""

    index: int
    box: Box
    colour: Colour
    wedge: Wedge | None = None
    polygon: tuple[Point, ...] = ()
    round: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything landed."""

    texts: list[Text] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    strokes: list[tuple[Point, Point]] = field(default_factory=list)  # of data lines, which no text may cross


def sector(wedge: Wedge) -> Outline:
    """The outline of a sector: from the centre along its arc and back, or along the outer arc and back on the inner."""
    arc = _arc(wedge.first, wedge.last)
    x, y, radius, inner = wedge.x, wedge.y, wedge.radius, wedge.inner
    outer = [(x + radius * u, y + radius * v) for u, v in arc]
    if not inner:
        return Outline([(x, y), *outer, (x, y), (x, y)], _sector_codes(len(arc), False))
    back = [(x + inner * u, y + inner * v) for u, v in reversed(arc)]
    return Outline([*outer, *back, outer[0]], _sector_codes(len(arc), True))


def _arc(first: float, last: float) -> list[Point]:
    """A part of the unit circle between angles in degrees as Bezier curves, an eighth of the circle each at most; at
    least two, as three of its points tell the centre."""
    count = max(2, math.ceil((last - first) / 45))
    step = math.radians(last - first) / count
    handle = 4 / 3 * math.tan(step / 4)
    u, v = math.cos(math.radians(first)), math.sin(math.radians(first))
    points = [(u, v)]
    for i in range(1, count + 1):
        angle = math.radians(first) + i * step
        end_u, end_v = math.cos(angle), math.sin(angle)
        points += [(u - handle * v, v + handle * u), (end_u + handle * end_v, end_v - handle * end_u), (end_u, end_v)]
        u, v = end_u, end_v
    return points


@lru_cache(64)
def _sector_codes(arc: int, hollow: bool) -> np.ndarray:
    """The codes of a sector whose arc has so many points."""
    curve = [Path.CURVE4] * (arc - 1)
    codes = [*curve, Path.LINETO, *curve] if hollow else [Path.LINETO, *curve, Path.LINETO]
    return np.array([Path.MOVETO, *codes, Path.CLOSEPOLY], Path.code_type)


def _parted(points: Sequence[Point] | np.ndarray, boxes: Sequence[Box]) -> Outline:
    """What boxes leave of lines that run to the right or up, given by their ends in turn."""
    kept: list[Point] = []
    for a, b in zip(points[::2], points[1::2], strict=True):
        along = 0 if a[1] == b[1] else 1
        level, at, end = a[1 - along], a[along], b[along]
        gaps = [(box[along] - AIR, box[along + 2] + AIR) for box in boxes if box[1 - along] < level < box[3 - along]]
        for low, high in (*sorted(gaps), (end, end)):
            if min(low, end) > at:
                kept += [(p, level) if along == 0 else (level, p) for p in (at, min(low, end))]
            at = max(at, high)
    return Outline(kept, _apart(len(kept) // 2))


class Sheet:
    """A display list of one picture, filled by the marks classes and played by the painter."""

    def __init__(self, width: int, height: int, font: str, ink: Colour, ground: Colour) -> None:
        self.width, self.height = width, height
        self.font, self.ink, self.ground = font, ink, ground
        self.grounds: list[Fill] = []  # lie under everything and say nothing
        self.ops: list[Fill | Write] = []
        self.layout = Layout()

    def bookmark(self) -> tuple[int, ...]:
        """How much is on the sheet, to rewind to."""
        layout = self.layout
        return len(self.ops), len(layout.texts), len(layout.marks), len(layout.strokes), len(self.grounds)

    def rewind(self, start: tuple[int, ...]) -> None:
        """Takes off what was put on since a bookmark: a way of laying out that did not fit."""
        layout = self.layout
        for held, length in zip((self.ops, layout.texts, layout.marks, layout.strokes, self.grounds), start):
            del held[length:]  # type: ignore[attr-defined]

    def rect(
        self, box: Box, fill: Colour, edge: Colour | None = None, width: float = 0.0, mark: int | None = None
    ) -> None:
        """A rectangle; with `mark` it stands for the value of that index."""
        x0, y0, x1, y1 = box
        path = Outline([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], _closed(5))
        self.ops.append(Fill(path, fill, edge, width, True))
        if mark is not None:
            self.layout.marks.append(Mark(mark, box, fill))

    def under(self, box: Box, colour: Colour) -> None:
        """A part of the ground of another colour, from which text and marks must stand out no less."""
        x0, y0, x1, y1 = box
        path = Outline([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], _closed(5))
        self.grounds.append(Fill(path, colour, None, 0.0, True))

    def rules(self, lines: Iterable[tuple[Point, Point]], colour: Colour, *, dash: tuple[float, ...] = ()) -> None:
        """Lines of the grid, all level or all upright, under all marks; they stop where a text stands in their way."""
        if points := [point for line in lines for point in line]:
            path = Outline(points, _apart(len(points) // 2))
            self.grounds.append(Fill(path, None, colour, 1.0, True, dash=dash, comb=True))

    def underlay(self) -> list[Fill]:
        """What lies under everything, the lines of the grid parted by the texts that they would run through."""
        boxes = [text.box for text in self.layout.texts if text.inside is None]
        whole = (fill._replace(path=_parted(fill.path.vertices, boxes)) if fill.comb else fill for fill in self.grounds)
        return [fill for fill in whole if fill.pieces]

    def line(
        self,
        points: Sequence[Point],
        colour: Colour,
        width: float,
        *,
        data: bool = False,
        dash: tuple[float, ...] = (),
    ) -> None:
        """A polyline; one that shows `data` must not run through any text, and is not snapped to pixels."""
        self.ops.append(Fill(Outline(points), None, colour, width, not data, dash=dash))
        if data:
            self.layout.strokes.extend(pairwise(points))

    def comb(
        self, lines: Iterable[tuple[Point, Point]], colour: Colour, width: float, *, dash: tuple[float, ...] = ()
    ) -> None:
        """Lines of no data, none of which touches another, as ticks and the lines of a grid: painted in one stroke,
        which gives the same pixels as one by one at a fraction of the cost."""
        if points := [point for line in lines for point in line]:
            self.ops.append(
                Fill(Outline(points, _apart(len(points) // 2)), None, colour, width, True, dash=dash, comb=True)
            )

    def polygon(
        self,
        points: Sequence[Point],
        fill: Colour,
        edge: Colour | None = None,
        width: float = 0.0,
        mark: int | None = None,
        alpha: float = 1.0,
    ) -> None:
        """A filled polygon; with `mark` it stands for the value of that index."""
        path = Outline([*points, points[0]], _closed(len(points) + 1))
        self.ops.append(Fill(path, fill, edge, width, False, alpha))
        if mark is not None:
            xs, ys = [x for x, _ in points], [y for _, y in points]
            self.layout.marks.append(Mark(mark, (min(xs), min(ys), max(xs), max(ys)), fill, polygon=tuple(points)))

    def region(self, rings: Sequence[Sequence[Point]], fill: Colour, edge: Colour | None = None) -> None:
        """A filled area with holes: outer rings counter-clockwise, holes clockwise, each closed."""
        path = Outline(np.concatenate(rings), np.concatenate([_closed(len(ring)) for ring in rings]))
        self.ops.append(Fill(path, fill, edge, 1.0 if edge else 0.0, False))

    def dot(
        self,
        x: float,
        y: float,
        radius: float,
        fill: Colour,
        edge: Colour | None = None,
        width: float = 0.0,
        mark: int | None = None,
    ) -> None:
        """A disc; with `mark` it stands for the value of that index."""
        path = Outline(_DISC_POINTS * radius + (x, y), _DISC_CODES)
        self.ops.append(Fill(path, fill, edge, width, False))
        if mark is not None:
            self.layout.marks.append(Mark(mark, (x - radius, y - radius, x + radius, y + radius), fill, round=True))

    def spot(self, box: Box, colour: Colour, mark: int) -> None:
        """Notes that what lies in this box, drawn by other calls, stands for the value of index `mark`."""
        self.layout.marks.append(Mark(mark, box, colour))

    def wedge(self, wedge: Wedge, fill: Colour, edge: Colour, width: float, mark: int | None = None) -> None:
        """A sector; with `mark` it stands for the value of that index."""
        path = sector(wedge)
        self.ops.append(Fill(path, fill, edge, width, False))
        if mark is not None:
            corners = np.asarray(path.vertices)
            (x0, y0), (x1, y1) = corners.min(0).tolist(), corners.max(0).tolist()
            self.layout.marks.append(Mark(mark, (x0, y0, x1, y1), fill, wedge))

    def text(
        self,
        string: str,
        x: float,
        y: float,
        size: float,
        role: str,
        *,
        across: str = "center",
        up: str = "baseline",
        angle: float = 0.0,
        colour: Colour | None = None,
        ground: Colour | None = None,
        inside: int | None = None,
        swatch: Colour | None = None,
    ) -> Text:
        """A string anchored at (x, y): `across` left|center|right, `up` baseline|bottom|center|top, before turning."""
        width, height, descent = extent(string, self.font, size)
        measures = line(self.font, size)
        dx = 0.0 if across == "left" else -width / 2 if across == "center" else -width
        dy = 0.0 if up == "baseline" else -measures.digit / 2 if up == "center" else -measures.ascent
        if up == "bottom":
            dy = measures.descent
        low, high = -descent, height - descent
        if angle == 0.0:  # as most are; quarter turns are next, and must be exact
            base_x, base_y = x + dx, y + dy
            box = (base_x, base_y + low, base_x + width, base_y + high)
            quad = ((box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3]))
        else:
            turn = math.radians(angle)
            cos, sin = (0.0, 1.0) if angle == 90.0 else (math.cos(turn), math.sin(turn))
            base_x, base_y = x + dx * cos - dy * sin, y + dx * sin + dy * cos
            corners = ((0.0, low), (width, low), (width, high), (0.0, high))
            a, b, c, d = ((base_x + u * cos - v * sin, base_y + u * sin + v * cos) for u, v in corners)
            quad = (a, b, c, d)
            xs, ys = zip(*quad)
            box = (min(xs), min(ys), max(xs), max(ys))
        ink, ground = colour or self.ink, ground or self.ground
        text = Text(string, role, quad, box, measures.x_height, ink, ground, inside, swatch)
        self.layout.texts.append(text)
        self.ops.append(Write(string, base_x, base_y, angle, self.font, size, ink))
        return text
