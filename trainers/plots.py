"""Plots of a report page: inline SVG that follows the reader's light or dark setting and reads out its values.

Nothing is loaded from elsewhere. A plot is a card with a title, a key that shows the last value of each line, and the
SVG, whose `data-plot` holds what its SCRIPT reads out. All text is escaped; the cards are well-formed XML.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from trainers.report_page import text

WIDTH, HEIGHT = 500, 210
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 8, 32
MOST = 300  # points of a line
COLUMNS = 90  # bars of a stack
Points = Sequence[tuple[float, float]]  # (step, value), steps rising

STYLE = """
:root { --c0: #3b7dd8; --c1: #d9822b; --c2: #2b8f61; --c3: #8a5cc4; --c4: #cf4c3f; --c5: #1f97a6; --c6: #c2568f;
  --c7: #8c8722; --c8: #98a2ad; }
@media (prefers-color-scheme: dark) { :root { --c0: #5b97ea; --c1: #e59a4c; --c2: #41b383; --c3: #a683dc; --c4: #e06d60;
  --c5: #43b7c4; --c6: #d97caf; --c7: #b3ad45; --c8: #7d8792; } }
.curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 12px; }
.curves .card { padding: 12px 14px 8px; min-width: 0; }
.curves h3 { font-size: 14px; margin: 0; display: flex; justify-content: space-between; }
.curves .at { font-weight: normal; color: var(--soft); font-size: 12px; }
.legend { font-size: 12.5px; color: var(--soft); min-height: 20px; margin: 2px 0 4px; line-height: 1.5; }
.legend span { display: inline-block; margin-right: 13px; white-space: nowrap; }
.legend i { display: inline-block; width: 9px; height: 9px; border-radius: 2px; margin-right: 5px; }
.legend b { color: var(--ink); font-variant-numeric: tabular-nums; }
.curves .note { font-size: 12.5px; color: var(--soft); margin: 2px 0 4px; }
svg .grid { stroke: var(--line); } svg .hair { stroke: var(--soft); stroke-dasharray: 3 3; visibility: hidden; }
svg .row { fill: var(--ink); font-size: 12px; }
svg .empty { fill: var(--line); opacity: .45; }
input[type=range] { width: min(100%, 320px); vertical-align: middle; accent-color: var(--bar); }
"""
# No < and no & below: the page is parsed as XML too.
SCRIPT = """
for (const svg of document.querySelectorAll('svg[data-plot]')) {
  const plot = JSON.parse(svg.dataset.plot), card = svg.closest('.card'), hair = svg.querySelector('.hair');
  const at = card.querySelector('.at'), values = [...card.querySelectorAll('.legend b')];
  const last = values.map(b => b.textContent), unsaid = at.textContent;
  svg.onpointermove = event => {
    const box = svg.getBoundingClientRect(), px = (event.clientX - box.left) / box.width * plot.width;
    const x = plot.x0 + (px - plot.left) / (plot.right - plot.left) * (plot.x1 - plot.x0);
    let i = 0;
    plot.x.forEach((v, j) => { if (Math.abs(plot.x[i] - x) > Math.abs(v - x)) i = j; });
    const span = plot.x1 - plot.x0 || 1;
    const to = plot.left + (plot.x[i] - plot.x0) / span * (plot.right - plot.left);
    hair.setAttribute('x1', to); hair.setAttribute('x2', to); hair.style.visibility = 'visible';
    at.textContent = plot.of + ' ' + plot.x[i];
    values.forEach((b, k) => { b.textContent = plot.y[k][i] ?? ''; });
  };
  svg.onpointerleave = () => {
    hair.style.visibility = 'hidden'; at.textContent = unsaid;
    values.forEach((b, k) => { b.textContent = last[k]; });
  };
}
for (const slider of document.querySelectorAll('input[type=range]')) slider.oninput = () => {
  const card = slider.closest('.card');
  for (const part of card.querySelectorAll('[data-window]'))
    part.toggleAttribute('hidden', part.dataset.window !== slider.value);
};
"""


@dataclass(frozen=True, kw_only=True)
class Line:
    name: str
    points: Points
    colour: str = "var(--c0)"


def number(value: float) -> str:
    """Three figures, as one would say them."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "–"
    size = abs(value)
    if size >= 1e5:
        return _powers(f"{value:.2e}")
    if size >= 1e-3:
        found = f"{value:.{max(0, 2 - math.floor(math.log10(size)))}f}"
        return found.rstrip("0").rstrip(".") if "." in found else found
    return _powers(f"{value:.1e}")


def _powers(written: str) -> str:
    """1.50e-04 as 1.5e-4."""
    factor, _, power = written.partition("e")
    return f"{factor.rstrip('0').rstrip('.') if '.' in factor else factor}e{int(power)}"


def share(value: float) -> str:
    return f"{100 * value:.0f} %"


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers from `low` to `high`."""
    if not high > low:
        return [low]
    raw = (high - low) / about
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * k for k in (1, 2, 2.5, 5, 10) if size * k >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def labels(values: Sequence[float], said: Callable[[float], str]) -> list[str]:
    """Ticks in words; with as many decimals as tell them apart where that is not enough."""
    found = [said(value) for value in values]
    if len(set(found)) == len(found):
        return found
    return [f"{value:.{max(0, 1 - math.floor(math.log10(abs(values[1] - values[0]))))}f}" for value in values]


def thinned(points: Points, most: int) -> list[tuple[float, float]]:
    """At most so many points: means of neighbours, each at the last of its steps."""
    if len(points) <= most:
        return list(points)
    edges = [round(i * len(points) / most) for i in range(most + 1)]
    return [(points[b - 1][0], fmean(y for _, y in points[a:b])) for a, b in pairwise(edges)]


def smoothed(points: Points) -> list[tuple[float, float]]:
    """Means over a twentieth of the points around each; short curves as they are."""
    half = len(points) // 40
    if half < 1:
        return list(points)
    return [(x, fmean(y for _, y in points[max(0, i - half) : i + half + 1])) for i, (x, _) in enumerate(points)]


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """Axes of a plot: data to pixels."""

    x0: float
    x1: float
    y0: float
    y1: float

    def x(self, value: float) -> float:
        return LEFT + (value - self.x0) / ((self.x1 - self.x0) or 1) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return TOP + (self.y1 - value) / ((self.y1 - self.y0) or 1) * (HEIGHT - TOP - BOTTOM)

    def axes(self, said: Callable[[float], str], of: str) -> str:
        parts, upright = [], ticks(self.y0, self.y1)
        for value, written in zip(upright, labels(upright, said)):
            parts.append(
                f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{(y := self.y(value)):.1f}" y2="{y:.1f}"/>'
                f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text(written)}</text>'
            )
        for value in (v for v in ticks(self.x0, self.x1, 6) if v == int(v)):
            x, written = self.x(value), f"{int(value):,}"
            anchor = "end" if x + 3.2 * len(written) > WIDTH else "middle"
            x = min(x, WIDTH - 1) if anchor == "end" else x
            parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 15}" text-anchor="{anchor}">{written}</text>')
        parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 4}" text-anchor="end">{text(of)}</text>')
        return "".join(parts)


def _card(title: str, lines: Sequence[Line], inner: str, frame: _Frame, said: Callable[[float], str], of: str) -> str:
    steps = sorted({x for line in lines for x, _ in line.points})
    at = [{x: said(y) for x, y in line.points} for line in lines]
    data = {"x": [int(x) for x in steps], "y": [[values.get(x) for x in steps] for values in at], "of": of}
    data |= {"x0": frame.x0, "x1": frame.x1, "left": LEFT, "right": WIDTH - RIGHT, "width": WIDTH}
    key = "".join(
        f'<span><i style="background:{line.colour}"></i>{text(line.name)} '
        f"<b>{text(said(line.points[-1][1]))}</b></span>"
        for line in lines
    )
    return (
        f'<div class="card"><h3>{text(title)}<span class="at">{text(f"{of} {int(steps[-1])}")}</span></h3>'
        f'<div class="legend">{key}</div><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text(title)}" '
        f'data-plot="{_attribute(data)}">{frame.axes(said, of)}{inner}'
        f'<line class="hair" x1="0" x2="0" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/></svg></div>'
    )


def _attribute(data: object) -> str:
    """JSON in an attribute, however long."""
    return json.dumps(data, separators=(",", ":")).replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def curves(
    title: str,
    lines: Sequence[Line],
    *,
    said: Callable[[float], str] = number,
    low: float | None = None,
    high: float | None = None,
    of: str = "step",
) -> str:
    """Lines over steps: faint as they were logged, strong as smoothed; empty without a point. `low` and `high` are
    shown at least."""
    lines = [
        Line(name=line.name, points=thinned([p for p in line.points if math.isfinite(p[1])], MOST), colour=line.colour)
        for line in lines
        if any(math.isfinite(y) for _, y in line.points)
    ]
    if not lines:
        return ""
    values = [y for line in lines for _, y in line.points] + [v for v in (low, high) if v is not None]
    y0, y1 = min(values), max(values)
    room = 0.06 * (y1 - y0) or abs(y1) or 1.0
    y0, y1 = (y0 if y0 == low else y0 - room), (y1 if y1 == high else y1 + room)
    xs = [x for line in lines for x, _ in line.points]
    frame = _Frame(x0=min(xs), x1=max(xs), y0=y0, y1=y1)
    parts, smooth = [], []
    for line in lines:
        strong = smoothed(line.points)
        smooth.append(Line(name=line.name, points=strong, colour=line.colour))
        if strong != list(line.points):
            parts.append(_polyline(frame, line.points, line.colour, 1.0, 0.28))
    for line in smooth:
        parts.append(_polyline(frame, line.points, line.colour, 2.0, 1.0))
        if len(line.points) == 1:
            (x, y) = line.points[0]
            parts.append(f'<circle cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="3.5" fill="{line.colour}"/>')
    return _card(title, smooth, "".join(parts), frame, said, of)


def _polyline(frame: _Frame, points: Points, colour: str, width: float, opacity: float) -> str:
    places = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in points)
    return (
        f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="{width}" opacity="{opacity}" '
        'stroke-linejoin="round"/>'
    )


def stack(
    title: str,
    lines: Sequence[Line],
    *,
    said: Callable[[float], str] = number,
    high: float | None = None,
    of: str = "step",
) -> str:
    """Bars of parts that add up, over steps; all lines have the same steps. Empty without a point."""
    lines = [line for line in lines if any(y > 0 for _, y in line.points)]
    if not lines:
        return ""
    lines = [Line(name=line.name, points=thinned(line.points, COLUMNS), colour=line.colour) for line in lines]
    steps = [x for x, _ in lines[0].points]
    total = [sum(line.points[i][1] for line in lines) for i in range(len(steps))]
    edges = [*(a + (b - a) / 2 for a, b in pairwise(steps))]
    gap = (steps[1] - steps[0]) / 2 if len(steps) > 1 else 0.5
    edges = [steps[0] - gap, *edges, steps[-1] + gap]
    frame = _Frame(x0=edges[0], x1=edges[-1], y0=0.0, y1=high or max(total) * 1.04)
    base, parts = [0.0] * len(steps), []
    for line in lines:
        for i, (_, y) in enumerate(line.points):
            left, right, top = frame.x(edges[i]), frame.x(edges[i + 1]), frame.y(base[i] + y)
            if y > 0:
                size = f'width="{max(right - left - 0.5, 0.5):.2f}" height="{frame.y(base[i]) - top:.2f}"'
                parts.append(f'<rect x="{left:.2f}" y="{top:.2f}" {size} fill="{line.colour}"/>')
            base[i] += y
    return _card(title, lines, "".join(parts), frame, said, of)
