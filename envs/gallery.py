"""Pictures to look at: a self-contained page of random problems, and a sheet of a few for the README."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Sequence

from PIL import Image, ImageDraw, ImageFont

from envs.drawing.metrics import font_path
from envs.problem import Problem

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>chartgym gallery</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1500px; padding: 0 1rem; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 1.5rem; }}
figure {{ margin: 0; border: 1px solid color-mix(in srgb, currentColor 20%, transparent);
  border-radius: 10px; overflow: hidden; }}
img {{ display: block; width: 100%; height: auto; }}
figcaption {{ padding: .7rem 1rem 1rem; }}
code {{ font-size: 12px; opacity: .7; overflow-wrap: anywhere; }}
p {{ margin: .4rem 0; font-weight: 600; }}
</style></head><body>
<h1>chartgym gallery</h1>
<p>Read the picture and answer before you open the answer: {count} problems, {cells} cells.</p>
<main>
{figures}
</main></body></html>
"""
_FIGURE = """<figure><img loading="lazy" alt="chart" width="{width}" height="{height}"
  src="data:image/png;base64,{data}">
<figcaption><code>{address}</code><p>{question}</p>
<details><summary>answer</summary>{solution}</details></figcaption></figure>"""


def page(problems: Iterable[Problem]) -> str:
    """One HTML page with everything inside it."""
    figures, cells = [], set()
    for problem in problems:
        stored = io.BytesIO()
        Image.fromarray(problem.image).save(stored, "PNG", optimize=True)
        height, width, _ = problem.image.shape
        cells.add((problem.address.family, problem.address.question))
        figures.append(
            _FIGURE.format(
                width=width,
                height=height,
                data=base64.b64encode(stored.getvalue()).decode(),
                address=html.escape(str(problem.address)),
                question=html.escape(problem.question),
                solution=html.escape(problem.solution),
            )
        )
    return _PAGE.format(count=len(figures), cells=len(cells), figures="\n".join(figures))


def contact_sheet(problems: Sequence[Problem], columns: int = 3) -> Image.Image:
    """Pictures in rows, each with its address, question and answer below it."""
    side, words, gap = 448, 124, 20
    font = ImageFont.truetype(font_path("DejaVu Sans"), 16)
    bold = ImageFont.truetype(font_path("DejaVu Sans Bold"), 16)
    small = ImageFont.truetype(font_path("DejaVu Sans Mono"), 13)
    rows = -(-len(problems) // columns)
    sheet = Image.new("RGB", (columns * (side + gap) + gap, rows * (side + words + gap) + gap), "white")
    pen = ImageDraw.Draw(sheet)
    for i, problem in enumerate(problems):
        x, y = gap + i % columns * (side + gap), gap + i // columns * (side + words + gap)
        sheet.paste(Image.fromarray(problem.image).resize((side, side)), (x, y))
        pen.rectangle((x - 1, y - 1, x + side, y + side), outline="#c8c8c8")
        pen.text((x, y + side + 8), str(problem.address), "#777777", small)
        down = y + side + 28
        for line in _wrapped(problem.question, font, side)[:3]:
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
