"""The numbers a chart shows: counted from text, or tables drawn from packaged domains."""

from envs.data.counted import draw_counted
from envs.data.domains import Domain, Measure, Persona, domains, draw_domain, draw_persona
from envs.data.frequencies import Frequencies, Kind, frequencies
from envs.data.grids import Grid, draw_alike, draw_grid, draw_measure
from envs.data.lengths import Spoken, count_lengths, count_pairs, draw_spoken
from envs.data.times import TimeUnit, draw_times

__all__ = [
    "Domain",
    "Frequencies",
    "Grid",
    "Kind",
    "Measure",
    "Persona",
    "Spoken",
    "TimeUnit",
    "count_lengths",
    "count_pairs",
    "domains",
    "draw_alike",
    "draw_counted",
    "draw_domain",
    "draw_grid",
    "draw_measure",
    "draw_persona",
    "draw_spoken",
    "draw_times",
    "frequencies",
]
