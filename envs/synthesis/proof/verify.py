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
from dataclasses import replace
from typing import Any

from envs.address import Draws
from envs.numerals import half_up
from envs.sandbox import Called, Job, Sandbox
from envs.synthesis.items import Asked, Chart, Dropped, Kept
from envs.synthesis.proof import units
from envs.synthesis.proof.columns import Column, columns, is_number
from envs.synthesis.proof.columns import spoken as called
from envs.synthesis.proof.depends import Bad, Ran, changes, hidden, words_hold
from envs.synthesis.proof.derived import Unfaithful
from envs.synthesis.proof.drawn import Drawn, show
from envs.synthesis.proof.kinds import (
    KINDS,
    NoAnswer,
    agree,
    answer_of,
    checked,
    places_asked,
    rounding,
    says,
    stands,
    step_asked,
)
from envs.synthesis.proof.perturb import Version, versions
from envs.synthesis.proof.reading import readings, single
from envs.synthesis.proof.relations import relations
from envs.synthesis.proof.script import Broken, exact, program
from envs.views import LOST, TOO_COARSE
from rewards import Answer, Label
from rewards.typography import label_key

WIDER = 2.0  # times an answer, beyond which its honest range does not matter
MISSED = 0.25  # of the changed versions may make both programs fail, as an empty selection does
LONGEST = 600  # characters of a question
_NONE = frozenset(("", "none", "no answer", "n/a", "null"))
_ROUNDED = re.compile(r"\bround|\bnearest\b|\bwhole number|\bapprox|\babout\b", re.IGNORECASE)
EXACT = "_answer_exactly"  # the program without its rounding


def check_question(chart: Chart, asked: Asked, sandbox: Sandbox, *, alike: bool = False) -> Kept | Dropped:
    """The problem that a question makes, or why it makes none.

    Programs that are one, but for layout, say no more than one does. Of a plain question there are not many, so a blind
    solver who agrees makes them good; `alike` lets them pass where he is still to be asked.
    """
    checks: dict[str, Any] = {}
    try:
        answer, value = _proved(chart, asked, sandbox, checks)
    except Bad as bad:
        inputs = {"chart": chart.id, "question": asked.question}
        return Dropped(stage="question", reason=bad.reason, detail=bad.detail[:300], inputs=inputs)
    blind = "" if asked.blind is None else "agrees" if says(asked.blind, answer) else "differs"
    checks["blind"] = blind or "not asked"
    tier = "agreed" if blind == "agrees" else "executed"
    if checks["alike"] and tier == "executed" and not alike:
        said = "a blind solver differs" if blind else "and no blind solver was asked"
        inputs = {"chart": chart.id, "question": asked.question}
        return Dropped(stage="question", reason="both programs are one", detail=said, inputs=inputs)
    return Kept(chart=chart, asked=asked, answer=answer.to_json(), value=value, tier=tier, checks=checks)


def _proved(chart: Chart, asked: Asked, sandbox: Sandbox, checks: dict[str, Any]) -> tuple[Answer, Any]:
    question, data = asked.question, chart.data
    if not 0 < len(question.strip()) <= LONGEST:
        raise Bad("no question" if not question.strip() else "a question too long")
    if KINDS.get(asked.kind.casefold().strip()) is None:
        raise Bad("unknown kind of answer", asked.kind)
    try:
        drawn = show(data, chart.artists, inside=True)
    except Unfaithful as unfaithful:
        raise Bad("the figure does not show the data", f"{unfaithful.reason}: {unfaithful.detail}") from None
    codes = _codes(asked)
    checks["alike"] = ast.dump(ast.parse(codes[0])) == ast.dump(ast.parse(codes[1]))
    draws = Draws("synthesis", "question", chart.id, question)
    tries = [*versions(data, question, draws), *hidden(data, drawn)]
    read = readings(data, drawn, draws)
    alone = single(data, drawn)
    first = _run(codes[0], data, tries, [*read, *(each for _, each in alone)], sandbox, "the program")
    second = _run(codes[1], data, tries, read, sandbox, "the second program")

    kind, places = KINDS[asked.kind.casefold().strip()], places_asked(question)
    _well_formed(first.value)
    _well_formed(second.value)
    if not agree(first.value, second.value, kind=kind, places=places):
        raise Bad("the programs disagree", f"{first.value!r:.80} and {second.value!r:.80}")
    bare = [ran.exact for ran, code in zip((first, second), codes) if is_number(ran.exact) and exact(code, EXACT)]
    if len(bare) == 2 and not math.isclose(*bare, rel_tol=1e-6, abs_tol=1e-9):
        raise Bad("the programs disagree", f"{bare[0]!r:.40} and {bare[1]!r:.40}, before they are rounded")
    checks["versions"] = _agreement(first, second, tries, kind, places)
    changes(first, tries, data, question, kind, places)
    value = first.value
    said = relations(data, question, kind, value)
    if said:
        words_hold(said, _run(codes[0], data, (), [each.data for each in said], sandbox, "the program"))
        checks["words"] = [each.what for each in said]
    answer = _answer(chart, asked, drawn, first, len(read), places, checks)
    if is_number(value):  # a stored number must have the digits that the answer has
        places = rounding(float(value), places, _given(columns(data)[0]))[1]
    if asked.stated is not None and not stands(asked.stated, value, answer, kind, places):
        raise Bad("the stated answer is another", f"{asked.stated!r:.60} instead of {value!r:.60}")
    return answer, value


