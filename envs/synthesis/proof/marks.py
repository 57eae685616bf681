"""Marks: what an artists' table says was drawn, each with its numbers and with the names that a reader would give it.

A bar is named by the tick it stands at and by its label in the legend, a point by what is written beside it, a cell of
an image by its row and column, a number of a table by the texts in its row and column. Numbers are in data units.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from envs.numerals import numbers, read
from envs.synthesis.proof.columns import text as as_text
from rewards.typography import label_key

BESIDE = 30.0  # pixels between a point and the text that names it
# Of each kind of mark the numbers that data may be found in.
CHANNELS = {
    "bar": ("height", "width", "top", "right", "bottom", "left"),
    "solid": ("height", "top"),
    "line": ("y", "x"),
    "point": ("y", "x", "value"),
    "area": ("thick", "top"),
    "cell": ("value",),
    "error": ("half", "low", "high"),
    "text": ("text",),
}
Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark: of which axes (by place), its `kind`, the numbers that it shows by `channel`, its names as label keys,
    and where it is in pixels. `err` is how far off a careful reader of a channel may be, in data units."""

    axes: int
    kind: str
    series: str
    channels: dict[str, float]
    names: frozenset[str]
    box: tuple[float, float, float, float]
    err: dict[str, float]


@dataclass(frozen=True, slots=True)
class Scales:
    """How an axes lays data out in pixels."""

    box: tuple[float, float, float, float]
    x: tuple[float, float]
    y: tuple[float, float]
    log_x: bool
    log_y: bool

    def px(self, x: float, y: float) -> tuple[float, float]:
        x0, y0, x1, y1 = self.box
        across = _along(x, self.x, self.log_x)
        up = _along(y, self.y, self.log_y)
        return x0 + across * (x1 - x0), y1 - up * (y1 - y0)

    def err(self, along: str, value: float, pixels: float) -> float:
        """How much a value changes over so many pixels."""
        ends, log = (self.x, self.log_x) if along == "x" else (self.y, self.log_y)
        length = self.box[2] - self.box[0] if along == "x" else self.box[3] - self.box[1]
        if log and min(ends) > 0:
            return float(abs(value) * (abs(ends[1] / ends[0]) ** (pixels / max(length, 1)) - 1))
        return abs(ends[1] - ends[0]) * pixels / max(length, 1)


def _along(value: float, ends: tuple[float, float], log: bool) -> float:
    low, high = ends
    if log and min(value, low, high) > 0:
        value, low, high = math.log(value), math.log(low), math.log(high)
    return (value - low) / (high - low) if high != low else 0.5


def scales(axes: Table) -> Scales:
    x0, y0, x1, y1 = (float(v or 0) for v in axes["box"])
    (left, right), (low, high) = ([float(v or 0) for v in axes[key]] for key in ("xlim", "ylim"))
    return Scales((x0, y0, x1, y1), (left, right), (low, high), axes["xscale"] == "log", axes["yscale"] == "log")


def marks(artists: Table, pixels: float) -> list[Mark]:
    """Every mark of a figure; a careful reader is off by up to so many pixels."""
    found: list[Mark] = []
    for place, axes in enumerate(artists["axes"]):
        if axes["colourbar"]:
            continue
        found += _Axes(place, axes, artists, pixels).marks()
    return found + list(_written(artists))


def ticked(artists: Table) -> list[Table]:
    """The texts that are ticks, of colour bars too."""
    return [text for text in artists["texts"] if text["role"] in ("xtick", "ytick", "ztick")]


def samples(axes: Table, artists: Table) -> dict[str, str]:
    """What the legend that is an axes' own, or else the figure's, says beside each colour that is there once."""
    keys = axes["keys"] or [key for other in artists["axes"] for key in other["keys"]] or artists["keys"]
    colours = Counter(key["colour"] for key in keys)
    return {key["colour"]: key["label"] for key in keys if key["colour"] and colours[key["colour"]] == 1}


def _with_ticks(axes: Table, artists: Table) -> Table:
    """Axes with the ticks of those that they lie on, where they share an axis and have none of their own (twinx)."""
    found = dict(axes)
    for along in ("x", "y"):
        if any(tick["text"].strip() for tick in axes[along + "ticks"]):
            continue
        for other in artists["axes"]:
            together = other["box"] == axes["box"] and other[along + "lim"] == axes[along + "lim"]
            if other is not axes and together and any(tick["text"].strip() for tick in other[along + "ticks"]):
                found[along + "ticks"] = other[along + "ticks"]
                break
    return found


