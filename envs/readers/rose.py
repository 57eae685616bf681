"""Rose charts: all sectors are as wide, and each reaches out as far as its value; rings with numbers are the scale."""

from __future__ import annotations

import math

import numpy as np

from envs.readers import Reading, number, reader
from envs.readers.radar import name_at, ring_scale
from envs.readers.tape import Recording
from envs.readers.turns import turn


@reader("Rose")
def rose(tape: Recording) -> Reading:
    """Each sector by the name beyond it."""
    sectors = [turn(s) for s in tape.strokes if s.curved]
    rings = [s for s in tape.strokes if s.face is None]
    centre = np.array([sectors[0].x, sectors[0].y])
    free = list(tape.words)
    rim = max(sector.radius for sector in sectors)
    scale = 0.0
    if rings:
        scale, used = ring_scale(rings, centre, tape.words)
        free = [w for w in tape.words if id(w) not in used]
        rim = max(math.dist(ring.points[0], centre) for ring in rings)
    names = [w for w in free if not w.string.startswith("(")]
    values = [w for w in free if w.string.startswith("(")]
    reading = Reading()
    for sector in sectors:
        middle = sector.first + sector.sweep / 2
        beyond = centre + (rim + 6) * np.array([math.cos(middle), math.sin(middle)])
        written = name_at(values, beyond).strip("()") if values else ""
        if not scale:  # without rings the first value that is written is the scale for all
            scale = (number(written) or math.nan) / sector.radius
        reading.add((name_at(names, beyond),), sector.radius * scale, sector.radius, written)
    return reading
