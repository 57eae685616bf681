"""Faults to plant: in a program, in the data, in the figure, in the unit, in the stored answer.

Each is real: a changed program gives another answer on the chart's data, or on data that the checks do not see; a
changed figure shows other numbers or other names than its data has.
"""

from __future__ import annotations

import ast
import copy
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from envs.address import Draws
from envs.synthesis.items import Asked, Chart
from envs.synthesis.proof.columns import columns, is_number, put

# --- Programs

_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.Gt: ast.Lt,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.And: ast.Or,
    ast.USub: ast.UAdd,
}
_NAMES = {"max": "min", "min": "max", "sum": "max", "median": "mean", "mean": "median", "len": "max"}


def programs(code: str, names: list[str]) -> list[str]:
    """The program with one thing changed in it, for every thing that can be: an operator, a function, a constant, a
    name of the data, what is returned."""
    tree = ast.parse(code)
    found = []
    for place, _node in enumerate(ast.walk(tree)):
        for change in range(3):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[place]
            if _alter(target, change, names):
                found.append(ast.unparse(ast.fix_missing_locations(changed)))
    return list(dict.fromkeys(text for text in found if text != ast.unparse(tree)))


def _alter(node: ast.AST, change: int, names: list[str]) -> bool:
    """Change a node in the first, second or third way that there is; whether there is one."""
    match node:
        case ast.BinOp() | ast.UnaryOp() | ast.BoolOp() if change == 0 and type(node.op) in _SWAPS:
            node.op = _SWAPS[type(node.op)]()  # type: ignore[assignment]
            return True
        case ast.Compare(ops=[op]) if change == 0 and type(op) in _SWAPS:
            node.ops = [_SWAPS[type(op)]()]  # type: ignore[list-item]
            return True
        case ast.Name(id=name) if change == 0 and name in _NAMES and _NAMES[name] in ("max", "min"):
            node.id = _NAMES[name]
            return True
        case ast.Constant(value=bool(value)) if change == 0:
            node.value = not value
            return True
        case ast.Constant(value=int(value) | float(value)) if change < 2:
            node.value = value + (1 if change == 0 else -1)
            return True
        case ast.Constant(value=str(value)) if value in names and len(names) > change + 1:
            node.value = names[(names.index(value) + change + 1) % len(names)]
            return True
        case ast.Subscript(slice=ast.Slice()) if change == 0:
            node.slice = ast.Slice(lower=ast.Constant(1))
            return True
        case ast.Return(value=ast.expr() as value) if change == 0:
            node.value = ast.BinOp(value, ast.Mult(), ast.Constant(1000))
            return True
    return False


def literal(value: Any) -> str:
    """A program that has learned its answer by heart."""
    return f"def answer(data):\n    _ = data\n    return {value!r}\n"


# --- The stored answer and the unit


def stated(value: Any, names: list[str], draws: Draws) -> Iterator[Any]:
    """Wrong answers to store: near, far, another name, turned round, one short."""
    if isinstance(value, bool):
        yield not value
        yield "No" if value else "Yes"
    elif is_number(value):
        step = 1 if float(value).is_integer() else 0.1
        rounded = round(value, 1)
        yield from (rounded + step, rounded - 2 * step, (rounded or 1) * 1000, -rounded or 1, f"{rounded + 3 * step:g}")
        yield round(value * draws.uniform(1.02, 1.1) + step, 1)
    elif isinstance(value, str):
        others = [name for name in names if name != value]
        yield from draws.sample(others, min(3, len(others)))
    elif isinstance(value, list):
        others = [name for name in names if name not in value]
        yield value[:-1] if len(value) > 1 else [*value, *others[:1]]
        if others:
            yield [others[0], *value[1:]]
            yield [*value, others[-1]]


OTHER_UNITS = {
    "million tonnes": ("thousand tonnes", "million kg", "tonnes"),
    "million hours": ("thousand hours", "hours"),
    "thousand phones": ("million phones",),
    "thousand euros": ("thousand dollars", "million euros", "euros"),
    "$ billion": ("€ billion", "$ million"),
    "$ per kg": ("€ per kg", "$ per tonne"),
    "GWh": ("MWh", "kWh"),
    "°C": ("°F",),
    "km": ("miles", "cm"),
    "in m": ("in ft", "in km"),
    "ms": ("seconds", "minutes"),
    "minutes": ("seconds", "hours"),
    "tonnes": ("kg", "thousand tonnes"),
    "loaves": ("kg", "rolls"),
    "points": ("goals", "thousand points"),
}


