"""From a question to a problem: two programs, written apart, must give the same answer, for the right reasons.

    check_question(chart, asked, sandbox)       Kept, or Dropped with the reason

Both programs run on DATA and on changed data (perturb.py), all in one child each, and must agree everywhere, by type
(kinds.py). The answer must change when the data does, must not ignore a name that the question mentions, nor hang on
what it does not mention where its words leave no doubt. It must also be one that the figure tells: the data is read
with the errors of a careful reader (drawn.py) some times over, which a label, a count or a truth has to stand, and
which make the tolerance of a number, as they do of procedural problems (interval arithmetic, by differences).
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from envs.address import Draws
from envs.sandbox import Called, Job, Sandbox
from envs.synthesis import units
from envs.synthesis.columns import Column, Path, columns, is_number, mentioned, put
from envs.synthesis.drawn import Drawn, Unfaithful, show
from envs.synthesis.items import Asked, Chart, Dropped, Kept
from envs.synthesis.kinds import KINDS, NoAnswer, agree, answer_of, checked, places_asked, rounding, says, stands
from envs.synthesis.perturb import Version, versions
from envs.synthesis.reading import readings, single
from envs.synthesis.relations import Relation, relations
from envs.synthesis.script import Broken, exact, program
from envs.views import LOST, TOO_COARSE
from rewards import Answer, Label
from rewards.typography import label_key

WIDER = 2.0  # times an answer, beyond which its honest range does not matter
MISSED = 0.25  # of the changed versions may make both programs fail, as an empty selection does
LONGEST = 600  # characters of a question
EXACT = "_answer_exactly"  # the program without its rounding
# Words after which rows that a question does not name may matter, or named ones may not.
_ALL = re.compile(
    r"\b(all|total|totals|altogether|sum|every|each|any|other|others|rest|only|average|mean|median|most|least|fewest|"
    r"more|less|fewer|share|percent|percentage|proportion|fraction|rank|ranked|how many|which|what (?:year|month)|"
    r"first|last|range|count|order|list|combined|overall|whole|between|from|since|until|through|after|before|"
    r"[a-z]+est|top|bottom|maximum|minimum|max|min|peak|highest|\d+(?:st|nd|rd|th)|second|third|fourth|fifth)\b|%",
    re.IGNORECASE,
)
_EXCEPT = re.compile(
    r"\b(except|excluding|exclude|without|apart from|other than|besides|not|ignoring|leaving out|beyond)\b",
    re.IGNORECASE,
)


class _Bad(Exception):
    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class _Ran:
    """What a program gave: on DATA, on each changed version, on each reading of the figure; `exact` is the value on
    DATA before it was rounded, as readings are not."""

    value: Any
    exact: Any
    changed: Sequence[Called]
    read: Sequence[Called]


def check_question(chart: Chart, asked: Asked, sandbox: Sandbox) -> Kept | Dropped:
    """The problem that a question makes, or why it makes none."""
    checks: dict[str, Any] = {}
    try:
        answer, value = _proved(chart, asked, sandbox, checks)
    except _Bad as bad:
        inputs = {"chart": chart.id, "question": asked.question}
        return Dropped(stage="question", reason=bad.reason, detail=bad.detail[:300], inputs=inputs)
    blind = "" if asked.blind is None else "agrees" if says(asked.blind, answer) else "differs"
    checks["blind"] = blind or "not asked"
    tier = "agreed" if blind == "agrees" else "executed"
    return Kept(chart=chart, asked=asked, answer=answer.to_json(), value=value, tier=tier, checks=checks)


def _proved(chart: Chart, asked: Asked, sandbox: Sandbox, checks: dict[str, Any]) -> tuple[Answer, Any]:
    question, data = asked.question, chart.data
    if not 0 < len(question.strip()) <= LONGEST:
        raise _Bad("no question" if not question.strip() else "a question too long")
    if KINDS.get(asked.kind.casefold().strip()) is None:
        raise _Bad("unknown kind of answer", asked.kind)
    try:
        drawn = show(data, chart.artists, inside=True)
    except Unfaithful as unfaithful:
        raise _Bad("the figure does not show the data", f"{unfaithful.reason}: {unfaithful.detail}") from None
    codes = _codes(asked)
    draws = Draws("synthesis", "question", chart.id, question)
    tries = [*versions(data, question, draws), *_hidden(data, drawn, chart.artists)]
    read = readings(data, drawn, draws)
    alone = single(data, drawn)
    first = _run(codes[0], data, tries, [*read, *(each for _, each in alone)], sandbox, "the program")
    second = _run(codes[1], data, tries, read, sandbox, "the second program")

    kind, places = KINDS[asked.kind.casefold().strip()], places_asked(question)
    _well_formed(first.value)
    _well_formed(second.value)
    if not agree(first.value, second.value, kind=kind, places=places):
        raise _Bad("the programs disagree", f"{first.value!r:.80} and {second.value!r:.80}")
    checks["versions"] = _agreement(first, second, tries, kind, places)
    _changes(first, tries, data, question, kind, places)
    value = first.value
    said = relations(data, question, kind, value)
    if said:
        _words_hold(said, _run(codes[0], data, (), [each.data for each in said], sandbox, "the program"))
        checks["words"] = [each.what for each in said]
    answer = _answer(chart, asked, drawn, first, len(read), places, checks)
    if is_number(value):  # a stored number must have the digits that the answer has
        places = rounding(float(value), places, _given(columns(data)[0]))[1]
    if asked.stated is not None and not stands(asked.stated, value, answer, kind, places):
        raise _Bad("the stated answer is another", f"{asked.stated!r:.60} instead of {value!r:.60}")
    return answer, value


# --- Programs


def _codes(asked: Asked) -> tuple[str, str]:
    codes = []
    for name, code in (("the program", asked.program), ("the second program", asked.second)):
        try:
            codes.append(program(code))
        except Broken as broken:
            raise _Bad(f"{name}: {broken.reason}", broken.detail) from None
    if ast.dump(ast.parse(codes[0])) == ast.dump(ast.parse(codes[1])):
        raise _Bad("both programs are one")
    return codes[0], codes[1]


def _run(code: str, data: Any, tries: Sequence[Version], read: Sequence[Any], sandbox: Sandbox, name: str) -> _Ran:
    """One child answers for all versions of the data."""
    called = [("answer", (each,)) for each in (data, *(version.data for version in tries))]
    unrounded = exact(code, EXACT)
    called += [(EXACT if unrounded else "answer", (each,)) for each in (data, *read)]
    outcome = sandbox.run(Job(code=unrounded or code, calls=tuple(called), name=name))
    if outcome.reason:
        raise _Bad(f"{name} does not run", outcome.reason)
    own, cut = outcome.called[0], 1 + len(tries)
    if own.error:
        raise _Bad(_failure(own.error, name), own.error)
    full, again = outcome.called[cut], outcome.called[cut + 1 :]
    if full.error:  # what rounds cannot always be taken away
        raise _Bad(f"{name} cannot do without rounding", full.error)
    if len([called for called in again if called.error]) > MISSED * len(again):
        raise _Bad("the programs fail on changed data", next(called.error for called in again if called.error))
    return _Ran(own.value, full.value, outcome.called[1:cut], again)


def _failure(error: str, name: str) -> str:
    if "JSON has no word for" in error:
        return "not a finite number"
    if "which is not JSON" in error or "JSON has strings" in error:
        return "not an answer: no JSON"
    return f"{name} fails on the data"


def _well_formed(value: Any) -> None:
    try:
        checked(value)
    except NoAnswer as none:
        raise _Bad(str(none), f"{value!r:.80}") from None


def _agreement(first: _Ran, second: _Ran, tries: Sequence[Version], kind: str, places: int | None) -> int:
    """On how many versions both programs gave the same; _Bad where they do not, or where too many say nothing."""
    agreed = missed = 0
    for version, a, b in zip(tries, first.changed, second.changed):
        if a.error and b.error:
            missed += 1
        elif a.error or b.error:
            raise _Bad("a program fails on changed data", f"{version.what}: {a.error or b.error}")
        elif not agree(a.value, b.value, kind=kind, places=places):
            raise _Bad("the programs disagree on changed data", f"{version.what}: {a.value!r:.60}, {b.value!r:.60}")
        else:
            agreed += 1
    for a, b in zip(first.read, second.read):
        if not (a.error or b.error) and not agree(a.value, b.value, kind=kind, places=places):
            raise _Bad("the programs disagree on changed data", f"reading: {a.value!r:.60}, {b.value!r:.60}")
    if missed > MISSED * len(tries):
        raise _Bad("the programs fail on changed data", next(c.error for c in first.changed if c.error))
    return agreed


# --- Does it hang on what it should?


def _changes(first: _Ran, tries: Sequence[Version], data: Any, question: str, kind: str, places: int | None) -> None:
    def moved(*what: str) -> list[bool]:
        return [
            not agree(called.value, first.value, kind=kind)
            for version, called in zip(tries, first.changed)
            if version.what in what and not called.error
        ]

    if not any(moved("numbers", "names", "row", "named", "column")):
        raise _Bad("the answer never changes", f"{first.value!r:.80}")
    if any(moved("hidden")):
        raise _Bad("the answer needs what is not drawn")
    _names_matter(first, tries, question, kind, any(moved("names")))
    if any(moved("others")) and not _ALL.search(question) and not _EXCEPT.search(question):
        raise _Bad("the answer hangs on what the question does not name")
    numbers, _ = columns(data)
    _columns_named(numbers, tries, first, question, kind)


def _names_matter(first: _Ran, tries: Sequence[Version], question: str, kind: str, loose: bool) -> None:
    """_Bad where the numbers of a name that the question mentions make no difference: each one's to a number, some
    one's to a truth or a label, unless that hangs on the names themselves (`loose`)."""
    moved: dict[frozenset[str], bool] = {}
    for version, called in zip(tries, first.changed):
        if version.what == "named" and not called.error:
            other = not agree(called.value, first.value, kind=kind)
            moved[version.names] = moved.get(version.names, False) or other
    if not moved or _EXCEPT.search(question):
        return
    enough = all(moved.values()) if kind in ("number", "percent") else loose or any(moved.values())
    if not enough:
        ignored = next(names for names, other in moved.items() if not other)
        raise _Bad("the answer ignores what the question names", ", ".join(sorted(ignored)))


