"""What it costs to tell what repeats, and whether charts that differ are told apart: `python benchmarks/dedup.py`.

Procedural charts of all families stand in for written ones, each with its question, scripts of its own and data of its
own, so that nothing of them should be said to repeat but questions that do.
"""

from __future__ import annotations

import argparse
import io
import random
import time
from collections import Counter
from collections.abc import Iterator

from PIL import Image
from tqdm import tqdm

from envs import cells, make
from envs.problem import Unmakeable
from envs.synthesis.dedup import Dedup
from envs.synthesis.items import Asked, Chart, Kept
from envs.synthesis.seeds import seeds

QUARTERS = 4


def problems(count: int) -> Iterator[Kept]:
    """So many problems over all families, each with a picture, a script and data like no other's."""
    by_family: dict[str, list[str]] = {}
    for cell in cells():
        by_family.setdefault(cell.family, []).append(cell.question)
    draws, scripts, families, at, made = random.Random(0), seeds(), sorted(by_family), 0, 0
    while made < count:
        turn, place = divmod(at, len(families))
        questions = by_family[families[place]]
        at += 1
        try:
            problem = make(f"{families[place]}/{questions[turn % len(questions)]}/{at % 6}/{at}")
        except Unmakeable:
            continue
        stored = io.BytesIO()
        Image.fromarray(problem.image).save(stored, "PNG", compress_level=1)
        marks = ", ".join("1" if bit == "1" else "'s'" for bit in f"{made // len(scripts):014b}")
        data = {
            "name": [f"n{draws.randrange(10**6)}" for _ in range(6)],
            "a": [draws.randrange(1000) for _ in range(6)],
            "b": [round(50 * draws.random(), 1) for _ in range(6)],
        }
        chart = Chart(
            id=str(made),
            code=f"{scripts[made % len(scripts)].code}\nx = [{marks}]\n",
            data=data,
            png=stored.getvalue(),
            artists={},
            width=448,
            height=448,
        )
        answer = problem.answer.to_json()
        asked = Asked(question=problem.question, program="", second="", kind=answer["kind"])
        yield Kept(chart=chart, asked=asked, answer=answer, value=None, tier="proven")
        made += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    count = parser.parse_args().count
    dedup, said, seconds = Dedup(), Counter[str](), [0.0] * QUARTERS
    for i, kept in enumerate(tqdm(problems(count), total=count, unit="chart")):
        start = time.process_time()
        why = dedup.seen(kept.chart) or dedup.seen(kept)
        seconds[i * QUARTERS // count] += time.process_time() - start
        said[why or "new"] += 1
    print("CPU ms a chart with its question, by quarter:", *(f"{1000 * s * QUARTERS / count:.2f}" for s in seconds))
    print(dict(said))


if __name__ == "__main__":
    main()
