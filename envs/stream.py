"""Slots to problems: a stream draws the next generation batch in worker processes while accelerators work on this one.

    stream = Stream(curriculum, prompts_per_batch=64, workers=2, rank=0, world=1)
    for batch in range(steps):
        problems = stream.problems(batch, stream.own_slots(batch))      # {slot: Problem}, images uint8 H x W x 3
        ...                                                             # sample, score, train
        stream.observe(batch, outcomes)                                 # on every rank, the outcomes of all ranks

Batch b holds the slots [b*n, (b+1)*n); a rank draws only its own. Batches 0 and 1 are planned at the start, and batch
b+2 when batch b was observed, so that workers are one to two batches ahead and memory holds two batches of this rank's
images.

Workers are spawned, not forked: two forks would read font files through one shared file offset and draw wrong glyphs
or none. So a script needs the usual `if __name__ == "__main__"`, a `make` of one's own must be picklable, and starting
takes about half a second, which passes while torch is imported if the Stream is made before. A worker that dies is
replaced and its addresses are drawn again; an address at which three died is named in the error. Workers die with
their parent, also when it is killed.
"""

from __future__ import annotations

import atexit
import ctypes
import logging
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import traceback
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from envs.address import Address
from envs.curriculum import Curriculum, Outcome

if TYPE_CHECKING:
    from envs.problem import Problem

Make = Callable[[Address], Any]
Broadcast = Callable[[list[str]], list[str]]

log = logging.getLogger("chartgym.stream")

_SPAWN = multiprocessing.get_context("spawn")
_IN_FLIGHT = 4  # addresses a worker holds: it need not wait for a parent that is busy
_PATIENCE = 60.0  # seconds without a new problem, before a line says what is waited for
_DEATHS = 3  # of workers at one address, before the address is blamed


class StreamError(RuntimeError):
    """A problem that could not be drawn; `address` names it."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"cannot draw {address}: {reason}")
        self.address = address


@dataclass(slots=True)
class _Drawn:
    """What came of an address: a problem, or why there is none, and how long drawing took."""

    address: str
    problem: Any
    reason: str
    seconds: float


def _draw(make: Make, address: str) -> _Drawn:
    start = time.perf_counter()
    try:
        return _Drawn(address, make(Address.parse(address)), "", time.perf_counter() - start)
    except Exception as error:
        where = "".join(traceback.format_tb(error.__traceback__)[-3:])
        return _Drawn(address, None, f"{type(error).__name__}: {error}\n{where}".rstrip(), time.perf_counter() - start)


def _work(conn: Connection, make: Make, parent: int, by_signal: bool) -> None:
    """The life of a worker: addresses in, problems out, in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if by_signal and sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    try:
        conn.send_bytes(b"")  # ready: from here on a death is the address's
        while True:
            conn.send_bytes(pickle.dumps(_draw(make, conn.recv()), protocol=5))
    except (EOFError, OSError):  # the parent closed the stream, or is gone
        os._exit(0)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


@dataclass(slots=True, eq=False)
class _Worker:
    process: BaseProcess
    conn: Connection
    ready: bool = False
    held: deque[str] = field(default_factory=deque)  # addresses sent and not answered, in the order they are drawn


