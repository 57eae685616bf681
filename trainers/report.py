"""What an evaluation found: the rows, the statistics over them, report.json, and the paired test between two reports.

An evaluation asks every problem of a test set K times (K = 1 and greedy unless told otherwise). With K = 1 the accuracy
is pass@1 and its interval is Wilson's. With K > 1 the accuracy is mean@K; the K responses to one problem are not
independent, so Wilson's interval is taken at the effective sample size p(1-p) / Var(mean) with the variance over
problems (Miller 2024, "Adding Error Bars to Evals", section 2.2: clustered errors). Requests that failed (`finish` is
"error") are no answers: they are counted apart and never scored. `report_page.py` turns a report into HTML.

`python -m trainers.report runs/<name>` shows a run instead: run_report.py.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from envs.address import Address
from trainers import rollouts

Z95 = 1.959963984540054  # the normal quantile behind a two-sided 95 % interval
RESAMPLES = 10_000


class ReportError(ValueError):
    """A report or a file of rows that cannot be used; the message names the file and the mend."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One response to one problem. `tokens` counts the response's; `finish` is "stop", "length" or "error"."""

    address: str
    sample: int = 0
    response: str = ""
    given: str | None = None
    correct: bool = False
    reason: str = ""
    tokens: int = 0
    finish: str = "stop"
    boxed: bool = False
    parsed: bool = False
    held_out: bool = False

    @property
    def verdict(self) -> str:
        """right | wrong | unreadable (boxed, not parsed) | no box | truncated | failed (the request)."""
        if self.finish == "error":
            return "failed"
        if self.correct:
            return "right"
        if self.parsed:
            return "wrong"
        if self.finish == "length":
            return "truncated"
        return "unreadable" if self.boxed else "no box"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


# Every verdict, in the order in which they are shown.
VERDICTS = ("right", "wrong", "unreadable", "no box", "truncated", "failed")


def open_rows(path: Path, settings: dict[str, Any]) -> list[Row]:
    """The rows that an earlier evaluation with the same settings left, ready to be appended to.

    A half-written last line and requests that failed are set aside, so that they are asked again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        rollouts.set_aside(path, lambda row: "settings" in row or row["finish"] != "error")
        lines = list(rollouts.read(path))
        if not lines:
            path.write_text(json.dumps({"settings": settings}, ensure_ascii=False) + "\n", encoding="utf-8")
            return []
        theirs = lines[0]["settings"]
        known = {field.name for field in fields(Row)}
        rows = [Row(**{key: value for key, value in line.items() if key in known}) for line in lines[1:]]
    except OSError as error:
        raise ReportError(f"cannot use {path}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ReportError(f"{path} is not a file of rows: give another --out, or remove it") from None
    differing = [key for key in {**theirs, **settings} if theirs.get(key) != settings.get(key)]
    if differing:
        said = "; ".join(f"{key} was {theirs.get(key)!r}, is {settings.get(key)!r}" for key in differing)
        raise ReportError(f"{path} was made with other settings ({said}): give another --out, or remove it")
    return list({(row.address, row.sample): row for row in rows}.values())


def wilson(correct: float, n: float) -> tuple[float, float]:
    """The 95 % interval of a proportion (Wilson 1927); (0, 1) where there is nothing to count."""
    if n <= 0:
        return 0.0, 1.0
    p = correct / n
    centre = (p + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 / (1 + Z95**2 / n) * math.sqrt(max(p * (1 - p), 0.0) / n + Z95**2 / (4 * n * n))
    # At p = 0 and p = 1 the end is exact and rounding must not move it past p.
    return (0.0 if p <= 0 else max(0.0, centre - half)), (1.0 if p >= 1 else min(1.0, centre + half))


def pass_at_k(n: int, correct: int, k: int) -> float:
    """The unbiased chance that one of k samples is right, from n >= k of which `correct` were.

    1 - C(n - c, k) / C(n, k), Chen et al. 2021 (arXiv 2107.03374), equation 1.
    """
    if not 0 <= correct <= n or not 1 <= k <= n:
        raise ValueError(f"pass@{k} needs 1 <= k <= n and 0 <= correct <= n; n is {n}, correct is {correct}")
    return 1.0 - float(math.comb(n - correct, k) / math.comb(n, k))


def mcnemar(only_this: int, only_other: int) -> float:
    """The exact two-sided p-value of McNemar's test: a fair coin over the pairs on which the two disagree."""
    n = only_this + only_other
    tail = sum(math.comb(n, i) for i in range(min(only_this, only_other) + 1))
    return min(1.0, float(2 * tail / 2**n))


Outcomes = Mapping[str, tuple[int, int]]  # address -> (correct, samples), in the order of the test set


