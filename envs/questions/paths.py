"""Ways through a graph: whether one leads there, how long the shortest is, what lies between two nodes."""

from __future__ import annotations

from envs.address import Draws
from envs.numerals import listed
from envs.questions.links import article
from envs.registry import Ask, question
from envs.views import NotAskable
from envs.views_links import Links
from rewards import Boolean, Label, Number


@question(
    Links,
    Boolean,
    skill="paths",
    needs=("arrows",),
    unfit=("flows",),
    phrasings=(
        "Following the {links}, can one get from {first} to {second}{where}? Answer yes or no.",
        "Is {second} reachable from {first} along the {links}, each taken in its direction{where}? Answer yes or no.",
        "Is there a way from {first} to {second} that follows the {links}{where}? Answer yes or no.",
        "Starting from {first} and going only along the {links}, can {second} be reached{where}? Answer yes or no.",
        "Do the {links} lead from {first} to {second}, over other {nouns} or directly{where}? Answer yes or no.",
    ),
    held_out=(
        "Yes or no: by following the {links} in their direction one can come from {first} to {second}{where}.",
        "If every one of the {links} may only be taken the way it points, does some way go from {first} to {second}"
        "{where}? Answer yes or no.",
    ),
)
def reachable(view: Links, draws: Draws, level: int) -> Ask:
    """Whether arrows lead from one node to another; as often as not, and if so not directly where that can be."""
    present = draws.chance(0.5)
    ways = {name: view.ways(name) for name in view.nodes}
    if present:
        far = 3 + min(level, 12) // 6
        pairs = [(a, b) for a in view.nodes for b, way in ways[a].items() if len(way) >= far]
        pairs = pairs or [(a, b) for a in view.nodes for b, way in ways[a].items() if len(way) > 2]
        pairs = pairs or [edge.key for edge in view.edges]  # type: ignore[misc]
    else:
        apart = [(a, b) for a in view.nodes for b in view.nodes if b not in ways[a]]
        # Where that can be, both take part in the graph, so that a glance at them does not tell.
        pairs = [(a, b) for a, b in apart if view.out_of(a) and view.into(b)] or apart
    if not pairs:
        raise NotAskable("there is no such pair of nodes")
    first, second = draws.choice(pairs)
    found = [name for name in ways[first] if name != first]
    if present:
        steps = [f"A way is {' -> '.join(ways[first][second])}."]
    else:
        steps = [
            f"From {first} the {view.links} lead to {listed(found) if found else 'no other'}, and no further.",
            f"{second} is not among them.",
        ]
    return Ask(Boolean(present), steps, 2, "yes" if present else "no", {"first": first, "second": second})


@question(
    Links,
    Number,
    skill="paths",
    unfit=("flows",),
    phrasings=(
        "How many {links} does the shortest way from {first} to {second} take{along}{where}?",
        "What is the length of the shortest way from {first} to {second}, counted in {links}{along}{where}?",
        "At least how many {links} must one pass to get from {first} to {second}{along}{where}?",
        "Find the shortest way from {first} to {second}{along}{where}: of how many {links} does it consist?",
        "Going from {first} to {second}{along}, what is the smallest possible number of {links}{where}?",
    ),
    held_out=(
        "Count the {links} on the shortest way that goes from {first} to {second}{along}{where}.",
        "What is the fewest {links} that lead from {first} to {second}{along}{where}?",
    ),
)
def path_length(view: Links, draws: Draws, level: int) -> Ask:
    """The number of edges on the shortest way; each length that occurs alike."""
    by_length: dict[int, list[tuple[str, ...]]] = {}
    for name in view.nodes:
        for way in view.ways(name).values():
            by_length.setdefault(len(way) - 1, []).append(way)
    lengths = [length for length in sorted(by_length) if length]
    lengths = lengths[len(lengths) * min(level, 12) // 24 :]  # the higher the level, the longer
    length = draws.choice(lengths)
    way = draws.choice(by_length[length])
    along = f" when the {view.links} are followed in their direction" if view.directed else ""
    steps = [f"A shortest way is {' -> '.join(way)}.", f"It takes {length} {view.links if length > 1 else view.link}."]
    return Ask(Number(length), steps, len(lengths), slots={"first": way[0], "second": way[-1], "along": along})


@question(
    Links,
    Label,
    skill="paths",
    unfit=("arrows",),
    phrasings=(
        "Which {noun} is joined directly to both {first} and {second}{where}?",
        "Name the only {noun} that has {a_link} to {first} and {a_link} to {second}{where}.",
        "Which {noun} connects {first} with {second}, being directly joined to each of them{where}?",
        "{first} and {second} are both directly joined to one {noun}{where}. Which one?",
        "What is the one {noun} that {first} and {second} have as a common neighbour{where}?",
    ),
    held_out=(
        "Going from {first} to {second} in exactly two steps, which {noun} does one pass{where}?",
        "Identify the {noun} whose {links} lead to {first} as well as to {second}{where}.",
    ),
)
def common_neighbour(view: Links, draws: Draws, level: int) -> Ask:
    """The only node that is linked to both of two others."""
    around = {name: view.after(name) for name in view.nodes}
    pairs = []
    for i, a in enumerate(view.nodes):
        for b in view.nodes[i + 1 :]:
            shared = [name for name in around[a] if name in around[b]]
            if len(shared) == 1:
                pairs.append((a, b, shared[0]))
    if not pairs:
        raise NotAskable("no two nodes have just one common neighbour")
    middle = draws.choice(sorted({shared for _, _, shared in pairs}))  # a hub is no likelier than others
    first, second, _ = draws.choice([found for found in pairs if found[2] == middle])
    steps = [
        f"{first} is joined to {listed(around[first])}.",
        f"{second} is joined to {listed(around[second])}.",
        f"Both have {middle}.",
    ]
    slots = {"first": first, "second": second, "a_link": article(view.link)}
    return Ask(Label(middle), steps, len(view.nodes) - 2, slots=slots)
