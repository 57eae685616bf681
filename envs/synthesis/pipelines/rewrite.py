"""Whether a question that a teacher put into other words still asks the same: every number and every name is there, no
other has come in, and it asks for the same kind of thing.

    check_rewrite(old, new, names_in(data))       "" or why not; the words are alike for all of a cause

Kinds are told by words that mean one another: "highest" may become "largest", and neither "lowest" nor nothing at all.
What cannot be told stays as it was: a good rewrite that is refused costs a request, a bad one a wrong answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from envs.phrasings import numbers_in

LONGER = 3  # times as many characters, and a hundred, that a rewrite may have

_WORDS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_ORDINALS = ["second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"]
_SPELLED = {word: str(n) for n, word in enumerate(_WORDS, 2)} | {"twice": "2", "double": "2", "dozen": "12"}
_NTH = {word: n for n, word in enumerate(_ORDINALS, 2)}
_ORDINAL = re.compile(rf"\b(?:(\d+)(?:st|nd|rd|th)|({'|'.join(_ORDINALS)}))\b", re.IGNORECASE)
_FORM = re.compile(
    r"(?:^|[.!?:,;]\s+)(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would)\b(?! not)", re.I
)
_CAPITAL = re.compile(r"(?<![.!?:]\s)(?<!^)(?<![\w'’])([A-ZÀ-ÞΑ-ΩА-Я][\w'’&-]*|[a-z]+[A-Z]\w*)")
_QUOTED = re.compile(r"[\"“”„]([^\"“”„]+)[\"“”„]|(?<!\w)['‘]([^'‘’]+)['’](?!\w)")

# What is asked, by words that mean one another; earlier rows take their words away from later ones.
_KINDS: dict[str, str] = {
    "at least": r"at least|no (?:less|fewer) than|not (?:less|fewer) than|or (?:more|above|higher)",
    "at most": r"at most|(?:no|not) (?:more|greater|higher) than|or (?:less|fewer|below|lower)|up to(?= \d)",
    "a difference": r"differences?|differ|gap|how (?:much|many) (?:more|less|fewer|higher|lower|larger|smaller|greater|"
    r"longer|shorter|bigger)|by how (?:much|many)",
    "a ratio": r"ratio|how many times|times (?:as|more|larger|higher|greater)|multiple of",
    "a count": r"how many|number of|counts?|counted",
    "a median": r"medians?",
    "a mean": r"averages?|mean|averaged|on average",
    "a total": r"total(?:s|led)?|sums?|altogether|combined|taken together|add(?:ed|s)? (?:up|together)|in all|overall",
    "a share": r"percent(?:age)?s?|per cent|%|shares?|proportions?|fractions?",
    "a change up": r"increas\w+|rise[sn]?|rose|rising|grow\w*|grew|gain\w*",
    "a change down": r"decreas\w+|fall\w*|fell|drop\w*|declin\w+|shr[aiu]nk\w*",
    "more than": r"(?:more|greater|higher|larger|bigger|longer) than|above|over(?= \d)|exceed\w*|beyond",
    "less than": r"(?:less|fewer|lower|smaller|shorter) than|below|under(?= \d)",
    "the largest": r"largest|highest|most|maximum|max|greatest|biggest|top|peaks?|peaked|longest|tallest|leads?",
    "the smallest": r"smallest|lowest|least|fewest|minimum|min|bottom|shortest",
    "an exception": r"not|n't|never|without|except\w*|exclud\w+|other than|apart from|besides|ignoring|leaving out",
    "rounding": r"round(?:ed|ing)?|nearest|decimals?",
    "a list": r"list|enumerate|name all|in order|sorted|sort|rank(?:ed|ing)?",
    "before": r"before|prior to|earlier than|until",
    "after": r"after|later than|since|following",
    "between": r"between|from",
    "a year": r"years?",
    "a month": r"months?",
    "a week": r"weeks?|weekly",
    "a day": r"days?|daily|weekdays?",
    "a quarter": r"quarters?",
    "a scale": r"hundreds?|thousands?|millions?|billions?|dozens?",
    "a colour": r"colou?rs?|red|green|blue|yellow|orange|purple|grey|gray|black|white|brown|pink",
}
_KIND = {kind: re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE) for kind, words in _KINDS.items()}
_SUPERLATIVE = re.compile(r"\b[a-z]{3,}est\b", re.IGNORECASE)
_NO_SUPERLATIVE = frozenset(
    {"request", "interest", "forest", "harvest", "west", "contest", "invest", "suggest", "guest"}
)


def check_rewrite(old: str, new: str, names: Iterable[str] = ()) -> str:
    """Why `new` does not ask what `old` asks, or "". `names`: those of the data, which need no capital to be known."""
    if not new.strip() or new != " ".join(new.split()):
        return "no question on one line"
    if len(new) > LONGER * len(old) + 100:
        return "much longer"
    if "\\boxed" in new or "\\boxed" in old:
        return "a box in the question"
    for what, before, after in (
        ("number", _numbers(old), _numbers(new)),
        ("rank", _ranks(old), _ranks(new)),
        ("name", *_names(old, new, names)),
    ):
        if missing := sorted(before - after):
            return f"a {what} is missing: {missing[0]}"
        if added := sorted(after - before):
            return f"a {what} was added: {added[0]}"
    before, after = _asked(old), _asked(new)
    if missing := sorted(before - after):
        return f"asks no longer for {missing[0]}"
    if added := sorted(after - before):
        return f"asks for {added[0]} now"
    return ""


def names_in(data: Any) -> Iterator[str]:
    """Every text in data, keys and values, that a question may name."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield str(key)
            yield from names_in(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from names_in(value)
    elif isinstance(data, str):
        yield data


def _numbers(text: str) -> set[str]:
    """Numbers in digits, without separators of thousands."""
    found = (number.casefold() for number in numbers_in(_ORDINAL.sub(" ", text)))
    return {_SPELLED.get(number) or re.sub(r",(?=\d{3}(?!\d))", "", number) for number in found}


def _ranks(text: str) -> set[str]:
    return {f"{digits or _NTH[word.casefold()]}." for digits, word in _ORDINAL.findall(text)}


def _names(old: str, new: str, names: Iterable[str]) -> tuple[set[str], set[str]]:
    """The names of both, in small letters: of the data, in quotes, and what has a capital within a sentence. What opens
    a sentence has one anyway, and counts where the other text has it as a name."""
    wanted = {" ".join(name.casefold().split()) for name in names if re.search(r"\w\w", name)}  # "a" is a word
    before, after = old.casefold(), new.casefold()
    for text in (old, new):
        wanted |= {" ".join((one or other).casefold().split()) for one, other in _QUOTED.findall(text)}
        wanted |= {name.casefold().removesuffix("'s").removesuffix("’s") for name in _CAPITAL.findall(text)}
    wanted -= {"i", "yes", "no"}
    return {name for name in wanted if _holds(before, name)}, {name for name in wanted if _holds(after, name)}


def _holds(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _asked(text: str) -> set[str]:
    """What a question asks for, by kind."""
    found = {"yes or no"} if _FORM.search(text) else set()
    rest = text
    for kind, words in _KIND.items():
        rest, times = words.subn(" ; ", rest)
        if times:
            found.add(kind)
    others = {word.casefold() for word in _SUPERLATIVE.findall(rest)} - _NO_SUPERLATIVE
    return found | {f"the {word}" for word in others}
