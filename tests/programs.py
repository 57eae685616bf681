"""A second reading of composed questions: the sentences are parsed and carried out one by one."""

from __future__ import annotations

import re
from statistics import fmean

from second_case import COUNTS, SECOND, Case

from envs.numerals import numbers as numbers_in

Values = dict[str, float]


def carry_out(c: Case, values: Values) -> object:
    """The answer to the program in the question's words."""
    groups: dict[str, list[str]] = {}
    numbers: dict[str, float] = {}
    case = Case(values=values)
    for name, words in re.findall(r"Let ((?:group|value) \d+) be (.*?)\.(?= Let | *$)", c.program):
        if name.startswith("group"):
            groups[name] = group(case, words, groups, numbers)
        else:
            numbers[name] = number(case, words, groups, numbers)
    asked = c.asked.removesuffix("?")
    if found := re.search(r"(above|below) (value \d+)$", asked):
        return len(case.beyond(numbers[found[2]], found[1]))
    if found := re.search(r"member of (group \d+) has the (largest|smallest)", asked):
        return (max if found[2] == "largest" else min)(groups[found[1]], key=lambda n: values[n])
    if found := re.search(r"closest to (value \d+)$", asked):
        return min(values, key=lambda n: abs(values[n] - numbers[found[1]]))
    return number(case, asked.removeprefix("What is "), groups, numbers)


def group(c: Case, words: str, groups: dict[str, list[str]], numbers: Values) -> list[str]:
    inside = re.search(r"group \d+", words)
    pool = groups[inside[0]] if inside else list(c.values)
    if found := re.search(r"(above|below) (value \d+)$", words):
        return c.beyond(numbers[found[2]], found[1], pool)
    if found := re.search(r"(above|below) (\S+(?:\s\d\S*)*)$", words):
        return c.beyond(numbers_in(found[2])[0], found[1], pool)
    if found := re.match(r"the (two|three|four|five) .* with the (largest|smallest) ", words):
        order = sorted(pool, key=lambda n: c.values[n], reverse=found[2] == "largest")
        return [n for n in pool if n in order[: COUNTS[found[1]]]]
    if found := re.search(r" (except|without) (.*)$", words):
        return [n for n in pool if n not in c.mentioned(found[2])]
    found = re.search(r" from (.*) to (.*)$", words)
    assert found, words
    first, last = pool.index(found[1]), pool.index(found[2])
    return pool[first : last + 1]


def number(c: Case, words: str, groups: dict[str, list[str]], numbers: Values) -> float:
    if found := re.search(r"group \d+$", words):
        members = [c.values[n] for n in groups[found[0]]]
        kind = words.split()[1]
        return {"sum": sum, "mean": fmean, "largest": max, "smallest": min}[kind](members)
    value = numbers[re.search(r"value \d+", words)[0]]  # type: ignore[index]
    if words.startswith("half of"):
        return value / 2
    named = c.mentioned(re.split(r"value \d+ (?:plus|and) the ", words)[1])
    other = c.values[named[-1]]
    if " plus " in words:
        return value + other
    return abs(value - other) if words.startswith("the larger less") else (value + other) / 2


def composed_totals(c: Case) -> object:
    noun = c.totals.removeprefix("Let the total of a ").split(" be the sum")[0]
    by_series = noun == c.slots["series_noun"]
    totals = {s: sum(c.row(s)) for s in c.series} if by_series else {p: sum(c.column(p)) for p in c.positions}
    return carry_out(c, totals)


SECOND["compose"] = SECOND["compose_name"] = lambda c: carry_out(c, c.values)
SECOND["compose_totals"] = composed_totals
