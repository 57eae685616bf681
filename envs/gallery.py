"""Pictures to look at: a self-contained page of random problems to filter, and a sheet of a few for the README."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from string import Template

from PIL import Image, ImageDraw, ImageFont, ImageOps

from envs.address import Address, Draws
from envs.drawing.metrics import font_path
from envs.problem import Problem, Unmakeable, make
from envs.registry import Cell

SEEDS = 16  # looked at for one problem before its cell is said to have none
FILTERS = {"family": "family", "question": "question", "level": "level", "kind": "answer"}  # names and what they say
_PAGE = Template((Path(__file__).parent / "gallery.html").read_text(encoding="utf-8"))
_FILTER = (
    """<label>{says}<select name="{name}" autocomplete="off"><option value="">all</option>{options}</select></label>"""
)
_FIGURE = """<figure {data}><img loading="lazy" decoding="async" alt="{alt}" width="{width}" height="{height}"
  src="data:image/png;base64,{png}">
<figcaption><code>{address}</code><p>{question}</p>
<details><summary>answer</summary>{solution}</details></figcaption></figure>"""


def first(cell: Cell, level: int, draws: Draws, px: tuple[int, int], text: str = "", words: str = "") -> Problem:
    """The problem of the first random seed that has one; Unmakeable, with the mend, where SEEDS of them have none."""
    reason: object = ""
    for _ in range(SEEDS):
        try:
            return make(Address(cell.family, cell.question, level, draws.integers(0, 10**6), False, *px, text, words))
        except Unmakeable as failure:
            reason = failure
    raise Unmakeable(f"{reason}; leave its cell out with --cells")


def page(problems: Iterable[Problem]) -> str:
    """One HTML page with everything inside it; `#family=bar&kind=number` after its address sets the filters."""
    figures: list[str] = []
    found: dict[str, set[str]] = {name: set() for name in FILTERS}
    for problem in problems:
        stored = io.BytesIO()
        Image.fromarray(problem.image).save(stored, "PNG", optimize=True)
        height, width, _ = problem.image.shape
        address = problem.address
        kind = problem.answer.to_json()["kind"]
        values = dict(zip(FILTERS, (address.family, address.question, str(address.level), kind), strict=True))
        for name, value in values.items():
            found[name].add(value)
        figures.append(
            _FIGURE.format(
                data=" ".join(f'data-{name}="{html.escape(value)}"' for name, value in values.items()),
                alt=html.escape(", ".join(problem.meta["charts"])),
                width=width,
                height=height,
                png=base64.b64encode(stored.getvalue()).decode(),
                address=html.escape(str(address)),
                question=html.escape(problem.question),
                solution=html.escape(problem.solution),
            )
        )
    return sheet(
        "chartgym gallery",
        "<p>Read the picture and answer before you open the answer.</p>",
        figures,
        {FILTERS[name]: (name, values) for name, values in found.items()},
        ("problem", "cell", "family question"),
    )


def sheet(
    title: str,
    intro: str,
    figures: Iterable[str],
    filters: Mapping[str, tuple[str, Collection[str]]],
    counted: tuple[str, str, str],
    style: str = "",
) -> str:
    """A page of figures, each with its data-NAMEs, and a filter for each of these: what it says, NAME and its values.

    `intro`, `figures` and `style` are HTML, all else is text. counted: what a figure is called, what a group of them,
    and the names that make a group, with spaces between them.
    """
    chosen = "\n".join(
        _FILTER.format(
            name=name,
            says=html.escape(says),
            options="".join(
                f'<option value="{html.escape(value)}">{html.escape(value)}</option>' for value in _ordered(values)
            ),
        )
        for says, (name, values) in filters.items()
    )
    thing, group, by = counted
    return _PAGE.substitute(
        title=html.escape(title),
        intro=intro,
        filters=chosen,
        figures="\n".join(figures),
        style=style,
        thing=thing,
        group=group,
        by=by,
    )


def _ordered(values: Iterable[str]) -> list[str]:
    """By name, levels by number."""
    return sorted(values, key=lambda value: (int(value) if value.isdigit() else -1, value))


def contact_sheet(problems: Sequence[Problem], columns: int = 3) -> Image.Image:
    """Pictures in rows, each with its address, question and answer below it."""
    side, words, gap = 448, 166, 20
    font = ImageFont.truetype(font_path("DejaVu Sans"), 16)
    bold = ImageFont.truetype(font_path("DejaVu Sans Bold"), 16)
    small = ImageFont.truetype(font_path("DejaVu Sans Mono"), 13)
    rows = -(-len(problems) // columns)
    sheet = Image.new("RGB", (columns * (side + gap) + gap, rows * (side + words + gap) + gap), "white")
    pen = ImageDraw.Draw(sheet)
    for i, problem in enumerate(problems):
        x, y = gap + i % columns * (side + gap), gap + i // columns * (side + words + gap)
        sheet.paste(ImageOps.pad(Image.fromarray(problem.image), (side, side), color="white"), (x, y))
        pen.rectangle((x - 1, y - 1, x + side, y + side), outline="#c8c8c8")
        pen.text((x, y + side + 8), str(problem.address), "#777777", small)
        down = y + side + 28
        for line in _wrapped(problem.question, font, side)[:5]:
            pen.text((x, down), line, "#111111", font)
            down += 21
        boxed = problem.solution[problem.solution.rindex("\\boxed") :].rstrip(".")
        pen.text((x, down + 2), boxed, "#0a6b3d", bold)
    return sheet


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
