"""The address of a problem, and the random streams that grow from it.

    [test:]family/question/level/seed[?px=WxH&text=name:digest8&words=name:digest8]
    stored/name:digest8/row                                  a row of a data set, see envs/stored.py

An address names one problem for ever: `bar/kth_largest/3/9137`. Everything random about the problem is drawn from
`Draws`, a counter-based generator of our own keyed by parts of the address, so that no library's generator, whose
stream may change between releases, has a say. The canonical text of an address leaves default keys out and is what
logs, test sets and bug reports hold; `Address.parse(str(a)) == a`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from struct import Struct
from typing import TypeVar

T = TypeVar("T")

DEFAULT_PX = 448
SMALLEST_PX, LARGEST_PX = 56, 2048
MAX_LEVEL, MAX_SEED = 10_000, 2**63 - 1

STORED = "stored"  # the family of problems that are kept, not drawn

_EIGHT = Struct("<8Q").unpack
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,18})\Z")
_PX = re.compile(r"([1-9][0-9]{0,3})x([1-9][0-9]{0,3})\Z")
_TEXT = re.compile(r"[A-Za-z0-9_.-]+:[0-9a-f]{8}\Z")


class AddressError(ValueError):
    """An address that is not well formed or names nothing; the message names the value, the place and the mend."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a problem lives. `width` and `height` are pixels; `text` is `name:digest8` of an outside corpus or '',
    `words` that of a file of phrasings. Of a stored problem the family is "stored", the question the name of its data
    set, `text` that with its digest, and the seed its row; how large its image is only the image tells."""

    family: str
    question: str
    level: int
    seed: int
    test: bool = False
    width: int = DEFAULT_PX
    height: int = DEFAULT_PX
    text: str = ""
    words: str = ""

    @property
    def stored(self) -> bool:
        return self.family == STORED

    def __str__(self) -> str:
        if self.stored:
            return f"{STORED}/{self.text}/{self.seed}"
        keys = []
        if (self.width, self.height) != (DEFAULT_PX, DEFAULT_PX):
            keys.append(f"px={self.width}x{self.height}")
        if self.text:
            keys.append(f"text={self.text}")
        if self.words:
            keys.append(f"words={self.words}")
        body = f"{self.family}/{self.question}/{self.level}/{self.seed}"
        return ("test:" if self.test else "") + body + ("?" + "&".join(keys) if keys else "")

    @classmethod
    def parse(cls, text: str, *, allow_test: bool = True) -> Address:
        """The address a string names. A training stream passes `allow_test=False` and so cannot reach a test problem.

        Only the grammar is judged here; whether the family and the question exist is the registry's to say.
        """
        body, _, query = text.partition("?")
        test = body.startswith("test:")
        if test:
            if not allow_test:
                raise AddressError(f"{text!r} is a test address: a training stream cannot draw it; drop the 'test:'")
            body = body[len("test:") :]
        parts = body.split("/")
        if parts[0] == STORED:
            _, key, row = parts if len(parts) == 3 else ("", "", "")
            if test or query or not (_TEXT.match(key) and _NAME.match(key[:-9]) and _NUMBER.match(row)):
                raise AddressError(f"{text!r} is not the address of a stored problem: write stored/NAME:DIGEST8/ROW")
            if int(row) > MAX_SEED:
                raise AddressError(f"{row!r} in {text!r} is not a row: write a whole number from 0 to {MAX_SEED}")
            return cls(STORED, key[:-9], 0, int(row), text=key)
        if len(parts) != 4:
            raise AddressError(f"{text!r} is not an address: write family/question/level/seed, as bar/count/0/1")
        family, question, level, seed = parts
        for what, name in (("family", family), ("question", question)):
            if not _NAME.match(name):
                raise AddressError(f"{name!r} in {text!r} is not the name of a {what}: use a-z, 0-9 and _")
        for what, number, most in (("level", level, MAX_LEVEL), ("seed", seed, MAX_SEED)):
            if not _NUMBER.match(number) or int(number) > most:
                raise AddressError(f"{number!r} in {text!r} is not a {what}: write a whole number from 0 to {most}")
        address = cls(family, question, int(level), int(seed), test)
        for pair in query.split("&") if query or text.endswith("?") else ():
            key, _, value = pair.partition("=")
            if key == "px":
                if not (size := _PX.match(value)):
                    raise AddressError(f"{pair!r} in {text!r} is not a size: write px=WIDTHxHEIGHT, as px=448x448")
                width, height = int(size[1]), int(size[2])
                if not all(SMALLEST_PX <= side <= LARGEST_PX for side in (width, height)):
                    raise AddressError(f"{pair!r} in {text!r}: sides go from {SMALLEST_PX} to {LARGEST_PX} px")
                address = replace(address, width=width, height=height)
            elif key == "text":
                if not _TEXT.match(value):
                    raise AddressError(f"{pair!r} in {text!r} is not a corpus: write text=NAME:DIGEST8")
                address = replace(address, text=value)
            elif key == "words":
                if not _TEXT.match(value):
                    raise AddressError(f"{pair!r} in {text!r} is no file of phrasings: write words=NAME:DIGEST8")
                if test:
                    raise AddressError(f"{text!r}: test problems keep to their own phrasings; drop {pair!r}")
                address = replace(address, words=value)
            else:
                raise AddressError(f"unknown key {key!r} in {text!r}: the keys are px, text and words")
        return address


class Draws:
    """A stream of random numbers, a pure function of its key; a counter-based hash (BLAKE2b), 8 numbers a block.

    Method names follow numpy.random.Generator. Only +, -, *, / and integer arithmetic touch the numbers, which IEEE 754
    rounds alike on every processor (exp, log and pow are not, so they are not offered).
    """

    __slots__ = ("_block", "_counter", "_key")

    def __init__(self, *key: object) -> None:
        self._key = blake2b("\x1f".join(map(str, key)).encode(), digest_size=32).digest()
        self._counter = 0
        self._block: list[int] = []

    def bits(self) -> int:
        """64 random bits."""
        if not self._block:
            block = blake2b(self._counter.to_bytes(8, "little"), key=self._key).digest()
            self._block = [*_EIGHT(block)]
            self._counter += 1
        return self._block.pop()

    def random(self) -> float:
        """Uniform in [0, 1), 53 bits."""
        return (self.bits() >> 11) * 2.0**-53

    def uniform(self, low: float, high: float) -> float:
        """Uniform in [low, high)."""
        return low + (high - low) * self.random()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def integers(self, low: int, high: int) -> int:
        """A whole number in [low, high); ValueError if there is none."""
        if high <= low:
            raise ValueError(f"no whole number in [{low}, {high})")
        return low + (self.bits() * (high - low) >> 64)

    def choice(self, options: Sequence[T]) -> T:
        """One of the options, all alike."""
        return options[self.integers(0, len(options))]

    def sample(self, options: Sequence[T], k: int) -> list[T]:
        """k of the options without repeats, in random order; ValueError if there are fewer."""
        if k > len(options):
            raise ValueError(f"cannot sample {k} of {len(options)}")
        pool, bits = list(options), self.bits
        size = len(pool)
        for i in range(k):
            j = i + (bits() * (size - i) >> 64)  # integers(i, size), which is what most draws are for
            pool[i], pool[j] = pool[j], pool[i]
        return pool[:k]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All of the options in random order."""
        return self.sample(options, len(options))


def in_test(thing: str) -> bool:
    """Whether a text, a topic or a style point belongs to the test world: its hash mod 16 is 0.

    Training draws redraw what belongs to test and the other way round, so the two are disjoint by construction.
    """
    return blake2b(thing.encode(), digest_size=8).digest()[0] % 16 == 0
