"""A report as one HTML file that needs nothing outside itself: pictures are data URIs, plots are inline SVG and CSS.

The page is also well-formed XML, so that a test can parse it. What a model wrote is untrusted: it is escaped, stripped
of control characters and cut at `LONGEST` characters. Colours follow the reader's light or dark setting.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from trainers.report import VERDICTS, Row, percent

if TYPE_CHECKING:
    from envs.problem import Problem

LONGEST = 4000
# Everything XML 1.0 forbids: control characters, lone surrogates, the two non-characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

STYLE = """
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --ink: #1b1f24; --soft: #5b6570; --line: #dde1e6;
  --bar: #3b7dd8; --range: #16335f; --right: #2b8f61; --wrong: #cf4c3f; --unreadable: #b87a14; --nobox: #8a5cc4;
  --truncated: #6f7a86; --failed: #333; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171b; --card: #1d2126; --ink: #e8eaed; --soft: #9aa4af;
  --line: #363c45; --bar: #4a86d8; --range: #dbe9ff; --right: #37a673; --wrong: #dd6557; --unreadable: #c98f2e;
  --nobox: #9d78d2; --truncated: #808b97; --failed: #b9c0c8; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 20px 16px 60px; }
h1 { font-size: 22px; margin: 8px 0 0; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 36px 0 10px; }
.lead { color: var(--soft); margin: 0 0 8px; }
.soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(135px, 1fr)); gap: 10px; margin-top: 16px; }
.tile b { display: block; font-size: 25px; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 13px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); column-gap: 12px; }
.plots .card { margin-bottom: 12px; }
.plots h3 { font-size: 14px; margin: 0 0 8px; }
.row { display: grid; grid-template-columns: minmax(84px, 30%) 1fr 122px; gap: 10px; align-items: center;
  padding: 2px 0; font-size: 13px; }
.row .name { overflow-wrap: anywhere; }
.row .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.row .number .soft { font-size: 11.5px; }
.track { position: relative; height: 13px; background: var(--line); border-radius: 3px; }
.track i { position: absolute; top: 0; bottom: 0; left: 0; background: var(--bar); border-radius: 3px; }
.track u { position: absolute; top: 5px; height: 3px; background: var(--range); border-radius: 2px; opacity: .8; }
.stack { display: flex; height: 20px; border-radius: 5px; overflow: hidden; gap: 2px; margin-bottom: 8px; }
.key { display: inline-block; margin-right: 16px; font-size: 13px; white-space: nowrap; }
.key i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 6px; }
.right { background: var(--right); } .wrong { background: var(--wrong); } .unreadable { background: var(--unreadable); }
.nobox { background: var(--nobox); } .truncated { background: var(--truncated); } .failed { background: var(--failed); }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 11px; }
table { border-collapse: collapse; font-size: 13.5px; }
td { padding: 2px 14px 2px 0; vertical-align: top; overflow-wrap: anywhere; white-space: pre-wrap; }
td.soft { white-space: nowrap; }
select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 7px;
  padding: 4px 8px; margin: 0 6px 6px 0; max-width: 100%; }
.cases { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 310px), 1fr)); gap: 12px;
  margin-top: 8px; align-items: start; }
