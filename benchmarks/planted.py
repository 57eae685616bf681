"""Plants faults in charts and questions, and counts those that survive the checks.

    OMP_NUM_THREADS=1 python -m benchmarks.planted [--only bakery lakes] [--each 6] [--out planted.json]
    OMP_NUM_THREADS=1 python -m benchmarks.planted --kept synthesis/cosyn/problems      # in what a model wrote

The charts are the scripts of benchmarks/written/, each with questions that have two programs and a misreading. Every
question as it stands is the control: it should be kept. Then one thing at a time is wrong (benchmarks/faults.py): a
program, the stored answer, the unit, the data, the figure; none should be kept. Last, both programs are wrong in the
same way: misread by hand, or with the same change; running them proves nothing there, and what is counted is how many
are kept in each tier, with a blind solver that answers rightly and with one that misreads as they do.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from tqdm import tqdm

from benchmarks import faults
from envs.address import Draws
from envs.sandbox import Job, Sandbox
from envs.synthesis.items import Asked, Chart, Dropped, Kept
from envs.synthesis.proof.columns import columns
from envs.synthesis.proof.contract import check_chart
from envs.synthesis.proof.kinds import agree, places_asked
from envs.synthesis.proof.perturb import versions
from envs.synthesis.proof.verify import check_question

WRITTEN = Path(__file__).parent / "written"
UNSEEN = "held out"  # the stream of changed data by which a changed program is known to be wrong


@dataclass
class Tally:
    """What was planted and what survived, by place; why the rest was dropped; milliseconds by check."""

    planted: Counter[str] = field(default_factory=Counter)
    survived: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    survivors: list[str] = field(default_factory=list)
    spent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, place: str, found: Kept | Chart | Dropped, what: str) -> None:
        self.planted[place] += 1
        if isinstance(found, Dropped):
            self.reasons[place][found.reason] += 1
        else:
            self.survived[place] += 1
            self.survivors.append(f"{place}: {what}")

    def judged(self, chart: Chart, asked: Asked, sandbox: Sandbox) -> Kept | Dropped:
        start = time.perf_counter()
        found = check_question(chart, asked, sandbox)
        self.spent["question"].append(1000 * (time.perf_counter() - start))
        return found

    def drawn(self, code: str, sandbox: Sandbox) -> Chart | Dropped:
        start = time.perf_counter()
        found = check_chart(code, sandbox)
        self.spent["chart"].append(1000 * (time.perf_counter() - start))
        return found


def pool(only: Sequence[str] = ()) -> Iterator[tuple[str, str, list[tuple[Asked, str]]]]:
    """Name, script, and questions with their misreadings, of each chart, or of those named."""
    for path in sorted(WRITTEN.glob("*.py")):
        if only and path.stem not in only:
            continue
        rows = yaml.safe_load(path.with_suffix(".yaml").read_text())
        yield path.stem, path.read_text(), [(Asked(**row), misread) for row in rows for misread in [row.pop("misread")]]


def pool_of(folder: Path) -> Iterator[tuple[str, str, list[tuple[Asked, str]]]]:
    """The same of a data set that envs.synthesis wrote: questions of two programs, without misreadings."""
    from datasets import load_dataset

    rows = load_dataset("parquet", data_files=str(folder / "data" / "*.parquet"), split="train").remove_columns("image")
    charts: dict[str, tuple[str, list[tuple[Asked, str]]]] = {}
    for row in rows:
        _, questions = charts.setdefault(row["chart"], (row["code"], []))
        if row["second_program"]:
            asked = {key: row[key] for key in ("question", "program", "explanation", "unit")}
            blind = row["answer_text"]  # so that two programs that are one are no reason to drop
            questions.append((Asked(**asked, second=row["second_program"], kind=row["answer_kind"], blind=blind), ""))
    yield from ((name, code, questions) for name, (code, questions) in charts.items() if questions)


def values(code: str, inputs: list[Any], sandbox: Sandbox) -> list[Any]:
    """What a program gives for each of some data; an Exception where it gives nothing."""
    outcome = sandbox.run(Job(code=code, calls=tuple(("answer", (each,)) for each in inputs)))
    if outcome.reason:
        return [RuntimeError(outcome.reason)] * len(inputs)
    return [RuntimeError(called.error) if called.error else called.value for called in outcome.called]


def wrong(given: list[Any], right: list[Any], asked: Asked) -> tuple[bool, bool]:
    """Whether a program is wrong on the chart's own data (the first), and whether on any."""
    places = places_asked(asked.question)
    off = [
        isinstance(a, Exception) != isinstance(b, Exception)
        or (not isinstance(a, Exception) and not agree(a, b, kind=asked.kind, places=places))
        for a, b in zip(given, right)
    ]
    return off[0], any(off)


def names_of(chart: Chart) -> list[str]:
    """Names of rows, and of columns where there are several."""
    numbers, names = columns(chart.data)
    rows = [key for column in numbers for keys in column.keys for key in keys]
    return list(dict.fromkeys([*rows, *(column.name for column in numbers), *(v for c in names for v in c.values)]))


