"""What figures of parts of parts share: their data, and the view of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from envs.address import Draws
from envs.figures.base import Words
from envs.figures.counts import TOP
from envs.figures.kinds import draw_things, draw_values, titled
from envs.numerals import COUNTS
from envs.registry import Scene
from envs.text import Topic, about, topics, words
from envs.views import Item
from envs.views_tree import Hierarchy


@dataclass(frozen=True, slots=True)
class Tree:
    """Parts by parent with their values; `noun` and `nouns` of the words are those of the parts."""

    parents: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...]
    values: tuple[tuple[float, ...], ...]
    words: Words
    parent_noun: str
    parent_nouns: str
    title: str
    sizes: int
    absent: tuple[str, ...] = ()
    absent_parents: tuple[str, ...] = ()

    @property
    def totals(self) -> tuple[float, ...]:
        """What the parts of each parent add up to."""
        return tuple(round(sum(row), 9) for row in self.values)

    def view(self, lengths: Sequence[Sequence[float]], *, written: bool, gap: float, apart_px: float) -> Hierarchy:
        """The view, given the size of each part's mark. What is not written is only ranked, by these sizes."""
        err = 0.0 if written else float("inf")
        items = tuple(
            tuple(
                Item(name, value, err, length, (parent, name))
                for name, value, length in zip(names, row, sizes, strict=True)
            )
            for parent, names, row, sizes in zip(self.parents, self.parts, self.values, lengths, strict=True)
        )
        tops = tuple(
            Item(parent, total, err, sum(sizes), (parent,))
            for parent, total, sizes in zip(self.parents, self.totals, lengths, strict=True)
        )
        return Hierarchy(
            items=items,
            tops=tops,
            noun=self.words.noun,
            nouns=self.words.nouns,
            parent_noun=self.parent_noun,
            parent_nouns=self.parent_nouns,
            measure=self.words.measure,
            unit=self.words.unit,
            written=written,
            span=sum(self.totals) if written else float("inf"),
            gap=gap,
            apart_px=apart_px,
            sizes=self.sizes,
            absent=self.absent,
            absent_parents=self.absent_parents,
        )


def draw_tree(
    draws: Draws, scene: Scene, *, most: int, parents: int, longest: int, smallest: float, clear: float
) -> Tree:
    """At most `most` parts under at most `parents` parents, each of which has two or more.

    Half the time both are things of a domain, sometimes the words of a book's chapters, counted. No part is smaller
    than about the share `smallest` of the largest; the largest ones, and the largest parent, are larger than the next
    by the share `clear`.
    """
    level = min(scene.level, TOP)
    high = max(2, min(parents, 3 + level // 3, most // 2))
    over = draws.integers(min(high, 2 + level // 6), high + 1)
    widest = max(3, min(4 + level // 3, most // over))  # parts of a parent
    least = min(2 + level // 8, widest - 1)  # their number varies
    counts = [draws.integers(least, widest + 1) for _ in range(over)]
    while sum(counts) > most:
        counts[counts.index(max(counts))] -= 1
    if draws.chance(0.25) and longest >= 7:
        chapters, rows, found, free = _chapters(draws, scene, counts, longest, clear)
        words_ = Words("word", "words", "frequency", COUNTS, most="most frequent")
        titles = ["Words of a book, by chapter", "How often words occur in each chapter"]
        title = titled(draws, scene, titles)
        return Tree(chapters, rows, found, words_, "chapter", "chapters", title, widest - least + 1, free)
    (outer, inner), measure = draw_things(draws, scene, (over, sum(counts)), longest, parts=True)
    held = _shared_out(draws, draw_values(draws, measure, sum(counts), smallest, clear=clear), counts, clear)
    names = iter(inner.names)
    rows = tuple(tuple(islice(names, count)) for count in counts)
    what = measure.name[0].upper() + measure.name[1:]
    title = titled(
        draws, scene, [f"{what} by {outer.noun} and {inner.noun}", f"{what} of {inner.nouns} by {outer.noun}"]
    )
    spoken = Words(inner.noun, inner.nouns, measure.name, measure.unit)
    spare = (_unsaid(inner.spare, title), _unsaid(outer.spare, title))
    return Tree(outer.names, rows, held, spoken, outer.noun, outer.nouns, title, widest - least + 1, *spare)


def _unsaid(names: tuple[str, ...], title: str) -> tuple[str, ...]:
    """The names that do not stand in the title."""
    return tuple(name for name in names if name.casefold() not in title.casefold())


def _shared_out(draws: Draws, values: list[float], counts: list[int], clear: float) -> tuple[tuple[float, ...], ...]:
    """The values by parent, such that the largest parent is clear, if any of 20 ways to share them out makes it so."""
    for _ in range(20):
        order = iter(draws.shuffled(values))
        rows = tuple(tuple(islice(order, count)) for count in counts)
        first, second = sorted((sum(row) for row in rows), reverse=True)[:2]
        if first * (1 - clear) > second and any(_clear(row, clear) for row in rows):
            break
    return rows


def _clear(row: tuple[float, ...], clear: float) -> bool:
    first, second = sorted(row, reverse=True)[:2]
    return first * (1 - clear) > second


def _chapters(
    draws: Draws, scene: Scene, counts: list[int], longest: int, clear: float
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], tuple[tuple[float, ...], ...], tuple[str, ...]]:
    """Chapters, the words of each, how often they occur there, and words of none; no word is in two chapters."""
    topic = draws.choice(topics(scene.test))
    free = list(topic.short(longest))
    largest = draws.integers(8, 24)
    drawn = draws.sample(range(max(2, largest // 4), largest + 1 + sum(counts)), sum(counts))
    rows, values = [], []
    for targets in _shared_out(draws, [float(target) for target in drawn], counts, clear):
        passage = about(draws, Topic(topic.title, tuple(free)), [int(target) for target in targets], longest=longest)
        counted = words(passage.text)
        rows.append(passage.names)
        values.append(tuple(float(counted[name]) for name in passage.names))
        free = [name for name in free if name not in passage.names]
    first = draws.integers(1, 6)
    return tuple(f"Chapter {first + i}" for i in range(len(counts))), tuple(rows), tuple(values), tuple(free)