def other_units(asked: Asked) -> Iterator[Asked]:
    """The question with another unit: in its words, in its field, or in both."""
    for unit, others in OTHER_UNITS.items():
        plain = unit.removeprefix("in ")
        in_words = re.search(rf"(?<!\w){re.escape(unit)}(?!\w)", asked.question)
        for other in others:
            new, bare = other, other.removeprefix("in ")
            words = asked.question[: in_words.start()] + new + asked.question[in_words.end() :] if in_words else ""
            if asked.unit == plain:
                yield replace(asked, unit=bare)
                if words:
                    yield replace(asked, unit=bare, question=words)
            if words and plain not in ("loaves", "points"):
                yield replace(asked, question=words)
        if in_words or asked.unit == plain:
            return


# --- Data


def other_data(chart: Chart, draws: Draws) -> Iterator[Chart]:
    """The chart with other data than it was drawn from."""
    numbers, names = columns(chart.data)
    free = [column for column in numbers if not column.position and not column.lone]
    for column in free:
        if not column.keys:  # of samples only what the figure shows: a new largest
            yield replace(chart, data=put(chart.data, {column.places[0]: 2 * max(column.values)}))
            continue
        for index in draws.sample(range(len(column.values)), min(2, len(column.values))):
            value = column.values[index]
            new = value + (1 if isinstance(value, int) else 0.1) * draws.choice((1, -1, 5))
            yield replace(chart, data=put(chart.data, {column.places[index]: new}))
        a, b = draws.sample(range(len(column.values)), 2)
        if column.keys and column.values[a] != column.values[b]:
            swapped = {column.places[a]: column.values[b], column.places[b]: column.values[a]}
            yield replace(chart, data=put(chart.data, swapped))
    for column in names:
        if len(column.values) > 1:
            a, b = draws.sample(range(len(column.values)), 2)
            swapped = {column.places[a]: column.values[b], column.places[b]: column.values[a]}
            yield replace(chart, data=put(chart.data, swapped))
            yield replace(chart, data=put(chart.data, {column.places[a]: "Nowhere"}))


# --- Figures: what a render may do to the data before, or to the figure after it has drawn

