"""What to ask next: a curriculum plans the addresses of a generation batch and learns from the outcomes.

    learnability   the cells and levels where the policy fails about half of the time, believed from all outcomes so far
    uniform        every cell and every level below `levels` alike
    fixed          every cell at one level, or at a list of levels from easy to hard, `every` batches each
    file           the addresses of a file, in its order, over and over

`plan(batch, n)` is a pure function of state, run seed and batch: slot i draws from `Draws("plan", seed, batch, i)`. The
seed of an address is 63 random bits of that stream, so that a run does not repeat itself (chance of one repeat in ten
million addresses: 5e-6).

**The belief of `learnability`.** logit p(correct) = base + family + question + cell - slope x level, so that cells
learn from their relatives and a cell never asked is believed to be as hard as they are. Each term is a Gaussian of its
own, updated by one Laplace step an outcome (a Kalman filter with a diagonal covariance, whose predictive variance errs
on the wide side). Between batches the offsets fall back to zero and variances widen (an Ornstein-Uhlenbeck process),
because the policy moves. The rollouts of a group share one problem, so they count for fewer than they are (`_ICC`).

Draws go by learnability p(1 - p) (Rutherford et al. 2024, "No Regrets") of the *predictive* p: its p(1 - p) is the
expected p(1 - p) plus the variance of p, so that what is uncertain is asked about too. As a function of the level it is
a logistic density, whose inverse is known: no table of levels, no ceiling but the cell's own `top_level`.

Floats are summed in a fixed order, so that on one kind of machine the state is equal bit by bit whatever the order of
the outcomes. exp differs in the last bit between processors: across machines rank 0's plan is broadcast (`Stream`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from envs.address import DEFAULT_PX, LARGEST_PX, MAX_LEVEL, SMALLEST_PX, Address, AddressError, Draws

State = dict[str, Any]
Array = np.ndarray[Any, np.dtype[np.float64]]

LATELY = 256  # groups that the metrics look back on


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one group: `correct` of `total` rollouts. A total of 0 says nothing and is ignored."""

    address: Address | str
    correct: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.correct <= self.total:
            raise ValueError(f"{self.correct} correct of {self.total} at {self.address}: count each rollout once")


class CellLike(Protocol):
    """The part of `envs.registry.Cell` that a curriculum reads."""

    @property
    def family(self) -> str: ...
    @property
    def question(self) -> str: ...
    @property
    def top_level(self) -> int | None: ...


class Curriculum(Protocol):
    """Decides what is asked next. Its state is JSON-able and exact."""

    def plan(self, batch: int, n: int) -> list[Address]:
        """The addresses of the n prompts of a batch: a pure function of state, run seed and batch."""
        ...

    def observe(self, batch: int, outcomes: Sequence[Outcome]) -> None: ...
    def state_dict(self) -> State: ...
    def load_state_dict(self, state: State) -> None: ...
    def metrics(self) -> dict[str, float]: ...


@dataclass(frozen=True)
class World:
    """What every mode that makes its own addresses needs: cells, run seed, size and text of the images."""

    cells: Sequence[CellLike]
    seed: int = 0
    width: int = DEFAULT_PX
    height: int = DEFAULT_PX
    text: str = ""

    def __post_init__(self) -> None:
        if not self.cells:
            raise ValueError("a curriculum needs at least one cell: check `cells`")

    def draws(self, batch: int, slot: int) -> Draws:
        return Draws("plan", self.seed, batch, slot)

    def address(self, cell: CellLike, level: int, draws: Draws) -> Address:
        top = MAX_LEVEL if cell.top_level is None else cell.top_level
        seed = draws.bits() >> 1
        level = min(level, top)
        return Address(cell.family, cell.question, level, seed, width=self.width, height=self.height, text=self.text)


class _Observing:
    """Counts what came back lately; the part that all modes share."""

    mode = ""

    def __init__(self) -> None:
        self._recent: list[list[Any]] = []  # cell, level, correct, total, believed pass rate before the outcome

    def observe(self, batch: int, outcomes: Sequence[Outcome]) -> None:
        """Learns from the outcomes of one batch, in any order."""
        del batch  # every batch is observed once, in turn; nothing depends on its number
        self._decay()
        rows = []
        for outcome in sorted((o for o in outcomes if o.total), key=lambda o: (str(o.address), o.correct, o.total)):
            a = Address.parse(str(outcome.address), allow_test=False)
            believed = self._learn(a.family, a.question, a.level, outcome.correct, outcome.total)
            rows.append([f"{a.family}/{a.question}", a.level, outcome.correct, outcome.total, believed])
        self._recent = (self._recent + rows)[-max(LATELY, len(rows)) :]

    def _decay(self) -> None:
        """Time passes: one batch."""

    def _learn(self, family: str, question: str, level: int, correct: int, total: int) -> float | None:
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

    def state_dict(self) -> State:
        return {"mode": self.mode, "recent": [list(row) for row in self._recent]}

    def load_state_dict(self, state: State) -> None:
        if state["mode"] != self.mode:
            raise ValueError(f"the state is of mode {state['mode']!r}, not {self.mode!r}: resume with the first")
        self._recent = [list(row) for row in state["recent"]]


