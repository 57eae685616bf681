"""Reading axes: ticks, what stands beside them, and the scale that they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from envs.readers import Misread, number
from envs.readers.tape import Recording, Stroke, Word


@dataclass(frozen=True, slots=True)
class Axes:
    """The labels below by x, and those to the left by y, in pixels."""

    below: dict[float, str]
    left: dict[float, str]

    def upright(self) -> bool:
        """Whether values grow upwards: the labels below are not all numbers."""
        return not numeric(self.below)

    def told(self) -> bool | None:
        """The same, where names that are no numbers tell; else None."""
        return None if numeric(self.below) and numeric(self.left) else self.upright()


def axes(recording: Recording) -> Axes:
    """The axes of a panel: ticks are short strokes without a fill, straight down or to the left."""
    found = [s for s in recording.strokes if s.face is None and len(s.points) == 2 and 3 <= _length(s) <= 5]
    under = {float(s.points[0][0]): s for s in found if s.points[0][0] == s.points[1][0]}
    level = [s for s in found if s.points[0][1] == s.points[1][1]]
    leftmost = min((s.box[0] for s in level), default=0.0)  # there may be an axis on the right, too
    beside = {float(s.points[0][1]): s for s in level if s.box[0] < leftmost + 1}
    return Axes(
        {x: _label_below(s, recording.words) for x, s in under.items()},
        {y: _label_left(s, recording.words) for y, s in beside.items()},
    )


def numeric(labels: dict[float, str]) -> bool:
    """Whether all labels of an axis are numbers."""
    return all(number(text) is not None for text in labels.values())


def scale(labels: dict[float, str]) -> Callable[[float], float]:
    """Pixels to values, from the labels of an axis, which is a log one where their ratios fit their places better than
    their differences."""
    if len(labels) < 2:
        raise Misread("an axis with fewer than two ticks")
    worth = [value for text in labels.values() if (value := number(text)) is not None]
    places = np.array(list(labels))
    if len(worth) > 2 and min(worth) > 0 and _bend(places, np.log(worth)) < 0.2 * _bend(places, np.array(worth)):
        rate, start = np.polyfit(places, np.log(worth), 1)
        return lambda px: float(np.exp(rate * px + start))
    slope, intercept = np.polyfit(places, np.array(worth), 1)
    return lambda px: float(slope * px + intercept)


def _bend(places: np.ndarray, values: np.ndarray) -> float:
    """How far values lie from a straight line over their places, as a share of their range; nothing below a thousandth,
    as labels are placed to within a fraction of a pixel."""
    off = np.abs(np.polyval(np.polyfit(places, values, 1), places) - values).max()
    return max(1e-3, float(off / np.ptp(values)))


def nearest(labels: dict[float, str], px: float) -> str:
    """The label of the tick nearest to a pixel."""
    return labels[min(labels, key=lambda place: abs(place - px))]


def axis_line(ticks: Sequence[np.ndarray], lines: Sequence[np.ndarray]) -> float:
    """Where an axis lies, given its ticks and all lines by their places across it: at the lower ends of the ticks, if
    there is a line along them, or else at the upper ends."""
    low = min(float(tick.min()) for tick in ticks)
    along = any(float(np.abs(line - low).max()) < 0.5 for line in lines)
    return low if along else max(float(tick.max()) for tick in ticks)


def _length(stroke: Stroke) -> float:
    return float(np.abs(stroke.points[1] - stroke.points[0]).sum())


def _label_below(tick: Stroke, words: tuple[Word, ...]) -> str:
    """The string that hangs from the lower end of a tick: its middle, or where it is turned its tip, lies under it."""
    x, y = tick.points.min(0)
    hanging = [w for w in words if -3 <= y - w.box[3] <= 13]

    def off(word: Word) -> float:
        return abs((word.x if word.angle in (0, 90) else word.tip[0]) - float(x))

    return min(hanging, key=off).string


def _label_left(tick: Stroke, words: tuple[Word, ...]) -> str:
    """The string to the left of a tick, at its height."""
    x, y = tick.points.min(0)
    beside = [w for w in words if -1 <= x - w.box[2] <= 11 and w.box[1] - 3 <= y <= w.box[3] + 3]
    return min(beside, key=lambda w: abs(w.y - y)).string
