"""Small multiples: panels of one family that differ in one thing, each with a legend of its own or all with one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from envs.address import Draws
from envs.data import Grid, draw_alike
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.areas import Areas
from envs.figures.bars import Bars
from envs.figures.base import Marks, Panel, Words, widest
from envs.figures.columns import PLACES, Columns, least_share
from envs.figures.counts import NARROW
from envs.figures.legend import legend
from envs.figures.lines import Lines
from envs.figures.lollipop import RADII, Lollipops
from envs.figures.pie import Pie, colours_around
from envs.figures.strokes import draw_pens, draw_place, key, led, line_colours, parted, value_range
from envs.figures.tables import lifted, too_close, window
from envs.figures.topics import tell
from envs.registry import Scene

NUMBERS = 0.15  # of the width of a panel: the widest written value
LED_ALIKE = 0.4  # of figures whose panels are compared
TRIES = 8  # tables drawn until one suits
Legend = Callable[[Sheet, Box], Box]


@dataclass(frozen=True, slots=True)
class Alike:
    """A table for each panel, of the same series, positions and measure. `sizes`: how many numbers of series and of
    positions were possible; `side`: that of the legend which all panels share, "" where each has its own."""

    grids: tuple[Grid, ...]
    words: Words
    sizes: tuple[int, int]
    side: str

    @property
    def series(self) -> tuple[str, ...]:
        return self.grids[0].series


Made = tuple[Sequence[Marks], Legend | None]


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of chart that all panels show. `wide` and `high` are the pixels that a panel needs; `several`: it shows
    several series; `ordered`: its positions are times (None: either); `parts`: values add up; `pixels` that a position
    takes. `written`: values are written wherever they are asked for, so that those of several panels can be reckoned
    with."""

    chart: str
    make: Callable[[Draws, Scene, Alike], Made]
    wide: float
    high: float
    pixels: float
    several: bool = False
    ordered: bool | None = None
    parts: bool = False
    written: bool = False
    traits: frozenset[str] = frozenset()

    def fits(self, scene: Scene) -> bool:
        """Whether there is room, and whether what is asked can be asked of it."""
        asked = scene.needs
        sure = self.written or not {"values", "cross-panel"} <= asked
        askable = self.several or "Series" not in asked
        whole = "whole" in self.traits and ("sums" in asked or scene.unfit & self.traits)
        return scene.width >= self.wide and scene.height >= self.high and sure and askable and not whole


def forms(scene: Scene) -> list[Form]:
    """What panels of this scene may be, all of them."""
    return [form for form in FORMS if form.fits(scene)]


def multiples(draws: Draws, scene: Scene, count: int) -> tuple[list[Panel], Legend | None]:
    """So many panels, and the legend that they share, if any; `scene` is that of one panel."""
    form = draws.choice(forms(scene))
    shared = min(scene.width, scene.height) < NARROW or draws.chance(0.6)
    side = draws.choice(PLACES[1:]) if shared else ""
    alike, subjects = _draw_alike(draws, scene, form, count)
    marks, written = form.make(draws, scene, replace(alike, side=side))
    words = alike.words
    if "whole" in form.traits:
        words = replace(words, measure=f"share of {words.measure}")
    panels = [
        Panel(mark, words, form.chart, title=name, subject=name) for mark, name in zip(marks, subjects, strict=True)
    ]
    return panels, written