class Uniform(_Observing):
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


class Fixed(_Observing):
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


class FromFile(_Observing):
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


# Priors and drift of the belief, in logits. They only have to be of the right size: tests/test_curriculum.py follows
# simulated learners with slopes from 0.1 to 1.
_BASE_VAR, _OFFSET_VAR = 2.0, 0.5
_SLOPE, _SLOPE_VAR, _SLOPE_RANGE = 0.3, 0.01, (0.05, 2.0)
_BASE_DRIFT, _SLOPE_DRIFT = 0.01, 1e-5  # variance a batch
_KEEP = 0.99  # what is left of an offset after a batch without news
_ICC = 0.2  # how alike the rollouts of one group are: 8 of them tell as much as 3.3 problems


class Learnability(_Observing):
    """Draws by learnability p(1 - p) under a belief that all cells share; see the head of this file.

    floor: share of slots, at most 0.05, for any cell at any level up to its best one, so that nothing is forgotten.
    candidates: (cell, level) pairs drawn for a slot, of which the most learnable is taken.
    level: where a start without evidence believes p = 1/2.
    """

    mode = "learnability"

    def __init__(self, world: World, level: int = 0, floor: float = 0.05, candidates: int = 4) -> None:
        super().__init__()
        if not 0 <= floor <= 0.05:
            raise ValueError(f"floor {floor} is not a share from 0 to 0.05")
        if candidates < 1:
            raise ValueError(f"candidates {candidates}: at least 1 is needed")
        self._world, self._floor, self._candidates = world, floor, candidates
        families = sorted({c.family for c in world.cells})
        questions = sorted({c.question for c in world.cells})
        # One vector holds every term of the belief: base, slope, families, questions, cells.
        self._names = ["base", "slope", *(f"{f}/*" for f in families), *(f"*/{q}" for q in questions)]
        first_cell = len(self._names)
        self._names += [f"{c.family}/{c.question}" for c in world.cells]
        where = {name: i for i, name in enumerate(self._names)}
        self._terms = {
            (c.family, c.question): (0, where[f"{c.family}/*"], where[f"*/{c.question}"], first_cell + i)
            for i, c in enumerate(world.cells)
        }
        if len(self._terms) < len(world.cells):
            raise ValueError("a cell is named twice: give each (family, question) once")
        self._index = np.array(list(self._terms.values()))  # cells x 4
        self._tops = np.array([MAX_LEVEL if c.top_level is None else c.top_level for c in world.cells])
        self._mean = np.zeros(len(self._names))
        self._mean[:2] = _SLOPE * level, _SLOPE
        self._var = np.full(len(self._names), _OFFSET_VAR)
        self._var[:2] = _BASE_VAR, _SLOPE_VAR

    def _decay(self) -> None:
        self._mean[2:] *= _KEEP
        self._var[2:] = _OFFSET_VAR + (self._var[2:] - _OFFSET_VAR) * _KEEP**2
        self._var[0] = min(self._var[0] + _BASE_DRIFT, _BASE_VAR)
        self._var[1] = min(self._var[1] + _SLOPE_DRIFT, _SLOPE_VAR)

    def _learn(self, family: str, question: str, level: int, correct: int, total: int) -> float | None:
        terms = self._terms.get((family, question))
        if terms is None:
            raise ValueError(f"an outcome of {family}/{question}, which this curriculum never asks: check `cells`")
        mean, var = self._mean, self._var
        logit = sum(float(mean[t]) for t in terms) - level * float(mean[1])
        spread = sum(float(var[t]) for t in terms) + level**2 * float(var[1])
        believed = _sigmoid(logit / math.sqrt(1 + math.pi / 8 * spread))
        n = total / (1 + (total - 1) * _ICC)
        # The mode of the posterior along the logit. Curvature is bounded by n/4 (Boehning 1992), so that a step never
        # goes past the mode, however surprising the outcome; a plain Newton step would jump by tens of logits.
        mode = logit
        for _ in range(8):
            slope = n * (correct / total - _sigmoid(mode)) - (mode - logit) / spread
            mode += slope / (n / 4 + 1 / spread)
        p = _sigmoid(mode)
        gain = (mode - logit) / spread
        shrink = n * p * (1 - p) / (1 + spread * n * p * (1 - p))
        for t, x in (*((t, 1.0) for t in terms), (1, -float(level))):
            mean[t] += x * var[t] * gain
            var[t] *= 1 - x * x * var[t] * shrink
        mean[1] = min(max(mean[1], _SLOPE_RANGE[0]), _SLOPE_RANGE[1])
        return believed

    def load_beliefs(self, path: str | Path) -> int:
        """Starts from an evaluation; how many of its rows were of use, ValueError if none.

        The file holds JSON rows, one a line (.jsonl), or a list, or an object with a list `rows`. A row has an
        `address` (a test address may serve: only its cell and level are read) or `family`, `question` and `level`; and
        `correct` (true, false or a count) of `total` (1 if absent) problems.
        """
        text = Path(path).read_text(encoding="utf-8")
        if str(path).endswith(".jsonl"):
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            rows = json.loads(text)
            rows = rows["rows"] if isinstance(rows, dict) else rows
        found: dict[tuple[str, str, int], tuple[int, int]] = {}
        used = 0
        for row in rows:
            try:
                if "address" in row:
                    a = Address.parse(row["address"])
                    cell = (a.family, a.question, a.level)
                else:
                    cell = (str(row["family"]), str(row["question"]), int(row["level"]))
                counts = (int(row["correct"]), int(row.get("total", 1)))
            except (KeyError, TypeError, AttributeError) as error:
                raise ValueError(f"{path}: {str(row)[:80]} is no row of an evaluation: {error!r}") from None
            if not 0 <= counts[0] <= counts[1]:
                raise ValueError(f"{path}: {counts[0]} correct of {counts[1]} at {cell}")
            if cell[:2] in self._terms and counts[1]:
                used += 1
                correct, total = found.get(cell, (0, 0))
                found[cell] = (correct + counts[0], total + counts[1])
        if not found:
            raise ValueError(f"{path} holds no row of the cells in this run: check `cells`")
        self._fit(found)
        return used

    def _fit(self, found: Mapping[tuple[str, str, int], tuple[int, int]]) -> None:
        """The posterior of all terms given all counts at once; problems count in full, for all are different ones."""
        x = np.zeros((len(found), len(self._names)))
        for i, (family, question, level) in enumerate(sorted(found)):
            x[i, list(self._terms[family, question])] = 1.0
            x[i, 1] = -level
        correct, n = np.array([found[cell] for cell in sorted(found)], dtype=np.float64).T
        prior, precision = self._mean.copy(), np.diag(1 / self._var)
        bound = np.linalg.inv((x.T * (n / 4)) @ x + precision)
        for _ in range(200):
            gradient = x.T @ (correct - n * _expit(x @ self._mean)) - precision @ (self._mean - prior)
            self._mean += bound @ gradient
        p = _expit(x @ self._mean)
        self._var = np.diag(np.linalg.inv((x.T * (n * p * (1 - p))) @ x + precision)).copy()
        self._mean[1] = np.clip(self._mean[1], *_SLOPE_RANGE)

    def pass_rate(self, family: str, question: str, level: int) -> float:
        """The believed (predictive) chance that one rollout at this cell and level is correct."""
        logit, slope = self._logits()
        i = list(self._terms).index((family, question))
        return _sigmoid(float(logit[i] - slope[i] * level))

    def _logits(self) -> tuple[Array, Array]:
        """Each cell's predictive logit at level 0 and its fall a level (MacKay 1992: both shrink with the variance).

        The slope's own variance is left out: it would make far levels look worth a try.
        """
        shrink = 1 / np.sqrt(1 + np.pi / 8 * self._var[self._index].sum(axis=1))
        return self._mean[self._index].sum(axis=1) * shrink, self._mean[1] * shrink

    def plan(self, batch: int, n: int) -> list[Address]:
        world, k = self._world, self._candidates
        draws = [world.draws(batch, slot) for slot in range(n)]
        uniform = np.array([[d.random() for _ in range(2 * k + 3)] for d in draws]).reshape(n, 2 * k + 3)

        logit, slope = self._logits()
        best = np.clip(np.floor(logit / slope + 0.5), 0, self._tops)
        weight = np.cumsum(_learnability(logit - slope * best))
        last = len(weight) - 1
        cell = np.minimum(np.searchsorted(weight, uniform[:, :k] * weight[-1], side="right"), last)
        # Levels from the logistic density around the best one, cut at 0 and the top level, by its inverse.
        a, b, top = logit[cell], slope[cell], self._tops[cell]
        low, high = _expit(-0.5 * b - a), _expit((top + 0.5) * b - a)
        u = np.clip(low + uniform[:, k : 2 * k] * (high - low), 1e-12, 1 - 1e-12)
        level = np.clip(np.floor((np.log(u / (1 - u)) + a) / b + 0.5), 0, top)
        taken = np.argmax(_learnability(a - b * level), axis=1)

        plan = []
        for i, d in enumerate(draws):
            c, at = int(cell[i, taken[i]]), int(level[i, taken[i]])
            if uniform[i, -3] < self._floor:
                c = int(uniform[i, -2] * (last + 1))
                at = int(uniform[i, -1] * (best[c] + 1))
            plan.append(world.address(world.cells[c], at, d))
        return plan

    def state_dict(self) -> State:
        beliefs = {name: [float(m), float(v)] for name, m, v in zip(self._names, self._mean, self._var)}
        return {**super().state_dict(), "beliefs": beliefs}

    def load_state_dict(self, state: State) -> None:
        beliefs = state.get("beliefs", {})
        if differ := sorted(set(beliefs) ^ set(self._names)):
            raise ValueError(f"the state is of other cells (the first is {differ[0]!r}): resume with the same `cells`")
        super().load_state_dict(state)
        self._mean = np.array([beliefs[name][0] for name in self._names], dtype=np.float64)
        self._var = np.array([beliefs[name][1] for name in self._names], dtype=np.float64)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def _expit(x: Array) -> Array:
    found: Array = 0.5 * (1 + np.tanh(0.5 * x))
    return found


