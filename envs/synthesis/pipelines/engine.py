"""Stages that items flow through, each item as soon as it can, with an account that adds up.

A stage is an asynchronous function from an item to as many results as it was asked for, each an item for the stages
that follow or a Dropped. What comes of one first item, over all stages, is its tree; so many trees are in the making
at once and no more, which bounds everything in flight and lets stages feed each other in a circle without ever
standing still. For each stage, at any time and at the end,

    asked = kept + dropped (by reason) + left + under way

where `left` is what a stop left undone: the next run of the same command does that.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from envs.synthesis.items import Dropped

T = TypeVar("T")
Path = tuple[int, ...]  # of an item in its tree: the first item's number, then a place wherever ways part
GRACE = 20.0  # seconds that what is under way may take once a signal has come


class Stopped(Exception):
    """Nothing more is begun."""


class Stop:
    """Whether the run is to end early, and why. `all` ends local work too; a spent budget only ends the asking."""

    def __init__(self) -> None:
        self.why = ""
        self.all = False
        self._event = asyncio.Event()

    def set(self, why: str, everything: bool = True) -> None:
        self.why = self.why or why
        self.all = self.all or everything
        self._event.set()

    async def wait(self) -> None:
        await self._event.wait()

    async def sleep(self, seconds: float) -> None:
        """Waits as long, or raises Stopped as soon as the run is to end."""
        if not self.why and seconds > 0:
            try:
                await asyncio.wait_for(self._event.wait(), seconds)
            except TimeoutError:
                return
        if self.why:
            raise Stopped(self.why)


async def all_of(works: Iterable[Awaitable[T]]) -> list[T]:
    """What all of them give, at the same time. Where one stops, the others still come to their end: they are paid."""
    found = await asyncio.gather(*works, return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException):
            raise each
    return [each for each in found if not isinstance(each, BaseException)]


@dataclass(frozen=True, kw_only=True)
class Stage:
    name: str
    work: Callable[[Any, Path], Awaitable[Sequence[Any]]]
    then: Callable[[Any], Sequence[str]] = lambda item: ()  # where an item goes from here; nowhere: it is done
    fan: int = 1  # results that are asked for


@dataclass
class Count:
    """The account of one stage."""

    came: int = 0  # items
    asked: int = 0  # results asked for them
    kept: int = 0
    left: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def under_way(self) -> int:
        return self.asked - self.kept - self.dropped.total() - self.left

    def to_json(self) -> dict[str, Any]:
        dropped = dict(sorted(self.dropped.items(), key=lambda item: (-item[1], item[0])))
        return {"came": self.came, "asked": self.asked, "kept": self.kept, "left": self.left, "dropped": dropped}


class Engine:
    """Runs items through stages; remembers the account. `on_drop` and `on_done` hear of every item that ends."""

    def __init__(
        self,
        stages: Sequence[Stage],
        stop: Stop,
        *,
        together: int,
        fatal: tuple[type[Exception], ...] = (),
        on_drop: Callable[[Path, Dropped], None] = lambda path, dropped: None,
        on_done: Callable[[Path, Any], None] = lambda path, item: None,
    ) -> None:
        self.stages = {stage.name: stage for stage in stages}
        self.counts = {stage.name: Count() for stage in stages}
        self.stop, self.fatal, self.on_drop, self.on_done = stop, fatal, on_drop, on_done
        self.errors = 0  # of our own code: an item that caused one is dropped, and the run goes on
        self._together = together

    async def run(self, items: Iterable[tuple[int, Any]], first: str, done: Callable[[], None] = lambda: None) -> None:
        """All items, by number, through all stages; `done` is called at the end of each one's tree. Raises what is
        fatal."""
        slots = asyncio.Semaphore(self._together)

        async def tree(item: Any, number: int) -> None:
            try:
                await self._flow(first, item, (number,))
                done()
            finally:
                slots.release()

        try:
            async with asyncio.TaskGroup() as tasks:
                for number, item in items:
                    await slots.acquire()
                    tasks.create_task(tree(item, number))
        except BaseExceptionGroup as group:
            error: BaseException = group
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            raise error from None

    async def _flow(self, name: str, item: Any, path: Path) -> None:
        stage, count = self.stages[name], self.counts[name]
        count.came += 1
        count.asked += stage.fan
        results = await self._results(stage, item, path)
        if results is None:
            count.left += stage.fan
            return
        results = list(results)[: stage.fan]
        short = Dropped(stage=name, reason="fewer than asked for", detail=f"{len(results)} of {stage.fan}")
        results += [short] * (stage.fan - len(results))
        onward = []
        for place, result in enumerate(results):
            its = path if stage.fan == 1 else (*path, place)
            if isinstance(result, Dropped):
                count.dropped[result.reason] += 1
                self.on_drop(its, result)
                continue
            count.kept += 1
            following = stage.then(result)
            if not following:
                self.on_done(its, result)
            for order, to in enumerate(following):
                onward.append(self._flow(to, result, its if len(following) == 1 else (*its, order)))
        if len(onward) == 1:
            await onward[0]
        elif onward:
            async with asyncio.TaskGroup() as tasks:
                for each in onward:
                    tasks.create_task(each)

    async def _results(self, stage: Stage, item: Any, path: Path) -> Sequence[Any] | None:
        """What a stage makes of an item; None where it was stopped before that."""
        try:
            return await stage.work(item, path)
        except Stopped:
            return None
        except self.fatal:
            raise
        except Exception as error:  # one strange reply must not end a run of days
            self.errors += 1
            where = traceback.extract_tb(error.__traceback__)[-1]
            detail = f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"[:500]
            print(f"\n{stage.name} {'.'.join(map(str, path))}: {detail}", file=sys.stderr)
            return [Dropped(stage=stage.name, reason="error of our own", detail=detail)] * stage.fan

    def abandon(self) -> None:
        """What is under way is left: it was cut off."""
        for count in self.counts.values():
            count.left += count.under_way

    def line(self) -> str:
        """The account so far, for a progress bar."""
        said = []
        for name, count in self.counts.items():
            if count.asked:
                said.append(f"{name} {count.kept}" + (f"/{count.asked}" if count.asked > count.kept else ""))
        return ", ".join(said)


def table(stages: dict[str, Any]) -> list[str]:
    """An account as lines: a row a stage, and below it what was dropped there and why."""
    width = max(map(len, stages))
    lines = [f"{'stage':{width}} {'came':>7} {'asked':>7} {'kept':>7} {'dropped':>7} {'left':>7}"]
    for name, said in stages.items():
        row = (said["came"], said["asked"], said["kept"], sum(said["dropped"].values()), said["left"])
        lines.append(f"{name:{width}} " + " ".join(f"{n:7}" for n in row))
        lines += [f"{'':{width}} {n:31}  {reason}" for reason, n in said["dropped"].items()]
    return lines
