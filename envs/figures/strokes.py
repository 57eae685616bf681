"""What charts of lines share: pens, names in legends and at the ends of lines, data over times, value axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from envs.address import Draws
from envs.drawing.colour import Colour, distance, standing_out
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.base import Style, widest
from envs.figures.counts import NARROW
from envs.figures.frame import PAD, ticks
from envs.figures.legend import STROKE, Sample, legend
from envs.figures.style import THIN_CONTRAST
from envs.figures.tables import Rows, fewest_series, longest_name, window
from envs.figures.tags import meets, tinted
from envs.figures.topics import Told, tell
from envs.numerals import Unit
from envs.registry import Scene
from envs.views import APART

TRAITS = ("values", "words", "title", "axes", "ticks", "legend", "ordered", "dated")
PENS_APART = 16.0  # CIEDE2000 between thin lines, which are told apart less well than areas
SPANS = {40: 3.688879, 60: 4.094345, 100: 4.60517}  # ratio of largest to smallest on a log axis: its logarithm
WRITTEN = 12  # values on a log axis that there is mostly room to write
FINE = 12.0  # steps of the last digit that the smallest value on a log axis has, at least
HIDES = 3.0  # pixels: a point hidden by a line is no further than this from its middle
SOME = 5  # points in time that have a course
KINK = 0.7  # pixels: how far off a reader may be along a line without markers, where it does not turn
PLACES = ("right", "top", "bottom", "ends")
SHAPES = ("disc", "square", "diamond", "triangle", "tip")  # those that are as high above their middle as below first
DASHES = ((), (6.0, 3.0), (2.0, 2.5), (9.0, 3.0, 2.0, 3.0), (4.0, 2.0))
_CORNERS = {  # of markers of radius 1
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "triangle": ((-1.1, -0.75), (1.1, -0.75), (0.0, 1.25)),
    "diamond": ((-1.15, 0.0), (0.0, -1.3), (1.15, 0.0), (0.0, 1.3)),
    "tip": ((-1.1, 0.75), (0.0, -1.25), (1.1, 0.75)),
}


@dataclass(frozen=True, slots=True)
class Pens:
    """How lines are drawn. `shapes`: the marker of each series, "" for none; `dashed`: each line has its own dashes."""

    width: float
    shapes: tuple[str, ...]
    radius: float = 3.5
    hollow: bool = False
    dashed: bool = False

    def dash(self, i: int) -> tuple[float, ...]:
        return DASHES[i % len(DASHES)] if self.dashed else ()

    def marker(self, i: int, at: Point, colour: Colour, style: Style, sheet: Sheet, mark: int | None) -> None:
        """The marker of series i; without one, a mark as wide as the line."""
        x, y = at
        r = self.radius
        if not (shape := self.shapes[i]):
            r = max(1.6, self.width / 2)
            if mark is not None:
                sheet.spot((x - r, y - r, x + r, y + r), colour, mark)
            return
        fill, edge, width = (style.ground, colour, 1.6) if self.hollow else (colour, style.ground, 0.8)
        if shape == "disc":
            sheet.dot(x, y, r, fill, edge, width, mark=mark)
        else:
            sheet.polygon([(x + r * u, y + r * v) for u, v in _CORNERS[shape]], fill, edge, width, mark=mark)


# Names


def legend_ways(place: str, written: bool) -> Iterator[tuple[str, bool]]:
    """Place of the legend, values written: as drawn first."""
    places = (place, *(other for other in PLACES[:3] if other != place)) if place else ("",)
    for other in places:
        for write in dict.fromkeys((written, False)):
            yield other, write


def key(
    names: Sequence[str], colours: Sequence[Colour], pens: Pens, style: Style, sheet: Sheet, cell: Box, place: str
) -> Box:
    """The legend, with samples of the lines; what is left of the cell. For names at the ends of lines only the room."""
    if place in ("", "inside"):
        return cell
    if place == "ends":
        x0, y0, x1, y1 = cell
        return x0, y0, x1 - widest(names, style) - PAD, y1
    sample = sampler(names, colours, pens, style, sheet)
    return legend(list(zip(names, colours, strict=True)), style, sheet, cell, place, lines=True, sample=sample)


def sampler(names: Sequence[str], colours: Sequence[Colour], pens: Pens, style: Style, sheet: Sheet) -> Sample:
    """What draws the sample of a line in a legend."""

    def sample(name: str, x: float, y: float) -> None:
        i = names.index(name)
        sheet.line([(x, y), (x + STROKE, y)], colours[i], max(2.0, pens.width), dash=pens.dash(i))
        pens.marker(i, (x + STROKE / 2, y), colours[i], style, sheet, None)

    return sample


def out_of_the_way(spot: Box, strokes: Sequence[Sequence[Point]], reach: float) -> bool:
    """Whether lines from left to right, with markers of this radius, keep clear of a box."""
    x0, y0, x1, y1 = spot[0] - reach, spot[1] - reach, spot[2] + reach, spot[3] + reach
    near = (ab for row in strokes for ab in pairwise(row) if ab[0][0] <= x1 and ab[1][0] >= x0)
    return not any(meets(x0, y0, x1, y1, a, b) for a, b in near)


@dataclass(frozen=True, slots=True)
class Ends:
    """Names beside the right ends of lines, and at which height each stands."""

    names: Sequence[str]
    heights: Sequence[float]

    @classmethod
    def of(cls, names: Sequence[str], ends: Sequence[float], style: Style) -> Ends:
        """The heights of the ends, moved apart by less than a line; Unreadable where that does not do."""
        step = style.line.height + 1
        order = sorted(range(len(names)), key=lambda i: ends[i])
        if any(ends[b] - ends[a] < APART for a, b in pairwise(order)):
            raise Unreadable("lines end in the same place")
        heights = [ends[i] for i in order]
        for _ in range(8):  # neighbours push each other apart until they are clear
            for k in range(len(order) - 1):
                if (lack := step - (heights[k + 1] - heights[k])) > 0:
                    heights[k] -= lack / 2
                    heights[k + 1] += lack / 2
        clear = all(b - a > step - 1.5 for a, b in pairwise(heights))
        if not clear or any(abs(y - ends[i]) > 0.8 * step for i, y in zip(order, heights)):
            raise Unreadable("no room for the names at the ends of the lines")
        return cls([names[i] for i in order], heights)

    def write(self, colours: dict[str, Colour], style: Style, sheet: Sheet, box: Box) -> None:
        """Writes the names to the right of a frame, each in the colour of its line."""
        for name, y in zip(self.names, self.heights):
            colour = tinted(colours[name], style)
            sheet.text(name, box[2] + PAD + 1, y, style.text, "legend", across="left", up="center", colour=colour)


def line_colours(style: Style) -> tuple[Colour, ...]:
    """The palette as thin lines can use it: at least two colours, of which one may be that of the ink."""
    return _line_colours(style.palette, style.ground, style.ink)


@lru_cache(512)
def _line_colours(palette: tuple[Colour, ...], ground: Colour, ink: Colour) -> tuple[Colour, ...]:
    kept: list[Colour] = []
    for colour in palette:
        colour = standing_out(colour, ground, ink, THIN_CONTRAST)
        if all(distance(colour, other) >= PENS_APART for other in kept):
            kept.append(colour)
    if len(kept) < 3 and all(distance(ink, other) >= PENS_APART for other in kept):
        kept.append(ink)
    return tuple(kept)


# Data


def draw_pens(draws: Draws, scene: Scene, count: int, *, markers: float = 0.5, among: tuple[str, ...] = SHAPES) -> Pens:
    """Pens for so many lines, with markers as often as not, of some shapes."""
    small = min(scene.width, scene.height) < 300
    each = draws.chance(0.4)
    start = draws.integers(0, len(among)) if draws.chance(0.3) else 0
    shapes = tuple(among[(start + i) % len(among) if each else start] for i in range(count))
    return Pens(
        width=draws.choice((1.8, 2.2) if small else (1.8, 2.2, 2.6, 3.0)),
        shapes=shapes if draws.chance(markers) else ("",) * count,
        radius=draws.choice((2.6, 3.0) if small else (3.0, 3.6, 4.2)),
        hollow=draws.chance(0.2),
        dashed=count > 1 and draws.chance(0.15),
    )


def draw_table(
    draws: Draws,
    scene: Scene,
    *,
    colours: int,
    single: float = 0.3,
    most: int = 5,
    shown: int = 20,
    parts: bool = False,
    spacing: float = 0.0,
    spanning: bool = False,
    counted: bool = True,
) -> tuple[Told, tuple[int, int]]:
    """A table over times of at most so many `colours` or `most` series, and how many numbers of series and of positions
    were possible. With probability `single` it has one series, unless the question needs several. `spacing`: pixels
    that each point takes, across. `spanning`: values of very different size, where their digits allow.
    """
    lines, line_sizes = window(draws, scene, 3, most, colours, least=min(fewest_series(scene, parts), colours))
    alone = not scene.needs & {"Series", "legend", "words"}
    if draws.chance(single) and alone:
        lines = 1
    if spacing and "ordered" in scene.needs:
        lines = max(1 if alone else 2, min(lines, int((scene.width - 100) / (SOME * spacing))))
    room = (scene.width - 100) / max(scene.style.line.height + 1, lines * spacing)
    count, sizes = draw_times(draws, scene, 7, shown, room)
    told = tell(
        draws,
        scene,
        series=lines,
        positions=count,
        ordered=True,
        parts=parts,
        longest=longest_name(scene),
        counted=counted,
    )
    share = 5.5 / (0.65 * (min(scene.width, scene.height) - 100))
    rows, decimals = told.grid.values, told.words.unit.decimals
    if "trend" in scene.needs and not (parts and "Series" in scene.needs):
        # Stacked, a pixel is worth more, and thick parts are compared less well.
        whole = max(map(sum, zip(*rows))) if parts else 1.5 * (max(map(max, rows)) - min(map(min, rows)))
        rows = tuple(stepped(row, decimals, max(share * whole, 0.09 * max(row) * parts)) for row in rows)
    elif lines == 1:
        rows = (led(rows[0], decimals, share),)
    elif "Series" in scene.needs or draws.chance(0.4):
        if parts:  # stacked, a pixel is worth more
            share *= 1.6 * max(map(sum, zip(*rows))) / (max(map(max, rows)) - min(map(min, rows)))
        rows = parted(rows, decimals, min(share, 0.2 if min(scene.width, scene.height) >= 300 else 0.5))
    # Where values are reckoned with, there must be room to write them all; no text has such counts.
    spanning &= "values" not in scene.needs or lines * count <= WRITTEN
    if spanning and not told.words.unit.percent and not told.grid.recount:
        rows = spread_out(rows, decimals, draws.choice(tuple(SPANS)))
    return told.mended(rows), (line_sizes, sizes)


def draw_times(draws: Draws, scene: Scene, first: int, last: int, room: float) -> tuple[int, int]:
    """As `window`; at least SOME where the question is about what follows what, if there is room for as many."""
    least = SOME if "ordered" in scene.needs else 3
    return window(draws, scene, first, last, room, least=max(3, min(least, int(room))))


def stepped(row: tuple[float, ...], decimals: int, gap: float) -> tuple[float, ...]:
    """The row, values moved so that each differs from the one before by more than `gap`, and some two steps lead the
    same way, some two do not: there is a course to speak of. Values stay distinct and within the range, but for what
    that takes."""
    digit = 10**decimals
    steps = [round(value * digit) for value in row]
    if len(steps) > 3:
        ways = [b > a for a, b in pairwise(steps)]
        if len(set(ways)) == 1:
            steps[-2:] = steps[:-3:-1]
        elif all(a != b for a, b in pairwise(ways)):
            steps[:3] = sorted(steps[:3])
    least, far = min(steps), int(gap * digit) + 1
    for j in range(1, len(steps)):
        taken, before = steps[:j], steps[j - 1]
        down = min(steps[j], before - far)
        while down in taken:
            down -= 1
        if steps[j] < before and down >= least:
            steps[j] = down
            continue
        steps[j] = max(steps[j], before + far)  # up, where there is no room below
        while steps[j] in taken:
            steps[j] += 1
    return tuple(step / digit for step in steps)


def led(row: tuple[float, ...], decimals: int, share: float, places: int = 1) -> tuple[float, ...]:
    """The row, its largest values raised if need be, so that as many `places` lead the next by at least this share of
    the range."""
    digit = 10**decimals
    steps = [round(value * digit) for value in row]
    gap = int(share * (max(steps) - min(steps))) + 1
    order = sorted(range(len(steps)), key=lambda j: steps[j])[-places - 1 :]
    for below, above in pairwise(order):
        steps[above] = max(steps[above], steps[below] + gap)
    return tuple(step / digit for step in steps)


def parted(rows: Rows, decimals: int, share: float) -> Rows:
    """The rows, values raised so that those of one position differ by at least this share of the whole range: lines
    that can be told apart everywhere. Those of a row stay distinct, which may cost a last digit."""
    digit = 10**decimals
    steps = [[round(value * digit) for value in row] for row in rows]
    gap = int(share * (max(map(max, steps)) - min(map(min, steps)))) + 1
    for j in range(len(steps[0])):
        order = sorted(range(len(steps)), key=lambda i: (steps[i][j], i))
        for below, above in pairwise(order):
            steps[above][j] = max(steps[above][j], steps[below][j] + gap)
    for row in steps:
        for j in range(len(row)):
            while row[j] in row[:j]:
                row[j] += 1
    return tuple(tuple(step / digit for step in row) for row in steps)


def spread_out(rows: Rows, decimals: int, ratio: int) -> Rows:
    """The rows in the same order, from the largest value down to a `ratio`-th of it, equal steps turned into equal
    ratios; as they are where the last digit is too coarse. By sums and products alone, so that every machine has the
    same bits."""
    digit = 10**decimals
    least, most = min(map(min, rows)), max(map(max, rows))
    low = most * digit / ratio
    if low < FINE or most <= least:
        return rows
    found = []
    for row in rows:
        steps = [int(low * _power((value - least) / (most - least) * SPANS[ratio]) + 0.5) for value in row]
        for a, b in pairwise(sorted(range(len(row)), key=lambda j: row[j])):
            steps[b] = max(steps[b], steps[a] + 1)
        found.append(tuple(step / digit for step in steps))
    return tuple(found)


def _power(x: float) -> float:
    """e to the x, nearly."""
    result = 1 + x / 1048576
    for _ in range(20):
        result *= result
    return result


def spans(rows: Rows) -> bool:
    """Whether values differ enough in size for a log axis."""
    return min(map(min, rows)) * min(SPANS) * 0.9 < max(map(max, rows)) and min(map(min, rows)) > 0


def value_range(draws: Draws, rows: Rows, unit: Unit, *, zero: float = 0.4) -> tuple[float, float]:
    """Where a value axis of lines starts and ends: at zero if that leaves them room, or near the lowest value; in half
    of all charts at round numbers."""
    least, most = min(map(min, rows)), max(map(max, rows))
    spread = most - least
    low = least - draws.uniform(0.06, 0.2) * spread
    high = most + draws.uniform(0.04, 0.1) * spread
    if low < 0 or (draws.chance(zero) and least < 0.5 * most):
        low = 0.0
    if draws.chance(0.5):
        (first, _), (second, _), *_ = ticks(low, high, 6, unit)
        step = second - first
        rounded = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
        if spread >= 0.6 * (rounded[1] - rounded[0]):
            low, high = rounded
    return low, high


def draw_place(draws: Draws, scene: Scene, count: int) -> str:
    """Where the names of the lines stand; '' for a single one."""
    place = draws.choice(PLACES)
    if place == "ends" and ("legend" in scene.needs or min(scene.width, scene.height) < NARROW):
        place = "top"
    return place if count > 1 else ""


# How well points are seen


def slip(points: Sequence[Point], j: int) -> float:
    """How far off, in pixels, a reader may be who does not see where the point lies along a line that runs on through
    it: the steeper the further."""
    if not 0 < j < len(points) - 1:
        return 0.0
    (ax, ay), (x, y), (bx, by) = points[j - 1 : j + 2]
    before, after = (y - ay) / (x - ax), (by - y) / (bx - x)
    return KINK * min(abs(before), abs(after)) if before * after > 0 else 0.0


def runs_by(points: Sequence[Point], at: Point, j: int) -> bool:
    """Whether a line through these points hides another line's point over the j-th of them."""
    return any(_gap(at, a, b) < HIDES for a, b in pairwise(points[max(0, j - 1) : j + 2]))


def _gap(point: Point, a: Point, b: Point) -> float:
    """Pixels from a point to a segment."""
    (px, py), (ax, ay), (bx, by) = point, a, b
    dx, dy = bx - ax, by - ay
    along = ((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy)
    along = min(1.0, max(0.0, along))
    return math.hypot(px - ax - along * dx, py - ay - along * dy)
