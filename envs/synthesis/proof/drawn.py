"""Whether a figure shows its data: both ways, with every number at the mark that has its name.

    shown = show(data, artists)     Drawn, or Unfaithful: "a column is not drawn", "a mark shows what no data says" ...
    shown.error[place]              how far off a careful reader of the figure may be at a leaf of the data

Each column of numbers must be found among the heights of bars, places of points, angles of wedges, values of cells,
written numbers ..., all of it in one kind of place and on one scale, each value at a mark that bears its names as far
as names are drawn. And each mark must show a value of some column, or what follows from columns: a share, a sum, a
count of samples. The same is asked of figures drawn from changed data (contract.py), so a render that knows numbers by
heart fails.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from envs.synthesis.proof.columns import Column, Path, columns, spoken
from envs.synthesis.proof.derived import Derived, Unfaithful
from envs.synthesis.proof.figure import Figure
from envs.synthesis.proof.links import graphs, judge_links, link_marks
from envs.synthesis.proof.marks import CHANNELS, marks
from envs.synthesis.proof.solids import judge_solids, solid_marks
from envs.synthesis.proof.written import judge_series, judge_written, wedge_says
from envs.views import EYE
from rewards.typography import label_key

LINE = 4  # points that make a line of data


@dataclass(frozen=True, slots=True)
class Drawn:
    """How data is shown. `error`: at each leaf how far off a careful reader may be, 0 where it is written out. `how`:
    of each column the kind of mark, "stacked", "written" or, of samples, "counted" (histogram) and "quartiles" (box
    plot). `unseen` are columns that need not be drawn, and are not: numbers by themselves, positions. `edges` are those
    of the bins of histograms."""

    error: dict[Path, float] = field(default_factory=dict)
    how: dict[tuple[str, ...], str] = field(default_factory=dict)
    unseen: frozenset[tuple[str, ...]] = frozenset()
    edges: tuple[float, ...] = ()


def show(data: Any, artists: dict[str, Any], *, inside: bool = False) -> Drawn:
    """How a figure shows its data; Unfaithful where it does not, or (`inside`) where a mark lies outside its axes."""
    try:
        return _show(data, artists, inside)
    except Unfaithful:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # The table comes from the script's own process: its shape is checked, not what it says.
        raise Unfaithful("the figure cannot be told", f"{type(error).__name__}: {error}") from error


def _show(data: Any, artists: dict[str, Any], inside: bool) -> Drawn:
    numbers, names = columns(data)
    graph = graphs(artists)  # where points stand says nothing there
    found_there = [m for m in marks(artists, EYE) if m.axes not in graph or m.kind not in ("point", "text")]
    figure = Figure([*found_there, *solid_marks(artists), *link_marks(artists)], artists, inside)
    _names_drawn(names, artists)
    error: dict[Path, float] = {}
    how: dict[tuple[str, ...], str] = {}
    unseen = set()
    for column in numbers:
        if column.lone:
            if not figure.says(column.values):
                unseen.add(column.path)
            continue
        if column.position:
            if not figure.places(column):  # as a number that counts the rows of a table
                unseen.add(column.path)
            how[column.path] = "position"
            error.update(dict.fromkeys(column.places, 0.0))
            continue
        how[column.path], errors = figure.find(column, series=_is_series(column, numbers))
        error.update(zip(column.places, errors))
    if artists["cut"]:
        raise Unfaithful("too much is drawn")
    derived = Derived(numbers)
    _judge_pairs(figure, numbers)
    _judge_labels(figure)
    _judge_marks(figure, numbers, derived)
    spelled = {label_key(str(value)) for column in names for value in column.values}
    spelled |= {name for column in numbers for name in spoken(column.name)}
    judge_written(figure.marks, artists, derived, spelled)
    judge_series(figure.marks, artists)
    judge_links(artists, names)
    if inside:
        _judge_places(figure)
        judge_solids(artists)
    return Drawn(error, how, frozenset(unseen), tuple(figure.edges))


def _is_series(column: Column, numbers: list[Column]) -> bool:
    return sum(not other.lone and not other.position for other in numbers) > 1 and bool(column.name)


def _names_drawn(names: list[Column], artists: dict[str, Any]) -> None:
    """Unfaithful where a name of a column of names is nowhere on the figure."""
    said = [label_key(text["text"].replace("\n", " ")) for text in artists["texts"]]
    together = "\n".join(said)
    for column in names:
        if column.lone:
            continue
        missing = [value for value in column.values if label_key(value.replace("\n", " ")) not in together]
        if missing and len(missing) < len(column.values):
            raise Unfaithful("a name is not drawn", f"{column.name}: {missing[0]!r}")
        if missing:
            raise Unfaithful("a column of names is not drawn", column.name)


def _judge_marks(figure: Figure, numbers: list[Column], derived: Derived) -> None:
    """Unfaithful where a mark shows what neither a column nor what follows from columns says."""
    lines = _lines_of_data(figure, derived)
    lengths = {len(column.values) for column in numbers if not column.position}
    counts = Counter((mark.axes, mark.kind) for mark in figure.marks)
    shown = {(figure.marks[index].axes, figure.marks[index].kind) for index in figure.explained}
    if other := sorted((axes, kind) for axes, kind in figure.nearly - shown if kind not in ("text", "line")):
        raise Unfaithful("a mark shows another value than its name's", other[0][1])
    for index, mark in enumerate(figure.marks):
        if "written" in mark.channels:
            wedge_says(mark, numbers)
        if index in figure.explained or mark.kind in ("text", "area", "error"):
            continue
        if mark.kind == "line" and (mark.axes, mark.series) not in lines:
            continue
        channels = [*CHANNELS.get(mark.kind, ()), *(["share"] if mark.kind == "wedge" else [])]
        values = [mark.channels[c] for c in channels if c in mark.channels and c not in ("bottom", "left", "x")]
        own = mark.kind == "wedge" and counts[mark.axes, mark.kind] in lengths  # they should have been found
        if own or not any(derived.holds(value) for value in values if value):
            named = ", ".join(sorted(name for name in mark.names if "\0" not in name))[:60]
            raise Unfaithful("a mark shows what no data says", f"{mark.kind} {named}: {values}")


def _judge_pairs(figure: Figure, numbers: list[Column]) -> None:
    """Unfaithful where two columns without names are at marks of one kind, and some mark has one's value with
    another row's of the other."""
    bare = [column for column in numbers if not column.keys and column.path in figure.along]
    for a, b in combinations(bare, 2):
        if len(a.values) != len(b.values):
            continue
        for where in figure.along[a.path].keys() & figure.along[b.path].keys():
            (one, scale), (other, factor) = figure.along[a.path][where], figure.along[b.path][where]
            own = [m.channels for m in figure.marks if (m.axes, m.kind) == where]
            drawn = {(f"{m[one]:.9g}", f"{m[other]:.9g}") for m in own if one in m and other in m}
            pairs = [(f"{scale * x:.9g}", f"{factor * y:.9g}") for x, y in zip(a.values, b.values)]
            if one != other and not drawn.issuperset(pairs):
                raise Unfaithful("a mark pairs values of different rows", f"{a.name}, {b.name}")


