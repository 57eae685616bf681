"""What the curriculum asked, as pictures: pass rate and draws by cell (or skill, or family) and level, over time.

The colour of a square is the pass rate, its area how often it was asked in that window of batches. A slider goes
through the windows; its last stop is the whole run.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise

from trainers.plots import Line, share, stack
from trainers.report import percent
from trainers.report_page import text
from trainers.seen import Rows

WINDOWS = 8
CELLS = 24  # rows of a map by cell; more cells are shown by skill and by family
LISTED = 300  # cells of the list, those asked most
LEVELS = 8  # colours of levels
STOPS = ((0.0, (200, 85, 61)), (0.5, (233, 190, 96)), (1.0, (42, 157, 143)))  # pass rates from red over sand to teal

Counts = dict[tuple[str, int], list[int]]  # (row, level) -> groups, groups of mixed outcome, right rollouts, rollouts


def windows(asked: Rows) -> list[tuple[str, Rows]]:
    """The rows by window of batches, each with its name, and all of them at the end."""
    batches = sorted({int(row["batch"]) for row in asked})
    many = min(WINDOWS, len(batches))
    found, first = [], 0
    for i in range(many):
        last = batches[round((i + 1) * len(batches) / many) - 1]
        found.append((f"batches {first} to {last}", [row for row in asked if first <= int(row["batch"]) <= last]))
        first = last + 1
    return [*found, ("the whole run", list(asked))]


def counted(rows: Rows, name: Callable[[str], str]) -> Counts:
    """Counts by row of the map and level; `name` says which row a cell belongs to."""
    found: Counts = defaultdict(lambda: [0, 0, 0, 0])
    for row in rows:
        for level, counts in row["asked"].items():
            place = found[name(row["cell"]), int(level)]
            for i, count in enumerate(counts):
                place[i] += int(count)
    return dict(found)


@cache
def _skills() -> Mapping[str, str]:
    from envs.registry import cells

    return {cell.question: cell.skill for cell in cells()}


def skill(cell: str) -> str:
    """The skill that a cell asks for; of a data set of one's own its name."""
    family, _, question = cell.partition("/")
    return cell if family == "stored" else _skills().get(question, question)


def family(cell: str) -> str:
    return cell if cell.startswith("stored/") else cell.partition("/")[0]


def curriculum_cards(asked: Rows) -> list[list[str]]:
    """The cards of the curriculum in two columns; none where nothing was asked."""
    if not asked:
        return []
    parts = windows(asked)
    cells = {row["cell"] for row in asked}
    maps = [("By cell and level", str)] if len(cells) <= CELLS else [("By skill", skill), ("By family", family)]
    columns = [[_map(title, [(name, counted(rows, by)) for name, rows in parts])] for title, by in maps]
    rows = [len({by(cell) for cell in cells}) for _, by in maps]
    if len(columns) == 1:
        columns, rows = [*columns, []], [*rows, 0]
    columns[rows.index(min(rows))].append(_levels(parts))  # where there is room
    return columns


def colour(rate: float) -> str:
    """Of a pass rate."""
    for (a, low), (b, high) in pairwise(STOPS):
        if rate <= b:
            part = (rate - a) / (b - a)
            return "rgb({} {} {})".format(*(round(x + part * (y - x)) for x, y in zip(low, high)))
    return "rgb({} {} {})".format(*STOPS[-1][1])


