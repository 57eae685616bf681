"""Several figures in one image: small multiples, which differ in one thing, and mixtures of families."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from envs.address import Draws
from envs.drawing.metrics import size_for
from envs.figures.bars import Bars, bar
from envs.figures.base import Figure, Panel, Words, widest
from envs.figures.counts import NARROW, TOP
from envs.figures.pie import pie
from envs.figures.style import X_HEIGHT
from envs.figures.topics import tell
from envs.registry import Scene, family
from envs.views import Categories
from envs.views_whole import Panels

TAGS = "ABCDEF"
NUMBERS = 0.15  # of the width of a panel: the widest written value
# What a mixture is drawn from, by the name of the chart; a new member changes every mixture, and the version.
MEMBERS: dict[str, Callable[[Draws, Scene], Panel]] = {"bar chart": bar, "pie chart": pie}
ROUND = frozenset({"pie chart"})  # need a cell that is not NARROW


@family(
    "panels",
    Categories,
    Panels,
    traits=("values", "words", "title", "shared", "mixed"),
    top_level=TOP,
    smallest=320,
)
def panels(draws: Draws, scene: Scene) -> tuple[Panel, ...]:
    """Two to six panels, as many as the picture has room for at the level."""
    room = max(2, (scene.width // NARROW) * (scene.height // NARROW))
    count = draws.integers(2, min(6, room, 4 + min(scene.level, TOP) // 3) + 1)
    style = replace(scene.style, text=size_for(scene.style.font, X_HEIGHT), title=size_for(scene.style.font, X_HEIGHT))
    blank = Figure(
        (Panel(Bars((), (), False, False), Words("", "", ""), ""),) * count, style, scene.width, scene.height
    )
    x0, y0, x1, y1 = blank.cells()[0]
    small = replace(scene, style=style, width=int(x1 - x0), height=int(y1 - y0), level=min(scene.level, TOP) // 2)
    shared = "shared" in scene.needs or ("mixed" not in scene.needs and draws.chance(0.5))
    made = _multiples(draws, small, count) if shared else _mixture(draws, small, count)
    return tuple(replace(panel, tag=tag, where=f" in panel {tag}") for tag, panel in zip(TAGS, made))


def _multiples(draws: Draws, scene: Scene, count: int) -> list[Panel]:
    """The same names by the same measure, a panel for each series."""
    side = min(scene.width, scene.height)
    most = min(4 + scene.level, max(3, side // 30))
    positions = draws.integers(3, most + 1)
    longest = max(5, scene.width // 30)
    for _ in range(8):  # until a table has numbers that are short enough for a narrow panel
        told = tell(draws, scene, series=count, positions=positions, ordered=False, longest=longest)
        numbers = [told.words.unit.write(value) for row in told.grid.values for value in row]
        if widest(numbers, scene.style) <= NUMBERS * scene.width:
            break
    grid = told.grid
    horizontal, written = draws.chance(0.6), draws.chance(0.6) or "values" in scene.needs
    words = replace(told.words, subject=grid.series_noun)
    return [
        Panel(
            Bars(grid.positions, row, horizontal, written, insist=written, sizes=most - 2, absent=grid.absent),
            words,
            "bar chart",
            title=name,
            subject=name,
        )
        for name, row in zip(grid.series, grid.values, strict=True)
    ]


def _mixture(draws: Draws, scene: Scene, count: int) -> list[Panel]:
    """A family of its own for each panel; the first chart occurs once, so that it can be asked for."""
    wide = min(scene.width, scene.height) >= NARROW
    charts = draws.shuffled([chart for chart in MEMBERS if wide or chart not in ROUND])
    chosen = [charts[0], *(draws.choice(charts[1:] or charts) for _ in range(count - 1))]
    return [MEMBERS[chart](draws, scene) for chart in draws.shuffled(chosen)]
