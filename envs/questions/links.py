"""What runs from where to where: the nodes and edges of a graph, counted and looked up."""

from __future__ import annotations

from itertools import pairwise

from envs.address import Draws
from envs.numerals import listed
from envs.questions.asking import at_level
from envs.registry import Ask, question
from envs.views import Item, NotAskable
from envs.views_links import Links
from rewards import Boolean, Label, Number, Set

MANY = 100  # values that a reading can give


def way_in(view: Links, draws: Draws) -> bool:
    """Whether edges are looked at where they end (True) or where they start; chance where they have no direction."""
    return draws.chance(0.5)


def at_node(view: Links, name: str, inward: bool) -> str:
    """ "at A", "going into A", "going out of A"."""
    return f"at {name}" if not view.directed else f"going {'into' if inward else 'out of'} {name}"


def edges_at(view: Links, name: str, inward: bool) -> list[Item]:
    return view.into(name) if inward else view.out_of(name)


def spoken(view: Links, edge: Item) -> str:
    """ "from A to B", "between A and B"."""
    first, second = edge.key
    return f"from {first} to {second}" if view.directed else f"between {first} and {second}"


def told(view: Links, edges: list[Item]) -> str:
    """The edges in a sentence."""
    return listed([spoken(view, edge) for edge in edges]) if edges else f"no {view.links} at all"


@question(
    Links,
    Number,
    skill="recognition",
    phrasings=(
        "How many {nouns} does this figure show{where}?",
        "How many {nouns} are there in the figure{where}, linked or not?",
        "Count the {nouns} in the figure{where}.",
        "What is the number of {nouns} that are drawn{where}?",
        "How many different {nouns} can be seen{where}?",
    ),
    held_out=(
        "Give the total number of {nouns} in the figure{where}.",
        "Of how many {nouns} does the figure consist{where}?",
    ),
)
def node_count(view: Links, draws: Draws, level: int) -> Ask:
    """The number of nodes, those without edges included."""
    total = len(view.nodes)
    steps = [f"The {view.nouns} are {listed(view.nodes)}.", f"That makes {total}."]
    return Ask(Number(total), steps, view.sizes)


@question(
    Links,
    Number,
    skill="recognition",
    phrasings=(
        "How many {links} does this figure show{where}?",
        "How many {links} are there in all{where}?",
        "Count the {links} in the figure{where}.",
        "What is the total number of {links} that are drawn{where}?",
        "How many {links} run between the {nouns}{where}?",
    ),
    held_out=(
        "Give the number of {links} in the whole figure{where}.",
        "By how many {links} are the {nouns} joined in total{where}?",
    ),
)
def link_count(view: Links, draws: Draws, level: int) -> Ask:
    """The number of edges."""
    total = len(view.edges)
    steps = [f"The {view.links} run {told(view, list(view.edges))}.", f"That makes {total}."]
    return Ask(Number(total), steps, view.edge_counts)


@question(
    Links,
    Number,
    skill="counting",
    phrasings=(
        "How many {links} are there {at}{where}?",
        "Count the {links} {at}{where}.",
        "What is the number of {links} {at}{where}?",
        "In the figure, how many {links} can be found {at}{where}?",
        "How many {links} does the figure show {at}{where}?",
    ),
    held_out=(
        "Give the number of {links} {at}{where}.",
        "Looking only at {links} {at}, how many are there{where}?",
    ),
)
def degree(view: Links, draws: Draws, level: int) -> Ask:
    """How many edges meet at a node, or where they have a direction, start or end there; each number alike."""
    inward = way_in(view, draws)
    by_degree: dict[int, list[str]] = {}
    for name in view.nodes:
        by_degree.setdefault(len(edges_at(view, name, inward)), []).append(name)
    if len(by_degree) == 1:
        raise NotAskable("all nodes have as many edges")
    total = draws.choice(sorted(by_degree))
    name = draws.choice(by_degree[total])
    at = at_node(view, name, inward)
    steps = [f"The {view.links} {at}: {told(view, edges_at(view, name, inward))}.", f"That makes {total}."]
    return Ask(Number(total), steps, len(by_degree), slots={"at": at})


