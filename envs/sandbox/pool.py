"""The sandbox as its user holds it: warm processes, and what is believed of what comes back."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import queue
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path
from typing import Any

from envs.sandbox import frames
from envs.sandbox.artists import ArtistsError, checked_artists
from envs.sandbox.jobs import Called, Figure, Job, Limits, Outcome, SandboxError
from envs.sandbox.layers import LAYERS
from envs.sandbox.pngs import ImageError, checked
from envs.sandbox.syscalls import MACHINES

_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from envs.sandbox import warm; warm.main()"
_START, _GRACE = 120.0, 10.0  # seconds for a warm process to start; for it to answer once its child is to be killed
_CODE = 2**20  # characters of a script
_PIPE_BYTES = 2**20


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
        self._setup = {
            "limits": asdict(self.limits),
            "layers": [layer for layer in LAYERS if layer not in without],
            "unsafe": unsafe,
            "machine": _machine(unsafe, untested),
        }
        self._free: queue.LifoQueue[_Warm] = queue.LifoQueue()
        self._closed = False
        started: list[_Warm] = []
        try:
            started += [_Warm(self._setup) for _ in range(workers)]
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
            for attempt in (1, 2):
                try:
                    return _attend(warm, job, request, self.limits)
                except _WarmDied as error:  # not by the script's doing, as far as one can tell: it gets another
                    warm.close()
                    warm = _Warm(self._setup)
                    warm.ready()
                    if attempt == 2:
                        return Outcome(reason=f"the process that runs scripts died twice at this one ({error})")
            raise AssertionError("unreachable")
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


class _WarmDied(Exception):
    pass


class _Warm:
    """A warm process, and the socket over which it is told what to run."""

    def __init__(self, setup: dict[str, Any]) -> None:
        self._socket, theirs = socket.socketpair()
        self._said = tempfile.TemporaryFile()
        path = [str(Path(__file__).parents[2]), *(os.path.abspath(entry) for entry in sys.path)]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOT, json.dumps(path), str(theirs.fileno())],
                env=_environment(),
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                start_new_session=True,  # Ctrl-C is for us
            )
        self._tell(setup)

    @property
    def fileno(self) -> int:
        return self._socket.fileno()

    def ready(self) -> tuple[str, ...]:
        """Waits until it is warm; the packages that are not installed. SandboxError says why it cannot be."""
        try:
            hello = self.answer(_START)
        except _WarmDied as error:
            self._said.seek(0)
            last = self._said.read()[-2000:].decode(errors="replace").strip().rpartition("\n")[2]
            raise SandboxError(f"the warm process of the sandbox did not start ({last or error})") from None
        if "error" in hello:
            raise SandboxError(hello["error"])
        return tuple(hello["missing"])

    def start(self, request: bytes, pipe: int) -> None:
        try:
            socket.send_fds(self._socket, [struct.pack("<I", len(request))], [pipe])
            self._socket.sendall(request)
        except OSError as error:
            raise _WarmDied(error.strerror) from None

    def kill(self) -> None:
        """Of its child."""
        self._tell("kill")

    def _tell(self, what: Any) -> None:
        data = json.dumps(what).encode()
        with contextlib.suppress(OSError):  # its death shows when it is asked
            self._socket.sendall(struct.pack("<I", len(data)) + data)

    def answer(self, seconds: float) -> dict[str, Any]:
        self._socket.settimeout(seconds)
        try:
            (length,) = struct.unpack("<I", self._exactly(4))
            found: dict[str, Any] = json.loads(self._exactly(length))
            return found
        except OSError as error:
            raise _WarmDied(str(error)) from None
        finally:
            self._socket.settimeout(None)

    def _exactly(self, count: int) -> bytes:
        data = self._socket.recv(count, socket.MSG_WAITALL)
        if len(data) < count:
            raise _WarmDied(f"exit code {self._process.poll()}")
        return data

    def close(self) -> None:
        self._socket.close()  # it ends when it sees this, and its child with it
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()


def _environment() -> dict[str, str]:
    """All that a warm process is told of ours: nothing, but where Matplotlib may keep its list of fonts."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": "/",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",  # the same script, the same order of a set
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": _font_cache(),
        **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "BLIS")},
    }


