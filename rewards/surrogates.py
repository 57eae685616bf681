r"""Rewards for what a response says beside its answer: which kind of chart it sees, and the table that is drawn.

    <type>bar chart</type> <table>letter | count
    a | 7
    b | 12</table> So it is \boxed{12}.

The surrogate tasks of Chart-RVR (Sinha et al. 2025, arXiv:2510.10973), scored against what the figure knows: the
trainer hands over the columns `charts` (the kind of each panel, as the figure names it) and `tables` (a JSON object
{"columns", "rows"} for each panel, or None where the panel is no table of names and values; a cell that cannot be read
is None). A problem that knows
neither, as a stored one, gets None, which TRL leaves out of the sum and of the mean. The prompt must ask for the tags;
`TAGS` says which.

    chart_type   1 if the kinds in <type> are those of the panels, in any order, else 0
    table        how near the tables in <table> come, panel by panel, from 0 to 1
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Sequence as AbstractSequence
from typing import Any

from rewards.answers import Cell
from rewards.boxed import MAX_BOX
from rewards.functions import completion_text
from rewards.tables import nearness, read_table
from rewards.typography import label_key, plain

TAGS = {"chart_type": "<type>", "table": "<table>"}  # what the prompt must ask for
MOST = 16  # tags of a kind that are looked at, the last ones
_GENERIC = frozenset({"chart", "charts", "plot", "plots", "graph", "graphs", "diagram", "diagrams", "a", "the"})
_WORD = re.compile(r"[^\W_]+%?|%")
_LISTED = re.compile(r"[;,\n]|\band\b")


def within(text: str, tag: str) -> list[str]:
    """What stands between <tag> and </tag>, the last MOST of them; what is longer than a box may be is left out."""
    found = []
    end = len(text)
    for _ in range(MOST):  # from the end, so that a response of any length is gone through once
        close = text.rfind(f"</{tag}>", 0, end)
        end = text.rfind(f"<{tag}>", 0, max(close, 0))
        if close < 0 or end < 0:
            break
        inside = text[end + len(tag) + 2 : close]
        if len(inside) <= MAX_BOX:
            found.append(inside)
    return found[::-1]


def kind_key(name: str) -> str:
    """A kind of chart without the words that all kinds share: "Bar Chart", "bar graph" and "bar" are one."""
    words = _WORD.findall(label_key(plain(name)))
    return " ".join(word for word in words if word not in _GENERIC) or " ".join(words)


def chart_type(
    prompts: AbstractSequence[Any],
    completions: AbstractSequence[Any],
    charts: AbstractSequence[AbstractSequence[str] | None] | None = None,
    **columns: Any,
) -> list[float | None]:
    """1 where the last <type> names the kinds of all panels and no other, parted by commas, semicolons or "and"."""
    return [_named(completion_text(c), kinds) for c, kinds in zip(completions, charts or [None] * len(completions))]


def _named(text: str | None, kinds: AbstractSequence[str] | None) -> float | None:
    if not kinds:
        return None
    given = within(text or "", "type")[-1:]
    wanted = {kind_key(kind) for kind in kinds}
    # A name may hold an "and" of its own, as "combined bar and line chart" does.
    ways = [[given[0]], re.split(r"[;,\n]", given[0]), _LISTED.split(given[0])] if given else []
    return float(any({kind_key(name) for name in way if name.strip()} == wanted for way in ways))


def table(
    prompts: AbstractSequence[Any],
    completions: AbstractSequence[Any],
    tables: AbstractSequence[AbstractSequence[Mapping[str, Any] | None] | None] | None = None,
    **columns: Any,
) -> list[float | None]:
    """The mean similarity of the <table>s to those of the panels, in their order; one too many counts as wrong."""
    return [_drawn(completion_text(c), right) for c, right in zip(completions, tables or [None] * len(completions))]


def _drawn(text: str | None, right: AbstractSequence[Mapping[str, Any] | None] | None) -> float | None:
    if not right or any(one is None for one in right):
        return None
    given = [read_table(inside.strip("\n")) for inside in within(text or "", "table")]
    near = [alike(rows, one["columns"], one["rows"]) for rows, one in zip(given, right) if rows and one]
    return sum(near) / max(len(given), len(right))


def alike(
    given: list[list[str]], columns: AbstractSequence[str], rows: AbstractSequence[AbstractSequence[Cell | None]]
) -> float:
    """How near a table comes, from 0 to 1: relative mapping similarity (DePlot, Liu et al. 2023, section 3.2) with
    exact names, an entry being found by the names of its row and its column in either order, so that a table may lie on
    its side. Where there is one value a name the name alone finds it: what its column is called is not drawn."""
    single = len(columns) == 2
    if single and len(given) == 2 and len(given[0]) > 2:
        given = [list(column) for column in zip(*given)]
    wanted: dict[frozenset[str], Cell] = {}
    unasked = set()  # cells that cannot be read: neither missed nor held against who gives them
    for row in rows:
        for name, cell in zip(columns[1:], row[1:]):
            key = frozenset([_key(str(row[0]))] + ([] if single else [_key(name)]))
            if cell is None:
                unasked.add(key)
            else:
                wanted[key] = cell
    mine: dict[frozenset[str], str] = {}
    for cells in given[1:]:
        for title, text in zip(given[0][1:], cells[1:]):
            mine[frozenset([_key(cells[0])] + ([] if single and len(cells) == 2 else [_key(title)]))] = text
    mine = {key: text for key, text in mine.items() if key not in unasked}
    total = sum(nearness(mine[key], cell) for key, cell in wanted.items() if key in mine)
    if not total:
        return 0.0
    precision, recall = total / len(mine), total / len(wanted)
    return 2 * precision * recall / (precision + recall)


def _key(name: str) -> str:
    return label_key(plain(name))
