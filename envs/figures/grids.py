"""Grids of coloured cells: heat maps of names by names, and maps of square tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from envs.address import Draws
from envs.data import Grid
from envs.drawing.colour import COLOURS_APART, Colour, distance, ink_on
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.around import EDGE
from envs.figures.base import Panel, Style, Words, widest
from envs.figures.colourbar import RAMPS, Classes, class_legend, colourbar, finest, ramp, shade
from envs.figures.counts import NARROW
from envs.figures.frame import Frame, Names, frame
from envs.figures.maps import ADD, draw_map
from envs.figures.tables import Rows, table_views
from envs.figures.topics import how_many, tell
from envs.numerals import Unit, show
from envs.registry import Scene, family
from envs.views import Categories, Item, Series, View

CLASS = 10.0  # the "length" of a cell grows by so many pixels a class: neighbouring colours are told apart


@dataclass(frozen=True, slots=True)
class Heatmap:
    """A table as coloured cells, a row for each series, or a column if `flip`. `classes`: colours in steps with a bar
    beside them; None: continuous shades without one. `written`: each value in its cell; without, a cell stands for the
    middle of its class."""

    grid: Grid
    ramp: str
    classes: Classes | None
    written: bool
    flip: bool = False
    gap: float = 0.0
    caption: str = ""
    sizes: int = 1
    series_sizes: int = 1

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        grid, names = self.grid, (self.grid.positions, self.grid.series)
        across, up = names[::-1] if self.flip else names
        if self.classes:
            cell = _bar(self.classes, self.ramp, style, sheet, cell, self.caption)
        axes = Names(across, panel.category_axis), Names(up, panel.value_axis, down=True)
        found = frame(cell, style, *axes)
        found.begin(style, sheet)
        low, high = (end(value for row in grid.values for value in row) for end in (min, max))
        texts = self._texts(panel.words.unit, found, style) if self.written else []
        rows = []
        for i in range(len(grid.series)):
            row = []
            for j, value in enumerate(grid.values[i]):
                x, y = (i, j) if self.flip else (j, i)
                index = i * len(grid.positions) + j
                if self.classes:
                    colour = ramp(self.ramp, self.classes.count)[self.classes.of(value)]
                else:
                    colour = shade(self.ramp, (value - low) / ((high - low) or 1.0))
                _cell(found, x, y, colour, self.gap, style, sheet, index)
                if texts:
                    _write(texts[index], found.x.middle(x), found.y.middle(y), colour, style, sheet, index)
                key = (up[y], across[x])
                row.append(_item(grid.positions[j], value, key, None if self.written else self.classes))
            rows.append(row)
        left, bottom, right, top = found.box
        if not self.gap:
            sheet.line([(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)], style.ink, 1.0)
        return table_views(
            panel,
            grid,
            rows,
            span=high,
            written=self.written,
            sizes=(self.series_sizes, self.sizes),
        )

    def _texts(self, unit: Unit, found: Frame, style: Style) -> list[str]:
        """What stands in the cells: values with their unit, or bare where that is too wide."""
        values = [value for row in self.grid.values for value in row]
        return _fitting(values, unit, found.x.slot - 4 - self.gap, found.y.slot - self.gap, style)


def _fitting(values: Sequence[float], unit: Unit, width: float, height: float, style: Style) -> list[str]:
    """Values as they are written in cells of this size."""
    for texts in ([unit.write(value) for value in values], [show(value, unit.decimals) for value in values]):
        if widest(texts, style) <= width and style.line.digit + 4 <= height:
            return texts
    raise Unreadable("no room for the values in the cells")


def _bar(classes: Classes, name: str, style: Style, sheet: Sheet, cell: Box, caption: str) -> Box:
    """A colour bar to the right of a cell, or below it where it does not fit there, and without caption at last."""
    wide = cell[2] - cell[0] > 0.8 * (cell[3] - cell[1])
    for place, title in (
        (place, title) for title in (caption, "") for place in ("right", "bottom")[:: 1 if wide else -1]
    ):
        try:
            return colourbar(classes, ramp(name, classes.count), style, sheet, cell, place, title)
        except Unreadable:
            continue
    raise Unreadable("no room for the colour bar")


def _cell(found: Frame, i: int, j: int, colour: Colour, gap: float, style: Style, sheet: Sheet, index: int) -> None:
    half_x, half_y = found.x.slot / 2, found.y.slot / 2
    x, y = found.x.middle(i), found.y.middle(j)
    sheet.rect((x - half_x, y - half_y, x + half_x, y + half_y), colour, style.ground if gap else None, gap, mark=index)


def _write(text: str, x: float, y: float, ground: Colour, style: Style, sheet: Sheet, index: int) -> None:
    sheet.text(text, x, y, style.text, "value", up="center", colour=ink_on(ground), ground=ground, inside=index)


def _item(name: str, value: float, key: tuple[str, ...], classes: Classes | None) -> Item:
    """A cell whose value is written, or is known from its colour (`classes`) only."""
    if classes is None:
        return Item(name, value, 0.0, 0.0, key)
    i = classes.of(value)
    return Item(name, classes.middle(i), classes.half, CLASS * i, key)


def _ranked(draws: Draws, rows: Rows, classes: Classes) -> Rows:
    """The rows, the largest three values of a row, or of a column where that is longer, each in a class alone."""
    if len(rows) > len(rows[0]):
        return tuple(zip(*_ranked(draws, tuple(zip(*rows, strict=True)), classes), strict=True))
    k = draws.integers(0, len(rows))
    return (*rows[:k], tuple(_spread(draws, classes, len(rows[k]), 3)), *rows[k + 1 :])


def _leading(rows: Rows, classes: Classes) -> Rows:
    """The rows, some values a class lower, so that the largest at each position, and of all, is alone in its class."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    for column in columns:
        first = column.index(max(column))
        if classes.of(column[first]) == 0:
            column[first] = classes.middle(1)
        _lower(classes, column, first)
    heads = [max(column) for column in columns]
    first = heads.index(max(heads))
    for column, head in zip(columns, heads, strict=True):
        if (top := classes.of(head)) == classes.of(heads[first]) and column is not columns[first] and top > 1:
            column[column.index(head)] = classes.middle(top - 1)
            _lower(classes, column, column.index(classes.middle(top - 1)))
    return tuple(zip(*columns, strict=True))


