"""What programs give, compared by type and made an answer.

    agree(12.35, 12.3456)          True: the same to the digits of the one that was rounded
    agree(["a", "b"], ["b", "a"], kind="set")
    answer_of(41.2, "number", tolerance=0.5) -> Number(41.2, abs_tol=0.5)

A value is JSON: a number, text, true or false, or a list of those. Anything else is no answer (NoAnswer says why, in
the words it is counted by).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import rewards
from envs.numerals import half_up
from envs.synthesis.proof.columns import decimals, is_number
from rewards import Answer, AnswerError, Boolean, Date, Interval, Label, Number, Percent, score
from rewards.dates import ISO_FORMS
from rewards.typography import label_key

KINDS = {
    **dict.fromkeys(("number", "integer", "int", "float", "count"), "number"),
    **dict.fromkeys(("percent", "percentage"), "percent"),
    **dict.fromkeys(("label", "string", "text", "name"), "label"),
    **dict.fromkeys(("boolean", "bool", "yes/no", "yes_no"), "boolean"),
    **dict.fromkeys(("sequence", "list"), "sequence"),
    **{"set": "set", "date": "date", "interval": "interval"},
}
SIGNIFICANT = 3  # digits that a number has to have where nothing is said of rounding
LONGEST = 12  # items of a list that anyone would write out
_TRUTHS = {"yes": True, "true": True, "no": False, "false": False}
_COUNTED = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5}
_PLACES = re.compile(r"\b(one|two|three|four|five|[1-5])\s+(?:decimal|digits?\s+after)")
_TENTHS = {"tenth": 1, "hundredth": 2, "thousandth": 3}
_STEPS = {"ten": 10.0, "hundred": 100.0, "thousand": 1000.0, "million": 1e6}
_STEP = re.compile(
    r"\bnearest (?:((?:ten|hundred|thousand|million)(?: (?:thousand|million))?)s?\b|(\d[\d,]*(?:\.\d+)?)(?!\s*decimal))"
)
_WHOLE = re.compile(r"\b(?:nearest|closest|an?|to)\s+(?:whole|integer)|whole number|nearest (?:unit|percent)\b")


class NoAnswer(ValueError):
    """A value that is no answer of the kind asked for; the message is the reason it is counted by."""


def places_asked(question: str) -> int | None:
    """To how many decimals a question asks its answer; None where it does not say."""
    words = question.casefold()
    if found := _PLACES.search(words):
        return _COUNTED[found[1]]
    for word, places in _TENTHS.items():
        if re.search(rf"nearest {word}", words):
            return places
    return 0 if _WHOLE.search(words) else None


def step_asked(question: str) -> float | None:
    """The step above one to which a question asks its answer rounded: 10 of "to the nearest ten"; None for no such."""
    found = _STEP.search(question.casefold())
    if not found:
        return None
    step = math.prod(_STEPS[word] for word in found[1].split()) if found[1] else float(found[2].replace(",", ""))
    return step if step > 1 else None


def agree(a: Any, b: Any, *, kind: str = "", places: int | None = None) -> bool:
    """Whether two values say the same: of numbers, up to the rounding that was asked for (`places`) or that one of them
    was given; of texts, up to typography; of lists, item by item, in any order where the kind is "set"."""
    if isinstance(a, list) or isinstance(b, list):
        if not (isinstance(a, list) and isinstance(b, list)) or len(a) != len(b):
            return False
        if KINDS.get(kind) != "set":
            return all(agree(x, y, places=places) for x, y in zip(a, b))
        left = list(b)
        for item in a:
            match = next((index for index, other in enumerate(left) if agree(item, other, places=places)), None)
            if match is None:
                return False
            left.pop(match)
        return True
    a, b = _plain(a), _plain(b)
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if is_number(a) and is_number(b):
        return _same_number(a, b, places)
    return isinstance(a, str) and isinstance(b, str) and label_key(a) == label_key(b)


def _plain(value: Any) -> Any:
    """Yes and no as truths, numerals as numbers: programs differ in how they give a year."""
    if isinstance(value, str):
        key = label_key(value)
        if key in _TRUTHS:
            return _TRUTHS[key]
        if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,9})?", key):
            return float(key)
    return value


def _same_number(a: float, b: float, places: int | None) -> bool:
    if not (math.isfinite(a) and math.isfinite(b)):
        return False
    if math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9):
        return True
    if places is None:
        places = min(decimals(a), decimals(b))
        coarse = a if decimals(a) == places else b
        if places < 1 or abs(coarse) * 10**places < 10 ** (SIGNIFICANT - 1):
            return False
    elif half_up(a, places) == half_up(b, places):
        return True
    # One of them is rounded, halves one way or the other.
    half = 0.5 * 10.0**-places * (1 + 1e-6)
    return abs(a - b) <= half and any(abs(x - round(x, places)) < 1e-9 for x in (a, b))


def checked(value: Any) -> None:
    """NoAnswer unless a value is one of the JSON values that can be an answer."""
    if isinstance(value, list):
        if not value:
            raise NoAnswer("an empty list")
        if len(value) > LONGEST:
            raise NoAnswer("a list too long to write out")
        for item in value:
            if isinstance(item, list | dict):
                raise NoAnswer("not an answer: a structure")
            checked(item)
    elif isinstance(value, float) and not math.isfinite(value):
        raise NoAnswer("not a finite number")
    elif value is None:
        raise NoAnswer("no answer: nothing was returned")
    elif isinstance(value, dict):
        raise NoAnswer("not an answer: a structure")
    elif isinstance(value, str) and not value.strip():
        raise NoAnswer("an empty text")


def rounding(value: float, places: int | None, given: int) -> tuple[float, int]:
    """How far off rounding may be, and to how many decimals: as asked; exactly, where the value has no more decimals
    than the data (`given`); else to SIGNIFICANT digits."""
    if places is not None:
        return 0.5 * 10.0**-places, places
    if decimals(half_up(value, 6)) <= given:
        return 0.0, given
    digits = SIGNIFICANT - 1 - (math.floor(math.log10(abs(value))) if value else 0)
    places = min(6, max(given, digits, 0))
    return 0.5 * 10.0**-places, places


def answer_of(
    value: Any, kind: str, *, tolerance: float = 0.0, exact: bool = False, scale: float = 1.0, of: Sequence[str] = ()
) -> Answer:
    """The answer that a value is. `tolerance` is that of numbers, reading and rounding together; `scale` what one unit
    of it is worth ("million"); `of` the names of the chart, whose spelling a label takes."""
    checked(value)
    wanted = KINDS.get(kind.casefold().strip())
    if wanted is None:
        raise NoAnswer("unknown kind of answer")
    try:
        return _made(value, wanted, tolerance, scale, of)
    except AnswerError as error:
        raise NoAnswer("not an answer of the kind asked for") from error


def _made(value: Any, wanted: str, tolerance: float, scale: float, of: Sequence[str]) -> Answer:
    wrong = NoAnswer("not an answer of the kind asked for")
    match wanted:
        case "number" | "percent":
            if not is_number(value):
                raise wrong
            kept = int(value) if float(value).is_integer() and abs(value) < 2**53 else half_up(value, 6)
            within = half_up(tolerance, 6) or None
            if wanted == "percent":
                if 0 < abs(value) <= 1:
                    raise NoAnswer("a percentage that may be a fraction")
                return Percent(kept, abs_tol=within)
            return Number(kept, abs_tol=within, scale=None if scale == 1 else scale)
        case "boolean":
            truth = _plain(value)
            if not isinstance(truth, bool):
                raise wrong
            return Boolean(truth)
        case "label":
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise wrong
            return Label(_spelled(value, of))
        case "date":
            words = str(value).strip()
            for granularity, form in ISO_FORMS.items():
                if form.match(words):
                    return Date(words, granularity)
            raise wrong
        case "interval":
            if not (isinstance(value, list) and len(value) == 2 and all(map(is_number, value))):
                raise wrong
            return Interval(value[0], value[1], abs_tol=half_up(tolerance, 6) or None)
    if not isinstance(value, list):
        raise wrong
    items = tuple(_item(item, tolerance, of) for item in value)
    return (rewards.Set if wanted == "set" else rewards.Sequence)(items)


def _item(value: Any, tolerance: float, of: Sequence[str]) -> Answer:
    if isinstance(value, bool):
        return Boolean(value)
    return _made(value, "number" if is_number(value) else "label", tolerance, 1.0, of)


def _spelled(value: Any, of: Sequence[str]) -> str:
    """A label as the chart spells it."""
    words = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    return next((name for name in of if label_key(name) == label_key(words)), words)


def says(stated: Any, answer: Answer) -> bool:
    """Whether what was stated, a value or words, is the answer: judged as a response's box is."""
    if isinstance(stated, bool):
        stated = "yes" if stated else "no"
    if isinstance(stated, list):
        stated = "; ".join("yes" if item is True else "no" if item is False else str(item) for item in stated)
    return score(f"\\boxed{{{stated}}}", answer).correct


def stands(stated: Any, value: Any, answer: Answer, kind: str, places: int | None) -> bool:
    """Whether a stored answer is what the programs gave: not within what a reader may be off, but as it is written, up
    to the rounding of its own last digit."""
    if isinstance(answer, Number | Percent):
        if is_number(stated):
            values, digits, number = [value], decimals(stated), float(stated)
        elif isinstance(stated, str) and (read := re.search(r"-?\d[\d,]*(?:\.\d+)?", stated)):
            scale = answer.scale if isinstance(answer, Number) and answer.scale else 1.0
            values, digits = [value, value * scale], len(read[0].partition(".")[2])
            number = float(read[0].replace(",", ""))
        else:
            return False
        half = 0.5 * 10.0 ** -max(digits, places or 0) * (1 + 1e-6)
        return says(stated, answer) and any(abs(each - number) <= half for each in values)
    if isinstance(stated, str) and isinstance(answer, rewards.Sequence | rewards.Set | Interval):
        return says(stated, answer)
    return agree(stated, value, kind=kind, places=places)
