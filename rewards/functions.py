"""Reward functions in the signature of TRL's GRPOTrainer.

    accuracy(prompts, completions, answer=[...])   1 for a correct answer, 0 for a wrong one, partial credit for tables
    boxed(prompts, completions)                    1 if an answer was committed at all, right or wrong
    length(soft, limit)(prompts, completions, completion_ids=[...])    0 to -1 for completions near the length limit

A completion is a string or a list of messages; the column `answer` holds Answers or their JSON objects. Each function's
`__name__` is the name it is logged by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Sequence as AbstractSequence
from typing import Any

from rewards.answers import Answer, from_json
from rewards.boxed import last_boxed
from rewards.scoring import score

RewardFunction = Callable[..., list[float]]


def completion_text(completion: object) -> str | None:
    """The text of a completion: the string itself, or what its last assistant message says. None if there is none."""
    if isinstance(completion, str):
        return completion
    if not isinstance(completion, list | tuple):
        return None
    for message in reversed(completion):
        if isinstance(message, Mapping) and message.get("role") == "assistant":
            content = message.get("content")
            if isinstance(content, list | tuple):
                parts = [part.get("text") for part in content if isinstance(part, Mapping)]
                return "".join(part for part in parts if isinstance(part, str))
            return content if isinstance(content, str) else None
    return None


def accuracy(
    prompts: AbstractSequence[Any],
    completions: AbstractSequence[Any],
    answer: AbstractSequence[Answer | Mapping[str, Any]],
    **columns: Any,
) -> list[float]:
    """The value of each completion's score: 1 or 0, and for tables the credit in between."""
    return [
        score(completion_text(completion), right if isinstance(right, Answer) else from_json(right)).value
        for completion, right in zip(completions, answer, strict=True)
    ]


def boxed(prompts: AbstractSequence[Any], completions: AbstractSequence[Any], **columns: Any) -> list[float]:
    """1 for each completion that commits an answer in a box, whatever it is, else 0."""
    texts = [completion_text(completion) for completion in completions]
    return [float(text is not None and bool((last_boxed(text).text or "").strip())) for text in texts]


def length(soft: int, limit: int) -> RewardFunction:
    """The soft over-length punishment of DAPO (Yu et al. 2025, arXiv:2503.14476, equation 13), in completion tokens.

    0 up to `soft` tokens, then falling in a line to -1 at `limit`, the longest completion that is sampled.
    """
    if not 0 <= soft < limit:
        raise ValueError(f"soft={soft} does not lie from 0 to below limit={limit}; set 0 <= soft < limit")

    def length(
        prompts: AbstractSequence[Any],
        completions: AbstractSequence[Any],
        completion_ids: AbstractSequence[AbstractSequence[int]],
        **columns: Any,
    ) -> list[float]:
        return [-min(max((len(ids) - soft) / (limit - soft), 0.0), 1.0) + 0.0 for ids in completion_ids]

    return length
