"""What is believed of what came back: the frames of a child as an Outcome, and its end as a reason."""

from __future__ import annotations

import os
import signal
from typing import Any

from envs.sandbox import frames
from envs.sandbox.artists import ArtistsError, checked_artists
from envs.sandbox.jobs import Called, Figure, Job, Limits, Outcome
from envs.sandbox.pngs import ImageError, checked


def cause_of_death(ended: dict[str, Any], limits: Limits) -> str:
    """What the child died of; "" if it ended by itself."""
    status, code = int(ended["status"]), os.waitstatus_to_exitcode(int(ended["status"]))
    if not os.WIFSIGNALED(status):
        return "" if code == 0 else f"ended by itself (exit code {code})"
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU or (number == signal.SIGKILL and ended["cpu_s"] >= limits.cpu_s):
        return f"used more than {limits.cpu_s:g} s of CPU time"
    if number == signal.SIGSYS:
        return "made a system call of a foreign table (SIGSYS)"
    return f"died of {signal.Signals(number).name if number in set(signal.Signals) else f'signal {number}'}"


def believed(sent: bytes, job: Job, limits: Limits) -> Outcome:
    """The frames as a result; what is wrong with them is the reason there is none."""
    figures: list[Figure] = []
    called: list[Called] = []
    printed, reason, done, image = "", "", False, None
    try:
        for tag, payload in frames.received(sent, 2 * limits.figures + len(job.calls) + 3):
            if done:
                raise frames.FrameError("more after the end")
            if tag == frames.FIGURE:
                if len(figures) == limits.figures:
                    raise frames.FrameError(f"more than {limits.figures} figures")
                if image is not None:
                    raise frames.FrameError("a figure without its table")
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
