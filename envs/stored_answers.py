"""What a data set's columns hold, and its answers typed: by one kind, by a column that names it, or by a rule.

    auto      yes and no are booleans; 45% is a percentage; what reads as a bare number is one, with the tolerance asked
              for; all else is a label. A whole number from 1500 to 2100 without separators may be a year, and is exact.
    number percent label boolean      that kind, or a bad row
    choice    one of the texts in the options column, given as a letter, as a text or as its place from 0
    json      an answer on the wire, as `python -m envs export` writes it

A list of one counts as what is in it; of several the first is the answer and the others are spellings as right, where
it is a label.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rewards import Answer, AnswerError, Boolean, Choice, Label, Number, Percent, from_json
from rewards.quantities import Quantity, read_quantity
from rewards.typography import label_key, plain

RULES = ("auto", "number", "percent", "label", "boolean", "choice", "json")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TRUTHS = {"yes": True, "true": True, "no": False, "false": False}
_YEAR = re.compile(r"1[5-9][0-9]{2}|20[0-9]{2}|2100")
_BARE = frozenset(("", "%", "°", *"$€£¥₹₩"))  # units that leave a number a number; "3 bears" is a label


class BadRow(ValueError):
    """A row that no problem can be made of; the message is the reason, alike for all rows that share it."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which columns hold what: `data.<set>.columns`. An image is bytes, {bytes, path}, or a path from the source."""

    image: str = "image"
    question: str = "question"
    answer: str = "answer"
    kind: str | None = None  # names the kind of each row's answer
    options: str | None = None  # texts to choose from; they are written below the question with letters
    tier: str | None = None  # says how far each answer is to be trusted, see docs/synthesis.md
    box: str | None = None  # what a right response puts in the box, where that is not the answer as it is written


@dataclass(frozen=True, kw_only=True)
class AnswerRule:
    """How answers are typed: `data.<set>.answers`."""

    kind: str = "auto"  # one of RULES
    kinds: dict[str, str] = field(default_factory=dict)  # what columns.kind says -> one of RULES
    rel_tol: float = 0.0  # of numbers and percentages: this part of the value is right; 0.05 is ChartQA's measure
    abs_tol: float | None = None  # instead, in the unit of the value

    def __post_init__(self) -> None:
        for kind in (self.kind, *self.kinds.values()):
            if kind not in RULES:
                raise ValueError(f"kind {kind!r} is unknown: use one of {', '.join(RULES)}")
        if not 0 <= self.rel_tol < 1 or not (self.abs_tol is None or 0 <= self.abs_tol < math.inf):
            raise ValueError(f"rel_tol {self.rel_tol!r} goes from 0 to below 1, abs_tol {self.abs_tol!r} up")


def typed(value: Any, rule: AnswerRule, kind: Any = None, options: Any = None) -> Answer:
    """The answer a cell stands for; `kind` and `options` are those of its row, where there are such columns. BadRow."""
    values = list(value) if isinstance(value, list | tuple) else [value]
    texts = [text for text in map(_text, values) if text]
    if not texts:
        raise BadRow("no answer")
    wanted = rule.kind if kind is None else rule.kinds.get(str(kind), str(kind).casefold())
    if wanted not in RULES:
        raise BadRow(f"unknown kind {repr(str(kind))[:40]}")
    try:
        if wanted == "json":
            return from_json(json.loads(texts[0]))
        return _typed(texts, wanted, rule, options)
    except (AnswerError, ValueError, RecursionError) as error:  # JSON's own errors are ValueErrors
        if isinstance(error, BadRow):
            raise
        raise BadRow(f"an answer that is no {'label' if wanted == 'auto' else wanted}") from None


def _typed(texts: Sequence[str], kind: str, rule: AnswerRule, options: Any) -> Answer:
    text = texts[0]
    if kind == "choice":
        return _choice(text, options)
    truth = _TRUTHS.get(label_key(text))
    if kind == "boolean" or (kind == "auto" and truth is not None):
        if truth is None:
            raise BadRow("an answer that is no boolean")
        return Boolean(truth)
    if kind != "label":
        read = "=" if "=" in text else read_quantity(plain(text))
        if isinstance(read, Quantity) and (kind != "auto" or read.unit in _BARE):
            return _quantity(text, read, kind, rule)
        if kind != "auto":
            raise BadRow(f"an answer that is no {kind}")
    return Label(text, aliases=tuple(dict.fromkeys(other for other in texts[1:] if other != text)))


def _quantity(text: str, read: Quantity, kind: str, rule: AnswerRule) -> Answer:
    value = float(read.value)
    number = int(value) if value.is_integer() and abs(value) < 2**53 else value
    if kind == "percent" or (kind == "auto" and read.unit == "%"):
        tolerance = rule.rel_tol * abs(value) if rule.abs_tol is None else rule.abs_tol
        return Percent(number, abs_tol=tolerance or None)
    if kind == "auto" and _YEAR.fullmatch(text):
        return Number(number)
    return Number(number, abs_tol=rule.abs_tol, rel_tol=(rule.rel_tol or None) if rule.abs_tol is None else None)


def _choice(text: str, options: Any) -> Answer:
    texts = [_text(option) for option in options] if isinstance(options, list | tuple) else []
    if not 2 <= len(texts) <= len(LETTERS) or not all(texts):
        raise BadRow("no list of options")
    lettered = dict(zip(LETTERS, texts))
    keys = [label_key(option) for option in texts]
    if label_key(text) in keys:  # a text goes before a letter or a place: options may be numbers
        return Choice(LETTERS[keys.index(label_key(text))], lettered)
    bare = text.strip("(). ").upper()
    if bare.isdecimal() and int(bare) < len(texts):
        bare = LETTERS[int(bare)]
    if bare not in lettered:
        raise BadRow("an answer that is none of its options")
    return Choice(bare, lettered)


def _text(value: Any) -> str:
    """A cell as text: "" where there is nothing in it."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return value.strip() if isinstance(value, str) else str(value)
