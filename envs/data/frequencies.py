"""How often letters or words occur in a sampled text: names and counts for a chart.

With the built-in grammar the counts are drawn first and the text is composed to have them; then they are counted from
the text all the same. Text from a corpus is as it is, and the wish for certain counts is not heard.

A training draw and a test draw never meet: a passage belongs to the test world or not by its hash, as do topics and the
units of a corpus. Each passage stands under a date, drawn until the whole lies in the world asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Literal

from envs.address import Draws, in_test
from envs.text import Corpus, TextError, Topic, about, corpus_for, letters, spell, topics, words
from envs.text.spelling import ALPHABET

Kind = Literal["letter", "word"]

DIFFERENT = 6  # counts that a passage of a corpus should have, so that its names can be ranked
MOST_UNITS = 400  # of a corpus in one passage
MOST_ABSENT = 64


@dataclass(frozen=True, slots=True)
class Frequencies:
    """Names and how often each occurs in `passage`, in the order drawn; letters are upper case, words lower case.

    All counts lie above `threshold`. From the built-in grammar nothing else in the passage does; a corpus may hold more
    such names. `absent` are names of the same topic or corpus that do not: for words at least half as many as `names`.
    """

    kind: Kind
    names: tuple[str, ...]
    counts: tuple[int, ...]
    threshold: int
    topic: str  # the title of the topic, '' for letters and for a corpus
    passage: str
    absent: tuple[str, ...]


def frequencies(
    draws: Draws,
    *,
    kind: Kind,
    targets: Sequence[int],
    source: str = "",
    test: bool,
    longest: int | None = None,
    threshold: int = 3,
) -> Frequencies:
    """Draws a text and counts it; `source` is '' for the grammar or the `name:digest8` of an open corpus.

    The i-th count is targets[i] with the grammar; a corpus gives only as many names as there are targets. `longest`
    limits the letters of a word. TextError if the source cannot give that many names.
    """
    if not targets or min(targets) <= threshold:
        raise TextError(f"targets {list(targets)} must be more than the threshold of {threshold}, and at least one")
    if source:
        corpus = corpus_for(source)
        return _from_corpus(
            draws, corpus, kind=kind, wanted=len(targets), test=test, longest=longest, threshold=threshold
        )
    if kind == "letter":
        composed, title = spell(draws, targets, threshold=threshold), ""
        known: Sequence[str] = ALPHABET
    else:
        topic = _topic(draws, len(targets), test, longest)
        composed, title = about(draws, topic, targets, longest=longest), topic.title
        known = topic.short(longest)
    passage = dated(draws, composed.text, test)
    counts = _count(kind, passage)
    absent = [name for name in known if name not in composed.names]
    return Frequencies(
        kind=kind,
        names=_shown(kind, composed.names),
        counts=tuple(counts[name] for name in composed.names),
        threshold=threshold,
        topic=title,
        passage=passage,
        absent=_shown(kind, draws.shuffled(absent)),
    )


def _count(kind: Kind, text: str) -> dict[str, int]:
    return letters(text) if kind == "letter" else words(text)


def _shown(kind: Kind, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.upper() if kind == "letter" else name for name in names)


def dated(draws: Draws, text: str, test: bool) -> str:
    """The text under a date, which counts for nothing, drawn until the whole lies in the world asked for."""
    while True:
        date = f"{draws.integers(1950, 2050)}-{draws.integers(1, 13):02}-{draws.integers(1, 29):02}"
        if in_test(passage := f"{date}: {text}") == test:
            return passage


def _topic(draws: Draws, names: int, test: bool, longest: int | None) -> Topic:
    """A topic of that world with nouns enough for the names and half as many that do not occur."""
    needed = names + (names + 1) // 2
    fit = [topic for topic in topics(test) if len(topic.short(longest)) >= needed]
    if not fit:
        most = max(len(topic.short(longest)) for topic in topics(test))
        limit = "" if longest is None else f" of at most {longest} letters"
        raise TextError(f"no topic has {needed} nouns{limit}, which {names} names take; the most is {most}")
    return draws.choice(fit)


_counted = lru_cache(maxsize=4096)(_count)  # the units of a corpus come again and again


def _from_corpus(
    draws: Draws, corpus: Corpus, *, kind: Kind, wanted: int, test: bool, longest: int | None, threshold: int
) -> Frequencies:
    """Random units of the corpus, one after the other, until enough names occur more often than the threshold."""
    units = corpus.side(test)
    order = distinct(draws, units)
    taken: list[str] = []
    enough = 0
    counts: dict[str, int] = {}
    above: dict[str, None] = {}  # in the order they rose above the threshold
    for unit in islice(order, MOST_UNITS):
        taken.append(unit)
        for name, n in _counted(kind, unit).items():
            counts[name] = counts.get(name, 0) + n
            if counts[name] > threshold and (longest is None or kind == "letter" or len(name) <= longest):
                above[name] = None
        if len(above) < wanted:
            continue
        # Enough names; a few more units where that makes their counts differ and leaves words that do not occur.
        enough = enough or min(2 * len(taken), len(units) // 2)
        if len(taken) >= enough or len({counts[name] for name in above}) >= min(wanted, DIFFERENT):
            break
    if len(above) < wanted:
        world = "test" if test else "training"
        raise TextError(
            f"corpus {corpus.key} gives {len(above)} {kind}s that occur more than {threshold} times in {len(taken)} of "
            f"the {len(units)} units of its {world} world, {wanted} were asked for"
        )
    # One name of each count first: ties leave little to rank, and text of one's own is full of them.
    order_above = draws.shuffled(tuple(above))
    by_count = {counts[name]: name for name in order_above}
    first = [name for name in order_above if by_count[counts[name]] == name]
    names = draws.shuffled((first + [name for name in order_above if name not in first])[:wanted])
    passage = dated(draws, "\n".join(taken), test)
    if kind == "letter":
        absent = [letter for letter in ALPHABET if counts.get(letter, 0) <= threshold]
    else:
        absent = _others(corpus, order, counts, threshold=threshold, longest=longest, needed=(wanted + 1) // 2)
    return Frequencies(
        kind=kind,
        names=_shown(kind, names),
        counts=tuple(counts[name] for name in names),
        threshold=threshold,
        topic="",
        passage=passage,
        absent=_shown(kind, draws.shuffled(absent)[:MOST_ABSENT]),
    )


def _others(
    corpus: Corpus,
    order: Iterator[str],
    counts: dict[str, int],
    *,
    threshold: int,
    longest: int | None,
    needed: int,
) -> list[str]:
    """Words of the passage that are too rare for its chart, and words of further units."""
    others: dict[str, None] = {}
    more = islice(order, MOST_UNITS)
    found: dict[str, int] | None = counts
    while found is not None and len(others) < 4 * needed:
        for name in found:
            if counts.get(name, 0) <= threshold and (longest is None or len(name) <= longest):
                others[name] = None
        unit = next(more, None)
        found = None if unit is None else _counted("word", unit)
    if len(others) < needed:
        raise TextError(f"corpus {corpus.key} has only {len(others)} words that do not occur, {needed} are needed")
    return list(others)


def distinct(draws: Draws, units: Sequence[str]) -> Iterator[str]:
    """All units in random order, drawn one by one."""
    moved: dict[int, int] = {}
    for i in range(len(units)):
        j = draws.integers(i, len(units))
        yield units[moved.get(j, j)]
        moved[j] = moved.get(i, i)
