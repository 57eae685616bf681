"""Treemaps: areas that fill a rectangle, flat or nested, laid out by the squarified method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from envs.address import Draws
from envs.drawing.colour import Colour, ink_on
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.around import EDGE
from envs.figures.base import Panel, Style, Words
from envs.figures.counts import NARROW, TOP
from envs.figures.kinds import draw_things, draw_values, titled
from envs.figures.legend import legend
from envs.figures.trees import Tree, draw_tree
from envs.registry import Scene, family
from envs.views import Categories, Item, View
from envs.views_tree import Hierarchy

AREAS_APART = 0.2  # areas are judged poorly: two are ranked by eye only if they differ by this share of the larger
SMALLEST_AREA = 60.0  # square pixels by which they must differ at least
PAD = 3.0  # pixels between a name and the edge of its tile
SEAM = 3.0  # pixels between the tiles of two parents


@dataclass(frozen=True, slots=True)
class Treemap:
    """Named values as areas. `corner` says where the largest goes: 0 top left, 1 top right, 2 bottom left, 3 bottom
    right."""

    names: tuple[str, ...]
    values: tuple[float, ...]
    written: bool
    corner: int
    sizes: int = 1
    absent: tuple[str, ...] = ()

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Categories]:
        x0, y0, x1, y1 = cell
        tiles = squarify(self.values, (x0 + EDGE, y0 + EDGE, x1 - EDGE, y1 - EDGE), self.corner)
        colours = style.colours(len(tiles))
        for i, (name, tile) in enumerate(zip(self.names, tiles, strict=True)):
            value = panel.words.unit.write(self.values[i]) if self.written else ""
            draw_tile(i, name, value, tile, colours[i], style, sheet)
        items = (
            Item(name, value, 0.0 if self.written else float("inf"), _area(tile))
            for name, value, tile in zip(self.names, self.values, tiles, strict=True)
        )
        return [
            panel.categories(
                items,
                span=max(self.values) if self.written else float("inf"),
                written=self.written,
                gap=AREAS_APART,
                apart_px=SMALLEST_AREA,
                sizes=self.sizes,
                absent=self.absent,
            )
        ]


@dataclass(frozen=True, slots=True)
class NestedTreemap:
    """Parts of parts as areas within areas. `heads`: each parent's name stands on a strip above its parts, which then
    are true to scale within a parent only and always have their values written; otherwise a legend tells parents by
    colour, at `place`."""

    tree: Tree
    written: bool
    heads: bool
    place: str  # "right", "top" or "bottom"
    corner: int

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        beside = {"right": "bottom", "top": "right", "bottom": "right"}[self.place]
        ways = [self.place, beside, ""] if not self.heads else ["", self.place]
        for way in ways if self.written else [way for way in ways if way]:
            start = sheet.bookmark()
            try:
                areas = self._tiles(panel, style, cell, sheet, way)
            except Unreadable as reason:
                last = reason
                sheet.rewind(start)
                continue
            view = self.tree.view(areas, written=self.written, gap=AREAS_APART, apart_px=SMALLEST_AREA)
            return [view, *view.slices()]
        raise last

    def _tiles(self, panel: Panel, style: Style, cell: Box, sheet: Sheet, place: str) -> list[list[float]]:
        """Draws all tiles, with a legend at `place` or with strips where that is ''; the areas of the parts."""
        tree = self.tree
        colours = style.palette[: len(tree.parents)]
        if place:
            cell = legend(list(zip(tree.parents, colours, strict=True)), style, sheet, cell, place)
        x0, y0, x1, y1 = cell
        outer = squarify(tree.totals, (x0 + EDGE, y0 + EDGE, x1 - EDGE, y1 - EDGE), self.corner)
        index, areas = 0, []
        for i, box in enumerate(outer):
            inner = box if place else self._head(i, box, style, sheet)
            tiles = squarify(tree.values[i], inner, self.corner)
            for name, number, tile in zip(tree.parts[i], tree.values[i], tiles, strict=True):
                value = panel.words.unit.write(number) if self.written else ""
                draw_tile(index, name, value, tile, colours[i], style, sheet)
                index += 1
            areas.append([_area(tile) for tile in tiles])
        for left, low, right, top in outer if place else ():  # parents lie further apart than their parts
            sheet.line([(left, low), (right, low), (right, top), (left, top), (left, low)], style.ground, SEAM)
        return areas

    def _head(self, i: int, box: Box, style: Style, sheet: Sheet) -> Box:
        """A strip with the name of a parent along the top of its box; what is left of the box."""
        x0, y0, x1, y1 = box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1
        name, depth = self.tree.parents[i], style.line.height + 4
        if style.width(name) + 2 * PAD > x1 - x0 or y1 - y0 < 2.5 * depth:
            raise Unreadable("no room for the name of a parent")
        sheet.rect((x0, y1 - depth, x1, y1), style.ink)
        sheet.text(
            name, x0 + PAD, y1 - depth / 2, style.text, "parent", across="left", up="center",
            colour=ink_on(style.ink), ground=style.ink,
        )  # fmt: skip
        return x0, y0, x1, y1 - depth


def squarify(values: Sequence[float], box: Box, corner: int) -> list[Box]:
    """A tile for each value, of an area in proportion, as near to squares as they come.

    Rows are filled along the shorter side from the largest value down, and closed when another tile would make the
    worst one longer (Bruls, Huizing, van Wijk 2000, section 3).
    """
    x0, y0, x1, y1 = box
    scale = (x1 - x0) * (y1 - y0) / sum(values)
    order = sorted(range(len(values)), key=lambda i: -values[i])
    tiles: list[Box] = [box] * len(values)
    left, low, right, top = x0, y0, x1, y1
    while order:
        side = min(right - left, top - low)
        row: list[int] = []
        while order and (not row or _worst(row, values, scale, side) >= _worst([*row, order[0]], values, scale, side)):
            row.append(order.pop(0))
        depth = scale * sum(values[i] for i in row) / side
        along = 0.0
        for i in row:
            length = scale * values[i] / depth
            if right - left >= top - low:  # a column at the left, filled from the top
                tiles[i] = (left, top - along - length, left + depth, top - along)
            else:
                tiles[i] = (left + along, top - depth, left + along + length, top)
            along += length
        if right - left >= top - low:
            left += depth
        else:
            top -= depth
    return [_mirrored(tile, box, corner) for tile in tiles]


def _worst(row: list[int], values: Sequence[float], scale: float, side: float) -> float:
    """How far from a square the worst tile of a row is."""
    depth = scale * sum(values[i] for i in row) / side
    lengths = [scale * values[i] / depth for i in row]
    return max(max(length / depth, depth / length) for length in lengths)


def _mirrored(tile: Box, box: Box, corner: int) -> Box:
    x0, y0, x1, y1 = tile
    if corner & 1:
        x0, x1 = box[0] + box[2] - x1, box[0] + box[2] - x0
    if corner & 2:
        y0, y1 = box[1] + box[3] - y1, box[1] + box[3] - y0
    return x0, y0, x1, y1


def _area(tile: Box) -> float:
    return (tile[2] - tile[0]) * (tile[3] - tile[1])


def draw_tile(i: int, name: str, value: str, tile: Box, fill: Colour, style: Style, sheet: Sheet) -> None:
    """A tile with its name and its value on it, in one line or two, upright where the tile is narrow."""
    x0, y0, x1, y1 = tile
    sheet.rect(tile, fill, style.ground, 1.5, mark=i)
    wide, high, step = x1 - x0 - 2 * PAD, y1 - y0 - 2 * PAD, style.line.height
    both = [name, value] if value else [name]
    one = " ".join(both)
    ways = [(both, 0.0), ([one], 0.0), (both, 90.0), ([one], 90.0)]
    for lines, angle in ways:
        needed = (max(style.width(line) for line in lines), step * len(lines))
        if angle and min(map(len, lines)) == 1:
            continue  # a single letter never turns
        if needed[angle > 0] <= wide and needed[angle == 0] <= high:
            break
    else:
        raise Unreadable("a name does not fit its tile")
    across = wide if angle else high
    step = min(step + 3, across / len(lines))  # as much air between the lines as there is room for
    x, y, ink = (x0 + x1) / 2, (y0 + y1) / 2, ink_on(fill)
    for k, line in enumerate(lines):
        off = step * ((len(lines) - 1) / 2 - k)
        at = (x, y + off) if not angle else (x - off, y)
        role = "value" if line == value else "name"
        sheet.text(line, *at, style.text, role, up="center", angle=angle, colour=ink, ground=fill, inside=i)


def _most(scene: Scene, level: int) -> tuple[int, int]:
    """How many tiles a picture has room for, and how long their names may be."""
    longest = min(6 + level // 2, 11, max(5, scene.width // 38))
    tile = (0.68 * scene.style.text * longest + 8) * (2.6 * scene.style.text + 8)
    return int(0.32 * scene.width * scene.height / tile), longest


@family("treemap", Categories, traits=("values", "words", "title"), top_level=TOP, smallest=200)
def treemap(draws: Draws, scene: Scene) -> Panel:
    """Values of things as areas, one level deep."""
    level = min(scene.level, TOP)
    room, longest = _most(scene, level)
    high = max(4, min(6 + 4 * level // 3, room, 22))
    low = max(3, min(3 + level, high - 4))
    count = draws.integers(low, high + 1)
    (things,), measure = draw_things(draws, scene, (count,), longest, parts=True)
    what = measure.name[0].upper() + measure.name[1:]
    written = draws.chance(max(0.25, 0.8 - 0.07 * level)) or "values" in scene.needs
    marks = Treemap(
        things.names,
        tuple(draw_values(draws, measure, count, 0.25, clear=0.0 if written else AREAS_APART)),
        written,
        draws.integers(0, 4),
        high - low + 1,
        things.spare,
    )
    title = titled(draws, scene, [f"{what} by {things.noun}", f"{things.nouns.capitalize()} and their {measure.name}"])
    return Panel(marks, Words(things.noun, things.nouns, measure.name, measure.unit), "treemap", title)


@family("nested_treemap", Hierarchy, Categories, traits=("values", "words", "title"), top_level=TOP, smallest=200)
def nested_treemap(draws: Draws, scene: Scene) -> Panel:
    """Parts of parts as areas, in one of two ways to tell the parents."""
    level = min(scene.level, TOP)
    room, longest = _most(scene, level)
    heads = min(scene.width, scene.height) >= NARROW and draws.chance(0.5)
    written = heads or draws.chance(max(0.25, 0.8 - 0.07 * level)) or "values" in scene.needs
    tree = draw_tree(
        draws,
        scene,
        most=max(4, min(6 + level, room)),
        parents=min(6, len(scene.style.palette)),
        longest=longest,
        smallest=0.3,
        clear=0.0 if written else AREAS_APART,
    )
    place = draws.choice(("right", "top", "bottom"))
    marks = NestedTreemap(tree, written, heads, place, draws.integers(0, 4))
    return Panel(marks, tree.words, "treemap", tree.title)