def _font_cache() -> str:
    """A folder of this user's own, or "" (then Matplotlib makes a temporary one, and every start takes longer)."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = os.path.join(home, "chartgym", "matplotlib")
    with contextlib.suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if os.stat(folder).st_uid == os.getuid() and os.access(folder, os.W_OK):
            return folder
    return ""


# --- One job


def _attend(warm: _Warm, job: Job, request: bytes, limits: Limits) -> Outcome:
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
    outcome = _believed(sent, job, limits)
    died = breach or _death(ended, limits)
    return Outcome(
        reason=died or outcome.reason,
        figures=outcome.figures,
        called=outcome.called,
        printed=outcome.printed,
        cpu_s=float(ended["cpu_s"]),
    )


def _drain(pipe: int, deadline: float, limits: Limits) -> tuple[bytes, str]:
    """What came through the pipe until its end, and why it was left before, if so."""
    poll, most = select.poll(), limits.result_mb * 2**20
    poll.register(pipe, select.POLLIN)
    parts, size = [], 0
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
    return b"", f"ran longer than {limits.wall_s:g} s"


def _death(ended: dict[str, Any], limits: Limits) -> str:
    """What the child died of; "" if it ended by itself."""
    status, code = int(ended["status"]), os.waitstatus_to_exitcode(int(ended["status"]))
    if not os.WIFSIGNALED(status):
        return "" if code == 0 else f"ended by itself (exit code {code})"
    number = os.WTERMSIG(status)
    if number in (signal.SIGKILL, signal.SIGXCPU) and ended["cpu_s"] >= 0.95 * max(1.0, limits.cpu_s):
        return f"used more than {limits.cpu_s:g} s of CPU time"
    if number == signal.SIGSYS:
        return "made a system call of a foreign table (SIGSYS)"
    return f"died of {signal.Signals(number).name}"


def _believed(sent: bytes, job: Job, limits: Limits) -> Outcome:
    """The frames as a result; what is wrong with them is the reason there is none."""
    figures: list[Figure] = []
    called: list[Called] = []
    printed, reason, done, image = "", "", False, None
    try:
        for tag, payload in frames.received(sent):
            if done:
                raise frames.FrameError("more after the end")
            if tag == frames.FIGURE:
                if len(figures) == limits.figures:
                    raise frames.FrameError(f"more than {limits.figures} figures")
                image = checked(payload, limits.pixels)
            elif tag == frames.ARTISTS:
                if image is None:
                    raise frames.FrameError("a table without its figure")
                call, table = _table(frames.from_json(payload), len(job.calls))
                figures.append(Figure(png=image[0], width=image[1], height=image[2], artists=table, call=call))
                image = None
            elif tag == frames.CALLED:
                if len(called) == len(job.calls):
                    raise frames.FrameError("more values than calls")
                called.append(_called(frames.from_json(payload)))
            elif tag == frames.PRINTED:
                printed = frames.plain(payload, frames.PRINTED_CHARACTERS, lines=True)
            elif tag == frames.REASON:
                reason = frames.plain(payload, frames.REASON_CHARACTERS) or "failed without a word"
            done = tag == frames.DONE
        if not done:
            reason = reason or "ended without a result"
        elif not reason and len(called) < len(job.calls):
            reason = "sent fewer values than calls"
    except (frames.FrameError, ImageError, ArtistsError) as error:
        reason = f"sent {error}"
    return Outcome(reason=reason, figures=tuple(figures), called=tuple(called), printed=printed)


def _table(found: Any, calls: int) -> tuple[int, dict[str, Any]]:
    """Which call drew a figure, and its artists' table."""
    if not isinstance(found, dict) or set(found) != {"call", "table"} or type(found["call"]) is not int:
        raise frames.FrameError("a table of no known kind")
    if not -1 <= found["call"] < calls:
        raise frames.FrameError("a figure of a call that was not asked")
    return found["call"], checked_artists(found["table"])


def _called(found: Any) -> Called:
    if isinstance(found, dict) and set(found) == {"value"}:
        return Called(value=found["value"])
    if isinstance(found, dict) and set(found) == {"error"} and isinstance(found["error"], str):
        line = frames.plain(found["error"].encode("utf-8", "replace"), frames.REASON_CHARACTERS)
        return Called(error=line or "failed without a word")
    raise frames.FrameError("a value of no known kind")
