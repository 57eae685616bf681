"""Histograms: bars that touch, from edge to edge of the bins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import Literal

from envs.address import Draws
from envs.data import count_lengths
from envs.drawing.colour import contrast, mix
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.bars import SURE
from envs.figures.base import Panel, Style, Words, widest
from envs.figures.counts import NARROW
from envs.figures.frame import PAD, Values, frame
from envs.figures.kinds import titled
from envs.figures.samples import Told, tell_samples, value_title, whole
from envs.numerals import Unit
from envs.registry import Scene, family
from envs.text import Topic, sentences, topics
from envs.views import APART, EYE, Item
from envs.views_spread import Bins

LEAST = 0.05  # of the highest bar: the lowest one, so that it is seen
NARROWEST = 12.0  # pixels of a bin
OF_TEXT = 0.2  # of histograms show the lengths of sentences or words
OF_WORDS = 0.4  # of those
MOST_LENGTHS = 8  # bins, of sentences
CHARACTERS = 40  # that the lengths of sentences reach over
LONGEST_WORD = 14  # letters
LONGEST_TEXT = 500  # sentences that are tried
Height = Literal["count", "share", "density"]
Shape = Literal["left", "right", "even", "two", "any"]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Heights of bins between edges; see views_spread.Bins. `written`: each height above its bar, where there is room.
    `edge_unit` writes the edges, the unit of the panel the heights."""

    edges: tuple[float, ...]
    heights: tuple[float, ...]
    height: Height
    edge_unit: Unit
    variable: str
    observed: str
    written: bool
    rimless: bool = False
    sizes: int = 1

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Bins]:
        unit = panel.words.unit
        labels = [unit.write(value) for value in self.heights]
        across = Values(self.edges[0], self.edges[-1], self.edge_unit, panel.category_axis, at=self.edges)
        up = Values(0.0, 1.05 * max(self.heights), unit, panel.value_axis)
        found = frame(cell, style, across, replace(up, head=style.line.digit + PAD if self.written else 0.0))
        slot = found.x.px(self.edges[1]) - found.x.start
        if slot < 4:
            raise Unreadable("no room for the bins")
        written = self.written and widest(labels, style) + 2 <= slot
        if self.written and not written:
            found = frame(cell, style, across, up)
        found.begin(style, sheet)
        fill = style.palette[0]
        rim = style.ink if style.outline or contrast(fill, style.ground) < 2 else style.ground
        for i, ((low, high), value) in enumerate(zip(pairwise(self.edges), self.heights, strict=True)):
            box = (found.x.px(low), found.y.start, found.x.px(high), found.y.px(value))
            sheet.rect(box, fill, mix(fill, style.ink, 0.5) if self.rimless else rim, 1.0, mark=i)
            if written:
                x = (box[0] + box[2]) / 2
                sheet.text(labels[i], x, box[3] + PAD - 1, style.text, "value")
        found.finish(style, sheet)
        return [self._view(panel, found.y.px_per_unit, found.y.high, written)]

    def _view(self, panel: Panel, px_per_unit: float, span: float, written: bool) -> Bins:
        words = panel.words
        err = 0.0 if written else EYE / px_per_unit
        if err < SURE * 10.0**-words.unit.decimals:
            err = 0.0
        items = (
            Item(f"bin {i}", value, err, value * px_per_unit, (f"bin {i}",)) for i, value in enumerate(self.heights)
        )
        return Bins(
            items=tuple(items),
            edges=self.edges,
            variable=self.variable,
            edge_unit=self.edge_unit,
            observed=self.observed,
            height=self.height,
            sizes=self.sizes,
            measure=words.measure,
            unit=words.unit,
            written=written,
            span=span,
        )


# What is drawn: a shape with a clear peak, in counts, shares or densities


