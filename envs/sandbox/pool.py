"""The sandbox as its user holds it: warm processes, and what is believed of what comes back."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import queue
import select
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, replace

from envs.sandbox.jobs import Job, Limits, Outcome, SandboxError
from envs.sandbox.layers import LAYERS
from envs.sandbox.process import Warm, WarmDied
from envs.sandbox.results import believed, cause_of_death
from envs.sandbox.syscalls import MACHINES

_GRACE = 10.0  # seconds for a warm process to answer once its child is to be killed
_TRIES = 2
_CODE = 2**20  # characters of a script
_PIPE_BYTES = 2**20
_PIECE = (
    1024  # bytes that a result must come in on average: reading each byte by itself would take our time, not theirs
)


class Sandbox:
    """Runs jobs, `workers` at a time; close it, or use it in a `with`. Safe to share between threads.

    `unsafe` runs without the layers that this machine lacks; `without` leaves some out on purpose, to show what they
    are for, and needs `unsafe` too. `untested` lets a machine in whose table of system calls nobody has tried.
    """

    def __init__(
        self,
        workers: int = 1,
        limits: Limits | None = None,
        unsafe: bool = False,
        *,
        untested: bool = False,
        without: Collection[str] = (),
    ) -> None:
        if workers < 1:
            raise SandboxError(f"workers={workers}: at least 1")
        if unknown := sorted(set(without) - set(LAYERS)):
            raise SandboxError(f"without={unknown[0]!r}: the layers are {', '.join(LAYERS)}")
        if without and not unsafe:
            raise SandboxError(f"without={min(without)!r} needs unsafe=True")
        self.limits, self._workers = limits or Limits(), workers
        for name, value in asdict(self.limits).items():
            if not 0 < value < 10**9:
                raise SandboxError(f"{name}={value}: more than 0 and less than a billion")
        self._setup = {
            "limits": asdict(self.limits),
            "layers": [layer for layer in LAYERS if layer not in without],
            "unsafe": unsafe,
            "machine": _machine(unsafe, untested),
        }
        self._free: queue.LifoQueue[Warm] = queue.LifoQueue()
        self._closed = False
        started: list[Warm] = []
        try:
            started += [Warm(self._setup) for _ in range(workers)]
            for warm in started:
                self.missing: tuple[str, ...] = warm.ready()
                self._free.put(warm)
        except BaseException:
            for warm in started:
                warm.close()
            raise

    def run(self, job: Job) -> Outcome:
        """What comes of a job; waits for a free worker. Never an exception for anything a script does."""
        request = _request(job)
        if len(job.code) > _CODE:
            return Outcome(reason=f"a script of {len(job.code)} characters; at most {_CODE}")
        if self._closed:
            raise SandboxError("this sandbox is closed")
        warm = self._free.get()
        try:
            for _ in range(_TRIES):
                try:
                    return _attend(warm, job, request, self.limits)
                except WarmDied as error:  # not by the script's doing, as far as one can tell: it gets another
                    death = error
                    warm.close()
                    warm = Warm(self._setup)
                    warm.ready()
            return Outcome(reason=f"the process that runs scripts died {_TRIES} times at this one ({death})")
        except BaseException:
            warm.close()  # it may still be at this job; closed, it is replaced when it is needed next
            raise
        finally:
            self._free.put(warm)

    def map(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Outcome]]:
        """Outcomes as they come; of the jobs no more are taken than can be run soon."""
        pending: dict[Future[Outcome], Job] = {}
        with ThreadPoolExecutor(self._workers, thread_name_prefix="sandbox") as threads:
            try:
                for job in jobs:
                    pending[threads.submit(self.run, job)] = job
                    if len(pending) > 2 * self._workers:
                        yield from self._finished(pending)
                while pending:
                    yield from self._finished(pending)
            finally:
                for future in pending:
                    future.cancel()

    @staticmethod
    def _finished(pending: dict[Future[Outcome], Job]) -> Iterator[tuple[Job, Outcome]]:
        for future in wait(pending, return_when=FIRST_COMPLETED).done:
            yield pending.pop(future), future.result()

    def close(self) -> None:
        """Ends the warm processes; jobs that run are waited for."""
        if not self._closed:
            self._closed = True
            for _ in range(self._workers):
                self._free.get().close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _machine(unsafe: bool, untested: bool) -> str:
    name = platform.machine()
    if sys.platform != "linux" or name not in MACHINES:
        raise SandboxError(f"the sandbox needs Linux on {' or '.join(MACHINES)}, not {sys.platform} on {name}")
    if not MACHINES[name].tested and not untested and not unsafe:
        raise SandboxError(f"the sandbox is untested on {name}: try its tests, then ask for it with untested=True")
    return name


def _request(job: Job) -> bytes:
    try:
        calls = [[name, list(arguments)] for name, arguments in job.calls]
        return json.dumps({"code": job.code, "calls": calls}, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise ValueError(f"calls of job {job.name!r}: arguments must be JSON ({error})") from None


# --- One job


def _attend(warm: Warm, job: Job, request: bytes, limits: Limits) -> Outcome:
    """Sends the job, reads what its child sends until the deadline, and makes sure that the child is gone."""
    deadline = time.monotonic() + limits.wall_s
    read, write = os.pipe()
    try:
        with contextlib.suppress(OSError):
            fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)  # fewer turns
        try:
            warm.start(request, write)
        finally:
            os.close(write)
        sent, breach = _drain(read, deadline, limits)
    finally:
        os.close(read)  # a child that still writes dies of it
    if not breach:  # it closed its pipe; it may live on
        poll = select.poll()
        poll.register(warm.fileno, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            breach = f"ran longer than {limits.wall_s:g} s"
    if breach:
        warm.kill()
    ended = warm.answer(_GRACE)
    outcome = believed(sent, job, limits)
    return replace(
        outcome, reason=breach or cause_of_death(ended, limits) or outcome.reason, cpu_s=round(float(ended["cpu_s"]), 4)
    )


def _drain(pipe: int, deadline: float, limits: Limits) -> tuple[bytes, str]:
    """What came through the pipe until its end, and why it was left before, if so."""
    poll, most = select.poll(), limits.result_mb * 2**20
    poll.register(pipe, select.POLLIN)
    parts: list[bytes] = []
    size = 0
    while (left := deadline - time.monotonic()) > 0:
        if not poll.poll(left * 1000):
            break
        part = os.read(pipe, _PIPE_BYTES)
        if not part:
            return b"".join(parts), ""
        parts.append(part)
        size += len(part)
        if size > most:
            return b"", f"sent more than {limits.result_mb} MB"
        if len(parts) > most // _PIECE:
            return b"", f"sent its result in more than {most // _PIECE} pieces"
    return b"", f"ran longer than {limits.wall_s:g} s"
