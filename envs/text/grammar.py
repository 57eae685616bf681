"""The built-in source of text: sentences without end, and texts in which words occur as often as asked.

`about` sets each noun into sentence frames (`frames.txt`) that hold nothing but stop words, so that the nouns are all
the content words there are. `envs.text.spelling` does the same for letters. Everything is drawn from the `Draws` passed
in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from envs.address import Draws
from envs.text.errors import TextError
from envs.text.vocabulary import Topic, shared


@dataclass(frozen=True, slots=True)
class Passage:
    """A text that was composed to hold each of `names` (letters in lower case, or words) a given number of times."""

    text: str
    names: tuple[str, ...]


def sentences(draws: Draws, topic: Topic) -> Iterator[str]:
    """English sentences about a topic, without end."""
    while True:
        subject = _noun_phrase(draws, topic)
        adverb = f"{draws.choice(shared('adverbs'))} " if draws.chance(0.4) else ""
        sentence = f"{subject} {adverb}{draws.choice(shared('verbs'))} {_noun_phrase(draws, topic)}"
        if draws.chance(0.5):
            sentence += " " + draws.choice(shared("places"))
        yield sentence[0].upper() + sentence[1:] + "."


def measured(draws: Draws, nouns: Sequence[str], size: int, of: Of) -> str:
    """A sentence about these nouns of exactly `size` words or letters; at least five words."""
    verbs, adjectives = shared("verbs"), shared("adjectives")

    def noun_phrase(more: int) -> list[str]:
        told = draws.sample(adjectives, more) if more else []
        return ["the", *told, draws.choice(nouns)]

    found: list[str] = []
    if of == "words":
        while size - len(found) > 10:
            found += [*noun_phrase(0), draws.choice(verbs), *noun_phrase(0), "and"]
        more = size - len(found) - 5
        first = more // 2 if more < 5 else 2
        adverb = [draws.choice(shared("adverbs"))] if more == 5 else []
        found += [*noun_phrase(first), *adverb, draws.choice(verbs), *noun_phrase(more - first - len(adverb))]
    else:  # ends in invented names that take all the letters there are
        left, start = size, draws.integers(0, len(SOUNDS))
        while len("".join(clause := [*noun_phrase(0), draws.choice(verbs), *noun_phrase(0), "and"])) <= left:
            found += clause
            left -= len("".join(clause))
        sounds = SOUNDS[start:] + SOUNDS * (1 + left // len(SOUNDS))
        found += [sounds[i : min(i + 7, left)].capitalize() for i in range(0, left, 7)]
    sentence = " ".join(found)
    return sentence[0].upper() + sentence[1:] + "."


Of = Literal["words", "letters"]
SOUNDS = "kavuzilomeradunopitesakubolifenamutogirewahedojysicupa"


def _noun_phrase(draws: Draws, topic: Topic) -> str:
    noun = draws.choice(topic.nouns)
    if draws.chance(0.5):
        noun = f"{draws.choice(shared('adjectives'))} {noun}"
    return f"{draws.choice(_DETERMINERS)} {noun}"


_DETERMINERS = ("the", "the", "every", "this", "that", "another", "no", "our", "their")


def about(draws: Draws, topic: Topic, targets: Sequence[int], *, longest: int | None = None) -> Passage:
    """A text about the topic in which its i-th name occurs targets[i] times, and no other content word at all.

    The names are drawn uniformly from the nouns of the topic, those of at most `longest` letters; TextError if they are
    too few.
    """
    nouns = topic.short(longest)
    if len(nouns) < len(targets):
        limit = "" if longest is None else f" of at most {longest} letters"
        raise TextError(f"topic {topic.title!r} has {len(nouns)} nouns{limit}, {len(targets)} were asked for")
    names = draws.sample(nouns, len(targets))
    rest = draws.shuffled([name for name, n in zip(names, targets) for _ in range(n)])
    return Passage(said(draws, rest), tuple(names))


def said(draws: Draws, nouns: Sequence[str]) -> str:
    """Sentences with these nouns, each as often as it is among them, and no other content word at all."""
    rest = list(nouns)
    text = []
    while rest:
        wanted = 1 + draws.integers(0, min(_MOST_SLOTS, len(rest)))
        slots: list[str] = []
        for i in range(len(rest) - 1, max(-1, len(rest) - 1 - 8 * wanted), -1):  # no sentence says a noun twice
            if rest[i] not in slots:
                slots.append(rest.pop(i))
                if len(slots) == wanted:
                    break
        text.append(draws.choice(_frames()[len(slots)]).format(*slots))
    return " ".join(text)


_MOST_SLOTS = 4


@cache
def _frames() -> dict[int, tuple[str, ...]]:
    """Number of nouns -> sentence frames with that many places for them."""
    lines = Path(__file__).with_name("frames.txt").read_text(encoding="utf-8").splitlines()
    return {n: tuple(line for line in lines if line.count("{}") == n) for n in range(1, _MOST_SLOTS + 1)}
