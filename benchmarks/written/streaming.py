"""Stacked areas: hours by service over years."""

import matplotlib.pyplot as plt

DATA = {
    "years": [2016, 2017, 2018, 2019, 2020, 2021, 2022],
    "hours": {
        "Film": [14, 18, 21, 26, 39, 33, 30],
        "Music": [22, 24, 27, 29, 31, 35, 37],
        "Games": [8, 11, 13, 19, 28, 25, 23],
    },
}


def render(data):
    fig, ax = plt.subplots(figsize=(7, 4.5), dpi=100)
    ax.stackplot(data["years"], list(data["hours"].values()), labels=list(data["hours"]), alpha=0.8)
    ax.set_xticks(data["years"])
    ax.set_ylabel("Streaming (million hours)")
    ax.set_ylim(0, 1.3 * max(map(sum, zip(*data["hours"].values()))))
    ax.legend(loc="upper left", ncols=3)
    fig.tight_layout()