.case { padding: 0; overflow: hidden; }
.case img { display: block; width: 100%; height: auto; background: #fff; border-bottom: 1px solid var(--line); }
.case .text { padding: 10px 14px 12px; }
.case p { margin: 0 0 6px; }
.case .q { font-weight: 600; }
.case .address { margin: 8px 0 0; }
.tag { display: inline-block; font-size: 11.5px; border-radius: 20px; padding: 0 9px; color: #fff; margin-right: 5px; }
.tag.other { background: none; color: var(--soft); border: 1px solid var(--line); }
code { font-size: 12px; overflow-wrap: anywhere; }
summary { cursor: pointer; font-size: 13px; color: var(--soft); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px; max-height: 300px; overflow: auto;
  margin: 6px 0 0; }
[hidden] { display: none !important; }
"""
# No < and no & below: the page is parsed as XML too.
SCRIPT = """
const menus = [...document.querySelectorAll('select')];
for (const menu of menus) menu.onchange = () => {
  for (const box of document.querySelectorAll('.case'))
    box.hidden = !menus.every(m => !m.value || box.dataset[m.name] === m.value);
};
"""


def text(value: object) -> str:
    """Any text, made fit for an XML document and cut at LONGEST characters."""
    clean = _FORBIDDEN.sub("\ufffd", str(value))
    return escape(clean if len(clean) <= LONGEST else f"{clean[:LONGEST]} … ({len(clean) - LONGEST} more characters)")


def data_uri(image: Any) -> str:
    """An H x W x 3 uint8 array as a PNG in a data URI."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def document(title: str, body: str, *, style: str = "", script: str = "", refresh: float | None = None) -> str:
    """The file around a page's body; with `refresh` a browser loads it again every so many seconds."""
    again = f'<meta http-equiv="refresh" content="{refresh:.0f}"/>' if refresh else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>{again}'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>{text(title)}</title><style>{STYLE}{style}</style></head><body><main>{body}</main>"
        f"<script>{script}</script></body></html>\n"
    )


def _range(part: Mapping[str, Any]) -> str:
    return f"{100 * part['low']:.0f} to {100 * part['high']:.0f}"


def bars(table: Mapping[str, Mapping[str, Any]]) -> str:
    """One line a group: its name, a bar with the 95 % interval on it, the number."""
    rows = []
    for name, part in table.items():
        title = f"{percent(part['accuracy'])} of {part['problems']} problems, 95 % interval {_range(part)} %"
        rows.append(
            f'<div class="row" title="{text(title)}"><span class="name">{text(name)} '
            f'<span class="soft">{part["problems"]}</span></span><span class="track">'
            f'<i style="width:{100 * part["accuracy"]:.2f}%"></i><u style="left:{100 * part["low"]:.2f}%;'
            f'width:{100 * (part["high"] - part["low"]):.2f}%"></u></span><span class="number">'
            f'{percent(part["accuracy"])} <span class="soft">{_range(part)}</span></span></div>'
        )
    return "".join(rows)


def level_plot(table: Mapping[str, Mapping[str, Any]]) -> str:
    """Accuracy against level with 95 % intervals, an SVG."""
    width, height, left, right, top, bottom = 440, 210, 40, 14, 10, 36
    step = (width - left - right) / max(len(table), 1)

    def y(share: float) -> float:
        return top + (1 - share) * (height - top - bottom)

    parts = [f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="accuracy by level">']
    for share in (0, 0.25, 0.5, 0.75, 1):
        parts.append(
            f'<line x1="{left}" x2="{width - right}" y1="{y(share):.1f}" y2="{y(share):.1f}" stroke="var(--line)"/>'
            f'<text x="{left - 6}" y="{y(share) + 4:.1f}" text-anchor="end">{100 * share:.0f} %</text>'
        )
    places = [(left + (i + 0.5) * step, name, part) for i, (name, part) in enumerate(table.items())]
    points = " ".join(f"{x:.1f},{y(part['accuracy']):.1f}" for x, _, part in places)
    parts.append(f'<polyline points="{points}" fill="none" stroke="var(--bar)" stroke-width="2"/>')
    for x, name, part in places:
        parts.append(
            f"<g><title>level {text(name)}: {percent(part['accuracy'])} of {part['problems']}, {_range(part)} %</title>"
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y(part["low"]):.1f}" y2="{y(part["high"]):.1f}" '
            f'stroke="var(--range)" stroke-width="2" opacity=".8"/>'
            f'<circle cx="{x:.1f}" cy="{y(part["accuracy"]):.1f}" r="4.5" fill="var(--bar)"/>'
            f'<text x="{x:.1f}" y="{height - bottom + 17}" text-anchor="middle">{text(name)}</text></g>'
        )
    middle = (left + width - right) / 2
    parts.append(f'<text x="{middle}" y="{height - 4}" text-anchor="middle">level</text></svg>')
    return "".join(parts)


def verdict_bar(verdicts: Mapping[str, int]) -> str:
    """What became of the responses: one stacked bar and its key."""
    names = [name for name in VERDICTS if verdicts.get(name)]
    css = {name: name.replace(" ", "") for name in names}
    stack = "".join(f'<span class="{css[name]}" style="flex:{verdicts[name]}"></span>' for name in names)
    total = sum(verdicts.values()) or 1
    key = "".join(
        f'<span class="key"><i class="{css[name]}"></i>{name} '
        f'<span class="soft">{verdicts[name]} ({percent(verdicts[name] / total)})</span></span>'
        for name in names
    )
    return f'<div class="stack">{stack}</div>{key}'


def comparison(versus: Mapping[str, Any]) -> str:
    """The paired test, in words and numbers."""
    rows = [
        ("this", percent(versus["this"])),
        ("other", f"{percent(versus['other'])}, {versus['other_report']}"),
        ("better / worse here", f"{versus['better']} / {versus['worse']} of {versus['common']} common addresses"),
        ("p-value", f"{versus['p']:.3g} ({versus['test']})"),
    ]
    if versus["missing_here"] or versus["missing_there"]:
        rows.append(("left out", f"{versus['missing_there']} only here, {versus['missing_here']} only there"))
    for key, (mine, theirs) in versus["settings_that_differ"].items():
        rows.append((f"{key} differs", f"{mine} here, {theirs} there"))
    lines = "".join(f'<tr><td class="soft">{text(name)}</td><td>{text(value)}</td></tr>' for name, value in rows)
    return (
        f'<h2>Compared</h2><div class="card"><div class="tile"><b>{100 * versus["difference"]:+.1f} points</b>'
        f"<span>95 % interval {100 * versus['low']:+.1f} to {100 * versus['high']:+.1f}, paired by address</span></div>"
        f"<table>{lines}</table></div>"
    )


def case(problem: Problem, row: Row, note: str) -> str:
    """One problem that was not answered rightly: picture, question, expected answer, what was given, why it failed."""
    address = problem.address
    rank = row.verdict.replace(" ", "")
    given = "nothing" if row.given is None else text(row.given)
    tags = f'<span class="tag {rank}">{row.verdict}</span>'
    for tag in (note, "held-out phrasing" if row.held_out else ""):
        tags += f'<span class="tag other">{text(tag)}</span>' if tag else ""
    return (
        f'<article class="card case" data-cell="{address.family}/{address.question}" data-verdict="{row.verdict}">'
        f'<img alt="the chart of {text(address)}" src="{data_uri(problem.image)}"/><div class="text"><p>{tags}</p>'
        f'<p class="q">{text(problem.question)}</p>'
        f"<p>expected <b>{text(problem.answer.text())}</b>, given <b>{given}</b></p>"
        f'<p class="soft">{text(row.reason)} ({row.tokens} tokens, {text(row.finish)})</p>'
        f"<details><summary>response</summary><pre>{text(row.response)}</pre></details>"
        f'<p class="address"><code class="soft">{text(address)}</code></p></div></article>'
    )


def _menu(name: str, label: str, values: Iterable[str]) -> str:
    options = "".join(f'<option value="{text(value)}">{text(value)}</option>' for value in sorted(set(values)))
    return f'<select name="{name}" aria-label="{label}"><option value="">{label}</option>{options}</select>'


def page(report: Mapping[str, Any], title: str, cases: Sequence[tuple[Problem, Row, str]], failing: int) -> str:
    """The whole page. `cases` are the failing problems to show, each with a note, out of `failing`."""
    summary, by = report["summary"], report["by"]
    metric = "pass@1" if summary["samples"] == summary["problems"] else f"mean@{report['settings'].get('samples')}"
    of_total = f" of {report['total']:,}" if report["total"] > summary["problems"] else ""
    tiles = [
        (percent(summary["accuracy"]), f"{metric}, 95 % interval {_range(summary)} %"),
        (f"{summary['problems']:,}", f"problems{of_total}"),
        *((percent(value), f"pass@{k}") for k, value in summary.get("pass_at", {}).items() if k != "1"),
        *((percent(summary[name]), f"responses {name}") for name in ("boxed", "parsed", "truncated")),
        (f"{summary['tokens']:.0f}", "tokens a response"),
    ]
    settings = "".join(
        f'<tr><td class="soft">{text(key)}</td><td>{text(value)}</td></tr>' for key, value in report["settings"].items()
    )
    more = "" if len(cases) == failing else "; --pictures shows more"
    menus = _menu("cell", "every question", (f"{p.address.family}/{p.address.question}" for p, _, _ in cases))
    menus += _menu("verdict", "every verdict", (row.verdict for _, row, _ in cases))
    columns = (
        (("By level", level_plot(by["level"])), ("By skill", bars(by["skill"])), ("By phrasing", bars(by["phrasing"]))),
        (("By family", bars(by["family"])), ("By question", bars(by["question"]))),
    )
    plots = "".join(
        "<div>" + "".join(f'<div class="card"><h3>{head}</h3>{plot}</div>' for head, plot in column) + "</div>"
        for column in columns
    )
    body = "".join(
        [
            f'<h1>{text(title)}</h1><p class="lead">{text(report["settings"].get("test_set", ""))}</p>',
            '<div class="tiles">',
            *(f'<div class="card tile"><b>{text(value)}</b><span>{text(name)}</span></div>' for value, name in tiles),
            "</div>",
            comparison(report["comparison"]) if "comparison" in report else "",
            f'<h2>What became of the responses</h2><div class="card">{verdict_bar(summary["verdicts"])}</div>',
            '<h2>Accuracy</h2><p class="lead">Bars carry their 95 % interval (Wilson); the small number beside ',
            f'a name is how many problems.</p><div class="plots">{plots}</div>',
            f'<h2>Stored sets</h2><div class="card">{bars(report["stored"])}</div>' if report.get("stored") else "",
            f'<h2>Not answered rightly</h2><p class="lead">{len(cases)} of {failing} problems{more}.</p>',
            f'<div>{menus}</div><div class="cases">{"".join(case(*each) for each in cases)}</div>' if cases else "",
            f'<h2>Settings</h2><div class="card"><table>{settings}</table></div>',
        ]
    )
    return document(title, body, script=SCRIPT)
