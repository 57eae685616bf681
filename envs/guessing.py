"""Can answers be guessed? How often the best constant is right, and the best guess from the question's words alone.

A guess counts where the checker would accept it: a wide tolerance is easy to hit. The guesser from the words knows many
ways: what was most often right after these words, or after one of them; the names and numbers of the question
themselves, the first, last, longest or shortest of several, in the order given or in that of the alphabet; a number
of the question times or plus what fits best; of the options of a choice the one at some rank by number, length or
alphabet, or whose text is most often right; and a model (guessmodel.py) of words, numbers, ranks and lengths together.

Each problem is guessed once, by a guesser that has not seen it: of four parts, two are learned from, the third says
which way does best, and the fourth is guessed; then the parts change places.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from envs.guessmodel import Model, Offer, ranked
from envs.numerals import numbers
from rewards import Answer, Boolean, Choice, Date, Interval, Label, Number, Percent, Set, Table
from rewards import Sequence as Ordered
from rewards.dates import read_date

Words = dict[str, str]  # what fills the question's phrasing, by slot
Seen = tuple[Words, Answer, int]
Way = Callable[[Words, Answer], Any]  # the answer's options may be looked at, which are words of the question
PARTS = 4
COMMON = 12  # answers that the model chooses from
CANDIDATES = 200  # the values that a constant guess is chosen from
_PARTS = re.compile(r"; |, | and ")


@dataclass(frozen=True, slots=True)
class Guess:
    """How often guessing is right, and how often it may be."""

    constant: float
    text_only: float
    allowed: float


def guessability(seen: Sequence[Seen]) -> Guess:
    """See above; `allowed` follows from how many answers the words leave possible."""
    if not seen:
        return Guess(0.0, 0.0, 1.0)
    answers = [answer for _, answer, _ in seen]
    constant = hits(best(answers), answers) / len(seen)
    possible = len(seen) / sum(1 / max(1, k) for _, _, k in seen)
    parts = [seen[k::PARTS] for k in range(PARTS)]  # each has its share of every level
    right = 0
    for k in range(PARTS):
        judged, choosing, *learned = parts[k:] + parts[:k]
        ways = [way for _, way in _ways([one for part in learned for one in part])]
        chosen = max(ways, key=lambda way: _right(way, choosing))
        right += _right(chosen, judged)
    return Guess(constant, right / len(seen), max(0.15, 1 / possible + 0.10))


def _right(way: Way, seen: Sequence[Seen]) -> int:
    return sum(accepts(way(words, answer), answer) for words, answer, _ in seen)


def value(answer: Answer) -> Any:
    """An answer as something hashable that others of its kind are compared with."""
    if isinstance(answer, Number | Percent):
        return float(answer.value)
    if isinstance(answer, Boolean | Choice | Date):
        return answer.value
    if isinstance(answer, Label):
        return answer.value.casefold()
    if isinstance(answer, Interval):
        return answer.low, answer.high
    if isinstance(answer, Ordered):
        return tuple(value(item) for item in answer.items)
    if isinstance(answer, Set):
        return frozenset(value(item) for item in answer.items)
    return answer.text()


def accepts(guess: Any, answer: Answer) -> bool:
    """Whether the checker would take this value for the answer."""
    if isinstance(answer, Number | Percent) and isinstance(guess, float):
        low, high = _reach(answer)
        return low <= guess <= high
    if isinstance(answer, Interval) and isinstance(guess, tuple) and len(guess) == 2:
        return all(abs(a - b) <= (answer.abs_tol or 0) for a, b in zip(guess, (answer.low, answer.high)))
    if isinstance(answer, Ordered) and isinstance(guess, tuple):
        return len(guess) == len(answer.items) and all(map(accepts, guess, answer.items))
    if isinstance(guess, bool) != isinstance(answer, Boolean):
        return False
    return bool(guess == value(answer))


def hits(guess: Any, answers: Sequence[Answer]) -> int:
    """How many answers a value is right for."""
    return sum(accepts(guess, answer) for answer in answers)


def best(answers: Sequence[Answer]) -> Any:
    """The value that most of the answers would accept."""
    values = Counter(value(answer) for answer in answers)
    if all(isinstance(answer, Number | Percent) for answer in answers):
        right = _covered(values, [_reach(answer) for answer in answers])
    elif any(_loose(answer) for answer in answers):
        right = {guess: hits(guess, answers) for guess, _ in values.most_common(CANDIDATES)}
    else:
        right = values
    return max(right, key=lambda guess: (right[guess], str(guess)), default=None)


def _reach(answer: Any) -> tuple[float, float]:
    """The least and the largest number that the checker would take for the answer."""
    slack = (answer.abs_tol or (getattr(answer, "rel_tol", None) or 0) * abs(answer.value)) + 1e-9
    return answer.value - slack, answer.value + slack


def _loose(answer: Answer) -> bool:
    """Whether values that differ may both be right."""
    items = answer.items if isinstance(answer, Ordered) else (answer,)
    return any(isinstance(item, Interval | Number | Percent) for item in items)


def _covered(guesses: Iterable[float], reaches: Sequence[tuple[float, float]]) -> dict[float, int]:
    """In how many of the ranges each guess lies."""
    lows, highs = sorted(low for low, _ in reaches), sorted(high for _, high in reaches)
    return {guess: bisect_right(lows, guess) - bisect_left(highs, guess) for guess in guesses}


def _ways(seen: Sequence[Seen]) -> Iterator[tuple[str, Way]]:
    """Every way of guessing, learned from these problems."""
    fallback = best([answer for _, answer, _ in seen])
    yield "constant", lambda words, answer: fallback
    yield "all words", _learned(seen, lambda words: str(sorted(words.items())), fallback)
    numeric = all(isinstance(answer, Number | Percent) for _, answer, _ in seen)
    keys = sorted({key for words, _, _ in seen for key in words})
    for key in keys:
        if len({words.get(key) for words, _, _ in seen}) > 1:
            yield f"by {key}", _learned(seen, partial(_slot, key), fallback)
            yield f"by size of {key}", _by_size(seen, key, fallback)
            yield from _of_slot(key)
            if numeric:
                yield from _reckoned(seen, key)
    yield "model", _modelled(seen)
    if any(isinstance(answer, Choice) for _, answer, _ in seen):
        yield from _of_options(seen)


def _slot(key: str, words: Words) -> str:
    return words.get(key, "")


def _learned(seen: Sequence[Seen], key: Callable[[Words], str], fallback: Any) -> Way:
    """What was most often right where the words had this key."""
    groups: dict[str, list[Answer]] = defaultdict(list)
    for words, answer, _ in seen:
        groups[key(words)].append(answer)
    guesses = {words: best(answers) for words, answers in groups.items()}
    return lambda words, answer: guesses.get(key(words), fallback)


def _by_size(seen: Sequence[Seen], key: str, fallback: Any) -> Way:
    """What was most often right for numbers as large as the one in this slot, in four bins, or names as many."""
    sizes = sorted(_size(words.get(key, "")) for words, _, _ in seen)
    edges = [sizes[len(sizes) * k // 4] for k in (1, 2, 3)]
    return _learned(seen, lambda words: str(sum(_size(words.get(key, "")) > edge for edge in edges)), fallback)


def _size(text: str) -> float:
    return found[0] if (found := numbers(text)) else float(len(_PARTS.findall(text)))


def _of_slot(key: str) -> Iterator[tuple[str, Way]]:
    """What stands in a slot, as the answer."""

    orders: dict[str, Callable[[list[str]], list[str]]] = {
        "as given": list,
        "backwards": lambda found: found[::-1],
        "alphabet": sorted,
        "length": lambda found: sorted(found, key=len),
        "length backwards": lambda found: sorted(found, key=len)[::-1],
        "number": lambda found: sorted(found, key=_size),
        "number backwards": lambda found: sorted(found, key=_size)[::-1],
    }
    for name, order in orders.items():
        yield f"{key} {name}", partial(_from_slot, key, order)


def _from_slot(key: str, order: Callable[[list[str]], list[str]], words: Words, answer: Answer) -> Any:
    return _as(answer, order([part.strip('"').casefold() for part in _PARTS.split(words.get(key, ""))]))


def _as(answer: Answer, names: list[str]) -> Any:
    """Names or numbers as a guess of the kind that is asked for."""
    if isinstance(answer, Ordered):
        return tuple(names[: len(answer.items)])
    if isinstance(answer, Set):
        return frozenset(names[: (len(names) + 1) // 2])  # how many there are is not said
    if isinstance(answer, Number | Percent):
        return next(iter(numbers(names[0])), None)
    if isinstance(answer, Interval):
        ends = [number for name in names for number in numbers(name)]
        return tuple(ends[:2])
    if isinstance(answer, Date):
        return read_date(names[0], answer.granularity)
    return names[0]


def _reckoned(seen: Sequence[Seen], key: str) -> Iterator[tuple[str, Way]]:
    """The number in a slot, times or plus what is right most often."""
    found = [(_size(words.get(key, "")), *_reach(answer)) for words, answer, _ in seen]
    more = [(low - size, high - size) for size, low, high in found]
    times = [(low / size, high / size) for size, low, high in found if size > 0]
    for name, reaches in (("plus", more), ("times", times)):
        right = _covered([(low + high) / 2 for low, high in reaches], reaches)
        if right:
            yield f"{key} {name}", partial(_moved, key, name, max(right, key=lambda by: (right[by], by)))


def _moved(key: str, name: str, by: float, words: Words, answer: Answer) -> float:
    size = _size(words.get(key, ""))
    return size + by if name == "plus" else size * by


def _of_options(seen: Sequence[Seen]) -> Iterator[tuple[str, Way]]:
    """An option by its rank, or the one whose text is most often right."""
    orders: dict[str, Callable[[str], Any]] = {
        "number": _size,
        "length": len,
        "alphabet": lambda text: text,
    }
    for name, order in orders.items():
        for rank in range(max(len(a.options) for _, a, _ in seen if isinstance(a, Choice))):
            yield f"option {rank} by {name}", partial(_ranked, order, rank)
    offered: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for _, answer, _ in seen:
        if isinstance(answer, Choice):
            offered.update(answer.options.values())
            right[answer.options[answer.value]] += 1
    yield "option by text", lambda words, answer: _at(answer, lambda text: -right[text] / (1 + offered[text]), 0)


def _ranked(order: Callable[[str], Any], rank: int, words: Words, answer: Answer) -> str | None:
    return _at(answer, order, rank)


def _modelled(seen: Sequence[Seen]) -> Way:
    """A model (guessmodel.py) of the options of a choice, of what the question names, or of the commonest answers."""
    common = [guess for guess, _ in Counter(value(answer) for _, answer, _ in seen).most_common(COMMON)]

    def named(words: Words, answer: Answer, key: str) -> list[tuple[Any, str]]:
        parts = [part.strip('"') for part in _PARTS.split(words.get(key, ""))]
        return [(_as(answer, [part.casefold()]), part) for part in parts]

    def names(key: str) -> bool:
        return any(accepts(guess, answer) for words, answer, _ in seen for guess, _ in named(words, answer, key))

    keys = [key for key in sorted({key for words, _, _ in seen for key in words}) if names(key)]

    def offers(words: Words, answer: Answer) -> list[Offer]:
        if isinstance(answer, Choice):
            return ranked("", [(letter, answer.options[letter]) for letter in sorted(answer.options)], _size)
        found: list[Offer] = [(guess, [str(guess)]) for guess in common]
        return found + [offer for key in keys for offer in ranked(key, named(words, answer, key), _size)]

    model = Model(
        [
            (words, [(marks, accepts(guess, answer)) for guess, marks in offers(words, answer)])
            for words, answer, _ in seen
        ]
    )
    return lambda words, answer: model.best(words, offers(words, answer))


def _at(answer: Answer, order: Callable[[str], Any], rank: int) -> str | None:
    if not isinstance(answer, Choice):
        return None
    letters = sorted(answer.options, key=lambda letter: order(answer.options[letter]))
    return letters[min(rank, len(letters) - 1)]


def wrong(answer: Answer) -> str:
    """A wrong answer of the same kind, as it would stand in a box."""
    if isinstance(answer, Boolean):
        return "no" if answer.value else "yes"
    if isinstance(answer, Label):
        return answer.value + "x"
    if isinstance(answer, Choice):
        return next(letter for letter in answer.options if letter != answer.value) if len(answer.options) > 1 else "Z"
    if isinstance(answer, Date):
        return f"{int(answer.value[:4]) % 9999 + 1:04}{answer.value[4:]}"
    if isinstance(answer, Interval):
        return f"{answer.low} to {answer.high * 2 + 7.31:.2f}"
    if isinstance(answer, Ordered | Set):
        return "; ".join([wrong(answer.items[0]), *(item.text() for item in answer.items[1:])])
    if isinstance(answer, Table):
        first, *rest = answer.rows
        cell = first[-1] + "x" if isinstance(first[-1], str) else first[-1] * 2 + 7
        return Table(answer.columns, ((*first[:-1], cell), *rest)).text()
    right, slack = abs(getattr(answer, "value", 0.0)), getattr(answer, "abs_tol", None) or 0.0
    # Far from the answer both as it stands and where it is taken for a number that is not in thousands.
    return str(round(-3 * (right + slack) * (getattr(answer, "scale", None) or 1.0) - 7.31, 2))
