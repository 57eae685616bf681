"""The bytes on the pipe: frames of a tag, a length and a payload. Never pickle.

The child can be anything by the time it writes, so the reader believes nothing: tags, lengths, counts, nesting, numbers
and text are checked before a payload is used, and `FrameError` says in a few words what was wrong.
"""

from __future__ import annotations

import json
import math
import os
import re
import struct
from collections.abc import Iterable, Iterator
from typing import Any

FIGURE, ARTISTS, CALLED, PRINTED, REASON, DONE = b"FIGU", b"ARTS", b"CALL", b"TEXT", b"FAIL", b"DONE"
_HEAD = struct.Struct("<4sI")

# Bytes of one payload by its tag, and of all but images together: JSON becomes up to 30 times as large in memory.
MOST = {FIGURE: 2**32 - 1, ARTISTS: 4 * 2**20, CALLED: 2**20, PRINTED: 2**17, REASON: 2**12, DONE: 0}
WORDS = 8 * 2**20
PRINTED_CHARACTERS, REASON_CHARACTERS = 20_000, 300
_LONG = re.compile(rb"[0-9]{300}")
DEPTH, BITS = 50, 1023  # of a value: how deep it is nested, how long its whole numbers are (each has a float)


class FrameError(ValueError):
    """What a child sent that is no result."""


def send(pipe: int, tag: bytes, payload: bytes = b"") -> None:
    """Writes one frame, whole."""
    rest = memoryview(_HEAD.pack(tag, len(payload)) + payload)
    while rest:
        rest = rest[os.write(pipe, rest) :]


def received(sent: bytes, most: int) -> Iterator[tuple[bytes, bytes]]:
    """The frames in what a child sent, at most so many, each no larger than its tag allows."""
    at = count = words = 0
    while at < len(sent):
        count += 1
        if count > most:
            raise FrameError(f"more than {most} frames")
        if len(sent) - at < _HEAD.size:
            raise FrameError("half a frame")
        tag, length = _HEAD.unpack_from(sent, at)
        if tag not in MOST:
            raise FrameError("a frame of no known kind")
        if length > MOST[tag]:
            raise FrameError(f"a frame {tag.decode()} of {length} bytes; at most {MOST[tag]}")
        words += length if tag != FIGURE else 0
        if words > WORDS:
            raise FrameError(f"more than {WORDS} bytes of tables, values and text")
        at += _HEAD.size
        if length > len(sent) - at:
            raise FrameError("half a frame")
        yield tag, sent[at : at + length]
        at += length


def to_json(value: Any) -> bytes:
    """A JSON value, ValueError for what JSON cannot carry."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")


def from_json(payload: bytes) -> Any:
    """The value; FrameError for anything that another JSON reader might choke on."""
    try:
        value = json.loads(payload.decode("utf-8"), parse_float=_finite, parse_constant=_finite)
        if _LONG.search(payload):
            json.loads(payload, parse_int=_whole)
        if b"\\u" in payload:
            json.dumps(value, ensure_ascii=False).encode()  # escapes may spell half a character, which is no text
    except (ValueError, RecursionError) as error:
        raise FrameError(f"no JSON ({type(error).__name__})") from None
    level = [value]
    for _ in range(DEPTH + 2):  # in a frame of its own
        level = [each for item in level for each in _inside(item) if type(each) is dict or type(each) is list]
    if level:
        raise FrameError(f"something nested more than {DEPTH} deep")
    return value


def _inside(item: Any) -> Iterable[Any]:
    return item.values() if type(item) is dict else item if type(item) is list else ()


def _whole(text: str) -> int:
    number = int(text)
    if number.bit_length() > BITS:
        raise ValueError(text)
    return number


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def plain(payload: bytes, most: int, *, lines: bool = False) -> str:
    """Text without control characters, which terminals would obey: one line, or several."""
    text = payload.decode("utf-8", "replace")[:most]
    keep = "\n\t" if lines else ""
    return "".join(c if c.isprintable() or c in keep else " " for c in text).strip("" if lines else None)
