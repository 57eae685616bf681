"""The Gymnasium environment: one problem an episode, one answer a step.

    gymnasium.make("chartgym/Chart-v0", families=["bar"], questions=["count"], level=2)

Observation: {"image": uint8 H x W x 3, "question": str}; action: the model's whole response, the answer in its last
\\boxed{...}; reward 1 where the checker accepts it, else 0. `reset(options={"address": ...})` asks for one problem.
`gymnasium.make_vec` resets in the same step, so that N steps grade N answers a copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

from envs.address import DEFAULT_PX, Address
from rewards import score

ID = "chartgym/Chart-v0"
LONGEST = 1 << 16  # characters of a response
# Everything a model may say: spaces.Text knows letters and digits only unless told. Control characters, which no
# tokenizer's text holds, and most of what lies outside the Basic Multilingual Plane are left out.
CHARSET = frozenset(
    map(chr, (9, 10, 13, *range(0x20, 0x7F), *range(0xA0, 0xD800), *range(0xF900, 0xFFFE), *range(0x1F300, 0x1FB00)))
)


class ChartEnv(gymnasium.Env[dict[str, Any], str]):
    """A problem from a random cell at one level. `families` and `questions` are names or globs; all if None."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 1}  # noqa: RUF012

    def __init__(
        self,
        families: Sequence[str] | str | None = None,
        questions: Sequence[str] | str | None = None,
        level: int = 0,
        width: int = DEFAULT_PX,
        height: int = DEFAULT_PX,
        render_mode: str | None = None,
        vector_kwargs: dict[str, Any] | None = None,
    ) -> None:
        del vector_kwargs  # read by gymnasium.make_vec, see register()
        self.cells = _choose(families, questions, width, height)
        if level < 0 or level != int(level):
            raise ValueError(f"level {level!r} is not a whole number from 0 up")
        self.level, self.width, self.height, self.render_mode = int(level), width, height, render_mode
        self.observation_space = spaces.Dict(
            {
                "image": spaces.Box(0, 255, (height, width, 3), np.uint8),
                "question": spaces.Text(max_length=LONGEST, min_length=0, charset=CHARSET),
            }
        )
        self.action_space = spaces.Text(max_length=LONGEST, min_length=0, charset=CHARSET)
        self._problem: Any = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Draw a problem; `seed` starts the environment's own generator anew, as Gymnasium specifies."""
        from envs.problem import make, make_near

        super().reset(seed=seed)
        if options and "address" in options:
            address = options["address"]
            self._problem = make(address)
            if self._problem.image.shape != (self.height, self.width, 3):
                raise ValueError(f"'{address}' is not {self.width}x{self.height}, the size of this environment")
        else:
            family, question = self.cells[int(self.np_random.integers(len(self.cells)))]
            draw = int(self.np_random.integers(2**63 - 1))
            self._problem = make_near(Address(family, question, self.level, draw, False, self.width, self.height))
        return self._observation(), {"address": str(self._problem.address)}

    def step(self, action: str) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Grade the response; the episode ends."""
        if self._problem is None:
            raise gymnasium.error.ResetNeeded("call reset() before step(): an episode is one problem and one answer")
        verdict = score(action, self._problem.answer)
        info = {
            "address": str(self._problem.address),
            "verdict": verdict.correct,
            "given": verdict.given or "",
            "reason": verdict.reason,
        }
        return self._observation(), float(verdict.correct), True, False, info

    def render(self) -> np.ndarray | None:
        """The picture."""
        return None if self._problem is None else self._problem.image

    def _observation(self) -> dict[str, Any]:
        # Gymnasium wants data of its own at every call.
        return {"image": self._problem.image.copy(), "question": self._problem.question}


def _choose(
    families: Sequence[str] | str | None, questions: Sequence[str] | str | None, width: int, height: int
) -> list[tuple[str, str]]:
    """The cells that the names or globs leave at this size; ValueError naming one that matches nothing."""
    from envs.registry import nearest, select

    pairs = [(cell.family, cell.question) for cell in select(["*"], width, height)]
    for position, what, wanted in ((0, "family", families), (1, "question", questions)):
        if wanted is None:
            continue
        globs = [wanted] if isinstance(wanted, str) else list(wanted)
        for glob in globs:
            known = {pair[position] for pair in pairs}
            if not any(fnmatchcase(name, glob) for name in known):
                raise ValueError(f"no {what} matches {glob!r}{nearest(glob, known)}")
        pairs = [pair for pair in pairs if any(fnmatchcase(pair[position], glob) for glob in globs)]
    return pairs


def register() -> None:
    """Make the environment known to Gymnasium; `import envs` calls this."""
    if ID not in gymnasium.registry:
        # One answer ends an episode: with Gymnasium's default, next-step autoreset, a vector environment would swallow
        # every second action. `make_vec` takes its `vector_kwargs` from here.
        gymnasium.register(
            ID,
            entry_point="envs.gym:ChartEnv",
            kwargs={"vector_kwargs": {"autoreset_mode": AutoresetMode.SAME_STEP}},
        )
