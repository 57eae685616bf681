"""What a figure is before it is drawn: panels of marks, words to speak of them, and a style.

A marks class (one file each) holds data and knows three things: how to lay itself out on a Sheet, mending what does not
fit before it gives up; what views it offers once it is laid out; nothing of questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from envs.data import Persona
from envs.drawing.colour import Colour
from envs.drawing.metrics import Line, extent, line
from envs.drawing.sheet import Box, Sheet, Text
from envs.drawing.wear import Wear
from envs.figures.around import EDGE as EDGE  # noqa: PLC0414, most figures take it from here
from envs.figures.around import foot, write_source, write_title
from envs.figures.houses import cased
from envs.numerals import COUNTS, Notation, Unit
from envs.views import Categories, Item, View
from envs.views_whole import Panels, Parts

IN_LINE = 1.5  # pixels that labels of one axis may differ in height, by the shape of their digits


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
    """How to speak of what a panel shows; set by the data, not by the family. `most`: see views.Measured."""

    noun: str
    nouns: str
    measure: str
    unit: Unit = COUNTS
    most: str = ""
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
            **{"measure": words.measure, "unit": words.unit, "most": words.most, **more},
        )


@dataclass(frozen=True, slots=True)
class Figure:
    """Everything needed to draw: a picture of width x height pixels with its panels row by row."""

    panels: tuple[Panel, ...]
    style: Style
    width: int
    height: int

    def cells(self) -> list[Box]:
        """The box of each panel, from the top left."""
        count = len(self.panels)
        # As near to squares as the picture's shape allows.
        columns = min(
            range(1, count + 1),
            key=lambda n: abs(self.width / n - self.height / -(-count // n)) + (n * -(-count // n) - count),
        )
        wide, high = self.width / columns, self.height / -(-count // columns)
        places = [divmod(i, columns) for i in range(count)]
        return [
            (column * wide, self.height - (row + 1) * high, (column + 1) * wide, self.height - row * high)
            for row, column in places
        ]

    def lay_out(self) -> tuple[Sheet, tuple[View, ...]]:
        """The display list and the views, those of a panel after each other and its Parts last."""
        sheet = Sheet(self.width, self.height, self.style.font, self.style.ink, self.style.ground)
        views: list[View] = []
        sourced = len(self.panels) == 1 and self.panels[0].sourced
        foot_room = foot(self.style) if sourced else 0.0
        for i, (panel, cell) in enumerate(zip(self.panels, self.cells(), strict=True)):
            cell = (cell[0], cell[1] + foot_room, cell[2], cell[3])
            if not panel.tag:
                panel = replace(panel, title=cased(panel.title, self.style.case))
            before = len(sheet.layout.texts)
            found = panel.marks.lay_out(panel, self.style, write_title(panel, self.style, cell, sheet), sheet)
            parts = written_around(panel, sheet.layout.texts[before:])
            views += [replace(view, where=view.where + panel.where, panel=i) for view in (*found, parts)]
        if sourced:
            write_source(self.style, views, sheet)
        return sheet, (*views, self._whole(views)) if len(self.panels) > 1 else tuple(views)

    def _whole(self, views: Sequence[View]) -> Panels:
        """The view of all panels together."""
        parts, shown = [], []
        for i in range(len(self.panels)):
            mine = [view for view in views if view.panel == i]
            parts.append(next(view for view in mine if isinstance(view, Parts)))
            shown.append(mine[0] if isinstance(mine[0], Categories) else None)
        first = self.panels[0].words
        subjects = tuple(panel.subject for panel in self.panels)
        return Panels(
            names=tuple(panel.tag for panel in self.panels),
            parts=tuple(parts),
            shown=tuple(shown),
            shared=all(subjects),
            subjects=subjects,
            subject_noun=first.subject,
        )


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
    for text in ticks:
        row = sum(abs(_middle(text) - _middle(other)) < IN_LINE for other in ticks)
        column = sum(abs(text.box[2] - other.box[2]) < IN_LINE for other in ticks)
        (across if row > column else beside).append(text)
    left = min((text.box[2] for text in beside), default=0.0)
    up = [text for text in beside if text.box[2] - left < IN_LINE]
    return sorted(across, key=lambda text: text.box[0]), sorted(up, key=lambda text: text.box[1])


def _middle(text: Text) -> float:
    return (text.box[1] + text.box[3]) / 2


def turned(text: Text) -> bool:
    """Whether a string runs upwards."""
    (x0, _), (x1, _) = text.quad[:2]
    return abs(x1 - x0) < 1


def widest(texts: Sequence[str], style: Style) -> float:
    """Pixels of the widest of the strings."""
    return max(style.width(text) for text in texts)
