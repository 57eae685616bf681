"""Tables counted from text: sentence lengths, and words, letters and letter pairs by passage.

As in `frequencies`, values are drawn first, the grammar writes passages that have exactly these, and the table holds
what was counted in them. `Grid.recount` does the same for values that a figure moved until they can be read. A corpus
is as it is: its tables hold what was counted in its passages, whatever was wished for.

Sentences, chapters and the like are told by number, speakers by name, in both worlds alike; topics and passages belong
to the test world or not by their hash.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, TypeVar

from envs.address import Draws
from envs.data.domains import Kind, Measure, draw_persona
from envs.data.frequencies import MOST_UNITS, dated, distinct
from envs.data.grids import LONGEST_SUBJECT, ROOM, SPARE, Axis, Grid, Rows, draw_values, unnamed
from envs.numerals import COUNTS, Unit
from envs.text import (
    Of,
    corpus_for,
    letters,
    measured,
    pairs,
    said,
    sentence_lengths,
    topics,
    words,
)

# "follows": a table of pairs, one letter of which is the series and the next the position.
What = Literal["sentences", "words", "letters", "pairs", "follows"]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
N = TypeVar("N", str, int)
MOST_WORDS = 14  # cells of a table of words: more would take long to write
SHORTEST: dict[Of, int] = {"words": 5, "letters": 30}  # of a sentence
LENGTHS: dict[Of, int] = {"words": 40, "letters": 160}  # between the shortest and the longest sentence, at least
TRIES = 12  # places of a corpus that are looked at

_COUNT: dict[What, Callable[[str], dict[str, int]]] = {"words": words, "letters": letters, "pairs": pairs}
_NOUNS: dict[What, str] = {"sentences": "sentence", "words": "word", "letters": "letter", "pairs": "letter pair"}
# What is told by number, and how: the longest way that there is room for.
_FORMS = {
    "sentence": ("S{}",),
    "chapter": ("Chapter {}", "Ch. {}"),
    "scene": ("Scene {}", "Sc. {}"),
    "page": ("Page {}", "p. {}"),
    "verse": ("Verse {}", "v. {}"),
    "text": ("Text {}",),
}
_SPEAKERS = "Ada Boris Chloe Dmitri Esther Farid Greta Hugo Ines Jonas Kemal Lucia Mira Nils Olga Pedro Ruth Samir"


@dataclass(frozen=True, slots=True)
class Named:
    """Names along one side of a table, and how to speak of them; `rest` are others like them that it does not have."""

    noun: str
    nouns: str
    shown: tuple[str, ...]
    rest: tuple[str, ...]

    @classmethod
    def first_of(cls, noun: str, names: Sequence[str], count: int) -> Named:
        return cls(noun, noun + "s", tuple(names[:count]), tuple(names[count:]))


@dataclass(frozen=True, slots=True)
class Written:
    """How the passages of a table are written: one for each series, with `across` for each position, one in all for
    "follows". `names` are counted in each of them, row by row; sentences have none."""

    what: What
    names: tuple[str, ...]
    nouns: tuple[str, ...]  # what sentences are about
    of: Of
    across: bool
    test: bool
    seed: int

    def __call__(self, rows: Rows) -> Rows:
        """What is counted in passages that were made to have these values."""
        draws = Draws("passages", self.seed)
        wanted = [[int(value) for value in row] for row in (zip(*rows) if self.across else rows)]
        if self.what == "follows":
            wanted = [[value for row in wanted for value in row]]
        found = [self._count(dated(draws, self._write(draws, targets), self.test)) for targets in wanted]
        if self.what == "follows":
            wide = len(rows[0])
            found = [found[0][i : i + wide] for i in range(0, len(found[0]), wide)]
        return tuple(zip(*found)) if self.across else tuple(found)

    def _write(self, draws: Draws, targets: Sequence[int]) -> str:
        if self.what == "sentences":
            return " ".join(measured(draws, self.nouns, size, self.of) for size in targets)
        spread = mixed(self.names, targets)
        if self.what == "words":
            return said(draws, spread)
        # Words of an invented language. One may hold several pairs: no letter that begins one ends another.
        size = 6 // len(self.names[0])
        return " ".join("".join(spread[i : i + size]) for i in range(0, len(spread), size)).capitalize() + "."

    def _count(self, text: str) -> tuple[float, ...]:
        if self.what == "sentences":
            return tuple(map(float, sentence_lengths(text, self.of)))
        found = _COUNT.get(self.what, pairs)(text)
        return tuple(float(found.get(name, 0)) for name in self.names)


@dataclass(frozen=True, slots=True)
class AsItIs:
    """What is counted in text that cannot be written otherwise, whatever is wished for."""

    rows: Rows

    def __call__(self, rows: Rows) -> Rows:
        return self.rows


def mixed(names: Sequence[N], counts: Sequence[int]) -> list[N]:
    """Each name as often as its count says, all of them spread evenly."""
    return [name for _, name in sorted(((2 * k + 1) / n, name) for name, n in zip(names, counts) for k in range(n))]


def draw_counted(
    draws: Draws,
    *,
    test: bool,
    source: str = "",
    series: int,
    positions: int,
    ordered: bool | None = None,
    level: int,
    longest: int | None = None,
) -> Grid | None:
    """A table of that world as `draw_grid` gives it, counted from a text, or None where no text has one of this shape.

    `source` is '' for the grammar or the `name:digest8` of an open corpus.
    """
    ordered = draws.chance(0.5) if ordered is None else ordered
    if source:
        return _of_corpus(draws, source, test, series, positions, ordered, longest)
    topic = draws.choice(topics(test))
    what = draws.choice(_ways(len(topic.short(longest)), series, positions, ordered))
    of: Of = "letters" if what == "sentences" and draws.chance(0.3) else "words"
    across = ordered and what != "sentences"
    first: Named | None
    second: Named | None
    keys: tuple[str, ...] = ()
    if what == "sentences":
        first, second = _numbered(draws, "sentence", positions, longest), draw_passages(draws, series, longest)
    elif what == "follows":
        order = draws.shuffled(LETTERS)
        half = (len(order) + series - positions) // 2  # letters that begin pairs, shown or not
        second = Named.first_of("first letter", order[:half], series)
        first = Named.first_of("second letter", order[half:], positions)
        keys = tuple((a + b).lower() for a in second.shown for b in first.shown)
    else:
        known = _known(draws, what, topic.short(longest))
        counted = Named.first_of(_NOUNS[what], draws.shuffled(known), series if across else positions)
        passages = draw_passages(draws, positions if across else series, longest, numbered=across)
        first, second = (passages, counted) if across else (counted, passages)
        keys = tuple(map(str.lower, counted.shown))
    if first is None or second is None:
        return None
    written = Written(what, keys, topic.nouns, of, across, test, draws.bits())
    low, span = (SHORTEST[of], LENGTHS[of]) if what == "sentences" else (1, 0)
    low += draws.integers(0, 12)
    # Series have room for ranges of their own.
    span = max(span, (1 if series == 1 else 2) * ROOM * positions + draws.integers(0, 20))
    honest = Measure("", COUNTS, low, low + span, True)
    # The course over positions that follow each other is that of years, which has no seasons.
    axis: Axis = "year" if ordered else Kind(first.noun, first.nouns, first.shown)
    values = written(draw_values(draws, honest, axis, series, positions, level))
    about = topic.title if what in ("words", "sentences") else ""
    return _grid(draws, what, of, about, first, second, values, ordered, written)


def _ways(nouns: int, series: int, positions: int, ordered: bool) -> list[What]:
    """What can be counted for a table of this shape, where the topic has so many short nouns."""
    named = series if ordered else positions
    ways: list[What] = []
    if series * positions <= MOST_WORDS and named + SPARE <= nouns:
        ways += ["words", "words"]
    if named + SPARE <= 20:
        ways += ["letters", "pairs"]
    if ordered:
        ways += ["sentences"] * 4
    elif series > 1 and series + positions + SPARE <= len(LETTERS):
        ways.append("follows")
    return ways or ["pairs"]


def _known(draws: Draws, what: What, nouns: Sequence[str]) -> Sequence[str]:
    """What could be counted: nouns, letters, or pairs of which no letter that begins one ends another."""
    if what != "pairs":
        return nouns if what == "words" else LETTERS
    order = draws.shuffled(LETTERS)
    half = draws.integers(8, 19)
    return [a + b for a in order[:half] for b in order[half:]]


def _numbered(draws: Draws, noun: str, count: int, longest: int | None) -> Named | None:
    """So many in a row, and those just before and after; None where there is no room to write them."""
    fit = [form for form in _FORMS[noun] if longest is None or len(form.format(count + 8)) <= longest]
    if not fit:
        return None
    start = 1 if noun == "sentence" else draws.integers(1, 9)
    names = [fit[0].format(n) for n in range(max(1, start - 2), start + count + 2)]
    shown = names[min(2, start - 1) :][:count]
    return Named(noun, noun + "s", tuple(shown), tuple(draws.shuffled([name for name in names if name not in shown])))


def draw_passages(draws: Draws, count: int, longest: int | None, *, numbered: bool = False) -> Named | None:
    """Passages by number or by who speaks in them."""
    speakers = [name for name in _SPEAKERS.split() if longest is None or len(name) <= longest]
    if not numbered and count + SPARE <= len(speakers) and draws.chance(0.35):
        return Named.first_of("speaker", draws.shuffled(speakers), count)
    return _numbered(draws, draws.choice(("chapter", "scene", "page", "verse")), count, longest)


def _grid(
    draws: Draws,
    what: What,
    of: Of,
    about: str,
    first: Named,
    second: Named,
    values: Rows,
    ordered: bool,
    recount: Callable[[Rows], Rows],
) -> Grid:
    """The table, in words: what it counts along the positions `first` and the series `second`."""
    passages = first if ordered and what != "sentences" else second
    measure, unit = draws.choice((("frequency", COUNTS), ("count", COUNTS)))
    said_of = f"{_NOUNS.get(what, 'letter pair')} {measure}"
    if what == "sentences":
        measure, unit = draws.choice(((f"number of {of}", COUNTS), ("sentence length", Unit(words=of))))
        said_of = draws.choice((f"{of} per sentence", measure))
    plain = said_of[0].upper() + said_of[1:]
    if what == "follows":
        titles = ["How often one letter follows another", f"{plain} by first and second letter"]
    elif len(second.shown) == 1:
        name = second.shown[0]
        if passages is first:
            titles = [f"{measure.capitalize()} of {name} by {first.noun}", f"{name}: {measure} by {first.noun}"]
        else:
            titles = [f"{plain}, {name}", f"{name}: {said_of}", f"{about}: {said_of}, {name}" if about else plain]
    else:
        by = f"{plain} by {passages.noun}"
        titles = [by, f"{by}, {passages.shown[0]} to {passages.shown[-1]}" if passages is first else by]
        titles.append(f"{about}: {said_of} by {passages.noun}" if about else by)
    subject = draws.choice([title for title in titles if len(title) <= LONGEST_SUBJECT] or [plain])
    subject = subject[0].upper() + subject[1:]
    return Grid(
        domain=about or "Text",
        persona=draw_persona(draws),
        subject=subject,
        noun=first.noun,
        nouns=first.nouns,
        series_noun=second.noun,
        series_nouns=second.nouns,
        measure=measure,
        unit=unit,
        parts=True,
        stock=False,
        positions=first.shown,
        series=second.shown,
        values=values,
        ordered=ordered,
        absent=unnamed(first.rest, subject),
        absent_series=unnamed(second.rest, subject),
        most="longest" if what == "sentences" else "most frequent" if passages is second else "",
        recount=recount,
    )


# From a corpus


def _of_corpus(
    draws: Draws, source: str, test: bool, series: int, positions: int, ordered: bool, longest: int | None
) -> Grid | None:
    """Letters of sentences that follow each other, or how often words, letters or pairs occur in texts of random units;
    no two values of a series are alike."""
    units = corpus_for(source).side(test)
    texts = _numbered(draws, "text", series, longest)
    if texts is None or not units:
        return None
    if ordered:
        rows = [_lengths(draws, units, positions) for _ in range(series)]
        sentences = _numbered(draws, "sentence", positions, longest)
        if sentences is None or not all(rows):
            return None
        values = tuple(rows)
        return _grid(draws, "sentences", "letters", "", sentences, texts, values, True, AsItIs(values))
    what: What = draws.choice(("words", "letters", "pairs"))
    found = _occurring(draws, what, units, series, positions, longest)
    if found is None:
        return None
    names, rest, values = found
    noun = _NOUNS[what]
    shown = Named(noun, noun + "s", names, rest)
    return _grid(draws, what, "words", "", shown, texts, values, False, AsItIs(values))


def _lengths(draws: Draws, units: Sequence[str], count: int) -> tuple[float, ...]:
    """Letters of so many sentences from some place on, all different; () if there are none in several places."""
    for _ in range(TRIES):
        start, found = draws.integers(0, len(units)), list[float]()
        for unit in islice(units, start, start + MOST_UNITS):
            found += map(float, sentence_lengths(unit, "letters"))
            if len(found) >= count:
                break
        if len(set(found[:count])) == count:
            return tuple(found[:count])
    return ()


def _occurring(
    draws: Draws, what: What, units: Sequence[str], series: int, positions: int, longest: int | None
) -> tuple[tuple[str, ...], tuple[str, ...], Rows] | None:
    """Names that occur in each of so many texts, others that do in none of them, or for letters in few, and counts."""
    counts: list[dict[str, int]] = [{} for _ in range(series)]
    for i, unit in enumerate(islice(distinct(draws, units), MOST_UNITS)):
        text = counts[i % series]
        for name, n in _COUNT[what](unit).items():
            text[name] = text.get(name, 0) + n
        if i % (4 * series) == 4 * series - 1 or i + 1 == len(units):
            known = [name for name in counts[0] if all(name in text for text in counts[1:])]
            known = [name for name in known if longest is None or len(name) <= longest]
            if len(names := _unlike(draws.shuffled(known), counts, positions)) == positions:
                break
    else:
        return None
    shown = [name.upper() if what != "words" else name for name in (*names, *known)]
    rows = tuple(tuple(float(text[name]) for name in names) for text in counts)
    rest = [name for name in dict.fromkeys(shown[positions:]) if name not in shown[:positions]]
    return tuple(shown[:positions]), tuple(rest[: SPARE * 8]), rows


def _unlike(names: Sequence[str], counts: Sequence[dict[str, int]], most: int) -> list[str]:
    """Up to so many of the names, no two of which occur equally often in a text."""
    found: list[str] = []
    for name in names:
        if len(found) < most and all(text[name] != text[other] for text in counts for other in found):
            found.append(name)
    return found
