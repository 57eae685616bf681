"""Word clouds: words whose size grows with how often they occur.

The placement is our own. Every word is placed (the whole cloud shrinks until all fit), equal frequencies get equal
sizes, larger ones larger sizes. A grid of occupied cells and its summed-area table give, for each word in turn, every
place where its box is free; the nearest to the middle is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from envs.address import Draws
from envs.data import frequencies
from envs.drawing.colour import contrast
from envs.drawing.metrics import extent, size_for
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.base import Panel, Style, Words
from envs.figures.counts import NARROW
from envs.figures.style import X_HEIGHT
from envs.legibility import CONTRAST
from envs.registry import Scene, family
from envs.views import Categories, Item

CELL, FINE = 4, 2  # pixels: side of a cell of the occupancy grid; in a narrow picture
PER_WORD = 1600  # square pixels a word of the smallest size needs, with what lies around it
CLEAR = 3  # pixels kept free around a word
BESIDE = 0.5  # ... and of its size along its line
SIZES_APART = 0.12  # two words are ranked only if their sizes differ by this much of the larger


@dataclass(frozen=True, slots=True)
class Cloud:
    """Words with their frequencies, which ones stand upright, and where the middle lies (0..1 each way).

    `largest` is the size of the most frequent word as a share of the shorter side, before shrinking.
    """

    names: tuple[str, ...]
    values: tuple[int, ...]
    upright: tuple[bool, ...]
    middle: tuple[float, float]
    stretch: float
    largest: float
    sizes: int = 1
    absent: tuple[str, ...] = ()

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[Categories]:
        colours = [c for c in style.palette if contrast(c, style.ground) >= CONTRAST] or [style.ink]
        smallest = size_for(style.font, X_HEIGHT)
        largest = max(smallest + 4, self.largest * min(cell[2] - cell[0], cell[3] - cell[1]))
        order = sorted(range(len(self.names)), key=lambda i: (-self.values[i], i))
        while True:
            ems = self._ems(smallest, largest)
            placed = self._place(order, ems, style, cell)
            if placed is not None:
                break
            if largest <= smallest + 4:
                raise Unreadable("no room for all words of the cloud")
            largest = max(smallest + 4, largest * 0.88)
        for i in order:
            x, y, descent = placed[i]
            colour = colours[0 if style.one_colour else i % len(colours)]
            if self.upright[i]:
                height = extent(self.names[i], style.font, ems[i]).height
                sheet.text(
                    self.names[i], x + height - descent, y, ems[i], "name", across="left", angle=90, colour=colour
                )
            else:
                sheet.text(self.names[i], x, y + descent, ems[i], "name", across="left", colour=colour)
        # A frequency cannot be read off, only ranked: infinite error; sizes are compared by the em square.
        items = tuple(
            Item(name, value, float("inf"), ems[i]) for i, (name, value) in enumerate(zip(self.names, self.values))
        )
        return [
            panel.categories(
                items,
                span=float("inf"),
                apart_px=2.0,
                gap=SIZES_APART,
                sizes=self.sizes,
                absent=self.absent,
            )
        ]

    def _ems(self, smallest: float, largest: float) -> list[float]:
        """Em squares in half pixels, linear in the frequency."""
        low, high = min(self.values), max(self.values)
        span = max(1, high - low)
        return [round(2 * (smallest + (largest - smallest) * (value - low) / span)) / 2 for value in self.values]

    def _place(
        self, order: list[int], ems: list[float], style: Style, cell: Box
    ) -> dict[int, tuple[float, float, float]] | None:
        """Lower left corner and descent of each word, or None if one finds no place."""
        x0, y0, x1, y1 = cell
        side = CELL if min(x1 - x0, y1 - y0) >= NARROW else FINE
        columns, rows = int((x1 - x0 - 2 * CLEAR) // side), int((y1 - y0 - 2 * CLEAR) // side)
        taken = np.zeros((rows, columns), np.int32)
        table = np.zeros((rows + 1, columns + 1), np.int32)
        across = np.arange(columns + 1, dtype=np.float32) - columns / 2
        up = (np.arange(rows + 1, dtype=np.float32) - rows / 2) * self.stretch
        placed: dict[int, tuple[float, float, float]] = {}
        for i in order:
            width, height, descent = extent(self.names[i], style.font, ems[i])
            wide, high = (height, width) if self.upright[i] else (width, height)
            # More is kept free along the line than above it, or neighbours read as one phrase.
            apart = max(CLEAR, BESIDE * ems[i])
            free_x, free_y = (CLEAR, apart) if self.upright[i] else (apart, CLEAR)
            w, h = int((wide + free_x) // side) + 1, int((high + free_y) // side) + 1
            if w > columns or h > rows:
                return None
            if placed:
                np.cumsum(np.cumsum(taken, 0, out=table[1:, 1:]), 1, out=table[1:, 1:])
            free = (table[h:, w:] - table[:-h, w:] - table[h:, :-w] + table[:-h, :-w]) == 0
            far = (up[: rows + 1 - h, None] + h / 2 * self.stretch) ** 2 + (
                across[None, : columns + 1 - w] + w / 2
            ) ** 2
            far[~free] = np.inf
            row, column = divmod(int(far.argmin()), far.shape[1])
            if not free[row, column]:
                return None
            taken[row : row + h, column : column + w] = 1
            spare_x, spare_y = w * side - wide, h * side - high
            placed[i] = (
                x0 + CLEAR + column * side + spare_x / 2,
                y0 + CLEAR + row * side + spare_y / 2,
                descent,
            )
        return self._centred(placed, taken, side)

    def _centred(
        self, placed: dict[int, tuple[float, float, float]], taken: np.ndarray, side: int
    ) -> dict[int, tuple[float, float, float]]:
        """The finished cloud, moved as a whole so that its middle lies where it is wanted."""
        shift = []
        for axis, where in ((1, self.middle[0]), (0, self.middle[1])):
            used = np.flatnonzero(taken.any(1 - axis))
            spare = taken.shape[axis] - (used[-1] + 1 - used[0])
            shift.append((spare * where - used[0]) * side)
        return {i: (x + shift[0], y + shift[1], descent) for i, (x, y, descent) in placed.items()}


@family("wordcloud", Categories, traits=("words",), top_level=12, smallest=0)
def wordcloud(draws: Draws, scene: Scene) -> Panel:
    """The words of a passage. Levels add words, and bring the largest closer together."""
    level = min(scene.level, 12)
    room = max(7, int(scene.width * scene.height / PER_WORD))
    low, high = min(5 + 2 * level, 26, room - 4), min(9 + 3 * level, 42, room)
    count = draws.integers(low, max(low, high) + 1)
    # The top of the ranking steps down clearly, the rest is drawn from below it.
    # A small picture has few sizes to show it with.
    closest = 0.84 - 0.3 / (2 + level) if min(scene.width, scene.height) >= NARROW else 0.5
    targets = [20 + draws.integers(0, 11)]
    while len(targets) < min(count, 4 + level):
        step = int(targets[-1] * draws.uniform(closest - 0.15, closest))
        if step < 3:
            break
        targets.append(step)
    targets += [1 + draws.integers(0, max(1, targets[-1] - 1)) for _ in range(count - len(targets))]
    longest = max(6, min(6 + level, scene.width // 16))
    found = frequencies(
        draws, kind="word", targets=targets, source=scene.source, test=scene.test, longest=longest, threshold=0
    )
    order = draws.shuffled(range(count))
    upright = 0.3 if draws.chance(0.5) else 0.0
    marks = Cloud(
        tuple(found.names[i] for i in order),
        tuple(found.counts[i] for i in order),
        tuple(draws.chance(upright) for _ in order),
        (draws.uniform(0.35, 0.65), draws.uniform(0.35, 0.65)),
        draws.uniform(1.0, 1.6),
        draws.uniform(0.12, 0.18) if count > 25 else draws.uniform(0.14, 0.26),
        max(low, high) - low + 1,
        found.absent,
    )
    measure = draws.choice(("frequency", "number of occurrences"))
    return Panel(marks, Words("word", "words", measure, most="most frequent"), chart="word cloud", sourced=False)
