"""Whether an answer hangs on what its question speaks of, by what a program gave on changed data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from envs.sandbox import Called
from envs.synthesis.proof.columns import Column, Path, columns, mentioned, put
from envs.synthesis.proof.drawn import Drawn
from envs.synthesis.proof.kinds import agree
from envs.synthesis.proof.perturb import Version
from envs.synthesis.proof.relations import Relation

# Words after which rows that a question does not name may matter, or named ones may not.
_ALL = re.compile(
    r"\b(all|total|totals|altogether|sum|every|each|any|other|others|rest|only|average|mean|median|most|least|fewest|"
    r"more|less|fewer|share|percent|percentage|proportion|fraction|rank|ranked|how many|which|what (?:year|month)|"
    r"first|last|range|count|order|list|combined|overall|whole|between|from|since|until|through|after|before|"
    r"[a-z]+est|top|bottom|maximum|minimum|max|min|peak|highest|\d+(?:st|nd|rd|th)|second|third|fourth|fifth)\b|%",
    re.IGNORECASE,
)
_EXCEPT = re.compile(
    r"\b(except|excluding|exclude|without|apart from|other than|besides|not|ignoring|leaving out|beyond)\b",
    re.IGNORECASE,
)


class Bad(Exception):
    """A question that is not kept: the message is the reason to count by, `detail` says what was seen."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program gave: on DATA, on each changed version, on each reading of the figure; `exact` is the value on
    DATA before it was rounded, as readings are not."""

    value: Any
    exact: Any
    changed: Sequence[Called]
    read: Sequence[Called]


def changes(first: Ran, tries: Sequence[Version], data: Any, question: str, kind: str, places: int | None) -> None:
    """Bad where the answer never changes, hangs on what is not drawn, or on other than its question speaks of."""

    def moved(*what: str) -> list[bool]:
        return [
            not agree(called.value, first.value, kind=kind)
            for version, called in zip(tries, first.changed)
            if version.what in what and not called.error
        ]

    if not any(moved("numbers", "names", "beside", "row", "named", "column")):
        raise Bad("the answer never changes", f"{first.value!r:.80}")
    if any(moved("hidden")):
        raise Bad("the answer needs what is not drawn")
    _names_matter(first, tries, question, kind, any(moved("names")))
    if any(moved("others")) and not _ALL.search(question) and not _EXCEPT.search(question):
        raise Bad("the answer hangs on what the question does not name")
    numbers, _ = columns(data)
    _columns_named(numbers, tries, first, question, kind)


def _names_matter(first: Ran, tries: Sequence[Version], question: str, kind: str, loose: bool) -> None:
    """Bad where the numbers of a name that the question mentions make no difference: each one's to a number, some
    one's to a truth or a label, unless that hangs on the names themselves (`loose`)."""
    moved: dict[frozenset[str], bool] = {}
    for version, called in zip(tries, first.changed):
        if version.what == "named" and not called.error:
            other = not agree(called.value, first.value, kind=kind)
            moved[version.names] = moved.get(version.names, False) or other
    if not moved or _EXCEPT.search(question):
        return
    enough = all(moved.values()) if kind in ("number", "percent") else loose or any(moved.values())
    if not enough:
        ignored = next(names for names, other in moved.items() if not other)
        raise Bad("the answer ignores what the question names", ", ".join(sorted(ignored)))


def words_hold(said: Sequence[Relation], ran: Ran) -> None:
    """Bad where the answer does not move as the question's words say."""
    for relation, called in zip(said, ran.read):
        if not called.error and not relation.holds(ran.exact, called.value):
            raise Bad("the answer is not what the words say", relation.what)


def _columns_named(numbers: list[Column], tries: Sequence[Version], first: Ran, question: str, kind: str) -> None:
    """Bad where a column that the question names makes no difference, or where one of the same mapping that it does
    not name does, and nothing in its words speaks of all of them."""
    spoken = {column.path: column.name.replace("_", " ") for column in numbers if column.name}
    said = mentioned(question, list(spoken.values()))
    families: dict[tuple[str, ...], list[Column]] = {}
    for column in numbers:
        if not column.position and not column.lone:
            families.setdefault(tuple(p for p in column.path if p != column.name), []).append(column)
    moves: dict[tuple[str, ...], list[bool]] = {}
    for version, called in zip(tries, first.changed):
        if version.what == "column" and not called.error:
            moves.setdefault(version.column, []).append(not agree(called.value, first.value, kind=kind))
    used = {spoken.get(path) for path, moved in moves.items() if any(moved)}
    for version_path, moved in moves.items():
        named = spoken.get(version_path) in said
        siblings = next((family for family in families.values() if version_path in {c.path for c in family}), [])
        other = any(spoken.get(c.path) in said for c in siblings if c.path != version_path)
        # Of two columns of one name, as a mean and a deviation of each series, one is enough.
        ignored = named and spoken.get(version_path) not in used
        if ignored and not _EXCEPT.search(question) and kind not in ("boolean", "label"):
            raise Bad("the answer ignores what the question names", "/".join(version_path))
        if not named and other and any(moved) and not _ALL.search(question) and not _EXCEPT.search(question):
            raise Bad("the answer hangs on what the question does not name", "/".join(version_path))


def hidden(data: Any, drawn: Drawn) -> list[Version]:
    """The data with numbers changed that are nowhere on the figure."""
    changes: dict[Path, Any] = {}
    for column in columns(data)[0]:
        if column.path in drawn.unseen:
            for place, value in zip(column.places, column.values):
                changes[place] = value * 2 + 1 if isinstance(value, int) else value * 1.7 + 0.1
    return [Version("hidden", put(data, changes))] if changes else []
