"""Consecutive points in time, as they stand on an axis.

    bare     Q1   Jan   W12   Mon   06:00           a cycle that names no year; never more than one turn of it
    dated    2011   Q1 2021   Jan 2020   3 May      those that name a year are dates: see `iso`
    turned          2021-Q1   2020-01    May 3      the same, the other way about

Both worlds share these labels: there are too few ways to write a year to keep some back.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from envs.address import Draws

TimeUnit = Literal["year", "quarter", "month", "week", "day", "hour"]
Form = Literal["bare", "dated", "turned"]

YEARS = (1985, 2025)  # first and last year shown
BESIDE = 2  # labels just before and just after, on either side, that are plausible but not shown

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DATES = tuple(f"{day} {month}" for month, days in zip(_MONTHS, _MONTH_DAYS) for day in range(1, days + 1))

# One turn of each cycle. Weeks and hours have no dated form: it would be too long for an axis.
_CYCLES: dict[TimeUnit, tuple[str, ...]] = {
    "quarter": ("Q1", "Q2", "Q3", "Q4"),
    "month": _MONTHS,
    "week": tuple(f"W{week}" for week in range(1, 53)),
    "day": _WEEKDAYS,
    "hour": tuple(f"{hour:02}:00" for hour in range(24)),
}
_DATED: dict[TimeUnit, tuple[str, ...]] = {
    "year": tuple(str(year) for year in range(YEARS[0], YEARS[1] + 1)),
    "quarter": tuple(f"Q{quarter} {year}" for year in range(2005, YEARS[1] + 1) for quarter in range(1, 5)),
    "month": tuple(f"{month} {year}" for year in range(2010, YEARS[1] + 1) for month in _MONTHS),
    "day": _DATES,
}
_TURNED: dict[TimeUnit, tuple[str, ...]] = {
    "quarter": tuple(f"{year}-Q{quarter}" for year in range(2005, YEARS[1] + 1) for quarter in range(1, 5)),
    "month": tuple(f"{year}-{month:02}" for year in range(2010, YEARS[1] + 1) for month in range(1, 13)),
    "day": tuple(" ".join(reversed(date.split())) for date in _DATES),
}
_FORMS: dict[Form, dict[TimeUnit, tuple[str, ...]]] = {"bare": _CYCLES, "dated": _DATED, "turned": _TURNED}


@lru_cache(4096)
def time_forms(unit: TimeUnit, count: int, longest: int | None = None) -> tuple[Form, ...]:
    """The ways in which so many points can be labelled with at most `longest` characters each; () if there is none."""
    return tuple(form for form, table in _FORMS.items() if _fit(table.get(unit, ()), count, longest))


def _fit(labels: tuple[str, ...], count: int, longest: int | None) -> bool:
    return 1 <= count <= len(labels) and (longest is None or max(map(len, labels)) <= longest)


def draw_times(
    draws: Draws, unit: TimeUnit, count: int, longest: int | None = None, *, dated: bool = False
) -> tuple[str, ...]:
    """So many consecutive labels of a time unit; ValueError if there is no way to write them."""
    return draw_span(draws, unit, count, longest, dated=dated)[0]


def draw_span(
    draws: Draws, unit: TimeUnit, count: int, longest: int | None = None, *, dated: bool = False, level: int = 0
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Consecutive labels, and up to 2 x BESIDE labels just before and after them: none where a whole cycle is shown.
    `dated`: no bare ones. The higher the level, the more often months are numbers: 2020-01 is more like 2020-02 than
    Jan is like Feb."""
    forms = tuple(form for form in time_forms(unit, count, longest) if form != "bare" or not dated)
    if not forms:
        limit = "" if longest is None else f" of at most {longest} characters"
        raise ValueError(f"cannot write {count} labels{limit} for consecutive {unit}s: ask for fewer or allow longer")
    numbers = "turned" in forms and unit != "day" and draws.chance(0.06 * min(level, 12))
    form = "turned" if numbers else draws.choice(forms)
    labels = _FORMS[form][unit]
    start = draws.integers(0, len(labels) - count + 1)
    shown = labels[start : start + count]
    around = [*range(start - BESIDE, start), *range(start + count, start + count + BESIDE)]
    if form == "bare" or unit == "day":  # what follows December is January
        beside = [labels[i % len(labels)] for i in around]
    else:
        beside = [labels[i] for i in around if 0 <= i < len(labels)]
    return shown, tuple(label for label in dict.fromkeys(beside) if label not in shown)


_ISO = re.compile(rf"(?:(Q[1-4]|{'|'.join(_MONTHS)}) )?(\d{{4}})\Z|(\d{{4}})-(Q[1-4]|\d\d)\Z")
DATED: tuple[TimeUnit, ...] = ("year", "quarter", "month")  # units whose dated labels name a year


def iso(label: str) -> tuple[str, str] | None:
    """A label that is a date in ISO form, and its granularity: "Jan 2020" is ("2020-01", "month"); None for others."""
    found = _ISO.match(label)
    if found is None:
        return None
    part, year = found[1] or found[4], found[2] or found[3]
    if not part:
        return year, "year"
    if part.startswith("Q"):
        return f"{year}-{part}", "quarter"
    return (f"{year}-{_MONTHS.index(part) + 1:02}" if part in _MONTHS else label), "month"
