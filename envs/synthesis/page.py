"""A page of what a run kept and what it dropped, with reasons: one HTML file to open anywhere, with filters.

    page("synthesis/cosyn/page.html", kept, dropped)

All items are counted, by stage and reason; shown are the first of each. Whatever a model wrote is shown as text.
"""

from __future__ import annotations

import base64
import html
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from envs.gallery import sheet
from envs.logs import write_whole
from envs.synthesis.items import TIERS, Chart, Dropped, Kept

LONGEST = 6000  # characters of a text that are shown
_FILTERS = {"outcome": "status", "reason": "reason", "stage": "stage", "tier": "tier", "chart type": "type"}
_STYLE = """main { grid-template-columns: repeat(auto-fill, minmax(380px, 1fr)); align-items: start; }
figure { content-visibility: visible; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px; max-height: 22rem;
  overflow-y: auto; margin: .4rem 0; }
table { border-collapse: collapse; margin: .6rem 0 1rem; }
td, th { text-align: left; padding: .15rem .9rem .15rem 0; border-bottom: 1px solid var(--line); }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
.tag { display: inline-block; font-size: 12px; padding: .05rem .5rem; border-radius: 1rem; border: 1px solid;
  margin-bottom: .3rem; }
.kept { color: light-dark(#0a6b3d, #6fd6a0); } .dropped { color: light-dark(#a3301c, #ff9c88); }
figcaption p { overflow-wrap: anywhere; } .why { font-weight: 400; }
.answer { font-weight: 400; }"""


def page(
    out: str | Path,
    kept: Iterable[Kept],
    dropped: Iterable[Dropped],
    *,
    title: str = "kept and dropped",
    charts: Mapping[str, Chart] | None = None,
    most: int = 200,
    each: int = 12,
) -> None:
    """Writes the page. `most`: kept problems to show; `each`: dropped items to show of a stage and reason. `charts`, by
    id, are those that dropped items may name beside those of kept ones. OSError where it cannot be written."""
    counts: Counter[tuple[str, str]] = Counter()
    known: dict[str, Chart] = dict(charts or {})
    shown: list[str] = []
    found: dict[str, set[str]] = defaultdict(set)
    total = 0
    for item in kept:
        total += 1
        if total <= most:
            known.setdefault(item.chart.id, item.chart)
            shown.append(_kept(item, found))
    for lost in dropped:
        counts[lost.stage, lost.reason] += 1
        if counts[lost.stage, lost.reason] <= each:
            shown.append(_dropped(lost, known, found))
    filters = {says: (name, sorted(found[name])) for says, name in _FILTERS.items()}
    text = sheet(title, _summary(total, counts), shown, filters, ("item", "chart type", "type"), _STYLE)
    write_whole(Path(out), text.encode("utf-8", "replace").decode())


def _summary(kept: int, counts: Counter[tuple[str, str]]) -> str:
    """What was kept and dropped, all of it."""
    asked = kept + counts.total()
    rows = "".join(
        f'<tr><td>{html.escape(stage)}</td><td>{html.escape(reason)}</td><td class="n">{n:,}</td></tr>'
        for (stage, reason), n in counts.most_common()
    )
    head = '<tr><th>stage</th><th>reason</th><th class="n">items</th></tr>'
    return f"<p>{asked:,} items: {kept:,} kept, {counts.total():,} dropped.</p>" + (
        f"<details open><summary>why</summary><table>{head}{rows}</table></details>" if rows else ""
    )


def _kept(item: Kept, found: dict[str, set[str]]) -> str:
    from rewards import from_json

    chart, asked = item.chart, item.asked
    told = {
        "program": asked.program,
        "second program": asked.second,
        "checks": item.checks,
        "explanation" if item.tier == TIERS[0] else "explanation (the model's word)": asked.explanation,
        "data": chart.data,
        "script": chart.code,
        "whence": {"chart": chart.provenance, "question": asked.provenance},
    }
    answer = f"{item.checks.get('box') or from_json(item.answer).text()} ({item.answer['kind']})"
    if tolerance := item.answer.get("abs_tol"):
        answer += f", to within {tolerance:.4g}"
    values = {"status": "kept", "reason": "kept", "stage": "kept", "tier": item.tier, "type": chart.kind or "not told"}
    body = f"<p>{_text(asked.question)}</p><p class=answer>{_text(answer)}</p>{_told(told)}"
    return _figure(values, found, chart, f"<span class='tag kept'>kept, {_text(item.tier)}</span>{body}")


def _dropped(item: Dropped, known: Mapping[str, Chart], found: dict[str, set[str]]) -> str:
    named = item.inputs.get("chart")
    chart = named if isinstance(named, Chart) else known.get(named) if isinstance(named, str) else None
    asked = item.inputs.get("question")
    told = {
        key: value for key, value in item.inputs.items() if key != "question" and not isinstance(value, Chart | bytes)
    }
    kind = chart.kind if chart else str(item.inputs.get("kind") or item.inputs.get("wanted") or "")
    values = {
        "status": "dropped",
        "reason": item.reason,
        "stage": item.stage,
        "tier": "none",
        "type": kind or "not told",
    }
    question = f"<p>{_text(str(asked))}</p>" if asked else ""
    why = f"<p class=why>{_text(item.detail)}</p>" if item.detail else ""
    tag = f"<span class='tag dropped'>{_text(item.stage)}: {_text(item.reason)}</span>"
    return _figure(values, found, chart, f"{tag}{question}{why}{_told(told)}")


def _figure(values: dict[str, str], found: dict[str, set[str]], chart: Chart | None, body: str) -> str:
    for name, value in values.items():
        found[name].add(value)
    data = " ".join(f'data-{name}="{html.escape(value)}"' for name, value in values.items())
    image = ""
    if chart:
        png = base64.b64encode(chart.png).decode()
        size = f'width="{int(chart.width)}" height="{int(chart.height)}"'
        says = _text(chart.topic or chart.kind or "chart")
        image = f'<img loading="lazy" decoding="async" alt="{says}" {size} src="data:image/png;base64,{png}">'
    return f"<figure {data}>{image}<figcaption>{body}</figcaption></figure>"


def _told(told: Mapping[str, Any]) -> str:
    """Each that holds something, folded up."""
    parts = []
    for what, value in told.items():
        if value not in ("", None, {}, []):
            text = value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False, default=str)
            parts.append(f"<details><summary>{_text(what)}</summary><pre>{_text(text)}</pre></details>")
    return "".join(parts)


def _text(text: str) -> str:
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]} ... ({len(text) - LONGEST:,} more characters)"
    return html.escape(cut)
