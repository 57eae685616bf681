"""The findings of a check as a Markdown table, and whether a promise is broken."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from envs.address import Draws
from envs.check import BAND, TOO_MANY_FAILURES, TOO_MANY_TRIES, Tally, bin_of
from envs.guessing import Guess, guessability
from envs.registry import QUESTIONS, cells

ENOUGH = 60  # problems from which on a share is judged; fewer say little
ERRORS = 2  # how many standard errors beyond what is allowed a share must lie to break a promise: less is chance
NEW = 0.999  # of problems must be distinct
UNDISTORTED = 0.30  # of the first figures of a question may be turned away
MOST_ROWS = 100  # cells that get rows of their own; above, a row is a family

Tallies = Mapping[tuple[str, str, int], Tally]


def render(tallies: Tallies) -> tuple[str, list[str]]:
    """The report, and the promises that do not hold.

    Guessability is judged by band of BAND levels; a band needs a few hundred problems for its figures to mean much.
    """
    by_cell: dict[tuple[str, str], dict[int, Tally]] = defaultdict(dict)
    for (family, question, level), tally in sorted(tallies.items()):
        by_cell[family, question][level] = tally
    rows, broken = [], []
    shared, broken_over_all = _over_all(tallies)
    for (family, question), levels in by_cell.items():
        pooled = question in QUESTIONS and QUESTIONS[question].pooled
        row, broken_here = _cell(f"{family}/{question}", levels, pooled)
        rows += row
        broken += broken_here
    lines = _CELLS + rows + shared
    if len(by_cell) > MOST_ROWS:
        families: dict[str, dict[int, Tally]] = defaultdict(lambda: defaultdict(Tally))
        for (family, _, level), tally in sorted(tallies.items()):
            families[family][level].add(tally)
        lines = list(_FAMILIES)
        for family, levels in families.items():
            cells = sum(name == family for name, _ in by_cell)
            lines.append(_family(family, cells, levels))
            broken += _slow(family, levels.values())
        lines += ["", *_CELLS, *shared] if shared else []
    broken += broken_over_all
    whole = _pool(tallies.values())
    if len(whole.failed) > TOO_MANY_FAILURES * whole.made:
        broken.append(f"{len(whole.failed)} of {whole.made} addresses give no problem")
    wrong = whole.wrong + whole.failed
    if wrong:
        broken.append(f"{len(wrong)} problems are not as promised")
    new = len(whole.seen) / max(1, len(whole.answers))
    if len(whole.answers) >= ENOUGH and beyond(1 - new, 1 - NEW, len(whole.answers)):
        broken.append(f"{100 * new:.2f} % of all problems are distinct")
    summary = [
        "",
        f"{whole.made} addresses: {len(whole.failed)} failed,"
        f" {100 * whole.retried / max(1, whole.made):.2f} % needed a second sub-seed, {len(whole.wrong)} are wrong,"
        f" {100 * new:.2f} % of the problems are distinct over all cells.",
    ]
    if whole.turned_away:
        reasons = "; ".join(f"{why} ({n})" for why, n in whole.turned_away.most_common(12))
        summary += ["", f"Turned away: {reasons}."]
    summary += [f"- {line}" for line in wrong[:20]]
    moved, broken_by_moving = _before_and_after(tallies, whole)
    summary += moved
    broken += broken_by_moving
    summary += ["", "Broken promises:" if broken else "Every promise holds.", *(f"- {line}" for line in broken)]
    return "\n".join(lines + summary), broken


_CELLS = [
    "| cell | levels | problems | at once, by level % | failed | wrong | distinct % | constant | from words"
    " | allowed |",
    "|---|---|---|---|---|---|---|---|---|---|",
]
_FAMILIES = [
    "| family | cells | problems | at once, by level % | failed | wrong | distinct % |",
    "|---|---|---|---|---|---|---|",
]


def _pool(tallies: Iterable[Tally]) -> Tally:
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole


def _before_and_after(tallies: Tallies, whole: Tally) -> tuple[list[str], list[str]]:
    """Whether turning figures away changes what is answered: answers by bin, in % of all problems, as they are, and as
    they would be if the first figure of every address were taken, readable or not ("none": it could not be laid out or
    asked about, so that there is no answer). And which questions turn too many first figures away."""
    after = Counter(bin_of(answer) for _, answer, _ in whole.answers)
    before = Counter(after)
    before.update(whole.moved)
    total = max(1, len(whole.answers))
    rows = [
        f"| {name} | {100 * before[name] / total:.2f} | {100 * after[name] / total:.2f} |"
        for name in sorted(before.keys() | after.keys())
    ]
    apart = sum(abs(before[name] - after[name]) for name in before.keys() | after.keys()) / 2 / total
    lines = [
        "",
        f"Turning figures away moves {100 * apart:.2f} % of all answers from one bin to another.",
        "",
        "| answers | if the first figure were taken % | as they are % |",
        "|---|---|---|",
        *rows,
    ]
    questions: dict[str, Tally] = defaultdict(Tally)
    for (_, question, _), tally in tallies.items():
        questions[question].add(tally)
    return lines, [
        f"*/{question}: {100 * found.retried / found.made:.0f} % of first figures are turned away"
        for question, found in sorted(questions.items())
        if found.made >= ENOUGH and beyond(found.retried / found.made, UNDISTORTED, found.made)
    ]


def _over_all(tallies: Tallies) -> tuple[list[str], list[str]]:
    """Rows of the pooled questions over all families together, and what is broken: judged where most families that can
    be asked are there, in an order that mixes them."""
    found: dict[str, dict[int, Tally]] = defaultdict(lambda: defaultdict(Tally))
    families: dict[str, set[str]] = defaultdict(set)
    for (family, question, level), tally in sorted(tallies.items()):
        if question in QUESTIONS and QUESTIONS[question].pooled:
            found[question][level].add(tally)
            families[question].add(family)
    rows, broken = [], []
    for question, by_level in found.items():
        levels = dict(sorted(by_level.items()))
        for level, tally in levels.items():
            tally.answers = Draws("over all families", question, level).shuffled(tally.answers)
        few = 2 * len(families[question]) <= sum(cell.question == question for cell in cells())
        row, broken_here = _cell(f"*/{question}", levels, few)
        rows += row
        broken += broken_here
    return rows, broken


def _at_once(levels: Mapping[int, Tally], members: Iterable[int]) -> str:
    return " ".join(f"{100 * (1 - levels[k].retried / max(1, levels[k].made)):.1f}" for k in members)


def _cell(cell: str, levels: Mapping[int, Tally], pooled: bool) -> tuple[list[str], list[str]]:
    """A row a band of levels, and what is broken; `pooled`: what kind of figure it is cannot be guarded within one
    family, see `_over_all`."""
    rows, broken = [], []
    bands: dict[int, list[int]] = defaultdict(list)
    for level in levels:
        bands[level // BAND].append(level)
    for members in bands.values():
        band = _pool(levels[level] for level in members)
        guess = guessability(band.answers)
        distinct = 100 * len(band.seen) / max(1, len(band.answers))
        name = f"{members[0]}-{members[-1]}" if len(members) > 1 else str(members[0])
        rows.append(
            f"| {cell} | {name} | {band.made} | {_at_once(levels, members)} | {len(band.failed)} | {len(band.wrong)}"
            f" | {distinct:.1f} | {guess.constant:.2f} | {guess.text_only:.2f} | {guess.allowed:.2f} |"
        )
        if not pooled and len(band.answers) >= ENOUGH:
            broken += [f"{cell} levels {name}: {what}" for what in _guessable(guess, len(band.answers))]
    return rows, broken + _slow(cell, levels.values())


def _guessable(guess: Guess, seen: int) -> Iterable[str]:
    for what, share in (("constant answer", guess.constant), ("guess from the words", guess.text_only)):
        if beyond(share, guess.allowed, seen):
            yield f"a {what} is right {share:.2f} of the time, allowed {guess.allowed:.2f}"


def beyond(share: float, allowed: float, tried: int) -> bool:
    """Whether a share among `tried` problems is more than is allowed, and no matter of chance."""
    return share > allowed + ERRORS * math.sqrt(allowed * (1 - allowed) / max(1, tried))


def _slow(name: str, tallies: Iterable[Tally]) -> list[str]:
    """Whether too many addresses need a second sub-seed, as far as enough were tried to tell."""
    whole = _pool(tallies)
    if whole.made < ENOUGH or not beyond(whole.retried / whole.made, TOO_MANY_TRIES, whole.made):
        return []
    return [f"{name}: {100 * whole.retried / whole.made:.1f} % of addresses need a second sub-seed"]


def _family(family: str, cells: int, levels: Mapping[int, Tally]) -> str:
    whole = _pool(levels.values())
    distinct = 100 * len(whole.seen) / max(1, len(whole.answers))
    return (
        f"| {family} | {cells} | {whole.made} | {_at_once(levels, sorted(levels))} | {len(whole.failed)}"
        f" | {len(whole.wrong)} | {distinct:.1f} |"
    )