def _words_hold(said: Sequence[Relation], ran: _Ran) -> None:
    """_Bad where the answer does not move as the question's words say."""
    for relation, called in zip(said, ran.read):
        if not called.error and not relation.holds(ran.exact, called.value):
            raise _Bad("the answer is not what the words say", relation.what)


def _columns_named(numbers: list[Column], tries: Sequence[Version], first: _Ran, question: str, kind: str) -> None:
    """_Bad where a column that the question names makes no difference, or where one of the same mapping that it does
    not name does, and nothing in its words speaks of all of them."""
    spoken = {column.path: column.name.replace("_", " ") for column in numbers if column.name}
    said = mentioned(question, list(spoken.values()))
    families: dict[tuple[str, ...], list[Column]] = {}
    for column in numbers:
        if not column.position and not column.lone:
            families.setdefault(tuple(p for p in column.path if p != column.name), []).append(column)
    for version_path in {version.column for version in tries if version.what == "column"}:
        moved = [
            not agree(called.value, first.value, kind=kind)
            for version, called in zip(tries, first.changed)
            if version.column == version_path and not called.error
        ]
        named = spoken.get(version_path) in said
        siblings = next((family for family in families.values() if version_path in {c.path for c in family}), [])
        other = any(spoken.get(c.path) in said for c in siblings if c.path != version_path)
        if named and moved and not any(moved) and not _EXCEPT.search(question) and kind not in ("boolean", "label"):
            raise _Bad("the answer ignores what the question names", "/".join(version_path))
        if not named and other and any(moved) and not _ALL.search(question) and not _EXCEPT.search(question):
            raise _Bad("the answer hangs on what the question does not name", "/".join(version_path))