def _lower(classes: Classes, column: list[float], first: int) -> None:
    """What shares the class of one of them, or lies above it, goes a class below it."""
    top = classes.of(column[first])
    for i, value in enumerate(column):
        if i != first and classes.of(value) >= top:
            column[i] = classes.middle(top - 1)


@family("heatmap", Series, Categories, traits=("values", "written", "words", "title"), top_level=12)
def heatmap(draws: Draws, scene: Scene) -> Panel:
    """A table from a packaged domain, two kinds of names (or names and times) as rows and columns."""
    level, narrow = min(scene.level, 12), min(scene.width, scene.height) < 300
    text = scene.style.text
    wide = max(3, min(11, int((scene.width - 110) / ((3.6 if scene.width > 300 else 4.4) * text))))
    high = max(3, min(10, int((scene.height - 110) / (2.0 * text))))
    columns, sizes = how_many(draws, level, 3, wide)
    rows, series_sizes = how_many(draws, level, min(2 + level // 6, high - 1), high)
    flip = draws.chance(0.4)
    if flip:
        columns, rows, sizes, series_sizes = rows, columns, series_sizes, sizes
    longest = max(7, min(9 + level // 3, scene.width // 36))
    told = tell(draws, scene, series=rows, positions=columns, longest=longest)
    unit, values = told.words.unit, [value for row in told.grid.values for value in row]
    written = "values" in scene.needs or draws.chance(max(0.3, 0.8 - 0.06 * level))
    name = draws.choice(tuple(RAMPS))
    stepped = not written or (draws.chance(0.3) and not narrow)
    steps = min(finest(name), 5 + level // 4)
    classes = Classes.over(min(values), max(values), unit, steps) if stepped else None
    written |= classes is not None and "ranking" in scene.needs and classes.count < 4  # too few to be ranked by colour
    if classes and not written and scene.needs & {"ranking", "aggregation"}:
        one = "Categories" in scene.needs
        found = _ranked(draws, told.grid.values, classes) if one else _leading(told.grid.values, classes)
        told = told.mended(found)
    measure = told.words.measure[0].upper() + told.words.measure[1:]
    caption = f"{measure} ({unit.beside})" if unit.words else measure
    marks = Heatmap(
        told.grid,
        name,
        classes,
        written,
        flip,
        gap=draws.choice((0.0, 1.0, 2.0)),
        caption=caption if draws.chance(0.6) and not narrow else "",
        sizes=sizes,
        series_sizes=series_sizes,
    )
    across, up = told.grid.noun.capitalize(), told.grid.series_noun.capitalize()
    if flip:
        across, up = up, across
    named = draws.chance(0.35) and min(scene.width, scene.height) >= NARROW
    return Panel(marks, told.words, "heat map", told.title, across if named else "", up if named else "")


@dataclass(frozen=True, slots=True)
class TileMap:
    """Regions as square tiles at (column, row) from the top left, coloured by class. `written`: each value below its
    code; without, a tile stands for the middle of its class. `bar`: a colour bar instead of a legend of classes."""

    codes: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    values: tuple[float, ...]
    ramp: str
    classes: Classes
    written: bool
    bar: bool = False
    sizes: int = 1
    absent: tuple[str, ...] = ()

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        colours = ramp(self.ramp, self.classes.count)
        if self.bar:
            cell = _bar(self.classes, self.ramp, style, sheet, cell, "")
        else:
            cell = self._legend(colours, style, sheet, cell)
        x0, y0, x1, y1 = cell
        columns, rows = (max(place[k] for place in self.places) + 1 for k in (0, 1))
        side = min((x1 - x0 - 2 * EDGE) / columns, (y1 - y0 - 2 * EDGE) / rows, 80.0)
        line, unit = style.line, panel.words.unit
        texts = _fitting(self.values, unit, side - 4, side - line.height - 1, style) if self.written else []
        if side < max(widest(self.codes, style) + 4, line.height + 2):
            raise Unreadable("no room for the codes on the tiles")
        left, top = (x0 + x1 - side * columns) / 2, (y0 + y1 + side * rows) / 2
        pale = any(distance(colour, style.ground) < COLOURS_APART for colour in colours)
        edge = style.ink if style.outline or pale else style.ground
        for i, ((column, row), value) in enumerate(zip(self.places, self.values, strict=True)):
            x, y = left + (column + 0.5) * side, top - (row + 0.5) * side
            colour, half = colours[self.classes.of(value)], side / 2 - 0.75
            sheet.rect((x - half, y - half, x + half, y + half), colour, edge, 1.0, mark=i)
            shift = line.height / 2 if texts else 0.0
            ink = ink_on(colour)
            sheet.text(
                self.codes[i], x, y + shift, style.text, "name", up="center", colour=ink, ground=colour, inside=i
            )
            if texts:
                _write(texts[i], x, y - shift, colour, style, sheet, i)
        classes = None if self.written else self.classes
        items = [_item(code, value, (), classes) for code, value in zip(self.codes, self.values, strict=True)]
        span = self.classes.edges[-1]
        return [panel.categories(items, span=span, written=self.written, sizes=self.sizes, absent=self.absent)]

    def _legend(self, colours: tuple[Colour, ...], style: Style, sheet: Sheet, cell: Box) -> Box:
        tall = cell[3] - cell[1] > cell[2] - cell[0]
        for place in ("bottom", "right") if tall else ("right", "bottom"):
            try:
                return class_legend(self.classes, colours, style, sheet, cell, place)
            except Unreadable:
                continue
        raise Unreadable("no room for the legend of classes")


@family("tile_map", Categories, traits=("values", "written", "words", "title"), top_level=12)
def tile_map(draws: Draws, scene: Scene) -> Panel:
    """Part of a country as tiles, a few of which are in the highest classes."""
    level, side = min(scene.level, 12), min(scene.width, scene.height)
    beside, below = (70, 30) if scene.width >= scene.height else (50, 140)  # where the classes are explained
    columns, rows = max(3, min(12, (scene.width - beside) // 42)), max(3, min(8, (scene.height - below) // 46))
    count, sizes = how_many(draws, level, 5, max(7, min(32, columns * rows * 2 // 3)))
    found = draw_map(draws, count, columns, rows, sums="sums" in scene.needs)
    name = draws.choice(tuple(RAMPS))
    written = "values" in scene.needs or draws.chance(max(0.25, 0.7 - 0.05 * level))
    measure, unit, low, high = found.measure
    steps = min(finest(name), 5 + level // 4)
    units = 10**unit.decimals
    top = max(low + (high - low) * draws.uniform(0.4, 1.0), low + 2 * count / units)
    scale = range(round(low * units), round(top * units) + 1)
    values = [step / units for step in draws.sample(scale, count)]
    classes = Classes.over(min(values), max(values), unit, steps)
    written |= "ranking" in scene.needs and classes.count < 4  # too few to be ranked by colour
    if not written:
        values = _spread(draws, classes, count, 3 if "ranking" in scene.needs else 1)
    words = Words(found.noun, found.nouns, measure, unit, adds=measure in ADD)
    titled = (side >= NARROW and draws.chance(0.8)) or "title" in scene.needs
    title = draws.choice((f"{measure} by {found.noun}", f"{measure} in {found.where}")) if titled else ""
    marks = TileMap(
        found.codes,
        found.places,
        tuple(values),
        name,
        classes,
        written,
        bar=draws.chance(0.4),
        sizes=sizes,
        absent=found.absent,
    )
    return Panel(marks, words, "tile map", title[:1].upper() + title[1:])


def _spread(draws: Draws, classes: Classes, count: int, least: int) -> list[float]:
    """The middle of a class for each of so many tiles; the highest class or the two or three highest, `least` at least,
    have one each, so that there is a ranking to ask about."""
    alone = min(draws.integers(least, 4), classes.count - 1)
    highest = draws.integers(classes.count - 2, classes.count) if classes.count > alone + 2 else classes.count - 1
    chosen = [highest - k for k in range(alone)]
    chosen += [draws.integers(0, highest - alone + 1) for _ in range(count - alone)]
    return [classes.middle(i) for i in draws.shuffled(chosen)]
