"""What every client of an OpenAI-compatible endpoint goes by: the pace, the prices, when to ask again and when not.

Nothing here sends anything: trainers/backends.py asks with threads, envs/synthesis/pipelines/client.py with asyncio.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

ATTEMPTS = 5  # of one request,
BACKOFF = 1.0  # with so many seconds before the second, and twice as many before each that follows
LONGEST_WAIT = 120.0  # seconds that a server's Retry-After is heeded
REFUSED = (401, 403, 404)  # the key, the address or the model: no request will fare better
AGAIN = (408, 409, 425, 429)  # besides 5xx: the same request may be answered later


class Pace:
    """At most so many requests a minute, evenly spaced; None is as fast as they go."""

    def __init__(self, per_minute: float | None) -> None:
        self._gap = 60 / per_minute if per_minute else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def turn(self) -> float:
        """Takes the next place; the seconds until it comes."""
        with self._lock:
            at = max(time.monotonic(), self._next)
            self._next = at + self._gap
        return max(0.0, at - time.monotonic())

    def wait(self) -> None:
        time.sleep(self.turn())


@dataclass(frozen=True)
class Prices:
    """Per million tokens."""

    prompt: float
    completion: float

    def of(self, prompt_tokens: float, tokens: float) -> float:
        return (self.prompt * prompt_tokens + self.completion * tokens) / 1e6


def worth_asking_again(status: int) -> bool:
    return status >= 500 or status in AGAIN


def pause(attempt: int, asked_to_wait: float = 0.0) -> float:
    """Seconds before attempt 1, 2, ... (0 is the first and waits for nothing)."""
    return max(min(BACKOFF * 2 ** (attempt - 1), LONGEST_WAIT), asked_to_wait) if attempt else 0.0


def retry_after(text: str) -> float:
    """A Retry-After header (seconds or a date) as seconds from now: LONGEST_WAIT at most, 0 where it says nothing."""
    try:
        seconds = float(text)
        return 0.0 if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_WAIT)
    except ValueError:
        pass
    try:
        return min(max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0), LONGEST_WAIT)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