def _hidden(data: Any, drawn: Drawn, artists: dict[str, Any]) -> list[Version]:
    """The data with numbers changed that stand by themselves and are nowhere written on the figure."""
    from envs.numerals import numbers as written

    seen = {value for text in artists["texts"] for value in written(text["text"])}
    changes: dict[Path, Any] = {}
    for column in columns(data)[0]:
        if column.path in drawn.lone and float(column.values[0]) not in seen:
            value = column.values[0]
            changes[column.places[0]] = value * 2 + 1 if isinstance(value, int) else value * 1.7 + 0.1
    return [Version("hidden", put(data, changes))] if changes else []


# --- The answer


def _answer(
    chart: Chart,
    asked: Asked,
    drawn: Drawn,
    first: _Ran,
    read: int,
    places: int | None,
    checks: dict[str, Any],
) -> Answer:
    value = first.value
    numbers, names = columns(chart.data)
    spoken = [key for column in numbers for keys in column.keys for key in keys]
    spoken += [str(v) for column in names for v in column.values] + [column.name for column in numbers]
    kind = KINDS[asked.kind.casefold().strip()]
    labels = units.of_chart(chart.artists)
    words = units.words_of(chart.artists, [column.name for column in (*numbers, *names)])
    if wrong := units.differs(asked.question, asked.unit, labels, words, computed=kind == "percent"):
        raise _Bad("the unit is not the chart's", wrong)
    numeric = is_number(value) or (isinstance(value, list) and all(map(is_number, value)))
    error, tolerance = 0.0, 0.0
    if numeric and kind not in ("label", "date"):
        error = _error(first, read)
        largest = max(abs(float(v)) for v in (value if isinstance(value, list) else [value]))
        # The honest range of the answer is what it was on changed data; of small differences that of the values.
        others = [abs(called.value) for called in first.changed if is_number(called.value)]
        span = max((max(map(abs, column.values)) for column in numbers if not column.position), default=0.0)
        room = 100.0 if kind == "percent" else max(largest, min(max([*others, span]), WIDER * largest))
        if error > TOO_COARSE * room or (largest and error > LOST * largest):
            raise _Bad("it cannot be read closely enough", f"{value!r:.60} ± {error:.3g}")
        off = [rounding(float(v), places, _given(numbers))[0] for v in (value if isinstance(value, list) else [value])]
        tolerance = error + max(off)
        if error == 0 and float(largest).is_integer() and places in (None, 0) and is_number(value):
            tolerance = 0.0
    else:
        steady = [agree(called.value, first.exact, kind=kind) for called in first.read[:read] if not called.error]
        if not all(steady):
            raise _Bad("too close to tell by eye", f"{value!r:.60}")
    scale = units.scale_of(asked.question, asked.unit, labels) if kind == "number" and _scales(first, value) else 1.0
    try:
        centre = first.exact if numeric and agree(first.exact, value, kind=kind, places=places) else value
        answer = answer_of(centre, asked.kind, tolerance=tolerance, scale=scale, of=spoken)
    except NoAnswer as none:
        raise _Bad(str(none), f"{value!r:.60} as {asked.kind}") from None
    _known(answer, spoken, chart, asked.question)
    checks |= {"error": round(error, 9), "tolerance": round(tolerance, 9), "shown": sorted(set(drawn.how.values()))}
    return answer


