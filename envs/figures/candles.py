"""Candlesticks: a body from the opening to the closing price of each period, a wick from the lowest to the highest."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from envs.address import Draws, in_test
from envs.data import TimeUnit, draw_times
from envs.data.times import DATED
from envs.drawing.colour import COLOURS_APART, Colour, contrast, distance, from_hex
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.base import Panel, Style, Words, widest
from envs.figures.counts import NARROW
from envs.figures.frame import Axis, Names, Values, frame
from envs.figures.legend import legend
from envs.figures.samples import ladder, whole
from envs.figures.style import MARK_CONTRAST
from envs.numerals import Unit
from envs.registry import Scene, family
from envs.views import APART, EYE, Categories, Item
from envs.views_spread import WIDTHS_APART, Candle, Candles

SLOT = 13.0  # pixels of a period, at least
# Up and down, as the tools that draw them have it.
PAIRS = ("2ca02c d62728", "26a69a ef5350", "1b9e77 d95f02", "4575b4 d73027", "66bb6a ef5350", "3a86ff ff006e")
LEGENDS = (
    ("Close above open", "Close below open"),
    ("Closed higher", "Closed lower"),
    ("Rise", "Fall"),
    ("Up", "Down"),
)
# What is traded: all invented, or too common to have one price.
_SUBJECTS = (
    "Norvik Steel|Alto Foods|Brightwater Energy|Quillon Labs|Tessera Motors|Harrow & Finch|Lumen Optics|"
    "Pinecrest Paper|"
    "Oriel Shipping|Vantage Rail|Cobalt Games|Marlow Textiles|Sable Robotics|Juniper Foods|Redstone Mining|Halcyon Air|"
    "Delphi Pharma|Kestrel Aero|Sorrel Media|Tidewater Ports|Basalt Cement|Ember Lighting|Willow Homes|Zephyr Wind|"
    "Corvus Insurance|Meridian Bank|Fjord Seafood|Granite Tools|Indigo Telecom|Larkspur Seeds|Onyx Semiconductors|"
    "Palisade Hotels|Quartz Watches|Summit Outdoor|Thistle Breweries|Umbra Software|Vesper Films|Wren Logistics|"
    "Copper futures|Cocoa futures|Sugar futures|Cotton futures|Nickel futures|Palladium futures|Soybean futures|"
    "Orange juice futures|Lumber futures|Oats futures|Green coffee futures|Rubber futures"
)
Move = tuple[float, float, float, float]  # open, high, low, close
REDRAWS = 12  # of the moves, until a trend can be asked for
MONEY = (("$", "dollars"), ("€", "euros"), ("£", "pounds"))


_NOUNS: tuple[TimeUnit, ...] = ("day", "week", "month")


@dataclass(frozen=True, slots=True)
class Candlesticks:
    """Open, high, low and close of each period, in the unit of the panel. `colours` choose the pair for up and down,
    `entries` name it in the legend at `place`."""

    names: tuple[str, ...]
    prices: tuple[tuple[float, float, float, float], ...]
    axis: tuple[float, float]
    pairs: tuple[str, ...]
    entries: tuple[str, str]
    place: str
    plain: bool
    sizes: int = 1
    absent: tuple[str, ...] = ()

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Candles | Categories]:
        up, down = self._colours(style)
        named = list(zip(self.entries, (up, down), strict=True))
        # Names below need room side by side, which a legend to the right would take.
        x0, _, x1, _ = cell
        wide = widest(self.entries, style) + len(self.names) * 1.15 * style.line.height + 110 > x1 - x0
        for place in ("top" if wide and self.place == "right" else self.place, "top", "bottom"):
            try:
                cell = legend(named, style, sheet, cell, place)
                break
            except Unreadable:  # nothing is on the sheet yet
                continue
        else:
            raise Unreadable("no room for the legend")
        across = Names(self.names, panel.category_axis)
        found = frame(cell, style, across, Values(*self.axis, panel.words.unit, panel.value_axis))
        if found.x.slot < 7:
            raise Unreadable("no room for the periods beside each other")
        found.begin(style, sheet)
        half = min(14.0, max(2.6, found.x.slot * style.fill * 0.45))
        for i, (opened, high, low, closed) in enumerate(self.prices):
            colour = up if closed > opened else down
            x, px = found.x.middle(i), found.y.px
            sheet.line([(x, px(low)), (x, px(high))], style.ink if self.plain else colour, 1.4)
            rim = style.ink if self.plain else None
            body = (x - half, px(min(opened, closed)), x + half, px(max(opened, closed)))
            sheet.rect(body, colour, rim, 1.0, mark=i)
        found.finish(style, sheet)
        return self._views(panel, found.y)

    def _colours(self, style: Style) -> tuple[Colour, Colour]:
        """The first pair that stands out from the ground, or two colours of the palette."""
        for pair in self.pairs:
            up, down = map(from_hex, pair.split())
            if all(
                contrast(colour, style.ground) >= MARK_CONTRAST and distance(colour, style.ground) >= COLOURS_APART
                for colour in (up, down)
            ):
                return up, down
        return style.palette[0], style.palette[1]

    def _views(self, panel: Panel, axis: Axis) -> list[Candles | Categories]:
        err = EYE / axis.px_per_unit
        candles = []
        for name, prices in zip(self.names, self.prices, strict=True):
            items = (
                Item(part, value, err, axis.px(value), (name, part))
                for part, value in zip(("open", "high", "low", "close"), prices, strict=True)
            )
            candles.append(Candle(name, *items))
        words = panel.words
        view = Candles(
            candles=tuple(candles),
            noun=words.noun,
            nouns=words.nouns,
            measure=words.measure,
            unit=words.unit,
            span=axis.high - axis.low,
            sizes=self.sizes,
            absent=self.absent,
        )
        return [view, view.closing()]


def _moves(draws: Draws, count: int, px: float) -> list[Move]:
    """Open, high, low and close of each period, in a unit of its own of which the axis has `px` pixels at worst.

    How many periods rise is drawn first, all numbers alike; the longest rise and the longest fall stand out, and so do
    the highest and the lowest close. Openings drift back to the middle, so that the chart stays within its axis.
    """
    rises = draws.integers(1, count)
    falls = count - rises
    least, lead = max(0.2, 7 / px), 9 / px + WIDTHS_APART
    bodies = {up: ladder(draws, number, least, 1.0, 0.02, lead) for up, number in ((True, rises), (False, falls))}
    order = _blocks(draws, rises, falls)
    found = []
    last = 0.0
    for up in order:
        opened = last * draws.uniform(0.55, 0.9) + draws.uniform(-0.12, 0.12)
        last = opened + (1 if up else -1) * bodies[up].pop()
        above, below = draws.uniform(0.04, 0.45), draws.uniform(0.04, 0.45)
        found.append((opened, max(opened, last) + above, min(opened, last) - below, last))
    for sign in (1, -1):
        closes = sorted(range(count), key=lambda i: sign * found[i][3], reverse=True)
        if count > 1:
            short = 8 / px - sign * (found[closes[0]][3] - found[closes[1]][3])
            if short > 0:  # lift the whole candle
                opened, high, low, closed = (value + sign * short for value in found[closes[0]])
                found[closes[0]] = (opened, high, low, closed)
    return found


def _blocks(draws: Draws, rises: int, falls: int) -> list[bool]:
    """So many rises and falls, in as few or as many unbroken runs as is drawn."""
    runs = draws.integers(1, min(rises, falls) + 1) if falls else 1
    parts = {}
    for up, number in ((True, rises), (False, falls)):
        cuts = sorted(draws.sample(range(1, number), runs - 1)) if number else []
        parts[up] = [b - a for a, b in pairwise([0, *cuts, number])]
    first = draws.chance(0.5)
    pairs = zip(parts[first], parts[not first], strict=True)
    return [way for one, other in pairs for way in [first] * one + [not first] * other]


def _runs_and_turns(moves: list[Move], px: float) -> bool:
    """Whether closes can be told apart for four periods at least, and somewhere go on as before and somewhere turn."""
    steps = [b[3] - a[3] for a, b in pairwise(moves)]
    clear = [abs(step) * px > 1.5 * APART for step in steps]
    again = {(a > 0) == (b > 0) for (a, b), sure in zip(pairwise(steps), pairwise(clear)) if all(sure)}
    return again == {True, False} and any(all(clear[i : i + 3]) for i in range(len(clear) - 2))


@family(
    "candlestick",
    Candles,
    Categories,
    traits=("prices", "moves", "words", "ordered", "dated", "legend", "title", "axes"),
    top_level=12,
)
def candlestick(draws: Draws, scene: Scene) -> Panel:
    """Prices over days, weeks or months."""
    level, side = min(scene.level, 12), min(scene.width, scene.height)
    line = scene.style.line.height
    most = max(4, min(7 + level, 18, int((scene.width - 80) / max(SLOT, line * 1.4))))
    ordered = "ordered" in scene.needs
    low = max(4 if ordered else 3, min(4 + level // 2, most - 4))
    count = draws.integers(low, most + 1)
    dated = "dated" in scene.needs
    noun = draws.choice(DATED if dated else _NOUNS)
    names, absent = _periods(draws, noun, count, dated)
    subject = draws.choice([subject for subject in _SUBJECTS.split("|") if in_test(subject) == scene.test])
    px = max(40.0, (scene.height - 130) / 3.6)
    moves = _moves(draws, count, px)
    for _ in range(REDRAWS if ordered else 0):
        if _runs_and_turns(moves, px):
            break
        moves = _moves(draws, count, px)
    measure = "price" if "futures" in subject else draws.choice(("share price", "price"))
    prefix, money = draws.choice(MONEY)
    unit, prices = _priced(draws, moves, prefix, money)
    lowest, highest = min(price[2] for price in prices), max(price[1] for price in prices)
    pad = 0.05 * (highest - lowest)
    titles = (f"{subject}: {measure} by {noun}", f"{measure.capitalize()} of {subject}", subject)
    # Both ends of a body are read by eye: a low picture keeps its height for them.
    least = 300 if "moves" in scene.needs else NARROW
    titled = (side >= least and draws.chance(0.85)) or "title" in scene.needs
    axes = "axes" in scene.needs or (side >= least and draws.chance(0.6))
    marks = Candlesticks(
        names,
        tuple(prices),
        (lowest - pad, highest + pad),
        tuple(draws.shuffled(PAIRS)),
        draws.choice(LEGENDS[1:] if scene.width < 300 else LEGENDS),
        draws.choice(("top", "bottom", "right")) if scene.width >= 400 else "top",
        plain=draws.chance(0.4),
        sizes=most - low + 1,
        absent=absent,
    )
    title = draws.choice(titles) if titled else ""
    value_axis = measure.capitalize() + (f" ({money})" if draws.chance(0.4) and scene.height >= 300 else "")
    words = Words(noun, noun + "s", measure, unit)
    across = noun.capitalize() if axes and ("axes" in scene.needs or draws.chance(0.4)) else ""
    return Panel(marks, words, "candlestick chart", title, across, value_axis if axes else "")


def _periods(draws: Draws, noun: TimeUnit, count: int, dated: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """So many periods that follow each other, and one before and one after them."""
    for longest in (3, 6, 8):
        try:
            names = draw_times(draws, noun, count + 2, longest, dated=dated)
        except ValueError:
            continue
        return names[1:-1], (names[0], names[-1])
    return draw_times(draws, noun, count, None, dated=dated), ()


def _priced(draws: Draws, moves: list[Move], prefix: str, money: str) -> tuple[Unit, list[Move]]:
    """Moves as prices in whole steps of the last digit, well above 0."""
    decimals = draws.choice((0, 1, 2))
    lowest, highest = min(move[2] for move in moves), max(move[1] for move in moves)
    steps = (200 + draws.integers(0, 1300)) / (highest - lowest)
    digit = 10**decimals
    floor = draws.integers(150, 4000)
    prices = []
    for move in moves:
        opened, high, low, closed = ((floor + whole(steps * (value - lowest))) / digit for value in move)
        prices.append((opened, high, low, closed))
    return Unit(decimals, money, prefix), prices
