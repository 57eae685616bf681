"""Programs put into words: groups and values defined one from another, and a question about the last.

    Let group 1 be the cities with a sales volume above 40. Let value 2 be the mean sales volume over group 1.
    How many cities have a sales volume above value 2?

Every definition takes up the one before it, each sentence has one reading, and there is no longest program: one
definition at level 0, and one more every second level. What depends on a comparison is only built where no honest
reading could settle it another way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from envs.address import Draws
from envs.known import Known
from envs.questions.asking import (
    COUNTED,
    complete,
    cuts,
    falling,
    grain,
    known_sum,
    margin,
    quoted,
    spoken,
    sums,
    valued,
)
from envs.views import Categories, Item, NotAskable

TRIES = 12  # programs that are begun before the view is given up
KINDS = ("mean", "largest", "smallest")  # of values out of a group


@dataclass(slots=True)
class Program:
    """What has been defined so far. The last definition is a group of `items` or a `value`; `divided`: some value is no
    multiple of the last digit. `size` is the range that the value may honestly take."""

    view: Categories
    draws: Draws
    said: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    name: str = ""
    items: list[Item] | None = None
    value: Known | None = None
    size: float = 0.0
    divided: bool = False

    @property
    def places(self) -> int:
        return self.view.decimals + self.divided

    def show(self, value: float) -> str:
        return self.view.plain(value, self.places + self.divided)

    def group(self, words: str, items: Sequence[Item]) -> None:
        """Define a group."""
        self.name = f"group {len(self.said) + 1}"
        self.items, self.value = list(items), None
        self.said.append(f"Let {self.name} be {words}.")
        self.steps.append(f"{self.name.capitalize()} is {valued(self.view, items)}.")

    def number(self, words: str, value: Known, size: float, reckoning: str) -> None:
        """Define a value."""
        self.name = f"value {len(self.said) + 1}"
        self.items, self.value, self.size = None, value, size
        self.said.append(f"Let {self.name} be {words}.")
        self.steps.append(f"{self.name.capitalize()} is {reckoning}.")


def define(program: Program, last: bool) -> None:
    """One more definition; the first is a group, and where it is the last a group that something can be asked of."""
    if program.items is None and program.value is None:
        _first(program)
    elif program.items is not None:
        # A group can be narrowed once or twice; then it is made a value.
        if len(program.items) >= 4 and program.draws.chance(0.4):
            _narrow(program)
        else:
            aggregate(program)
    elif program.draws.chance(0.5) and not last:
        _beyond_value(program)
    else:
        reckon(program)


def _first(program: Program) -> None:
    view, draws = program.view, program.draws
    items = complete(view.items, 3)
    kinds = ["beyond", "leading", "except"] + (["times", "times"] if view.ordered else [])
    kind = draws.choice(kinds)
    if kind == "beyond":
        _threshold(program, items, f"the {view.nouns}")
    elif kind == "leading":
        _leading(program, items, f"{view.nouns}")
    elif kind == "except":
        gone = draws.sample(items, draws.integers(1, max(2, min(3, len(items) - 2))))
        rest = [item for item in items if item not in gone]
        program.group(f"all {view.nouns} except {spoken(view, gone)}", rest)
    else:
        count = draws.integers(2, len(items))
        start = draws.integers(0, len(items) - count + 1)
        part = items[start : start + count]
        program.group(f"the {view.nouns} from {part[0].name} to {part[-1].name}", part)


def _narrow(program: Program) -> None:
    view, draws, items = program.view, program.draws, program.items or []
    kind = draws.choice(("beyond", "leading", "except"))
    if kind == "beyond":
        _threshold(program, items, f"the members of {program.name}")
    elif kind == "leading":
        _leading(program, items, f"members of {program.name}")
    else:
        gone = draws.choice(items)
        rest = [item for item in items if item is not gone]
        program.group(f"{program.name} without {quoted(view, gone.name)}", rest)


def _threshold(program: Program, items: list[Item], of: str) -> None:
    """Those above or below a round threshold: at least two."""
    view, draws = program.view, program.draws
    above = draws.chance(0.5)
    found = cuts(view, draws, items)
    sides = {m if above else len(items) - m: cut for m, cut in found.items()}
    fit = [count for count in sorted(sides) if count >= 2]
    if not fit:
        raise NotAskable("no threshold leaves a group")
    cut = sides[draws.choice(fit)]
    side = "above" if above else "below"
    program.group(
        f"{of} with a {view.measure} {side} {view.say(cut)}", [item for item in items if (item.value > cut) == above]
    )


def _leading(program: Program, items: list[Item], of: str) -> None:
    """The k largest or smallest, where it is clear who is the last of them."""
    view, draws = program.view, program.draws
    up = draws.chance(0.5)
    order = falling(items, up)
    fit = [k for k in range(2, min(len(items) - 1, 5) + 1) if parted(view, order[k - 1], order[k])]
    if not fit:
        raise NotAskable("the leading ones cannot be told from the others")
    k = draws.choice(fit)
    kept = [item for item in items if item in order[:k]]
    program.group(f"the {COUNTED[k]} {of} with the {'smallest' if up else 'largest'} {view.measure}", kept)


def parted(view: Categories, a: Item, b: Item) -> bool:
    return view.apart(*((a, b) if a.value >= b.value else (b, a))) and a.known.differs(b.known, grain(view))


def aggregate(program: Program) -> None:
    """One value out of a group."""
    view, draws, items = program.view, program.draws, program.items or []
    kinds = ("sum", *KINDS) if view.adds else KINDS
    kind = draws.choice(kinds if len(items) > 1 else ("largest",))
    span = view.reach
    if kind == "sum":
        known, terms = known_sum(items), sums(view, [item.value for item in items])
        program.number(
            f"the sum of the {view.measure} over {program.name}",
            known,
            len(items) * span,
            f"{terms} = {program.show(known.value)}",
        )
    elif kind == "mean":
        program.divided = True
        total = known_sum(items)
        known = total.times(1 / len(items))
        terms = sums(view, [item.value for item in items])
        reckoning = f"({terms}) / {len(items)} = {program.show(known.value)}"
        program.number(f"the mean {view.measure} over {program.name}", known, span, reckoning)
    else:
        item = falling(items, kind == "smallest")[0]
        # Which of two near ones it is makes no difference to the value but for the errors of both.
        known = Known(item.value, max(item.err for item in items))
        program.number(f"the {kind} {view.measure} in {program.name}", known, span, view.plain(item.value))


def reckon(program: Program) -> None:
    """One value out of another and the value of a name."""
    view, draws, value = program.view, program.draws, program.value or Known(0)
    item = draws.choice(view.items)
    other = f"the {view.measure} {view.slots()['of']} {quoted(view, item.name)}"
    own, theirs = program.show(value.value), view.plain(item.value)
    kind = draws.choice(("plus", "difference", "half", "mean") if view.adds else ("difference", "mean"))
    if kind == "plus":
        known = value.plus(item.known)
        size, reckoning = program.size + view.reach, f"{own} + {theirs} = {program.show(known.value)}"
        words = f"{program.name} plus {other}"
    elif kind == "difference":
        known = Known(abs(value.value - item.value), value.err + item.err)
        if known.value <= known.err + grain(view):
            raise NotAskable("which is larger is unclear")
        high, low = (own, theirs) if value.value > item.value else (theirs, own)
        size, reckoning = max(program.size, view.reach), f"{high} - {low} = {program.show(known.value)}"
        words = f"the larger less the smaller of {program.name} and {other}"
    else:
        program.divided = True
        if kind == "half":
            known, size = value.times(0.5), program.size / 2
            words, reckoning = f"half of {program.name}", f"{own} / 2 = {program.show(known.value)}"
        else:
            known, size = value.plus(item.known).times(0.5), (program.size + view.reach) / 2
            words = f"the mean of {program.name} and {other}"
            reckoning = f"({own} + {theirs}) / 2 = {program.show(known.value)}"
    program.number(words, known, size, reckoning)


def sides_of(program: Program, least: int) -> tuple[str, list[Item]]:
    """The items above or below the value, on a side where there are at least so many; all are clear of it."""
    view, draws, value = program.view, program.draws, program.value or Known(0)
    clear = margin(view, view.items) if not view.written else grain(view)
    if any(not item.known.differs(value, clear) for item in complete(view.items)):
        raise NotAskable("a value lies too close to the one defined")
    sides = {
        side: [i for i in view.items if (i.value > value.value) == (side == "above")] for side in ("above", "below")
    }
    fit = [side for side, items in sides.items() if len(items) >= least]
    if not fit:
        raise NotAskable("too few lie on either side")
    side = draws.choice(fit)
    return side, sides[side]


def _beyond_value(program: Program) -> None:
    view = program.view
    side, items = sides_of(program, 2)
    program.group(f"the {view.nouns} with a {view.measure} {side} {program.name}", items)


def build(view: Categories, draws: Draws, definitions: int) -> Program:
    """A program of so many definitions. One that does not fit is drawn anew, not the program: long ones would else
    hardly ever be finished."""
    program = Program(view, draws)
    for k in range(definitions):
        for attempt in reversed(range(TRIES)):
            try:
                define(program, k == definitions - 1)
                break
            except NotAskable:
                if not attempt:
                    raise
    return program