# --- Programs


def _codes(asked: Asked) -> tuple[str, str]:
    codes = []
    for name, code in (("the program", asked.program), ("the second program", asked.second)):
        try:
            codes.append(program(code))
        except Broken as broken:
            raise Bad(f"{name}: {broken.reason}", broken.detail) from None
    return codes[0], codes[1]


def _run(code: str, data: Any, tries: Sequence[Version], read: Sequence[Any], sandbox: Sandbox, name: str) -> Ran:
    """One child answers for all versions of the data."""
    called = [("answer", (each,)) for each in (data, *(version.data for version in tries))]
    unrounded = exact(code, EXACT)
    called += [(EXACT if unrounded else "answer", (each,)) for each in (data, *read)]
    outcome = sandbox.run(Job(code=unrounded or code, calls=tuple(called), name=name))
    if outcome.reason:
        raise Bad(f"{name} does not run", outcome.reason)
    own, cut = outcome.called[0], 1 + len(tries)
    if own.error:
        raise Bad(_failure(own.error, name), own.error)
    full, again = outcome.called[cut], outcome.called[cut + 1 :]
    if full.error:  # what rounds cannot always be taken away
        raise Bad(f"{name} cannot do without rounding", full.error)
    if len([called for called in again if called.error]) > MISSED * len(again):
        raise Bad("the programs fail on changed data", next(called.error for called in again if called.error))
    return Ran(own.value, full.value, outcome.called[1:cut], again)


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
        raise Bad(str(none), f"{value!r:.80}") from None


def _agreement(first: Ran, second: Ran, tries: Sequence[Version], kind: str, places: int | None) -> int:
    """On how many versions both programs gave the same; Bad where they do not, or where too many say nothing."""
    agreed = missed = 0
    for version, a, b in zip(tries, first.changed, second.changed):
        if (a.error or _nothing(a.value)) and (b.error or _nothing(b.value)):
            missed += version.what != "scaled"
        elif a.error or b.error:
            raise Bad("a program fails on changed data", f"{version.what}: {a.error or b.error}")
        elif not agree(a.value, b.value, kind=kind, places=places) and not _halves(version, a.value, b.value, places):
            raise Bad("the programs disagree on changed data", f"{version.what}: {a.value!r:.60}, {b.value!r:.60}")
        else:
            agreed += 1
    for a, b in zip(first.read, second.read):
        silent = _nothing(a.value) and _nothing(b.value)
        if not (a.error or b.error or silent) and not agree(a.value, b.value, kind=kind, places=places):
            raise Bad("the programs disagree on changed data", f"reading: {a.value!r:.60}, {b.value!r:.60}")
    if missed > MISSED * sum(version.what != "scaled" for version in tries):
        raise Bad("the programs fail on changed data", next((c.error for c in first.changed if c.error), "no answer"))
    return agreed


def _halves(version: Version, a: Any, b: Any, places: int | None) -> bool:
    """Whether two programs may have rounded one half up and down: among so many sizes some share is 37.5."""
    rounded = version.what == "scaled" and places is not None and is_number(a) and is_number(b)
    return rounded and abs(a - b) <= 10.0**-places * (1 + 1e-6)  # type: ignore[operator]


def _nothing(value: Any) -> bool:
    """Whether a program says that there is no answer, as to a selection that changed data leaves empty."""
    return value is None or value == [] or (isinstance(value, str) and label_key(value) in _NONE)


# --- The answer


