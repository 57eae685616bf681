"""What the traits of drafts are worth and cost, on a policy at hand: the scripted reader with weak eyes.

    PYTHONPATH=. python -m benchmarks.traits [--problems 30000] [--cells 300] [--rows runs/traits.jsonl]

Each problem of some cells, at a random level, is drafted, and the reader (envs/difficulty.py) answers it eight times.
Then logits are fitted to four problems in five: without traits, with the number of values alone, which a figure knows
before it is laid out, with weights that all questions share, and with weights of each skill beside them. What is left
of the spread of problems of a cell and level is a Gaussian in the logit, whose standard deviation is that of the best
likelihood; likelihoods are told for the fifth that was left out.

The reader misreads what lies close and what is many, so that its traits are among ours by construction. It shows that
traits carry through a real draft into a real outcome, and what they cost; what they are worth to a model only its own
outcomes tell.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from envs.address import Address, Draws
from envs.curriculum import Uniform, World
from envs.difficulty import answers, rises
from envs.drawing.sheet import Unreadable
from envs.figures.base import Figure
from envs.figures.style import draw_style
from envs.legibility import judge
from envs.problem import Unmakeable, draw, word
from envs.registry import Scene, cells, find
from envs.text import TextError
from envs.traits import TRAITS, traits
from envs.views import NotAskable
from envs.wish import Wish

LOOKS = 8
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(31)


def sample(count: int, of_cells: int, path: Path) -> None:
    """Rows of family, question, skill, level, traits and right answers of LOOKS; prints CPU milliseconds a draft."""
    random = np.random.default_rng(0)
    rising = [cell for cell in cells() if rises(cell)]
    chosen = [rising[i] for i in np.random.default_rng(1).permutation(len(rising))[:of_cells]]
    spent, done = [0.0, 0.0], 0
    with path.open("w", encoding="utf-8") as file:
        for _ in range(count):
            cell = chosen[random.integers(len(chosen))]
            level = int(random.integers(0, min(cell.top_level or 16, 12) + 1))
            address = Address(cell.family, cell.question, level, int(random.integers(2**62)))
            start = time.process_time()
            try:
                draft = draw(address)
            except Unmakeable:
                continue
            middle = time.process_time()
            found = traits(draft, word(draft)[0])
            spent = [spent[0] + middle - start, spent[1] + time.process_time() - middle]
            right = sum(answers(draft, Draws("weak eyes", address, look)) for look in range(LOOKS))
            done += 1
            row = [cell.family, cell.question, draft.question.skill, level, found, right]
            file.write(json.dumps(row) + "\n")
    print(f"{done} drafts: {1000 * spent[0] / done:.2f} ms each, wording and traits {1000 * spent[1] / done:.2f} ms")


def stages(count: int) -> None:
    """Prints CPU milliseconds of what a draft is made of."""
    plan = Uniform(World(cells()), 13).plan(0, count)
    spent = dict.fromkeys(("addresses of 4 drafts", "style", "figure before its layout", "layout", "legibility"), 0.0)
    for address in plan:
        clock = [time.process_time()]
        Wish(address, 4, ()).addresses()
        clock.append(time.process_time())
        family, question = find(address)
        size = (address.width, address.height)
        style = draw_style(Draws("style", "bench", address), *size, test=False, hues=question.hues)
        clock.append(time.process_time())
        needs = question.needs | {question.view.__name__, question.skill} | ({"sums"} if question.sums else set())
        try:
            drawn = family.draw(
                Draws("figure", "bench", address), Scene(address.level, style, *size, "", False, needs, question.unfit)
            )
            clock.append(time.process_time())
            sheet, _ = (drawn if isinstance(drawn, Figure) else Figure((drawn,), style, *size)).lay_out()
            clock.append(time.process_time())
            judge(sheet)
        except (Unreadable, NotAskable, TextError):
            continue  # some in a hundred, which are drawn again
        clock.append(time.process_time())
        for name, (start, end) in zip(spent, pairwise(clock)):
            spent[name] += end - start
    print(", ".join(f"{name} {1000 * seconds / count:.3f} ms" for name, seconds in spent.items()))


def fit(rows: list[list[Any]]) -> None:
    """Prints what each model leaves unknown."""
    level, right = (np.array([row[i] for row in rows], dtype=np.float64) for i in (3, 5))
    family, question, skill, cell = (
        np.unique([str(key(row)) for row in rows], return_inverse=True)[1]
        for key in (lambda r: r[0], lambda r: r[1], lambda r: r[2], lambda r: r[:2])
    )
    x = np.array([row[4] for row in rows], dtype=np.float64)
    for i in range(cell.max() + 1):  # what a cell and level usually have says nothing of single problems
        own = np.column_stack([np.ones(np.sum(cell == i)), level[cell == i]])
        x[cell == i] -= own @ np.linalg.lstsq(own, x[cell == i], rcond=None)[0]
    x /= x.std(axis=0) + 1e-9
    plain = [(np.column_stack([np.ones(len(rows)), -level / 4]), 0.1)]
    plain += [(_one(group), 1.0) for group in (family, question, cell)]
    plain += [(_one(question) * -level[:, None] / 4, 2.0), (_one(cell) * -level[:, None] / 4, 4.0)]
    few = [*plain, (x[:, [TRAITS.index("values")]], 1.0)]
    shared = [*plain, (x, 1.0)]
    skilled = [*shared, *((_one(skill) * x[:, [j]], 4.0) for j in range(x.shape[1]))]
    train = np.random.default_rng(0).random(len(rows)) < 0.8
    for name, blocks in (
        ("no traits", plain),
        ("values alone", few),
        ("shared weights", shared),
        ("and of skills", skilled),
    ):
        design = np.hstack([block for block, _ in blocks]).astype(np.float32)
        prior = np.concatenate([np.full(block.shape[1], precision) for block, precision in blocks])
        weights = _posterior(design[train], right[train], prior)
        logit = design @ weights
        grid = [(s, b) for s in np.arange(0, 4.1, 0.25) for b in (1, 1.15, 1.3, 1.5, 1.75, 2, 2.4)]
        spread, scale = max(grid, key=lambda sb: _likelihood(logit[train], right[train], *sb))
        first = sum(block.shape[1] for block, _ in plain)
        part = scale * np.std(design[:, first:] @ weights[first:]) if len(blocks) > len(plain) else 0.0
        left_out = _likelihood(logit[~train], right[~train], spread, scale)
        print(f"{name}: foretold by traits {part:.2f}, left unknown {spread:.2f} logits; log likelihood {left_out:.4f}")
        if blocks is shared:
            print({trait: round(float(w * scale), 2) for trait, w in zip(TRAITS, weights[first:], strict=True)})


def _one(group: np.ndarray) -> np.ndarray:
    return np.eye(group.max() + 1)[group]


def _posterior(design: np.ndarray, right: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Newton steps to the mode; looks at one problem are alike (0.35), so that eight count as 2.3."""
    weights, n = np.zeros(len(prior)), LOOKS / (1 + (LOOKS - 1) * 0.35)
    for _ in range(8):
        p = 1 / (1 + np.exp(-(design @ weights)))
        curvature = (design * (n * p * (1 - p))[:, None].astype(np.float32)).T @ design + np.diag(prior)
        weights += np.linalg.solve(curvature, design.T @ (n * (right / LOOKS - p)) - prior * weights)
    return weights


def _likelihood(logit: np.ndarray, right: np.ndarray, spread: float, scale: float) -> float:
    p = np.clip(1 / (1 + np.exp(-(scale * logit[:, None] + spread * NODES))), 1e-9, 1 - 1e-9)
    each = p ** right[:, None] * (1 - p) ** (LOOKS - right[:, None])
    return float(np.mean(np.log(each @ (WEIGHTS / WEIGHTS.sum()))))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=30_000)
    parser.add_argument("--cells", type=int, default=300)
    parser.add_argument("--rows", type=Path, default=Path("runs/traits.jsonl"))
    arguments = parser.parse_args()
    arguments.rows.parent.mkdir(parents=True, exist_ok=True)
    stages(arguments.problems // 20)
    sample(arguments.problems, arguments.cells, arguments.rows)
    fit([json.loads(line) for line in arguments.rows.read_text(encoding="utf-8").splitlines()])