def _learnability(logit: Array) -> Array:
    found: Array = 0.25 / np.cosh(0.5 * np.clip(logit, -60, 60)) ** 2  # p(1 - p), accurate in the tails
    return found


def _learnable(config: Mapping[str, Any], world: World) -> Curriculum:
    given = {key: config[key] for key in ("level", "floor", "candidates") if config.get(key) is not None}
    _whole("level", given.get("level", 0), 0)
    curriculum = Learnability(world, **given)
    if config.get("beliefs"):
        curriculum.load_beliefs(config["beliefs"])
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
    text: "" or "grammar" for the built-in source, else name:digest8. Each mode's own keys: level (learnability: where
    to start; fixed: a level or a list), floor, candidates, beliefs (a path, see `load_beliefs`); levels; every; path.
    Keys of other modes are let be, so that one config serves all of them.
    """
    mode = config.get("mode") or "learnability"
    known = {"mode", "seed", "cells", "px", "text"}.union(*_KEYS.values())
    for key in config:
        if key not in known:
            raise ValueError(f"unknown key {key!r} of the curriculum{_nearest(str(key), known)}")
    if mode not in MODES:
        near = _nearest(str(mode), MODES)
        raise ValueError(f"unknown mode {mode!r} of the curriculum{near or ': use ' + ', '.join(MODES)}")
    if mode == "file":
        if not config.get("path"):
            raise ValueError("mode 'file' needs a `path`: a file with one address a line")
        return FromFile(config["path"])
    width, height = _size(config.get("px") or (DEFAULT_PX, DEFAULT_PX))
    text = config.get("text") or ""
    world = World(
        cells=_cells(config.get("cells") or ("*",)),
        seed=_whole("seed", config.get("seed") or 0, 0),
        width=width,
        height=height,
        text="" if text == "grammar" else text,
    )
    Address.parse(str(world.address(world.cells[0], 0, Draws("check"))))  # a wrong text is refused now, not in a worker
    return _MODES[mode](config, world)


def _cells(wanted: Iterable[Any]) -> tuple[CellLike, ...]:
    """Cells as they are; globs over family/question looked up in the registry, in its order."""
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    if not any(isinstance(one, str) for one in wanted):
        return tuple(wanted)
    from envs.registry import cells as registered

    named: dict[str, CellLike] = {f"{c.family}/{c.question}": c for c in registered()}
    for glob in wanted:
        if not any(fnmatchcase(name, str(glob)) for name in named):
            raise ValueError(f"cells: {glob!r} matches no family/question{_nearest(str(glob), named)}")
    return tuple(cell for name, cell in named.items() if any(fnmatchcase(name, str(glob)) for glob in wanted))


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


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f": did you mean {near[0]!r}?" if near else ""