def plant(chart: Chart, asked: Asked, misread: str, each: int, sandbox: Sandbox, tally: Tally) -> None:
    """All faults of one question but those of the figure."""
    kept = tally.judged(chart, asked, sandbox)
    tally.planted["control"] += 1
    if isinstance(kept, Dropped):
        tally.reasons["control"][kept.reason] += 1
        return
    tally.survived["control"] += 1
    draws = Draws("planted", chart.id, asked.question)
    names = names_of(chart)
    unseen = [version.data for version in versions(chart.data, asked.question, Draws(UNSEEN, chart.id))]
    inputs = [chart.data, *unseen]
    right = values(asked.program, inputs, sandbox)

    heart = faults.literal(kept.value)
    mutants = [heart, *draws.shuffled(faults.programs(asked.program, names))]
    planted = 0
    for mutant in mutants:
        given = values(mutant, inputs, sandbox)
        own, any_ = wrong(given, right, asked)
        if not any_ or isinstance(given[0], Exception):  # one that fails at once is too easy
            continue
        place = "a program" if own else "a program, right on this data"
        which = {"program": mutant} if planted % 2 else {"second": mutant, "program": asked.program}
        tally.note(place, tally.judged(chart, replace(asked, **which), sandbox), f"{asked.question}\n{mutant}")
        if own and mutant != heart:
            shared(chart, asked, mutant, kept, sandbox, tally, "the same change")
        planted += 1
        if planted == each:
            break
    if misread and wrong(values(misread, inputs, sandbox), right, asked)[0]:
        shared(chart, asked, misread, kept, sandbox, tally, "misread")
    for word in faults.stated(kept.value, names, draws):
        tally.note("the stored answer", tally.judged(chart, replace(asked, stated=word), sandbox), f"{asked}: {word!r}")
    for other in faults.other_units(asked):
        tally.note("the unit", tally.judged(chart, other, sandbox), f"{other.question} [{other.unit}]")


def shared(chart: Chart, asked: Asked, code: str, right: Kept, sandbox: Sandbox, tally: Tally, how: str) -> None:
    """Both programs wrong alike, with a blind solver that is right, and with one that errs as they do."""
    twin = f"{code.rstrip()}\n\nSAME = True\n"
    both = replace(asked, program=code, second=twin)
    tally.planted[f"both: {how}"] += 1
    found = tally.judged(chart, both, sandbox)
    if isinstance(found, Dropped):
        tally.reasons[f"both: {how}"][found.reason] += 1
        return
    tally.survived[f"both: {how}, executed"] += 1
    for who, blind in (("a blind solver that is right", right.value), ("one that errs alike", found.value)):
        again = tally.judged(chart, replace(both, blind=blind), sandbox)
        if isinstance(again, Kept) and again.tier == "agreed":
            tally.survived[f"both: {how}, agreed, {who}"] += 1


Written = tuple[str, str, list[tuple[Asked, str]]]


def run(written: Sequence[Written], each: int, sandbox: Sandbox, figures: bool = True) -> Tally:
    """The whole benchmark, or without faults of figures; `each`: changed programs of a question, at most."""
    tally = Tally()
    for name, code, questions in tqdm(written, desc="charts", disable=None):
        chart = tally.drawn(code, sandbox)
        if isinstance(chart, Dropped):
            raise SystemExit(f"{name}: {chart.stage}: {chart.reason} ({chart.detail})")
        for asked, misread in tqdm(questions, desc=name, leave=False, disable=None):
            plant(chart, asked, misread, each, sandbox, tally)
        asked = questions[0][0]
        for other in faults.other_data(chart, Draws("planted data", chart.id)):
            tally.note("the data", tally.judged(other, asked, sandbox), f"{name}: {other.data}")
        for what, script in faults.figures(code, chart.data) if figures else ():
            found = tally.drawn(script, sandbox)
            if isinstance(found, Dropped) and "LookupError" in (found.reason + found.detail):
                continue  # there is nothing of the kind in this figure
            tally.note("the figure", found, f"{name}: {what}")
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=(), metavar="NAME", help="only these charts")
    parser.add_argument("--kept", type=Path, metavar="DIR", help="in the problems that a run of envs.synthesis kept")
    parser.add_argument("--each", type=int, default=6, help="changed programs of a question, at most")
    parser.add_argument(
        "--no-figures", action="store_true", help="without faults of figures, which take most of the time"
    )
    parser.add_argument("--out", type=Path, default=None, help="all of it as JSON")
    arguments = parser.parse_args()
    with Sandbox() as sandbox:
        written = pool_of(arguments.kept) if arguments.kept else pool(arguments.only)
        tally = run(list(written), arguments.each, sandbox, not arguments.no_figures)
    single = [place for place in tally.planted if not place.startswith("both") and place != "control"]
    print(f"{'fault in':<42} {'planted':>8} {'kept':>6}")
    for place in ["control", *single]:
        print(f"{place:<42} {tally.planted[place]:>8} {tally.survived[place]:>6}")
    planted, kept = (sum(counts[place] for place in single) for counts in (tally.planted, tally.survived))
    print(f"{'all single faults':<42} {planted:>8} {kept:>6}\n")
    for place in [place for place in tally.planted if place.startswith("both")]:
        print(f"{place:<42} {tally.planted[place]:>8}")
        for tier in [each for each in tally.survived if each.startswith(place)]:
            share = tally.survived[tier] / tally.planted[place]
            print(f"   {tier.removeprefix(place).lstrip(', '):<50} {tally.survived[tier]:>6} {100 * share:>5.1f} %")
    for check, spent in tally.spent.items():
        spent = sorted(spent)
        print(f"\n{check}: {len(spent)} checked, median {spent[len(spent) // 2]:.0f} ms, slowest {spent[-1]:.0f} ms")
    for place, reasons in tally.reasons.items():
        print(f"\n{place}:")
        for reason, count in reasons.most_common():
            print(f"  {count:>5}  {reason}")
    for survivor in tally.survivors:
        print("\nSURVIVED", survivor, file=sys.stderr)
    if arguments.out:
        told = {"planted": tally.planted, "survived": tally.survived, "reasons": tally.reasons}
        arguments.out.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
