"""Rewards by config: which functions a run learns from, with their weights, and a watch over what they say.

    chosen(config, batches), weights(config)      for TRL, which logs rewards/<name>/mean and /std of each
    for line in watch.read(metrics_row): ...      what has gone wrong with a reward, once each

Two things are called out, each in one line with its figures. A reward is *saturated* where over WINDOW log rows its
standard deviation is about 0 and its mean lies at an end of its range: it tells no rollout from another. It runs
*against accuracy* where over WINDOW to LONGEST rows it falls while accuracy rises, or is anti-correlated. The bounds
are strict enough that rows of pure noise stay below them for some hundred thousand rows, as a test shows.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from statistics import fmean, pstdev
from typing import Any

from rewards.functions import RewardFunction, accuracy, boxed, graded, length
from rewards.surrogates import TAGS, chart_type, table
from trainers.config import Batches, Config, ConfigError

RANGES = {"length": (-1.0, 0.0)}  # of what a function gives; 0 to 1 elsewhere
SOFT_LENGTH = 0.2  # of the longest completion: the part in which the length reward falls, where the config says nothing
WINDOW, LONGEST = 32, 128  # log rows looked back on; for trends up to so many, where there are as many
STILL, AT_END = 0.005, 0.01  # a standard deviation of about 0; a mean at an end of the range
AGAINST = -0.75  # a correlation below this is no chance over 32 rows (p about 1e-6)
CLEAR = 4.0  # standard errors by which the halves of the window must differ for a rise or a fall


def weights(config: Config) -> dict[str, float]:
    """The rewards that are computed, each with its weight; null is not computed."""
    given = {name: getattr(config.rewards, name) for name in ("accuracy", "boxed", "length", "graded", *TAGS)}
    return {name: weight for name, weight in given.items() if weight is not None}


def check_rewards(config: Config, batches: Batches) -> None:
    """ConfigError where nothing is rewarded, or what is rewarded is not asked for."""
    found = weights(config)
    for name, weight in found.items():
        if not (weight >= 0 and math.isfinite(weight)):
            raise ConfigError(f"rewards.{name} {weight!r} must be a number from 0: to leave it out write null")
    if not any(found.values()):
        raise ConfigError("every weight in rewards is 0: nothing would be learned; give accuracy 1.0")
    for name, tag in TAGS.items():
        if name in found and tag not in config.prompt:
            raise ConfigError(
                f"rewards.{name} scores what stands in {tag}, which the prompt does not ask for: "
                f"write how in the prompt, as '... {tag}...{tag.replace('<', '</')} ...'"
            )
    if not 0 < soft_tokens(config, batches) <= batches.max_tokens:
        raise ConfigError(
            f"rewards.length_cache {config.rewards.length_cache} must lie from 1 to "
            f"trl.max_completion_length {batches.max_tokens}"
        )


def soft_tokens(config: Config, batches: Batches) -> int:
    """Tokens before the limit at which the length reward begins to fall; L_cache in DAPO."""
    cache = config.rewards.length_cache
    return max(1, round(SOFT_LENGTH * batches.max_tokens)) if cache is None else cache


def chosen(config: Config, batches: Batches) -> list[RewardFunction]:
    """The reward functions of a run, in the order of `weights`; each is logged by its `__name__`."""
    limit = batches.max_tokens
    every: dict[str, RewardFunction] = {
        "accuracy": accuracy,
        "boxed": boxed,
        "length": length(soft=limit - soft_tokens(config, batches), limit=limit),
        "graded": graded,
        "chart_type": chart_type,
        "table": table,
    }
    return [every[name] for name in weights(config)]


class RewardWatch:
    """Looks at every log row, and says once of each reward that counts what is wrong with it.

    What it remembers is the rows themselves: a resumed run hands it those of before, and drops what it says of them.
    """

    def __init__(self, counted: Mapping[str, float]) -> None:
        """`counted`: weights by name; those of weight 0 are only logged and are not watched."""
        self.weights = {name: weight for name, weight in counted.items() if weight}
        self._rows: deque[Mapping[str, Any]] = deque(maxlen=LONGEST)
        self._said: set[tuple[str, str]] = set()

    def read(self, row: Mapping[str, Any]) -> list[str]:
        """What this row of metrics makes plain, a line each; most often nothing."""
        self._rows.append(row)
        if len(self._rows) < WINDOW:
            return []
        found = []
        right = self._column("accuracy", "mean")
        for name in self.weights:
            means, stds = self._column(name, "mean"), self._column(name, "std")
            if means is None or stds is None:
                continue
            lines = {"saturated": _saturated(name, self.weights[name], means[-WINDOW:], stds[-WINDOW:])}
            if name != "accuracy" and right is not None:
                lately = _against(name, means[-WINDOW:], right[-WINDOW:])
                lines["against"] = lately or _against(name, means, right)
            for kind, line in lines.items():
                if line and (name, kind) not in self._said:
                    self._said.add((name, kind))
                    found.append(line)
        return found

    def _column(self, name: str, what: str) -> list[float] | None:
        values = [row.get(f"rewards/{name}/{what}") for row in self._rows]
        if any(not isinstance(value, int | float) or not math.isfinite(value) for value in values):
            return None  # not in every row: a reward that had nothing to say
        return [float(value) for value in values]  # type: ignore[arg-type]


def _saturated(name: str, weight: float, means: list[float], stds: list[float]) -> str:
    low, high = RANGES.get(name, (0.0, 1.0))
    if max(stds) > STILL:
        return ""
    for end, words in ((high, "ceiling"), (low, "floor")):
        if all(abs(mean - end) <= AT_END for mean in means):
            return (
                f"reward {name} (weight {weight:g}) is saturated at its {words}: mean {fmean(means):.3f}, standard "
                f"deviation at most {max(stds):.3f} over the last {len(means)} log rows; it tells no rollout from "
                "another"
            )
    return ""


def _against(name: str, means: list[float], right: list[float]) -> str:
    half = len(means) // 2
    rise, fall = (_step(column[:half], column[half:]) for column in (right, means))
    correlation = _correlation(means, right)
    if not (rise >= CLEAR and fall <= -CLEAR) and not correlation <= AGAINST:
        return ""
    return (
        f"reward {name} runs against accuracy: it went from {fmean(means[:half]):.3f} to {fmean(means[half:]):.3f} "
        f"while accuracy went from {fmean(right[:half]):.3f} to {fmean(right[half:]):.3f} over the last {len(means)} "
        f"log rows (correlation {correlation:+.2f}); see what it pays for"
    )


def _step(before: list[float], after: list[float]) -> float:
    """The difference of two means in its standard errors; 0 where it is too small to matter."""
    difference = fmean(after) - fmean(before)
    error = math.sqrt((pstdev(before) ** 2 + pstdev(after) ** 2) / (len(before) - 1))
    return 0.0 if abs(difference) < AT_END else difference / error if error else math.copysign(math.inf, difference)


def _correlation(a: list[float], b: list[float]) -> float:
    """Pearson's; 0 where one of them hardly moves."""
    spread_a, spread_b = pstdev(a), pstdev(b)
    if min(spread_a, spread_b) < STILL:
        return 0.0
    mean_a, mean_b = fmean(a), fmean(b)
    return fmean((x - mean_a) * (y - mean_b) for x, y in zip(a, b)) / (spread_a * spread_b)
