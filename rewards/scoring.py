r"""How a response is judged against an answer.

    score("... so \\boxed{South Korea}.", Label("South Korea"))  -> Score(1.0, True, "South Korea", "correct")

The last balanced box is the committed answer and nothing outside it is read. The kind of the right answer decides the
grammar; each grammar is strict, evaluates nothing and takes time bounded by the cap on the box. Model output is
untrusted: any text, well formed or not, gets a Score and never an exception.

`correct` feeds the curriculum and evaluation. `value` feeds the reward and may be partial: for tables it is their
similarity, for every other kind it is 1 or 0.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from rewards.answers import (
    Answer,
    Boolean,
    Choice,
    Date,
    Interval,
    Label,
    Number,
    Percent,
    Sequence,
    Set,
    Table,
)
from rewards.boxed import last_boxed
from rewards.dates import read_date
from rewards.intervals import read_interval
from rewards.lists import splits
from rewards.quantities import EXACT, exact_decimal, read_quantity, unit_key
from rewards.tables import read_table, same_table, similarity
from rewards.typography import label_key, plain, unescaped

REASONS = {
    "correct": "the committed answer is right",
    "wrong": "it can be read, and is another answer",
    "wrong unit": "a number with a unit, a currency or a percent sign other than the one asked for",
    "wrong count": "a list or a table with too many or too few items, rows or columns",
    "several values": "several values where one is asked for",
    "range": "a range where one value is asked for",
    "hedge": "a value with a doubt or a bound: about 5, 5?, > 5, not 5",
    "not text": "the response is no string",
    "no box": "nothing was committed",
    "unclosed box": "the response was cut off within its answer",
    "box too long": "the box is longer than any answer",
    "empty box": "nothing is in the box, or in an item of its list",
    "not a number": "a number was asked for, and the grammar of numbers does not know this",
    "out of range": "a number beyond what is computed with",
    "not a boolean": "neither yes, no, true nor false",
    "not an option": "neither a letter nor the text of an option",
    "not an interval": "not two ends",
    "not a date": "not a date of the granularity asked for",
    "not a table": "not rows of equally many cells",
}
# The committed answer is missing or could not be read, as against one that was read and is wrong.
UNPARSED = frozenset(REASONS) - {"correct", "wrong", "wrong unit", "wrong count", "several values", "range", "hedge"}

_TRUTHS = {"yes": True, "true": True, "no": False, "false": False}


class Score(NamedTuple):
    """The verdict on one response. `given` is what stood in the box; `reason` is one of REASONS."""

    value: float
    correct: bool
    given: str | None
    reason: str


def score(response: object, answer: Answer) -> Score:
    """The verdict on a response, which may be any text at all; what is no text is incorrect."""
    if not isinstance(response, str):
        return Score(0.0, False, None, "not text")
    given, problem = last_boxed(response)
    if given is None:
        return Score(0.0, False, None, problem)
    reason = judge(given, answer)
    if reason == "correct":
        return Score(1.0, True, given, reason)
    value = 0.0
    if isinstance(answer, Table) and (rows := read_table(given)):
        value = similarity(rows, answer)
    return Score(value, False, given, reason)


def judge(given: str, answer: Answer) -> str:
    """The reason for the verdict on the content of a box: "correct", or what is the matter with it."""
    if not given or given.isspace():
        return "empty box"
    judge_kind = _JUDGES.get(type(answer))
    if judge_kind is None:
        raise TypeError(f"answer: {answer!r} is no kind of answer; build one of rewards, or use from_json")
    return judge_kind(given, answer)


def _number(given: str, answer: Number) -> str:
    read = readings(given, answer)
    if isinstance(read, str):
        return read
    right = exact_decimal(answer.value)
    tolerance = exact_decimal(answer.abs_tol or 0)
    if answer.rel_tol is not None:
        tolerance = EXACT.multiply(exact_decimal(answer.rel_tol), right.copy_abs())
    return _verdict(any(_near(value, right, tolerance) for value in read))


def _percent(given: str, answer: Percent) -> str:
    read = readings(given, answer)
    if isinstance(read, str):
        return read
    return _verdict(_near(read[0], exact_decimal(answer.value), exact_decimal(answer.abs_tol or 0)))


def readings(given: str, answer: Number | Percent) -> tuple[Decimal, ...] | str:
    """The values, on the answer's own scale, that the content of a box may mean; or why it means none."""
    if isinstance(answer, Percent):
        read = read_quantity(plain(given))
        if isinstance(read, str):
            return read
        return "wrong unit" if read.unit and read.unit != "%" else (read.value,)
    units = frozenset(unit_key(unit) for unit in answer.unit)
    read = read_quantity(plain(given), units)
    if isinstance(read, str):
        return read
    value = read.value
    if units:
        if read.unit and read.unit not in units:
            return "wrong unit"
    elif read.unit == "%":
        value = value.scaleb(-2, EXACT)
    if answer.scale is None:
        return (value,)
    # 1.2 is in the scale already; 1.2 million never is; 1200000 is told by its size.
    in_scale = EXACT.divide(value, exact_decimal(answer.scale))
    return (in_scale,) if read.scaled else (in_scale, value)


