"""Names of things in the order that a figure takes them, at higher levels more often such as are easily mixed up."""

from __future__ import annotations

from collections.abc import Sequence

from envs.address import Draws

TOP = 12  # above this level nothing changes
OFTEN = 0.07  # of the tables for each level have names that are alike
MARKS = "ABCDEFGH"


def in_order(
    draws: Draws, names: Sequence[str], count: int, longest: int | None, level: int, single: bool = False
) -> list[str]:
    """Names in random order, the first `count` of which will be shown. The higher the level, the more often they are
    variants of a few of the names, which only their last letter tells apart: "Riverside A", "Riverside C", "Lakeview
    B"; two to four of each are shown, and others, just as alike, are not. Of what is `single` there are no variants."""
    order = draws.shuffled(names)
    alike = draws.chance(OFTEN * min(level, TOP))
    stems = [name for name in order if longest is None or len(name) + 2 <= longest]
    if not alike or single or count < 2 or len(stems) < max(3, count // 2 + 1):
        return order
    stems.sort(key=len, reverse=True)  # the longer, the less does one letter catch the eye
    stems = draws.shuffled(stems[: max(3, count // 2 + 1, len(stems) // 3)])
    many = draws.integers(-(-count // 4), count // 2 + 1)
    marks = [draws.shuffled(MARKS[: -(-count // many) + 1]) for _ in range(many)]
    shown = [f"{stems[i % many]} {marks[i % many][i // many]}" for i in range(count)]
    others = [f"{stem} {mark}" for i, stem in enumerate(stems) for mark in (marks[i] if i < many else "AB")]
    return [*shown, *draws.shuffled([name for name in others if name not in shown])]
