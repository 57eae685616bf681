"""Processes that draw problems, and the thread that feeds them.

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
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from envs.address import Address
from envs.wish import Wish, granted

if TYPE_CHECKING:
    from envs.stored import Handle

Make = Callable[[Address], Any]

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
class Drawn:
    """What came of an address: a problem, or why there is none, and how long drawing took."""

    address: str
    problem: Any
    reason: str
    seconds: float


def draw(make: Make, address: str) -> Drawn:
    start = time.perf_counter()
    try:
        problem = granted(Wish.parse(address), make) if " of " in address else make(Address.parse(address))
        return Drawn(address, problem, "", time.perf_counter() - start)
    except Exception as error:
        where = "".join(traceback.format_tb(error.__traceback__)[-3:])
        return Drawn(address, None, f"{type(error).__name__}: {error}\n{where}".rstrip(), time.perf_counter() - start)


def _work(
    conn: Connection,
    make: Make,
    corpus: str,
    phrasings: str,
    stored: Sequence[Handle],
    parent: int,
    by_signal: bool,
) -> None:
    """The life of a worker: addresses in, problems out, in order."""
    if by_signal and sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    live_with(parent)
    if corpus:
        from envs.text import open_corpus

        open_corpus(corpus)
    if phrasings:
        from envs.phrasings import open_phrasings

        open_phrasings(phrasings)
    if stored:
        from envs.stored import attach

        for handle in stored:
            attach(handle)
    try:
        conn.send_bytes(b"")  # ready: from here on a death is the address's
        while True:
            conn.send_bytes(pickle.dumps(draw(make, conn.recv()), protocol=5))
    except (EOFError, OSError):  # the parent closed the stream, or is gone
        os._exit(0)


def live_with(parent: int) -> None:
    """Leave Ctrl-C and a scheduler's SIGTERM, which all processes get, to the parent, and end with it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


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


class Pool:
    """Worker processes and the thread that feeds them. An address asked for is drawn until it is done or fails."""

    def __init__(
        self, workers: int, make: Make, corpus: str = "", phrasings: str = "", stored: Sequence[Handle] = ()
    ) -> None:
        self._size, self._make, self._outside, self._owner = workers, make, (corpus, phrasings, stored), os.getpid()
        self._changed = threading.Condition()
        self._queue: deque[str] = deque()  # not yet sent
        self._asked: set[str] = set()  # wanted and not yet done
        self._done: dict[str, Drawn] = {}
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

    def take(self, addresses: Sequence[str]) -> list[Drawn]:
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
            target=_work,
            args=(theirs, self._make, *self._outside, os.getpid(), by_signal),
            name="chartgym",
            daemon=True,
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
        drawn: Drawn = pickle.loads(message)
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
                    self._done[at] = Drawn(at, None, reason, 0.0)
                    self._asked.discard(at)
                    again = again[1:]
                    self._changed.notify_all()
            self._queue.extendleft(reversed(again))
