"""Sankey diagrams: flows between columns of nodes, as wide as they are large."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from envs.address import Draws
from envs.drawing.colour import Colour, contrast, ink_on, mix
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.around import EDGE
from envs.figures.base import Panel, Style, Words, widest
from envs.figures.counts import TOP
from envs.figures.kinds import draw_things, titled
from envs.registry import Scene, family
from envs.views import APART, Item
from envs.views_links import Links

BAR = 11.0  # pixels, the width of a node whose name stands beside it
GAP = 9.0  # pixels between two nodes of a column, at least
THINNEST = 5.0  # pixels of a flow
BEND = 24  # corners of each edge of a flow
HANDLE = 0.64  # of the way across: how long the handles of a flow's curves are; longer ones are flatter at their ends
PAD = 5.0  # pixels between a bar and its name


@dataclass(frozen=True, slots=True)
class Sankey:
    """Flows (from, to, value) between nodes of neighbouring columns, by the names of the nodes; every node has one.

    `written`: the value on each flow, near where it starts. `coloured`: flows have the colour of where they start.
    """

    columns: tuple[tuple[str, ...], ...]
    flows: tuple[tuple[str, str, float], ...]
    written: bool
    insist: bool
    coloured: bool
    sizes: int
    edge_counts: int

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Links]:
        x0, y0, x1, y1 = cell
        line = style.line
        left = x0 + EDGE + widest(self.columns[0], style) + PAD
        right = x1 - EDGE - widest(self.columns[-1], style) - PAD
        # Nodes in the middle have their names on them.
        wide = [BAR, *(widest(column, style) + 8 for column in self.columns[1:-1]), BAR]
        step = (right - left - wide[-1]) / (len(self.columns) - 1)
        if step - max(wide[:-1]) < 60:
            raise Unreadable("the columns are too close")
        middle = (left + right - wide[1]) / 2
        starts = [left, right - BAR] if len(self.columns) == 2 else [left, middle, right - BAR]
        low, high = y0 + EDGE + line.height / 2, y1 - EDGE - line.height / 2
        gap = max(GAP, line.height + 2 - 0.4 * (high - low) / max(map(len, self.columns)))
        room = high - low - gap * (max(map(len, self.columns)) - 1)
        px = room / max(sum(self._total(name) for name in column) for column in self.columns)
        bars: dict[str, Box] = {}
        for column, start, width in zip(self.columns, starts, wide, strict=True):
            heights = [px * self._total(name) for name in column]
            spare = (high - low - sum(heights)) / max(1, len(column) - 1)
            between = min(spare, 2.5 * gap)
            top = (low + high + sum(heights) + between * (len(column) - 1)) / 2
            for name, height in zip(column, heights, strict=True):
                bars[name] = (start, top - height, start + width, top)
                top -= height + between
        written = self._flows(bars, px, style, panel, sheet)
        self._nodes(bars, style, sheet)
        return [self._view(panel, px, written)]

    def _total(self, name: str) -> float:
        """The larger side of a node; where it is not in an outer column both are alike."""
        sums = [sum(flow[2] for flow in self.flows if flow[end] == name) for end in (0, 1)]
        return max(sums)

    def _colour(self, name: str, style: Style) -> Colour:
        order = [each for column in self.columns for each in column]
        return style.palette[order.index(name) % len(style.palette)]

    def _flows(self, bars: dict[str, Box], px: float, style: Style, panel: Panel, sheet: Sheet) -> bool:
        """Draws the flows, those of a node stacked in the order of the nodes they meet; whether values are written."""
        place = {name: (k, i) for k, column in enumerate(self.columns) for i, name in enumerate(column)}
        out = {name: box[3] for name, box in bars.items()}
        into = dict(out)
        ends: dict[tuple[str, str], list[float]] = {}
        for source, target, value in sorted(self.flows, key=lambda f: (place[f[0]], place[f[1]])):
            ends[source, target] = [out[source]]
            out[source] -= px * value
        for source, target, value in sorted(self.flows, key=lambda f: (place[f[1]], place[f[0]])):
            ends[source, target].append(into[target])
            into[target] -= px * value
        if any(px * value < THINNEST for _, _, value in self.flows):
            raise Unreadable("a flow is too thin")
        outlines = [
            ribbon((bars[source][2], ends[source, target][0]), (bars[target][0], ends[source, target][1]), px * value)
            for source, target, value in self.flows
        ]
        texts = [panel.words.unit.write(value) for _, _, value in self.flows]
        seats = [
            _seat(outline, outlines, style.width(text), style.line.digit) for outline, text in zip(outlines, texts)
        ]
        written = self.written and None not in seats
        if self.insist and not written:
            raise Unreadable("the flows are too thin for their values")
        fills = []
        for source, _, _ in self.flows:
            base = self._colour(source, style) if self.coloured else style.ink
            fills.append((mix(base, style.ground, 0.62 if self.coloured else 0.8), mix(base, style.ground, 0.25)))
        # The largest lie lowest; the edges of all are drawn over them, so that what is covered can be followed.
        for k in sorted(range(len(outlines)), key=lambda k: -self.flows[k][2]):
            sheet.polygon(outlines[k], fills[k][0], mark=k)
        for outline, (_, edge) in zip(outlines, fills, strict=True):
            half = len(outline) // 2
            sheet.line(outline[:half], edge, 0.8)
            sheet.line(outline[half:], edge, 0.8)
        for k, (text, seat) in enumerate(zip(texts, seats, strict=True)):
            if written and seat:
                fill = fills[k][0]
                ink = style.ink if contrast(style.ink, fill) >= 7 else ink_on(fill)
                sheet.text(text, *seat, style.text, "value", up="center", colour=ink, ground=fill, inside=k)
        return written

    def _nodes(self, bars: dict[str, Box], style: Style, sheet: Sheet) -> None:
        first, last = self.columns[0], self.columns[-1]
        for i, (name, box) in enumerate(bars.items(), len(self.flows)):
            fill = self._colour(name, style)
            sheet.rect(box, fill, style.ink if style.outline else None, 1.0 if style.outline else 0.0, mark=i)
            y = (box[1] + box[3]) / 2
            if name in first:
                sheet.text(name, box[0] - PAD, y, style.text, "name", across="right", up="center")
            elif name in last:
                sheet.text(name, box[2] + PAD, y, style.text, "name", across="left", up="center")
            elif box[3] - box[1] < style.line.height:
                raise Unreadable("a node is too low for its name")
            else:
                ink = ink_on(fill)
                x = (box[0] + box[2]) / 2
                sheet.text(name, x, y, style.text, "name", up="center", colour=ink, ground=fill, inside=i)

    def _view(self, panel: Panel, px: float, written: bool) -> Links:
        edges = tuple(
            Item(f"{source} to {target}", value, 0.0 if written else float("inf"), px * value, (source, target))
            for source, target, value in self.flows
        )
        return Links(
            nodes=tuple(name for column in self.columns for name in column),
            edges=edges,
            directed=True,
            weighted=True,
            noun=panel.words.noun,
            nouns=panel.words.nouns,
            link="flow",
            links="flows",
            columns=self.columns,
            measure=panel.words.measure,
            unit=panel.words.unit,
            written=written,
            span=max(value for _, _, value in self.flows) if written else float("inf"),
            apart_px=APART,
            sizes=self.sizes,
            edge_counts=self.edge_counts,
        )


def ribbon(start: Point, end: Point, deep: float) -> list[Point]:
    """The outline of a flow between two upper corners, level at both ends: two S curves (cubics with level
    handles)."""
    near, far = start[0] + HANDLE * (end[0] - start[0]), end[0] - HANDLE * (end[0] - start[0])
    upper = [
        (
            (1 - t) ** 3 * start[0] + 3 * t * (1 - t) * ((1 - t) * near + t * far) + t**3 * end[0],
            ((1 - t) ** 3 + 3 * t * (1 - t) ** 2) * start[1] + (3 * t * t * (1 - t) + t**3) * end[1],
        )
        for t in (k / BEND for k in range(BEND + 1))
    ]
    return upper + [(x, y - deep) for x, y in reversed(upper)]


def _seat(outline: list[Point], outlines: list[list[Point]], width: float, height: float) -> Point | None:
    """The middle of a text at the beginning of a flow, or else at its end; None if it does not lie on it wholly, or
    touches another one."""
    start, end = outline[0][0], outline[BEND][0]
    for left in (start + 4, end - 4 - width):
        among = [i for i in range(BEND + 1) if left - 4 <= outline[i][0] <= left + width + 4]
        high, low = _band(outline, among)
        middle = (high + low) / 2
        if not start < left < left + width < end or high - low < height + 2:
            continue
        others = [_hull(other, among) for other in outlines if other is not outline and other[0][0] == start]
        if not any(low < middle + height / 2 + 1 and high > middle - height / 2 - 1 for high, low in others):
            return left + width / 2, middle
    return None


def _band(outline: list[Point], among: list[int]) -> Point:
    """Upper and lower end of what a flow covers everywhere between these corners."""
    deep = outline[0][1] - outline[-1][1]
    return min(outline[i][1] for i in among), max(outline[i][1] for i in among) - deep


def _hull(outline: list[Point], among: list[int]) -> Point:
    """Upper and lower end of what a flow covers anywhere between these corners."""
    deep = outline[0][1] - outline[-1][1]
    return max(outline[i][1] for i in among), min(outline[i][1] for i in among) - deep


def _split(draws: Draws, total: int, count: int, least: int) -> list[int]:
    """A total in so many whole parts, each at least `least`, no two alike where that can be."""
    for _ in range(20):
        cuts = sorted(draws.integers(0, total - count * least + 1) for _ in range(count - 1))
        parts = [b - a + least for a, b in zip([0, *cuts], [*cuts, total - count * least], strict=True)]
        if len(set(parts)) == count:
            break
    return parts


@family(
    "sankey",
    Links,
    traits=("values", "words", "title", "arrows", "flows"),
    top_level=TOP,
    smallest={"": 200, "values": 250},  # shorter flows bend too soon to have their values on them
)
def sankey(draws: Draws, scene: Scene) -> Panel:
    """Flows between things of two kinds, in three columns back to the first kind. Levels add nodes and flows."""
    level, side = min(scene.level, TOP), min(scene.width, scene.height)
    insist = "values" in scene.needs
    written = insist or draws.chance(max(0.25, 0.8 - 0.07 * level))
    # Flows between three columns are short, and bend too soon to have their values on them in a narrow picture.
    triple = draws.chance(0.4) and level >= 2 and scene.width >= (560 if insist else 400)
    longest = min(6 + level // 2, 10, max(4, scene.width // (56 if insist else 45)))
    # `most` flows between two columns, and `high` nodes in one.
    room = side // ((84 if triple else 56) if written else (45 if triple else 22))
    most = max(4 if written and side < 300 else 5, min(6 + level, room))
    high = max(3, min(3 + level // 3, (most + 1) // 2, side // 60))
    by_count, node_counts = _shapes(high, most)
    wanted = draws.choice(tuple(by_count))
    total = draws.choice(sorted({sum(pair) for pair in by_count[wanted]}))
    first, second = draws.choice([pair for pair in by_count[wanted] if sum(pair) == total])
    sizes = [first, min(3, second), second] if triple else [first, second]
    longest = min(longest, 7) if triple else longest
    counts = (sizes[0] + (sizes[2] if triple else 0), sizes[1])
    (ends, others), measure = draw_things(draws, scene, counts, longest, parts=True)
    columns = [ends.names[: sizes[0]], others.names, *([ends.names[sizes[0] :]] if triple else [])]
    digit = 10**measure.unit.decimals
    top = round((measure.low + (0.2 + 0.8 * draws.random()) * (measure.high - measure.low)) * digit)
    for _ in range(10):  # until one flow is the largest of all, and one source has a flow that is clearly its largest
        flows = _first(draws, columns[0], columns[1], wanted, max(top, 40), 0.45 if written else 0.3)
        clear = any(_clear([step for source, _, step in flows if source == name]) for name in columns[0])
        if triple:
            flows += _second(draws, flows, columns[1], columns[2])
        largest, next_one = sorted((step for _, _, step in flows), reverse=True)[:2]
        if clear and largest > next_one:
            break
    title = titled(
        draws,
        scene,
        [
            f"{measure.name[0].upper()}{measure.name[1:]} from {ends.noun} to {others.noun}",
            f"{measure.name[0].upper()}{measure.name[1:]}: where it goes",
        ],
    )
    marks = Sankey(
        tuple(columns),
        tuple((source, target, step / digit) for source, target, step in flows),
        written,
        insist,
        draws.chance(0.6),
        node_counts,
        len(by_count),
    )
    return Panel(marks, Words("node", "nodes", measure.name, measure.unit), "sankey diagram", title)


Flow = tuple[str, str, int]


def _clear(steps: list[int]) -> bool:
    """Whether one of several flows is clearly the largest."""
    order = sorted(steps, reverse=True)
    return len(order) > 1 and order[0] * 0.85 > order[1]


@cache
def _shapes(high: int, most: int) -> tuple[dict[int, list[tuple[int, int]]], int]:
    """By number of flows the numbers of nodes in two columns that can have so many: each node one, and one of the first
    column two, but not every pair.

    And how many numbers of nodes a guess is up against: one over the chance of the likeliest.
    """
    pairs = [(a, b) for a in range(2, high + 1) for b in range(2, high + 1)]
    by_count = {}
    for count in range(3, most + 1):
        if fit := [(a, b) for a, b in pairs if max(a + 1, b) <= count < a * b]:
            by_count[count] = fit
    chances: dict[int, float] = defaultdict(float)
    for fit in by_count.values():
        totals = {a + b for a, b in fit}
        for total in totals:
            chances[total] += 1 / len(totals) / len(by_count)
    return by_count, int(1 / max(chances.values()))


def _first(
    draws: Draws, sources: tuple[str, ...], targets: tuple[str, ...], wanted: int, top: int, least: float
) -> list[Flow]:
    """So many flows in whole steps from the share `least` of `top` up to it: each node has one, but not every pair."""
    pairs = [(a, b) for a in sources for b in targets]
    left, right = draws.shuffled(sources), draws.shuffled(targets)
    kept = {(left[k % len(left)], right[k % len(right)]) for k in range(max(len(left), len(right)))}
    rest = draws.shuffled([pair for pair in pairs if pair not in kept])
    chosen = {*kept, *rest[: max(0, min(wanted, len(pairs) - 1) - len(kept))]}
    steps: list[int] = []
    while len(steps) < len(chosen):
        step = draws.integers(int(least * top), top + 1)
        if step not in steps:
            steps.append(step)
    return [(a, b, steps.pop()) for a, b in pairs if (a, b) in chosen]


def _second(draws: Draws, flows: list[Flow], middle: tuple[str, ...], targets: tuple[str, ...]) -> list[Flow]:
    """What comes into each node of the middle column goes on to one or more of the last, all of which get some."""
    chosen: dict[str, list[str]] = {name: [] for name in middle}
    for target in targets:
        chosen[draws.choice(middle)].append(target)
    found: list[Flow] = []
    for name, ends in chosen.items():
        total = sum(step for _, target, step in flows if target == name)
        ends += [draws.choice(targets)] if not ends else []
        free = [target for target in targets if target not in ends]
        if free and draws.chance(0.6):
            ends.append(draws.choice(free))
        parts = _split(draws, total, len(ends), max(1, int(0.6 * total / len(ends))))
        found += [(name, target, part) for target, part in zip([t for t in targets if t in ends], parts, strict=True)]
    return found
