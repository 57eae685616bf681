"""The tables behind a figure: what every view says, as rows of names and values with how well each can be read.

    grids(views)            the tables that hold every value of a panel once; trainers/describing.py writes them out
    tables(views, panels)   of each panel, names with values as JSON: what the surrogate reward is scored against

A `Grid` has values as items, so that whoever writes them knows which are printed, how closely the others can be read
and which are covered. `tables` is of panels alone whose first view is a Categories or a Series: values as they are
written or, where they are read off a scale, as they are; None where one cannot be read (its mark is covered, or only
its rank is drawn).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from envs.address import Address
from envs.numerals import Unit, half_up
from envs.views import Categories, Item, Measured, Series, View
from envs.views_links import Links
from envs.views_points import SIZE, Along, Point, Points, X, Y
from envs.views_spans import Spans
from envs.views_spread import Bins, Candles, Spread
from envs.views_tree import Hierarchy
from rewards import AnswerError, Table

MOST = 400  # values of a table that a reward asks for


@dataclass(frozen=True)
class Value:
    """A cell that is no name: the item, and the view or axis whose measure, decimals and print it has."""

    of: Measured
    item: Item


Row = tuple[str | Value, ...]


@dataclass(frozen=True)
class Grid:
    """One table: the view it is of, its header, its rows, the measure where no column names it, and how many of the
    columns are names."""

    view: View
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    measure: str = ""
    names: int = 1


def grids(views: Iterable[View]) -> list[Grid]:
    """Tables that hold every value of a panel once: a view is written out where it says something new."""
    told: set[object] = set()
    found = []
    for view in views:
        facts = set(view.facts())
        if not facts <= told and (grid := _grid(view)) is not None:
            found.append(grid)
            told |= facts
    return found


def _grid(view: View) -> Grid | None:
    """A view as a table; None for views that are none (fields, curves) or that only gather others."""

    def made(columns: Iterable[str], rows: Iterable[Iterable[str | Item]], measure: str = "", names: int = 1) -> Grid:
        assert isinstance(view, Measured)
        told = (tuple(Value(view, x) if isinstance(x, Item) else x for x in row) for row in rows)
        return Grid(view, tuple(columns), tuple(told), measure, names)

    rows: list[tuple[str | Item, ...]]
    match view:
        case Categories():
            return made((view.noun, headed(view.measure, view.unit)), [(item.name, item) for item in view.items])
        case Series():
            head = headed(view.measure, view.unit)
            rows = [(name, *(row[j] for row in view.items)) for j, name in enumerate(view.positions)]
            if len(view.series) == 1:
                return made((view.noun, head), rows)
            return made((view.noun, *view.series), rows, head)
        case Spread():
            names = ("low", "lower quartile", "median", "upper quartile", "high")
            spreads = [(g.name, g.low, g.q1, g.median, g.q3, g.high) for g in view.groups]
            return made((view.noun, *names), spreads, headed(view.measure, view.unit))
        case Candles():
            prices = [(candle.name, *candle.prices) for candle in view.candles]
            return made((view.noun, "open", "high", "low", "close"), prices, headed(view.measure, view.unit))
        case Bins():
            bins = [(view.bin(i), item) for i, item in enumerate(view.items)]
            return made((headed(view.variable, view.edge_unit), headed(view.measure, view.unit)), bins)
        case Spans():
            return made((view.noun, "start", "end"), [(bar.name, bar.start, bar.end) for bar in view.bars])
        case Links():
            weights: tuple[str, ...] = (headed(view.measure, view.unit),) if view.weighted else ()
            rows = [(*edge.key, *([edge] if view.weighted else [])) for edge in view.edges]
            return made((*(("from", "to") if view.directed else ("one end", "other end")), *weights), rows, names=2)
        case Hierarchy():
            parts = [(top.name, i.name, i) for top, row in zip(view.tops, view.items, strict=True) for i in row]
            return made((view.parent_noun, view.noun, headed(view.measure, view.unit)), parts, names=2)
        case Points():
            return _points(view)
    return None


def _points(view: Points) -> Grid | None:
    """Points by name where they are named, else from left to right."""
    if any(math.inf in (point.err_x, point.err_y) for point in view.points):  # in space no place can be read
        return None
    named = all(point.labelled for point in view.points)
    grouped = any(point.group for point in view.points)
    measures: list[tuple[str, Along]] = [(X, view.x), (Y, view.y)]
    if view.size is not None and all(point.err_size < math.inf for point in view.points):
        measures.append((SIZE, view.size))

    def row(point: Point) -> Row:
        items = [(along, point.item(what)) for what, along in measures]
        values = (Value(along, replace(item, err=math.inf) if point.covered else item) for along, item in items)
        return (*([point.name] if named else []), *([point.group] if grouped else []), *values)

    order = view.points if named else sorted(view.points, key=lambda point: (point.group, point.x))
    columns = [*([view.noun] if named else []), *([view.group_noun or "group"] if grouped else [])]
    heads = [headed(along.measure, along.unit) for _, along in measures]
    return Grid(view, (*columns, *heads), tuple(row(point) for point in order), names=len(columns))


def headed(measure: str, unit: Unit) -> str:
    return f"{measure} ({unit.words})" if unit.words else measure


def tables_behind(address: Address) -> list[dict[str, Any] | None]:
    """The tables behind a problem; [] for a stored one, which knows none. Its figure is drawn once more, without
    pixels: some milliseconds, which only a run that rewards tables takes."""
    if address.stored:
        return []
    from envs.problem import draw

    draft = draw(address)
    return tables(draft.views, len(draft.figure.panels))


def tables(views: Sequence[View], panels: int) -> list[dict[str, Any] | None]:
    """The table of each panel as {"columns": [...], "rows": [[...], ...]}, a value that cannot be read being None; or
    None where a panel has none."""
    return [_table([view for view in views if view.panel == panel]) for panel in range(panels)]


def _table(views: Sequence[View]) -> dict[str, Any] | None:
    """One table of all names with values: the first view alone may miss what is drawn on a second axis."""
    if not views or not isinstance(first := views[0], Categories | Series):
        return None
    values: dict[tuple[str, ...], float] = {}
    for grid in grids(view for view in views if isinstance(view, Categories | Series)):
        view = grid.view
        assert isinstance(view, Measured)
        facts = view.printed(view.facts()) if view.written else view.facts()
        for column in zip(*grid.rows, strict=True):
            for cell in column:
                if isinstance(cell, Value) and cell.item.err < math.inf:
                    values.setdefault(cell.item.at, half_up(facts[cell.item.at].value, 6))
    lengths = {len(key) for key in values}
    if not values or len(values) > MOST or len(lengths) > 1 or not lengths <= {1, 2}:
        return None
    if lengths == {1}:
        columns = [first.noun, first.measure]
        rows: list[list[str | float | None]] = [[*key, value] for key, value in values.items()]
    else:
        series = list(dict.fromkeys(key[0] for key in values))
        places = list(dict.fromkeys(key[1] for key in values))
        columns = [first.noun, *series]
        rows = [[place, *(values.get((name, place)) for name in series)] for place in places]
    try:
        Table(tuple(columns), tuple(tuple(0 if cell is None else cell for cell in row) for row in rows))
    except AnswerError:  # a name that no table can hold
        return None
    return {"columns": columns, "rows": rows}
