"""Can answers be guessed, and are problems new? Every cell at length, kept as a table: a row a cell and band of levels.

Only draws: nothing is painted or read back, and the questions of a family that want the same of a figure share figures,
so that a problem takes about a millisecond. The table (CSV) is what lasts: rows are added as they are found, a check
that was cut off goes on where it was, on whatever machine, and a row of another version of its family or question is
old.

Of thousands of bands, each judged twice, hundreds lie two standard errors off by chance. So what looks broken is drawn
again from a fresh seed, and that row counts: a band is broken that breaks twice.
"""

from __future__ import annotations

import csv
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import UTC, datetime
from itertools import compress
from pathlib import Path
from typing import Any

from envs.address import Address, Draws
from envs.check import BAND, TOO_MANY_FAILURES, TOO_MANY_TRIES, fingerprint, words
from envs.checkstore import commit
from envs.checktable import NEW, beyond
from envs.guessing import Seen, guessability
from envs.problem import Unmakeable, draw
from envs.registry import FAMILIES, QUESTIONS, Cell

log = logging.getLogger("chartgym.quality")
ALL = "*"  # the family of a row over all families, where a question is judged so


@dataclass(frozen=True, slots=True)
class Row:
    """What was found for a cell in a band of levels. `distinct` of the `problems` differ in what is asked or drawn."""

    family: str
    family_version: int
    question: str
    question_version: int
    levels: str
    problems: int
    retried: int
    failed: int
    distinct: int
    constant: float
    text_only: float
    allowed: float
    commit: str
    date: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.family, self.question, self.levels

    @property
    def old(self) -> bool:
        """Whether it tells of another version than there is now, or of a cell that is no more."""
        return (self.family_version, self.question_version) != _versions(self.family, self.question)

    def guesses(self) -> Iterator[str]:
        """What is right too often, in words."""
        if self.family != ALL and QUESTIONS[self.question].pooled:
            return
        for what, share in (("constant answer", self.constant), ("guess from the words", self.text_only)):
            if beyond(share, self.allowed, self.problems):
                yield f"a {what} is right {share:.2f} of the time, allowed {self.allowed:.2f}"


def _versions(family: str, question: str) -> tuple[int, int]:
    """Of the family and the question, 0 where there is none; those of all families add up."""
    made = sum(f.version for f in FAMILIES.values()) if family == ALL else getattr(FAMILIES.get(family), "version", 0)
    return made, getattr(QUESTIONS.get(question), "version", 0)


@dataclass(frozen=True, slots=True)
class Work:
    """`count` problems of each cell, at each of the levels in turn, on the same figures; or of all the cells taken
    together as one."""

    cells: tuple[Cell, ...]
    levels: tuple[int, ...]
    count: int
    seed: int
    px: tuple[int, int]
    together: bool = False

    @property
    def keys(self) -> list[tuple[str, str, str]]:
        """Those of its rows."""
        low, high = self.levels[0], self.levels[-1]
        levels = f"{low}-{high}" if high > low else str(low)
        found = [(ALL if self.together else cell.family, cell.question, levels) for cell in self.cells]
        return found[:1] if self.together else found

    def rows(self) -> list[Row]:
        """What is found; where too much can be guessed, what is found with a fresh seed."""
        found = self._look()
        for k, row in enumerate(found):
            if any(row.guesses()):
                cells = self.cells if self.together else self.cells[k : k + 1]
                found[k] = replace(self, cells=cells, seed=-1 - self.seed)._look()[0]
        return found

    def _look(self) -> list[Row]:
        looks = [_Look() for _ in self.keys]
        draws = Draws("guess", self.seed, self.cells[0].family, *self.levels)
        for i in range(self.count):
            level, seed = self.levels[i % len(self.levels)], draws.integers(0, 2**63 - 1)
            cells = [self.cells[i % len(self.cells)]] if self.together else self.cells
            for look, cell in zip(looks, cells, strict=True):
                look.at(Address(cell.family, cell.question, level, seed, False, *self.px))
        return [look.row(*key) for look, key in zip(looks, self.keys, strict=True)]


class _Look:
    """What is seen of a cell."""

    def __init__(self) -> None:
        self._seen: list[Seen] = []
        self._new: set[int] = set()
        self._retried = self._failed = 0

    def at(self, address: Address) -> None:
        try:
            draft = draw(address)
        except Unmakeable:
            self._failed += 1
            return
        except Exception as defect:  # of a family or a question, perhaps somebody else's: the others go on
            log.warning("%s: %s: %s", address, type(defect).__name__, defect)
            self._failed += 1
            return
        self._retried += bool(draft.turned_away)
        self._seen.append((words(draft), draft.ask.answer, draft.ask.possible))
        self._new.add(fingerprint(draft))

    def row(self, family: str, question: str, levels: str) -> Row:
        guess = guessability(self._seen)
        made, asked = _versions(family, question)
        return Row(
            family=family,
            family_version=made,
            question=question,
            question_version=asked,
            levels=levels,
            problems=len(self._seen),
            retried=self._retried,
            failed=self._failed,
            distinct=len(self._new),
            constant=round(guess.constant, 4),
            text_only=round(guess.text_only, 4),
            allowed=round(guess.allowed, 4),
            commit=commit(),
            date=datetime.now(UTC).date().isoformat(),
        )


