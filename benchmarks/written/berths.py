"""Bars in three dimensions: ships by month and harbour, with ticks on both axes and a legend."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

DATA = {
    "harbour": ["Aalborg", "Esbjerg", "Kolding", "Randers"],
    "ships": {"Ferries": [14, 22, 17, 9], "Tankers": [31, 40, 26, 35], "Freighters": [64, 95, 52, 69]},
}


def render(data):
    fig = plt.figure(figsize=(8, 6))
    ax = fig.add_subplot(projection="3d")
    colours = ["#e9c46a", "#2a9d8f", "#264653"]
    places = np.arange(len(data["harbour"]))
    for row, ships in enumerate(data["ships"].values()):
        ax.bar3d(places - 0.25, np.full(len(places), row - 0.25), 0, 0.5, 0.5, ships, color=colours[row % 3])
    ax.set_xticks(places, data["harbour"])
    ax.set_yticks(range(len(data["ships"])), list(data["ships"]), ha="left", va="center")
    ax.set_zlim(0, 1.05 * max(max(ships) for ships in data["ships"].values()))
    ax.set_zlabel("Ships")
    ax.view_init(elev=28, azim=-60)
    ax.set_box_aspect(None, zoom=0.85)
    handles = [Patch(color=colour, label=kind) for colour, kind in zip(colours, data["ships"])]
    fig.legend(handles=handles, loc="lower center", ncols=3)
    fig.suptitle("Ships in four harbours in May")
    return fig
