r"""The kinds of answer a question can have, and their form on the wire.

An answer is data: frozen, comparable, checked when it is built, and the same after `from_json(answer.to_json())`.
How a response is judged against it is `scoring.py`'s business.

    Number(12.5, abs_tol=0.05, unit=("km",), scale=1e6).to_json()
        -> {"kind": "number", "value": 12.5, "abs_tol": 0.05, "unit": ["km"], "scale": 1000000.0}
    Label("South Korea").text()     what a right response puts in the box
    from_json({"kind": "date", "value": "2020-01", "granularity": "month"})

Tolerances are inclusive and absolute (`abs_tol`, in the unit of the value) or relative to the value (`rel_tol`); with
neither the answer is exact. Numbers are compared as the decimals they are written as, so 12.5 with a tolerance of
0.05 accepts 12.55.
"""

from __future__ import annotations

import difflib
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar

from rewards.dates import EXAMPLES, ISO_FORMS, is_date
from rewards.quantities import decimal_text
from rewards.typography import escaped, label_key
from rewards.validation import (
    AnswerError,
    repeated,
    require_cell,
    require_name,
    require_number,
    require_tolerance,
    require_tuple,
)

Cell = str | int | float


class Answer(ABC):
    """What a question's answer is. `kind` is its name on the wire."""

    __slots__ = ()
    kind: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        """The answer as a JSON object. What is at its default is left out."""
        wire: dict[str, Any] = {"kind": self.kind}
        for each in fields(self):  # type: ignore[arg-type]
            value = getattr(self, each.name)
            if each.default is MISSING or value != each.default:
                wire[each.name] = _to_wire(value)
        return wire

    @abstractmethod
    def text(self) -> str:
        """What a right response puts in the box."""


@dataclass(frozen=True, slots=True)
class Number(Answer):
    """A number. `unit` lists the spellings of the unit that may follow it; without any, one unit word is ignored.

    With a `scale` of 1e6 the value is in millions, and 1.2, 1.2 million and 1200000 all mean the value 1.2.
    """

    kind: ClassVar[str] = "number"
    value: float
    abs_tol: float | None = None
    rel_tol: float | None = None
    unit: tuple[str, ...] = ()
    scale: float | None = None

    def __post_init__(self) -> None:
        require_number("value", self.value)
        require_tolerance("abs_tol", self.abs_tol)
        require_tolerance("rel_tol", self.rel_tol)
        if self.abs_tol is not None and self.rel_tol is not None:
            raise AnswerError("rel_tol: a number has one tolerance; leave out abs_tol or rel_tol")
        require_tuple("unit", self.unit)
        for place, unit in enumerate(self.unit):
            require_name(f"unit[{place}]", unit)
        if self.scale is not None:
            require_number("scale", self.scale)
            if self.scale <= 0:
                raise AnswerError(f"scale: {self.scale!r} is not positive; write 1e6 for millions")

    def text(self) -> str:
        """The shortest decimal text of the value, in its scale and without its unit."""
        return decimal_text(self.value)


@dataclass(frozen=True, slots=True)
class Percent(Answer):
    """A share, a value on a % axis or a difference of percents: 45 means 45 %."""

    kind: ClassVar[str] = "percent"
    value: float
    abs_tol: float | None = None

    def __post_init__(self) -> None:
        require_number("value", self.value)
        require_tolerance("abs_tol", self.abs_tol)

    def text(self) -> str:
        """The shortest decimal text of the value and a percent sign."""
        return decimal_text(self.value) + "%"


@dataclass(frozen=True, slots=True)
class Label(Answer):
    """A name as it is drawn, and other spellings that are as right."""

    kind: ClassVar[str] = "label"
    value: str
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_name("value", self.value)
        require_tuple("aliases", self.aliases)
        for place, alias in enumerate(self.aliases):
            require_name(f"aliases[{place}]", alias)

    def text(self) -> str:
        """The name, with backslashes and braces escaped."""
        return escaped(self.value)


