"""What ends a run early, told in one line with what to do about it.

`Stopped` is raised where the run itself notices; `told` puts a line to an exception of a library. Anything else is a
mistake in a program and keeps its traceback. Whatever ends a run, checkpoints that are whole stay as they are.
"""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from trainers.checkpoints import whole_checkpoints
from trainers.config import Config
from trainers.launch import rank

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What safetensors and torch make of ENOSPC; torch says no more than that its archive came out wrong.
FULL_SAID = ("No space left on device", "Disk quota exceeded", "PytorchStreamWriter failed", "unexpected pos")
LOST = ("Connection closed by peer", "Connection reset by peer", "NCCL", "gloo")  # another rank has ended


class Stopped(RuntimeError):
    """A run that ends before its last step; the message says why and how to go on. `code`: the exit status; `agreed`:
    all ranks stop for the same reason, and one need tell."""

    def __init__(self, message: str, code: int = 1, agreed: bool = False) -> None:
        super().__init__(message)
        self.code, self.agreed = code, agreed


def goes_on(folder: Path) -> str:
    """What --resume will do: the end of every line about a run that was stopped."""
    whole = whole_checkpoints(folder)
    return f"{whole[-1].name} is whole: --resume goes on from there" if whole else "--resume begins at the last stage"


def disk_full(error: BaseException) -> bool:
    return (isinstance(error, OSError) and error.errno in FULL) or any(words in str(error) for words in FULL_SAID)


def told(error: BaseException, config: Config) -> str | None:
    """One line for what can happen to a healthy program, or None."""
    if disk_full(error):
        return f"the disk of {config.folder} is full ({first_line(error)}): make room; {goes_on(config.folder)}"
    if isinstance(error, RuntimeError) and any(words in str(error) for words in LOST):
        return f"another process of the run has ended ({first_line(error)}); {goes_on(config.folder)}"
    return None


def first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120]


@contextmanager
def answering(url: str) -> Iterator[None]:
    """Around what is asked of a vLLM server: one that is gone, or answers with an error, ends the run in one line.
    TRL's client has tried five times by then, for about a minute."""
    try:
        yield
    except Exception as error:
        # The errors of requests are OSErrors, too; TRL raises a bare Exception for an answer that is none.
        if isinstance(error, OSError) or str(error).startswith("Request failed"):
            raise Stopped(
                f"the vLLM server at {url} does not answer ({type(error).__name__}: {first_line(error)}): "
                "start it again, and --resume goes on from the last whole checkpoint"
            ) from error
        raise


class Signals:
    """While it is entered, SIGTERM (a scheduler that wants its nodes back) and SIGINT (Ctrl-C) are remembered instead
    of obeyed, so that the run can end with a checkpoint; a second one, more than a second later, ends it at once.
    (Under torchrun each comes twice: to the whole group of processes, and handed on by the agent.)"""

    def __init__(self, folder: Path) -> None:
        self.folder, self.received = folder, 0
        self._before: dict[int, Any] = {}
        self._first = 0.0

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received and time.monotonic() - self._first > 1:
            raise Stopped(f"stopped at once; {goes_on(self.folder)}", 128 + number, agreed=True)
        if not self.received:
            self.received, self._first = number, time.monotonic()
            if rank() == 0:  # by the system's own write: the signal may have come within one of Python's
                os.write(2, f"\n{self.name}: stopping after this batch, with a checkpoint\n".encode())

    @property
    def name(self) -> str:
        return signal.Signals(self.received).name


@contextmanager
def sigterm_is_told(folder: Path) -> Iterator[None]:
    """Outside training there is nothing to save: SIGTERM ends the run at once, as Ctrl-C does, with a line."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped(f"stopped by SIGTERM; {goes_on(folder)}", 128 + number, agreed=True)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def full_disks_told_once() -> Iterator[None]:
    """Within it a thread that meets a full disk prints nothing: what writes TensorBoard's files keeps the error, and
    the main thread meets it, or the disk, at its next row."""
    before = threading.excepthook

    def hook(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is None or not disk_full(args.exc_value):
            before(args)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before