BEFORE = {
    "a number is drawn larger": "change(data, lambda v: [v[0] * 1.4 + 1, *v[1:]])",
    "all numbers are drawn larger": "change(data, lambda v: [x * 1.25 + 1 for x in v])",
    "two numbers change places": "change(data, lambda v: [v[1], v[0], *v[2:]])",
    "the numbers are sorted, the names are not": "change(data, lambda v: sorted(v, reverse=True))",
    "the numbers are turned round": "change(data, lambda v: v[::-1])",
    "the numbers are rounded to tens": "change(data, lambda v: [round(x, -1) for x in v])",
    "other numbers, learned by heart": "change(data, lambda v: [k * 1.5 + 2 for k in range(len(v))])",
    "its own numbers, learned by heart": "change(data, lambda v: LEARNED)",
}
AFTER = {
    "one mark is larger": """
        for ax in figure.axes:
            data = [b for b in ax.patches if hasattr(b, "get_height") and b.get_data_transform() == ax.transData]
            for bar in data[:1]:
                bar.set_height(bar.get_height() * 1.4); bar.set_width(bar.get_width() * 1.4); did = True
            for line in ax.lines[:1]:
                y = list(line.get_ydata()); k = len(y) // 2; y[k] = float(y[k]) * 1.3 + 1
                line.set_ydata(y); did = True
            for wedge in [p for p in ax.patches if hasattr(p, "theta2")][:1]:
                wedge.set_theta2(wedge.theta2 + 40); did = True
            for image in ax.images[:1]:
                a = image.get_array().copy(); a[0, 0] = a[0, 0] * 1.5 + 3; image.set_data(a); did = True
            for cloud in ax.collections[:1]:
                if len(cloud.get_offsets()) > 1 and not did:
                    o = cloud.get_offsets().copy(); o[0] = o[0] * 1.2; cloud.set_offsets(o); did = True
            if did: break""",
    "the names at the axis change places": """
        for ax in figure.axes:
            for axis in (ax.xaxis, ax.yaxis):
                labels = [t.get_text() for t in axis.get_ticklabels()]
                if labels and not any(c.isdigit() for c in "".join(labels)) and len(set(labels)) > 1 and not did:
                    axis.set_ticks(axis.get_ticklocs(), labels[1:] + labels[:1]); did = True""",
    "the legend's entries change places": """
        for legend in [*(ax.get_legend() for ax in figure.axes), *figure.legends]:
            if legend and len(legend.get_texts()) > 1 and not did:
                a, b = legend.get_texts()[:2]; s, t = a.get_text(), b.get_text()
                a.set_text(t); b.set_text(s); did = True""",
    "written numbers change places": """
        for ax in figure.axes:
            texts = [t for t in ax.texts if any(c.isdigit() for c in t.get_text())]
            if len(texts) > 1 and texts[0].get_text() != texts[1].get_text() and not did:
                s = texts[0].get_text(); texts[0].set_text(texts[1].get_text()); texts[1].set_text(s); did = True""",
    "a written number is another": """
        for ax in figure.axes:
            texts = [t for t in ax.texts if any(c.isdigit() for c in t.get_text())]
            if texts and not did:
                texts[0].set_text("3" + texts[0].get_text().replace("3", "8")); did = True""",
    "names beside points change places": """
        for ax in figure.axes:
            texts = [t for t in ax.texts if t.get_text().isalpha()]
            if len(texts) > 1 and not did:
                s = texts[0].get_text(); texts[0].set_text(texts[1].get_text()); texts[1].set_text(s); did = True""",
    "an axis ends before the largest": """
        for ax in figure.axes:
            if ax.axison and (ax.patches or ax.lines) and not did and ax.name == "rectilinear":
                tall = [p for p in ax.patches if hasattr(p, "get_height")]
                if not tall and not ax.lines or any(hasattr(p, "theta1") for p in ax.patches): continue
                wide = len({round(p.get_height(), 6) for p in tall}) == 1 and len(tall) > 1
                low, high = ax.get_xlim() if wide else ax.get_ylim()
                (ax.set_xlim if wide else ax.set_ylim)(low, low + 0.6 * (high - low)); did = True""",
    "nothing is drawn": """
        for ax in figure.axes: ax.clear(); did = True""",
    "a second figure": """
        plt.figure(); plt.plot([1, 2], [1, 2]); did = True""",
    "a title over the marks": """
        for ax in figure.axes[:1]:
            text = getattr(ax, "text2D", ax.text)
            for words in ("Preliminary", "Overlaid"): text(0.5, 0.5, words, transform=ax.transAxes)
            did = True""",
    "a title that is cut": """
        figure.suptitle("A title that is far too long for any picture of this size " * 4); did = True""",
    "letters too small": """
        from matplotlib.text import Text
        for text in figure.findobj(Text):
            if text.get_text(): text.set_fontsize(4); did = True""",
    "a bar too many": """
        for ax in figure.axes:
            bars = [b for b in ax.patches if hasattr(b, "get_height")]
            if bars and not did:
                last = bars[-1]
                ax.bar([last.get_x() + 2 * last.get_width()], [bars[0].get_height() * 0.77 + 0.3]); did = True""",
    "the names at the second axis change places": """
        for ax in figure.axes:
            labels = [t.get_text() for t in ax.yaxis.get_ticklabels()]
            if ax.name == "3d" and len(set(labels)) > 1 and not did:
                ax.yaxis.set_ticks(ax.yaxis.get_ticklocs(), labels[1:] + labels[:1]); did = True""",
    "a bar in three dimensions is taller": """
        for ax in figure.axes:
            for bars in [c for c in ax.collections if hasattr(c, "_segslices")][:1]:
                z = bars._vec[2][:24]; z[z == z.max()] *= 1.3; did = True""",
    "two bars in three dimensions change colours": """
        for ax in figure.axes:
            bars = [c for c in ax.collections if hasattr(c, "_segslices")]
            if not (figure.legends or ax.get_legend()): continue  # colours say nothing
            other = [c for c in bars if abs(c._facecolor3d[0] - bars[0]._facecolor3d[0]).max() > 0.01]
            if other:
                a, b = bars[0], other[-1]
                a._facecolor3d[:6], b._facecolor3d[:6] = b._facecolor3d[:6].copy(), a._facecolor3d[:6].copy()
                did = True""",
    "a bar hides another": """
        import numpy as np
        for ax in figure.axes:
            bars = [c._vec[:3].T.reshape(-1, 24, 3) for c in ax.collections if hasattr(c, "_segslices")]
            if bars and not did:
                boxes = np.concatenate(bars); low = min(boxes, key=lambda b: np.ptp(b[:, 2]) + b[:, 2].min())
                size, turn = np.ptp(low, axis=0), np.radians(ax.azim)
                x, y = low[:, :2].min(axis=0) + 1.1 * size[:2] * (np.cos(turn), np.sin(turn))
                ax.bar3d(x, y, 0, size[0], size[1], max(np.ptp(b[:, 2]) for b in boxes)); did = True""",
    "the third axis ends before the largest": """
        for ax in figure.axes:
            if ax.name == "3d":
                low, high = ax.get_zlim(); ax.set_zlim(low, low + 0.6 * (high - low)); did = True""",
    "an edge goes to another node": """
        for ax in figure.axes:
            for edges in [c for c in ax.collections if hasattr(c, "get_segments") and c.get_segments()][:1]:
                lines = edges.get_segments(); nodes = [tuple(p) for line in lines for p in line]
                a, b = map(tuple, lines[0]); other = [p for p in nodes if p not in (a, b)]
                lines[0] = [a, other[0]]; edges.set_segments(lines); did = True""",
    "an edge is missing": """
        for ax in figure.axes:
            for edges in [c for c in ax.collections if hasattr(c, "get_segments") and c.get_segments()][:1]:
                edges.set_segments(edges.get_segments()[1:]); did = True""",
    "bars in three dimensions are painted over what is written": """
        for ax in figure.axes:
            if ax.name == "3d" and any(c.isdigit() for t in ax.texts for c in t.get_text()):
                for text in ax.texts:
                    text.set_zorder(0); text._z -= 0.1 * max(ax.get_zlim())
                did = True""",
}
_CHANGE = '''
def change(data, how):
    """The longest list (or mapping) of numbers that no even steps hold together, changed."""
    best = None
    def seek(part, put):
        nonlocal best
        values = list(part.values()) if isinstance(part, dict) else part if isinstance(part, list) else []
        plain = len(values) > 1 and all(type(v) in (int, float) for v in values)
        steps = len({round(b - a, 9) for a, b in zip(values, values[1:])}) == 1 if plain else False
        if plain and not steps and (best is None or len(values) > len(best[0])):
            best = (values, part)
        if isinstance(part, (list, dict)) and not plain:
            for key, value in (part.items() if isinstance(part, dict) else enumerate(part)):
                seek(value, None)
    seek(data, None)
    if best is None:
        rows = data if isinstance(data, list) else next(v for v in data.values() if isinstance(v, list))
        field = [k for k, v in rows[0].items() if type(v) in (int, float)][-1]
        for row, value in zip(rows, how([r[field] for r in rows])):
            row[field] = value
        return
    values, part = best
    new = how(list(values))
    for key, value in zip(list(part) if isinstance(part, dict) else range(len(part)), new):
        part[key] = value
'''


