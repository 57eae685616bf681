"""What edges weigh: one of them, the heaviest, all that meet at a node; flows and where the largest go."""

from __future__ import annotations

from envs.address import Draws
from envs.numerals import listed
from envs.questions.asking import at_level
from envs.questions.links import MANY, at_node, edges_at, spoken, told
from envs.registry import Ask, question
from envs.views import Item, NotAskable
from envs.views_links import Links
from rewards import Label, Number, Sequence, Set


@question(
    Links,
    Number,
    skill="reading",
    needs=("values",),
    phrasings=(
        "What is the {measure} of the {link} {pair}{where}?{rounding}",
        "Read the {measure} of the {link} {pair}{where}.{rounding}",
        "What {measure} does the {link} {pair} have{where}?{rounding}",
        "Find the {link} {pair}{where}: what is its {measure}?{rounding}",
        "Which {measure} is written at the {link} {pair}{where}?{rounding}",
    ),
    held_out=(
        "State the {measure} given for the {link} {pair}{where}.{rounding}",
        "For the {link} {pair}, what {measure} does the figure tell{where}?{rounding}",
    ),
)
def link_weight(view: Links, draws: Draws, level: int) -> Ask:
    """The weight of an edge."""
    edge = draws.choice(view.edges)
    pair = spoken(view, edge)
    steps = [f"At the {view.link} {pair} stands {view.say(edge.value)}."]
    slots = {"pair": pair, "rounding": view.rounding()}
    return Ask(view.quantity(edge.value, edge.err), steps, MANY, view.plain(edge.value), slots)


def _heaviest(view: Links) -> tuple[Item, list[str]]:
    """The edge with the largest weight, and the steps that find it."""
    order = sorted(view.edges, key=lambda edge: -edge.value)
    if len(order) > 1 and not view.apart(order[0], order[1]):
        raise NotAskable("the two largest weights cannot be told apart")
    best = order[0]
    return best, [
        f"The largest {view.measure} is {view.say(best.value)}.",
        f"It belongs to the {view.link} {spoken(view, best)}.",
    ]


@question(
    Links,
    Set,
    skill="ranking",
    needs=("values",),
    unfit=("arrows",),
    phrasings=(
        "Which two {nouns} are joined by the {link} with the largest {measure}{where}? Separate them by a comma.",
        "Between which two {nouns} is the {measure} largest{where}? Give both, separated by a comma.",
        "Find the {link} with the highest {measure}{where}. Name the two {nouns} at its ends, separated by a comma.",
        "The {link} with the largest {measure} joins which two {nouns}{where}? Separate the names by a comma.",
        "Name both {nouns} at the ends of the {link} with the largest {measure}{where}, with a comma between them.",
    ),
    held_out=(
        "Which pair of {nouns} has the {link} with the greatest {measure}{where}? Write them with a comma between.",
        "No {link} has a larger {measure} than one. Which two {nouns} does it join{where}? Separate them by a comma.",
    ),
)
def heaviest_link(view: Links, draws: Draws, level: int) -> Ask:
    """The two ends of the edge with the largest weight, in any order."""
    best, steps = _heaviest(view)
    return Ask(Set(tuple(Label(name) for name in best.key)), steps, len(view.edges))


@question(
    Links,
    Sequence,
    skill="ranking",
    needs=("values", "arrows"),
    phrasings=(
        "Which {link} has the largest {measure}{where}? {form}",
        "Find the {link} with the highest {measure}{where}. {form}",
        "From where to where does the {link} with the largest {measure} run{where}? {form}",
        "Of all {links}{where}, which one has the largest {measure}? {form}",
        "Name the start and the end of the {link} with the largest {measure}{where}. {form}",
    ),
    held_out=(
        "No {link} has a larger {measure} than one{where}. Which one is it? {form}",
        "Identify the {link} with the greatest {measure}{where}. {form}",
    ),
)
def heaviest_arrow(view: Links, draws: Draws, level: int) -> Ask:
    """Start and end of the edge with the largest weight, in this order."""
    best, steps = _heaviest(view)
    form = "Answer with where it starts and where it ends, in this order, separated by a comma."
    return Ask(Sequence(tuple(Label(name) for name in best.key)), steps, len(view.edges), slots={"form": form})


