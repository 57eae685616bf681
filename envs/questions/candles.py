"""Prices over periods: how they opened and closed, which rose, which rose most."""

from __future__ import annotations

from envs.address import Draws
from envs.numerals import listed
from envs.registry import Ask, question
from envs.views import NotAskable
from envs.views_spread import Candles, first_of, last_of
from rewards import Label, Number

MANY = 100  # values that a reading can give


@question(
    Candles,
    Number,
    skill="reading",
    needs=("prices",),
    phrasings=(
        "At what {measure} did the {noun} {name} {verb}{where}?{rounding}",
        "What was the {which} {measure} of {name}{where}?{rounding}",
        "Read off the {which} {measure} for the {noun} {name}{where}.{rounding}",
        "How high was the {which} {measure} on the candle of {name}{where}?{rounding}",
        "According to the candle of {name}, what was the {which} {measure}{where}?{rounding}",
    ),
    held_out=(
        "Estimate the {which} {measure} of the {noun} {name}{where}.{rounding}",
        "Give the {which} {measure} that the figure shows for {name}{where}.{rounding}",
    ),
)
def candle_price(view: Candles, draws: Draws, level: int) -> Ask:
    """One of the four prices of a period."""
    candle = draws.choice(view.candles)
    part = draws.choice(("open", "close", "close", "high", "low"))
    item = candle.prices[("open", "high", "low", "close").index(part)]
    which = {"open": "opening", "close": "closing", "high": "highest", "low": "lowest"}[part]
    price = view.say(item.value)
    if part in ("open", "close"):
        end = "lower" if candle.rose == (part == "open") else "upper"
        moved = "rise" if candle.rose else "fall"
        steps = [
            f"The colour of {candle.name} stands for a {moved}, so the {end} end of its body is the {which} price."
        ]
        steps.append(f"It lies at {price}.")
    else:
        steps = [f"The {'upper' if part == 'high' else 'lower'} end of the wick of {candle.name} lies at {price}."]
    slots = {"name": candle.name, "which": which, "rounding": view.rounding()}
    if part in ("open", "close"):
        slots["verb"] = part
    return Ask(view.quantity(item.value, item.err), steps, MANY, view.plain(item.value), slots)


@question(
    Candles,
    Label,
    skill="search",
    needs=("prices",),
    phrasings=(
        "Which {noun} has the {extreme} closing {measure}{where}?",
        "For which {noun} was the {measure} at the close the {extreme}{where}?",
        "Name the {noun} that closed at the {extreme} {measure}{where}.",
        "Compare the closing prices{where}: which {noun} has the {extreme} one?",
        "The {extreme} close of all belongs to which {noun}{where}?",
    ),
    held_out=(
        "Identify the {noun} with the {extreme} close{where}.",
        "Of all {nouns} shown{where}, which one ended at the {extreme} {measure}?",
    ),
)
def extreme_close(view: Candles, draws: Draws, level: int) -> Ask:
    """The period with the highest or the lowest close, whichever is clear."""
    closes = list(view.closing().items)
    high = draws.chance(0.5)
    try:
        found = (first_of if high else last_of)(closes, view.apart)
    except NotAskable:
        high = not high
        found = (first_of if high else last_of)(closes, view.apart)
    extreme = "highest" if high else "lowest"
    steps = [
        f"The closing prices are about {listed([f'{item.name} {view.say(item.value)}' for item in closes])}.",
        f"The {extreme} is that of {found.name}.",
    ]
    return Ask(Label(found.name), steps, len(closes), slots={"extreme": extreme})


