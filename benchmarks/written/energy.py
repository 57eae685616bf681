"""Stacked bars: electricity by source, records."""

import matplotlib.pyplot as plt

DATA = [
    {"region": "North", "wind": 51, "solar": 11, "hydro": 27},
    {"region": "East", "wind": 25, "solar": 19, "hydro": 14},
    {"region": "South", "wind": 13, "solar": 46, "hydro": 17},
    {"region": "West", "wind": 36, "solar": 23, "hydro": 31},
    {"region": "Centre", "wind": 18, "solar": 29, "hydro": 5},
]


def render(data):
    fig, ax = plt.subplots(figsize=(6.5, 4.5), dpi=100)
    regions = [row["region"] for row in data]
    bottom = [0] * len(data)
    for source in ("wind", "solar", "hydro"):
        values = [row[source] for row in data]
        ax.bar(regions, values, bottom=bottom, label=source.capitalize())
        bottom = [a + b for a, b in zip(bottom, values)]
    ax.set_ylabel("Electricity (GWh)")
    ax.set_ylim(0, max(bottom) * 1.25)
    ax.legend(ncols=3, loc="upper center")
    fig.tight_layout()
