"""What the words of a question say of how its answer moves, where they leave no doubt.

    relations(data, question, kind, value)     changed data, and what must hold of the answer there

Two programs that misread a question alike agree on all data. But a mean grows by 5 if all values do and a difference
does not; a share stays the same if all values double; who has the most keeps it with more. So a difference that was
taken for a sum, or the largest for the smallest, shows without anybody reading the question again. Words that could be
meant otherwise, and questions with thresholds or several such words, are let pass.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from envs.numerals import half_up, numbers
from envs.synthesis.proof.columns import Column, Path, columns, is_number, mentioned, put, shared
from envs.synthesis.proof.kinds import agree
from rewards.typography import label_key

_HIGH = re.compile(r"\b(most|highest|largest|greatest|biggest|maximum|tallest|longest)\b", re.IGNORECASE)
_LOW = re.compile(r"\b(least|lowest|smallest|fewest|minimum|shortest)\b", re.IGNORECASE)
_MEAN = re.compile(r"\b(average|mean|median)\b", re.IGNORECASE)
_SUM = re.compile(r"\b(total|sum|together|combined|altogether|in all)\b", re.IGNORECASE)
_LESS = re.compile(
    r"\b(difference|how (?:much|many) (?:more|less|fewer|[a-z]+er)|by how (?:much|many))\b", re.IGNORECASE
)
_SHARE = re.compile(
    r"\b(percent|percentage|share|ratio|proportion|fraction|how many times|times as)\b|%", re.IGNORECASE
)
# What makes the words above mean something else.
_OTHER = re.compile(
    r"\b(chang\w*|gr[eo]w\w*|increas\w*|decreas\w*|fall\w*|fell|drop\w*|declin\w*|ris\w+|rose|gain\w*|per|each|closest|"
    r"second|third|fourth|fifth|\d(?:st|nd|rd|th)|except|excluding|without|other|not|above|below|under|than|"
    r"exceed\w*|at least|at most|range|spread|variance|deviation|ranks?|order|least|less|gap|between)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Relation:
    """Changed data, and whether the answer there fits that on the data itself; `what` is how a failure is put."""

    what: str
    data: Any
    holds: Callable[[Any, Any], bool]


def relations(data: Any, question: str, kind: str, value: Any) -> list[Relation]:
    """What must hold of a program's answers; [] where the words leave it open."""
    held, _ = columns(data)
    free = [column for column in held if not column.position and not column.lone]
    if not free or shared(free):
        return []
    said = {
        word: bool(pattern.search(question))
        for word, pattern in (("high", _HIGH), ("low", _LOW), ("mean", _MEAN), ("sum", _SUM), ("share", _SHARE))
    }
    less = bool(_LESS.search(question))
    if kind == "label" and isinstance(value, str | int):
        return _kept(free, data, question, str(value), said)
    if not is_number(value) or kind not in ("number", "percent"):
        return []
    if any(value in column.values for column in held if column.position):
        return []  # a year, which stays where it is
    if numbers(re.sub(r"\b(?:1[5-9]|20)\d\d\b", "", question)):
        return []  # thresholds
    step, one = _shift(free)
    shifted = _all(data, free, 1, one)
    doubled = _all(data, [column for column in held if not column.position], 2, 0.0)  # a target too
    many = sum(said.values()) + less
    said_names = mentioned(question, [key for column in free for keys in column.keys for key in keys])
    if less and len(said_names) == 1 and not re.search(r"\b(than|between|from|and)\b", question, re.IGNORECASE):
        return []  # by how much one thing fell may be what its value says
    if less and many == 1:
        return [Relation("a difference changes with all values", shifted, _moves(0.0, step))]
    if _OTHER.search(question) or many > 1 or less:
        return []
    if said["share"]:
        return [Relation("a share changes with its whole", doubled, _moves(0.0, step))]
    if said["mean"] or said["high"] or said["low"]:
        if _counts(question):
            return []
        return [Relation("a mean or an extreme does not move with all values", shifted, _moves(one, step))]
    if said["sum"] and not _counts(question):

        def several(own: Any, other: Any) -> bool:
            times = (other - own) / one
            return bool(abs(times - round(times)) < 1e-6 and round(times) >= 2)

        return [Relation("a sum is not one of several values", shifted, several)]
    if said_names and re.match(r"\s*(?:what|how (?:much|long|high|old|far|many)) ", question, re.IGNORECASE):
        rows = {keys for column in free for keys in column.keys if all(key in said_names for key in keys)}
        if len(rows) == 1 and not re.search(r"\b(and|all|half|twice|double)\b", question, re.IGNORECASE):
            return [Relation("a single value does not move with all values", shifted, _moves(one, step))]
    return []


def _counts(question: str) -> bool:
    """Whether it may be things that are counted, not values."""
    return bool(re.match(r"\s*(?:in |at |on |for )?how many\b", question, re.IGNORECASE))


def _shift(free: list[Column]) -> tuple[float, float]:
    """The last digit of the data, and an amount to add to all values that they have room for."""
    places = min(column.decimals for column in free)
    typical = max(max(map(abs, column.values)) for column in free)
    step = 10.0**-places
    return step, max(half_up(0.37 * typical, places), step)


def _all(data: Any, free: list[Column], factor: int, plus: float) -> Any:
    changes: dict[Path, Any] = {}
    for column in free:
        for place, value in zip(column.places, column.values):
            new = half_up(factor * value + plus, column.decimals)
            changes[place] = int(new) if isinstance(value, int) and float(new).is_integer() else new
    return put(data, changes)


def _moves(by: float, step: float) -> Callable[[Any, Any], bool]:
    """Whether an answer moves by so much, to within a hair."""

    def holds(own: Any, other: Any) -> bool:
        return is_number(own) and is_number(other) and math.isclose(other - own, by, rel_tol=1e-6, abs_tol=1e-3 * step)

    return holds


def _kept(free: list[Column], data: Any, question: str, value: str, said: dict[str, bool]) -> list[Relation]:
    """Who has the most keeps it with more, and who has the least with less."""
    if said["high"] == said["low"] or said["share"] or _OTHER.search(_LOW.sub("", question)) or numbers(question):
        return []
    if any(min(column.values) < 0 for column in free):
        return []
    name, changes = label_key(value), {}
    for column in free:
        for index, (place, old) in enumerate(zip(column.places, column.values)):
            keys = column.keys[index] if column.keys else ()
            if name in {label_key(key) for key in (*keys, column.name)}:
                new = half_up(old * (2.5 if said["high"] else 0.3), column.decimals)
                changes[place] = int(new) if isinstance(old, int) else new
    if not changes:
        return []
    what = "who has the most loses it with more" if said["high"] else "who has the least loses it with less"
    return [Relation(what, put(data, changes), agree)]
