"""What goes into the sandbox and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class SandboxError(RuntimeError):
    """Why there is no sandbox here, in one line that names the mend; never the fault of a script."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a script may use; whoever needs more gets a reason instead of a result."""

    cpu_s: float = 20  # seconds of CPU, rounded up to whole ones
    wall_s: float = 30  # seconds by the clock, calls of functions included
    memory_mb: int = 1024  # of address space, beyond what the warm process holds already
    result_mb: int = 32  # all that a script sends
    figures: int = 8
    pixels: int = 16_000_000  # of one figure


@dataclass(frozen=True, kw_only=True)
class Job:
    """A Python script, run as `__main__`, and what is asked of it afterwards.

    A call is the name of a function of the script and JSON arguments, which it gets as its own deep copy; a name that
    is no function gives its value, so ("DATA", ()) reads DATA.
    """

    code: str
    calls: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    name: str = ""  # for messages


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture and the table of what was drawn on it (artists.py)."""

    png: bytes  # 8-bit RGB, no transparency, checked to the last byte
    width: int
    height: int
    artists: dict[str, Any]
    call: int = -1  # which of the job's calls drew it; -1: the script itself


@dataclass(frozen=True, kw_only=True)
class Called:
    """What a call gave: a JSON value, or one line why there is none. A figure that it returns is drawn, and null."""

    value: Any = None
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a job. Figures drawn before a script failed are here too."""

    reason: str  # "" if the script ran; else one line
    figures: tuple[Figure, ...] = ()
    called: tuple[Called, ...] = ()  # as many as calls were asked, if the script ran
    printed: str = ""  # stdout and stderr, the first PRINTED characters
    cpu_s: float = 0.0
