"""The style space: fonts, palettes, themes and decorations, all readable by construction.

A style point (font, palette, ground) belongs to the test world iff its hash says so, so test sets show looks that
training never drew.
"""

from __future__ import annotations

from functools import lru_cache

from envs.address import Draws, in_test
from envs.data import draw_persona
from envs.drawing.colour import COLOURS_APART, Colour, called, contrast, distance, from_hex, ink_on, mix, standing_out
from envs.drawing.metrics import extent, size_for
from envs.drawing.wear import draw_wear
from envs.figures.base import Style
from envs.figures.houses import CASES, GRIDS, MEASURED, SPINES, draw_notation, house_of, swayed

FONTS = ("DejaVu Sans", "DejaVu Sans Bold", "DejaVu Serif", "DejaVu Sans Mono", "STIX")
X_HEIGHT = 6.2  # pixels: the smallest letters a model is asked to read are at least this high
MARK_CONTRAST = 2.0  # of a mark to its ground; one that has less takes ink
THIN_CONTRAST = 3.0  # of a thin line or a small mark to its ground

# Qualitative palettes: Matplotlib's tab10, ColorBrewer's Set2 and Dark2 (Brewer), Tol's muted and bright, Okabe and
# Ito's, Tableau's 2016 set, and ramps of our own.
PALETTES = {
    "tab10": "1f77b4 ff7f0e 2ca02c d62728 9467bd 8c564b e377c2 7f7f7f bcbd22 17becf",
    "tableau": "4e79a7 f28e2b e15759 76b7b2 59a14f edc948 b07aa1 ff9da7 9c755f bab0ac",
    "set2": "66c2a5 fc8d62 8da0cb e78ac3 a6d854 ffd92f e5c494 b3b3b3",
    "dark2": "1b9e77 d95f02 7570b3 e7298a 66a61e e6ab02 a6761d 666666",
    "muted": "332288 88ccee 44aa99 117733 999933 ddcc77 cc6677 882255 aa4499",
    "bright": "4477aa ee6677 228833 ccbb44 66ccee aa3377 bbbbbb",
    "okabe": "e69f00 56b4e9 009e73 f0e442 0072b2 d55e00 cc79a7",
    "autumn": "7f2704 d94801 fd8d3c fdbe85 a63603 c7822c",
    "sea": "08306b 2171b5 6baed6 41ab5d 006d2c 74c476",
    "grey": "252525 737373 a6a6a6 525252 8c8c8c c0c0c0",
    "candy": "e63976 8338ec 3a86ff ffbe0b fb5607 06a77d",
    "earth": "5b3a29 a47148 c9a66b 6b705c 3f4238 b08968",
}
# Ground, ink and grid.
THEMES = {
    "white": "ffffff 1a1a1a d9d9d9",
    "paper": "f7f4ec 2b2620 ddd6c6",
    "mist": "eaf0f6 1c2733 cbd5df",
    "grey": "e8e8e8 111111 ffffff",
    "night": "1f2229 ececec 454a55",
    "navy": "0f1b33 f2f5fa 2f4166",
    "black": "000000 ffffff 3a3a3a",
}
DARK = 4  # the first four themes are light
PUREST = ("white", "black")  # no ground is further from their ink
DASHES = ((3.0, 3.0), (1.0, 3.0), (6.0, 3.0))


@lru_cache(256)
def usable(palette: str, ground: Colour, ink: Colour, least: float = MARK_CONTRAST) -> tuple[Colour, ...]:
    """The palette's colours that stand out from the ground, by a contrast of at least so much, and from each other, in
    its order; then those that do with more ink."""
    kept: list[Colour] = []
    for colour in sorted(map(from_hex, PALETTES[palette].split()), key=lambda c: contrast(c, ground) < least):
        colour = standing_out(colour, ground, ink, least)
        if all(distance(colour, other) >= COLOURS_APART for other in (*kept, ground)):
            kept.append(colour)
    return tuple(kept)


def speakable(colours: tuple[Colour, ...]) -> list[int]:
    """Where a palette can be turned to so that however many of its colours are used, one can be called by name."""
    turns = [(k, colours[k:] + colours[:k]) for k in range(len(colours))]
    return [k for k, row in turns if all(called(row[:count]) for count in range(2, min(6, len(row)) + 1))]


def draw_style(draws: Draws, width: int, height: int, *, test: bool, hues: bool = False) -> Style:
    """A style for a picture of this size, from the training or the test part of the space,
    as its persona likes it; `hues`: one with colours that can be called by name."""
    persona = draw_persona(draws)
    house = house_of(persona)
    while True:
        font, palette = swayed(draws, house.fonts, FONTS), swayed(draws, house.palettes, tuple(PALETTES))
        themes = tuple(THEMES)
        theme = swayed(draws, house.themes, themes[DARK:] if draws.chance(0.3) else themes[:DARK])
        ground, ink, grid = map(from_hex, THEMES[theme].split())
        # A colour that thin lines would have to mix with ink has another name then.
        colours = usable(palette, ground, ink, THIN_CONTRAST if hues else MARK_CONTRAST)
        turns = speakable(colours) if hues else range(len(colours))
        if len(colours) >= 3 and turns and in_test(f"{font}|{palette}|{theme}") == test:
            break
    small = size_for(font, X_HEIGHT)
    room = min(width, height) / 448
    text = small + (0.5 * draws.integers(0, 1 + int(8 * room)) if room > 0.5 else 0.0)
    turn = draws.choice(turns)
    lines = swayed(draws, house.grids, GRIDS) if room > 0.5 else draws.choice(("none", "plain"))
    source = draws.choice(house.sources).format(region=persona.region) if room > 0.6 and draws.chance(0.25) else ""
    return Style(
        font=font,
        text=text,
        title=text + (draws.choice((0.0, 1.0, 2.0, 3.0)) if room > 0.5 else 0.0),
        palette=colours[turn:] + colours[:turn],
        ground=ground,
        ink=ink,
        grid=grid if lines != "none" else None,
        spines=swayed(draws, house.spines, SPINES),
        outline=draws.chance(0.3),
        fill=draws.uniform(0.5, 0.92),
        one_colour=draws.chance(0.5),
        persona=persona,
        notation=draw_notation(draws),
        spine=draws.choice((1.0, 1.0, 1.0, 1.6, 2.2)),
        dash=draws.choice(DASHES) if lines == "dashed" else (),
        fine=lines == "fine",
        inward=draws.chance(0.5 if house.spines == ("box",) else 0.15),
        paper=mix(ground, ink_on(ink), 0.6) if theme not in PUREST and draws.chance(0.35) else None,
        striped=draws.chance(0.3),
        turn=draws.choice((30.0, 45.0, 60.0, 90.0)) if room > 0.6 and draws.chance(0.15) else 0.0,
        case=swayed(draws, house.cases, CASES),
        left=draws.chance(house.left),
        noted=room > 0.6 and draws.chance(0.3),
        measured=swayed(draws, house.measured, MEASURED),
        source=source if extent(source, font, text).width < width - 20 else "",
        wear=draw_wear(draws) if room > 0.5 else None,  # the letters of small pictures have nothing to spare
    )