class _Axes:
    """One axes, while its marks are gathered."""

    def __init__(self, place: int, axes: Table, artists: Table, pixels: float) -> None:
        self.place, self.axes, self.pixels = place, _with_ticks(axes, artists), pixels
        self.scales = scales(axes)
        self.keys = samples(axes, artists)
        self.free = [t for t in artists["texts"] if t["axes"] == place and t["role"] == "" and t["text"].strip()]
        self.sparse = {along: self._numeric(along) for along in ("x", "y")}

    def _numeric(self, along: str) -> bool:
        """Whether an axis is a scale. One place after the other with numbers that do not grow as the places do, as
        2019, 2020 ... at 0, 1 ..., are names."""
        ticks = [tick for tick in self.axes[along + "ticks"] if tick["text"].strip()]
        said = [read(tick["text"].replace("−", "-")) for tick in ticks]
        if not ticks or not all(said):
            return False
        pairs = sorted((tick["at"], each[0]) for tick, each in zip(ticks, said) if each and tick["at"] is not None)
        if [at for at, _ in pairs] not in (list(range(len(pairs))), list(range(1, len(pairs) + 1))):
            return True
        last, largest = pairs[-1]
        return all(math.isclose(value * last, at * largest, rel_tol=1e-3, abs_tol=1e-9) for at, value in pairs)

    def series(self, artist: Table) -> str:
        """What the legend says beside a sample of this colour, or else the artist's label."""
        return str(self.keys.get(artist["colour"]) or artist["label"])

    def tick(self, along: str, at: float | None) -> set[str]:
        """What stands at a place of an axis."""
        if at is None:
            return set()
        ticks = [tick for tick in self.axes[along + "ticks"] if tick["at"] is not None and tick["text"].strip()]
        names = set()
        if not ticks or self.sparse[along]:
            if float(at).is_integer():
                names.add(as_text(at))
            return names
        places = sorted({tick["at"] for tick in ticks})
        reach = min((b - a for a, b in itertools.pairwise(places)), default=1.0) * 0.5
        nearest = min(ticks, key=lambda tick: abs(tick["at"] - at))
        if abs(nearest["at"] - at) <= reach * (1 + 1e-6):
            names.add(label_key(nearest["text"]))
        return names

    def marks(self) -> Iterator[Mark]:
        yield from self._bars()
        yield from self._lines()
        yield from self._wedges()
        yield from self._points()
        yield from self._areas()
        yield from self._images()
        yield from self._boxes()
        yield from self._errors()

    def _make(
        self,
        kind: str,
        series: str,
        channels: dict[str, float | None],
        names: Iterable[str],
        corners: tuple[float, float, float, float],
        err: dict[str, float],
    ) -> Mark:
        (ax, ay), (bx, by) = self.scales.px(*corners[:2]), self.scales.px(*corners[2:])
        box = (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
        own = {label_key(series), *parts(series), label_key(self.axes["title"]), *names} - {""}
        known = {key: float(value) for key, value in channels.items() if value is not None}
        return Mark(self.place, kind, series, known, frozenset(own), box, err)

    def _bars(self) -> Iterator[Mark]:
        bars = [b for b in self.axes["bars"] if None not in (b["x"], b["y"], b["width"], b["height"])]
        widths, heights = ({round(abs(b[side]), 9) for b in bars} for side in ("width", "height"))
        upright = len(widths) <= len(heights)
        both = len(widths) == len(heights)
        for bar in bars:
            x, y, w, h = bar["x"], bar["y"], bar["width"], bar["height"]
            names: set[str] = set()
            if upright or both:
                names |= self.tick("x", x + w / 2)
            if not upright or both:
                names |= self.tick("y", y + h / 2)
            channels = {"height": h, "top": y + h, "width": w, "right": x + w, "left": x, "bottom": y, "area": w * h}
            off_y = self.scales.err("y", y + h, self.pixels) * (1 if not y else 2)
            off_x = self.scales.err("x", x + w, self.pixels) * (1 if not x else 2)
            err = {"height": off_y, "top": off_y, "bottom": off_y, "width": off_x, "right": off_x, "left": off_x}
            yield self._make("bar", self.series(bar), channels, names, (x, y, x + w, y + h), err)

    def _lines(self) -> Iterator[Mark]:
        for number, line in enumerate(self.axes["lines"]):
            for x, y in zip(line["x"], line["y"]):
                if x is None or y is None:
                    continue
                names = self.tick("x", x) | (set() if self.sparse["y"] else self.tick("y", y))
                err = {"y": self.scales.err("y", y, self.pixels), "x": self.scales.err("x", x, self.pixels)}
                series = self.series(line) or f"\0{number}"
                yield self._make("line", series, {"y": y, "x": x}, names | self.beside(x, y), (x, y, x, y), err)

    def _wedges(self) -> Iterator[Mark]:
        """Wedges, named by what is written in their direction, by the legend, or else by their labels."""
        wedges = [w for w in self.axes["wedges"] if w["start"] is not None and w["end"] is not None]
        x, y = self.scales.px(0, 0)
        reach = abs(self.scales.px(1, 0)[0] - x)
        towards: dict[int, list[str]] = {}
        for text in self.free if wedges else ():
            left, top, right, bottom = text["box"]
            dx, dy = (left + right) / 2 - x, y - (top + bottom) / 2
            if math.hypot(dx, dy) > reach:  # outside, where a text starts or ends at its wedge
                dx = min((left - x, right - x), key=abs) if left > x or right < x else dx
            if math.hypot(dx, dy) > 0.3 * reach:  # what stands in the middle is of no wedge
                towards.setdefault(_at_angle(wedges, math.degrees(math.atan2(dy, dx))), []).append(text["text"])
        drawn = {label_key(text["text"]) for text in self.free}
        for k, wedge in enumerate(wedges):
            series, said = self.series(wedge), towards.get(k, [])
            bare = set() if label_key(wedge["label"]) in drawn else {label_key(wedge["label"]), *parts(series)}
            names = bare.union(*map(parts, said))
            channels: dict[str, float | None] = {"share": abs(wedge["end"] - wedge["start"]) / 360}
            values = [value for each in said for value in numbers(each.replace("−", "-"))]
            if len(values) == 1:
                channels["written"] = values[0]
            own = "" if label_key(series) in drawn else series
            yield self._make("wedge", own, channels, names, (0, 0, 0, 0), {"share": 0.015})
            for value in values:
                yield self._make("text", own, {"text": value}, names, (0, 0, 0, 0), {"text": 0.0})

    def _points(self) -> Iterator[Mark]:
        for cloud in self.axes["points"]:
            sizes, values = cloud["sizes"], cloud["values"]
            for k, (x, y) in enumerate(zip(cloud["x"], cloud["y"])):
                if x is None or y is None:
                    continue
                channels: dict[str, float | None] = {"x": x, "y": y}
                if len(sizes) == len(cloud["x"]):
                    channels["size"] = sizes[k]
                if len(values) == len(cloud["x"]):
                    channels["value"] = values[k]
                names = self.beside(x, y) | (set() if self.sparse["x"] else self.tick("x", x))
                names |= set() if self.sparse["y"] else self.tick("y", y)
                err = {"y": self.scales.err("y", y, self.pixels), "x": self.scales.err("x", x, self.pixels)}
                err |= {"size": 0.15 * abs(channels.get("size") or 0), "value": math.inf}
                yield self._make("point", self.series(cloud), channels, names, (x, y, x, y), err)

    def beside(self, x: float, y: float) -> set[str]:
        """The words of the text that is nearest to a point, where it is near."""
        if not self.free:
            return set()
        px, py = self.scales.px(x, y)
        near = min(self.free, key=lambda t: _apart(t["box"], px, py))
        if _apart(near["box"], px, py) > BESIDE:
            return set()
        return {label_key(near["text"]), *parts(near["text"])}

    def _areas(self) -> Iterator[Mark]:
        for area in self.axes["areas"]:
            points = [(p[0], p[1]) for p in area["polygon"] if len(p) == 2 and None not in p]
            by_x: dict[float, list[float]] = {}
            for x, y in points:
                by_x.setdefault(round(x, 9), []).append(y)
            for x, ys in by_x.items():
                low, high = min(ys), max(ys)
                err = self.scales.err("y", high, self.pixels)
                yield self._make(
                    "area",
                    self.series(area),
                    {"top": high, "thick": high - low, "bottom": low, "x": x},
                    self.tick("x", x),
                    (x, low, x, high),
                    {"top": err, "thick": 2 * err, "bottom": err, "x": 0.0},
                )

    def _images(self) -> Iterator[Mark]:
        for image in self.axes["images"]:
            rows = image["values"]
            if not rows or len(image["extent"]) != 4 or None in image["extent"]:
                continue
            left, right, low, high = image["extent"]
            flat = [v for row in rows for v in row if v is not None]
            err = 0.04 * (max(flat) - min(flat)) if flat else 0.0
            for i, row in enumerate(rows):
                y = high + (i + 0.5) * (low - high) / len(rows)
                for j, value in enumerate(row):
                    x = left + (j + 0.5) * (right - left) / len(row)
                    names = self.tick("x", x) | self.tick("y", y)
                    yield self._make("cell", "", {"value": value}, names, (x, y, x, y), {"value": err})

    def _boxes(self) -> Iterator[Mark]:
        for box in self.axes["boxes"]:
            at = box["at"]
            five: dict[str, float | None] = {key: box[key] for key in ("low", "q1", "median", "q3", "high")}
            if at is None or any(value is None for value in five.values()):
                continue
            five |= {f"outlier{k}": value for k, value in enumerate(box["outliers"])}
            names = self.tick("x" if box["along"] == "y" else "y", at)
            along, low, high = box["along"], five["low"] or 0, five["high"] or 0
            err = {key: self.scales.err(along, value or 0.0, self.pixels) for key, value in five.items()}
            corners = (at, low, at, high) if along == "y" else (low, at, high, at)
            yield self._make("box", box["label"], five, names, corners, err)

    def _errors(self) -> Iterator[Mark]:
        for bars in self.axes["errors"]:
            along = bars["along"]
            for at, low, high in zip(bars["at"], bars["low"], bars["high"]):
                if None in (at, low, high):
                    continue
                err = self.scales.err(along, high, self.pixels)
                ends = {"half": (high - low) / 2, "low": low, "high": high}
                corners = (at, low, at, high) if along == "y" else (low, at, high, at)
                names = self.tick("x" if along == "y" else "y", at)
                off = {"half": err, "low": err, "high": err}
                yield self._make("error", self.series(bars), ends, names, corners, off)


def _at_angle(wedges: list[Table], angle: float) -> int:
    """The wedge in whose direction an angle lies, in degrees."""

    def off(wedge: Table) -> float:
        low, high = sorted((float(wedge["start"]), float(wedge["end"])))
        return abs((angle - (low + high) / 2 + 180) % 360 - 180) - (high - low) / 2

    return min(range(len(wedges)), key=lambda k: off(wedges[k]))


def parts(words: str) -> set[str]:
    """What a text says beside its numbers, and each of its lines."""
    found = {label_key(line) for line in words.splitlines()}
    bare = words
    for sign in "0123456789.,%$€£()[]:=+−":
        bare = bare.replace(sign, "\n" if sign in "()[]:=" else "")
    found |= {label_key(line.strip(" -–—:")) for line in bare.splitlines()}
    head = words.partition(":")[0] if ":" in words else words.partition("(")[0]
    return (found | {label_key(head)}) - {""}


def _apart(box: list[float], x: float, y: float) -> float:
    """How far a place is from a box, in pixels."""
    return math.hypot(max(box[0] - x, 0, x - box[2]), max(box[1] - y, 0, y - box[3]))


def _written(artists: Table) -> Iterator[Mark]:
    """Numbers that are written, named by the other words of their text and by the texts in their row and column."""
    solid = {place for place, axes in enumerate(artists["axes"]) if axes["solids"]}  # see solids.py
    texts = [t for t in artists["texts"] if t["role"] in ("", "legend") and t["text"].strip()]
    texts = [t for t in texts if t["role"] or t["axes"] not in solid]
    plain = [t for t in texts if not read(t["text"].strip().replace("−", "-"))]
    plain += [t for t in ticked(artists) if t["text"].strip()]
    for text in texts:
        values = numbers(text["text"].replace("−", "-"))
        if not values:
            continue
        names = {label_key(text["text"]), *parts(text["text"])}
        x0, y0, x1, y1 = text["box"]
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        for other in plain:
            left, top, right, bottom = other["box"]
            across, along = left - 1 <= x <= right + 1, top - 1 <= y <= bottom + 1
            if other is not text and ((across and other["role"] != "ytick") or (along and other["role"] != "xtick")):
                names.add(label_key(other["text"]))
        for value in values:
            shown = {"text": value}
            yield Mark(
                int(text["axes"] or 0), "text", "", shown, frozenset(names - {""}), (x0, y0, x1, y1), {"text": 0.0}
            )
