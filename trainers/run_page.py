"""A run as one HTML file that needs nothing outside itself; the sister of report_page.py, whose hand it writes.

    page(seen, signs, samples, refresh=None)

Curves, step time by phase, what the curriculum asked, signs of reward hacking in words, samples with their pictures.
The page is well-formed XML too; what a model wrote is escaped and cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from trainers import heat, plots
from trainers.plots import Line, curves, share, stack
from trainers.report import percent, wilson
from trainers.report_page import bars, data_uri, document, text
from trainers.samples import Sample
from trainers.seen import QUIET, Seen
from trainers.signs import Sign
from trainers.table import TITLES
from trainers.timing import PHASES

if TYPE_CHECKING:
    from envs.problem import Problem

LATELY = 20  # log rows behind a tile
COLOURS = dict(zip(PHASES, (4, 5, 0, 3, 2, 1, 6, 7, 8), strict=True))  # of the phases of a step
STYLE = f"""{plots.STYLE}
.status {{ color: var(--soft); margin: 0 0 4px; }}
.tiles {{ grid-template-columns: repeat(auto-fit, minmax(118px, 1fr)); }}
.tile b {{ font-size: 22px; }}
.sign {{ display: grid; grid-template-columns: 205px 1fr; gap: 4px 14px; padding: 7px 0; font-size: 14px; }}
.sign + .sign {{ border-top: 1px solid var(--line); }}
.sign b::before {{ content: ''; display: inline-block; width: 9px; height: 9px; border-radius: 9px; margin-right: 8px;
  background: var(--right); }}
.sign.found b::before {{ background: var(--wrong); }} .sign.found b {{ color: var(--wrong); }}
@media (max-width: 560px) {{ .sign {{ grid-template-columns: 1fr; }} }}
.columns > div {{ display: grid; gap: 12px; align-content: start; min-width: 0; }}
.case .blank {{ padding: 28px 14px; text-align: center; color: var(--soft); border-bottom: 1px solid var(--line);
  font-size: 13px; }}
.case pre.said {{ max-height: 132px; margin: 0 0 8px; padding: 7px 9px; background: var(--ground);
  border-radius: 6px; }}
.case .note {{ font-size: 13px; color: var(--soft); }}
details.card table {{ margin-top: 8px; }}
details.card td {{ font-variant-numeric: tabular-nums; }}
h3.kind {{ font-size: 15px; margin: 18px 0 0; }} h3.kind span {{ font-weight: normal; color: var(--soft); }}
"""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A sample with its problem, or why that cannot be drawn."""

    sample: Sample
    problem: Problem | None
    why_not: str = ""


def page(
    seen: Seen, found: Sequence[Sign], samples: Sequence[tuple[str, str, Sequence[Shown]]], refresh: float | None = None
) -> str:
    """The whole page; with `refresh` a browser loads it again every so many seconds."""
    name = str(seen.config.get("name", seen.folder.name))
    body = [f"<h1>{text(name)}</h1>", f'<p class="status">{text(status(seen))}</p>', _tiles(seen)]
    if seen.stage == "grpo" and seen.metrics:
        body.append(_signs(found))
    body.append(f"<h2>Curves</h2>{_grid(_curves(seen))}")
    body.append(_stages(seen))
    if columns := heat.curriculum_cards(seen.asked):
        lead = "Colour is the share of right rollouts, area how often it was asked; the slider goes through the run."
        body.append(f'<h2>What the curriculum asked</h2><p class="lead">{lead}</p>')
        body.append(_columns(columns))
        body.append(f'<div style="margin-top:12px">{heat.cell_list(seen.asked)}</div>')
    if samples:
        body.append(f"<h2>{'Lessons' if seen.stage == 'sft' else 'Samples'}</h2>")
        body.append('<p class="lead">From the end of the log; pictures are made again from their addresses.</p>')
    for heading, what, shown in samples:
        cards = [_case(each) for each in shown]
        body.append(f'<h3 class="kind">{text(heading)} <span>{text(what)}</span></h3>')
        body.append(f'<div class="cases">{"".join(cards)}</div>')
    settings = "".join(
        f'<tr><td class="soft">{text(key)}</td><td>{text(value)}</td></tr>' for key, value in _flat(seen.config)
    )
    body.append(f'<h2>Settings</h2><details class="card"><summary>config.yaml</summary><table>{settings}</table>')
    body.append("</details>")
    return document(name, "".join(body), style=STYLE, script=plots.SCRIPT, refresh=refresh)


