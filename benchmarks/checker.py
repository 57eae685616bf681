r"""How fast and how right the checker is, beside math-verify.

    OMP_NUM_THREADS=1 python benchmarks/checker.py [--without-math-verify]

Prints three tables: right verdicts, false positives (wrong answers accepted) and checks a second over
tests/rewards_corpus.jsonl; checks a second over ordinary responses (reasoning of about 600 characters with a good box
at its end, as in training); and the slowest of several hostile responses of a megabyte. Times are CPU times of one
process. math-verify judges the corpus with its own timeout of one second, without which it does not return on some
pairs, against the text that a right response would have put in the box.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from rewards import Answer, Boolean, Choice, Date, Label, Number, Percent, Sequence, Set, from_json, score

CORPUS = Path(__file__).parent.parent / "tests" / "rewards_corpus.jsonl"
REASONING = (
    "The chart shows several bars. I compare the heights of the bars with the ticks of the axis, one by one. " * 6
)
MEGABYTE = 10**6

ORDINARY: list[tuple[str, Answer]] = [
    ("7", Number(7)),
    ("12.5", Number(12.4, abs_tol=0.2)),
    ("1,240 km", Number(1240, abs_tol=5, unit=("km",))),
    (r"\text{South Korea}", Label("South Korea")),
    ("Lima", Label("Oslo")),
    (r"45\%", Percent(45, abs_tol=0.5)),
    ("Yes", Boolean(True)),
    ("B", Choice("B", {"A": "Oslo", "B": "Lima", "C": "Rome"})),
    ("January 2020", Date("2020-01", "month")),
    ("Oslo, Lima, Rome", Sequence((Label("Oslo"), Label("Lima"), Label("Rome")))),
    ("Oslo and Lima", Set((Label("Lima"), Label("Oslo")))),
]
HOSTILE = {
    "a million {": "{" * MEGABYTE,
    r"\boxed{ and a million {": r"\boxed{" + "{" * MEGABYTE,
    r"\boxed{ without end": r"\boxed{" * (MEGABYTE // 7),
    r"\boxed without brace": r"\boxed " * (MEGABYTE // 7),
    "boxes in boxes": r"\boxed{" * (MEGABYTE // 8) + "}" * (MEGABYTE // 8),
    "good boxes": r"\boxed{5}" * (MEGABYTE // 9),
    "backslashes": "\\" * MEGABYTE + "boxed{5}",
    "a box of a megabyte": r"\boxed{" + "5," * (MEGABYTE // 2) + "}",
    "braces around a box": "x" * MEGABYTE + r"\boxed{" + "{}" * 2490 + r"\boxed{5}" + "{}" * 2490 + "}",
    "combining marks": "x" * MEGABYTE + r"\boxed{" + "a" + "\u0315\u0300" * 4990 + "}",
    "escapes": "x" * MEGABYTE + r"\boxed{" + r"\}" * 4990 + "}",
}


def per_second(check: Callable[[str, Answer], object], pairs: list[tuple[str, Answer]], seconds: float) -> float:
    """Checks in a second of CPU time."""
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        for response, answer in pairs:
            check(response, answer)
        done += len(pairs)
    return done / spent


def ours(response: str, answer: Answer) -> bool:
    return score(response, answer).correct


def with_math_verify() -> Callable[[str, Answer], bool]:
    """math-verify as a checker: whether the response's last match equals the text of the answer."""
    import logging

    from math_verify import parse, verify

    logging.disable(logging.WARNING)

    def check(response: str, answer: Answer) -> bool:
        gold = parse(r"\boxed{" + answer.text() + "}", parsing_timeout=1)
        return bool(verify(gold, parse(response, parsing_timeout=1), timeout_seconds=1))

    return check


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without-math-verify", action="store_true", help="measure only this project's checker")
    arguments = parser.parse_args()
    checkers: dict[str, Callable[[str, Answer], bool]] = {"rewards": ours}
    if not arguments.without_math_verify:
        checkers["math-verify"] = with_math_verify()

    rows = [json.loads(line) for line in CORPUS.read_text().splitlines()]
    corpus = [(row["response"], from_json(row["gold"])) for row in rows]
    ordinary = [(f"{REASONING}So the answer is \\boxed{{{text}}}.", answer) for text, answer in ORDINARY]
    columns = f"{'pairs':>6} {'right':>6} {'false positives':>16} {'corpus checks/s':>16} {'ordinary checks/s':>18}"
    print(f"{'checker':<12} {columns}")
    for name, check in checkers.items():
        start = time.process_time()
        verdicts = [check(response, answer) for response, answer in corpus]
        speed = len(corpus) / (time.process_time() - start)
        right = sum(verdict == row["correct"] for verdict, row in zip(verdicts, rows))
        false = sum(verdict and not row["correct"] for verdict, row in zip(verdicts, rows))
        if name == "rewards":
            speed = per_second(check, corpus, 2.0)
        usual = per_second(check, ordinary, 2.0)
        print(f"{name:<12} {len(rows):>6} {right:>6} {false:>16} {speed:>16,.0f} {usual:>18,.0f}")

    print(f"\n{'hostile response of 1 MB':<28} {'worst ms over the kinds of answer':>34}")
    for name, response in HOSTILE.items():
        worst = 0.0
        for answer in {type(answer): answer for _, answer in corpus}.values():
            start = time.process_time()
            score(response, answer)
            worst = max(worst, time.process_time() - start)
        print(f"{name:<28} {1000 * worst:>34.1f}")


if __name__ == "__main__":
    main()
