r"""Answers and how responses are judged against them. Imports nothing of the rest of the project.

    score(r"The largest is \boxed{Lima}.", Label("Lima")).correct

`rewards.functions` holds the reward functions for a trainer.
"""

from rewards.answers import (
    Answer,
    Boolean,
    Choice,
    Date,
    Interval,
    Label,
    Number,
    Percent,
    Sequence,
    Set,
    Table,
    from_json,
)
from rewards.scoring import Score, score
from rewards.validation import AnswerError

__all__ = [
    "Answer",
    "AnswerError",
    "Boolean",
    "Choice",
    "Date",
    "Interval",
    "Label",
    "Number",
    "Percent",
    "Score",
    "Sequence",
    "Set",
    "Table",
    "from_json",
    "score",
]
