# 3-D bar / 3D bar chart: Parcels delivered by three depots over four quarters
import matplotlib.pyplot as plt
import numpy as np

DATA = {
    "depot": ["Airport", "East", "Harbour"],
    "quarter": ["Q1", "Q2", "Q3", "Q4"],
    "parcels_thousand": [[6, 9, 8, 12], [18, 21, 20, 26], [33, 31, 37, 44]],
}


def render(data):
    fig = plt.figure(figsize=(7, 5.6))
    ax = fig.add_axes((0.02, 0.05, 0.9, 0.84), projection="3d")
    colours = ["#457b9d", "#f4a261", "#2a9d8f"]
    paper = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    for row, (parcels, colour) in enumerate(zip(data["parcels_thousand"], colours)):
        places = np.arange(len(parcels))
        ax.bar3d(places - 0.25, row - 0.25, 0, 0.5, 0.5, parcels, color=colour, edgecolor="#333333", linewidth=0.4)
        for place, count in zip(places, parcels):
            ax.text(place, row, count + 4, str(count), ha="center", fontsize=11, zorder=10, bbox=paper)
    ax.set_xticks(range(len(data["quarter"])), data["quarter"], fontsize=11)
    ax.set_yticks(range(len(data["depot"])), data["depot"], fontsize=11)
    ax.set_zlabel("Parcels (thousand)", fontsize=11, labelpad=6)
    ax.set_zlim(0, 50)
    ax.view_init(elev=24, azim=-66)
    fig.suptitle("Parcels delivered by depot", fontsize=15)
    return fig
