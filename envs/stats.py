"""What a set of problems holds, as papers on data sets print it; of an exported folder or of a fixed test set.

Diversity is measured as published:
    distinct-1, distinct-2   different words, and pairs of neighbours, over all words (Li et al. 2016)
    compression ratio        bytes of all questions over their bytes in gzip; higher is more alike (Shaib et al. 2024)
    Vendi score              how many quite different pictures a sample amounts to (Friedman and Dieng 2023): exp of the
                             entropy of the eigenvalues of K / n, K the correlations of n grey thumbnails
All but the last shrink, or grow, with the number of problems: compare sets of one size.
"""

from __future__ import annotations

import gzip
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

# Skills of questions that ask what the figure shows; all others ask for something that has to be worked out from it.
RECOGNITION = frozenset({"recognition", "reading", "search", "tables", "telling"})
# How the name of a chart tells that marks of two kinds share its axes ("bar chart with a line").
OVERLAID = re.compile(r"\b(and|overlay|combination|combined|twin|dual|with (a )?(lines?|bars?|columns?|dots?))\b")
SAMPLE = 500  # pictures that the Vendi score is measured on, evenly spread over the set
THUMBNAIL = 32  # pixels a side
COLUMNS = ["image", "question", "answer_text", "answer_kind", "solution", "family", "question_name", "skill", "charts"]
COLUMNS += ["level", "width", "height", "tries"]


class StatsError(ValueError):
    """Nothing to measure; the message is one line that names the mend."""


def rows_of(target: str, progress: bool = False) -> tuple[int, Iterator[dict[str, Any]]]:
    """How many problems a folder or a test set has, and the rows of them (see envs.export.row)."""
    from tqdm import tqdm

    folder = Path(target)
    if folder.is_dir():
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            files = [pq.ParquetFile(path) for path in sorted(folder.glob("data/*.parquet"))]
            if any(set(COLUMNS) - set(file.schema_arrow.names) for file in files):
                raise StatsError(f"{target} is not an export of this project: a column is missing")
        except (OSError, pa.ArrowException) as wrong:
            raise StatsError(f"{target} cannot be read: {str(wrong).splitlines()[0]}") from None
        if not files:
            raise StatsError(f"{target} holds no data/*.parquet: make some with `python -m envs export`")
        batches = (batch for file in files for batch in file.iter_batches(100, columns=COLUMNS))
        return sum(file.metadata.num_rows for file in files), (row for batch in batches for row in batch.to_pylist())
    from envs.export import row
    from envs.problem import make
    from envs.testsets import TestSetError, load

    try:
        addresses = load(target).addresses
    except TestSetError as wrong:
        raise StatsError(f"{target!r} is neither a folder nor a test set: {wrong}") from None
    bar = tqdm(addresses, desc=f"drawing {target}", unit="problem", disable=not progress)
    return len(addresses), (row(make(address)) for address in bar)


@dataclass(slots=True)
class _Found:
    """What is counted in one pass."""

    problems: int = 0
    counts: dict[str, Counter[Any]] = field(default_factory=dict)
    lengths: dict[str, list[int]] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    thumbnails: list[np.ndarray] = field(default_factory=list)

    def count(self, what: str, thing: Any) -> None:
        self.counts.setdefault(what, Counter())[thing] += 1


