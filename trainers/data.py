"""The `data:` section: data sets of one's own, opened once a process, beside what is drawn.

    sets = open_data(config)              before anything heavy is loaded; every bad row is counted and named
    curriculum = mixed(config, curriculum)

The config takes down the digest of each set, so that a run is resumed with the same rows or not at all.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from trainers.config import Config, ConfigError

if TYPE_CHECKING:
    from envs.curriculum import Curriculum
    from envs.stored import Spec, StoredSet

_SETS: dict[tuple[Any, ...], StoredSet] = {}  # going through a large set takes a while: once is enough


def open_data(config: Config, prompts: int | None = None, evaluated: bool = False) -> dict[str, StoredSet]:
    """The sets of the config by name, opened in this process; ConfigError in one line for what is wrong with one.

    prompts: of a batch, which must have room for the shares. evaluated: only the sets of which rows are set apart.
    """
    if not config.data:
        return {}
    from envs.mixing import room_for
    from envs.stored import StoredError, open_stored

    for name, data in config.data.items():
        if not 0 <= data.share < 1 or data.evaluate < 0:
            raise ConfigError(f"data.{name}: share {data.share} must be 0 to below 1, evaluate {data.evaluate} >= 0")
    shares = [data.share for data in config.data.values() if data.share]
    if sum(shares) >= 1 or (prompts and not room_for(shares, prompts)):
        raise ConfigError(
            f"data: shares of {' + '.join(map(str, shares))} leave no room for drawn problems"
            + (f" in batches of {prompts} prompts" if prompts else "")
            + ": make a share smaller"
        )
    found = {}
    for name, data in config.data.items():
        if evaluated and not data.evaluate:
            continue
        spec = spec_of(config, name)
        key = (repr(spec), data.evaluate)
        try:
            found[name] = _SETS[key] = _SETS.get(key) or open_stored(spec, data.evaluate)
        except StoredError as error:
            raise ConfigError(str(error)) from None
        if data.digest not in (None, found[name].key):
            raise ConfigError(
                f"data.{name}.source {data.source!r} has changed: it was {data.digest} and is {found[name].key}: bring "
                "the data set and its settings back as they were, or start another run"
            )
        data.digest = found[name].key
        if data.share and not found[name].rows:
            raise ConfigError(f"data.{name} sets all of its {len(found[name].apart)} rows apart: lower evaluate")
    return found


def spec_of(config: Config, name: str) -> Spec:
    """What decides the problems of a set."""
    from envs.stored import Spec

    data = config.data[name]
    most = math.prod(int(side) for side in config.env.px.split("x")) if data.max_pixels is None else data.max_pixels
    return Spec(
        name=name,
        source=data.source,
        split=data.split,
        columns=data.columns,
        answers=data.answers,
        tiers=tuple(data.tiers),
        max_pixels=most,
        max_question=data.max_question,
        limit=data.limit,
    )


def mixed(config: Config, curriculum: Curriculum) -> Curriculum:
    """The curriculum with the config's shares of stored problems; itself where there are none."""
    from envs.mixing import Mixed

    sets = open_data(config)
    shares = [(sets[name], data.share) for name, data in config.data.items() if data.share]
    return Mixed(curriculum, shares, config.seed) if shares else curriculum
