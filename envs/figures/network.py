"""Nodes and the lines between them, with or without arrow heads, with or without weights written on the lines."""

from __future__ import annotations

import math
from dataclasses import dataclass

from envs.address import Draws
from envs.data import count_pairs
from envs.drawing.colour import Colour, ink_on, mix
from envs.drawing.sheet import Box, Point, Sheet, Unreadable
from envs.figures.around import EDGE
from envs.figures.base import Panel, Style, Words
from envs.figures.counts import NARROW, TOP
from envs.figures.kinds import draw_things, titled
from envs.figures.placing import Footprint, Plan, clip, connect, crown, grown, on_circle, on_grid
from envs.numerals import COUNTS
from envs.registry import Scene, family
from envs.text import Topic, sentences, topics, words
from envs.views import Item
from envs.views_links import Links

DOT = 6.5  # pixels, the radius of a node whose name stands beside it
HEAD, HALF_HEAD = 10.0, 4.5  # pixels of an arrow head: its length, and half its width
NEAR_TEXT = 3.0  # pixels between a line and the weight that interrupts it
# Widths of an average character as a share of the size, on the safe side: what is drawn may hang on no font's metrics.
EM = {"DejaVu Sans": 0.66, "DejaVu Sans Bold": 0.74, "DejaVu Serif": 0.67, "DejaVu Sans Mono": 0.62, "STIX": 0.55}


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes at `places` (shares of the plotting area, 0 to 1) and edges by their indices, from the first to the second.

    `weights` are written on the edges, at the share `spots` of the way; () for none. `shape` is "disc" or "box" with
    the name inside, or "dot" with the name below (`sides` -1) or above it (1). `fill`: "one" colour, "many" or "none".
    """

    names: tuple[str, ...]
    places: tuple[Point, ...]
    edges: tuple[tuple[int, int], ...]
    weights: tuple[int, ...]
    spots: tuple[float, ...]
    directed: bool
    shape: str
    sides: tuple[int, ...]
    fill: str
    thick: float
    link: str
    links: str
    sizes: int = 1
    edge_counts: int = 1

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Links]:
        x0, y0, x1, y1 = cell
        prints = [self._print(name, side, style) for name, side in zip(self.names, self.sides, strict=True)]
        room_x, room_y = room(prints)
        left, low = x0 + EDGE + room_x / 2, y0 + EDGE + room_y / 2
        wide, high = x1 - EDGE - room_x / 2 - left, y1 - EDGE - room_y / 2 - low
        at = [
            (left + x * wide, low + y * high - mark.side * (mark.name[1] + 1.5))
            for (x, y), mark in zip(self.places, prints, strict=True)
        ]
        cores = [mark.around(*place) for mark, place in zip(prints, at, strict=True)]
        colour = mix(style.ink, style.ground, 0.3)
        for k in range(len(self.edges)):
            self._edge(k, cores, at, colour, style, sheet)
        colours = [style.palette[0 if self.fill == "one" else i % len(style.palette)] for i in range(len(at))]
        for i, (name, fill) in enumerate(zip(self.names, colours, strict=True)):
            self._node(i, name, cores[i], style.ground if self.fill == "none" else fill, style, sheet)
            if self.shape == "dot":
                label = prints[i].beside(*at[i])
                assert label
                sheet.text(name, at[i][0], (label[1] + label[3]) / 2, style.text, "name", up="center")
        return [self._view(panel)]

    def _print(self, name: str, side: int, style: Style) -> Footprint:
        wide, high = max(style.width(each) for each in self.names), style.line.height
        return footprint(self.shape, style.width(name), wide, high, side)

    def _node(self, i: int, name: str, core: Box, fill: Colour, style: Style, sheet: Sheet) -> None:
        x, y = (core[0] + core[2]) / 2, (core[1] + core[3]) / 2
        edged = style.outline or self.fill == "none"
        edge, width = (style.ink, 1.2) if edged else (None, 0.0)
        if self.shape == "box":
            sheet.rect(core, fill, edge, width, mark=i)
        else:
            sheet.dot(x, y, core[2] - x, fill, edge, width, mark=i)
        if self.shape != "dot":
            sheet.text(name, x, y, style.text, "name", up="center", colour=ink_on(fill), ground=fill, inside=i)

    def _edge(self, k: int, cores: list[Box], at: list[Point], colour: Colour, style: Style, sheet: Sheet) -> None:
        i, j = self.edges[k]
        start, end = self._border(at[i], at[j], cores[i]), self._border(at[j], at[i], cores[j])
        length = math.dist(start, end)
        if self.directed:
            ux, uy = (end[0] - start[0]) / length, (end[1] - start[1]) / length
            tip = (end[0] - 1.5 * ux, end[1] - 1.5 * uy)
            foot = (tip[0] - HEAD * ux, tip[1] - HEAD * uy)
            wings = [(foot[0] + s * HALF_HEAD * uy, foot[1] - s * HALF_HEAD * ux) for s in (1, -1)]
            sheet.polygon([tip, *wings], colour)
            end = foot
        if not self.weights:
            sheet.line([start, end], colour, self.thick, data=True)
            return
        a, b = at[i], at[j]
        spot = (a[0] + self.spots[k] * (b[0] - a[0]), a[1] + self.spots[k] * (b[1] - a[1]))
        text = sheet.text(str(self.weights[k]), *spot, style.text, "value", up="center")
        gap = clip(start, end, grown(text.box, NEAR_TEXT))
        if gap is None or gap[0] * length < 5 or (1 - gap[1]) * math.dist(start, end) < 5:
            raise Unreadable("a weight leaves too little of its line")
        for first, last in ((0.0, gap[0]), (gap[1], 1.0)):
            ends = [(start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1])) for t in (first, last)]
            sheet.line(ends, colour, self.thick, data=True)

    def _border(self, inside: Point, outside: Point, core: Box) -> Point:
        """Where the way out of a node leaves it."""
        if self.shape == "box":
            way = clip(inside, outside, core)
            assert way
            share = way[1]
        else:
            share = (core[2] - inside[0]) / math.dist(inside, outside)
        return inside[0] + share * (outside[0] - inside[0]), inside[1] + share * (outside[1] - inside[1])

    def _view(self, panel: Panel) -> Links:
        weights = self.weights or (1,) * len(self.edges)
        edges = []
        for (i, j), weight in zip(self.edges, weights, strict=True):
            names = (self.names[i], self.names[j]) if self.directed else tuple(sorted((self.names[i], self.names[j])))
            edges.append(Item(" to ".join(names), float(weight), 0.0, float(weight), names))
        return Links(
            nodes=self.names,
            edges=tuple(edges),
            directed=self.directed,
            weighted=bool(self.weights),
            noun=panel.words.noun,
            nouns=panel.words.nouns,
            link=self.link,
            links=self.links,
            measure=panel.words.measure,
            unit=panel.words.unit,
            written=bool(self.weights),
            span=float(max(weights)),
            sizes=self.sizes,
            edge_counts=self.edge_counts,
        )


def footprint(shape: str, width: float, widest: float, high: float, side: int) -> Footprint:
    """The room of a node with a name so wide, where the widest name is `widest` and a line `high` pixels."""
    if shape == "dot":
        return Footprint((DOT, DOT), (width / 2 + 1, high / 2), side)
    if shape == "box":
        return Footprint((width / 2 + 6, high / 2 + 3))
    radius = max(12.0, widest / 2 + 5, high / 2 + 4)
    return Footprint((radius, radius))


def room(prints: list[Footprint]) -> Point:
    """Width and height that the largest node takes, its name included."""
    wide = max(max(mark.half[0], mark.name[0]) for mark in prints)
    high = max(mark.half[1] * 2 + (mark.name[1] * 2 + 3 if mark.side else 0) for mark in prints)
    return 2 * wide, high


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a graph is about: names for the nodes, how to speak of nodes and edges, and titles."""

    names: tuple[str, ...]
    noun: str
    nouns: str
    link: str
    links: str
    measure: str
    titles: tuple[str, ...]
    topic: Topic | None = None
    follows: bool = False  # arrows lead from letters to those that come after them


