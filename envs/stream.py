"""Slots to problems: a stream draws the next generation batch in worker processes while accelerators work on this one.

    stream = Stream(curriculum, prompts_per_batch=64, workers=2, rank=0, world=1)
    for batch in range(steps):
        problems = stream.problems(batch, stream.own_slots(batch))      # {slot: Problem}, images uint8 H x W x 3
        ...                                                             # sample, score, train
        stream.observe(batch, outcomes)                                 # on every rank, the outcomes of all ranks

Batch b holds the slots [b*n, (b+1)*n); a rank draws only its own. Batches 0 and 1 are planned at the start, and batch
b+2 when batch b was observed, so that workers are one to two batches ahead and memory holds two batches of this rank's
images. The processes are those of envs/workers.py.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from envs.address import Address
from envs.curriculum import Curriculum, Outcome, Planned
from envs.wish import Wish, wish_or_address
from envs.workers import Drawn, Make, Pool, StreamError, draw

if TYPE_CHECKING:
    from envs.problem import Problem
    from envs.stored import Handle

Broadcast = Callable[[list[str]], list[str]]


class Stream:
    """The endless stream of one rank.

    workers: processes that draw; 0 draws in this process, when asked.
    make: address -> problem, `envs.problem.make_near` if None.
    corpus: an outside source of text that the addresses name, as `files:GLOB`, to be opened in every worker;
    phrasings: a file of phrasings that they name, likewise; stored: handles of open data sets, likewise.
    broadcast: a collective that returns rank 0's list on every rank; see `use_broadcast`.
    """

    def __init__(
        self,
        curriculum: Curriculum,
        prompts_per_batch: int,
        *,
        workers: int = 2,
        rank: int = 0,
        world: int = 1,
        make: Make | None = None,
        corpus: str = "",
        phrasings: str = "",
        stored: Sequence[Handle] = (),
        broadcast: Broadcast | None = None,
    ) -> None:
        if prompts_per_batch < 1 or not 0 <= rank < world or workers < 0:
            raise ValueError(f"no stream of {prompts_per_batch} prompts, rank {rank} of {world}, {workers} workers")
        if make is None:
            from envs.problem import make_near

            make = make_near
        self.curriculum, self.prompts_per_batch, self.rank, self.world = curriculum, prompts_per_batch, rank, world
        self._make, self._broadcast = make, broadcast
        self._planned: dict[int, list[Planned]] = {}
        self._next = 0  # the first batch not yet observed
        self._here: dict[str, Drawn] = {}  # drawn in this process, with no workers
        self._waited, self._draw_seconds, self._draws = 0.0, 0.0, 0
        self._pool = Pool(workers, make, corpus, phrasings, tuple(stored)) if workers else None
        if self._pool:
            weakref.finalize(self, self._pool.close).atexit = False
        for batch in (0, 1):
            self._plan(batch)

    def own_slots(self, batch: int) -> range:
        """The slots that this rank is expected to ask for and draws ahead: its contiguous share of the batch."""
        n, first = self.prompts_per_batch, batch * self.prompts_per_batch
        return range(first + self.rank * n // self.world, first + (self.rank + 1) * n // self.world)

    def address(self, slot: int) -> Address:
        """The address of a slot in a planned batch; of a wish the first one, of which another draft may be taken."""
        one = self._batch(slot // self.prompts_per_batch)[slot % self.prompts_per_batch]
        return one.address if isinstance(one, Wish) else one

    def problems(self, batch: int, slots: Iterable[int]) -> dict[int, Problem]:
        """The problems of these slots of a planned batch; waits for them. Other ranks' slots are drawn when asked for.

        Asking again before the batch is observed gives the same objects. StreamError names what cannot be drawn.
        """
        slots = list(slots)
        plan, first = self._batch(batch), batch * self.prompts_per_batch
        for slot in slots:
            if not first <= slot < first + len(plan):
                raise ValueError(f"slot {slot} is not in batch {batch}, which holds [{first}, {first + len(plan)})")
        wanted = {slot: str(plan[slot - first]) for slot in slots}
        start = time.perf_counter()
        if self._pool:
            self._pool.ask(wanted.values(), first=True)
            drawn = {one.address: one for one in self._pool.take(list(wanted.values()))}
        else:
            for address in wanted.values():
                if address not in self._here:
                    self._here[address] = draw(self._make, address)
            drawn = {address: self._here[address] for address in wanted.values()}
        self._waited += time.perf_counter() - start
        for one in drawn.values():
            if one.reason:
                raise StreamError(one.address, one.reason)
            self._draw_seconds += one.seconds
            self._draws += 1
        return {slot: drawn[address].problem for slot, address in wanted.items()}

    def observe(self, batch: int, outcomes: Sequence[Outcome]) -> None:
        """Hands the outcomes of a whole batch, of all ranks, to the curriculum; plans batch + 2 and draws it ahead."""
        if batch != self._next:
            raise ValueError(f"batch {batch} observed, but {self._next} is next: observe each batch once, in turn")
        self.curriculum.observe(batch, outcomes)
        del self._planned[batch]
        self._next = batch + 1
        self._plan(batch + 2)

    def use_broadcast(self, broadcast: Broadcast) -> None:
        """From here on every rank has rank 0's plans, also of the batches already planned; a collective call.

        For a Stream made before torch.distributed ran. Ranks agree without it on machines of one kind (same curriculum,
        same outcomes); elsewhere exp differs in the last bit.
        """
        self._broadcast = broadcast
        for batch in sorted(self._planned):
            self._planned[batch] = self._agreed(self._planned[batch])
        self._draw_ahead()

    def state_dict(self) -> dict[str, Any]:
        """All that decides which addresses follow; JSON-able."""
        planned = {str(batch): [str(address) for address in plan] for batch, plan in self._planned.items()}
        return {"next": self._next, "planned": planned, "curriculum": self.curriculum.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on where the state was taken: the same addresses follow."""
        planned = {int(b): [wish_or_address(text) for text in plan] for b, plan in state["planned"].items()}
        for batch, plan in planned.items():
            if len(plan) != self.prompts_per_batch:
                raise ValueError(
                    f"the state has {len(plan)} prompts in batch {batch}, the config {self.prompts_per_batch}: "
                    f"resume with the same batch size"
                )
        self.curriculum.load_state_dict(state["curriculum"])
        self._planned, self._next = planned, state["next"]
        self._draw_ahead()

    def metrics(self) -> dict[str, float]:
        """The curriculum's; seconds spent waiting and mean time of a draw since the last call; how many lie ready."""
        ready = self._pool.done() if self._pool else len(self._here)
        found = {"wait_seconds": self._waited, "drawn_ahead": float(ready)}
        if self._draws:
            found["draw_ms"] = 1000 * self._draw_seconds / self._draws
        self._waited, self._draw_seconds, self._draws = 0.0, 0.0, 0
        return {**self.curriculum.metrics(), **found}

    def worker_pids(self) -> list[int]:
        return self._pool.pids() if self._pool else []

    def close(self) -> None:
        """Ends the workers; harmless when repeated. At interpreter exit this is done anyway."""
        if self._pool:
            self._pool.close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _batch(self, batch: int) -> list[Planned]:
        if batch not in self._planned:
            held = ", ".join(map(str, sorted(self._planned)))
            raise ValueError(f"batch {batch} is not at hand ({held} are): batch b is planned when b - 2 is observed")
        return self._planned[batch]

    def _plan(self, batch: int) -> None:
        self._planned[batch] = self._agreed(self.curriculum.plan(batch, self.prompts_per_batch))
        self._draw_ahead()

    def _agreed(self, plan: list[Planned]) -> list[Planned]:
        if self._broadcast is None:
            return plan
        return [wish_or_address(text) for text in self._broadcast([str(one) for one in plan])]

    def _draw_ahead(self) -> None:
        """Drops what no planned batch holds, and starts on this rank's share of those that are planned."""
        planned = {str(address) for plan in self._planned.values() for address in plan}
        if not self._pool:
            self._here = {a: one for a, one in self._here.items() if a in planned}
            return
        self._pool.keep(planned)
        for batch, plan in sorted(self._planned.items()):
            first = batch * self.prompts_per_batch
            self._pool.ask(str(plan[slot - first]) for slot in self.own_slots(batch))