@dataclass(frozen=True, slots=True)
class Boolean(Answer):
    """Yes or no."""

    kind: ClassVar[str] = "boolean"
    value: bool

    def __post_init__(self) -> None:
        if not isinstance(self.value, bool):
            raise AnswerError(f"value: {self.value!r} is not a boolean; write true or false")

    def text(self) -> str:
        """ "Yes" or "No"."""
        return "Yes" if self.value else "No"


@dataclass(frozen=True, slots=True)
class Choice(Answer):
    """One of several options, by its letter. `options` maps letters to texts."""

    kind: ClassVar[str] = "choice"
    value: str
    options: Mapping[str, str] = field(hash=False)

    def __post_init__(self) -> None:
        if not isinstance(self.options, Mapping) or not self.options:
            raise AnswerError(f"options: {self.options!r} is not a mapping of letters to texts; write {{'A': ...}}")
        for letter, text in self.options.items():
            if not isinstance(letter, str) or not re.fullmatch(r"[A-Za-z0-9]{1,3}", letter):
                raise AnswerError(f"options: {letter!r} is not a letter; use A, B, C")
            require_name(f"options[{letter}]", text)
        for what, names in (("letter", list(self.options)), ("text", list(self.options.values()))):
            twice = repeated([label_key(name) for name in names])
            if twice is not None:
                raise AnswerError(f"options: two options have the {what} {names[twice]!r}; make them differ")
        if not isinstance(self.value, str) or self.value not in self.options:
            raise AnswerError(f"value: {self.value!r} is not one of the options; use one of {', '.join(self.options)}")

    def text(self) -> str:
        """The letter."""
        return self.value


@dataclass(frozen=True, slots=True)
class Interval(Answer):
    """From `low` to `high`; each end may be off by `abs_tol`. Whether an end belongs to it is not asked."""

    kind: ClassVar[str] = "interval"
    low: float
    high: float
    abs_tol: float | None = None

    def __post_init__(self) -> None:
        require_number("low", self.low)
        require_number("high", self.high)
        require_tolerance("abs_tol", self.abs_tol)
        if self.low > self.high:
            raise AnswerError(f"high: {self.high!r} is below low, {self.low!r}; swap them")

    def text(self) -> str:
        """ "10 to 20"."""
        return f"{decimal_text(self.low)} to {decimal_text(self.high)}"


@dataclass(frozen=True, slots=True)
class Date(Answer):
    """A date in ISO form, as fine as its granularity: 2020, 2020-Q1, 2020-01 or 2020-01-31."""

    kind: ClassVar[str] = "date"
    value: str
    granularity: str

    def __post_init__(self) -> None:
        form = ISO_FORMS.get(self.granularity) if isinstance(self.granularity, str) else None
        if form is None:
            raise AnswerError(f"granularity: {self.granularity!r} is unknown; use one of {', '.join(ISO_FORMS)}")
        found = form.match(self.value) if isinstance(self.value, str) else None
        if found is None or not is_date(*(int(part) for part in found.groups()), granularity=self.granularity):
            raise AnswerError(
                f"value: {self.value!r} is not a {self.granularity}; write {EXAMPLES[self.granularity]!r}"
            )

    def text(self) -> str:
        """The ISO form."""
        return self.value


@dataclass(frozen=True, slots=True)
class _Several(Answer):
    items: tuple[Answer, ...]

    def __post_init__(self) -> None:
        require_tuple("items", self.items)
        if not self.items:
            raise AnswerError("items: a list answer needs at least one item")
        for place, item in enumerate(self.items):
            if not isinstance(item, Answer) or isinstance(item, _Several | Table):
                raise AnswerError(f"items[{place}]: {item!r} cannot be an item; use the kind of a single answer")
            if ";" in item.text():
                raise AnswerError(f"items[{place}]: {item.text()!r} holds ';', which parts items; leave it out")

    def text(self) -> str:
        """The items, separated by commas, or by semicolons where a comma could be misread."""
        texts = [item.text() for item in self.items]
        return ("; " if any("," in text for text in texts) else ", ").join(texts)