@question(
    Candles,
    Number,
    skill="counting",
    needs=("prices",),
    phrasings=(
        "How many {nouns} closed {side} than they opened{where}?",
        "On how many candles is the closing {measure} {side} than the opening one{where}?",
        "Count the {nouns} whose close was {side} than their opening{where}.",
        "What is the number of {nouns} that ended {side} than they began{where}?",
        "For how many of the {nouns} did the {measure} {move} from open to close{where}?",
    ),
    held_out=(
        "Judging by the colours, how many {nouns} had a close {side} than the open{where}?",
        "How many candles of the figure show a {move} in {measure}{where}?",
    ),
    top_level=12,
)
def count_moves(view: Candles, draws: Draws, level: int) -> Ask:
    """How many periods rose, or fell."""
    up = draws.chance(0.6)
    names = [candle.name for candle in view.candles if candle.rose == up]
    side, move = ("higher", "rise") if up else ("lower", "fall")
    told = f"The {view.nouns} that closed {side} are {listed(names)}." if names else f"None closed {side}."
    slots = {"side": side, "move": move}
    return Ask(Number(len(names)), [told, f"That makes {len(names)}."], len(view.candles), slots=slots)


@question(
    Candles,
    Label,
    skill="comparison",
    needs=("prices",),
    phrasings=(
        "Which {noun} saw the largest {move} from open to close{where}?",
        "For which {noun} did the {measure} {verb} most between open and close{where}?",
        "Name the {noun} with the largest {move} in {measure} from its open to its close{where}.",
        "Of the {nouns} that closed {side} than they opened{where}, which one moved most?",
        "Among the candles that show a {move}{where}, which {noun} has the longest body?",
    ),
    held_out=(
        "Identify the {noun} whose close lies furthest {beyond} its open{where}.",
        "The biggest {move} within a single {noun} came in which one{where}?",
    ),
)
def largest_move(view: Candles, draws: Draws, level: int) -> Ask:
    """The period that rose most, or fell most, where that is plain."""
    up = draws.chance(0.6)
    for way in (up, not up):
        bodies = [candle.body for candle in view.candles if candle.rose == way]
        try:
            found = first_of(bodies, view.wider) if len(bodies) > 1 else None
        except NotAskable:
            continue
        if found is not None:
            break
    else:
        raise NotAskable("the largest move is not plain")
    told = listed([f"{item.name} {view.say(item.value)}" for item in bodies])
    move, side, beyond = ("rise", "higher", "above") if way else ("fall", "lower", "below")
    steps = [f"Those that closed {side} moved by about {told}.", f"The largest {move} is that of {found.name}."]
    slots = {"move": move, "side": side, "beyond": beyond, "verb": move}
    return Ask(Label(found.name), steps, len(view.candles), slots=slots)


@question(
    Candles,
    Number,
    skill="calculation",
    needs=("prices", "moves"),
    phrasings=(
        "By how much did the {measure} {verb} between the open and the close of {name}{where}?{rounding}",
        "What is the difference between the opening and the closing {measure} of {name}{where}?{rounding}",
        "How large is the move from open to close of {name}{where}?{rounding}",
        "How far apart are the opening and the closing {measure} of {name}{where}?{rounding}",
        "Compute the change in {measure} from open to close for {name}, without its sign{where}.{rounding}",
    ),
    held_out=(
        "How much {more} was the close of {name} than its open{where}?{rounding}",
        "Determine the height of the body of the candle of {name} in {measure}{where}.{rounding}",
    ),
)
def candle_move(view: Candles, draws: Draws, level: int) -> Ask:
    """How far a period moved from open to close."""
    candle = draws.choice(view.candles)
    body = candle.body
    opened, closed = view.plain(candle.open.value), view.plain(candle.close.value)
    low, high = sorted((candle.open.value, candle.close.value))
    steps = [
        f"{candle.name} opened at {opened} and closed at {closed}.",
        f"The difference is {view.plain(high)} - {view.plain(low)} = {view.plain(body.value)}.",
    ]
    verb, more = ("rise", "higher") if candle.rose else ("fall", "lower")
    slots = {"name": candle.name, "verb": verb, "more": more, "rounding": view.rounding()}
    return Ask(view.quantity(body.value, body.err), steps, MANY, view.plain(body.value), slots)
