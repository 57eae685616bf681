"""The page of all families, with a picture of each, and how they cover the chart types that other work counts.

`python -m envs families --out docs/families.md` writes the page and docs/families/NAME.png. All but one thing comes
from the registry and from what is drawn: which of ReachQA's types a family is stands in TAXONOMY, by its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from PIL import Image

from envs.address import Address, AddressError
from envs.problem import Unmakeable, draw, make
from envs.registry import FAMILIES, Cell, cells

PX, LARGE = (336, 252), (672, 504)  # of the pictures, and of those that need more room
SEEDS = 24  # looked at for a picture
COLOURS = 32  # of a picture; the edges of letters need most of them
LEVEL = 2  # of the pictures
LOOKED_AT = 26  # problems of each family, over LEVELS, whose charts are listed
LEVELS = 13

# The 10 major and 32 minor chart types of ReachQA (He et al. 2024, utils/chart_notes.py of its repository), each with
# the families, as globs, that draw it.
TAXONOMY: dict[str, dict[str, tuple[str, ...]]] = {
    "line": {
        "line chart": ("line", "step"),
        "line chart with data annotation": ("line",),
        "line chart with error bar": ("error_line", "band"),
    },
    "pie": {
        "pie chart": ("pie", "topic_pie"),
        "donut pie chart": ("donut",),
        "sector pie chart": ("pie", "topic_pie"),
        "ring chart": ("ring", "donut"),
    },
    "bar": {
        "bar chart": ("bar", "topic_bar", "grouped_bar"),
        "bar chart with data annotation": ("bar", "topic_bar", "grouped_bar"),
        "stacked bar chart": ("stacked_bar",),
        "percentage bar chart": ("percent_bar",),
        "horizontal bar chart": ("bar", "topic_bar", "grouped_bar"),
    },
    "3-D bar": {
        "3D bar chart": ("bar3d",),
        "stacked 3D bar chart": ("stacked_bar3d",),
        "percentage 3D bar chart": ("percent_bar3d",),
    },
    "node": {
        "directed node chart": ("digraph",),
        "undirected node chart": ("network",),
    },
    "radar": {
        "radar chart": ("radar",),
        "radar chart with area filling": ("filled_radar",),
    },
    "area": {
        "area chart": ("area",),
        "stacked area chart": ("stacked_area", "share_area"),
    },
    "box": {
        "vertical box chart": ("box",),
        "horizontal box chart": ("box",),
    },
    "scatter": {
        "scatter chart": ("scatter",),
        "scatter chart with smooth fitting": ("trend_scatter",),
        "3D scatter chart (bubble chart)": ("bubble", "scatter3d"),
    },
    "specific": {
        "heat map": ("heatmap",),
        "rose chart": ("rose",),
        "funnel chart": ("funnel",),
        "waterfall chart": ("waterfall",),
        "histogram": ("histogram",),
        "tree map": ("treemap", "nested_treemap"),
    },
    "combinations": {  # beside the 32: its overlays and its several plots in one picture
        "overlaid marks": ("combo*", "*_combo", "overlay*", "*_overlay", "pareto*", "twin*", "dual*", "*_and_*"),
        "several panels": ("panel*", "*_panels", "facet*", "subplot*"),
    },
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A family as the page tells it: `charts` from the most frequent, `about` the first sentence of its docstring."""

    name: str
    about: str
    charts: tuple[str, ...]
    views: tuple[str, ...]
    traits: tuple[str, ...]
    questions: int
    picture: Image.Image


def entries() -> list[Entry]:
    """Every family, in order of name."""
    mine: dict[str, list[Cell]] = {}
    for cell in cells():
        mine.setdefault(cell.family, []).append(cell)
    return [entry(name, mine[name]) for name in sorted(mine)]


def entry(name: str, mine: Sequence[Cell]) -> Entry:
    """One family, with the cells that it has."""
    made = FAMILIES[name]
    about = " ".join((made.draw.__doc__ or "").split()).partition(". ")[0].rstrip(".")
    views = tuple(dict.fromkeys(view.__name__ for view in made.views))
    return Entry(name, about, _charts(mine), views, tuple(sorted(made.traits)), len(mine), picture(name, mine))