@dataclass(frozen=True, slots=True)
class Sequence(_Several):
    """Several answers in order."""

    kind: ClassVar[str] = "sequence"


@dataclass(frozen=True, slots=True)
class Set(_Several):
    """Several different answers in any order."""

    kind: ClassVar[str] = "set"

    def __post_init__(self) -> None:
        _Several.__post_init__(self)
        twice = repeated([label_key(item.text()) for item in self.items])
        if twice is not None:
            raise AnswerError(f"items[{twice}]: {self.items[twice].text()!r} is there twice; a set holds it once")


@dataclass(frozen=True, slots=True)
class Table(Answer):
    """Rows of cells under column names. A string cell is compared as a label, a number as an exact number."""

    kind: ClassVar[str] = "table"
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        require_tuple("columns", self.columns)
        require_tuple("rows", self.rows)
        if not self.columns or not self.rows:
            raise AnswerError("rows: a table needs at least one column and one row")
        for place, name in enumerate(self.columns):
            require_cell(f"columns[{place}]", name)
        for place, row in enumerate(self.rows):
            require_tuple(f"rows[{place}]", row)
            if len(row) != len(self.columns):
                raise AnswerError(f"rows[{place}]: {len(row)} cells under {len(self.columns)} columns; make them equal")
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    require_cell(f"rows[{place}][{column}]", cell)
                else:
                    require_number(f"rows[{place}][{column}]", cell)

    def text(self) -> str:
        """One line a row, cells between bars."""
        lines = [self.columns, *self.rows]
        return "\n".join("| " + " | ".join(_cell_text(cell) for cell in line) + " |" for line in lines)


KINDS: dict[str, type[Answer]] = {
    each.kind: each for each in (Number, Percent, Label, Boolean, Choice, Interval, Date, Sequence, Set, Table)
}


def from_json(wire: object, place: str = "answer") -> Answer:
    """The answer that a JSON object stands for. `place` is how errors name it."""
    if not isinstance(wire, Mapping):
        raise AnswerError(f"{place}: {wire!r} is not a JSON object; write {{'kind': ..., ...}}")
    kind = wire.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise AnswerError(f"{place}.kind: {kind!r} is no kind of answer; use one of {', '.join(KINDS)}")
    known = {each.name: each.default for each in fields(KINDS[kind])}  # type: ignore[arg-type]
    for key in wire:
        if key != "kind" and key not in known:
            near = difflib.get_close_matches(str(key), known, 1, 0.0)[0]
            raise AnswerError(f"{place}.{key}: unknown to the kind {kind}; did you mean {near!r}?")
    for key, default in known.items():
        if default is MISSING and key not in wire:
            raise AnswerError(f"{place}.{key}: missing; the kind {kind} needs it")
    values = {key: _from_wire(key, value, place) for key, value in wire.items() if key != "kind"}
    try:
        return KINDS[kind](**values)
    except AnswerError as error:
        raise AnswerError(f"{place}.{error}") from None


def _to_wire(value: Any) -> Any:
    if isinstance(value, Answer):
        return value.to_json()
    if isinstance(value, tuple):
        return [_to_wire(each) for each in value]
    return dict(value) if isinstance(value, Mapping) else value


def _from_wire(key: str, value: Any, place: str) -> Any:
    if not isinstance(value, list | tuple):
        return value
    if key == "items":
        for index, each in enumerate(value):
            if isinstance(each, Mapping) and "items" in each:  # found here, before it recurses without end
                raise AnswerError(f"{place}.items[{index}]: a list within a list; use the kind of a single answer")
        return tuple(from_json(each, f"{place}.items[{index}]") for index, each in enumerate(value))
    return tuple(tuple(each) if isinstance(each, list) else each for each in value)


def _cell_text(cell: Cell) -> str:
    return escaped(cell) if isinstance(cell, str) else decimal_text(cell)
