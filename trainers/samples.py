"""Which rollouts of a run to look at: the best, the worst, the longest, what was newly solved and what was newly lost.

All are of the end of the log. In a stream without end hardly any problem comes twice, so that *solved* and *lost* speak
of a cell at a level, from the first third of its groups to the last; where a problem does come again (a file of
addresses, a data set of one's own) they speak of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from envs.address import Address
from trainers.report import percent
from trainers.seen import Rows, Seen

LATELY = 4_000  # rollouts at the end of the log
GROUPS = 3  # of a cell and level, on either side
CHANGED = 0.3  # a pass rate that moved by this


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A rollout with what is remarkable about it."""

    row: dict[str, Any]
    note: str


def gain(row: dict[str, Any]) -> float:
    """What a rollout was worth: its reward, or in logs of before rewards were noted the checker's value."""
    found = row.get("reward", row.get("score"))
    return float(found) if isinstance(found, int | float) else 0.0


def choose(seen: Seen, each: int = 3) -> list[tuple[str, str, list[Sample]]]:
    """(heading, what it holds, samples), for headings that have any."""
    late = seen.late[-LATELY:]
    groups: dict[int, Rows] = defaultdict(list)
    for row in late:
        groups[row["slot"]].append(row)
    right = {slot: sum(bool(row["correct"]) for row in group) / len(group) for slot, group in groups.items()}

    def noted(row: dict[str, Any]) -> Sample:
        group = groups[row["slot"]]
        count = sum(bool(one["correct"]) for one in group)
        return Sample(row=row, note=f"reward {gain(row):.2f}; {count} of {len(group)} of its group right")

    def first(key: Callable[[dict[str, Any]], Any], rows: Iterable[dict[str, Any]] = late) -> list[Sample]:
        return [noted(row) for row in _apart(sorted(rows, key=key), each)]

    wrong = [row for row in late if not row["correct"]]
    solved, lost = changes(seen, each)
    found = [
        (
            "Best",
            "the highest rewards, first where the rest of the group failed",
            first(lambda row: (-gain(row), right[row["slot"]], -_level(row))),
        ),
        (
            "Worst",
            "the lowest rewards of wrong answers, first where the rest of the group was right",
            first(lambda row: (gain(row), -right[row["slot"]], _level(row)), wrong),
        ),
        ("Longest", "the most tokens", first(lambda row: -int(row["tokens"]))),
        ("Newly solved", "right lately, where it was mostly wrong before", solved),
        ("Newly lost", "wrong lately, where it was mostly right before", lost),
    ]
    return [(heading, what, samples) for heading, what, samples in found if samples]


def _level(row: dict[str, Any]) -> int:
    return Address.parse(row["address"]).level


def _cell(row: dict[str, Any]) -> tuple[str, int]:
    address = Address.parse(row["address"])
    return f"{address.family}/{address.question}", address.level


def _apart(rows: Rows, each: int) -> Rows:
    """The first of them, no two of a problem, and of different cells as long as there are."""
    chosen: Rows = []
    for distinct in (lambda row: _cell(row)[0], lambda row: row["slot"]):
        seen = {distinct(row) for row in chosen} | {row["slot"] for row in chosen}
        for row in rows:
            if len(chosen) < each and distinct(row) not in seen and row["slot"] not in seen:
                seen |= {distinct(row), row["slot"]}
                chosen.append(row)
    return chosen


def changes(seen: Seen, each: int) -> tuple[list[Sample], list[Sample]]:
    """Newly solved and newly lost, the largest changes first."""
    rises: list[tuple[float, Sample]] = []
    falls: list[tuple[float, Sample]] = []
    latest = {True: _latest(seen.late, True), False: _latest(seen.late, False)}
    for (cell, level), (before, after, groups) in _moves(seen.asked).items():
        up = after > before
        row = latest[up].get((cell, level))
        if abs(after - before) >= CHANGED and row is not None:
            note = (
                f"{cell} at level {level}: {percent(before)} right at first, {percent(after)} lately ({groups} groups)"
            )
            (rises if up else falls).append((abs(after - before), Sample(row=row, note=note)))
    for address, (before, after, first, last) in _again(seen).items():
        up = after > before
        rows = [r for r in seen.late if r["address"] == address and r["batch"] == last and bool(r["correct"]) == up]
        if abs(after - before) >= CHANGED and rows:
            note = f"this problem: {percent(before)} right in batch {first}, {percent(after)} in batch {last}"
            (rises if up else falls).append((1 + abs(after - before), Sample(row=rows[-1], note=note)))
    for found in (rises, falls):
        found.sort(key=lambda pair: -pair[0])
    return [sample for _, sample in rises[:each]], [sample for _, sample in falls[:each]]


def _latest(rows: Rows, correct: bool) -> dict[tuple[str, int], dict[str, Any]]:
    return {_cell(row): row for row in rows if bool(row["correct"]) == correct}


def _moves(asked: Rows) -> dict[tuple[str, int], tuple[float, float, int]]:
    """Pass rates of each cell and level in the first and the last third of its groups, and how many groups it has."""
    history: dict[tuple[str, int], list[list[int]]] = defaultdict(list)
    for row in asked:
        for level, counts in row["asked"].items():
            history[row["cell"], int(level)].append(counts)
    found = {}
    for place, windows in history.items():
        total = sum(counts[0] for counts in windows)
        first, last = _third(windows, total), _third(windows[::-1], total)
        used = len(first) + len(last)
        if used <= len(windows) and min(sum(c[0] for c in part) for part in (first, last)) >= GROUPS:
            rates = [sum(c[2] for c in part) / max(1, sum(c[3] for c in part)) for part in (first, last)]
            found[place] = (rates[0], rates[1], total)
    return found


def _third(windows: list[list[int]], total: int) -> list[list[int]]:
    """The first windows that hold a third of the groups."""
    found: list[list[int]] = []
    while sum(counts[0] for counts in found) < total / 3:
        found.append(windows[len(found)])
    return found


def _again(seen: Seen) -> dict[str, tuple[float, float, int, int]]:
    """Problems asked in several batches: pass rates in the first and the last of them, and which those are."""
    rows = {(row["slot"], row["rollout"]): row for row in (*seen.early, *seen.late)}.values()
    by: dict[str, dict[int, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by[row["address"]][row["batch"]].append(bool(row["correct"]))
    found = {}
    for address, batches in by.items():
        if len(batches) > 1:
            first, last = min(batches), max(batches)
            rates = [sum(batches[batch]) / len(batches[batch]) for batch in (first, last)]
            found[address] = (rates[0], rates[1], first, last)
    return found
