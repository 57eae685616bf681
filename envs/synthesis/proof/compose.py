"""Questions that need no second program: their words are generated from a program.

    compose_questions(chart, draws, n)      up to n problems of the tier "proven"

The table that a chart shows becomes a view as procedural figures offer them (envs/views.py): values by name, with how
closely each can be read (drawn.py). envs/questions/compose.py builds a program over it and puts it into words. The
words are then read back, sentence by sentence, as Python over DATA, by code that shares nothing with what wrote them;
what that program gives must be the answer, else the question is not asked.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from envs.address import Draws
from envs.numerals import Unit, numbers, read
from envs.problem import fill
from envs.questions.compose import PHRASINGS, ask_name, ask_number
from envs.synthesis.items import Asked, Chart, Kept
from envs.synthesis.proof import units
from envs.synthesis.proof.columns import Column, columns, ordered, spoken, text
from envs.synthesis.proof.drawn import Drawn, show
from envs.synthesis.proof.kinds import says
from envs.views import EYE, Categories, Item, NotAskable
from rewards import Label
from rewards.typography import label_key

LEVELS = 9  # of which one is drawn
TRIES = 6  # for every question wanted
_SAY_NOTHING = "name names label labels category categories item items key keys group groups title x y"
_PLAIN = frozenset(_SAY_NOTHING.split())
_LEVELS = re.compile(
    r"temperature|price|rate|ratio|index|score|average|mean|median|speed|density|age|height|length|depth|share|percent|"
    r"level|time|range|°| per |/|%",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"\b([Aa])(?= (?:[aeio]|u(?!ni|s[aeu]|t[ei]|eu)))")
_COUNTED = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}


def compose_questions(chart: Chart, draws: Draws, n: int) -> list[Kept]:
    """Questions of a chart that programs ask, each different; fewer than n where its table gives no more."""
    drawn = show(chart.data, chart.artists, inside=True)
    found: dict[str, Kept] = {}
    tables = list(views(chart, drawn))
    alike = Counter((view.measure, view.where) for view, _ in tables)
    tables = [(view, column) for view, column in tables if alike[view.measure, view.where] == 1]
    for _ in range(TRIES * n if tables else 0):
        if len(found) == n:
            break
        view, column = draws.choice(tables)
        level = draws.integers(0, LEVELS)
        named = draws.chance(0.4)
        try:
            ask = (ask_name if named else ask_number)(view, draws, level)
        except NotAskable:
            continue
        phrasing = draws.choice(PHRASINGS).replace("{rounding}", "" if named else "{rounding}")
        slots = {**view.slots(), **(ask.slots or {})}
        question = _ARTICLE.sub(r"\1n", fill(phrasing, slots))
        try:
            code = program(slots["program"], slots["asked"], column, view)
            value = answered(code, chart.data)
        except (ArithmeticError, AssertionError, LookupError, SyntaxError, ValueError):
            continue  # names that read like our sentences
        if not says(round(value, 9) if isinstance(value, float) else value, ask.answer):
            continue
        kind = "label" if isinstance(ask.answer, Label) else ask.answer.kind
        asked = Asked(
            question=question,
            program=code,
            second="",
            kind=kind,
            explanation=" ".join(ask.steps),
            unit=view.unit.words,
            provenance={"generator": "compose_name" if named else "compose", "level": level},
        )
        checks: dict[str, Any] = {"definitions": slots["program"].count("Let "), "possible": ask.possible}
        checks["box"] = ask.stated or ask.answer.text()
        found.setdefault(
            question,
            Kept(chart=chart, asked=asked, answer=ask.answer.to_json(), value=value, tier="proven", checks=checks),
        )
    return list(found.values())


# --- Views


def views(chart: Chart, drawn: Drawn) -> Iterator[tuple[Categories, Column]]:
    """Every column of named values as a view, and every row of several such columns."""
    numbers_, names = columns(chart.data)
    names += [replace(column, values=tuple(map(text, column.values))) for column in numbers_ if column.position]
    free = [column for column in numbers_ if column.keys and not column.position and len(column.values) >= 3]
    for column in free:
        how = drawn.how.get(column.path, "")
        if how in ("counted", "quartiles", "position", "") or len({len(keys) for keys in column.keys}) != 1:
            continue
        siblings = [other for other in free if other.keys == column.keys]
        parts = sorted({keys[:-1] for keys in column.keys}, key=[keys[:-1] for keys in column.keys].index)
        for part in parts:
            chosen = [k for k, keys in enumerate(column.keys) if keys[:-1] == part]
            if len(chosen) < 3:
                continue
            yield _view(chart, drawn, _only(column, chosen), siblings, names, part), _only(column, chosen)


def _only(column: Column, chosen: list[int]) -> Column:
    return replace(
        column,
        places=tuple(column.places[k] for k in chosen),
        values=tuple(column.values[k] for k in chosen),
        keys=tuple((column.keys[k][-1],) for k in chosen),
    )


def _view(
    chart: Chart, drawn: Drawn, column: Column, siblings: list[Column], names: list[Column], part: tuple[str, ...]
) -> Categories:
    errors = [drawn.error.get(place, math.inf) for place in column.places]
    written = drawn.how[column.path] == "written" and not any(errors)
    measure, unit = _measure(chart, column, siblings)
    span = max(abs(value) for value in column.values) or 1.0
    # What a pixel is worth, from the error of a reader who is EYE pixels off.
    worth = max(errors) / EYE if max(errors) > 0 else span / 300
    items = tuple(
        Item(keys[-1], value, error, value / worth)
        for keys, value, error in zip(column.keys, column.values, errors, strict=True)
    )
    noun = _noun(column, names)
    series = ", ".join(filter(None, (*part, _series(chart, column, siblings))))
    return Categories(
        items=items,
        measure=measure,
        unit=replace(unit, decimals=column.decimals),
        written=written,
        span=span,
        noun=noun,
        nouns=_plural(noun),
        ordered=ordered(tuple(keys[-1] for keys in column.keys)),
        adds=not _LEVELS.search(f"{measure} {unit.words}") and min(column.values) >= 0,
        where=f" for {series}" if series else "",
    )


def _series(chart: Chart, column: Column, siblings: list[Column]) -> str:
    """What tells a column from the others of its table, where the legend, or an axis, names it."""
    roles = ("legend", "xtick", "ytick", "ztick")
    keys = [each["text"] for role in roles for each in chart.artists["texts"] if each["role"] == role]
    return next((key for key in keys if label_key(key) in spoken(column.name)), "") if len(siblings) > 1 else ""


def _value_labels(chart: Chart) -> list[str]:
    """The labels of what values are read by: colour bars and upright axes, or lying ones where bars or boxes lie."""
    found = []
    for axes in chart.artists["axes"]:
        widths, heights = ({round(abs(bar[side] or 0), 9) for bar in axes["bars"]} for side in ("width", "height"))
        lying = len(heights) < len(widths) or any(box["along"] == "x" for box in axes["boxes"])
        for along in (
            "zyx" if axes["colourbar"] else () if axes["images"] else "z" if axes["zlabel"] else "x" if lying else "y"
        ):
            ticks = [tick["text"] for tick in axes[along + "ticks"] if tick["text"].strip()]
            if axes[along + "label"] and ticks and all(read(text.replace("−", "-")) for text in ticks):
                found.append(axes[along + "label"])
    return found


def _measure(chart: Chart, column: Column, siblings: list[Column]) -> tuple[str, Unit]:
    """How to speak of a value, and its unit: from the axis that it is on, else from the name of the column."""
    called = column.name.replace("_", " ") or "value"
    said = _value_labels(chart)
    others = [axes[key] for key in ("title", "xlabel") for axes in chart.artists["axes"] if axes[key]]
    own = next((label for label in [*said, *others] if label.casefold().startswith(called.casefold()[:5])), "")
    if not own and len(siblings) > 1 and len(said) == 1:  # the columns are series of one measure
        own = said[0]
    words = own or called
    inside = re.search(r"[(\[]([^)\]]*)[)\]]", words)
    unit = inside[1].strip() if inside else ""
    bare = re.sub(r"\s*[(\[].*", "", words).strip() or called
    bare = bare if bare[1:2].isupper() else bare[:1].lower() + bare[1:]
    written = {each["text"].strip().casefold(): each["text"].strip() for each in chart.artists["texts"]}
    if not own:  # a word of DATA, which may be of any kind: only as it is written, if it is
        bare = f'value of "{written[called.casefold()]}"' if called.casefold() in written else "value"
    elif not unit and all(isinstance(value, int) for value in column.values) and re.match(r"\w*[^s\W]s\b", bare):
        bare = f"number of {bare}"
    known = units.units_in(f"({unit})") & units.SCALES.keys()
    scale = units.SCALES[known.pop()] if len(known) == 1 else 1.0
    percent = unit in ("%", "percent")
    if column.whole == 100 and any(each.endswith("%") for each in written):
        bare, percent = "share" if bare == "value" else bare, True
    return bare, Unit(words="percent" if percent else unit, suffix="%" if percent else "", scale=scale)


def _noun(column: Column, names: list[Column]) -> str:
    """What one of the names is called: from the column that holds them, or the list they are in."""
    held = {key[-1] for key in column.keys}
    for other in names:
        if held <= set(other.values):
            parts = [part for part in other.path if part not in ("[]", "{}")]
            for part in reversed(parts):
                if part.casefold() not in _PLAIN:
                    return _singular(part)
    return "item"


def _singular(word: str) -> str:
    word = word.replace("_", " ").lower()
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _plural(word: str) -> str:
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if re.search(r"(s|x|z|ch|sh)$", word) else "s")


# --- The words read back


def program(said: str, asked: str, column: Column, view: Categories) -> str:
    """A program of Python that does what the sentences say, on the column as it lies in DATA."""
    names = [keys[-1] for keys in column.keys]
    lines = ["def answer(data):", "    values = {"]
    for name, place in zip(names, column.places, strict=True):
        lines.append(f"        {name!r}: data{''.join(f'[{part!r}]' for part in place)},")
    lines.append("    }")
    for sentence in re.findall(r"Let ((?:group|value) \d+) be (.*?)\.(?= Let | *$)", said):
        lines.append(f"    {_variable(sentence[0])} = {_expression(sentence[1], names)}")
    lines.append(f"    return {_result(asked, names)}")
    return "\n".join(lines) + "\n"


def _variable(words: str) -> str:
    return words.replace(" ", "_")


def _found(words: str, names: list[str]) -> list[str]:
    """The names in a phrase, longest first where one is within another."""
    left, found = words, []
    for name in sorted(names, key=len, reverse=True):
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", left):
            found.append(name)
            left = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "\0", left)
    return found


def _pool(words: str) -> str:
    inside = re.search(r"group \d+", words)
    return _variable(inside[0]) if inside else "list(values)"


def _expression(words: str, names: list[str]) -> str:
    pool = _pool(words)
    if match := re.match(r"the (sum of|mean|largest|smallest)\b.* (?:over|in) (group \d+)$", words):
        group = f"[values[n] for n in {_variable(match[2])}]"
        how = {"sum of": "sum({})", "largest": "max({})", "smallest": "min({})"}
        return f"sum({group}) / len({group})" if match[1] == "mean" else how[match[1]].format(group)
    if match := re.fullmatch(r"half of (value \d+)", words):
        return f"{_variable(match[1])} / 2"
    if match := re.search(r"(value \d+) (?:plus|and) the (.*)$", words):
        own, other = _variable(match[1]), f"values[{_found(match[2], names)[0]!r}]"
        if words.startswith("the larger less"):
            return f"abs({own} - {other})"
        return f"({own} + {other}) / 2" if words.startswith("the mean of") else f"{own} + {other}"
    if match := re.search(r"(above|below) (value \d+)$", words):
        return f"[n for n in {pool} if values[n] {_SIDE[match[1]]} {_variable(match[2])}]"
    if match := re.search(r" (above|below) ([^a-z]*\d.*)$", words):
        return f"[n for n in {pool} if values[n] {_SIDE[match[1]]} {numbers(match[2])[0]!r}]"
    if match := re.match(r"the (\w+) .* with the (largest|smallest) ", words):
        turned = ", reverse=True" if match[2] == "largest" else ""
        return f"sorted({pool}, key=values.get{turned})[:{_COUNTED[match[1]]}]"
    if match := re.search(r" (?:except|without) (.*)$", words):
        return f"[n for n in {pool} if n not in {sorted(_found(match[1], names))!r}]"
    match = re.search(r" from (.*) to (.*)$", words)
    assert match, words
    first, last = names.index(match[1]), names.index(match[2])
    return f"list(values)[{first}:{last + 1}]"


def answered(code: str, data: Any) -> Any:
    """What a program that was read back gives on DATA. Its words hold names that a stranger chose, and it runs in this
    process: so it may be made of a few kinds of nodes and calls alone. ValueError where it is not."""
    for node in ast.walk(ast.parse(code)):
        fit = isinstance(node, _NODES)
        if isinstance(node, ast.Attribute):
            fit = node.attr in ("get", "values") and isinstance(node.value, ast.Name) and node.value.id == "values"
        elif isinstance(node, ast.Call):
            fit = isinstance(node.func, ast.Attribute) or (isinstance(node.func, ast.Name) and node.func.id in _CALLS)
        elif isinstance(node, ast.Name):
            fit = node.id in _CALLS or re.fullmatch(r"(group|value)_\d+|values|data|n|v", node.id) is not None
        if not fit:
            raise ValueError(f"a program that was read back holds {ast.unparse(node)!r}")
    space: dict[str, Any] = {"__builtins__": _CALLS}
    exec(code, space)
    try:
        return space["answer"](data)
    except (NameError, TypeError) as error:  # a sentence was cut by a name
        raise ValueError(f"a program that was read back fails: {error}") from None


_CALLS = {"sum": sum, "len": len, "max": max, "min": min, "abs": abs, "sorted": sorted, "list": list}
_NODES = (
    *(ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Assign, ast.Return, ast.Lambda, ast.keyword),
    *(ast.Dict, ast.List, ast.ListComp, ast.GeneratorExp, ast.comprehension, ast.Constant, ast.Call, ast.expr_context),
    *(ast.Subscript, ast.Slice, ast.Compare, ast.cmpop, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div),
    *(ast.UnaryOp, ast.USub),
)
_SIDE = {"above": ">", "below": "<"}


def _result(asked: str, names: list[str]) -> str:
    if match := re.search(r"How many .* (above|below) (value \d+)\?", asked):
        return f"sum(v {_SIDE[match[1]]} {_variable(match[2])} for v in values.values())"
    if match := re.search(r"member of (group \d+) has the (largest|smallest)", asked):
        return f"{'max' if match[2] == 'largest' else 'min'}({_variable(match[1])}, key=values.get)"
    if match := re.search(r"closest to (value \d+)\?", asked):
        return f"min(values, key=lambda n: abs(values[n] - {_variable(match[1])}))"
    match = re.match(r"What is (.*)\?$", asked)
    assert match, asked
    return _expression(match[1], names)