def _draw_alike(draws: Draws, scene: Scene, form: Form, count: int) -> tuple[Alike, tuple[str, ...]]:
    """The tables, and the name that each is about."""
    longest = max(5, scene.width // 30)
    lines, line_sizes = window(draws, scene, 2, 4, len(line_colours(scene.style)), 2) if form.several else (1, 1)
    wide = form.pixels * lines
    if form.parts and form.several and scene.reckons:
        wide = max(wide, scene.style.width("00000") + 4)  # a value is written on each bar of a stack
    room = (min(scene.width, scene.height) - 80) / wide
    positions, sizes = window(draws, scene, 5, 12, room)
    held: Alike | None = None
    names: tuple[str, ...] = ()
    for _ in range(TRIES):  # until there are tables, with numbers that are short enough for a narrow panel
        told = tell(
            draws,
            scene,
            series=lines,
            positions=positions,
            ordered=form.ordered,
            longest=longest,
            parts=form.parts,
            counted=False,
        )
        noun, tables = draw_alike(draws, told.grid, count, test=scene.test, level=scene.level, longest=longest + 4)
        if not tables:
            continue
        held = Alike(tuple(tables.values()), replace(told.words, subject=noun), (line_sizes, sizes), "")
        names = tuple(tables)
        highest = [told.words.unit.write(max(map(max, grid.values))) for grid in held.grids]
        if widest(highest, scene.style) <= NUMBERS * scene.width:
            break
    if held and lines == 1 and "cross-panel" in scene.needs and draws.chance(LED_ALIKE):
        held = replace(held, grids=_led_alike(draws, held.grids))
    if not held:
        raise Unreadable(f"no domain has {count} tables alike")
    return held, names


def _led_alike(draws: Draws, grids: tuple[Grid, ...]) -> tuple[Grid, ...]:
    """The tables, one of them with its largest value where another has it: by chance few lead alike."""
    model, k = draws.sample(range(len(grids)), 2)
    first, row = grids[model].values[0], list(grids[k].values[0])
    i, j = first.index(max(first)), row.index(max(row))
    row[i], row[j] = row[j], row[i]
    return (*grids[:k], replace(grids[k], values=(tuple(row), *grids[k].values[1:])), *grids[k + 1 :])


# Forms: the marks of all panels, drawn alike, and the legend that they share


def _bars(draws: Draws, scene: Scene, alike: Alike) -> Made:
    lying, written = draws.chance(0.6), draws.chance(0.6) or "values" in scene.needs
    sizes = alike.sizes[1]
    return [
        Bars(grid.positions, grid.values[0], lying, written, insist=written, sizes=sizes, absent=grid.absent)
        for grid in alike.grids
    ], None


def _lollipops(draws: Draws, scene: Scene, alike: Alike) -> Made:
    lying, radius, asked = draws.chance(0.6), draws.choice(RADII[:2]), "values" in scene.needs
    written = draws.chance(0.5) or asked or any(too_close(scene, grid.values[0]) for grid in alike.grids)
    sizes = alike.sizes[1]
    return [Lollipops(grid, lying, written, radius, sizes, asked=asked, close=written) for grid in alike.grids], None


def _pies(draws: Draws, scene: Scene, alike: Alike) -> Made:
    return _discs(draws, scene, alike, 0.0)


def _donuts(draws: Draws, scene: Scene, alike: Alike) -> Made:
    return _discs(draws, scene, alike, draws.choice((0.4, 0.5, 0.6)))


def _discs(draws: Draws, scene: Scene, alike: Alike, hole: float) -> Made:
    names = alike.grids[0].positions
    shared = bool(alike.side) and len(names) <= len(scene.style.palette)
    own = not shared and scene.width > 1.3 * scene.height
    start = float(draws.choice((90, 0, draws.integers(0, 360))))
    written = draws.chance(0.6) or "values" in scene.needs
    marks = [
        Pie(
            names,
            grid.values[0],
            written,
            0,
            start,
            legend=shared or own,
            sizes=alike.sizes[1],
            absent=grid.absent,
            hole=hole,
            shared=shared,
        )
        for grid in alike.grids
    ]
    colours = colours_around(scene.style, len(names))
    entries = list(zip(names, colours, strict=True))
    return marks, (lambda sheet, cell: legend(entries, scene.style, sheet, cell, alike.side)) if shared else None


def _lines(draws: Draws, scene: Scene, alike: Alike) -> Made:
    grids, count = _clear(draws, scene, alike), len(alike.series)
    pens = draw_pens(draws, scene, count, markers=0.7)
    low, high = value_range(draws, tuple(row for grid in grids for row in grid.values), alike.words.unit)
    same = draws.chance(0.5)  # axis for all panels
    place = "" if alike.side else draw_place(draws, scene, count)
    inset, asked = draws.choice((0.2, 0.3, 0.5)), "values" in scene.needs
    written = draws.chance(0.4) or asked if count == 1 else scene.reckons
    marks = []
    for grid in grids:
        ends = (low, high) if same else value_range(draws, grid.values, alike.words.unit)
        marks.append(Lines(grid, *ends, pens, written, place, alike.sizes, asked=asked, inset=inset))
    colours = line_colours(scene.style)[:count]
    if count == 1 or not alike.side:
        return marks, None
    return marks, lambda sheet, cell: key(alike.series, colours, pens, scene.style, sheet, cell, alike.side)


def _areas(draws: Draws, scene: Scene, alike: Alike) -> Made:
    grids = _clear(draws, scene, alike)
    top = draws.uniform(1.02, 1.12) * max(value for grid in grids for row in grid.values for value in row)
    same = draws.chance(0.5)
    strength, rim, inset = draws.choice((0.3, 0.6, 1.0)), draws.choice((1.6, 2.0)), draws.choice((0.0, 0.2, 0.5))
    return [
        Areas(
            grid,
            top if same else 1.08 * max(grid.values[0]),
            stack=False,
            full=False,
            strength=strength,
            rim=rim,
            written=False,
            place="",
            sizes=alike.sizes,
            asked="values" in scene.needs,
            inset=inset,
        )
        for grid in grids
    ], None


def _clear(draws: Draws, scene: Scene, alike: Alike) -> tuple[Grid, ...]:
    """The tables, values moved so that lines can be told apart, or a single one has a clear peak."""
    share, decimals = 5.5 / (0.65 * (min(scene.width, scene.height) - 60)), alike.words.unit.decimals
    if len(alike.series) == 1:
        return tuple(replace(grid, values=(led(grid.values[0], decimals, share),)) for grid in alike.grids)
    return tuple(replace(grid, values=parted(grid.values, decimals, min(share, 0.2))) for grid in alike.grids)


def _groups(draws: Draws, scene: Scene, alike: Alike) -> Made:
    return _columns(draws, scene, alike, alike.grids, stack=False)


def _stacks(draws: Draws, scene: Scene, alike: Alike) -> Made:
    share, decimals = least_share(scene, False), alike.words.unit.decimals
    grids = [replace(grid, values=lifted(grid.values, decimals, share)) for grid in alike.grids]
    return _columns(draws, scene, alike, grids, stack=True)


def _columns(draws: Draws, scene: Scene, alike: Alike, grids: Sequence[Grid], *, stack: bool) -> Made:
    lying, asked = draws.chance(0.5), "values" in scene.needs
    written = draws.chance(0.4 if stack else 0.2) or scene.reckons
    place = "" if alike.side else draws.choice(PLACES)
    marks = [Columns(grid, stack, lying, written, place, alike.sizes, asked=asked) for grid in grids]
    entries = list(zip(alike.series, scene.style.palette))
    if not alike.side:
        return marks, None
    return marks, lambda sheet, cell: legend(entries, scene.style, sheet, cell, alike.side)


FORMS = (
    Form("bar chart", _bars, 140, 140, 16.0, written=True),
    Form("lollipop chart", _lollipops, 200, 155, 18.0, written=True),
    Form("pie chart", _pies, 150, 150, 25.0, ordered=False, parts=True, written=True, traits=frozenset({"whole"})),
    Form("donut chart", _donuts, 200, 150, 25.0, ordered=False, parts=True, written=True, traits=frozenset({"whole"})),
    Form("line chart", _lines, 145, 170, 14.0, ordered=True),
    Form("area chart", _areas, 145, 170, 14.0, ordered=True),
    Form("line chart", _lines, 145, 170, 7.0, several=True, ordered=True),
    Form("grouped bar chart", _groups, 180, 150, 8.0, several=True),
    Form("stacked bar chart", _stacks, 145, 200, 9.0, several=True, parts=True),
)