LETTER_TITLES: tuple[str, ...] = (
    "Which letter follows which",
    "Letter pairs of a text",
    "What follows a letter",
    "Neighbouring letters",
)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # without I and O, which look like digits
LINES = (("link", "links", "strength"), ("connection", "connections", "strength"), ("line", "lines", "weight"))
ARROWS = (("arrow", "arrows", "weight"), ("link", "links", "strength"), ("transfer", "transfers", "size"))


def _subject(draws: Draws, scene: Scene, count: int, longest: int, directed: bool, weighted: bool) -> _Subject:
    """Letters, the words of a text that share sentences, its letters that follow each other, or things of a kind."""
    source = draws.choice(
        ("letters", "follows", "things", "things") if directed else ("letters", "words", "things", "things")
    )
    # Small pictures have no room for words and weights.
    if min(scene.width, scene.height) < (250 if weighted else NARROW):
        source = "letters"
    if source == "letters":
        link, links = draws.choice((("edge", "edges"), ("arrow", "arrows") if directed else ("line", "lines")))
        titles: tuple[str, ...]
        leads = "Which node leads to which" if directed else "Which nodes are joined"
        named = (leads, f"{links.capitalize()} between lettered nodes")
        return _Subject(tuple(draws.sample(LETTERS, count)), "node", "nodes", link, links, "weight", named)
    if source == "follows":
        names, titles = tuple(draws.sample(LETTERS, count)), LETTER_TITLES
        return _Subject(names, "letter", "letters", "arrow", "arrows", "number of times", titles, follows=True)
    if source == "words":
        topic = draws.choice(topics(scene.test))
        longest = next(n for n in range(longest, 40) if len(topic.short(n)) >= count)
        names = tuple(draws.sample(topic.short(longest), count))
        titles = (f"{topic.title}: words that share a sentence", "Words that occur in one sentence")
        return _Subject(names, "word", "words", "line", "lines", "number of shared sentences", titles, topic)
    (things,), _ = draw_things(draws, scene, (count,), longest)
    link, links, measure = draws.choice([way for way in (ARROWS if directed else LINES) if way[0] != things.noun])
    titles = (f"{links.capitalize()} between {things.nouns}", f"{things.nouns.capitalize()} and their {links}")
    return _Subject(things.names, things.noun, things.nouns, link, links, measure, titles)


