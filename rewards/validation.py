"""What an answer must be to be one: the checks that answers run on themselves when they are built.

`place` is the field that is checked, as errors name it: `unit[0]`, `rows[2][1]`.
"""

from __future__ import annotations

import math
import re

from rewards.typography import MAX_LABEL, label_key

LONGEST_NAME = MAX_LABEL // 2  # characters in a label, an option or a cell
LARGEST = 1e100  # beyond it a number no longer fits the grammar's limit on digits


class AnswerError(ValueError):
    """An answer that cannot be one; the message names the value, the place and the mend."""

    def __init__(self, message: str) -> None:
        super().__init__(message if len(message) <= 400 else f"{message[:200]} ... {message[-150:]}")


def require_number(place: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AnswerError(f"{place}: {value!r} is not a number; give an int or a float")
    if isinstance(value, float) and not math.isfinite(value):
        raise AnswerError(f"{place}: {value!r} is not finite; ask only what has a finite answer")
    if abs(value) > LARGEST:
        raise AnswerError(f"{place}: {value!r} is beyond {LARGEST:g}; use a scale")


def require_tolerance(place: str, value: object) -> None:
    if value is None:
        return
    require_number(place, value)
    if value < 0:  # type: ignore[operator]
        raise AnswerError(f"{place}: {value!r} is negative; a tolerance is 0 or more")


def require_tuple(place: str, value: object) -> None:
    if not isinstance(value, tuple):
        raise AnswerError(f"{place}: {value!r} is not a tuple; write (...,), or a list on the wire")


def require_name(place: str, value: object) -> None:
    if not isinstance(value, str):
        raise AnswerError(f"{place}: {value!r} is not a string; put it in quotes")
    if len(value) > LONGEST_NAME:
        raise AnswerError(f"{place}: {value[:40]!r}... has {len(value)} characters; use at most {LONGEST_NAME}")
    if not label_key(value):
        raise AnswerError(f"{place}: {value!r} has nothing to be seen; give a name that is drawn")


def require_cell(place: str, value: object) -> None:
    require_name(place, value)
    if isinstance(value, str) and re.search(r"[|\\\r\n]|<0x0A>", value):
        raise AnswerError(f"{place}: {value!r} holds a bar, backslash or line break, which part cells; leave it out")


def repeated(names: list[str]) -> int | None:
    """The place of the first name that was there before, or None."""
    return next((place for place, name in enumerate(names) if name in names[:place]), None)
