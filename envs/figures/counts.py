"""What bar charts and pies share: how many categories, how large and how close, by level; what is written around."""

from __future__ import annotations

import math
import re

from envs.address import Draws
from envs.data import Frequencies, Kind, frequencies
from envs.figures.base import Words
from envs.registry import Scene

TOP = 12  # above this level nothing changes
RANKED = 5  # the largest values that ranking questions are sure of
NARROW = 200  # pixels: below this side a picture has no room for words, titles and axis names


def draw_counts(draws: Draws, scene: Scene, most: int, clear: float = 0.0) -> tuple[Frequencies, list[int], int]:
    """Counted text with 3 to `most` names, the order in which to show them, and how many counts were possible.

    Targets are drawn first and the text is made to have them: the number of names is uniform over a window that moves
    up with the level, values step up from a drawn base by steps that shrink, and which name gets which is chance.
    The RANKED largest differ by at least the share `clear` of the larger.
    """
    level, side = min(scene.level, TOP), min(scene.width, scene.height)
    small = side < NARROW
    room = max(4, min(most, int((side - 34) / (1.05 * scene.style.text))))
    high = min(6 + 4 * level // 3, room)
    low = max(3, min(3 + level, high - 3))
    count = draws.integers(low, high + 1)
    widest_step = 4 if level < 4 else 3
    smallest_step = 2 if small or level < 3 else 1
    value = 4 + draws.integers(0, 5 + level // 2)
    targets = [value]
    for place in range(count - 1, 0, -1):
        step = draws.integers(smallest_step, widest_step + 1)
        if place <= RANKED:
            step = max(step, math.ceil(clear * (value + step)))
        value += step
        targets.append(value)
    kind: Kind = "word" if not small and level >= 1 and draws.chance(0.5) else "letter"
    found = frequencies(
        draws,
        kind=kind,
        targets=draws.shuffled(targets),
        source=scene.source,
        test=scene.test,
        longest=min(5 + level, max(5, scene.width // 28)),
        threshold=3,
    )
    order = draws.shuffled(range(len(found.names)))
    arrangement = draws.choice(("any", "any", "name", "fall", "rise"))
    if arrangement == "name":
        order.sort(key=lambda i: found.names[i])
    elif level < 6 and arrangement == "fall":
        order.sort(key=lambda i: -found.counts[i])
    elif level < 6 and arrangement == "rise":
        order.sort(key=lambda i: found.counts[i])
    return found, order, high - low + 1


def draw_words(
    draws: Draws, scene: Scene, found: Frequencies, measures: tuple[str, ...] = ("frequency", "count")
) -> tuple[Words, str, str]:
    """How to speak of the counts, the title ('' for none), and the name of the value axis."""
    measure = draws.choice(measures)
    words = Words(found.kind, found.kind + "s", measure, most="most frequent")
    titles = [
        f"{found.kind.capitalize()} {measure}",
        f"How often each {found.kind} occurs",
        f"{found.kind.capitalize()}s of a passage",
        f"{found.kind.capitalize()}s by {measure}",
        f"{measure.capitalize()} of each {found.kind}",
        f"{found.kind.capitalize()}s in a short text",
        f"Counting the {found.kind}s of a text",
    ]
    if not scene.source:  # from a corpus only a selection is shown
        titles.append(f"{found.kind.capitalize()}s that occur more than {found.threshold} times")
    if found.topic:
        titles += [
            f"{found.topic}: {found.kind} {measure}",
            f"{found.kind.capitalize()}s in a text about {found.topic.lower()}",
        ]
    titled = (min(scene.width, scene.height) >= NARROW and draws.chance(0.75)) or "title" in scene.needs
    return words, draws.choice(titles) if titled else "", measure


def not_written(absent: tuple[str, ...], *texts: str) -> tuple[str, ...]:
    """The absent names that do not stand in a title or an axis name either, also not as a plural."""
    written = {part for text in texts for part in re.findall(r"\w+", text.casefold())}
    written |= {part.removesuffix("s") for part in written}
    return tuple(name for name in absent if name.casefold() not in written)