def outcomes(rows: Iterable[Row]) -> dict[str, tuple[int, int]]:
    """How often each problem was answered rightly, failed requests left out."""
    counts: dict[str, list[int]] = {}
    for row in rows:
        if row.finish != "error":
            pair = counts.setdefault(row.address, [0, 0])
            pair[0] += row.correct
            pair[1] += 1
    return {address: (correct, n) for address, (correct, n) in counts.items()}


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """Accuracy with its interval, the shares of boxed, parsed and truncated responses, and pass@k where K > 1."""
    scored = [row for row in rows if row.finish != "error"]
    by_address = outcomes(scored)
    means = [correct / n for correct, n in by_address.values()]
    problems, samples = len(means), len(scored)
    accuracy = sum(means) / problems if problems else 0.0
    effective = float(problems)
    if samples > problems > 1:
        variance = sum((mean - accuracy) ** 2 for mean in means) / (problems - 1) / problems
        if variance > 0:
            effective = min(float(samples), accuracy * (1 - accuracy) / variance)
    low, high = wilson(accuracy * effective, effective)
    count = max(samples, 1)
    summary: dict[str, Any] = {
        "problems": problems,
        "samples": samples,
        "accuracy": accuracy,
        "low": low,
        "high": high,
        "boxed": sum(row.boxed for row in scored) / count,
        "parsed": sum(row.parsed for row in scored) / count,
        "truncated": sum(row.finish == "length" for row in scored) / count,
        "tokens": sum(row.tokens for row in scored) / count,
        "verdicts": {name: found for name in VERDICTS if (found := sum(row.verdict == name for row in rows))},
    }
    if (fewest := min((n for _, n in by_address.values()), default=0)) > 1:
        ks = [2**i for i in range(fewest.bit_length()) if 2**i < fewest] + [fewest]
        summary["pass_at"] = {
            str(k): sum(pass_at_k(n, correct, k) for correct, n in by_address.values()) / problems for k in ks
        }
    return summary


def skill_of(address: str) -> str:
    """What the question of a problem tries: ranking, counting ...; "stored" for those of one's own."""
    from envs.registry import find

    parsed = Address.parse(address)
    return "stored" if parsed.stored else find(parsed)[1].skill


GROUPS: dict[str, Callable[[Row], str]] = {
    "family": lambda row: Address.parse(row.address).family,
    "question": lambda row: Address.parse(row.address).question,
    "level": lambda row: str(Address.parse(row.address).level),
    "skill": lambda row: skill_of(row.address),
    "phrasing": lambda row: "held out" if row.held_out else "trained",
}


def grouped(rows: Sequence[Row]) -> dict[str, dict[str, dict[str, Any]]]:
    """The summary of every family, question, level, skill and kind of phrasing, sorted by name (levels by number)."""
    tables = {}
    for group, key in GROUPS.items():
        parts: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            parts[key(row)].append(row)
        names = sorted(parts, key=lambda name: (int(name), "") if name.isdigit() else (0, name))
        tables[group] = {name: summarise(parts[name]) for name in names}
    return tables


def compare(this: Outcomes, other: Outcomes) -> dict[str, Any]:
    """A paired test over the addresses both reports hold; ReportError where they share none.

    The difference and its 95 % interval come from a bootstrap over addresses. The p-value is McNemar's exact one where
    every problem was answered once on both sides, and the bootstrap's own otherwise.
    """
    import numpy as np

    common = [address for address in this if address in other]
    if not common:
        raise ReportError("the two reports have no address in common: compare evaluations of the same test set")
    pairs = [(this[a][0] / this[a][1], other[a][0] / other[a][1]) for a in common]
    n = len(pairs)
    values, counts = np.unique(np.array([a - b for a, b in pairs]), return_counts=True)
    # Resampling n addresses is a multinomial draw over the distinct differences, of which there are few.
    draws = np.random.default_rng(0).multinomial(n, counts / n, size=RESAMPLES) @ values / n
    low, high = np.quantile(draws, [0.025, 0.975])
    only_this, only_other = sum(a > b for a, b in pairs), sum(a < b for a, b in pairs)
    single = all(this[a][1] == 1 and other[a][1] == 1 for a in common)
    if single:
        p_value = mcnemar(only_this, only_other)
    else:
        p_value = min(1.0, 2 * max(1 / RESAMPLES, min(float((draws <= 0).mean()), float((draws >= 0).mean()))))
    return {
        "common": n,
        "missing_here": sum(address not in this for address in other),
        "missing_there": sum(address not in other for address in this),
        "this": sum(a for a, _ in pairs) / n,
        "other": sum(b for _, b in pairs) / n,
        "difference": sum(a - b for a, b in pairs) / n,
        "low": float(low),
        "high": float(high),
        "better": only_this,
        "worse": only_other,
        "test": "McNemar, exact" if single else "paired bootstrap",
        "p": p_value,
    }


