"""Tasks as bars over time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

from envs.address import Draws
from envs.drawing.colour import mix
from envs.drawing.sheet import Box, Sheet, Unreadable
from envs.figures.bars import THINNEST
from envs.figures.base import Panel, Style, Words
from envs.figures.counts import NARROW, not_written
from envs.figures.frame import Names, Values, frame
from envs.figures.tables import Plot, longest_name, readable, window
from envs.numerals import Unit
from envs.registry import Scene, family
from envs.views import EYE, Categories, Item, Several, View
from envs.views_spans import Bar, Spans

START, END = "start time", "end time"
PROJECTS = {
    "Building a house": "Permits Survey Digging Foundation Walls Roof Windows Wiring Plumbing Plaster Floors Painting",
    "New app": "Research Sketches Prototype Database Backend Frontend Testing Security Manual Beta Fixes Launch",
    "Film shoot": "Script Casting Scouting Costumes Sets Rehearsal Filming Stunts Editing Music Sound Trailer",
    "Science project": "Proposal Reading Design Ethics Pilot Sampling Analysis Plots Draft Review Revision Poster",
    "Festival": "Budget Sponsors Booking Bands Tickets Posters Stage Lights Catering Security Parking Clean-up",
    "Garden": "Plan Digging Compost Paths Fence Pond Seeds Planting Watering Weeding Pruning Harvest",
    "New product": "Idea Market Concept Model Materials Tooling Trial Packaging Pricing Adverts Training Rollout",
    "Moving office": "Search Contract Layout Network Furniture Phones Packing Transport Unpacking Signs Cleaning Party",
    "Ship repair": "Docking Inspection Blasting Welding Engine Propeller Rudder Radar Pumps Coating Trials Delivery",
    "School play": "Choice Roles Lines Props Scenery Dresses Make-up Lighting Programme Invites Previews Premiere",
}
NOUNS = {"task": "tasks", "step": "steps", "activity": "activities", "job": "jobs"}
UNITS = ("days", "weeks", "months")
NO_FINER = 7.5  # pixels of a unit of time: ends lie on whole units, which the eye then tells apart


@dataclass(frozen=True, slots=True)
class Gantt:
    """Tasks, the first on top, each from a whole unit of time to another."""

    names: tuple[str, ...]
    starts: tuple[int, ...]
    durations: tuple[int, ...]
    fill: float
    sizes: int
    asked: bool = False
    absent: tuple[str, ...] = ()

    def lay_out(self, panel: Panel, style: Style, cell: Box, sheet: Sheet) -> list[View]:
        last = max(start + length for start, length in zip(self.starts, self.durations))
        axis = Values(0.0, float(last + 1), Unit(), panel.value_axis)
        found = frame(cell, style, axis, Names(self.names, panel.category_axis, down=True))
        px = found.x.px_per_unit
        if len(found.x_ticks) < 3:
            raise Unreadable("the time axis has too few ticks")
        if found.y.slot * self.fill < THINNEST:
            raise Unreadable("the bars are too thin")
        err = 0.0 if px >= NO_FINER else EYE / px
        if self.asked:
            readable(2 * err, float(max(self.durations)))
        found.begin(style, sheet)
        for x, _ in () if style.grid else found.x_ticks[1:]:  # ends could hardly be read without a grid
            ground = [(found.x.px(x), found.box[1]), (found.x.px(x), found.box[3])]
            sheet.line(ground, mix(style.ground, style.ink, 0.15), 1.0)
        for i, (colour, start, length) in enumerate(
            zip(style.colours(len(self.names)), self.starts, self.durations, strict=True)
        ):
            box = Plot(found, True).box(i + 0.5 - self.fill / 2, i + 0.5 + self.fill / 2, start, start + length)
            sheet.rect(box, colour, style.ink if style.outline else None, 1.0 if style.outline else 0.0, mark=i)
        found.finish(style, sheet)
        lengths = [Item(name, float(n), 2 * err, n * px) for name, n in zip(self.names, self.durations)]
        starts = [Item(name, float(n), err, n * px, (name, START)) for name, n in zip(self.names, self.starts)]
        absent = not_written(self.absent, panel.title)
        durations, begins = (
            panel.categories(items, span=span, sizes=self.sizes, absent=absent)
            for items, span in ((lengths, float(max(self.durations))), (starts, float(last)))
        )
        begins = replace(begins, measure=START, most="", adds=False)
        ends = (first + length for first, length in zip(self.starts, self.durations))
        finishes = (Item(name, float(n), err, n * px, (name, END)) for name, n in zip(self.names, ends))
        words = panel.words
        spans = Spans(
            bars=tuple(map(Bar, self.names, starts, finishes)),
            noun=words.noun,
            nouns=words.nouns,
            measure="time",
            unit=words.unit,
            span=float(last),
            sizes=self.sizes,
        )
        return [Several(views=(durations, spans)), durations, begins, spans]


@family(
    "gantt",
    Categories,
    Spans,
    traits=("values", "words", "title", "axes"),
    top_level=12,
    smallest={"": 200, "values": 300},
)
def gantt(draws: Draws, scene: Scene) -> Panel:
    """The plan of a project."""
    side = min(scene.width, scene.height)
    count, sizes = window(draws, scene, 5, 14, (scene.height - 90) / (1.5 * scene.style.text))
    longest = longest_name(scene)
    project = draws.choice(tuple(PROJECTS))
    fit = [i for i, task in enumerate(PROJECTS[project].split()) if len(task) <= longest]
    chosen = draws.sample(fit, min(count, len(fit) - 1))
    chosen = sorted(chosen) if scene.level < 6 else chosen
    tasks = PROJECTS[project].split()
    width = scene.width - 40 - scene.style.width("m") * max(len(tasks[i]) for i in chosen)
    last, spans = min(40, int(width / NO_FINER) - 1), "Spans" in scene.needs
    for _ in range(8):  # until some tasks overlap and some do not, where that may be asked
        starts, durations = _plan(draws, len(chosen), last, 4 if spans else 2)
        pairs = combinations(zip(starts, durations), 2)
        if not spans or len({a + m > b and b + n > a for (a, m), (b, n) in pairs}) == 2:
            break
    if scene.level < 6 or draws.chance(0.5):  # as plans are usually drawn: from the upper left to the lower right
        order = sorted(range(len(starts)), key=lambda i: starts[i])
        starts, durations = [starts[i] for i in order], [durations[i] for i in order]
    unit = draws.choice(UNITS)
    axes = "axes" in scene.needs
    title = project if "title" in scene.needs or (side >= NARROW and draws.chance(0.75)) else ""
    marks = Gantt(
        tuple(tasks[i] for i in chosen),
        tuple(starts),
        tuple(durations),
        fill=draws.uniform(0.45, 0.85),
        sizes=sizes,
        asked="values" in scene.needs,
        absent=tuple(tasks[i] for i in draws.shuffled(fit) if i not in chosen),
    )
    noun, nouns = draws.choice(tuple(NOUNS.items()))
    words = Words(noun, nouns, "duration", Unit(0, unit), "longest")
    category_axis = draws.choice((noun, nouns)).capitalize() if axes or draws.chance(0.3) else ""
    times = (f"Time ({unit})", f"Time in {unit}", f"{unit.capitalize()} from the start", unit.capitalize())
    return Panel(marks, words, "Gantt chart", title, category_axis, draws.choice(times))


def _plan(draws: Draws, count: int, last: int, part: int) -> tuple[list[int], list[int]]:
    """Distinct starts and distinct durations of so many tasks, none of which ends after `last` or, where there is room
    for their durations to differ, takes more than one `part` of that time."""
    last = max(last, 2 * count + 2)
    most = max(count, draws.integers(2 * last // (3 * part), last // part + 1))
    durations = draws.sample(range(1, most + 1), count)
    starts = draws.sample(range(0, last - most + 1), count)
    return starts, durations