@question(
    Links,
    Number,
    skill="arithmetic",
    needs=("values",),
    phrasings=(
        "What is the total {measure} of all {links} {at}{where}?{rounding}",
        "Add up the {measure} of the {links} {at}{where}. What is the sum?{rounding}",
        "What is the sum of the {measure} over all {links} {at}{where}?{rounding}",
        "Taken together, what {measure} do the {links} {at} have{where}?{rounding}",
        "Find the {links} {at}{where}: what is their {measure} in total?{rounding}",
    ),
    held_out=(
        "Sum the {measure} of every one of the {links} {at}{where}.{rounding}",
        "How large is the {measure} of the {links} {at} when it is added up{where}?{rounding}",
    ),
)
def weight_sum(view: Links, draws: Draws, level: int) -> Ask:
    """The sum of the weights at a node, or of those of the edges that start or end there."""
    options = [
        (name, inward)
        for inward in ((True, False) if view.directed else (True,))
        for name in view.nodes
        if len(edges_at(view, name, inward)) > 1
    ]
    options = draws.shuffled(options) or [(draws.choice(view.edges).key[0], False)]
    name, inward = at_level(draws, level, options, lambda option: -len(edges_at(view, *option)))
    edges = edges_at(view, name, inward)
    at = at_node(view, name, inward)
    total = sum(edge.value for edge in edges)
    terms = " + ".join(view.plain(edge.value) for edge in edges)
    steps = [
        f"The {view.links} {at} are those {told(view, edges)}.",
        f"Their sum is {terms} = {view.plain(total)}.",
    ]
    answer = view.quantity(total, sum(edge.err for edge in edges))
    return Ask(answer, steps, MANY, view.plain(total), {"at": at, "rounding": view.rounding()})


@question(
    Links,
    Label,
    skill="ranking",
    needs=("flows",),
    phrasings=(
        "Where does the largest {link} out of {name} go{where}?",
        "Which {link} out of {name} has the largest {measure}{where}? Name where it ends.",
        "Of all {links} that start at {name}, the one with the largest {measure} ends where{where}?",
        "To which {noun} does {name} send the largest {measure}{where}?",
        "Name the {noun} that gets the largest {link} from {name}{where}.",
    ),
    held_out=(
        "Which {noun} receives more from {name} than any other does{where}?",
        "Identify the {noun} at the end of the widest {link} that leaves {name}{where}.",
    ),
)
def largest_from(view: Links, draws: Draws, level: int) -> Ask:
    """Where the largest flow out of a node goes."""
    options = []
    for name in view.nodes:
        edges = sorted(view.out_of(name), key=lambda edge: -edge.value)
        if len(edges) > 1 and view.apart(edges[0], edges[1]):
            options.append(edges)
    if not options:
        raise NotAskable("no node has a flow out of it that is clearly the largest")
    edges = at_level(draws, level, draws.shuffled(options), lambda flows: -len(flows))
    name, best = edges[0].key
    steps = [f"Out of {name} the {view.links} go to {listed([e.key[1] for e in edges])}, from the largest down."]
    return Ask(Label(best), steps, len(edges), slots={"name": name})


@question(
    Links,
    Label,
    skill="ranking",
    needs=("flows",),
    phrasings=(
        "Of the {nouns} in the {column} column{where}, which one {gets} the largest total {measure}?",
        "Which {noun} of the {column} column {gets} the most in total{where}?",
        "In the {column} column{where}, which {noun} {gets} the largest {measure} when all its {links} are added up?",
        "Look at the {column} column{where}. Which {noun} {gets} the largest {measure} overall?",
        "Name the {noun} in the {column} column that {gets} the largest total {measure}{where}.",
    ),
    held_out=(
        "Compare the {nouns} of the {column} column{where}: which {gets} the greatest {measure} altogether?",
        "Identify the {noun} in the {column} column that {gets} more than the others do{where}.",
    ),
)
def largest_total_flow(view: Links, draws: Draws, level: int) -> Ask:
    """The node of a column with the largest total flow."""
    options = []
    for k, column in enumerate(view.columns):
        if len(column) < 2:
            continue
        totals = [
            Item(name, sum(e.value for e in edges), sum(e.err for e in edges), sum(e.length for e in edges))
            for name in column
            for edges in [edges_at(view, name, k > 0)]
        ]
        totals.sort(key=lambda item: -item.value)
        if view.apart(totals[0], totals[1]):
            options.append((k, totals))
    if not options:
        raise NotAskable("no column has a node that is clearly the largest")
    k, totals = draws.choice(options)
    which = "first" if k == 0 else "last" if k + 1 == len(view.columns) else "middle"
    gets = "receives" if k else "sends"
    names = listed([item.name for item in totals])
    steps = [f"From the largest total down, the {view.nouns} of the {which} column are {names}."]
    return Ask(Label(totals[0].name), steps, len(totals), slots={"column": which, "gets": gets})