def measure(total: int, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Everything about `total` rows, JSON-able."""
    found = _Found()
    step = -(-total // SAMPLE)
    for i, row in enumerate(rows):
        found.problems += 1
        found.count("figures", blake2b(row["image"]["bytes"], digest_size=8).digest())
        found.count("size", f"{row['width']} x {row['height']}")
        for chart in dict.fromkeys(row["charts"]):
            found.count("chart", chart)
        found.count("overlaid", any(OVERLAID.search(chart) for chart in row["charts"]))
        found.count("panels", len(row["charts"]) > 1)
        found.count("reads", row["skill"] in RECOGNITION)
        found.count("retried", row["tries"] > 1)
        found.count("answer", (row["answer_kind"], row["answer_text"].casefold()))
        for what in ("family", "question_name", "skill", "answer_kind", "level", "question"):
            found.count(what, row[what])
        for what, text in (("question", "question"), ("answer", "answer_text"), ("solution", "solution")):
            found.lengths.setdefault(what, []).append(len(row[text].split()))
        found.questions.append(row["question"])
        if i % step == 0:
            found.thumbnails.append(_thumbnail(row["image"]["bytes"]))
    return _summary(found)


def _summary(found: _Found) -> dict[str, Any]:
    counts, n = found.counts, found.problems

    def share(what: str) -> float:
        return round(counts[what][True] / n, 4)

    def common(what: str) -> dict[str, int]:
        return {str(thing): times for thing, times in counts[what].most_common()}

    one, two = distinct(found.questions)
    return {
        "problems": n,
        "figures": len(counts["figures"]),
        "families": common("family"),
        "chart_types": common("chart"),
        "overlays": share("overlaid"),
        "panels": share("panels"),
        "sizes": common("size"),
        "question_kinds": len(counts["question_name"]),
        "unique_questions": len(counts["question"]),
        "unique_answers": len(counts["answer"]),
        "words": {
            what: {"mean": round(sum(words) / n, 2), "least": min(words), "most": max(words)}
            for what, words in found.lengths.items()
        },
        "recognition": share("reads"),
        "reasoning": round(1 - share("reads"), 4),
        "skills": common("skill"),
        "answer_kinds": common("answer_kind"),
        "levels": {str(level): times for level, times in sorted(counts["level"].items())},
        "retried": share("retried"),
        "diversity": {
            "distinct_1": round(one, 4),
            "distinct_2": round(two, 4),
            "compression_ratio": round(compression_ratio(found.questions), 2),
            "vendi_score": round(vendi(np.array(found.thumbnails)), 2),
            "vendi_sample": len(found.thumbnails),
        },
    }


def distinct(texts: Sequence[str]) -> tuple[float, float]:
    """Different words and different pairs of neighbouring words, over the number of words (Li et al. 2016)."""
    words = [re.findall(r"\w+", text.casefold()) for text in texts]
    total = max(1, sum(map(len, words)))
    ones = {word for found in words for word in found}
    twos = {pair for found in words for pair in pairwise(found)}
    return len(ones) / total, len(twos) / total


def compression_ratio(texts: Sequence[str]) -> float:
    """Bytes of the texts over their bytes in gzip (Shaib et al. 2024)."""
    plain = "\n".join(texts).encode()
    return len(plain) / len(gzip.compress(plain, mtime=0))


def vendi(pictures: np.ndarray) -> float:
    """The Vendi score of n pictures (n x anything), from 1 (all alike) to n (Friedman and Dieng 2023).

    Their similarity is the correlation of their pixels: by the cosine, all that stands on a light ground is alike.
    """
    rows = pictures.reshape(len(pictures), -1).astype(float)
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    kernel = rows @ rows.T
    np.fill_diagonal(kernel, 1.0)  # also of a picture without contrast
    weights = np.linalg.eigvalsh(kernel / len(rows))
    weights = weights[weights > 1e-12]
    return float(np.exp(-(weights * np.log(weights)).sum()))


def _thumbnail(png: bytes) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(png)).convert("L").resize((THUMBNAIL, THUMBNAIL)))


def render(name: str, stats: dict[str, Any]) -> str:
    """A Markdown table."""
    n, diverse = stats["problems"], stats["diversity"]

    def percent(share: float) -> str:
        return f"{100 * share:.1f} %"

    def listed(counts: dict[str, int], most: int = 12) -> str:
        shown = [f"{thing} {percent(times / n)}" for thing, times in list(counts.items())[:most]]
        return ", ".join(shown) + (f", {len(counts) - most} more" if len(counts) > most else "")

    lengths = [
        (f"words of {what}", f"{found['mean']:.1f} ({found['least']} to {found['most']})")
        for what, found in stats["words"].items()
    ]
    rows = [
        ("problems", f"{n:,}"),
        ("figures", f"{stats['figures']:,}"),
        ("families", f"{len(stats['families'])}: {listed(stats['families'])}"),
        ("chart types", f"{len(stats['chart_types'])}: {listed(stats['chart_types'])}"),
        ("overlays", percent(stats["overlays"])),
        ("several panels", percent(stats["panels"])),
        ("pixels", listed(stats["sizes"])),
        ("kinds of question", f"{stats['question_kinds']:,}"),
        ("unique questions", f"{stats['unique_questions']:,}"),
        ("unique answers", f"{stats['unique_answers']:,}"),
        *lengths,
        ("recognition", percent(stats["recognition"])),
        ("reasoning", percent(stats["reasoning"])),
        ("skills", listed(stats["skills"])),
        ("answers", listed(stats["answer_kinds"])),
        ("levels", listed(stats["levels"], 20)),
        ("second sub-seed needed", percent(stats["retried"])),
        ("distinct-1, distinct-2 of questions [1]", f"{diverse['distinct_1']:.4f}, {diverse['distinct_2']:.4f}"),
        ("compression ratio of questions [2]", f"{diverse['compression_ratio']:.2f}"),
        ("Vendi score of pictures [3]", f"{diverse['vendi_score']:.2f} of {diverse['vendi_sample']}"),
    ]
    table = "\n".join(f"| {what} | {value} |" for what, value in rows)
    return f"| {name} | |\n|---|---|\n{table}\n\n{_SOURCES}"


_SOURCES = f"""[1] Li et al. 2016, A Diversity-Promoting Objective Function for Neural Conversation Models
[2] Shaib et al. 2024, Standardizing the Measurement of Text Diversity; gzip
[3] Friedman and Dieng 2023, The Vendi Score; correlations of {THUMBNAIL} x {THUMBNAIL} grey thumbnails"""