def _shared_sentences(
    draws: Draws, names: tuple[str, ...], edges: list[tuple[int, int]], wanted: list[int]
) -> list[int]:
    """How many sentences of a text hold both words of each edge; the text is written to have as many as wanted."""
    text = []
    for (i, j), count in zip(edges, wanted, strict=True):
        spoken = sentences(draws, Topic("", (names[i], names[j])))
        while count:
            if {names[i], names[j]} <= words(sentence := next(spoken)).keys():
                text.append(sentence)
                count -= 1
    held = [words(sentence).keys() for sentence in text]
    return [sum({names[i], names[j]} <= found for found in held) for i, j in edges]


def _draw(draws: Draws, scene: Scene, *, directed: bool) -> Panel:
    level, style = min(scene.level, TOP), scene.style
    weighted = "values" in scene.needs or draws.chance(0.45)
    small = min(scene.width, scene.height) < NARROW
    # A dot needs room for the name beside it.
    shape = (
        "disc"
        if small
        else draws.choice(("disc", "box", "dot") if min(scene.width, scene.height) > 300 else ("disc", "box"))
    )
    longest = 5 if shape == "disc" else min(6 + level, 11)
    width, height = scene.width - 2 * int(EDGE), scene.height - 2 * int(EDGE)
    high, em = 1.25 * style.text, EM[style.font] * style.text
    most = max(4, int(width * height / (em * 6 + 46) / (2.6 * high + 46)))
    top = max(5, min(7 + 2 * level // 3, most, 14))
    low = max(4, min(4 + level // 3, top - 4))
    count = draws.integers(low, top + 1)
    subject = _subject(draws, scene, count, longest, directed, weighted)
    title = titled(draws, scene, list(subject.titles))
    if title:
        height -= int(1.5 * style.title * (1 + int(len(title) * EM[style.font] * style.title / width)) + 8)
    sides = tuple(draws.choice((-1, 1)) if shape == "dot" else 0 for _ in subject.names)
    sizes = [len(name) * em for name in subject.names]
    prints = [footprint(shape, size, max(sizes), high, side) for size, side in zip(sizes, sides, strict=True)]
    spare = 2 + 3 * level // 4
    wanted = count - 1 + draws.integers(0, spare + 1)
    half_weight = (em * 1.1, 0.4 * style.text) if weighted else (0.0, 0.0)
    plan = _place(draws, prints, width, height, half_weight, 30.0 if directed else 20.0, level, wanted)
    count = len(plan.places)
    names = subject.names[:count]
    edges = _directed(draws, plan.edges, count) if directed else plan.edges
    spots = [spot if edge == pair else 1 - spot for spot, edge, pair in zip(plan.spots, edges, plan.edges, strict=True)]
    weights = _weights(draws, len(edges), level, 9 if subject.topic else 0) if weighted else []
    if subject.topic:
        counted = _shared_sentences(draws, names, edges, weights or [1] * len(edges))
        weights = counted if weighted else []
    if subject.follows:
        both = [names[i] + names[j] for i, j in edges]
        counted = count_pairs(draws, test=scene.test, names=both, wanted=weights or [1] * len(edges))
        weights = counted if weighted else []
    room_x, room_y = room(prints[:count])
    marks = Network(
        names,
        tuple(((x - room_x / 2) / (width - room_x), (y - room_y / 2) / (height - room_y)) for x, y in plan.places),
        tuple(edges),
        tuple(weights),
        tuple(spots),
        directed,
        shape,
        sides[:count],
        draws.choice(("one", "one", "many", "none")),
        draws.choice((1.2, 1.5, 2.0)),
        subject.link,
        subject.links,
        top - low + 1,
        top - low + spare,
    )
    spoken = Words(subject.noun, subject.nouns, subject.measure, COUNTS)
    return Panel(marks, spoken, "directed node chart" if directed else "node chart", title)


def _place(
    draws: Draws,
    prints: list[Footprint],
    width: int,
    height: int,
    weight: Point,
    shortest: float,
    level: int,
    wanted: int,
) -> Plan:
    """Nodes in their places with as many edges as are wanted, or nearly so. Where no way to place them leaves room for
    enough clear edges, the last nodes are left out."""
    loose, round_first = draws.chance(0.25), draws.chance(0.3)
    for attempt in range(8):
        used = prints[: max(4, len(prints) - max(0, attempt - 2))]
        count, needed = len(used), room(used)
        kind = on_circle if round_first and not attempt else on_grid
        centres = kind(draws, count, width, height, needed)
        if centres is None:
            continue
        # The place of a node with a name below or above is the middle of both; its dot lies off it.
        places = [(x, y - mark.side * (mark.name[1] + 1.5)) for (x, y), mark in zip(centres, used, strict=True)]
        size = 2 * sum(mark.half[0] for mark in used) / count
        least = shortest + size + (2.2 * weight[0] + 16 if weight[0] else 0)
        plan = Plan(places, used, least, weight, 1 + level // 6)
        connect(draws, plan, wanted - len(prints) + count, loose=loose)
        if len(plan.edges) >= max(3, count - 2):
            crown(plan)
            plan.places = centres
            return plan
    raise Unreadable("no room for nodes and edges that are clear")


def _directed(draws: Draws, pairs: list[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    """The edges with a direction each; no tie for the most that start, or for the most that end, at a node."""
    for _ in range(30):
        edges = [draws.choice(((i, j), (j, i))) for i, j in pairs]
        degrees = [sorted(sum(edge[end] == i for edge in edges) for i in range(count)) for end in (0, 1)]
        if any(side[-1] > side[-2] for side in degrees):
            break
    return edges


def _weights(draws: Draws, count: int, level: int, most: int) -> list[int]:
    """Weights of edges, only one of which is the largest; all different unless they may be no larger than `most`."""
    if most:
        top = draws.integers(4, most + 1)
        return draws.shuffled([top, *(draws.integers(1, top) for _ in range(count - 1))])
    low, high = draws.choice(((1, 20), (2, 30), (10, 99))) if level > 2 else (1, 20)
    return draws.sample(range(low, max(high, low + count) + 1), count)


@family("network", Links, traits=("values", "words", "title"), top_level=TOP, smallest=200)
def network(draws: Draws, scene: Scene) -> Panel:
    """Lines without a direction. Levels add nodes, edges, crossings and longer names."""
    return _draw(draws, scene, directed=False)


@family("digraph", Links, traits=("values", "words", "title", "arrows"), top_level=TOP, smallest=200)
def digraph(draws: Draws, scene: Scene) -> Panel:
    """Arrows, at most one between two nodes."""
    return _draw(draws, scene, directed=True)
