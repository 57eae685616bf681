"""A text-only model: which of several possible answers, going by all words of a question at once.

Naive Bayes in log-odds. An offer (a possible answer) carries marks: its text, its place, its rank by number, length and
alphabet among the offers. How often offers with a mark were right, and how often after words like these, add up. Words
are looked at as they stand, by their length, by the size of their number and by its rank among those of the question.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from envs.numerals import numbers

Offer = tuple[Any, list[str]]  # what would be answered, and its marks
PRIOR = 4.0  # as many offers as a mark must have been seen on to count half as much as all others
SELDOM = 4  # questions of which something must be noted, or not noted, to be looked at


def ranked(key: str, named: Sequence[tuple[Any, str]], size: Callable[[str], float]) -> list[Offer]:
    """Possible answers with the text that each stands for, as offers; `key` is the slot that names them."""
    texts = [text for _, text in named]
    orders = {"number": sorted(texts, key=size), "length": sorted(texts, key=len), "alphabet": sorted(texts)}
    return [
        (
            guess,
            [f"is {text}", f"{key} {i}", *(f"{key} {name} {order.index(text)}" for name, order in orders.items())],
        )
        for i, (guess, text) in enumerate(named)
    ]


class Model:
    """Learned from questions: the words of each, and its offers' marks with whether the offer was right."""

    def __init__(self, seen: Sequence[tuple[Mapping[str, str], Sequence[tuple[list[str], bool]]]]) -> None:
        sizes: dict[str, list[float]] = defaultdict(list)
        for words, _ in seen:
            for kind, size in _sizes(words):
                sizes[kind].append(size)
        self._edges = {kind: [sorted(found)[len(found) * k // 4] for k in (1, 2, 3)] for kind, found in sizes.items()}
        notes = [list(self._about(words)) for words, _ in seen]
        often = Counter(note for noted in notes for note in noted)
        self._telling = {note for note, n in often.items() if SELDOM <= n <= len(seen) - SELDOM}
        self._offered: Counter[tuple[str, str]] = Counter()
        self._right: Counter[tuple[str, str]] = Counter()
        for noted, (_, offers) in zip(notes, seen):
            about = ["", *(note for note in noted if note in self._telling)]
            for marks, right in offers:
                pairs = [(mark, note) for mark in marks for note in about]
                self._offered.update(pairs)
                if right:
                    self._right.update(pairs)
        self._rate = max(1e-6, sum(self._right.values()) / max(1, sum(self._offered.values())))
        self._logs: dict[tuple[str, str], float] = {}

    def best(self, words: Mapping[str, str], offers: Sequence[Offer]) -> Any:
        """What the likeliest offer answers; None if there is none."""
        about = ["", *(note for note in self._about(words) if note in self._telling)]
        odds = [sum(self._log(mark, note) for mark in marks for note in about) for _, marks in offers]
        return offers[odds.index(max(odds))][0] if offers else None

    def _log(self, mark: str, note: str) -> float:
        """How much likelier an offer with a mark is right where this is noted of the words; "" is any words."""
        if (mark, note) not in self._logs:
            prior = self._share(mark, "", self._rate) if note else 1.0
            self._logs[mark, note] = math.log(self._share(mark, note, prior if note else self._rate) / prior)
        return self._logs[mark, note]

    def _share(self, mark: str, note: str, prior: float) -> float:
        return (self._right[mark, note] + PRIOR * prior) / (self._offered[mark, note] + PRIOR)

    def _about(self, words: Mapping[str, str]) -> Iterator[str]:
        """What is noted of the words of a question."""
        for key, text in words.items():
            yield f"{key} is {text}"
        for kind, size in _sizes(words):
            yield f"{kind} is in quarter {bisect_right(self._edges.get(kind, []), size)}"
        first = {key: found[0] for key, text in words.items() if (found := numbers(text))}
        order = sorted(first.values())
        for key, number in first.items():
            yield f"{key} is number {order.index(number)}"


def _sizes(words: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    """Lengths of words, and their first numbers."""
    for key, text in words.items():
        yield f"length of {key}", float(len(text))
        if found := numbers(text):
            yield f"number in {key}", found[0]
