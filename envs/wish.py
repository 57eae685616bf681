"""A wish: a slot that is planned down to its cell and level, and leaves the problem to be chosen from a few drafts.

A plan holds addresses, or wishes where the curriculum asks for drafts. A wish names the first address, how many there
are, and a rule that foretells the logit of a pass from a draft's traits (envs/traits.py). Whoever draws the slot drafts
them all, which costs no pixels, and paints the one whose pass rate is foretold nearest to a half. So the problem of a
slot is still fixed when it is planned: drafts and traits are pure functions of the addresses. As text:

    bar/count/3/9137 of 4 by 0.31,-0.2,0.05        constant, then a weight for each trait; envs/learnability.py

Where few answers are possible, only drafts with the answer of the first one are chosen among: each answer then comes as
often as without any choice. Otherwise those that are harder to get become rare or frequent, and a policy learns that
before it learns to read (docs/curriculum.md).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from envs.address import Address, AddressError, Draws

if TYPE_CHECKING:
    from envs.problem import Draft

log = logging.getLogger("chartgym.problem")

FEW = 16  # possible answers; how often each of more comes is not worth a guess


@dataclass(frozen=True, slots=True)
class Wish:
    """`rule`: a constant, then a weight for each trait; in logits, to three decimals."""

    address: Address
    drafts: int
    rule: tuple[float, ...]

    def __str__(self) -> str:
        return f"{self.address} of {self.drafts} by {','.join(f'{x:.3f}' for x in self.rule)}"

    @classmethod
    def parse(cls, text: str) -> Wish:
        """The wish that a string names; AddressError if it is none, or of a test address."""
        address, _, rest = text.partition(" of ")
        drafts, _, rule = rest.partition(" by ")
        try:
            found = cls(Address.parse(address, allow_test=False), int(drafts), tuple(map(float, rule.split(","))))
        except AddressError:
            raise
        except ValueError:
            raise AddressError(f"{text!r} is no wish: write ADDRESS of 4 by CONSTANT,WEIGHT,...") from None
        return found

    def addresses(self) -> list[Address]:
        """The first address and those of the other drafts, which have seeds of their own."""
        draws = Draws("drafts", self.address)
        return [self.address, *(replace(self.address, seed=draws.bits() >> 1) for _ in range(self.drafts - 1))]

    def choose(self, traits: Sequence[Sequence[float]]) -> int:
        """The index of the draft whose pass rate is foretold nearest to a half; the first of equals."""
        constant, *weights = self.rule
        away = [abs(constant + sum(w * x for w, x in zip(weights, each, strict=True))) for each in traits]
        return away.index(min(away))


def wish_or_address(text: str) -> Address | Wish:
    """What a planned slot's text names: a training address, or a wish."""
    return Wish.parse(text) if " of " in text else Address.parse(text, allow_test=False)


def alike(draft: Draft, first: Draft) -> bool:
    """Whether a draft may be taken in place of the first without making some answers more frequent than others."""
    few = min(draft.ask.possible, first.ask.possible) <= FEW
    return not few or draft.ask.answer == first.ask.answer


def granted(wish: Wish, make: Callable[[Address], Any]) -> Any:
    """The problem that a wish asks for, its traits in `meta["traits"]`. A draft that cannot be made is left out; where
    none can, or where `make` is not the world's own, what `make` makes of the first address."""
    from envs.problem import Unmakeable, draw, make_near, painted, word
    from envs.traits import traits

    drafts: list[Draft] = []
    for address in wish.addresses() if make is make_near else ():
        try:
            draft = draw(address)
        except Unmakeable as failure:
            log.warning("%s; another draft stands in", failure)
            continue
        if not drafts or alike(draft, drafts[0]):
            drafts.append(draft)
    if not drafts:
        return make(wish.address)
    found = [traits(draft, word(draft)[0]) for draft in drafts]
    taken = wish.choose(found)
    problem = painted(drafts[taken])
    problem.meta["traits"] = list(found[taken])
    return problem
