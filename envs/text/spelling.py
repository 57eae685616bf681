"""Texts in which chosen letters occur exactly as often as asked, and every other letter hardly at all.

In ordinary English `e` leads and the order is known beforehand, so a chart of its letters can be guessed unseen. Here
the counts come first: every letter has a budget (its target, or the threshold for those that were not chosen), short
sentences are taken as long as their words fit the budget, and what is left of the chosen letters becomes the invented
names and codes the sentences speak of: "Kavuk met Zuvak near Vukaz. Row KQX is full." Letters and their targets are
drawn uniformly, vowels with no advantage; whatever cannot be pronounced goes into codes and initials.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from envs.address import Draws
from envs.text.errors import TextError
from envs.text.grammar import Passage

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_VOWELS = frozenset("aeiouy")
_FIELD = 16  # bits a letter takes in a packed count; the highest is a guard that a borrow would clear
_GUARDS = sum(1 << (_FIELD * i + _FIELD - 1) for i in range(26))
_LARGEST = (1 << (_FIELD - 1)) - 1
_SHIFT = {letter: _FIELD * i for i, letter in enumerate(ALPHABET)}


def _packed(text: str) -> int:
    """How often each of the 26 letters occurs, in one number, so that 'fits the budget' is one subtraction."""
    return sum(1 << _SHIFT[letter] for letter in text)


@dataclass(frozen=True, slots=True)
class _Frame:
    """A sentence or a tail of one: `text` with {} for each of `slots` (n name, c code, d number, t time of day)."""

    text: str
    slots: str
    letters: str  # of its words
    need: int  # the same, packed
    size: int  # letters wanted for its names and codes: three each
    tail: bool  # whether a tail may follow

    @classmethod
    def read(cls, line: str, tail: bool = False) -> _Frame:
        slots = "".join(re.findall(r"\{(\w)\}", line))
        text = re.sub(r"\{\w\}", "{}", line)
        letters = re.sub(r"[^a-z]", "", text.lower())
        return cls(text, slots, letters, _packed(letters), 3 * (slots.count("n") + slots.count("c")), tail)


@cache
def _frames() -> tuple[tuple[_Frame, ...], tuple[_Frame, ...], tuple[_Frame, ...]]:
    """Sentences, tails to follow them, and sentences without any letter of their own."""
    held = json.loads(Path(__file__).with_name("spelling.json").read_text(encoding="utf-8"))
    deeds = [_Frame.read(f"{{n}} {verb} {{n}}", tail=True) for verb in held["verbs"].split()]
    cores, tails, letterless = (tuple(map(_Frame.read, held[part])) for part in ("cores", "tails", "letterless"))
    return (*deeds, *cores), tails, letterless


class _Letters:
    """What may still be used of each letter: chosen ones until none is left, others up to the threshold."""

    def __init__(self, draws: Draws, targets: dict[str, int], threshold: int) -> None:
        left = {letter: targets.get(letter, threshold) for letter in ALPHABET}
        self.packed = sum(n << _SHIFT[letter] for letter, n in left.items())
        self.chosen = frozenset(targets)
        self.vowels = sum(n for letter, n in left.items() if letter in _VOWELS)  # left, chosen or not
        # Chosen letters left: vowels under True, consonants under False.
        self.rest = {kind: sum(n for c, n in targets.items() if (c in _VOWELS) == kind) for kind in (True, False)}
        # Stacks in random order, chosen letters on top. A frame takes letters without looking for them in the stacks:
        # `owed` says how many of each are to be passed over there.
        self.owed = dict.fromkeys(ALPHABET, 0)
        self.stacks: dict[bool, list[str]] = {}
        for kind in (True, False):
            pool = [letter for letter, n in left.items() if (letter in _VOWELS) == kind for _ in range(n)]
            others = [letter for letter in pool if letter not in self.chosen]
            chosen = [letter for letter in pool if letter in self.chosen]
            self.stacks[kind] = draws.shuffled(others) + draws.shuffled(chosen)

    def __len__(self) -> int:
        """Chosen letters left."""
        return self.rest[True] + self.rest[False]

    def fits(self, frame: _Frame) -> bool:
        """Whether a frame's words keep to the budget and leave enough for its names; if not, they never will again."""
        if ((self.packed | _GUARDS) - frame.need) & _GUARDS != _GUARDS:
            return False
        return len(self) - sum(letter in self.chosen for letter in frame.letters) >= frame.size

    def spend(self, frame: _Frame) -> None:
        """Uses the letters of a frame's words."""
        self.packed -= frame.need
        for letter in frame.letters:
            vowel = letter in _VOWELS
            self.owed[letter] += 1
            self.vowels -= vowel
            self.rest[vowel] -= letter in self.chosen

    def take(self, vowel: bool) -> str:
        """A vowel or a consonant, chosen ones first; '' if there is none."""
        stack, owed = self.stacks[vowel], self.owed
        while stack:
            letter = stack.pop()
            if not owed[letter]:
                self.packed -= 1 << _SHIFT[letter]
                self.vowels -= vowel
                self.rest[vowel] -= letter in self.chosen
                return letter
            owed[letter] -= 1
        return ""


