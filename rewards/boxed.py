r"""The committed answer of a response: its last balanced `\boxed{...}`, or why there is none.

Only this file looks at a whole response, which is untrusted and may be a megabyte of anything, so its time is linear
by construction: one regular-expression pass finds the last place where a box opens, and brace counting happens in a
window of `MAX_BOX` characters on either side of it.

    r"so \boxed{5}, no, \boxed{7}."      -> "7"          the last one counts
    r"so \boxed{5}. Check: \boxed{7"     -> unclosed box  truncated while answering: there is no fall-back to the 5
    r"\boxed{\boxed{\frac{1}{2}}}"       -> r"\frac{1}{2}"
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_BOX = 10_000  # characters in a box; a table of 30 rows needs about 2,000

# Greedy `.*` walks back from the end to the last match, and the whitespace is bounded: linear time.
_LAST_OPEN = re.compile(r".*(\\boxed\s{0,4}\{)", re.DOTALL)
# A box opening, an escaped character (whose brace does not count), or a bare brace.
_BRACE = re.compile(r"\\boxed\s{0,4}\{|\\.|[{}]", re.DOTALL)
_BLANK = re.compile(r"\s*")


class Boxed(NamedTuple):
    """The content of the last box, or None and the problem: "no box", "unclosed box" or "box too long"."""

    text: str | None
    problem: str = ""


def last_boxed(response: str) -> Boxed:
    r"""The content of the last balanced box of `response`, freed of boxes that wrap nothing but a box.

    An opening without its closing brace after the last balanced box means that the response was cut off, and so does
    a bare `\boxed` at the very end. A box that opens before the last one and never closes is only stray markup.
    """
    found = _LAST_OPEN.match(response)
    if found is None:
        return Boxed(None, "unclosed box" if _ends_in_command(response) else "no box")
    opening, start = found.span(1)
    if _ends_in_command(response):
        return Boxed(None, "unclosed box")
    end = response.find("}", start, start + MAX_BOX + 1)
    if end < 0 or "{" in (inner := response[start:end]) or "\\" in inner:
        end = _closing(response, start)
    if end < 0:
        cut = len(response) - start <= MAX_BOX
        return Boxed(None, "unclosed box" if cut else "box too long")
    earlier = response.find("\\boxed", max(0, opening - MAX_BOX), opening)
    if earlier >= 0 and response.find("}", end + 1, end + 1 + MAX_BOX) >= 0:
        start, end = _outermost(response, earlier, start, end)
        if end - start > MAX_BOX:
            return Boxed(None, "box too long")
    return Boxed(response[start:end])


def _ends_in_command(response: str) -> bool:
    """Whether the response stops right after the name of the command, before its brace."""
    return response[-64:].rstrip().endswith("\\boxed")


def _closing(response: str, start: int) -> int:
    """Where the brace opened just before `start` closes, or -1 if not within MAX_BOX characters."""
    depth = 1
    for token in _BRACE.finditer(response, start, start + MAX_BOX + 1):
        text = token.group()
        if text == "{" or text.startswith("\\boxed"):
            depth += 1
        elif text == "}":
            depth -= 1
            if depth == 0:
                return token.start()
    return -1


def _outermost(response: str, earliest: int, start: int, end: int) -> tuple[int, int]:
    """The content span of the outermost balanced box around the one whose content is `response[start:end]`.

    Boxes that hold nothing but one box are then peeled off again. Only a box that opens at or after `earliest` and
    closes within MAX_BOX of `end` counts: any other would be too long to be an answer.
    """
    stack: list[tuple[bool, int]] = []  # (is a box, where its content starts)
    closes: dict[int, int] = {}  # where the content of a box starts -> where it ends
    around = start
    for token in _BRACE.finditer(response, earliest, end + 1 + MAX_BOX):
        text = token.group()
        if text == "{" or text.startswith("\\boxed"):
            stack.append((text != "{", token.end()))
        elif text == "}" and stack:
            is_box, content = stack.pop()
            if is_box:
                closes[content] = token.start()
                if content <= around and token.start() >= end:
                    around = content
        if token.start() > end and not stack:
            break
    start, end = around, closes.get(around, end)
    while True:
        inner = _BRACE.match(response, _BLANK.match(response, start, end).end())  # type: ignore[union-attr]
        if inner is None or inner.end() not in closes or response[closes[inner.end()] + 1 : end].strip():
            return start, end
        start, end = inner.end(), closes[inner.end()]