def _given(numbers: list[Column]) -> int:
    """The most decimals that the data has."""
    return max((column.decimals for column in numbers if not column.position), default=0)


def _scales(first: _Ran, value: Any) -> bool:
    """Whether an answer is in the unit of the values: no count and no place, which changes of a hair leave alone."""
    return not (isinstance(value, int) and all(called.value == value for called in first.read if not called.error))


def _error(first: _Ran, read: int) -> float:
    """How far off a careful reader's answer may be: the sum of what each value's reading error does to it. _Bad where
    readings of all values together lead further, as those do that change which values count."""
    value = first.exact

    def off(called: Called) -> float:
        if called.error:
            return 0.0
        own, other = (each if isinstance(each, list) else [each] for each in (value, called.value))
        if len(own) != len(other) or not all(map(is_number, other)):
            return math.inf
        return float(max(abs(a - b) for a, b in zip(own, other)))

    total = math.fsum(off(called) for called in first.read[read:])
    together = max((off(called) for called in first.read[:read]), default=0.0)
    if together > total * 1.05 + 1e-9:
        raise _Bad("too close to tell by eye", f"{value!r:.60} ± {together:.3g}, not {total:.3g}")
    return total


def _known(answer: Answer, spoken: Iterable[str], chart: Chart, question: str) -> None:
    """_Bad where a label is no name of the data and nowhere on the figure or in the question."""
    together = label_key(" \n ".join([*spoken, *(t["text"] for t in chart.artists["texts"]), question]))
    items = getattr(answer, "items", (answer,))
    for item in items:
        if isinstance(item, Label) and label_key(item.value) not in together:
            raise _Bad("the answer is no name of the figure", item.value)