def spell(draws: Draws, targets: Sequence[int], *, threshold: int = 3) -> Passage:
    """A text in which the i-th of its letters occurs exactly targets[i] times and all others at most `threshold` times.

    The letters are drawn uniformly from a to z. TextError if a target is not above the threshold.
    """
    if len(targets) > len(ALPHABET):
        raise TextError(f"{len(targets)} letters were asked for: there are {len(ALPHABET)}")
    for target in targets:
        if not threshold < target <= _LARGEST:
            raise TextError(f"a letter cannot occur {target} times: write {threshold + 1} to {_LARGEST}")
    names = draws.sample(ALPHABET, len(targets))
    letters = _Letters(draws, dict(zip(names, targets)), threshold)
    return Passage(_write(draws, letters), tuple(names))


def _write(draws: Draws, letters: _Letters) -> str:
    """Sentences until every chosen letter has been used as often as it must be."""
    cores, tails, letterless = (list(frames) for frames in _frames())
    text = []
    while len(letters) >= 3:
        frame = _pick(draws, letters, cores) or _pick(draws, letters, letterless)
        assert frame is not None  # a lone name always fits
        letters.spend(frame)
        sentence = _filled(draws, letters, frame)
        if frame.tail and len(letters) >= 3 and draws.chance(0.5) and (tail := _pick(draws, letters, tails)):
            letters.spend(tail)
            sentence = f"{sentence} {_filled(draws, letters, tail)}"
        text.append(sentence)
    if letters:  # one or two are left: the initials of a last name
        text.append(" ".join(f"{_code(draws, letters, 1)}." for _ in range(len(letters))))
    return " ".join(s[0].upper() + s[1:] + ("" if s[-1] in ".?" else ".") for s in text)


def _pick(draws: Draws, letters: _Letters, frames: list[_Frame]) -> _Frame | None:
    """A random frame that fits; those that do not are dropped from the list."""
    while frames:
        i = draws.integers(0, len(frames))
        if letters.fits(frames[i]):
            return frames[i]
        frames[i] = frames[-1]
        frames.pop()
    return None


def _filled(draws: Draws, letters: _Letters, frame: _Frame) -> str:
    """The frame with names, codes and numbers in its places; the last sentence takes all the letters there are."""
    slots = []
    for i, slot in enumerate(frame.slots):
        if slot == "d":
            slots.append(str(draws.integers(2, 100)))
        elif slot == "t":
            slots.append(f"{draws.integers(1, 13)}:{draws.integers(0, 12) * 5:02}")
        else:
            places = sum(s in "nc" for s in frame.slots[i:])
            size = min(draws.integers(3, 8), len(letters) - 3 * (places - 1))
            if len(letters) <= 7 * places:
                size = -(-len(letters) // places)
            if slot == "c" or not letters.vowels:
                slots.append(_code(draws, letters, size))
            else:
                name = _name(draws, letters, size)
                slots.append(_adorned(draws, letters, name, len(letters) - 3 * (places - 1)))
    return frame.text.format(*slots)


def _name(draws: Draws, letters: _Letters, size: int) -> str:
    """A name one can say: vowels and consonants in turn, sometimes two of the kind of which there are too many."""
    name = [letters.take(True)]
    if len(letters) and draws.chance(0.8):
        name.insert(0, letters.take(False))
    vowel, run = False, 0
    while len(name) < size and len(letters) and (letter := letters.take(vowel)):
        name.append(letter)
        run += 1
        surplus = letters.rest[vowel] > 1.2 * letters.rest[not vowel] + 2
        if run == 2 or not (surplus and draws.chance(0.7)):
            vowel, run = not vowel, 0
    return "".join(name).capitalize()


def _adorned(draws: Draws, letters: _Letters, name: str, spare: int) -> str:
    """The name with an initial or a code that takes its share of the consonants for which there are no vowels."""
    pairs = letters.vowels / 2  # about as many names are still to come
    share = (letters.rest[False] - 2 * letters.vowels) / (pairs + 1)
    size = min(int(share + draws.random()), spare, 7)
    if size < 1:
        return name
    if size < 3:
        return " ".join([*(_code(draws, letters, 1) + "." for _ in range(size)), name])
    return f"{name} ({_code(draws, letters, size)})"


def _code(draws: Draws, letters: _Letters, size: int) -> str:
    """Capitals that need not be said, of the kind of which there are more."""
    code = "".join(letters.take(letters.rest[True] > letters.rest[False]) for _ in range(min(size, len(letters))))
    return code.upper()
