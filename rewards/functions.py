"""Reward functions in the signature of TRL's GRPOTrainer.

    accuracy(prompts, completions, answer=[...])   1 for a correct answer, 0 for a wrong one, partial credit for tables
    graded(prompts, completions, answer=[...])     the same, but a wrong number is worth the more the nearer it comes
    boxed(prompts, completions)                    1 if an answer was committed at all, right or wrong
    length(soft, limit)(prompts, completions, completion_ids=[...])    0 to -1 for completions near the length limit

Rewards for what a response says beside its answer are in surrogates.py. A completion is a string or a list of messages;
the column `answer` holds Answers or their JSON objects. Each function's `__name__` is the name it is logged by. What a
model writes is untrusted: no text of it raises, and the time is bounded by the caps of the box and of a quantity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Sequence as AbstractSequence
from typing import Any

from rewards.answers import Answer, Number, Percent, from_json
from rewards.boxed import last_boxed
from rewards.quantities import EXACT, exact_decimal
from rewards.scoring import readings, score

RewardFunction = Callable[..., list[Any]]  # of float, or None where a reward has nothing to say


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


def _each(
    completions: AbstractSequence[Any], answer: AbstractSequence[Answer | Mapping[str, Any]]
) -> list[tuple[str | None, Answer]]:
    """Texts with what would be right."""
    return [
        (completion_text(completion), right if isinstance(right, Answer) else from_json(right))
        for completion, right in zip(completions, answer, strict=True)
    ]


def accuracy(
    prompts: AbstractSequence[Any],
    completions: AbstractSequence[Any],
    answer: AbstractSequence[Answer | Mapping[str, Any]],
    **columns: Any,
) -> list[float]:
    """The value of each completion's score: 1 or 0, and for tables the credit in between."""
    return [score(text, right).value for text, right in _each(completions, answer)]


def graded(
    prompts: AbstractSequence[Any],
    completions: AbstractSequence[Any],
    answer: AbstractSequence[Answer | Mapping[str, Any]],
    **columns: Any,
) -> list[float]:
    """As accuracy, but a wrong number or percentage is worth 1 minus its relative error, and never less than 0 (the
    graded reward for numbers of BigCharts-R1, Masry et al. 2025, arXiv:2508.09804). Where 0 is right any other number
    is worth nothing; so is what cannot be read, and a range or several values where one is asked for."""
    return [_grade(text, right) for text, right in _each(completions, answer)]


def _grade(text: str | None, right: Answer) -> float:
    verdict = score(text, right)
    if verdict.correct or verdict.given is None or not isinstance(right, Number | Percent):
        return verdict.value
    read, target = readings(verdict.given, right), exact_decimal(right.value)
    if isinstance(read, str) or not target:
        return 0.0
    errors = (EXACT.divide(EXACT.subtract(value, target), target).copy_abs() for value in read)
    return max(0.0, 1.0 - float(min(errors)))


def boxed(prompts: AbstractSequence[Any], completions: AbstractSequence[Any], **columns: Any) -> list[float]:
    """1 for each completion that commits an answer in a box, whatever it is, else 0."""
    texts = [completion_text(completion) for completion in completions]
    return [float(text is not None and bool((last_boxed(text).text or "").strip())) for text in texts]


def length(soft: int, limit: int) -> RewardFunction:
    """The soft over-length punishment of DAPO (Yu et al. 2025, arXiv:2503.14476, equation 13), in completion tokens.

    0 up to `soft` tokens, then falling in a line to -1 at `limit`, the longest completion that is sampled; in the
    paper's words `limit` is L_max and `soft` is L_max - L_cache.
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
