"""Signs that a policy is paid for something else than reading charts: looked for in the logs, told with figures.

    for sign in signs(seen): sign.found, sign.name, sign.words

Looked for are answers that grow or shrink while accuracy does not follow, boxes that are filled without a word before
them, one answer given to whatever is asked, rollouts cut off at the token limit, and rewards that are saturated or run
against accuracy (trainers/rewarding.py). Each tells its figures also where nothing is found. Early and late are the
first and the last quarter of the log rows; of the rollouts, what was read of the log's two ends.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from envs.address import Address
from trainers.report import percent
from trainers.rewarding import RewardWatch
from trainers.seen import Rows, Seen

ENOUGH = 8  # log rows, of which a quarter are compared with a quarter; different problems of a cell
DRIFT = 1.5  # longer or shorter by this factor, and
FOLLOWED = 0.02  # accuracy no better than by this
BARE_WORDS = 3  # a box with fewer words before it stands without reasoning
BARE_ROSE = 0.25  # a share that rose by this
CONSTANT, HIT = 0.6, 0.6  # one answer to this share of a cell's rollouts or more, right less often than this
CUT_OFF = 0.2  # a share at the token limit above this
ROLLOUTS = 2_000  # at each end of the log
WATCHED = 2_000  # log rows in which rewards are watched; the run itself calls out each as it comes


@dataclass(frozen=True, kw_only=True)
class Sign:
    name: str
    found: bool
    words: str


def signs(seen: Seen) -> list[Sign]:
    """What was looked for, found or not; nothing where there is too little to judge by."""
    looked = (_length(seen), _bare(seen), _constant(seen.late[-ROLLOUTS:]), _cut_off(seen), *_rewards(seen))
    return [sign for sign in looked if sign is not None]


def quarters(seen: Seen, name: str) -> tuple[float, float] | None:
    """The mean of a metric over the first and over the last quarter of its rows."""
    values = [value for _, value in seen.column(name)]
    part = len(values) // 4
    return (fmean(values[:part]), fmean(values[-part:])) if len(values) >= ENOUGH else None


def _length(seen: Seen) -> Sign | None:
    lengths, right = quarters(seen, "completions/mean_length"), quarters(seen, "rewards/accuracy/mean")
    if lengths is None or right is None:
        return None
    (before, after), gain = lengths, right[1] - right[0]
    factor = after / before if before else 1.0
    drifted = not 1 / DRIFT < factor < DRIFT
    words = f"Completions went from {before:.0f} to {after:.0f} tokens ({factor:.2f} times), accuracy from "
    words += f"{percent(right[0])} to {percent(right[1])}."
    if drifted and gain <= FOLLOWED:
        words += " Length moves and accuracy does not follow: see what is paid for it."
    return Sign(name="length drift", found=drifted and gain <= FOLLOWED, words=words)


def words_before_box(completion: str) -> int | None:
    """Words before the last box; None without a box."""
    before, box, _ = completion.rpartition("\\boxed")
    return len(before.split()) if box else None


def _bare(seen: Seen) -> Sign | None:
    def share(rows: Rows) -> float | None:
        counts = [found for row in rows if (found := words_before_box(row["completion"])) is not None]
        return sum(count < BARE_WORDS for count in counts) / len(counts) if len(counts) >= ENOUGH else None

    early, late = share(seen.early[:ROLLOUTS]), share(seen.late[-ROLLOUTS:])
    if early is None or late is None:
        return None
    rose = late - early >= BARE_ROSE
    words = f"Boxes with fewer than {BARE_WORDS} words before them: {percent(early)} early, {percent(late)} lately."
    return Sign(
        name="box without reasoning",
        found=rose,
        words=words + (" The policy stopped reasoning before it answers." if rose else ""),
    )


def _constant(rows: Rows) -> Sign | None:
    """The same answer to most problems of a cell, though it is mostly wrong (yes-or-no questions: to nearly all)."""
    cells: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        address = Address.parse(row["address"])
        cells[f"{address.family}/{address.question}"].append(row)
    found, most = [], (0.0, "")
    for cell, asked in sorted(cells.items()):
        if len({row["address"] for row in asked}) < ENOUGH:
            continue
        answer, count = Counter(row.get("given") for row in asked).most_common(1)[0]
        if answer is None:
            continue
        share = count / len(asked)
        hit = sum(bool(row["correct"]) for row in asked if row.get("given") == answer) / count
        said = f"{str(answer)[:40]!r} to {percent(share)} of {cell} ({len(asked)} rollouts, right {percent(hit)})"
        most = max(most, (share, said))
        if share >= CONSTANT and hit < HIT:
            found.append((share, said))
    if not most[1]:
        return None
    if not found:
        return Sign(name="constant answer", found=False, words=f"The most repeated answer is {most[1]}.")
    shown = "; ".join(said for _, said in sorted(found, reverse=True)[:3])
    more = f"; and in {len(found) - 3} cells more" if len(found) > 3 else ""
    return Sign(name="constant answer", found=True, words=f"One answer whatever is asked: {shown}{more}.")


def _cut_off(seen: Seen) -> Sign | None:
    shares = quarters(seen, "completions/clipped_ratio")
    if shares is None:
        return None
    words = f"Completions cut off at the token limit: {percent(shares[0])} early, {percent(shares[1])} lately."
    if shares[1] > CUT_OFF:
        words += " What they were about to say is not scored: raise trl.max_completion_length, or weigh rewards.length."
    return Sign(name="cut off", found=shares[1] > CUT_OFF, words=words)


def _rewards(seen: Seen) -> Iterable[Sign]:
    given = seen.config.get("rewards") or {}
    weights = {name: float(weight) for name, weight in given.items() if isinstance(weight, int | float)}
    weights.pop("length_cache", None)
    watch, said = RewardWatch(weights), []
    for row in seen.metrics[-WATCHED:]:
        said += [f"At step {row['step']}: {line}." for line in watch.read(row)]
    if said:
        return [Sign(name="rewards", found=True, words=line) for line in said]
    stds = {name: found[1] for name in weights if (found := quarters(seen, f"rewards/{name}/std"))}
    if not stds:
        return []
    shown = ", ".join(f"{name} {std:.2f}" for name, std in stds.items())
    words = f"None is saturated or runs against accuracy; their standard deviations lately: {shown}."
    return [Sign(name="rewards", found=False, words=words)]
