"""What models are asked, in our own words, and the type of what they are to answer.

A prompt's name and version are part of the hash under which a reply is journalled: whoever changes its words raises its
version (a test watches over that), and replies to the old words are kept apart from those to the new.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Any, Generic, Literal, TypeVar

T_co = TypeVar("T_co", covariant=True)
Kind = Literal["number", "percent", "label", "boolean", "date", "interval", "sequence", "set"]


@dataclass(frozen=True)
class Prompt(Generic[T_co]):
    name: str
    version: int
    reply: type[T_co]
    text: str  # with $fields

    def said(self, fields: Mapping[str, Any]) -> str:
        shown = {k: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for k, v in fields.items()}
        return Template(self.text).substitute(shown).encode("utf-8", "replace").decode()  # no half of a surrogate pair


@dataclass(frozen=True, kw_only=True)
class Code:
    code: str


@dataclass(frozen=True, kw_only=True)
class Idea:
    topic: str
    code: str


@dataclass(frozen=True, kw_only=True)
class Topic:
    topic: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Topics:
    topics: list[Topic]


@dataclass(frozen=True, kw_only=True)
class Column:
    name: str
    values: list[str | int | float]


@dataclass(frozen=True, kw_only=True)
class Data:
    columns: list[Column]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A question with a program; `stated` is the answer on the model's word."""

    question: str
    kind: Kind
    unit: str
    program: str
    stated: str
    explanation: str


@dataclass(frozen=True, kw_only=True)
class Drafts:
    questions: list[Draft]


@dataclass(frozen=True, kw_only=True)
class Program:
    program: str


@dataclass(frozen=True, kw_only=True)
class Said:
    answer: str


@dataclass(frozen=True, kw_only=True)
class Rewritten:
    question: str


@dataclass(frozen=True, kw_only=True)
class Vote:
    good: bool
    reason: str


CONTRACT = """\
The script has two parts and nothing else runs when it is loaded:
- `DATA = {...}`, a dict of plain numbers, strings, lists and dicts: every value that the figure shows, and no other.
- `def render(data):`, which draws `data` with matplotlib and returns the figure. It takes every name and number from
  `data`, never from a copy of its own, so that other data of the same shape gives another figure. It writes what a
  reader needs: a title, axis names with units, a legend where there are several series.
numpy, pandas, seaborn, squarify and networkx are there. No files, no network, no random numbers, no plt.show().
All text stays inside the figure, is at least 9 points large and overlaps nothing."""

_ANSWER = """\
`answer(data)` is a function of the dict alone; it computes the answer, never writes it down as a constant, and returns
a number, a string, True or False, or a list of those. It imports nothing but math and statistics.
Kinds: number; percent (45 for 45 %); label (a name from the data); boolean; date (as 2020-01); interval (two numbers);
sequence (a list in order); set (a list in any order)."""

INVENT = Prompt(
    "invent",
    1,
    Idea,
    """Here are scripts that each draw a figure.

$examples

Write another one, of a different subject. The figure is a $kind; the subject has to do with $domain; the numbers are
plausible and of your own. Do not follow the examples in title, wording, colours or layout.

"""
    + CONTRACT
    + """

Give the topic in a few words, and the script.""",
)

DIRECTIONS = {
    "data": "more data: more categories, more series or a longer time, with names and numbers that fit the subject",
    "look": "a richer look: other colours, styles, markers, hatches, annotations or value labels, in good taste, with "
    "the same DATA",
    "overlay": "an overlay: a second kind of marks over the first in the same axes (a line over bars, a second axis), "
    "with new columns of DATA that belong to the subject",
    "panel": "another panel: a second plot beside or below the first, of another kind, with new parts of DATA that say "
    "more about the same subject",
}

EVOLVE = Prompt(
    "evolve",
    1,
    Code,
    """Here is a script that draws a figure about $topic.

$code

Make a new version of it with $direction.

"""
    + CONTRACT
    + """

Give the whole new script.""",
)

REPAIR = Prompt(
    "repair",
    1,
    Code,
    """This script was to draw a figure, and does not pass:

$code

What is wrong: $problem

"""
    + CONTRACT
    + """

Give the whole script, mended.""",
)

TOPICS = Prompt(
    "topics",
    1,
    Topics,
    """Think of somebody: $persona

Name $count things that this person would want to see as a figure of this kind: $kind
Each is specific (what is shown, where, when), unlike the others, and can be told with a small table of data.
Give each topic in a sentence, and a title for the figure.""",
)

DATA = Prompt(
    "data",
    1,
    Data,
    """Somebody ($persona) wants a figure: $topic
Its title is: $title
Its kind is: $kind

Make up the data as a table: plausible, varied, without ties among the largest and smallest values, as precise as the
figure can show. Give columns, each with a short name (and its unit in brackets, if any) and its values; all columns
are equally long, numbers are bare numbers, and nothing is left out.""",
)

CODE = Prompt(
    "code",
    1,
    Code,
    """Somebody ($persona) wants a figure: $topic
Its title is: $title
Its kind is: $kind
This is the data:

$data

Write the Python that draws it, in a style that suits the subject.

"""
    + CONTRACT
    + """

DATA is there already, as above: give the imports and `render(data)`, without DATA.""",
)

QUESTIONS = Prompt(
    "questions",
    1,
    Drafts,
    """This script draws a figure$audience.

$code

Write $count questions for somebody who sees the figure and nothing else: $recognition that are answered by finding and
reading off something, then $reasoning that take several values and some reckoning. Each has one answer that the figure
gives, says what it must about unit, rounding and order, and does not speak of code, data or columns. No two ask alike.

Give for each the question, the kind of its answer, the answer's unit ("" if none), a program that defines
`answer(data)`, the answer itself, and an explanation of how one gets there from the figure in one to four sentences.
"""
    + _ANSWER,
)

SECOND = Prompt(
    "second",
    1,
    Program,
    """A question about a figure: $question
The answer is of the kind $kind$unit. The figure's data is a dict `data` of this shape:

$schema

Write a program that defines `answer(data)` and answers the question from data of that shape, whatever its values.
"""
    + _ANSWER,
)

BLIND = Prompt(
    "blind",
    1,
    Said,
    """These are the data of a figure:

$table

A question about it: $question
Answer it from the data: work it out carefully, and give the bare answer (a number$unit, a name, yes or no, a date, or
a list with "; " between its items). If it cannot be answered, or could be understood in two ways, answer "unclear".""",
)

REWRITE = Prompt(
    "rewrite",
    1,
    Rewritten,
    """Say this question about a figure in other words, as another person would: $question
It keeps its meaning exactly, and every number, name, unit, and word about rounding or order in it.""",
)

LOOK = Prompt(
    "look",
    1,
    Vote,
    """This picture is to be a figure that people are asked questions about. It is good if all of its text can be read,
nothing needed is cut off or covered, its axes and legend say what is shown, and it makes sense. Is it good? Say why in
one sentence.""",
)

PAIR = Prompt(
    "pair",
    1,
    Vote,
    """A question about this picture: $question
The answer given is: $answer
It is good if the question can be answered from the picture alone, can be understood in one way only, and the answer is
right as far as you can see. Is it good? Say why in one sentence.""",
)

AGAIN = Prompt("again", 1, Code, "That is not what was asked for: $problem. Answer again, whole, with that mended.")

PROMPTS = (INVENT, EVOLVE, REPAIR, TOPICS, DATA, CODE, QUESTIONS, SECOND, BLIND, REWRITE, LOOK, PAIR, AGAIN)
