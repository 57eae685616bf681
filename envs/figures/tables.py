"""What charts of tables share: how large a table is at a level, a plot that stands or lies, mending, and the views."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from envs.address import Draws
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.bars import SURE
from envs.figures.base import Panel, Style
from envs.figures.counts import NARROW, TOP, not_written
from envs.figures.frame import Axis, Frame, Names, Values, frame
from envs.figures.topics import Told
from envs.numerals import Unit
from envs.registry import Scene
from envs.views import APART, EYE, TOO_COARSE, Categories, Item, Series, View

if TYPE_CHECKING:
    from envs.data import Grid

NARROWEST = 240.0  # pixels: in a wider cell a value axis across has at least three ticks
V = TypeVar("V", bound=View)
Rows = tuple[tuple[float, ...], ...]  # values of series i at position j, multiples of the last written digit


# How much is shown


def window(draws: Draws, scene: Scene, first: int, last: int, room: float, least: int = 3) -> tuple[int, int]:
    """A number of things, uniform over four, the largest of which moves from `first` to `last` with the level, and how
    many numbers were possible; never more than there is `room` for, but at least `least`."""
    level = min(scene.level, TOP)
    high = max(least, min(first + (last - first) * level // TOP, int(room)))
    low = max(least, high - 3)
    return draws.integers(low, high + 1), high - low + 1


def fewest_series(scene: Scene, parts: bool) -> int:
    """How many series to show at least: of a whole some are added up and some are not, and of two parts each tells the
    other."""
    return 3 if parts and scene.needs & {"sums", "aggregation", "comparison", "ranking"} else 2


def longest_name(scene: Scene) -> int:
    """Characters of a name."""
    return min(8 + scene.level, max(8, min(scene.width, scene.height) // 26))


def writes(draws: Draws, scene: Scene, values: Sequence[float] = ()) -> bool:
    """Whether values are written beside their marks: the less often the higher the level, but always where the two
    largest of `values` are too close for the eye."""
    written = draws.chance(max(0.15, 0.8 - 0.06 * scene.level))
    return written or too_close(scene, values)


def too_close(scene: Scene, values: Sequence[float]) -> bool:
    """Whether the two largest lie too close for the eye on an axis from zero."""
    second, first = sorted(values)[-2:] if len(values) > 1 else (0.0, 1.0)
    return (first - second) * (min(scene.width, scene.height) - 120) < 1.4 * APART * first


def axis_titles(draws: Draws, scene: Scene, told: Told, measure: str = "") -> tuple[str, str]:
    """The titles of the names and of the values; '' for none. The latter is the longest of what there is room for: the
    measure with its unit, `measure` or what it is called in questions."""
    unit, side = told.words.unit, min(scene.width, scene.height)
    words = unit.beside
    names = [measure or told.words.measure, told.words.measure]
    if words and not unit.prefix and not unit.percent and not names[0].endswith(words):  # those stand with the ticks
        names.insert(0, scene.style.united(names[0], words))
    name = next((name for name in names if scene.style.width(name) < 0.55 * side), names[-1])
    name = name[0].upper() + name[1:]
    noun = told.words.noun[0].upper() + told.words.noun[1:]
    room = side >= NARROW and not scene.tight
    if "axes" in scene.needs or (draws.chance(0.5) and room):
        return noun, name
    return "", name if draws.chance(0.4) and room else ""


# What is shown: sums of whole steps of the last digit, so that every machine has the same bits


def lifted(rows: Rows, decimals: int, share: float, *, each: bool = False) -> Rows:
    """The rows, all raised by the same amount if need be, so that the smallest value is at least this share of the
    largest sum over a position, or with `each` of the sum at its own position."""
    digit = 10**decimals
    steps = [[round(value * digit) for value in row] for row in rows]
    sums = [sum(column) for column in zip(*steps)]
    most = max(sums)
    lacking = max((sums[j] if each else most) * share - row[j] for row in steps for j in range(len(sums)))
    if lacking <= 0:
        return rows
    more = int(lacking / (1 - len(rows) * share)) + 1
    return tuple(tuple((step + more) / digit for step in row) for row in steps)


def shares(rows: Rows, decimals: int) -> Rows:
    """Percent of each position's sum, rounded by largest remainders so that they add up to 100 as written."""
    digit = 10**decimals
    columns = []
    for column in zip(*rows):
        total = sum(column)
        exact = [100 * digit * value / total for value in column]
        found = [int(value) for value in exact]
        order = sorted(range(len(found)), key=lambda i: (found[i] - exact[i], i))
        for i in order[: 100 * digit - sum(found)]:
            found[i] += 1
        columns.append([step / digit for step in found])
    return tuple(zip(*columns))


# How it is laid out