class _Pool:
    """Worker processes and the thread that feeds them. An address asked for is drawn until it is done or fails."""

    def __init__(self, workers: int, make: Make) -> None:
        self._size, self._make, self._owner = workers, make, os.getpid()
        self._changed = threading.Condition()
        self._queue: deque[str] = deque()  # not yet sent
        self._asked: set[str] = set()  # wanted and not yet done
        self._done: dict[str, _Drawn] = {}
        self._deaths: dict[str, int] = {}
        self._stillborn = 0  # workers in a row that died before they were ready
        self._failure: BaseException | None = None
        self._closed = False
        self._workers: list[_Worker] = []
        self._wake_up, self._woken = _SPAWN.Pipe()
        for _ in range(workers):
            self._start()
        self._thread = threading.Thread(target=self._run, name="chartgym-stream", daemon=True)
        self._thread.start()
        # Registered after multiprocessing's own, so run before it, which would kill workers that we then replace.
        atexit.register(self.close)

    def ask(self, addresses: Iterable[str], *, first: bool = False) -> None:
        with self._changed:
            new = [a for a in dict.fromkeys(addresses) if a not in self._asked and a not in self._done]
            self._asked.update(new)
            if first:
                self._queue.extendleft(reversed(new))
            else:
                self._queue.extend(new)
        self._wake()

    def take(self, addresses: Sequence[str]) -> list[_Drawn]:
        """Waits until all of them are done or one has failed."""
        with self._changed:
            while True:
                if self._failure or self._closed:
                    what = "is closed" if self._closed else f"broke: {self._failure!r}"
                    raise RuntimeError(f"the stream {what}") from self._failure
                found = [self._done[a] for a in addresses if a in self._done]
                if len(found) == len(addresses) or any(one.reason for one in found):
                    return found
                if not self._changed.wait(_PATIENCE):
                    missing = [a for a in addresses if a not in self._done]
                    log.warning("still waiting for %d problems, the first is %s", len(missing), missing[0])

    def keep(self, addresses: set[str]) -> None:
        """Drops all others, drawn or not."""
        with self._changed:
            self._asked &= addresses
            self._queue = deque(a for a in self._queue if a in self._asked)
            self._done = {a: one for a, one in self._done.items() if a in addresses}
            self._deaths = {a: n for a, n in self._deaths.items() if a in addresses}

    def done(self) -> int:
        with self._changed:
            return len(self._done)

    def pids(self) -> list[int]:
        return [worker.process.pid or 0 for worker in self._workers]

    def close(self) -> None:
        """Ends thread and workers. Workers hold nothing of value and may be blocked in a send, so they are killed."""
        if self._closed or os.getpid() != self._owner:  # a fork of this process has copies, not the workers
            return
        atexit.unregister(self.close)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._wake()
        if threading.current_thread() is not self._thread:  # the garbage collector may call from any thread
            self._thread.join()
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.conn.close()
        self._workers.clear()
        self._done.clear()
        self._wake_up.close()
        self._woken.close()

    def _wake(self) -> None:
        with suppress(OSError):  # closed
            self._wake_up.send_bytes(b"")

    def _start(self) -> None:
        ours, theirs = _SPAWN.Pipe()
        # The death signal comes when the *thread* that started the worker ends, so only the main thread may ask for it.
        by_signal = threading.current_thread() is threading.main_thread()
        process = _SPAWN.Process(
            target=_work, args=(theirs, self._make, os.getpid(), by_signal), name="chartgym", daemon=True
        )
        process.start()
        theirs.close()  # so that the worker's death ends the connection
        self._workers.append(_Worker(process, ours))

    def _run(self) -> None:
        try:
            while not self._closed:
                self._feed()
                ready = set(wait([self._woken, *(w.conn for w in self._workers)]))
                if self._woken in ready:
                    self._woken.recv_bytes()
                for worker in [w for w in self._workers if w.conn in ready]:
                    self._receive(worker)
        except BaseException as error:
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _feed(self) -> None:
        """Hands out the queue, evenly; a worker that died is replaced here, when there is something to draw."""
        with self._changed:
            while self._queue and len(self._workers) < self._size:
                self._start()
            while self._queue:
                worker = min(self._workers, key=lambda w: len(w.held))
                if len(worker.held) >= _IN_FLIGHT:
                    return
                address = self._queue.popleft()
                worker.held.append(address)
                try:
                    worker.conn.send(address)
                except OSError:
                    return  # it died just now; the connection ends, and `_bury` gives its addresses back

    def _receive(self, worker: _Worker) -> None:
        try:
            message = worker.conn.recv_bytes()
        except (EOFError, OSError):
            self._bury(worker)
            return
        if not message:
            worker.ready, self._stillborn = True, 0
            return
        drawn: _Drawn = pickle.loads(message)
        with self._changed:
            worker.held.popleft()
            if drawn.address in self._asked:
                self._asked.discard(drawn.address)
                self._done[drawn.address] = drawn
                self._changed.notify_all()

    def _bury(self, worker: _Worker) -> None:
        worker.process.join(1)
        worker.process.kill()
        worker.process.join()
        worker.conn.close()
        self._workers.remove(worker)
        code = worker.process.exitcode
        again = [a for a in worker.held if a in self._asked]
        log.warning(
            "a drawing worker died (exit code %s)%s; %d addresses are drawn again",
            code,
            f" at {worker.held[0]}" if worker.ready and worker.held else "",
            len(again),
        )
        if not worker.ready:
            self._stillborn += 1
            if self._stillborn >= _DEATHS:
                raise RuntimeError(
                    f"{_DEATHS} drawing workers died as they started (exit code {code}): see above for their errors; "
                    "a script needs an `if __name__ == '__main__'` around what it runs"
                )
        with self._changed:
            if worker.ready and again and again[0] == worker.held[0]:
                at = again[0]
                self._deaths[at] = self._deaths.get(at, 0) + 1
                if self._deaths[at] >= _DEATHS:
                    reason = f"{_DEATHS} workers died at it (last exit code {code}); try make({at!r}) by hand"
                    self._done[at] = _Drawn(at, None, reason, 0.0)
                    self._asked.discard(at)
                    again = again[1:]
                    self._changed.notify_all()
            self._queue.extendleft(reversed(again))


