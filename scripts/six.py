"""The picture at the top of the README: six problems with their addresses, questions and answers.

python scripts/six.py docs/six.png
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).parent.parent))

from envs import make

ADDRESSES = (
    "line/date_of_jump/4/12",
    "sankey/largest_total_flow/3/5",
    "panels/panel_of_largest/5/8",
    "sunburst/share_of_parent/3/2",
    "box/median_above_quartile/4/9",
    "twin_axis/compose/2/3",
)
SIDE, GAP, BELOW = 448, 20, 180  # pixels of a picture, between pictures, of the words below


def main(out: str) -> None:
    """Writes the page as a PNG."""
    face = lambda name, size: ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans{name}.ttf", size)
    page = Image.new("RGB", (3 * (SIDE + GAP) + GAP, 2 * (SIDE + BELOW + GAP)), "white")
    pen = ImageDraw.Draw(page)
    for i, address in enumerate(ADDRESSES):
        problem = make(address)
        x, y = GAP + (i % 3) * (SIDE + GAP), GAP + i // 3 * (SIDE + BELOW)
        page.paste(Image.fromarray(problem.image), (x, y))
        pen.rectangle((x - 1, y - 1, x + SIDE, y + SIDE), outline="#cccccc")
        question = "\n".join(textwrap.wrap(problem.question, 52))
        pen.text((x, y + SIDE + 8), address, "#777777", face("Mono", 13))
        pen.text((x, y + SIDE + 26), question, "#111111", face("", 16), spacing=5)
        down = pen.multiline_textbbox((x, y + SIDE + 26), question, face("", 16), spacing=5)[3]
        answer = problem.solution[problem.solution.rindex("\\boxed") :].rstrip(".")
        pen.text((x, down + 6), answer, "#0b6b33", face("-Bold", 16))
    page.save(out, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