def plan(cells: Iterable[Cell], levels: Iterable[int], count: int, seed: int, px: tuple[int, int]) -> list[Work]:
    """All there is to do: by band of levels, what can share figures together. Levels above the top one of a cell, where
    nothing changes any more, are left out."""
    bands: dict[int, list[int]] = defaultdict(list)
    for level in levels:
        bands[level // BAND].append(level)
    shared: dict[tuple[Any, ...], list[Cell]] = defaultdict(list)
    together: dict[tuple[Any, ...], list[Cell]] = defaultdict(list)
    cells = tuple(cells)
    for band, members in sorted(bands.items()):
        for cell in cells:
            asked = QUESTIONS[cell.question]
            if cell.top_level is None or members[0] <= cell.top_level:
                shared[band, cell.family, asked.needs, asked.view, asked.skill].append(cell)
                if asked.pooled:
                    together[band, cell.question].append(cell)
    return [
        Work(tuple(found), tuple(bands[band]), count, seed, px, whole)
        for kind, whole in ((shared, False), (together, True))
        for (band, *_), found in kind.items()
    ]


class Table:
    """The rows found so far, in a file that is appended to. A line that was cut off, or a second header, is passed
    over; of two rows for a cell and band the later counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[tuple[str, str, str], Row] = {}
        if path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                for line in csv.reader(file):
                    try:
                        row = Row(*(kind(text) for kind, text in zip(_KINDS, line, strict=True)))
                    except ValueError:
                        continue
                    self._rows[row.key] = row

    def __iter__(self) -> Iterator[Row]:
        return iter(sorted(self._rows.values(), key=lambda row: row.key))

    def lacks(self, work: Work) -> Work | None:
        """What of it is still to be done: no row is there, or an old one, or one of fewer problems."""
        missing = [self._short(key, work.count) for key in work.keys]
        if not any(missing):
            return None
        return work if work.together else replace(work, cells=tuple(compress(work.cells, missing)))

    def _short(self, key: tuple[str, str, str], count: int) -> bool:
        row = self._rows.get(key)
        return row is None or row.old or row.problems + row.failed < count

    def add(self, rows: Sequence[Row]) -> None:
        """Keep what was found."""
        with self._path.open("a", newline="", encoding="utf-8") as file:
            if not file.tell():
                csv.writer(file).writerow(f.name for f in fields(Row))
            csv.writer(file).writerows(map(astuple, rows))
        self._rows |= {row.key: row for row in rows}

    def tidy(self) -> None:
        """Write the file anew, in order, each cell and band once."""
        rows = list(self)
        self._path.write_text("", encoding="utf-8")
        self.add(rows)


_KINDS = [{"str": str, "int": int, "float": float}[str(f.type)] for f in fields(Row)]


def summary(rows: Iterable[Row]) -> tuple[str, list[str]]:
    """A Markdown table by family, and what does not hold, in words."""
    families: dict[str, list[Row]] = defaultdict(list)
    cells: dict[tuple[str, str], list[Row]] = defaultdict(list)
    broken = []
    for row in rows:
        families[row.family].append(row)
        cells[row.family, row.question].append(row)
        if row.old:
            broken.append(f"{'/'.join(row.key[:2])} levels {row.levels}: the row is older than the cell")
        else:
            broken += [f"{'/'.join(row.key[:2])} levels {row.levels}: {what}" for what in row.guesses()]
    for name, found in cells.items():
        total, retried = sum(row.problems for row in found), sum(row.retried for row in found)
        if beyond(retried / max(1, total), TOO_MANY_TRIES, total):
            broken.append(f"{'/'.join(name)}: {100 * retried / total:.1f} % of addresses need a second sub-seed")
        failed = sum(row.failed for row in found)
        if beyond(failed / max(1, total + failed), TOO_MANY_FAILURES, total + failed):
            broken.append(f"{'/'.join(name)}: {failed} of {total + failed} addresses give no problem")
        if name[0] != ALL and sum(row.distinct for row in found) < NEW * total:
            broken.append(f"{'/'.join(name)}: {100 * sum(row.distinct for row in found) / total:.2f} % are distinct")
    lines = [
        "| family | cells | bands | problems | failed | retried % | distinct % | best constant | guess from words |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for family, found in families.items():
        total = max(1, sum(row.problems for row in found))
        shares = (f"{100 * sum(getattr(row, what) for row in found) / total:.2f}" for what in ("retried", "distinct"))
        # How far below what is allowed the worst of its cells is; pooled ones are judged over all families.
        alone = [row for row in found if family == ALL or not getattr(QUESTIONS.get(row.question), "pooled", False)]
        worst = (f"{max(getattr(row, what) - row.allowed for row in alone):+.2f}" for what in ("constant", "text_only"))
        numbers = (len({row.question for row in found}), len(found), total, sum(row.failed for row in found))
        lines.append(f"| {family} | {' | '.join(map(str, (*numbers, *shares, *worst)))} |")
    return "\n".join(lines), broken


def put_section(path: Path, heading: str, text: str) -> None:
    """Put a section into a page of Markdown, in place of the one with this heading if there is one."""
    page = path.read_text(encoding="utf-8") if path.exists() else "# Do the promises hold?\n\n"
    sections = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    kept = [section for section in sections if not section.startswith(f"## {heading}\n")]
    path.write_text("".join([*kept, f"## {heading}\n\n{text}\n"]), encoding="utf-8")