def status(seen: Seen) -> str:
    """Where the run is, in a sentence."""
    kind = "GRPO" if seen.stage == "grpo" else "Supervision"
    if not seen.metrics:
        done = seen.warm[-1]["step"]
        return f"Warm start, step {done}; {kind} has not begun. Last row {_ago(seen.quiet)}."
    of = f" of {seen.steps:,}" if seen.steps else ""
    said = f"{kind}, step {seen.step:,}{of}"
    if seen.ended:
        return f"{said}; the run has ended."
    if seen.quiet > QUIET:
        return f"{said}; no row since {_ago(seen.quiet)}: it was stopped, or is at something long."
    step = _lately(seen, "time/step") or _lately(seen, "step_time")
    left = (seen.steps - seen.step) * step if seen.steps and step else 0.0
    return f"{said}; last row {_ago(seen.quiet)}" + (f", about {_duration(left)} to go." if left else ".")


def _ago(seconds: float) -> str:
    return f"{_duration(seconds)} ago"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _lately(seen: Seen, name: str) -> float | None:
    values = [value for _, value in seen.column(name)[-LATELY:]]
    return sum(values) / len(values) if values else None


def _tiles(seen: Seen) -> str:
    useful = _lately(seen, "frac_reward_zero_std")
    tiles = [
        (_said(_lately(seen, "reward")), "reward"),
        (_said(_lately(seen, "rewards/accuracy/mean"), percent), "of rollouts right"),
        (_said(None if useful is None else 1 - useful, percent), "of groups teach"),
        (_said(_lately(seen, "completions/mean_length")), "tokens a completion"),
        (_said(_lately(seen, "env/mean_level"), lambda level: f"{level:.2f}"), "mean level"),
        (_said(_lately(seen, "loss") if seen.stage == "sft" else None), "loss"),
        (_said(_lately(seen, "mean_token_accuracy"), percent), "of tokens right"),
        (_said(_lately(seen, "time/step") or _lately(seen, "step_time"), lambda s: f"{plots.number(s)} s"), "a step"),
        (_said(_lately(seen, "time/charts_per_second")), "charts a second"),
        (_said(_lately(seen, "time/tokens_per_second")), "tokens a second"),
    ]
    cards = "".join(
        f'<div class="card tile"><b>{text(value)}</b><span>{text(name)}</span></div>' for value, name in tiles if value
    )
    lead = f'<p class="lead" style="margin-top:8px">Means of the last {LATELY} log rows.</p>'
    return f'<div class="tiles">{cards}</div>{lead}' if cards else ""


def _said(value: float | None, how: Any = plots.number) -> str:
    return "" if value is None else how(value)


def _signs(found: Sequence[Sign]) -> str:
    alarming = sum(sign.found for sign in found)
    head = f"{alarming} found" if alarming else "none found" if found else "too few rows yet to look for them"
    rows = "".join(_sign(sign) for sign in sorted(found, key=lambda sign: not sign.found))
    return f"<h2>Signs of reward hacking: {head}</h2>" + (f'<div class="card">{rows}</div>' if rows else "")


def _sign(sign: Sign) -> str:
    state = " found" if sign.found else ""
    return f'<div class="sign{state}"><b>{text(sign.name)}</b><span>{text(sign.words)}</span></div>'


def _grid(cards: Sequence[str]) -> str:
    return f'<div class="curves">{"".join(cards)}</div>'


def _columns(columns: Sequence[Sequence[str]]) -> str:
    inner = "".join(f"<div>{''.join(column)}</div>" for column in columns)
    return f'<div class="curves columns">{inner}</div>'


