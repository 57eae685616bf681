"""What a draft says about how hard its problem is beside others of its cell and level, before a pixel is painted.

`traits(draft, question)` gives a number for each of TRAITS, all of the size of a few units, rounded to three decimals
so that they are written down exactly. Counts, lengths and pixels are taken as logarithms to base 2, for twice as many
marks are one step harder wherever one starts. envs/learnability.py learns what they are worth.
"""

from __future__ import annotations

import math
from itertools import pairwise

from envs.problem import Draft

# Values and texts that are shown; the closest two values and the smallest one, in pixels; whether values are printed;
# answers that the words leave possible; characters of the answer, of the worked solution and of the question.
TRAITS = ("values", "texts", "closest", "smallest", "written", "possible", "answer", "solution", "question")
Traits = tuple[float, ...]


def traits(draft: Draft, question: str) -> Traits:
    """The traits of a problem, in the order of TRAITS; `question` is its wording. No errors: what a view does not have
    is 0, alike in all problems about such views."""
    view, ask = draft.view, draft.ask
    lengths = sorted(abs(fact.length) for fact in view.facts().values() if math.isfinite(fact.length))
    gap = min((b - a for a, b in pairwise(lengths)), default=0.0)
    found = (
        len(lengths),
        len(draft.sheet.layout.texts),
        gap,
        lengths[0] if lengths else 0.0,
        1.0 if getattr(view, "written", False) else 0.0,
        ask.possible,
        len(ask.stated or ask.answer.text()),
        sum(map(len, ask.steps)),
        len(question),
    )
    return tuple(round(math.log2(1 + x), 3) for x in found)
