"""Second answers: every question of named values, series and parts, worked out anew by brute force.

Each is a function of a Case: what was read off the drawing, the words that fill the question, and its text. Nothing
here shares code with envs/questions; where a question names things, the names are found in its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations, groupby, pairwise
from statistics import fmean, median

from second_case import SECOND, Case, counted, rank_in, second

# --- Single values, counts, ranks


@second
def count(c: Case) -> object:
    return len(c.values)


@second
def mean(c: Case) -> object:
    return fmean(c.values.values())


@second
def contains(c: Case) -> object:
    return c.text.split('"')[1] in c.values


@second
def kth_value(c: Case) -> object:
    return sorted(c.values.values())[-rank_in(c.ordinal)]


@second
def kth_largest(c: Case) -> object:
    return c.up()[-rank_in(c.ordinal)]


SECOND["median"] = lambda c: median(c.values.values())
SECOND["value_of"] = lambda c: c.values[c.name]
SECOND["name_with_value"] = lambda c: min(c.values, key=lambda n: abs(c.values[n] - c.number("value")))
SECOND["named_values"] = lambda c: [c.values[name] for name in c.mentioned(c.names)]
SECOND["value_at"] = lambda c: c.grid[c.slots["series"], c.position]
SECOND["place_of_value"] = lambda c: list(min(c.grid, key=lambda k: abs(c.grid[k] - c.number("value"))))
SECOND["value_choice"] = lambda c: c.values[c.name]

SECOND["leading"] = lambda c: c.ranked(c.end)[: counted(c.slots.get("k", "two"))]  # of two, both
SECOND["order_named"] = lambda c: [n for n in c.ranked(c.end) if n in c.mentioned(c.names)]
SECOND["larger_of_two"] = lambda c: (max if c.more == "larger" else min)((c.a, c.b), key=lambda n: c.values[n])
SECOND["extreme_of_named"] = lambda c: next(n for n in c.ranked(c.end) if n in c.mentioned(c.names))
SECOND["rank_of"] = lambda c: c.ranked(c.end).index(c.name) + 1
SECOND["is_kth"] = lambda c: c.ranked(c.end)[rank_in(c.ordinal) - 1] == c.name


@second
def next_in_order(c: Case) -> object:
    order = c.ranked("smallest" if c.more == "larger" else "largest")
    return order[order.index(c.name) + 1]


@second
def between(c: Case) -> object:
    low, high = sorted((c.values[c.a], c.values[c.b]))
    return {name for name, value in c.values.items() if low < value < high}


@second
def extreme_choice(c: Case) -> object:
    offered = c.mentioned(re.sub(r"\b[A-Z]: ", "", c.options))
    return next(name for name in c.ranked(c.end) if name in offered)


# --- Comparisons

SECOND["difference"] = lambda c: abs(c.values[c.a] - c.values[c.b])
SECOND["ratio"] = lambda c: c.values[c.a] / c.values[c.b]
SECOND["is_more"] = lambda c: (c.values[c.a] > c.values[c.b]) == (c.more == "larger")
SECOND["differ_by_more"] = lambda c: abs(c.values[c.a] - c.values[c.b]) > c.number("step")
SECOND["more_than_times"] = lambda c: c.values[c.a] > c.number("factor") * c.values[c.b]


@second
def closest_two(c: Case) -> object:
    pairs = combinations(c.mentioned(c.names), 2)
    return set(min(pairs, key=lambda pair: abs(c.values[pair[0]] - c.values[pair[1]])))


@second
def closest_to(c: Case) -> object:
    others = [name for name in c.values if name != c.name]
    return min(others, key=lambda n: abs(c.values[n] - c.values[c.name]))


@second
def lead(c: Case) -> object:
    order = sorted(c.values.values(), reverse=True)
    return order[rank_in(c.ordinal) - 1] - order[rank_in(c.next) - 1]


# --- Totals and thresholds


def named(c: Case) -> list[float]:
    return [c.values[name] for name in c.mentioned(c.names)]


SECOND["sum_all"] = lambda c: sum(c.values.values())
SECOND["sum_named"] = lambda c: sum(named(c))
SECOND["mean_named"] = lambda c: fmean(named(c))
SECOND["spread"] = lambda c: max(c.values.values()) - min(c.values.values())
SECOND["share_of_total"] = lambda c: 100 * c.values[c.name] / sum(c.values.values())
SECOND["sum_of_leading"] = lambda c: sum(c.values[n] for n in c.ranked(c.end)[: counted(c.k)])
SECOND["sum_without"] = lambda c: sum(c.values.values()) - sum(named(c))
SECOND["sum_exceeds"] = lambda c: sum(named(c)) > c.number("cut")
SECOND["how_many_beyond"] = lambda c: len(c.beyond(c.number("cut"), c.side, c.mentioned(c.only) or None))
SECOND["names_beyond"] = lambda c: set(c.beyond(c.number("cut"), c.side))
SECOND["is_beyond"] = lambda c: c.name in c.beyond(c.number("cut"), c.side)
SECOND["sum_beyond"] = lambda c: sum(c.values[n] for n in c.beyond(c.number("cut"), c.side))
SECOND["all_beyond"] = lambda c: set(c.mentioned(c.names)) <= set(c.beyond(c.number("cut"), c.side))


@second
def count_beyond_mean(c: Case) -> object:
    whom = [] if c.of_whom.startswith("over all ") else c.mentioned(c.of_whom)
    counted = [n for n in c.values if n not in c.mentioned(c.only)]
    return len(c.beyond(fmean(c.values[n] for n in whom or c.values), c.side, counted))


# --- Trends


@second
def first_rise(c: Case) -> object:
    steps = zip(c.stretch()[1:], c.rising(), strict=True)
    return next(name for name, way in steps if way == (c.rise == "rise"))


@second
def rises(c: Case) -> object:
    return sum(way == (c.rise == "rise") for way in c.rising())


@second
def longest_run(c: Case) -> object:
    text = "".join("u" if way else "d" for way in c.rising())
    return max(map(len, re.findall("u+" if c.rise == "rise" else "d+", text)), default=0)


@second
def turns(c: Case) -> object:
    return len([1 for _ in groupby(c.rising())]) - 1


@second
def peaks(c: Case) -> object:
    names, sign = c.stretch(), 1 if c.peak == "peak" else -1
    v = [sign * c.values[n] for n in names]
    return [names[i] for i in range(1, len(v) - 1) if v[i] > v[i - 1] and v[i] > v[i + 1]]


@second
def steady(c: Case) -> object:
    return set(c.rising()) == {c.rise == "rise"}


SECOND["change"] = lambda c: c.values[c.last] - c.values[c.first]
SECOND["percent_change"] = lambda c: 100 * c.values[c.last] / c.values[c.first] - 100
SECOND["mean_change"] = lambda c: (c.values[c.last] - c.values[c.first]) / (len(c.stretch()) - 1)
SECOND["higher_later"] = lambda c: (c.values[c.last] > c.values[c.first]) == (c.higher == "higher")


@second
def steepest(c: Case) -> object:
    size = {"rise": lambda x, y: y - x, "fall": lambda x, y: x - y, "change": lambda x, y: abs(x - y)}[c.kind]
    return list(max(pairwise(c.values), key=lambda pair: size(c.values[pair[0]], c.values[pair[1]])))


@second
def best_neighbours(c: Case) -> object:
    choose = max if c.end == "largest" else min
    return list(choose(pairwise(c.values), key=lambda pair: c.values[pair[0]] + c.values[pair[1]]))


@second
def first_beyond(c: Case) -> object:
    return c.beyond(c.number("cut"), c.side)[0 if c.end == "first" else -1]


# --- Series


def wins(c: Case) -> list[str]:
    """Positions at which series a is larger (smaller) than series b."""
    sign = 1 if c.slots.get("more", "larger") == "larger" else -1
    return [p for p in c.positions if sign * c.grid[c.a, p] > sign * c.grid[c.b, p]]


def extreme(end: str) -> Callable[..., str]:
    return max if end == "largest" else min  # type: ignore[return-value]


@second
def leader_at(c: Case) -> object:
    order = sorted(c.series, key=lambda s: c.grid[s, c.position], reverse=c.end == "largest")
    return order[rank_in(c.ordinal) - 1]


@second
def crossings(c: Case) -> object:
    ahead = [c.grid[c.a, p] > c.grid[c.b, p] for p in c.positions]
    return sum(x != y for x, y in pairwise(ahead))


@second
def moves_most(c: Case) -> object:
    def size(s: str) -> float:
        step = c.grid[s, c.last] - c.grid[s, c.first]
        return {"rise": step, "fall": -step, "change": abs(step)}[c.kind]

    return max(c.series, key=size)


@second
def times_leading(c: Case) -> object:
    leaders = [extreme(c.end)(c.series, key=lambda s, p=p: c.grid[s, p]) for p in c.positions]
    return leaders.count(c.slots["series"])


@second
def sum_over(c: Case) -> object:
    return sum(c.grid[c.slots["series"], p] for p in c.mentioned(c.names, c.positions))


@second
def widest_gap(c: Case) -> object:
    return extreme(c.end)(c.positions, key=lambda p: abs(c.grid[c.a, p] - c.grid[c.b, p]))


SECOND["is_above_at"] = lambda c: c.position in wins(c)
SECOND["difference_at"] = lambda c: abs(c.grid[c.a, c.position] - c.grid[c.b, c.position])
SECOND["times_above"] = lambda c: len(wins(c))
SECOND["where_above"] = lambda c: set(wins(c))
SECOND["first_above"] = lambda c: wins(c)[0 if c.end == "first" else -1]
SECOND["total_at"] = lambda c: sum(c.column(c.position))
SECOND["series_of_total"] = lambda c: extreme(c.end)(c.series, key=lambda s: sum(c.row(s)))
SECOND["position_of_total"] = lambda c: extreme(c.end)(c.positions, key=lambda p: sum(c.column(p)))
SECOND["overall_extreme"] = lambda c: list(extreme(c.end)(c.grid, key=lambda k: c.grid[k]))
SECOND["count_all_beyond"] = lambda c: sum((v > c.number("cut")) == (c.side == "above") for v in c.grid.values())


# --- What is not shown, tables

NOWHERE = "cannot be told"
SECOND["value_if_shown"] = lambda c: c.values.get(c.name, NOWHERE)
SECOND["value_at_if_shown"] = lambda c: c.grid.get((c.slots["series"], c.position), NOWHERE)


@second
def larger_if_shown(c: Case) -> object:
    if not {c.a, c.b} <= c.values.keys():
        return NOWHERE
    return (max if c.more == "larger" else min)((c.a, c.b), key=lambda n: c.values[n])


@second
def table_of(c: Case) -> object:
    return [[name, round(c.values[name] + 1e-9, c.decimals)] for name in c.mentioned(c.names)]


@second
def table_of_series(c: Case) -> object:
    series, positions = c.mentioned(c.slots["series"], c.series), c.mentioned(c.names, c.positions)
    return [[p, *(round(c.grid[s, p] + 1e-9, c.decimals) for s in series)] for p in positions]


@second
def which_shown(c: Case) -> object:
    return {name.strip('"') for name in c.names.split(", ")} & c.values.keys() | {
        name for name in re.findall(r'"([^"]*)"', c.slots["names"]) if name in c.values
    }


# --- Dates and intervals

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def dated(name: str) -> str:
    """ "Jan 2020" as 2020-01, "Q1 2020" as 2020-Q1."""
    *part, year = name.split()
    if not part:
        return year
    return f"{year}-{part[0]}" if part[0].startswith("Q") else f"{year}-{MONTHS.index(part[0]) + 1:02}"


def looked_at(c: Case) -> None:
    """Leave out the times that the question says not to look at."""
    if " Look only at " in c.slots.get("only", ""):
        first, last = c.mentioned(c.slots["only"].split(" from ")[1])
        names = list(c.values)
        c.values = {name: c.values[name] for name in names[names.index(first) : names.index(last) + 1]}


def longest_where(fit: list[bool]) -> tuple[int, int]:
    """Where the longest run of true ones begins, and where the next false one stands."""
    found = [(len(fit[i:j]), i, j) for i in range(len(fit)) for j in range(i + 1, len(fit) + 1) if all(fit[i:j])]
    return max(found)[1:]


@second
def date_of_extreme(c: Case) -> object:
    looked_at(c)
    return dated(c.ranked(c.end)[rank_in(c.ordinal) - 1])


@second
def next_beyond_date(c: Case) -> object:
    names = list(c.values)
    later = names[names.index(c.name) + 1 :]
    return dated(c.beyond(c.values[c.name], c.side, later)[0])


@second
def date_of_jump(c: Case) -> object:
    looked_at(c)
    size = {"rise": lambda a, b: b - a, "fall": lambda a, b: a - b, "change": lambda a, b: abs(a - b)}[c.kind]
    return dated(max(pairwise(c.values), key=lambda pair: size(*(c.values[name] for name in pair)))[1])


@second
def longest_climb(c: Case) -> object:
    first, last = longest_where([up == (c.rise == "rise") for up in c.rising()])
    return [dated(c.stretch()[first]), dated(c.stretch()[last])]


@second
def stays_beyond(c: Case) -> object:
    looked_at(c)
    names, beyond = list(c.values), c.beyond(c.number("cut"), c.side)
    first, last = longest_where([name in beyond for name in names])
    return [dated(names[first]), dated(names[last - 1])]


@second
def time_to_extreme(c: Case) -> object:
    names = list(c.values)
    return abs(names.index(c.ranked(c.end)[rank_in(c.ordinal) - 1]) - names.index(c.name))


@second
def value_range(c: Case) -> object:
    return min(c.values.values()), max(c.values.values())
