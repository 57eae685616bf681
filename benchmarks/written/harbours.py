"""Grouped bars: cargo by harbour and year."""

import matplotlib.pyplot as plt
import numpy as np

DATA = {
    "harbours": ["Aarhus", "Bergen", "Gdynia", "Malmo"],
    "cargo": {
        "2021": [8.4, 6.1, 9.7, 4.2],
        "2022": [9.1, 5.6, 11.3, 4.9],
        "2023": [7.8, 6.9, 12.6, 5.3],
    },
}


def render(data):
    names = data["harbours"]
    places = np.arange(len(names))
    fig, ax = plt.subplots(figsize=(7, 4.5), dpi=100)
    width = 0.8 / len(data["cargo"])
    for k, (year, values) in enumerate(data["cargo"].items()):
        ax.bar(places + k * width, values, width, label=year)
    ax.set_xticks(places + 0.4 - width / 2, names)
    ax.set_ylabel("Cargo (million tonnes)")
    ax.set_title("Cargo handled by harbour")
    ax.legend()
    fig.tight_layout()


if __name__ == "__main__":
    render(DATA)
    plt.show()