def _map(title: str, parts: Sequence[tuple[str, Counts]]) -> str:
    whole = parts[-1][1]
    names, levels = sorted({name for name, _ in whole}), sorted({level for _, level in whole})
    columns = range(levels[0], levels[-1] + 1) if levels[-1] - levels[0] < 24 else levels
    side = min(34 if len(names) <= CELLS else 18, max(14, 340 // len(columns)))
    left, top = 12 + 6.4 * max(map(len, names)), 4
    width, height = max(500.0, left + side * len(columns) + 8), top + side * len(names) + 34
    svg = [f'<svg viewBox="0 0 {width:.0f} {height}" role="img" aria-label="{text(title)}">']
    for i, name in enumerate(names):
        y = top + side * i
        svg.append(f'<text class="row" x="{left - 8:.0f}" y="{y + side / 2 + 4}" text-anchor="end">{text(name)}</text>')
        for j in range(len(columns)):
            at = f'x="{left + side * j + 1:.1f}" y="{y + 1}" width="{side - 2}" height="{side - 2}"'
            svg.append(f'<rect class="empty" {at} rx="2"/>')
    for number, (_, counts) in enumerate(parts):
        hidden = "" if number == len(parts) - 1 else ' hidden="hidden"'
        svg.append(f'<g data-window="{number}"{hidden}>')
        most = max((groups for groups, *_ in counts.values()), default=1)
        for (name, level), (groups, mixed, right, rollouts) in sorted(counts.items()):
            rate = right / rollouts if rollouts else 0.0
            size = (side - 2) * math.sqrt(groups / most) * 0.8 + (side - 2) * 0.2
            x = left + side * (columns.index(level) + 0.5) - size / 2
            up = top + side * (names.index(name) + 0.5) - size / 2
            said = f"{name}, level {level}: {percent(rate)} right, {groups} groups, {percent(mixed / groups)} mixed"
            svg.append(
                f'<rect x="{x:.1f}" y="{up:.1f}" width="{size:.1f}" height="{size:.1f}" rx="2" fill="{colour(rate)}">'
                f"<title>{text(said)}</title></rect>"
            )
        svg.append("</g>")
    for j, level in enumerate(columns):
        x, y = left + side * (j + 0.5), top + side * len(names) + 14
        if side >= 18 or j % 2 == 0:
            svg.append(f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{level}</text>')
    middle = left + side * len(columns) / 2
    svg.append(f'<text x="{middle:.0f}" y="{height - 3}" text-anchor="middle">level</text></svg>')
    return f'<div class="card"><h3>{text(title)}</h3>{_slider(parts)}{"".join(svg)}{_key()}</div>'


def _slider(parts: Sequence[tuple[str, Counts]]) -> str:
    last = len(parts) - 1
    names = "".join(
        f'<span data-window="{i}"{"" if i == last else " hidden=" + chr(34) + "hidden" + chr(34)}>{text(name)}</span>'
        for i, (name, _) in enumerate(parts)
    )
    slider = f'<input type="range" min="0" max="{last}" value="{last}" aria-label="window of batches"/>'
    return f'<p class="note">{slider} {names}</p>'


def _key() -> str:
    shown = "".join(
        f'<span><i style="background:{colour(rate)}"></i>{100 * rate:.0f} %</span>' for rate in (0, 0.25, 0.5, 0.75, 1)
    )
    return f'<div class="legend">right: {shown} <span>area: how often asked</span></div>'


def _levels(parts: Sequence[tuple[str, Rows]]) -> str:
    """The share of draws at each level over time."""
    rows = parts[-1][1]
    batches = sorted({int(row["batch"]) for row in rows})
    at: dict[int, dict[int, int]] = {batch: defaultdict(int) for batch in batches}
    for row in rows:
        for level, counts in row["asked"].items():
            at[int(row["batch"])][int(level)] += int(counts[0])
    levels = sorted({level for found in at.values() for level in found})
    each = -(-len(levels) // LEVELS)
    bins = [levels[i : i + each] for i in range(0, len(levels), each)]
    lines = []
    for i, part in enumerate(bins):
        points = [(b, sum(at[b][level] for level in part) / max(1, sum(at[b].values()))) for b in batches]
        name = f"level {part[0]}" if len(part) == 1 else f"{part[0]} to {part[-1]}"
        light = 78 - 52 * i / max(1, len(bins) - 1)
        lines.append(Line(name=name, points=points, colour=f"hsl(212 55% {light:.0f}%)"))
    return stack("Draws by level", lines, said=share, high=1.0, of="batch")


def cell_list(asked: Rows) -> str:
    """A row a cell: where it stands, how often it was asked and was right, in all and in the last window."""
    if not asked:
        return ""
    every, late = (_by_cell(rows) for rows in (asked, windows(asked)[-2][1]))
    last = {row["cell"]: row for row in asked}
    rows = []
    for cell, (groups, _, right, rollouts) in sorted(every.items(), key=lambda each: -each[1][0])[:LISTED]:
        stands = last[cell]
        of = late.get(cell)
        values = (
            cell,
            "–" if stands.get("level") is None else f"{stands['level']} of {_or(stands.get('top_level'), 'any')}",
            f"{groups:,}",
            percent(right / rollouts) if rollouts else "–",
            percent(of[2] / of[3]) if of and of[3] else "–",
            _or(stands.get("promotions")),
            _or(stands.get("demotions")),
        )
        rows.append("<tr>" + "".join(f"<td>{text(value)}</td>" for value in values) + "</tr>")
    heads = ("cell", "level", "draws", "right", "right lately", "promotions", "demotions")
    head = "".join(f'<td class="soft">{name}</td>' for name in heads)
    more = f", the {LISTED} asked most" if len(every) > LISTED else ""
    return (
        f'<details class="card"><summary>{len(every)} cells one by one{more}</summary>'
        f"<table><tr>{head}</tr>{''.join(rows)}</table></details>"
    )


def _or(value: object, otherwise: str = "–") -> str:
    return otherwise if value is None else str(value)


def _by_cell(rows: Rows) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for (cell, _), counts in counted(rows, str).items():
        if counts[0]:
            found[cell] = [a + b for a, b in zip(found[cell], counts)]
    return dict(found)
