"""A long check, kept as it goes: one JSON object a line for each finished chunk, so that a cut-off check goes on.

A chunk is CHUNK addresses of one cell at one level. What was found with another version of its family or question is
done again; chunks can be shared out among machines (`--shard 2/8`) and their files put into one folder.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from envs.address import Address, Draws
from envs.check import Tally, addresses, examine
from envs.registry import FAMILIES, QUESTIONS, Cell
from rewards import from_json

CHUNK = 50


@dataclass(frozen=True, slots=True)
class Chunk:
    """Addresses `start` to `start + count` of a cell at a level."""

    cell: Cell
    level: int
    start: int
    count: int
    seed: int
    px: tuple[int, int]
    text: str = ""

    @property
    def key(self) -> str:
        """What the chunk is, in words that tell it from every other, versions included."""
        made, asked = FAMILIES[self.cell.family].version, QUESTIONS[self.cell.question].version
        size = f"{self.px[0]}x{self.px[1]}"
        return (
            f"{self.cell.family}@{made}/{self.cell.question}@{asked}/{self.level}"
            f"#{self.start}+{self.count}?seed={self.seed}&px={size}&text={self.text}"
        )

    def addresses(self) -> Iterator[Address]:
        found = addresses([self.cell], [self.level], self.start + self.count, self.seed, self.px, self.text)
        return (address for i, address in enumerate(found) if i >= self.start)

    def examine(self) -> Tally:
        """All addresses, looked at."""
        tally = Tally()
        for address in self.addresses():
            tally.add(examine(address))
        return tally


def chunks(
    cells: Iterable[Cell], levels: Iterable[int], count: int, seed: int, px: tuple[int, int], text: str = ""
) -> list[Chunk]:
    """`count` addresses for each cell and level, in chunks; the first of all cells come first."""
    levels = list(levels)
    pairs = [(cell, level) for cell in cells for level in levels]
    return [
        Chunk(cell, level, start, min(CHUNK, count - start), seed, px, text)
        for start in range(0, count, CHUNK)
        for cell, level in pairs
    ]


def sample(
    cells: Iterable[Cell], levels: Iterable[int], count: int, seed: int, px: tuple[int, int], text: str = ""
) -> list[Chunk]:
    """`count` chunks of one address each, dealt over cells and levels in an order that the seed decides."""
    levels = list(levels)
    pairs = Draws("sample", seed).shuffled([(cell, level) for cell in cells for level in levels])
    return [Chunk(*pairs[i % len(pairs)], i // len(pairs), 1, seed, px, text) for i in range(count)]


class Store:
    """A folder of finished chunks. Every file in it is read; this process writes to `name`."""

    def __init__(self, folder: Path, name: str = "checked.jsonl") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / name
        self._rows: dict[str, dict[str, Any]] = {}
        for path in sorted(folder.glob("*.jsonl")):
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    row = json.loads(line)
                except ValueError:  # cut off while it was written
                    continue
                self._rows[row["key"]] = row
        self._commit = commit()

    def __contains__(self, chunk: Chunk) -> bool:
        return chunk.key in self._rows

    def put(self, chunk: Chunk, tally: Tally) -> None:
        """Keep what was found."""
        row = {
            "key": chunk.key,
            "commit": self._commit,
            "date": datetime.now(UTC).date().isoformat(),
            "made": tally.made,
            "retried": tally.retried,
            "failed": tally.failed,
            "turned_away": dict(tally.turned_away),
            "wrong": tally.wrong,
            "answers": [[words, answer.to_json(), possible] for words, answer, possible in tally.answers],
            "seen": sorted(tally.seen),
        }
        self._rows[chunk.key] = row
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def tallies(self, wanted: Iterable[Chunk]) -> dict[tuple[str, str, int], Tally]:
        """What was found in those of the chunks that are done, by family, question and level."""
        found: dict[tuple[str, str, int], Tally] = defaultdict(Tally)
        for chunk in wanted:
            if (row := self._rows.get(chunk.key)) is not None:
                found[chunk.cell.family, chunk.cell.question, chunk.level].add(_tally(row))
        return found

    def made_by(self, wanted: Iterable[Chunk]) -> str:
        """The commits and dates that the results come from, in words."""
        rows = [self._rows[chunk.key] for chunk in wanted if chunk.key in self._rows]
        commits, dates = sorted({row["commit"] for row in rows}), sorted({row["date"] for row in rows})
        if not rows:
            return "nothing yet"
        days = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
        return f"commit {', '.join(commits)}, {days}"


def _tally(row: dict[str, Any]) -> Tally:
    return Tally(
        made=row["made"],
        retried=row["retried"],
        failed=row["failed"],
        turned_away=Counter(row["turned_away"]),
        wrong=row["wrong"],
        answers=[(words, from_json(answer), possible) for words, answer, possible in row["answers"]],
        seen=set(row["seen"]),
    )


@cache
def commit() -> str:
    """The commit at hand, with a + where files differ from it; "unknown" outside a checkout."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=8"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
