"""What to ask next: a curriculum plans the addresses of a generation batch and learns from the outcomes.

    learnability   the cells and levels where the policy fails about half of the time, believed from all outcomes so far
    uniform        every cell and every level below `levels` alike
    fixed          every cell at one level, or at a list of levels from easy to hard, `every` batches each
    file           the addresses of a file, in its order, over and over

`plan(batch, n)` is a pure function of state, run seed and batch: slot i draws from `Draws("plan", seed, batch, i)`. The
seed of an address is 63 random bits of that stream, so that a run does not repeat itself (chance of one repeat in ten
million addresses: 5e-6).

The belief behind `learnability` is in envs/learnability.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from envs.address import DEFAULT_PX, LARGEST_PX, MAX_LEVEL, SMALLEST_PX, Address, AddressError, Draws
from envs.registry import nearest
from envs.wish import Wish
from rewards import Answer

State = dict[str, Any]

LATELY = 256  # groups that the metrics look back on


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one group: `correct` of `total` rollouts. A total of 0 says nothing and is ignored. `traits` are
    those of its problem (`meta["traits"]`), where it was chosen from drafts; `possible` is how many answers its words
    leave possible (`meta["possible"]`), 0 where nobody says. `answer` is the right one and `given` what stood in the
    boxes, which tells how much of what is right is right by chance."""

    address: Address | str
    correct: int
    total: int
    traits: tuple[float, ...] = ()
    possible: int = 0
    answer: Answer | None = None
    given: tuple[str | None, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.correct <= self.total:
            raise ValueError(f"{self.correct} correct of {self.total} at {self.address}: count each rollout once")
        if self.possible < 0:
            raise ValueError(f"{self.possible} answers possible at {self.address}: count them, or write 0")

    @property
    def guess(self) -> float:
        """The share of rollouts that even guessing gets right, as far as that is known."""
        return 1 / self.possible if self.possible > 1 else 0.0


class CellLike(Protocol):
    """The part of `envs.registry.Cell` that a curriculum reads."""

    @property
    def family(self) -> str: ...
    @property
    def question(self) -> str: ...
    @property
    def top_level(self) -> int | None: ...


Planned = Address | Wish  # what a plan holds for a slot


class Curriculum(Protocol):
    """Decides what is asked next. Its state is JSON-able and exact."""

    def plan(self, batch: int, n: int) -> list[Any]:
        """The addresses of the n prompts of a batch, or wishes: a pure function of state, run seed and batch."""
        ...

    def observe(self, batch: int, outcomes: Sequence[Outcome]) -> None: ...
    def state_dict(self) -> State: ...
    def load_state_dict(self, state: State) -> None: ...
    def metrics(self) -> dict[str, float]: ...
    def table(self) -> list[dict[str, Any]]:
        """A row for each cell with at least `cell`, `draws` and `pass_rate`: cheap, and part of the state."""
        ...


@dataclass(frozen=True)
class World:
    """What every mode that makes its own addresses needs: cells, run seed, size and text of the images."""

    cells: Sequence[CellLike]
    seed: int = 0
    width: int = DEFAULT_PX
    height: int = DEFAULT_PX
    text: str = ""
    words: str = ""

    def __post_init__(self) -> None:
        if not self.cells:
            raise ValueError("a curriculum needs at least one cell: check `cells`")

    def draws(self, batch: int, slot: int) -> Draws:
        return Draws("plan", self.seed, batch, slot)

    def address(self, cell: CellLike, level: int, draws: Draws) -> Address:
        top = MAX_LEVEL if cell.top_level is None else cell.top_level
        seed = draws.bits() >> 1
        level = min(level, top)
        size = (self.width, self.height)
        return Address(cell.family, cell.question, level, seed, False, *size, self.text, self.words)


class Observing:
    """Counts what came back lately; the part that all modes share."""

    mode = ""

    def __init__(self) -> None:
        self._recent: list[list[Any]] = []  # cell, level, correct, total, believed pass rate before the outcome
        self._counts: dict[str, list[int]] = {}  # by cell: groups, correct rollouts, rollouts

    def observe(self, batch: int, outcomes: Sequence[Outcome]) -> None:
        """Learns from the outcomes of one batch, in any order."""
        del batch  # every batch is observed once, in turn; nothing depends on its number
        self._decay()
        rows = []
        for outcome in sorted((o for o in outcomes if o.total), key=lambda o: (str(o.address), o.correct, o.total)):
            a = Address.parse(str(outcome.address), allow_test=False)
            cell, believed = f"{a.family}/{a.question}", self._learn(outcome, a)
            rows.append([cell, a.level, outcome.correct, outcome.total, believed])
            groups, correct, total = self._counts.get(cell, (0, 0, 0))
            self._counts[cell] = [groups + 1, correct + outcome.correct, total + outcome.total]
        self._recent = (self._recent + rows)[-max(LATELY, len(rows)) :]

    def _decay(self) -> None:
        """Time passes: one batch."""

    def _learn(self, outcome: Outcome, a: Address) -> float | None:
        """Learns from one group; the pass rate believed before it, or None if this mode believes nothing."""
        return None

    def metrics(self) -> dict[str, float]:
        """Over the last 256 groups, or the last batch if it is larger; empty until something was observed."""
        if not (recent := self._recent):
            return {}
        found = {
            "mean_level": sum(row[1] for row in recent) / len(recent),
            "highest_level": float(max(row[1] for row in recent)),
            "useful_share": sum(0 < row[2] < row[3] for row in recent) / len(recent),
            "pass_rate": sum(row[2] / row[3] for row in recent) / len(recent),
            "active_cells": float(len({row[0] for row in recent})),
        }
        if all(row[4] is not None for row in recent):
            found["believed_pass_rate"] = sum(row[4] for row in recent) / len(recent)
        return found

    def table(self) -> list[dict[str, Any]]:
        """A row for each cell that was asked, by name: groups since the start (`draws`) and their mean pass rate."""
        return [
            {"cell": cell, "draws": groups, "pass_rate": correct / total}
            for cell, (groups, correct, total) in sorted(self._counts.items())
        ]

    def state_dict(self) -> State:
        counts = {cell: list(self._counts[cell]) for cell in sorted(self._counts)}
        return {"mode": self.mode, "recent": [list(row) for row in self._recent], "counts": counts}

    def load_state_dict(self, state: State) -> None:
        if state["mode"] != self.mode:
            raise ValueError(f"the state is of mode {state['mode']!r}, not {self.mode!r}: resume with the first")
        self._recent = [list(row) for row in state["recent"]]
        self._counts = {cell: list(counts) for cell, counts in state["counts"].items()}


class Uniform(Observing):
    """Every cell and every level from 0 to `levels` - 1 (or the cell's top level) alike."""

    mode = "uniform"

    def __init__(self, world: World, levels: int = 10) -> None:
        super().__init__()
        self._world, self._levels = world, levels

    def plan(self, batch: int, n: int) -> list[Address]:
        plan = []
        for slot in range(n):
            draws = self._world.draws(batch, slot)
            cell = draws.choice(self._world.cells)
            last = self._levels - 1 if cell.top_level is None else min(self._levels - 1, cell.top_level)
            plan.append(self._world.address(cell, draws.integers(0, last + 1), draws))
        return plan


class Fixed(Observing):
    """Every cell alike, at `levels[0]` for `every` batches, then at `levels[1]`, ..., and at the last to the end."""

    mode = "fixed"

    def __init__(self, world: World, levels: Sequence[int], every: int = 50) -> None:
        super().__init__()
        self._world, self._levels, self._every = world, tuple(levels), every

    def plan(self, batch: int, n: int) -> list[Address]:
        level = self._levels[min(batch // self._every, len(self._levels) - 1)]
        plan = []
        for slot in range(n):
            draws = self._world.draws(batch, slot)
            plan.append(self._world.address(draws.choice(self._world.cells), level, draws))
        return plan


class FromFile(Observing):
    """The addresses of a file in its order, again from the start when they end.

    One address a line (blank lines and lines that start with # are skipped), or with the ending .jsonl one object with
    a key `address` a line. Sizes and texts are those of the addresses.
    """

    mode = "file"

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self._addresses: list[Address] = []
        for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
            if not (text := line.strip()) or text.startswith("#"):
                continue
            try:
                if str(path).endswith(".jsonl"):
                    text = json.loads(text)["address"]
                self._addresses.append(Address.parse(text, allow_test=False))
            except AddressError as error:
                raise AddressError(f"{path}, line {number}: {error}") from None
            except (ValueError, KeyError, TypeError):
                raise ValueError(f"{path}, line {number}: {line[:80]!r} is no object with a key 'address'") from None
        if not self._addresses:
            raise ValueError(f"{path} holds no address: write one a line, as bar/count/0/1")

    def plan(self, batch: int, n: int) -> list[Address]:
        return [self._addresses[slot % len(self._addresses)] for slot in range(batch * n, (batch + 1) * n)]


def _learnable(config: Mapping[str, Any], world: World) -> Curriculum:
    given = {key: config[key] for key in ("level", "floor", "candidates") if config.get(key) is not None}
    _whole("level", given.get("level", 0), 0)
    _whole("candidates", given.get("candidates", 1), 1)
    from envs.learnability import Learnability

    curriculum = Learnability(world, **given)
    if path := config.get("beliefs"):
        from envs.evaluated import outcomes_of, with_possible

        if not curriculum.learned_from(with_possible(outcomes_of(path), world.cells)):
            raise ValueError(f"beliefs {path!r} holds no answer of the cells in this run: check `cells`")
    return curriculum


def _uniform(config: Mapping[str, Any], world: World) -> Curriculum:
    return Uniform(world, _whole("levels", config.get("levels") or 10, 1))


def _fixed(config: Mapping[str, Any], world: World) -> Curriculum:
    levels = config.get("level") or 0
    levels = [levels] if isinstance(levels, int) else list(levels)
    if not levels:
        raise ValueError("level []: give a level, or a list of levels from easy to hard")
    return Fixed(world, [_whole("level", at, 0) for at in levels], _whole("every", config.get("every") or 50, 1))


_MODES: dict[str, Callable[[Mapping[str, Any], World], Curriculum]] = {
    "learnability": _learnable,
    "uniform": _uniform,
    "fixed": _fixed,
}
MODES = (*_MODES, "file")
_KEYS = {
    "learnability": {"level", "floor", "candidates", "beliefs"},
    "uniform": {"levels"},
    "fixed": {"level", "every"},
    "file": {"path"},
}


def make_curriculum(config: Mapping[str, Any]) -> Curriculum:
    """The curriculum that a config describes; a key that is absent or None takes its default.

    mode: one of MODES. seed: of the run. cells: Cell objects, or globs over family/question. px: "448x448" or a pair.
    text: "" or "grammar" for the built-in source, else name:digest8; words: that of a file of phrasings. Each mode has
    keys: level (learnability: where to start; fixed: a level or a list), floor, candidates, beliefs (a path, see
    envs/evaluated.py); levels; every; path.
    Keys of other modes are let be, so that one config serves all of them.
    """
    mode = config.get("mode") or "learnability"
    known = {"mode", "seed", "cells", "px", "text", "words"}.union(*_KEYS.values())
    for key in config:
        if key not in known:
            raise ValueError(f"unknown key {key!r} of the curriculum{nearest(str(key), known)}")
    if mode not in MODES:
        raise ValueError(f"unknown mode {mode!r} of the curriculum{nearest(str(mode), MODES)}")
    if mode == "file":
        if not config.get("path"):
            raise ValueError("mode 'file' needs a `path`: a file with one address a line")
        return FromFile(config["path"])
    width, height = _size(config.get("px") or (DEFAULT_PX, DEFAULT_PX))
    text = config.get("text") or ""
    world = World(
        cells=_cells(config.get("cells") or ("*",), width, height),
        seed=_whole("seed", config.get("seed") or 0, 0),
        width=width,
        height=height,
        text="" if text == "grammar" else text,
        words=config.get("words") or "",
    )
    Address.parse(str(world.address(world.cells[0], 0, Draws("check"))))  # a wrong text is refused now, not in a worker
    return _MODES[mode](config, world)


def _cells(wanted: Iterable[Any], width: int, height: int) -> tuple[CellLike, ...]:
    """Cells as they are; globs over family/question looked up in the registry, in its order, as far as they fit."""
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    if not any(isinstance(one, str) for one in wanted):
        return tuple(wanted)
    from envs.registry import select

    return select(map(str, wanted), width, height)


def _size(px: Any) -> tuple[int, int]:
    parts = px.lower().split("x") if isinstance(px, str) else [px, px] if isinstance(px, int) else list(px)
    try:
        width, height = (int(part) for part in parts)
    except ValueError:
        raise ValueError(f"px {px!r} is not a size: write 448x448") from None
    if not all(SMALLEST_PX <= side <= LARGEST_PX for side in (width, height)):
        raise ValueError(f"px {px!r}: sides go from {SMALLEST_PX} to {LARGEST_PX} px")
    return width, height


def _whole(key: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{key} {value!r} is not a whole number from {least}")
    return value