def _label(given: str, answer: Label) -> str:
    keys = _keys(given)
    return _verdict(any(label_key(name) in keys for name in (answer.value, *answer.aliases)))


def _boolean(given: str, answer: Boolean) -> str:
    truth = _TRUTHS.get(label_key(plain(given)))
    return "not a boolean" if truth is None else _verdict(truth is answer.value)


def _choice(given: str, answer: Choice) -> str:
    keys = _keys(given)
    letters = {label_key(letter): letter for letter in answer.options}
    texts = {label_key(text): letter for letter, text in answer.options.items()}
    # A letter goes before a text, should an option's text be another option's letter.
    found = [letters[bare] for key in keys if (bare := _bare_letter(key)) in letters]
    found += [texts[key] for key in keys if key in texts]
    return _verdict(found[0] == answer.value) if found else "not an option"


def _interval(given: str, answer: Interval) -> str:
    ends = read_interval(plain(given))
    if ends is None:
        return "not an interval"
    tolerance = exact_decimal(answer.abs_tol or 0)
    for read, right in zip(ends, (answer.low, answer.high)):
        value = read.value.scaleb(-2, EXACT) if read.unit == "%" else read.value
        if not _near(value, exact_decimal(right), tolerance):
            return "wrong"
    return "correct"


def _date(given: str, answer: Date) -> str:
    read = read_date(label_key(plain(given)), answer.granularity)
    return "not a date" if read is None else _verdict(read == answer.value)


def _sequence(given: str, answer: Sequence) -> str:
    return _list(given, answer.items, len(answer.items), _in_order)


def _set(given: str, answer: Set) -> str:
    return _list(given, answer.items, 2 * len(answer.items), _in_any_order)


def _table(given: str, answer: Table) -> str:
    rows = read_table(given)
    if rows is None:
        return "not a table"
    if len(rows) != len(answer.rows) + 1 or len(rows[0]) != len(answer.columns):
        return "wrong count"
    return _verdict(same_table(rows, answer))


_JUDGES: dict[type[Answer], Callable[[str, Any], str]] = {
    Number: _number,
    Percent: _percent,
    Label: _label,
    Boolean: _boolean,
    Choice: _choice,
    Interval: _interval,
    Date: _date,
    Sequence: _sequence,
    Set: _set,
    Table: _table,
}


def _list(
    given: str, items: tuple[Answer, ...], most: int, compare: Callable[[list[str], tuple[Answer, ...]], str]
) -> str:
    """The verdict on a list: correct if one of the ways in which it falls into as many items as asked for is."""
    reason = "wrong count"
    for text in dict.fromkeys((given, plain(given))):
        for parts in splits(text, len(items), most):
            found = compare(parts, items)
            if found == "correct":
                return found
            reason = found
    return reason


def _in_order(parts: list[str], items: tuple[Answer, ...]) -> str:
    return next((reason for part, item in zip(parts, items) if (reason := judge(part, item)) != "correct"), "correct")


def _in_any_order(parts: list[str], items: tuple[Answer, ...]) -> str:
    """Whether every part can be given an item of its own: augmenting paths, since tolerances may overlap.

    A part that is there twice in the same words counts once.
    """
    parts = list({label_key(part): part for part in parts}.values())
    if len(parts) != len(items):
        return "wrong count"
    taken: dict[int, int] = {}  # item -> part
    verdicts: dict[tuple[int, int], str] = {}

    def verdict(part: int, item: int) -> str:
        if (part, item) not in verdicts:
            verdicts[part, item] = judge(parts[part], items[item])
        return verdicts[part, item]

    def place(part: int, tried: set[int]) -> bool:
        # Items in the order of the answer, the part's own place first: most lists are given in order.
        for item in sorted(range(len(items)), key=lambda item: item != part):
            if item not in tried and verdict(part, item) == "correct":
                tried.add(item)
                if item not in taken or place(taken[item], tried):
                    taken[item] = part
                    return True
        return False

    for part in range(len(parts)):
        if not place(part, set()):
            reasons = {verdict(part, item) for item in range(len(items))}
            return reasons.pop() if len(reasons) == 1 and "correct" not in reasons else "wrong"
    return "correct"


def _keys(given: str) -> tuple[str, ...]:
    """What a label in a box may be compared by: as it stands, with escapes undone, and freed of its typography."""
    if "\\" in given:
        return label_key(given), label_key(unescaped(given)), label_key(plain(given))
    return label_key(given), label_key(plain(given))


def _bare_letter(key: str) -> str:
    """`b` out of `(b)` or `b)`."""
    return key[:-1].removeprefix("(") if key.endswith(")") and len(key) <= 5 else key


def _near(value: Decimal, right: Decimal, tolerance: Decimal) -> bool:
    return value == right or EXACT.subtract(value, right).copy_abs() <= tolerance


def _verdict(correct: bool) -> str:
    return "correct" if correct else "wrong"