def _charts(mine: Sequence[Cell]) -> tuple[str, ...]:
    """The kinds of chart seen among LOOKED_AT drafts; panels of one picture are counted, as in "4 x bar chart"."""
    seen: Counter[str] = Counter()
    for i in range(LOOKED_AT):
        cell = mine[i % len(mine)]
        try:
            panels = draw(Address(cell.family, cell.question, i % LEVELS, i)).figure.panels
        except (Unmakeable, AddressError):
            continue
        kinds = Counter(panel.chart for panel in panels)
        seen[" and ".join(f"{times} x {kind}" if times > 1 else kind for kind, times in kinds.items())] += 1
    return tuple(chart for chart, _ in seen.most_common())


def picture(name: str, mine: Sequence[Cell]) -> Image.Image:
    """A small picture of the family in few colours; shrunk to size where the family needs more room."""
    for px in (PX, LARGE):
        for seed in range(SEEDS):
            cell = mine[seed % len(mine)]
            try:
                problem = make(Address(name, cell.question, LEVEL, seed, False, *px))
            except (Unmakeable, AddressError):
                continue
            shown = Image.fromarray(problem.image).resize(PX, Image.Resampling.LANCZOS)
            return shown.quantize(COLOURS, dither=Image.Dither.NONE)
    raise Unmakeable(f"{name} has no problem at {LARGE[0]}x{LARGE[1]} in {SEEDS} seeds")


def drawn_by(globs: Sequence[str], names: Sequence[str]) -> list[str]:
    """The families that match."""
    return [name for name in names if any(fnmatchcase(name, glob) for glob in globs)]


def page(found: Sequence[Entry], pictures: str) -> str:
    """The text of the page; `pictures` is the folder they lie in, as a link."""
    rows = [
        f"| ![{e.name}]({pictures}/{e.name}.png) | `{e.name}`<br>{e.about} | {'<br>'.join(_few(e.charts))} "
        f"| {', '.join(e.views)} | {', '.join(e.traits)} | {e.questions} |"
        for e in found
    ]
    names = [e.name for e in found]
    mapped, covered, rest = [], Counter[bool](), set(names)
    for major, minors in TAXONOMY.items():
        for minor, globs in minors.items():
            drawn = drawn_by(globs, names)
            rest -= set(drawn)
            if major != "combinations":
                covered[bool(drawn)] += 1
            mapped.append(f"| {major} | {minor} | {', '.join(f'`{name}`' for name in drawn) or 'none yet'} |")
    return _PAGE.format(
        count=len(found),
        cells=sum(e.questions for e in found),
        rows="\n".join(rows),
        covered=covered[True],
        all=covered.total(),
        mapped="\n".join(mapped),
        rest=", ".join(f"`{name}`" for name in sorted(rest)) or "none",
    )


def _few(charts: Sequence[str], most: int = 4) -> list[str]:
    return [*charts[:most], f"and {len(charts) - most} more"] if len(charts) > most else list(charts)


_PAGE = """# Families

{count} families of figures, {cells} cells. What is one thing is one family, and varies within it: upright or lying,
values written or not, fills, markers, legends. A question is asked of every family that offers its view and has the
traits it needs. `python -m envs families --out docs/families.md` writes this page.

| | family | charts | views | traits | questions |
|---|---|---|---|---|---|
{rows}

## ReachQA's chart types

The 10 major and 32 minor types of ReachQA (He et al. 2024); {covered} of {all} are drawn.

| major | minor | families |
|---|---|---|
{mapped}

Beyond them: {rest}.
"""


def write(out: Path) -> list[Path]:
    """Write the page and its pictures; the files."""
    found = entries()
    folder = out.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for e in found:
        files.append(folder / f"{e.name}.png")
        e.picture.save(files[-1], "PNG", optimize=True)
    out.write_text(page(found, folder.name), encoding="utf-8")
    return [out, *files]
