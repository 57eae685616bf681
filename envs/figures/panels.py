"""Several figures in one image: small multiples, which differ in one thing, and mixtures of families."""

from __future__ import annotations

from dataclasses import dataclass, replace

from envs.address import Draws
from envs.drawing.metrics import size_for
from envs.figures.base import Figure, Panel, split
from envs.figures.counts import TOP
from envs.figures.multiples import forms, multiples
from envs.figures.style import X_HEIGHT
from envs.registry import FAMILIES, Family, Scene, family
from envs.views import Categories, Series
from envs.views_whole import Panels

TAGS = "ABCDEF"
LETTERS = 240.0  # pixels of the shorter side of a panel whose letters are larger than the smallest


@dataclass(frozen=True, slots=True)
class Member:
    """A family that mixtures are drawn from, by its name, and the pixels that it needs."""

    name: str
    wide: float
    high: float

    @property
    def family(self) -> Family:
        return FAMILIES[self.name]

    def fits(self, scene: Scene) -> bool:
        """Whether there is room for it, and the question may be asked of it if it offers the view at all."""
        room = scene.width >= self.wide and scene.height >= self.high
        return room and (not self.offers(scene) or self._answers(scene))

    def offers(self, scene: Scene) -> bool:
        """Whether it has the view that is asked about, or what is asked about is the whole figure."""
        return "Panels" in scene.needs or any(view.__name__ in scene.needs for view in self.family.views)

    def _answers(self, scene: Scene) -> bool:
        traits = self.family.traits
        return (scene.needs & ASKED) <= traits and not scene.unfit & traits


# What a mixture is drawn from; a new member changes every mixture, and the version. Those of one line may be taken for
# each other.
ALIKE = (
    (
        Member("bar", 145, 145),
        Member("topic_bar", 180, 145),
        Member("grouped_bar", 145, 170),
        Member("stacked_bar", 200, 145),
        Member("percent_bar", 200, 145),
        Member("histogram", 145, 145),
    ),
    (Member("pie", 145, 145), Member("topic_pie", 200, 145), Member("donut", 200, 145), Member("rose", 210, 170)),
    (Member("line", 145, 170), Member("step", 145, 170), Member("area", 145, 170)),
    (Member("lollipop", 160, 140), Member("dumbbell", 145, 145)),
    (Member("box", 145, 145), Member("violin", 145, 145)),
    (Member("heatmap", 200, 145), Member("treemap", 145, 145)),
    (Member("scatter", 200, 145),),
    (Member("table", 200, 145),),
    (Member("funnel", 200, 145),),
)
ASKED = frozenset({"values", "words", "title"})  # traits of panels that not all members have


@family(
    "panels",
    Categories,
    Series,
    Panels,
    traits=(*ASKED, "shared", "mixed"),
    top_level=TOP,
    version=2,
    smallest=320,
)
def panels(draws: Draws, scene: Scene) -> Figure:
    """Two to six panels, as many as the picture has room for at the level: of one family or of several, with legends of
    their own or with one for all."""
    shared = "shared" in scene.needs or ("mixed" not in scene.needs and draws.chance(0.5))
    small = {count: _panel(scene, count) for count in range(2, min(len(TAGS), 4 + min(scene.level, TOP) // 3) + 1)}
    count = draws.choice([n for n, panel in small.items() if (forms(panel) if shared else _members(panel))])
    panel = small[count]
    made, legend = multiples(draws, panel, count) if shared else (_mixture(draws, panel, count), None)
    tagged = tuple(replace(panel, tag=tag, where=f" in panel {tag}") for tag, panel in zip(TAGS, made))
    return Figure(tagged, panel.style, scene.width, scene.height, legend)


def _panel(scene: Scene, count: int) -> Scene:
    """What a panel is drawn for where there are so many. Letters grow with the panels, as those of a figure of one do
    with the picture."""
    x0, y0, x1, y1 = split((0.0, 0.0, float(scene.width), float(scene.height)), count)[0]
    side, least = min(x1 - x0, y1 - y0), size_for(scene.style.font, X_HEIGHT)
    text = least + (scene.style.text - least) * side / min(scene.width, scene.height) if side > LETTERS else least
    style = replace(scene.style, text=text, title=text)
    return replace(scene, style=style, width=int(x1 - x0), height=int(y1 - y0), level=min(scene.level, TOP) // 2)


def _members(scene: Scene) -> list[tuple[Member, ...]]:
    """What a panel may be drawn from, line by line; nothing where none of it can be asked about."""
    fit = [tuple(member for member in alike if member.fits(scene)) for alike in ALIKE]
    return fit if sum(map(bool, fit)) > 1 and any(member.offers(scene) for alike in fit for member in alike) else []


def _mixture(draws: Draws, scene: Scene, count: int) -> list[Panel]:
    """A family for each panel. One of them has the view that is asked about and nothing like it beside it, so that it
    can be asked for by its kind."""
    fit = _members(scene)
    first = draws.choice([member for alike in fit for member in alike if member.offers(scene)])
    others = [member for alike in fit if first not in alike for member in alike]
    chosen = [first, *(draws.choice(others) for _ in range(count - 1))]
    drawn = [member.family.draw(draws, scene) for member in draws.shuffled(chosen)]
    return [panel for panel in drawn if isinstance(panel, Panel)]
