"""The grammar of intervals: two quantities in one of the notations of a range.

"10 to 20"  "10-20"  "10..20"  "between 10 and 20"  "[10, 20)"  "10 <= x < 20"     ends
"1 to 2 million"  "10-20 km"  "10-20%"                      what stands behind the second holds for the first too
"""

from __future__ import annotations

import re

from rewards.lists import commas
from rewards.quantities import LONGEST, Quantity, read_quantity

_BETWEEN = re.compile(r"(?:between|from)\s+(.+?)\s+(?:and|to)\s+(.+)", re.IGNORECASE | re.DOTALL)
# A hyphen parts the ends if it stands behind a numeral, a unit or a space, and not in 1e-5.
_TO = re.compile(
    r"(.+?)\s*(?:\bto\b|\.\.\.?|(?<=[0-9A-Za-z.%°€£$\s])(?<![0-9][eE])-)\s*(.+)", re.IGNORECASE | re.DOTALL
)
_TAIL = re.compile(r"(?![eE][+-]?[0-9])[A-Za-z%°€£].*", re.DOTALL)
_INEQUALITY = re.compile(r"([^<≤]+)(?:<=?|≤)\s*[A-Za-z]\w{0,30}\s*(?:<=?|≤)([^<≤]+)")


def read_interval(text: str) -> tuple[Quantity, Quantity] | None:
    """The two ends, or None if `text` is no interval."""
    ends = _ends(text) if len(text) <= LONGEST else None
    if ends is None:
        return None
    low, high = (read_quantity(end.strip()) for end in ends)
    return None if isinstance(low, str) or isinstance(high, str) else (low, high)


def _ends(text: str) -> tuple[str, str] | None:
    if found := _BETWEEN.fullmatch(text):
        return _alike(found.group(1), found.group(2))
    if found := _INEQUALITY.fullmatch(text):
        return found.group(1), found.group(2)
    inside = text[1:-1] if text[:1] in "([]" and text[-1:] in ")[]" else text
    parts = inside.split(";") if ";" in inside else commas(inside)
    if len(parts) == 2:
        return parts[0], parts[1]
    if found := _TO.fullmatch(inside):
        return _alike(found.group(1), found.group(2))
    return None


def _alike(low: str, high: str) -> tuple[str, str]:
    """Both ends with the unit and scale that stand behind the second: 1 to 2 million is from 1 million."""
    tail = _TAIL.search(high)
    return (f"{low} {tail.group()}" if tail and not _TAIL.search(low) else low), high
