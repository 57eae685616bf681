"""Readers, the second opinion: each rebuilds what a panel shows from recorded draw calls alone.

A reader knows what a chart means, as a person does (a bar ends at its value on the axis, a sector's share is its
angle), and nothing of how this project lays charts out: it shares no code with the figures. Every module in this
package is loaded, so that a new file is all it takes; plug-ins register theirs by `@reader` too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from envs.readers.tape import Recording
from envs.views import Fact, Key

FOOTNOTES = ("Source: ", "Data: ", "Chart: ")  # such a line says whose the figure is, and nothing of what it shows
READERS: dict[str, Callable[[Recording], Reading]] = {}


class Misread(Exception):
    """The draw calls do not add up to a chart of the kind expected."""


@dataclass(slots=True)
class Reading:
    """What was read off a panel: every value by its key with the length (or place) of its mark in pixels, and what is
    written beside a mark, by the same keys."""

    facts: dict[Key, Fact] = field(default_factory=dict)
    written: list[tuple[Key, str]] = field(default_factory=list)

    def add(self, key: Key, value: float, length: float, written: str = "") -> None:
        """Note a value; Misread if it was there already."""
        if key in self.facts:
            raise Misread(f"{key} is shown twice")
        self.facts[key] = Fact(value, length)
        if written:
            self.written.append((key, written))


def reader(marks: str) -> Callable[[Callable[[Recording], Reading]], Callable[[Recording], Reading]]:
    """Register a function Recording -> Reading as the reader of a marks class, given by its name.

    ValueError if another one reads marks of that name.
    """

    def register(read: Callable[[Recording], Reading]) -> Callable[[Recording], Reading]:
        held = READERS.setdefault(marks, read)
        if (held.__module__, held.__qualname__) != (read.__module__, read.__qualname__):
            raise ValueError(f"{marks!r} has a reader in {held.__module__} already: give the marks class another name")
        READERS[marks] = read
        return read

    return register


def read(marks: str, recording: Recording) -> Reading:
    """What a panel of this marks class shows; Misread where what is written beside a mark and what is drawn differ."""
    _load()
    if marks not in READERS:
        raise Misread(f"no reader for {marks}: register one with envs.readers.reader({marks!r})")
    words = tuple(word for word in recording.words if not word.string.startswith(FOOTNOTES))
    found = READERS[marks](replace(recording, words=words))
    for key, text in found.written:
        value, drawn = number(text), found.facts[key].value
        if value is None or abs(drawn - value) > 0.5 * 10.0 ** -decimals(text) + 1e-6:
            raise Misread(f"{', '.join(key)} is drawn as {drawn:.4f} but written as {text}")
    return found


@cache
def _load() -> None:
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")


_NUMBER = re.compile(r"(-?)[^\d\w-]*(\d{1,3}(?:[, ]\d{3})+|\d+)((?:\.\d+)?)(K?)(?:%|[kMB])?\Z")


def number(text: str) -> float | None:
    """The number that a label is, or None. "-$3.4M" is -3.4: values stay in the unit they are written in; only a
    capital K, which no unit has, shortens a number: "1.2K" is 1200."""
    if not (match := _NUMBER.match(text)):
        return None
    sign, whole, fraction, shortened = match.groups()
    return float(sign + whole.replace(",", "").replace(" ", "") + fraction) * (1000 if shortened else 1)


def decimals(text: str) -> int:
    """Digits after the point."""
    return len(match[1]) if (match := re.search(r"\.(\d+)", text)) else 0