def apart(rows: Iterable[Row]) -> tuple[list[Row], dict[str, list[Row]]]:
    """The rows of the test set, and those of each data set of one's own by its name."""
    drawn: list[Row] = []
    stored: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        address = Address.parse(row.address)
        (stored[address.question] if address.stored else drawn).append(row)
    return drawn, dict(stored)


def read_report(path: str | Path) -> dict[str, Any]:
    """A report.json, or the one in a folder; ReportError where it is not there or is no report."""
    file = Path(path) / "report.json" if Path(path).is_dir() else Path(path)
    try:
        report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        report["outcomes"] = {address: (int(c), int(n)) for address, (c, n) in report["outcomes"].items() if int(n)}
        if not isinstance(report["settings"], dict):
            raise TypeError("settings")
    except OSError as error:
        raise ReportError(f"cannot read the report {file}: {error.strerror or error}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ReportError(f"{file} is not a report: name a report.json that trainers.evaluate wrote") from None
    return report


def build_report(
    rows: Sequence[Row], settings: Mapping[str, Any], *, total: int, other: tuple[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The whole report as JSON. `total` is how many problems were asked for; `other` is a report and its name."""
    drawn, stored = apart(rows)
    report: dict[str, Any] = {
        "settings": dict(settings),
        "total": total,
        "summary": summarise(drawn),
        "by": grouped(drawn),
        "stored": {name: summarise(found) for name, found in stored.items()},
        "outcomes": outcomes(drawn),
        "stored_outcomes": {name: outcomes(found) for name, found in stored.items()},
    }
    if other is not None:
        name, theirs = other
        named = f"{theirs['settings'].get('checkpoint', 'unknown')} ({name})"
        report["comparison"] = {"other_report": named} | compare(report["outcomes"], theirs["outcomes"])
        earlier = {name: dict(found) for name, found in theirs.get("stored_outcomes", {}).items()}
        report["stored_comparison"] = {
            name: compare(found, earlier[name])
            for name, found in report["stored_outcomes"].items()
            if set(found) & set(earlier.get(name, {}))
        }
        report["comparison"]["settings_that_differ"] = {
            key: [settings.get(key), theirs["settings"].get(key)]
            for key in sorted({*settings, *theirs["settings"]})
            if settings.get(key) != theirs["settings"].get(key)
        }
    return report


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def as_text(report: Mapping[str, Any]) -> str:
    """The report's heart in a few lines, for the terminal."""
    summary = report["summary"]
    lines = []
    metric = "pass@1" if summary["samples"] == summary["problems"] else f"mean@{report['settings'].get('samples')}"
    interval = f"[{percent(summary['low'])}, {percent(summary['high'])}]"
    lines.append(f"{metric} {percent(summary['accuracy'])} {interval} over {summary['problems']} problems")
    shares = ", ".join(f"{name} {percent(summary[name])}" for name in ("boxed", "parsed", "truncated"))
    lines.append(f"{shares}; {summary['tokens']:.0f} tokens a response")
    if "pass_at" in summary:
        lines.append(", ".join(f"pass@{k} {percent(value)}" for k, value in summary["pass_at"].items()))
    for group, table in report["by"].items():
        lines.append(f"{group}: " + ", ".join(f"{name} {percent(part['accuracy'])}" for name, part in table.items()))
    for name, part in report.get("stored", {}).items():
        interval = f"[{percent(part['low'])}, {percent(part['high'])}]"
        lines.append(f"stored {name}: {percent(part['accuracy'])} {interval} over {part['problems']} problems")
    if failed := sum(part["verdicts"].get("failed", 0) for part in (summary, *report.get("stored", {}).values())):
        lines.append(f"{failed} requests failed and are not scored: run the same command again to retry them")
    if versus := report.get("comparison"):
        lines.append(
            f"against {versus['other_report']}: {100 * versus['difference']:+.1f} points "
            f"[{100 * versus['low']:+.1f}, {100 * versus['high']:+.1f}], p = {versus['p']:.3g} ({versus['test']}; "
            f"{versus['common']} common addresses, better on {versus['better']}, worse on {versus['worse']})"
        )
    for name, versus in report.get("stored_comparison", {}).items():
        lines.append(
            f"stored {name} against it: {100 * versus['difference']:+.1f} points "
            f"[{100 * versus['low']:+.1f}, {100 * versus['high']:+.1f}], p = {versus['p']:.3g} "
            f"({versus['test']}; {versus['common']} common addresses)"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    import sys

    from trainers.run_report import main

    sys.exit(main())
