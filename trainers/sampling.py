"""What a rollout samples depends on the run's seed, its slot and its place in the group, not on who samples it.

Trainers of transformers draw all tokens of a process from one generator, so that a run on two processes samples other
completions than the same run on one. vLLM takes a seed with each request; `generate` takes none, so its last step is
done here: a uniform number for each rollout and token, fixed by the rollout's seed, picks the token from what
temperature, top-k and the others left of the distribution (by inversion: the first token whose cumulative probability
exceeds the number). What remains between numbers of processes is rounding: sums over rows are taken in another order.

Costs one cumulative sum a token, [rows, vocabulary] in float64, and saves the draw of `generate`, which takes longer:
the token is known, so that it is told to take the best. `use_transformers_continuous_batching` draws elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from transformers import LogitsProcessor, LogitsProcessorList


class DrawBySeed(LogitsProcessor):
    """Leaves of each row's scores the one token that the row's seed picks. `seeds`: one a row; `longest`: tokens."""

    def __init__(self, seeds: Sequence[int], longest: int) -> None:
        rows = [torch.rand(longest, generator=torch.Generator().manual_seed(s), dtype=torch.float64) for s in seeds]
        self.uniform = torch.stack(rows)  # [rows, longest], in [0, 1)
        self.token = 0

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        if len(scores) != len(self.uniform):
            raise RuntimeError(
                f"{len(scores)} rows are sampled for {len(self.uniform)} rollouts: TRL's batching changed"
            )
        upto = torch.softmax(scores.double(), -1).cumsum(-1)
        at = self.uniform[:, self.token, None].to(scores.device) * upto[:, -1:]
        self.token += 1
        picked = torch.searchsorted(upto, at, right=True).clamp(max=scores.shape[1] - 1)  # past it where scores are NaN
        return torch.full_like(scores, -torch.inf).scatter_(1, picked, 0.0)


@contextmanager
def drawn_by_seed(model: Any, seeds: Sequence[int], longest: int) -> Iterator[None]:
    """Within it the one sampling `generate` of this model draws by these seeds. `_get_logits_processor` is where the
    list is complete: `generate(logits_processor=)` puts its own in front of temperature and top-k."""
    policy = model.get_base_model() if hasattr(model, "peft_config") else model
    usual = policy._get_logits_processor

    def with_draw(**settings: Any) -> LogitsProcessorList:
        found: LogitsProcessorList = usual(**settings)
        found.append(DrawBySeed(seeds, longest))
        settings["generation_config"].do_sample = False  # of this call alone; what samples is in the list by now
        return found

    policy._get_logits_processor = with_draw
    try:
        yield
    finally:
        del policy._get_logits_processor