class Stream:
    """The endless stream of one rank.

    workers: processes that draw; 0 draws in this process, when asked. make: address -> problem, `envs.make` if None.
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
        broadcast: Broadcast | None = None,
    ) -> None:
        if prompts_per_batch < 1 or not 0 <= rank < world or workers < 0:
            raise ValueError(f"no stream of {prompts_per_batch} prompts, rank {rank} of {world}, {workers} workers")
        if make is None:
            from envs.problem import make as real_make

            make = real_make
        self.curriculum, self.prompts_per_batch, self.rank, self.world = curriculum, prompts_per_batch, rank, world
        self._make, self._broadcast = make, broadcast
        self._planned: dict[int, list[Address]] = {}
        self._next = 0  # the first batch not yet observed
        self._here: dict[str, _Drawn] = {}  # drawn in this process, with no workers
        self._waited, self._draw_seconds, self._draws = 0.0, 0.0, 0
        self._pool = _Pool(workers, make) if workers else None
        if self._pool:
            weakref.finalize(self, self._pool.close).atexit = False
        for batch in (0, 1):
            self._plan(batch)

    def own_slots(self, batch: int) -> range:
        """The slots that this rank is expected to ask for and draws ahead: its contiguous share of the batch."""
        n, first = self.prompts_per_batch, batch * self.prompts_per_batch
        return range(first + self.rank * n // self.world, first + (self.rank + 1) * n // self.world)

    def address(self, slot: int) -> Address:
        """The address of a slot in a planned batch."""
        return self._batch(slot // self.prompts_per_batch)[slot % self.prompts_per_batch]

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
                    self._here[address] = _draw(self._make, address)
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
        planned = {int(b): [Address.parse(a, allow_test=False) for a in plan] for b, plan in state["planned"].items()}
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

    def _batch(self, batch: int) -> list[Address]:
        if batch not in self._planned:
            held = ", ".join(map(str, sorted(self._planned)))
            raise ValueError(f"batch {batch} is not at hand ({held} are): batch b is planned when b - 2 is observed")
        return self._planned[batch]

    def _plan(self, batch: int) -> None:
        self._planned[batch] = self._agreed(self.curriculum.plan(batch, self.prompts_per_batch))
        self._draw_ahead()

    def _agreed(self, plan: list[Address]) -> list[Address]:
        if self._broadcast is None:
            return plan
        return [Address.parse(text, allow_test=False) for text in self._broadcast([str(a) for a in plan])]

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
