"""The grammar of dates: the notations of a year, a quarter, a month or a day, brought to ISO form.

    "2020-01"  "January 2020"  "Jan. 2020"  "01/2020"          -> "2020-01"
    "31 January 2020"  "Jan 31st, 2020"  "2020/01/31"          -> "2020-01-31"
    "Q1 2020"  "2020-Q1"                                       -> "2020-Q1"

All-number days are read year first, or day and month in the one order that the calendar allows: 31/01/2020 is a date,
03/04/2020 could be two and is none.
"""

from __future__ import annotations

import re
from calendar import monthrange

ISO_FORMS = {
    "year": re.compile(r"([0-9]{4})\Z"),
    "quarter": re.compile(r"([0-9]{4})-Q([1-4])\Z"),
    "month": re.compile(r"([0-9]{4})-([0-9]{2})\Z"),
    "day": re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z"),
}
EXAMPLES = {"year": "2020", "quarter": "2020-Q1", "month": "2020-01", "day": "2020-01-31"}
# Not calendar.month_name, whose words follow the locale.
_NAMES = "january february march april may june july august september october november december"
_MONTHS = {name[:length]: number for number, name in enumerate(_NAMES.split(), 1) for length in (3, len(name))}
_MONTHS["sept"] = 9
LONGEST = 60  # characters

_YEAR = r"([0-9]{4})"
_MONTH = r"([a-z]{3,9})\.?"
_DAY = r"([0-9]{1,2})(?:st|nd|rd|th)?"
_FORMS = {
    "year": [(re.compile(_YEAR), "y")],
    "quarter": [
        (re.compile(rf"{_YEAR}[ -]*q([1-4])"), "yp"),
        (re.compile(rf"q([1-4])[ ,/-]*(?:of )?{_YEAR}"), "py"),
    ],
    "month": [
        (re.compile(rf"{_YEAR}[-/]([0-9]{{1,2}})"), "yp"),
        (re.compile(rf"([0-9]{{1,2}})[-/]{_YEAR}"), "py"),
        (re.compile(rf"{_MONTH},? *(?:of )?-?{_YEAR}"), "py"),
        (re.compile(rf"{_YEAR},?[ -]{_MONTH}"), "yp"),
    ],
    "day": [
        (re.compile(rf"{_YEAR}([-/])([0-9]{{1,2}})\2([0-9]{{1,2}})"), "y_pd"),
        (re.compile(rf"{_MONTH} *{_DAY},? +{_YEAR}"), "pdy"),
        (re.compile(rf"{_DAY}[ -]+(?:of )?{_MONTH},?[ -]*{_YEAR}"), "dpy"),
        (re.compile(rf"([0-9]{{1,2}})([-/])([0-9]{{1,2}})\2{_YEAR}"), "p_dy"),
    ],
}


def read_date(text: str, granularity: str) -> str | None:
    """The date in ISO form, or None if `text` is no date of this granularity."""
    if len(text) > LONGEST:
        return None
    text = " ".join(text.casefold().split())
    for form, order in _FORMS[granularity]:
        found = form.fullmatch(text)
        if found is None:
            continue
        parts = dict(zip(order, found.groups()))
        year, part, day = parts["y"], _part(parts.get("p", "1")), int(parts.get("d", "1"))
        if order == "p_dy" and part != day:
            if part <= 12 and day <= 12:
                return None  # it could be either of two days
            part, day = min(part, day), max(part, day)
        if not is_date(int(year), part, day, granularity=granularity):
            return None
        return {
            "year": year,
            "quarter": f"{year}-Q{part}",
            "month": f"{year}-{part:02}",
            "day": f"{year}-{part:02}-{day:02}",
        }[granularity]
    return None


def is_date(year: int, part: int = 1, day: int = 1, *, granularity: str) -> bool:
    """Whether the calendar has this date; `part` is the month, or the quarter."""
    if not 1 <= year <= 9999 or not 1 <= part <= (4 if granularity == "quarter" else 12):
        return False
    return granularity != "day" or 1 <= day <= monthrange(year, part)[1]


def _part(text: str) -> int:
    """The number of a month by number or name, or of a quarter; 0 for a word that is no month."""
    return int(text) if text.isdecimal() else _MONTHS.get(text, 0)