def _judge_labels(figure: Figure) -> None:
    """Unfaithful where an axes is called by columns that it does not show, or a side of it by others."""
    called: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    every = {path for held in figure.held.values() for path in held}
    for path in every:
        for part in path:
            for word in spoken(part):
                called[word].add(path)
    for axes, held in figure.held.items():
        for where in ("title", "xlabel", "ylabel"):
            words = figure.artists["axes"][axes][where]
            own = next((called[word] for word in spoken(words) if word in called), set())
            side = where[0] if where != "title" else ""
            here = {path for path, sides in held.items() if not side or sides & {side, ""}}
            if own and here and not here & own and own != every:
                raise Unfaithful("a label names another column", f"{where} {words!r}")


def _judge_places(figure: Figure) -> None:
    """Unfaithful where a mark that shows data ends outside its axes, which cut it off."""
    for index in figure.explained:
        mark = figure.marks[index]
        if mark.kind in ("wedge", "text", "solid"):
            continue
        x0, y0, x1, y1 = figure.artists["axes"][mark.axes]["box"]
        a, b, c, d = mark.box
        if mark.kind == "bar":  # its foot may lie below an axis that does not start at nothing
            b = d = d if mark.channels["height"] < 0 else b
            a = c = a if mark.channels["width"] < 0 else c
        if a < x0 - 2 or c > x1 + 2 or b < y0 - 2 or d > y1 + 2:
            named = ", ".join(sorted(name for name in mark.names if "\0" not in name))[:60]
            raise Unfaithful("a mark lies outside its axes", f"{mark.kind} {named}")


def _lines_of_data(figure: Figure, derived: Derived) -> set[tuple[int, str]]:
    """The lines, by axes and series, that must not leave the data: those of which a point shows a value, and those of
    which at least three quarters of the points say what data says. Others are trends, limits and decoration."""
    lines: dict[tuple[int, str], list[int]] = defaultdict(list)
    for index, mark in enumerate(figure.marks):
        if mark.kind == "line":
            lines[mark.axes, mark.series].append(index)
    found = set()
    for line, own in lines.items():
        if figure.explained.isdisjoint(own):
            points = [figure.marks[index].channels for index in own]
            said = sum(derived.holds(point["y"]) or derived.holds(point["x"]) for point in points)
            if len(own) < LINE or said < 0.75 * len(own):
                continue
        found.add(line)
    return found