def _curves(seen: Seen) -> list[str]:
    """The cards of a run's curves, those without a point left out."""

    def line(name: str, short: str, colour: int = 0) -> Line:
        return Line(name=short, points=seen.column(name), colour=f"var(--c{colour})")

    useful = [(step, 1 - value) for step, value in seen.column("frac_reward_zero_std")]
    named = {name: None for row in seen.metrics[-LATELY:] for name in row}  # not every step samples
    rewards = [name for name in named if name.startswith("rewards/") and name.endswith("/mean")]
    others = [name for name in rewards if name != "rewards/accuracy/mean"]
    phases = _phases(seen)
    warm = [(float(row["step"]), float(row["loss"])) for row in seen.warm if isinstance(row.get("loss"), int | float)]
    skills = sorted({name for row in seen.evaluated for name in row if name.startswith("eval/accuracy_by_skill/")})
    tested = str((seen.config.get("eval") or {}).get("during") or "the test set")
    cards = [
        curves("Reward", [line("reward", "mean"), line("reward_std", "standard deviation", 8)]),
        curves(
            "Accuracy",
            [
                line("rewards/accuracy/mean", "rollouts right", 2),
                line("env/believed_pass_rate", "believed before", 8),
            ],
            said=share,
            low=0.0,
            high=1.0,
        ),
        curves(
            f"Evaluated on {tested}",
            [
                line("eval/low", "low", 8),
                line("eval/high", "high", 8),
                line("eval/accuracy", "right, of 95 % interval", 2),
            ],
            said=share,
        ),
        curves(
            "Evaluated, by skill",
            [line(name, name.rpartition("/")[2], i % 9) for i, name in enumerate(skills)],
            said=share,
            low=0.0,
            high=1.0,
        ),
        curves(
            "Groups that teach",
            [
                Line(name="whose rewards differ", points=useful),
                line("completions/clipped_ratio", "rollouts cut off", 4),
            ],
            said=share,
            low=0.0,
            high=1.0,
        ),
        curves(
            "Tokens of a completion",
            [
                line("completions/max_length", "longest", 8),
                line("completions/mean_length", "mean"),
                line("completions/min_length", "shortest", 5),
            ],
            low=0.0,
        ),
        curves("Level", [line("env/highest_level", "highest asked", 8), line("env/mean_level", "mean asked")], low=0.0),
        curves(
            "Other rewards, before weights",
            [line(name, name.split("/")[1], 1 + i % 7) for i, name in enumerate(others)],
        ),
        curves("Entropy", [line("entropy", "of a token")]),
        curves("KL", [line("kl", "from the reference")]),
        curves("Loss", [line("loss", "loss")]) if seen.stage == "sft" else "",
        curves("Token accuracy", [line("mean_token_accuracy", "of targets", 2)], said=share, high=1.0),
        stack("Seconds of a step, by phase", phases),
        curves("Charts a second", [line("time/charts_per_second", "problems", 1)], low=0.0),
        curves("Tokens a second", [line("time/tokens_per_second", "of all ranks", 5)], low=0.0),
        curves("Gradient", [line("grad_norm", "norm", 6)], low=0.0),
        curves("Learning rate", [line("learning_rate", "rate", 7)], low=0.0),
        curves("Loss of the warm start", [Line(name="loss", points=warm, colour="var(--c3)")]),
    ]
    return [card for card in cards if card]


def _phases(seen: Seen) -> list[Line]:
    """Seconds of a step by phase. Where batches last several steps, of which one samples, a point is a whole batch."""
    batches: list[list[dict[str, Any]]] = []
    for row in (row for row in seen.metrics if isinstance(row.get("time/step"), int | float)):
        if row.get("time/rollout", 0.0) > 0 or seen.stage == "sft" or not batches:
            batches.append([])
        batches[-1].append(row)

    def points(name: str) -> list[tuple[float, float]]:
        return [(float(b[-1]["step"]), fmean(float(row.get(f"time/{name}", 0.0)) for row in b)) for b in batches]

    return [Line(name=name, points=points(name), colour=f"var(--c{COLOURS[name]})") for name in PHASES]


def _stages(seen: Seen) -> str:
    """What the table of the run measured on its test set."""
    rows = {}
    for stage, row in seen.table.items():
        if row.get("total"):
            low, high = wilson(row["correct"], row["total"])
            accuracy = row["correct"] / row["total"]
            part = {"accuracy": accuracy, "problems": row["total"], "low": low, "high": high}
            rows[TITLES.get(stage, stage)] = part
    if not rows:
        return ""
    name = next(row["test_set"] for row in seen.table.values() if row.get("total"))
    return f'<h2>Measured on {text(name)}</h2><div class="card">{bars(rows)}</div>'


def _case(shown: Shown) -> str:
    """One sample: picture, question, what was expected and given, what was said."""
    row, problem = shown.sample.row, shown.problem
    if problem is None:
        picture = f'<div class="blank">{text(shown.why_not)}</div>'
        question = expected = ""
    else:
        picture = f'<img alt="the chart of {text(row["address"])}" src="{data_uri(problem.image)}"/>'
        question = f'<p class="q">{text(problem.question)}</p>'
        expected = f"expected <b>{text(problem.answer.text())}</b>"
    if "completion" in row:
        right = bool(row["correct"])
        given = "nothing" if row.get("given") is None else text(row["given"])
        tag = f'<span class="tag {"right" if right else "wrong"}">{text(row.get("reason", ""))}</span>'
        tag += f'<span class="tag other">{text(row["tokens"])} tokens</span>'
        said = f"<p>{expected}{', ' if expected else ''}given <b>{given}</b></p>"
        said += f'<pre class="said">{text(row["completion"])}</pre>'
    else:
        tag, said = f'<span class="tag other">{text(row.get("target", ""))}</span>', f"<p>{expected}</p>"
    return (
        f'<article class="card case">{picture}<div class="text"><p>{tag}</p>{question}{said}'
        f'<p class="note">{text(shown.sample.note)}</p>'
        f'<p class="address"><code class="soft">{text(row["address"])}</code></p></div></article>'
    )


def _flat(config: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in config.items():
        if isinstance(value, dict) and value:
            found += _flat(value, f"{prefix}{key}.")
        elif value is not None:
            found.append((f"{prefix}{key}", value))
    return found
