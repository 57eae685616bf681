"""How often each letter and each content word occurs in a text: the one counter for built-in and foreign text alike.

Letters and words are Latin, accents kept: these are the characters every chart font has, and no two of them look alike
as Latin A and Greek Alpha do. Text is first brought to one form (NFKC, casefold), so that ligatures, full-width and
mathematical letters count as the letters they show.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path

SHORTEST_WORD = 3  # letters; shorter words are not counted

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_LETTER = "a-zß-öø-ƿǄ-ɏḁ-ỹ"  # Latin, Latin-1, Extended-A, -B and Additional, without ÷ and the click letters
_LINK = re.compile(r"\S*(?:://|@|www\.)\S*")
_BREAK = re.compile(r"[\s.,;:!?¡¿()\[\]{}<>\"“”„«»‹›…—–|/\\]+")
_WORD = re.compile(rf"[{_LETTER}]+(?:['-][{_LETTER}]+)*")
_CONTRACTION = re.compile(r"'(?:s|t|d|m|ll|re|ve)\Z")


@cache
def stop_words() -> frozenset[str]:
    """Function words and light verbs, which say nothing of what a text is about (our own list, `stopwords.txt`)."""
    return frozenset(Path(__file__).with_name("stopwords.txt").read_text(encoding="utf-8").split())


def plain(text: str) -> str:
    """The text in the form that is counted: compatibility letters resolved, lower case, one kind of apostrophe."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    # Soft hyphens and zero-width spaces hide inside words; the three apostrophes and two hyphens are one each.
    return text.translate(_SPELLINGS)


_SPELLINGS = {ord(c): None for c in "\u00ad\u200b\u200c\u200d\u2060\ufeff"} | {
    ord("’"): "'",
    ord("‘"): "'",
    ord("ʼ"): "'",
    ord("‐"): "-",
    ord("‑"): "-",
}


def letters(text: str) -> dict[str, int]:
    """Latin letter -> how often it occurs, upper and lower case together, keys in lower case."""
    text = plain(text)
    if text.isascii():
        return {letter: n for letter in _ALPHABET if (n := text.count(letter))}
    return {c: n for c, n in Counter(text).items() if _showable(c)}


@cache
def _showable(character: str) -> bool:
    """Whether a character is a Latin letter that has a capital of its own, so that 'É' can stand on an axis."""
    capital = character.upper()
    return bool(re.fullmatch(f"[{_LETTER}]", character)) and capital != character and len(capital) == 1


def words(text: str) -> dict[str, int]:
    """Content word -> how often it occurs; lower case, at least three letters, no stop words, in order of appearance.

    Words joined by a hyphen stay one word; a possessive or contracted ending is cut off ("boat's" counts as boat). What
    holds a digit, a currency sign or any other character that is no letter is skipped whole, links and addresses too.
    """
    text = plain(text)
    if "@" in text or "://" in text or "www." in text:
        text = _LINK.sub(" ", text)
    stop = stop_words()
    counts: dict[str, int] = {}
    for chunk, n in Counter(_BREAK.split(text)).items():
        word = chunk if chunk.isalpha() else chunk.strip("'`-*_~#")
        if word in stop or len(word) < SHORTEST_WORD or not _WORD.fullmatch(word):
            continue
        if "'" in word:
            if word.endswith("n't"):  # don't, isn't: function words all
                continue
            word = _CONTRACTION.sub("", word)
            if word in stop:
                continue
        if sum(map(str.isalpha, word)) >= SHORTEST_WORD:
            counts[word] = counts.get(word, 0) + n
    return counts


def sentence_lengths(text: str, of: str = "words") -> list[int]:
    """Words (of any length, stop words too) or letters of each sentence; what has none is no sentence."""
    count = _RUN.findall if of == "words" else lambda sentence: list(filter(str.isalpha, sentence))
    return [n for sentence in _END.split(text) if (n := len(count(sentence)))]


def word_lengths(text: str) -> dict[int, int]:
    """Letters -> how many words, of any kind, have so many."""
    return Counter(sum(map(str.isalpha, word)) for word in _RUN.findall(text))


def pairs(text: str) -> dict[str, int]:
    """Two Latin letters in lower case that follow each other within a word -> how often they do."""
    text = plain(text)
    return {a + b: n for (a, b), n in Counter(pairwise(text)).items() if _showable(a) and _showable(b)}


_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+")
_RUN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
