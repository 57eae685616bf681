"""What a figure is before it is drawn: panels of marks, words to speak of them, and a style.

A marks class (one file each) holds data and knows three things: how to lay itself out on a Sheet, mending what does not
fit before it gives up; what views it offers once it is laid out; nothing of questions.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from envs.data import Persona
from envs.drawing.colour import Colour
from envs.drawing.metrics import Line, extent, line
from envs.drawing.sheet import Box, Sheet, Text
from envs.drawing.wear import Wear
from envs.figures.around import foot, write_source, write_title
from envs.figures.houses import cased
from envs.numerals import COUNTS, Notation, Unit
from envs.views import Categories, Item, Series, View
from envs.views_whole import Panels, Parts

IN_LINE = 1.5  # pixels that labels of one axis may differ in height, by the shape of their digits
EMPTY = 0.07  # an empty cell is worth as many pixels off a square as this share of the picture's width and height


@dataclass(frozen=True, slots=True)
class Style:
    """How a figure looks. `text` is the height of the em square in pixels, `title` that of the title."""

    font: str
    text: float
    title: float
    palette: tuple[Colour, ...]
    ground: Colour
    ink: Colour
    grid: Colour | None
    spines: str  # "box", "corner", "base" or "none"
    outline: bool
    fill: float  # width of a bar as a share of its slot
    one_colour: bool
    persona: Persona  # who made it
    notation: Notation
    spine: float = 1.0  # pixels of a spine
    dash: tuple[float, ...] = ()  # of the grid
    fine: bool = False  # thin lines between those of the grid
    inward: bool = False  # ticks point into the frame
    paper: Colour | None = None  # of the plotting area, where it is another: further from the ink than the ground is
    striped: bool = False  # every second strip between ticks is of that colour, not all of the area
    turn: float = 0.0  # degrees that names below are turned by, even where they would fit level
    case: str = "as written"  # of titles: or "capitals", "each word"
    left: bool = False  # titles begin on the left
    noted: bool = False  # the unit stands below the title
    measured: str = "{name} ({unit})"  # how the title of an axis tells its unit
    source: str = ""  # the line below the figure
    wear: Wear | None = None

    @property
    def line(self) -> Line:
        return line(self.font, self.text)

    def width(self, text: str) -> float:
        """Pixels of a string in the text size."""
        return extent(text, self.font, self.text).width

    def united(self, name: str, unit: str) -> str:
        """The title of an axis with its unit."""
        return self.measured.format(name=name, unit=unit)

    def colours(self, count: int) -> list[Colour]:
        """A colour a mark: all alike, as the style says or where the palette is too small to tell them apart."""
        if self.one_colour or count > len(self.palette):
            return [self.palette[0]] * count
        return list(self.palette[:count])


@dataclass(frozen=True, slots=True)
class Words:
    """How to speak of what a panel shows; set by the data, not by the family. `most`, `adds`: see views.Measured."""

    noun: str
    nouns: str
    measure: str
    unit: Unit = COUNTS
    most: str = ""
    adds: bool = True
    subject: str = ""  # the noun for what the panels of a figure differ in ("country")
    noted: bool = False  # all numbers of the figure are in the unit, which may stand below its title


class Marks(Protocol):
    """One kind of mark with its data."""

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> Sequence[View]:
        """Put the panel on the sheet inside `cell`; its views, the one that holds every value first.

        Raises Unreadable when no mending helps.
        """


@dataclass(frozen=True, slots=True)
class Panel:
    """Marks with what is written around them; an empty string is not written. `chart` names the kind of figure.

    Where there are several, `tag` is the letter at the corner of the panel and `where` how to speak of its place.
    """

    marks: Marks
    words: Words
    chart: str
    title: str = ""
    category_axis: str = ""
    value_axis: str = ""
    where: str = ""
    tag: str = ""
    subject: str = ""  # what this panel shows, where the panels differ in nothing else
    sourced: bool = True  # a source may stand below it

    def categories(self, items: Iterable[Item], *, span: float, **more: Any) -> Categories:
        """The view of named values, in the words of this panel; `more` as Categories takes it."""
        words = self.words
        return Categories(
            items=tuple(items),
            noun=words.noun,
            nouns=words.nouns,
            span=span,
            **{"measure": words.measure, "unit": words.unit, "most": words.most, "adds": words.adds, **more},
        )


@dataclass(frozen=True, slots=True)
class Figure:
    """Everything needed to draw: a picture of width x height pixels with its panels row by row. `legend` writes the one
    that all panels share, where there is one, and tells what it leaves of the picture."""

    panels: tuple[Panel, ...]
    style: Style
    width: int
    height: int
    legend: Callable[[Sheet, Box], Box] | None = None

    def room(self, sheet: Sheet | None = None) -> Box:
        """What the legend of all panels, written on `sheet` if given, leaves of the picture."""
        whole = (0.0, 0.0, float(self.width), float(self.height))
        return self.legend(sheet or self._sheet(), whole) if self.legend else whole

    def cells(self) -> list[Box]:
        """The box of each panel, from the top left."""
        return split(self.room(), len(self.panels))

    def _sheet(self) -> Sheet:
        return Sheet(self.width, self.height, self.style.font, self.style.ink, self.style.ground)

    def lay_out(self) -> tuple[Sheet, tuple[View, ...]]:
        """The display list and the views, those of a panel after each other and its Parts last; those of all panels
        together come at the end."""
        sheet = self._sheet()
        room = self.room(sheet)
        shared = tuple(sheet.layout.texts)
        views: list[View] = []
        sourced = len(self.panels) == 1 and self.panels[0].sourced
        foot_room = foot(self.style) if sourced else 0.0
        for i, (panel, cell) in enumerate(zip(self.panels, split(room, len(self.panels)), strict=True)):
            cell = (cell[0], cell[1] + foot_room, cell[2], cell[3])
            if not panel.tag:
                panel = replace(panel, title=cased(panel.title, self.style.case))
            before = len(sheet.layout.texts)
            found = panel.marks.lay_out(panel, self.style, write_title(panel, self.style, cell, sheet), sheet)
            parts = written_around(panel, [*shared, *sheet.layout.texts[before:]])
            placed = len(self.panels) > 1 or panel.where
            views += [replace(v, where=v.where + panel.where, panel=i) if placed else v for v in (*found, parts)]
        if sourced:
            write_source(self.style, views, sheet)
        return sheet, (*views, *self._whole(views)) if len(self.panels) > 1 else tuple(views)

    def _whole(self, views: Sequence[View]) -> list[Panels]:
        """The views of all panels together: where they differ in one thing only one for each series, else a single
        one."""
        mine = [[view for view in views if view.panel == i] for i in range(len(self.panels))]
        shown = [_named(found[0]) or [None] for found in mine]
        subjects = tuple(panel.subject for panel in self.panels)
        whole = Panels(
            names=tuple(panel.tag for panel in self.panels),
            parts=tuple(part for found in mine for part in found if isinstance(part, Parts)),
            shown=tuple(found[0] for found in shown),
            shared=all(subjects),
            subjects=subjects,
            subject_noun=self.panels[0].words.subject,
        )
        if not whole.shared:
            return [whole]
        first = self.panels[0].where
        return [
            replace(whole, shown=each, where=each[0].where.removesuffix(first) if each[0] else "")
            for each in zip(*shown, strict=True)
        ]


def _named(view: View) -> list[Categories | None]:
    """The named values of a panel, those of each series where there are several."""
    if isinstance(view, Series):
        return [view.of_series(i) for i in range(len(view.series))]
    return [view] if isinstance(view, Categories) else []


def split(room: Box, count: int) -> list[Box]:
    """So many cells of a box, row by row from the top left: near to squares, and few of them empty."""
    x0, y0, x1, y1 = room
    width, height = x1 - x0, y1 - y0

    def loss(columns: int) -> float:
        rows = -(-count // columns)
        return abs(width / columns - height / rows) + (columns * rows - count) * EMPTY * (width + height)

    columns = min(range(1, count + 1), key=loss)
    wide, high = width / columns, height / -(-count // columns)
    places = [divmod(i, columns) for i in range(count)]
    return [
        (x0 + column * wide, y1 - (row + 1) * high, x0 + (column + 1) * wide, y1 - row * high) for row, column in places
    ]


def written_around(panel: Panel, texts: Sequence[Text]) -> Parts:
    """What is written around a panel, told by the roles of its texts; an axis title that is turned belongs to the
    vertical axis."""
    axes = {turned(text): text.string for text in texts if text.role == "axis"}
    legend = [text for text in texts if text.role == "legend"]
    across, up = _by_axis([text for text in texts if text.role == "tick"])
    return Parts(
        chart=panel.chart,
        title=panel.title,
        across=axes.get(False, ""),
        up=axes.get(True, ""),
        legend=tuple(text.string for text in legend),
        colours=tuple(text.swatch for text in legend if text.swatch is not None),
        ticks_across=tuple(text.string for text in across),
        ticks_up=tuple(text.string for text in up),
    )


def _by_axis(ticks: Sequence[Text]) -> tuple[list[Text], list[Text]]:
    """The tick labels of the horizontal axis, from the left, and of the vertical one (the left one of two), from below:
    the former stand in a row, the latter in a column flush right."""
    across: list[Text] = []
    beside: list[Text] = []
    heights, ends = [_middle(text) for text in ticks], [text.box[2] for text in ticks]
    in_row, in_column = sorted(heights), sorted(ends)
    for text, height, end in zip(ticks, heights, ends):
        (across if _near(height, in_row) > _near(end, in_column) else beside).append(text)
    left = min((text.box[2] for text in beside), default=0.0)
    up = [text for text in beside if text.box[2] - left < IN_LINE]
    return sorted(across, key=lambda text: text.box[0]), sorted(up, key=lambda text: text.box[1])


def _near(place: float, places: list[float]) -> int:
    """How many of the places, which ascend, lie in line with this one."""
    return bisect_left(places, place + IN_LINE) - bisect_right(places, place - IN_LINE)


def _middle(text: Text) -> float:
    return (text.box[1] + text.box[3]) / 2


def turned(text: Text) -> bool:
    """Whether a string runs upwards."""
    (x0, _), (x1, _) = text.quad[:2]
    return abs(x1 - x0) < 1


def widest(texts: Sequence[str], style: Style) -> float:
    """Pixels of the widest of the strings."""
    return max(style.width(text) for text in texts)