@dataclass(frozen=True, slots=True)
class Plot:
    """Names along one side and values along the other: upright, or lying with the first name on top. Places along the
    names are in slots, i + 0.5 being the middle of the i-th."""

    frame: Frame
    lying: bool

    @property
    def names(self) -> Axis:
        return self.frame.y if self.lying else self.frame.x

    @property
    def values(self) -> Axis:
        return self.frame.x if self.lying else self.frame.y

    def box(self, first: float, last: float, low: float, high: float) -> Box:
        """The box between two places and two values, in pixels."""
        a, b = sorted((self.names.px(first), self.names.px(last)))
        c, d = sorted((self.values.px(low), self.values.px(high)))
        return (c, a, d, b) if self.lying else (a, c, b, d)

    def point(self, place: float, value: float) -> Point:
        along, out = self.names.px(place), self.values.px(value)
        return (out, along) if self.lying else (along, out)


def plot(cell: Box, style: Style, panel: Panel, names: Sequence[str], values: Values, lying: bool) -> Plot:
    """Measures a plot in a cell; Unreadable where there is no room."""
    title = panel.category_axis
    if lying:
        found = frame(cell, style, values, Names(names, title, down=True))
        if len(found.x_ticks) < 3 and cell[2] - cell[0] > NARROWEST:
            raise Unreadable("the values have too few ticks")
        return Plot(found, True)
    return Plot(frame(cell, style, Names(names, title), values), False)


def first_fit(sheet: Sheet, ways: Iterable[Callable[[], list[V]]]) -> list[V]:
    """What the first of several ways to lay out gives that does not raise Unreadable; what the others left on the sheet
    is taken off again."""
    start = sheet.bookmark()
    last = Unreadable("there is no way to lay this out")
    for way in ways:
        try:
            return way()
        except Unreadable as reason:
            last = reason
            sheet.rewind(start)
    raise last


def by_eye(px_per_unit: float, unit: Unit, edges: float = 1) -> float:
    """How far off a value may be that is read between so many edges; 0 where that still names its last digit."""
    err = edges * EYE / abs(px_per_unit)
    return 0.0 if err < SURE * 10.0**-unit.decimals else err


def off_by_eye(axis: Axis, value: float, unit: Unit, edges: float = 1) -> float:
    """The same of a value on an axis, which may be a log one."""
    err = axis.off(abs(value), edges * EYE)
    return 0.0 if err < SURE * 10.0**-unit.decimals else err


def readable(err: float, span: float) -> None:
    """Unreadable where values that are asked for could not be read closely enough."""
    if err > TOO_COARSE * span:
        raise Unreadable("the values cannot be read closely enough")


def value_label(
    sheet: Sheet, style: Style, at: Point, label: str, *, lying: bool, turned: bool = False, gap: float = 3.0
) -> None:
    """A value beyond the end of a mark: to the right where it lies, above where it stands, running up if `turned`."""
    x, y = at
    if lying:
        sheet.text(label, x + gap + 1, y, style.text, "value", across="left", up="center")
    elif turned:
        sheet.text(label, x, y + gap + 2, style.text, "value", across="left", up="center", angle=90.0)
    else:
        sheet.text(label, x, y + gap, style.text, "value")


# What it says


def table_views(
    panel: Panel,
    grid: Grid,
    items: Sequence[Sequence[Item]],
    *,
    span: float,
    written: bool,
    sizes: tuple[int, int],
    whole: bool = False,
) -> list[View]:
    """The table, then each series and each position of it. `sizes`: how many numbers of series and of positions were
    possible; `whole`: the values of a position are parts of a whole."""
    words, said = panel.words, (panel.title, panel.category_axis, panel.value_axis)
    table = Series(
        series=grid.series,
        positions=grid.positions,
        items=tuple(tuple(row) for row in items),
        noun=words.noun,
        nouns=words.nouns,
        series_noun=grid.series_noun,
        series_nouns=grid.series_nouns,
        measure=words.measure,
        unit=words.unit,
        written=written,
        span=span,
        ordered=grid.ordered,
        adds=words.adds and not whole,
        absent=not_written(grid.absent, *said),
        absent_series=not_written(grid.absent_series, *said),
    )
    return [table, *table.slices(sizes, whole)]


def single_view(
    panel: Panel, grid: Grid, items: Sequence[Item], *, span: float, written: bool, sizes: int
) -> Categories:
    """The view of a table with a single series."""
    return panel.categories(
        items,
        span=span,
        written=written,
        sizes=sizes,
        ordered=grid.ordered,
        absent=not_written(grid.absent, panel.title, panel.category_axis, panel.value_axis),
    )


def round_up(value: float) -> float:
    """The next 1, 2, 3, 4, 5, 6 or 8 times a power of ten that is not below a value."""
    power = 1e-3
    while 10 * power <= value:
        power *= 10
    return next(n * power for n in (1, 2, 3, 4, 5, 6, 8, 10) if n * power >= value)