def weights(draws: Draws, shape: Shape, count: int) -> list[float]:
    """Heights of `count` bins up to about 1, in this shape: the side is that of the longer tail."""
    if shape == "any":
        return [draws.uniform(0.15, 0.9) for _ in range(count)]
    if shape == "left":
        return weights(draws, "right", count)[::-1]

    def hill(i: int, middle: float, wide: float) -> float:
        off = (i - middle) / wide
        return 1 / (1 + off * off * (1 + off * off / 2))

    if shape == "two":
        first, second = draws.uniform(0.12, 0.25) * (count - 1), draws.uniform(0.72, 0.88) * (count - 1)
        tall = draws.uniform(0.55, 0.85)
        high = (1.0, tall) if draws.chance(0.5) else (tall, 1.0)
        wide = max(0.9, 0.13 * count)
        return [high[0] * hill(i, first, wide) + high[1] * hill(i, second, wide) for i in range(count)]
    if shape == "even":
        wide = draws.uniform(0.16, 0.3) * count
        half = [hill(i, (count - 1) / 2, wide) for i in range(count)]
        return [value * draws.uniform(0.95, 1.0) for value in half]
    peak = draws.integers(0, max(1, count // 5) + 1)
    rise, fall = 0.45 * (peak + 1), draws.uniform(0.26, 0.36) * count
    found = []
    for i in range(count):
        off = (i - peak) / (rise if i < peak else fall)
        found.append(1 / (1 + off * off * (1 + off * off / 2)) if i < peak else 1 / (1 + off + off * off))
    return found


def _levels(draws: Draws, shape: Shape, count: int, most: int, lead: float) -> list[int]:
    """Whole heights up to `most`, the highest of them `lead` (a share of it) above the next."""
    drawn = weights(draws, shape, count)
    top = max(range(count), key=lambda i: drawn[i])
    noise = 0.0 if shape == "any" else 0.07
    drawn = [value * draws.uniform(1 - noise, 1 + noise) / max(drawn) for value in drawn]
    limit = most - max(1, whole(lead * most + 0.49))
    least = max(1, whole(LEAST * most + 0.49))
    return [most if i == top else min(limit, max(least, whole(value * most))) for i, value in enumerate(drawn)]


def _edges(draws: Draws, told: Told, count: int) -> tuple[float, ...]:
    """Edges at round numbers within the honest range, in the written unit."""
    widest = 0.95 * (told.high - told.low) / count
    widths = [digit * 10**power for power in range(7) for digit in (1, 2, 5)]
    widths = sorted([*widths, 25, 250, 2500])
    # Each as likely, or what is measured would tell the width.
    width = draws.choice([width for width in widths if 0.1 * widest <= width <= widest] or [1])
    first = draws.integers(told.low // width, max(told.low // width, told.high // width - count) + 1)
    return tuple((first + i) * width / told.digit for i in range(count + 1))


def _sentences(draws: Draws, scene: Scene, count: int) -> tuple[Told, Topic, tuple[float, ...]]:
    """The lengths of the sentences of a text, in characters: what to say of them, the topic, edges that suit."""
    topic = draws.choice(topics(scene.test))
    width = draws.choice([width for width in (2, 4, 5, 10) if width * count <= CHARACTERS])
    first = 25 + 5 * draws.integers(0, (CHARACTERS - width * count) // 5 + 1)
    edges = tuple(float(first + width * i) for i in range(count + 1))
    words = Words("sentence", "sentences", "sentence length", Unit(words="characters"))
    titles = (f"{topic.title}: sentence length", f"Sentence length, {topic.title}", "Length of sentences in a text")
    return Told((topic.title,), words, "sentences", 0, 100, titled(draws, scene, list(titles)), ()), topic, edges


def _words(draws: Draws, scene: Scene, count: int) -> tuple[Told, tuple[float, ...]]:
    """The lengths of the words of a text, in letters: one or two to a bin, from half a letter below to half a letter
    above."""
    width = draws.integers(1, min(2, LONGEST_WORD // count) + 1)
    first = draws.integers(1, min(4, LONGEST_WORD - width * count + 1) + 1)
    edges = tuple(first - 0.5 + width * i for i in range(count + 1))
    words = Words("word", "words", "word length", Unit(1, words="letters"))
    titles = ["Word length", "Length of words in a text", "Words by number of letters"]
    return Told((), words, "words", 0, 100, titled(draws, scene, titles), ()), edges


def _counted(draws: Draws, topic: Topic, edges: tuple[float, ...], wanted: list[int]) -> list[int]:
    """How many sentences of a text fall into each bin; the text is made to have as many as wanted, or nearly so."""
    found = [0] * len(wanted)
    for sentence in islice(sentences(draws, topic), LONGEST_TEXT):
        i = int((len(sentence) - edges[0]) // (edges[1] - edges[0]))
        if 0 <= i < len(found) and found[i] < wanted[i]:
            found[i] += 1
            if found == wanted:
                break
    return found


def _shares(levels: list[int], whole_: int) -> list[int]:
    """Whole parts of `whole_` in about the proportion of the levels; what is left over goes to the highest."""
    parts = [level * whole_ // sum(levels) for level in levels]
    parts[levels.index(max(levels))] += whole_ - sum(parts)
    return parts


@family("histogram", Bins, traits=("values", "bins", "skew", "shares", "title", "axes"), top_level=12)
def histogram(draws: Draws, scene: Scene) -> Panel:
    """Samples of one measure counted in bins."""
    level, side = min(scene.level, 12), min(scene.width, scene.height)
    most = max(5, min(6 + level, 15, int((scene.width - 90) / NARROWEST)))
    low = max(4, min(most - 4, 5 + level // 2))
    count = draws.integers(max(low, 5) if "skew" in scene.needs else low, most + 1)
    told, text = tell_samples(draws, scene, 1, bare=True), None
    edges = _edges(draws, told, count)
    lettered = False
    if draws.chance(OF_TEXT) or scene.source:
        lettered = count <= LONGEST_WORD and (bool(scene.source) or draws.chance(OF_WORDS))
        if lettered:
            told, edges = _words(draws, scene, count)
        elif count <= MOST_LENGTHS:
            told, text, edges = _sentences(draws, scene, count)
    heights: tuple[Height, ...] = ("count", "count", "share")
    if not scene.needs & {"values", "shares"}:
        heights = (*heights, "density")
    height = draws.choice(("share", "count") if "shares" in scene.needs else heights)
    shapes: tuple[Shape, ...] = ("left", "right", "even")
    shape = draws.choice(shapes if "skew" in scene.needs else (*shapes, "two", "any"))
    axis_px = max(50, scene.height - 110)  # of the axis of heights, about
    lead = max(0.16 - 0.01 * level, (APART + 2) / axis_px)
    tall = draws.integers(8, 17) if text else 12 + draws.integers(0, 40 if lettered else 30 + 8 * level)
    levels = _levels(draws, shape, count, tall, lead)
    if text:
        levels = _counted(draws, text, edges, levels)
    elif lettered:
        first, width = int(edges[0] + 0.5), int(edges[1] - edges[0])
        wanted = [(level + k) // width for level in levels for k in range(width)]  # of each length
        lengths = count_lengths(draws, test=scene.test, source=scene.source, first=first, wanted=wanted)
        levels = [sum(lengths[i : i + width]) for i in range(0, len(lengths), width)]
    observed = told.observed
    words, values = _heights(draws, height, levels, edges, observed)
    slot = (scene.width - 90) / count
    fits = max(scene.style.width(words.unit.write(value)) for value in values) + 4 <= slot
    sure = height == "count" and SURE * axis_px >= EYE * 1.1 * max(levels)
    insist = bool(scene.needs & {"values", "shares"}) and fits and not sure
    marks = Histogram(
        edges,
        tuple(values),
        height,
        told.words.unit,
        told.words.measure,
        observed,
        written=height != "density" and (insist or draws.chance(max(0.15, 0.7 - 0.06 * level))),
        rimless=draws.chance(0.3),
        sizes=most - low + 1,
    )
    return _panel(draws, scene, replace(told, words=words), told, marks, side)


def _heights(
    draws: Draws, height: Height, levels: list[int], edges: tuple[float, ...], observed: str
) -> tuple[Words, list[float]]:
    """How to speak of the heights, and what they are."""
    noun = observed.removesuffix("s")
    if height == "count":
        measure = draws.choice((f"number of {observed}", "frequency", "count"))
        return Words(noun, observed, measure), [float(level) for level in levels]
    decimals = draws.integers(0, 2)
    digit = 10**decimals
    parts = _shares(levels, 100 * digit)
    if height == "share":
        unit = Unit(decimals, "percent", suffix="%")
        return Words(noun, observed, draws.choice((f"share of {observed}", "share")), unit), [p / digit for p in parts]
    width = edges[1] - edges[0]
    finer, places = 1.0, 0
    while finer > parts[0] / (100 * digit) / width / 20 and places < 9:  # enough decimals for the ticks
        finer, places = finer / 10, places + 1
    return Words(noun, observed, "density", Unit(places)), [p / digit / 100 / width for p in parts]


def _panel(draws: Draws, scene: Scene, heights: Told, told: Told, marks: Histogram, side: int) -> Panel:
    """What is written around: below what was measured, beside what the heights are."""
    below = value_title(draws, scene, told, scene.width - 110)
    beside = value_title(draws, scene, heights, scene.height - 110)
    if side >= NARROW and marks.height != "count" and not beside:
        beside = heights.words.measure.capitalize()
    return Panel(marks, heights.words, "histogram", told.title, below, beside)
