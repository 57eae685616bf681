"""Lengths of sentences and words, and pairs of letters, counted in texts that were made to have those that were drawn.

Like the tables of `counted`: what a chart shows was counted, and of a corpus it is what there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from envs.address import Draws
from envs.data.counted import LENGTHS, SHORTEST, Named, draw_passages, mixed
from envs.data.frequencies import MOST_UNITS, dated, distinct
from envs.text import SOUNDS, Of, corpus_for, measured, pairs, sentence_lengths, topics, word_lengths


@dataclass(frozen=True, slots=True)
class Spoken:
    """Passages whose sentences are measured; the same in all: what they are about and in what they are measured."""

    passages: Named
    of: Of
    about: str
    nouns: tuple[str, ...]
    test: bool
    seed: int

    @property
    def reach(self) -> tuple[int, int]:
        """The shortest and the longest sentence there may be."""
        return SHORTEST[self.of], SHORTEST[self.of] + 2 * LENGTHS[self.of]

    def __call__(self, samples: Sequence[Sequence[int]]) -> list[list[int]]:
        """Low, quartiles, high and then the outliers from the lowest of the sentence lengths of each passage, which is
        written to have these."""
        draws = Draws("passages", self.seed)
        return [self._spread(draws, sample[:5], sample[5:]) for sample in samples]

    def _spread(self, draws: Draws, five: Sequence[int], outliers: Sequence[int]) -> list[int]:
        low, q1, median, q3, high = five
        under, over = [n for n in outliers if n < low], [n for n in outliers if n > high]
        k = max(len(under), len(over)) + 2  # of 4k + 1 lengths in order, quartiles are those at k, 2k and 3k
        sizes = [*under, *_steps(low, q1, k - len(under)), *_steps(q1, median, k), *_steps(median, q3, k)]
        sizes += [*_steps(q3, high, k - len(over)), high, *over]
        text = " ".join(measured(draws, self.nouns, size, self.of) for size in draws.shuffled(sizes))
        found = sorted(sentence_lengths(dated(draws, text, self.test), self.of))
        first, last = len(under), len(found) - 1 - len(over)
        return [found[i] for i in (first, k, 2 * k, 3 * k, last)] + found[:first] + found[last + 1 :]


def _steps(first: int, last: int, count: int) -> list[int]:
    """So many whole numbers from `first` on towards `last`."""
    return [first + (last - first) * i // count for i in range(count)]


def draw_spoken(draws: Draws, *, test: bool, groups: int, longest: int | None) -> Spoken | None:
    """So many passages of a topic of that world; None where there is no room for their names."""
    topic = draws.choice(topics(test))
    passages = draw_passages(draws, groups, longest)
    of: Of = draws.choice(("words", "letters"))
    return Spoken(passages, of, topic.title, topic.nouns, test, draws.bits()) if passages else None


def count_lengths(draws: Draws, *, test: bool, source: str, first: int, wanted: Sequence[int]) -> list[int]:
    """How many words of a text have `first` letters, `first` + 1 and so on. Text of the grammar is made to have as many
    as wanted; of a corpus as many words are taken as are wanted in all."""
    if source:
        found: dict[int, int] = {}
        for unit in islice(distinct(draws, corpus_for(source).side(test)), MOST_UNITS):
            for size, n in word_lengths(unit).items():
                found[size] = found.get(size, 0) + n
            if sum(found.values()) >= sum(wanted):
                break
    else:
        sizes = mixed(range(first, first + len(wanted)), wanted)
        start = draws.integers(0, len(SOUNDS))
        text = " ".join((2 * SOUNDS)[(start + i) % len(SOUNDS) :][:size] for i, size in enumerate(sizes))
        found = word_lengths(dated(draws, text, test))
    return [found.get(size, 0) for size in range(first, first + len(wanted))]


def count_pairs(draws: Draws, *, test: bool, names: Sequence[str], wanted: Sequence[int]) -> list[int]:
    """How often each of these pairs of letters stands in a text that was made to have it as often as wanted."""
    names = [name.lower() for name in names]
    found = pairs(dated(draws, " ".join(mixed(names, wanted)), test))
    return [found[name] for name in names]
