"""The card of an exported data set: what is inside, how it was made, how an answer is checked."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

from envs.export import SETTINGS

_HEAD = """---
license: apache-2.0
language:
- en
task_categories:
- visual-question-answering
tags:
- charts
- synthetic
- verifiable-rewards
size_categories:
- {size}
configs:
- config_name: default
  description: {key}
  data_files:
  - split: train
    path: data/train-*.parquet
---

"""

_CHECKING = """## Checking an answer

```python
import json
from datasets import load_dataset
from rewards import from_json, score

row = load_dataset("{load}", split="train")[0]
response = "The answer is \\\\boxed{{" + row["answer_text"] + "}}."
assert score(response, from_json(json.loads(row["answer"]))).correct
```
"""

_CARD = """# {n:,} chart questions with verifiable answers

Charts, a question about each and an answer that a program can check, drawn by chartgym, a procedural environment. They
are training problems: the project's fixed test sets show other topics, texts, styles and phrasings, which none of these
can hold.

## What is inside

| family | chart | problems | questions | levels | answers |
|---|---|---|---|---|---|
{rows}

`image` is the picture ({px}) and `question` what is asked of it. `answer` is the typed answer as JSON, with its
tolerance where it is read by eye; `answer_text` is what a right response puts in the box; `solution` are worked steps
that end in it. `address` names the problem for ever: `envs.make(address)` draws it again. `tries` counts the sub-seeds
that it took, `charts` names the kind of each panel, `versions` those of the family and of the question.
`python -m envs stats DIR` measures lengths, skills and diversity.

## How it was made

    {command}

at commit {commits}, with {fingerprint}. Row i is a pure function of the seed and i, so the same command gives the same
rows on every machine; where other versions draw, pixels may differ at the edges of letters.

"""


def card(folder: Path, name: str) -> str:
    """The text of README.md; `name` is what `load_dataset` is given."""
    import pyarrow.dataset as ds

    from envs.testsets import fingerprint

    about = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    columns = ["family", "question_name", "level", "answer_kind", "charts"]
    table = ds.dataset(sorted((folder / "data").glob("*.parquet"))).to_table(columns=columns)
    families: dict[str, dict[str, Counter[Any]]] = defaultdict(lambda: defaultdict(Counter))
    for row in table.to_pylist():
        for column in columns[1:4]:
            families[row["family"]][column][row[column]] += 1
        families[row["family"]]["charts"][", ".join(sorted(set(row["charts"])))] += 1
    rows = [
        f"| {family} | {listed(found['charts'])} | {found['level'].total()} | {len(found['question_name'])} "
        f"| {min(found['level'])} to {max(found['level'])} | {listed(found['answer_kind'])} |"
        for family, found in sorted(families.items())
    ]
    n = table.num_rows
    return (
        head(n, about["settings"])
        + _CARD.format(
            n=n,
            rows="\n".join(rows),
            px=about["settings"]["px"].replace("x", " x ") + " pixels",
            command=about["command"],
            commits=", ".join(about["commits"]),
            fingerprint=", ".join(f"{what} {version}" for what, version in fingerprint().items()),
        )
        + checking(name)
    )


def head(n: int, rows: object) -> str:
    """What a hub reads at the top of the card of n rows. `rows` is what decides them: `datasets` takes a folder for
    another of the same name whose configs say the same, and so gives the rows of that one."""
    key = blake2b(repr(rows).encode(), digest_size=8).hexdigest()
    return _HEAD.format(key=key, size=next(f"{a}<n<{b}".removeprefix("0<") for a, b, most in _SIZES if n < most))


def checking(name: str) -> str:
    """How the answer of a row is checked; `name` is what `load_dataset` is given."""
    return _CHECKING.format(load=name)


# The hub's own names of sizes.
_SIZES = [
    ("0", "1K", 10**3),
    ("1K", "10K", 10**4),
    ("10K", "100K", 10**5),
    ("100K", "1M", 10**6),
    ("1M", "10M", 10**7),
    ("10M", "100M", 10**8),
    ("100M", "1B", 10**10),
]


def listed(found: Counter[str]) -> str:
    return ", ".join(name for name, _ in sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
