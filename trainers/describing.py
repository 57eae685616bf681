"""What a figure shows, written out: its table, and a caption. Targets of supervision, made from views, not pixels.

    draft = envs.problem.draw("bar/count/2/7")
    table(draft, "markdown")    "| letter | frequency |\\n| --- | --- |\\n| a | 12 | ...", a table for each panel
    table(draft, "json")        [{"panel": ..., "columns": [...], "rows": [[...], ...]}]
    caption(draft)              what kind of chart it is, what is written around it, what it compares, its extremes

Nobody is taught to see what cannot be seen: a value that is not written is rounded to how closely it can be read, one
that is covered is "?", extremes are named only where they can be told apart (`Categories.ranked`), and a figure of
which only the order can be read (a word cloud) or whose table would have more than LONGEST rows has no table (None).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from envs.address import Draws
from envs.numerals import half_up, listed, show
from envs.problem import Draft
from envs.underlying import Grid, Value, grids
from envs.views import Categories, Item, Measured, NotAskable, Series, View
from envs.views_whole import Parts

FORMS = ("markdown", "json")
LONGEST = 40  # rows of a table
NAMED = 6  # names that a caption lists at most
UNKNOWN = "?"  # a value that is covered

REQUESTS = {
    "table": (
        "Write the data of the figure as a table in {form}.",
        "Turn this figure into a table in {form}.",
        "What is the table behind this figure? Give it in {form}.",
        "Give the data that the figure shows, as a table in {form}.",
        "Convert the chart to {form}.",
    ),
    "caption": (
        "Describe the figure.",
        "Write a caption for this figure.",
        "What does this figure show?",
        "Say in a few sentences what can be seen in the figure.",
        "Summarise the chart.",
    ),
}


@dataclass(frozen=True)
class Rows:
    """One table: its header, rows of cells as they are written, the measure where no column names it, and how many of
    the columns are names."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    measure: str = ""
    names: int = 1

    @property
    def legible(self) -> bool:
        return 0 < len(self.rows) <= LONGEST and any(set(row) != {UNKNOWN} for row in self.values)

    @property
    def values(self) -> list[tuple[str, ...]]:
        """The cells of each row that are no names; a table of links without weights has names alone."""
        return [row[self.names :] or row for row in self.rows]


def request(kind: str, form: str, draws: Draws) -> str:
    """How a table or a caption is asked for."""
    return draws.choice(REQUESTS[kind]).format(form={"markdown": "Markdown", "json": "JSON"}[form])


def table(draft: Draft, form: str) -> str | None:
    """The tables of a figure's panels; None where a panel has none that a reader could write."""
    found: list[tuple[str, str, list[Rows]]] = []
    for parts, views in panels(draft):
        tables = [_written(grid) for grid in grids(views)]
        if not tables or not all(each.legible for each in tables):
            return None
        found.append((parts.title, next((v.where.strip() for v in views), ""), tables))
    several = len(found) > 1
    if form == "json":
        out = [
            {
                **({"panel": place.removeprefix("in ")} if several else {}),
                "title": title,
                **({"measure": each.measure} if each.measure else {}),
                "columns": list(each.columns),
                "rows": [[*row[: each.names], *map(_value, row[each.names :])] for row in each.rows],
            }
            for title, place, tables in found
            for each in tables
        ]
        return json.dumps(out if len(out) > 1 else out[0], ensure_ascii=False)
    blocks = []
    for title, place, tables in found:
        head = ": ".join(filter(None, (place.removeprefix("in ") if several else "", title)))
        blocks += [f"**{head}**"] if head else []
        for each in tables:
            blocks += [*([f"{each.measure}:"] if each.measure else []), _markdown(each)]
    return "\n\n".join(blocks)


def caption(draft: Draft) -> str:
    """A few sentences: the kind of chart, title, axes and legend, what it compares, the largest and the smallest."""
    said = []
    for parts, views in panels(draft):
        place = views[0].where.strip() if views and len(draft.figure.panels) > 1 else ""
        said += [_opening(parts, place), *_around(parts), *_content(views)]
    return " ".join(said)


def panels(draft: Draft) -> list[tuple[Parts, list[View]]]:
    """What is written around each panel, and its views; the one that holds every value is the first."""
    found: dict[int, tuple[list[Parts], list[View]]] = {}
    for view in draft.views:
        if view.panel >= 0:
            parts, views = found.setdefault(view.panel, ([], []))
            if isinstance(view, Parts):
                parts.append(view)
            else:
                views.append(view)
    return [(parts[0], views) for _, (parts, views) in sorted(found.items()) if parts]


# --- tables ----------------------------------------------------------------------------------------------------------


def _written(grid: Grid) -> Rows:
    """A table as a reader could write it."""
    rows = tuple(tuple(cell(x.of, x.item) if isinstance(x, Value) else x for x in row) for row in grid.rows)
    return Rows(grid.columns, rows, grid.measure, grid.names)


def cell(view: Measured, item: Item) -> str:
    """A value as it can be read: what is written as it is written, else no closer than the reading error."""
    if item.err == math.inf:
        return UNKNOWN
    decimals = view.decimals
    if not view.written and item.err > 0.5 * 10.0**-decimals:
        decimals = min(decimals, -math.floor(math.log10(item.err)))
    return show(half_up(item.value, decimals), max(0, decimals))


def _value(text: str) -> float | int | None:
    """A value for JSON; null where it is covered."""
    if text == UNKNOWN:
        return None
    return float(text) if "." in text else int(text)


def _markdown(table: Rows) -> str:
    lines = [table.columns, ("---",) * len(table.columns), *table.rows]
    return "\n".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines)


# --- captions --------------------------------------------------------------------------------------------------------


def _opening(parts: Parts, place: str) -> str:
    kind = f"{'An' if parts.chart[0] in 'aeiou' else 'A'} {parts.chart}"
    kind = f"{place[0].upper()}{place[1:]}: {kind[0].lower()}{kind[1:]}" if place else kind
    return f'{kind} titled "{parts.title}".' if parts.title else f"{kind}."


def _around(parts: Parts) -> list[str]:
    said = []
    if parts.across:
        said.append(f'The horizontal axis is "{parts.across}".')
    if parts.up:
        said.append(f'The vertical axis is "{parts.up}".')
    if 1 < len(parts.legend) <= NAMED:
        said.append(f"The legend names {listed(parts.legend)}.")
    return said


def _content(views: list[View]) -> list[str]:
    """What is compared, and the extremes, of the first view that names values."""
    view = next((view for view in views if isinstance(view, Categories | Series)), None)
    if view is None:
        return []
    if isinstance(view, Series) and len(view.series) == 1:
        view = view.of_series(0)
    if isinstance(view, Series):
        of = f"{len(view.series)} {view.series_nouns} for {len(view.positions)} {view.nouns}"
        said = f"It shows the {view.measure} of {of}"
        return [f"{said}, from {view.positions[0]} to {view.positions[-1]}." if view.ordered else f"{said}."]
    names = view.read_order()
    said = f"It shows the {view.measure} of {len(names)} {view.nouns}"
    return [f"{said}: {listed(names)}." if len(names) <= NAMED else f"{said}.", *_extremes(view)]


def _extremes(view: Categories) -> list[str]:
    said = []
    for up, word in ((False, "largest"), (True, "smallest")):
        try:
            item = view.ranked(up)[0]
        except NotAskable:
            continue  # no reader could tell which it is
        value = cell(view, item)
        about = "" if value == UNKNOWN else f" ({view.unit.prefix}{value}{view.unit.suffix})"
        said.append(f"The {word} is {item.name}{about}.")
    return said