def figures(code: str, data: Any) -> Iterator[tuple[str, str]]:
    """Scripts whose render draws something else than its data, by what is wrong with them. What a fault cannot be
    planted in raises LookupError when it runs."""
    named = code.replace("def render(data):", "def _drawn(data):").replace("\nrender(DATA)\n", "\n")
    named = named.partition('\nif __name__ == "__main__":')[0]
    space: dict[str, Any] = {}
    exec(_CHANGE, space)
    ordered = any(column.keys for column in columns(data)[0])
    for what, how in BEFORE.items():
        learned: list[Any] = []
        space["change"](copy.deepcopy(data), lambda v, seen=learned: (seen.extend(v), v)[1])
        heart = " ".join(map(str, learned))
        call = how.replace("LEARNED", f'[float(x) for x in "{heart}".split()]')
        changed = copy.deepcopy(data)
        eval(call, {**space, "data": changed})
        same = json.dumps(changed) == json.dumps(data) and "LEARNED" not in how
        if same or (not ordered and ("places" in what or "sorted" in what or "turned" in what)):
            continue  # nothing is wrong there, as with samples in another order
        yield what, f"{named}\n{_CHANGE}\n\ndef render(data):\n    {call}\n    _drawn(data)\n"
    for what, how in AFTER.items():
        body = "\n".join(line[4:] for line in how.strip("\n").splitlines())
        yield (
            what,
            f"{named}\n\ndef render(data):\n    import matplotlib.pyplot as plt\n    _drawn(data)\n"
            f"    figure = plt.gcf()\n    figure.canvas.draw()\n    did = False\n{body}\n"
            "    if not did:\n        raise LookupError\n",
        )