def _answer(
    chart: Chart,
    asked: Asked,
    drawn: Drawn,
    first: Ran,
    read: int,
    places: int | None,
    checks: dict[str, Any],
) -> Answer:
    value = first.value
    numbers, names = columns(chart.data)
    spoken = [key for column in numbers for keys in column.keys for key in keys]
    spoken += [str(v) for column in names for v in column.values] + [column.name for column in numbers]
    # A column's own word for its unit counts only where the figure has it.
    texts = {label_key(text["text"]) for text in chart.artists["texts"]}
    own = {column.name for column in numbers}
    named = [name for name in spoken if name not in own or not texts.isdisjoint(called(name))]
    kind = KINDS[asked.kind.casefold().strip()]
    labels = units.of_chart(chart.artists)
    words = units.words_of(chart.artists, [column.name for column in (*numbers, *names)])
    # A share, or who grew by the largest percentage, can be worked out where nothing is in percent.
    relative = kind in ("label", "sequence", "set", "boolean") and "percentage" in asked.question.casefold()
    computed = kind == "percent" or relative
    if wrong := units.differs(asked.question, asked.unit, labels, words, named, computed=computed):
        raise Bad("the unit is not the chart's", wrong)
    numeric = is_number(value) or (isinstance(value, list) and all(map(is_number, value)))
    error, tolerance = 0.0, 0.0
    if numeric and kind not in ("label", "date"):
        error = _error(first, read)
        if places is None and not _ROUNDED.search(asked.question):  # a program may round, but nobody else need to
            error += _off(first.exact, value) if not agree(first.exact, value, kind=kind) else 0.0
        largest = max(abs(float(v)) for v in (value if isinstance(value, list) else [value]))
        # The honest range of the answer is what it was on changed data; of small differences that of the values.
        others = [abs(called.value) for called in first.changed if is_number(called.value)]
        span = max((max(map(abs, column.values)) for column in numbers if not column.position), default=0.0)
        room = 100.0 if kind == "percent" else max(largest, min(max([*others, span]), WIDER * largest))
        if error > TOO_COARSE * room or (largest and error > LOST * largest):
            raise Bad("it cannot be read closely enough", f"{value!r:.60} ± {error:.3g}")
        off = [rounding(float(v), places, _given(numbers))[0] for v in (value if isinstance(value, list) else [value])]
        tolerance = error + max(off)
        if error == 0 and float(largest).is_integer() and places in (None, 0) and is_number(value):
            tolerance, first = 0.0, replace(first, exact=value)
    else:
        steady = [agree(called.value, first.exact, kind=kind) for called in first.read[:read] if not called.error]
        if not all(steady):
            raise Bad("too close to tell by eye", f"{value!r:.60}")
    scale = units.scale_of(asked.question, asked.unit, labels) if kind == "number" and _scales(first, value) else 1.0
    try:
        centre = first.exact if numeric and agree(first.exact, value, kind=kind, places=places) else value
        shown = centre
        if is_number(centre) and (step := step_asked(asked.question)) and not math.remainder(value, step):
            # Whoever reads within the error may round to the next ten.
            shown, tolerance = value, error + step / 2 if error else 0.0
            centre = first.exact if error else value
        elif tolerance:
            some = [half_up(float(v), rounding(float(v), places, _given(numbers))[1]) for v in _listed(centre)]
            shown = some if isinstance(centre, list) else some[0]
        answer = answer_of(centre, asked.kind, tolerance=tolerance, scale=scale, of=spoken)
        box = answer_of(shown, asked.kind, scale=scale, of=spoken).text()
    except NoAnswer as none:
        raise Bad(str(none), f"{value!r:.60} as {asked.kind}") from None
    _known(answer, spoken, chart, asked.question)
    checks |= {"error": round(error, 9), "tolerance": round(tolerance, 9), "shown": sorted(set(drawn.how.values()))}
    checks["box"] = box if says(box, answer) else answer.text()  # with the digits that were asked for
    return answer


def _given(numbers: list[Column]) -> int:
    """The most decimals that the data has."""
    return max((column.decimals for column in numbers if not column.position), default=0)


def _scales(first: Ran, value: Any) -> bool:
    """Whether an answer is in the unit of the values: no count and no place, which changes of a hair leave alone."""
    return not (isinstance(value, int) and all(called.value == value for called in first.read if not called.error))


def _error(first: Ran, read: int) -> float:
    """How far off a careful reader's answer may be: the sum of what each value's reading error does to it. Bad where
    readings of all values together lead further, as those do that change which values count."""
    value = first.exact

    def off(called: Called) -> float:
        return 0.0 if called.error else _off(value, called.value)

    total = math.fsum(off(called) for called in first.read[read:])
    together = max((off(called) for called in first.read[:read]), default=0.0)
    if together > total * 1.05 + 1e-9:
        raise Bad("too close to tell by eye", f"{value!r:.60} ± {together:.3g}, not {total:.3g}")
    return total


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _off(value: Any, other: Any) -> float:
    """How far numbers, or those of lists, are apart at most."""
    own, others = _listed(value), _listed(other)
    if len(own) != len(others) or not all(map(is_number, others)):
        return math.inf
    return float(max(abs(a - b) for a, b in zip(own, others)))


def _known(answer: Answer, spoken: Iterable[str], chart: Chart, question: str) -> None:
    """Bad where a label is no name of the data and nowhere on the figure or in the question."""
    texts = [*spoken, *(t["text"].replace("\n", " ") for t in chart.artists["texts"]), question]
    together = "\n".join(map(label_key, texts))
    items = getattr(answer, "items", (answer,))
    for item in items:
        if isinstance(item, Label) and label_key(item.value) not in together:
            raise Bad("the answer is no name of the figure", item.value)
