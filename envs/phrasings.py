"""Phrasings from a file, asked beside those that are registered: checked on reading to ask the same.

    {"mean": ["What {measure} do the {nouns} have on average{where}?{rounding}", ...], ...}   JSON, or the same in TOML

A problem stays a pure function of its address, which names the file as it names an outside text: `words=NAME:DIGEST8`.
The digest is that of the phrasings by question, so a file that was changed is another one. Only training asks in them:
test problems keep to the registered phrasings.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from string import Formatter

from envs.registry import QUESTIONS, Question, cells, nearest

# Slots that carry grammar alone: a phrasing may do with others of these than the registered ones do.
GRAMMAR = frozenset({"noun", "nouns", "of", "in", "In", "series_noun", "series_nouns", "group_noun", "group_nouns"})
_COUNTED = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half|twice|double|dozen"
_NUMBER = re.compile(rf"\d+(?:[.,]\d+)*|\b(?:{_COUNTED})\b", re.IGNORECASE)


class PhrasingError(ValueError):
    """A file of phrasings, or one of them, that cannot be used; one line that names file, question and mend."""


@dataclass(frozen=True, slots=True)
class Phrasings:
    """The phrasings of a file, by question."""

    name: str
    by_question: Mapping[str, tuple[str, ...]]

    @property
    def digest8(self) -> str:
        said = json.dumps({name: list(texts) for name, texts in sorted(self.by_question.items())})
        return blake2b(said.encode(), digest_size=4).hexdigest()

    @property
    def key(self) -> str:
        """What an address writes after `words=`."""
        return f"{self.name}:{self.digest8}"


_OPEN: dict[str, Phrasings] = {}  # by key


def open_phrasings(spec: str | Path) -> Phrasings:
    """Reads and checks a file, so that this process can ask in its phrasings; PhrasingError names the first mistake.

    `spec` is FILE, or FILE#DIGEST8, which only a file with these phrasings will do for.
    """
    written, _, digest8 = str(spec).partition("#")
    path = Path(written)
    try:
        text = path.read_text(encoding="utf-8")
        held = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise PhrasingError(f"{path}: {error.strerror or error}: name a file of phrasings") from None
    except ValueError as error:  # both grammars' errors, and bytes that are no text
        raise PhrasingError(f"{path} is not {'TOML' if path.suffix == '.toml' else 'JSON'}: {error}") from None
    if not isinstance(held, dict) or not held:
        raise PhrasingError(f"{path}: write an object of questions, each with a list of phrasings")
    cells()  # loads every question
    for name, texts in held.items():
        if name not in QUESTIONS:
            raise PhrasingError(f"{path}: unknown question {name!r}{nearest(name, QUESTIONS)}")
        if not isinstance(texts, list) or not texts:
            raise PhrasingError(f'{path}: {name}: {texts!r} is not a list of phrasings: write ["...", "..."]')
        for number, text in enumerate(texts, 1):
            if what := fault(text, QUESTIONS[name], texts[: number - 1]):
                raise PhrasingError(f"{path}: {name}, phrasing {number} ({text!r}): {what}")
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", path.stem)
    found = Phrasings(name, {question: tuple(texts) for question, texts in held.items()})
    if digest8 and digest8 != found.digest8:
        raise PhrasingError(
            f"{path} has changed: its phrasings were {digest8} and are {found.digest8}: bring them back"
        )
    return _OPEN.setdefault(found.key, found)


def added(key: str, question: str) -> tuple[str, ...]:
    """The phrasings that an open file has for a question; PhrasingError where no open file has this key."""
    if not key:
        return ()
    if key not in _OPEN:
        known = ", ".join(sorted(_OPEN)) or "none is"
        raise PhrasingError(f"no open file of phrasings is words={key} ({known}): open_phrasings(FILE) as it was then")
    return _OPEN[key].by_question.get(question, ())


def fault(text: object, question: Question, before: Iterable[str] = ()) -> str:
    """Why a phrasing cannot stand beside those of a question, and the mend; '' if it can."""
    registered = (*question.phrasings, *question.held_out)
    if not isinstance(text, str) or not text.strip():
        return "write a phrasing in quotes"
    if text != " ".join(text.split()):
        return "write it on one line, with single spaces and none at its ends"
    if text in registered or text in before:
        return "it is there already: leave it out"
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        return f"{error}: every {{ needs its }}"
    if any("{" in literal or "}" in literal for literal, *_ in parts):
        return "a brace that opens no slot: leave {{ and }} out"
    if any(spec or conversion for _, _, spec, conversion in parts):
        return "write slots bare, as {measure}"
    mine, sets = _slots(text), [_slots(other) for other in registered]
    alike = [other.phrasings for other in QUESTIONS.values() if other.view is question.view]
    known = frozenset().union(*sets, *(_slots(other) & GRAMMAR for texts in alike for other in texts))
    for slot in sorted(mine - known):
        return f"{{{slot}}} is no slot of this question{nearest(slot, known)}"
    closest = min(sets, key=lambda other: len((other ^ mine) - GRAMMAR))
    for slot in sorted(closest - mine - GRAMMAR):
        return f"{{{slot}}} is missing, without which it asks something else"
    for slot in sorted(mine - closest - GRAMMAR):
        return f"{{{slot}}} does not go with the other slots: leave it out"
    numbers = {found.casefold() for other in registered for found in numbers_in(_literal(other))}
    for found in numbers_in(_literal(text)):
        if found.casefold() not in numbers:
            return f"{found!r} is a number that the question does not ask about: leave it out"
    for slot in sorted(mine):
        spaced = {space for other in registered for space in _spaced(other, slot)}
        if not _spaced(text, slot) <= spaced:
            return f"write {{{slot}}} {'after a space' if True in spaced else 'without a space before it'}"
    return ""


def numbers_in(text: str) -> list[str]:
    """The numbers of a text as they are written, in digits or in words."""
    return _NUMBER.findall(text)


def _slots(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def _literal(text: str) -> str:
    return " ".join(literal for literal, *_ in Formatter().parse(text))


def _spaced(text: str, slot: str) -> set[bool]:
    """Whether a space, or something else that parts words, stands before a slot, wherever it stands: {where} and others
    bring a space of their own."""
    starts = [found.start() for found in re.finditer(re.escape(f"{{{slot}}}"), text)]
    return {at == 0 or text[at - 1] in " (\"'|" for at in starts}
