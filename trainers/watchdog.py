"""Names the rank that hangs, says where, and ends the run: a hung run costs as much as a running one.

Every rank counts its *beats*: the places it passes on its way through a step, the same on all of them. A thread writes
the count, with step and phase, to `<run>/beats/rank-N.json`, and reads those of the others (nodes share the folder of a
run). When no rank has beaten for `launch.hang_seconds`, or one has not for twice as long, every rank prints one line:
the rank with the fewest beats is the one that hangs, since all others wait for it in a collective; that rank adds the
stacks of its threads. Then the process ends with HUNG, torchrun ends the others, and `--resume` goes on.

A rank whose thread is silent, too, was stopped or its machine is gone. Where a C extension hangs with the interpreter
locked, no thread of Python runs: faulthandler's own timer, set anew with each beat, prints the stacks and ends it.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from envs.logs import write_whole

HUNG = 3  # exit status
STDERR = 2  # as faulthandler wants it: a notebook puts something without a file in place of sys.stderr


class Watchdog:
    """Of one rank of `world`. seconds: of silence before it barks; None: it does nothing."""

    def __init__(self, folder: Path, rank: int, world: int, seconds: float | None) -> None:
        self.folder, self.rank, self.world, self.seconds = folder / "beats", rank, world, seconds
        self._now: tuple[int, int, str] = (0, 0, "start")  # beats, step, phase
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def beat(self, phase: str, step: int | None = None) -> None:
        """This rank goes on to `phase`; called by the thread that trains."""
        beats, before, _ = self._now
        self._now = (beats + 1, before if step is None else step, phase)
        if self._thread is not None and self.seconds:
            faulthandler.dump_traceback_later(3 * self.seconds, exit=True, file=STDERR)  # sets the timer anew

    def __enter__(self) -> Watchdog:
        if self.seconds:
            self.folder.mkdir(exist_ok=True)
            self._path(self.rank).unlink(missing_ok=True)
            self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._thread is not None:
            self._end.set()
            self._thread.join()
            self._thread = None
            faulthandler.cancel_dump_traceback_later()
            self._path(self.rank).unlink(missing_ok=True)

    def _path(self, rank: int) -> Path:
        return self.folder / f"rank-{rank}.json"

    def _watch(self) -> None:
        assert self.seconds is not None
        # When this rank last saw another beat of each rank, and another line of its thread, by its own clock.
        beaten: dict[int, float] = {}
        heard: dict[int, float] = {}
        seen: dict[int, dict[str, Any]] = {}
        lines = 0
        while not self._end.wait(min(10.0, self.seconds / 10)):
            lines += 1
            beats, step, phase = self._now
            mine = {"beats": beats, "step": step, "phase": phase, "line": lines, "pid": os.getpid()}
            with suppress(OSError):  # a full disk is not for the watchdog to tell
                write_whole(self._path(self.rank), json.dumps(mine))
            now = time.monotonic()
            for rank in range(self.world):
                row = mine if rank == self.rank else self._read(rank)
                if row is None:  # not begun, or past its last step
                    seen.pop(rank, None)
                    continue
                old = seen.get(rank, {"beats": -1, "line": -1})
                if row["beats"] != old["beats"]:
                    beaten[rank] = now
                if row["line"] != old["line"]:
                    heard[rank] = now
                seen[rank] = row
            silent = [rank for rank in seen if now - beaten[rank] > self.seconds]
            # The one that hangs is silent a moment longer than those that wait for it: all are, or one is by far.
            if len(silent) == len(seen) or any(now - beaten[rank] > 2 * self.seconds for rank in silent):
                self._bark(seen, {rank for rank in seen if now - heard[rank] > self.seconds / 2})

    def _read(self, rank: int) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(self._path(rank).read_text(encoding="utf-8"))
            return found
        except (OSError, ValueError):
            return None

    def _bark(self, seen: dict[int, dict[str, Any]], dead: set[int]) -> None:
        least = min(row["beats"] for row in seen.values())
        hung = sorted(dead) or [rank for rank in sorted(seen) if seen[rank]["beats"] == least]
        row = seen[hung[0]]
        who = f"rank {hung[0]}" if len(hung) == 1 else f"ranks {', '.join(map(str, hung))}"
        how = "; not even its watchdog is heard: its process was stopped, or its machine is gone" if dead else ""
        if len(hung) == len(seen) > 1:
            how = "; all of them at the same place, in a collective or waiting for what they share"
        print(
            f"watchdog of rank {self.rank}: {who} of {self.world} (pid {row['pid']}) hung in {row['phase']} of step "
            f"{row['step']} for {self.seconds:g} s (launch.hang_seconds){how}; go on with --resume",
            file=sys.stderr,
            flush=True,
        )
        if self.rank in hung:
            faulthandler.dump_traceback(file=STDERR, all_threads=True)
        os._exit(HUNG)