@question(
    Links,
    Label,
    skill="ranking",
    unfit=("flows",),
    phrasings=(
        "Which {noun} has the most {links}{way}{where}?",
        "Name the {noun} with the largest number of {links}{way}{where}.",
        "Which {noun} in the figure has more {links}{way} than any other{where}?",
        "Compare the {nouns} by their number of {links}{ways}{where}. Which {noun} has the most?",
        "What is the {noun} with the most {links}{way}{where}?",
    ),
    held_out=(
        "Identify the {noun} that has the highest number of {links}{way}{where}.",
        "No other {noun} has as many {links}{way} as one of them{where}. Which one?",
    ),
)
def best_connected(view: Links, draws: Draws, level: int) -> Ask:
    """The one node with the most edges, or with the most that end or start there."""
    for inward in draws.shuffled((True, False)):
        order = sorted(view.nodes, key=lambda name: -len(edges_at(view, name, inward)))
        counts = [len(edges_at(view, name, inward)) for name in order]
        if counts[0] > counts[1]:
            break
    else:
        raise NotAskable("two nodes have the most edges")
    way = (" pointing to it" if inward else " starting from it") if view.directed else ""
    ways = way.replace("it", "them")
    best = order[0]
    steps = [
        f"At {best} there are {counts[0]}{way.replace('it', best)}: {told(view, edges_at(view, best, inward))}.",
        f"No other {view.noun} has more than {counts[1]}.",
    ]
    return Ask(Label(best), steps, len(view.nodes), slots={"way": way, "ways": ways})


@question(
    Links,
    Set,
    skill="search",
    phrasings=(
        "{which} List them all, separated by commas{where}.",
        "{which} Give every one of them, separated by commas{where}.",
        "Look at the {links} of {name}. {which} Answer with a comma-separated list{where}.",
        "{which} Write down all of them with commas between them{where}.",
        "Find {name} in the figure. {which} Name all, separated by commas{where}.",
    ),
    held_out=(
        "{which} State the complete list, separated by commas, in any order{where}.",
        "Starting at {name}, look one step further. {which} Separate the names by commas{where}.",
    ),
)
def neighbours(view: Links, draws: Draws, level: int) -> Ask:
    """All nodes one edge away from a node, in any order."""
    joined = [node for node in draws.shuffled(view.nodes) if view.after(node)]
    name = at_level(draws, level, joined, lambda node: -len(view.after(node)))
    found = view.after(name)
    if view.directed:
        which = f"To which {view.nouns} does {article(view.link)} lead directly from {name}?"
        step = f"From {name}, {view.links} lead to {listed(found)}."
    else:
        which = f"Which {view.nouns} are directly joined to {name} by {article(view.link)}?"
        step = f"The {view.links} of {name} lead to {listed(found)}."
    answer = Set(tuple(Label(node) for node in found))
    return Ask(answer, [step], MANY, slots={"which": which, "name": name})


def article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


@question(
    Links,
    Boolean,
    skill="search",
    phrasings=(
        "Is there {a_link} {pair}{where}? Answer yes or no.",
        "Does the figure show {a_link} {pair}{where}? Answer yes or no.",
        "Can you find {a_link} {pair} in the figure{where}? Answer yes or no.",
        "Is {a_link} drawn {pair}{where}? Answer yes or no.",
        "Does {a_link} run directly {pair}{where}? Answer yes or no.",
    ),
    held_out=(
        "Yes or no: the figure has {a_link} {pair}{where}.",
        "Would one find {a_link} that goes {pair}{where}? Answer yes or no.",
    ),
)
def is_linked(view: Links, draws: Draws, level: int) -> Ask:
    """Whether there is an edge; as often as not. Where edges have a direction, the other way is a likely trap."""
    present = draws.chance(0.5)
    edges = [edge.key for edge in view.edges]
    if present:
        first, second = draws.choice(edges)
        if not view.directed and draws.chance(0.5):
            first, second = second, first
    else:
        backwards = [(b, a) for a, b in edges if view.directed and not view.columns]
        missing = [pair for pair in _likely(view) if view.edge(*pair) is None and pair not in backwards]
        joined = {name for edge in edges for name in edge}  # a node without edges would tell at a glance
        missing = [pair for pair in missing if joined.issuperset(pair)] or missing
        pairs = backwards if backwards and draws.chance(0.4) else missing or backwards
        if not pairs:
            raise NotAskable("all nodes are linked")
        first, second = draws.choice(pairs)
    pair = f"from {first} to {second}" if view.directed else f"between {first} and {second}"
    held = edges_at(view, first, False)
    steps = [f"The {view.links} {at_node(view, first, False)}: {told(view, held)}."]
    steps.append(f"{second} is {'' if present else 'not '}among them.")
    return Ask(Boolean(present), steps, 2, "yes" if present else "no", {"pair": pair, "a_link": article(view.link)})


def _likely(view: Links) -> list[tuple[str, str]]:
    """The pairs between which there might be an edge."""
    if view.columns:
        return [(a, b) for left, right in pairwise(view.columns) for a in left for b in right]
    return [(a, b) for a in view.nodes for b in view.nodes if a != b]
