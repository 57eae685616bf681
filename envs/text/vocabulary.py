"""The packaged words: topics with their nouns, and the verbs, adjectives, places and adverbs that all topics share.

All of it was written for this project. Nouns are countable, singular, plain ASCII, 3 to 13 letters and no stop words,
so that each can follow "the" or "every", stand on an axis, and be counted. `topics.json`: title -> nouns;
`words.json`: part of speech -> words, an underscore for a space inside a phrase.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from envs.address import in_test


@dataclass(frozen=True, slots=True, eq=False)
class Topic:
    """What a built-in text is about; `nouns` without repeats."""

    title: str
    nouns: tuple[str, ...]

    @lru_cache(1024)  # noqa: B019 - few topics, by identity
    def short(self, longest: int | None) -> tuple[str, ...]:
        """The nouns of at most so many letters; all if None."""
        return self.nouns if longest is None else tuple(noun for noun in self.nouns if len(noun) <= longest)


@cache
def topics(test: bool | None = None) -> tuple[Topic, ...]:
    """The topics of the test world (those whose title is in it), of the training world, or all of them."""
    held = json.loads(Path(__file__).with_name("topics.json").read_text(encoding="utf-8"))
    every = (Topic(title, tuple(nouns.split())) for title, nouns in held.items())
    return tuple(topic for topic in every if test is None or in_test(topic.title) == test)


@cache
def shared(part: str) -> tuple[str, ...]:
    """The words of a part of speech: verbs (third person), adjectives, places or adverbs."""
    held = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
    return tuple(word.replace("_", " ") for word in held[part].split())
