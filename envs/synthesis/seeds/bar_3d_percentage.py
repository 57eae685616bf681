# 3-D bar / percentage 3D bar chart: Seats filled in a theatre by price class
import matplotlib.pyplot as plt
from matplotlib.patches import Patch

DATA = {
    "play": ["Comedy", "Tragedy", "Opera", "Ballet"],
    "share_percent": {"Balcony": [45, 30, 25, 20], "Circle": [35, 40, 30, 45], "Stalls": [20, 30, 45, 35]},
}


def render(data):
    fig = plt.figure(figsize=(7, 5.4))
    fig.patch.set_facecolor("#fdf8f0")
    ax = fig.add_axes((0.02, 0.1, 0.96, 0.84), projection="3d")
    ax.set_facecolor("#fdf8f0")
    colours = {"Balcony": "#f2cc8f", "Circle": "#81b29a", "Stalls": "#e07a5f"}
    base = [0] * len(data["play"])
    for seat, shares in data["share_percent"].items():
        for place, (low, share) in enumerate(zip(base, shares)):
            ax.bar3d(place - 0.28, 0, low, 0.56, 0.5, share, color=colours[seat], edgecolor="#444444", linewidth=0.5)
            ax.text(place, -0.05, low + share / 2, f"{share}%", ha="center", va="center", fontsize=11, zorder=20)
        base = [low + share for low, share in zip(base, shares)]
    ax.set_xticks(range(len(data["play"])), data["play"], fontsize=12)
    ax.set_yticks([])
    ax.set_ylim(-0.3, 1.0)
    ax.set_zlim(0, 100)
    ax.set_zlabel("Share of tickets (%)", fontsize=11, labelpad=6)
    ax.view_init(elev=12, azim=-80)
    ax.set_box_aspect((2.4, 0.7, 1.5), zoom=1.15)
    handles = [Patch(facecolor=colour, edgecolor="#444444", label=seat) for seat, colour in colours.items()]
    fig.legend(handles=handles, loc="lower center", ncols=3, fontsize=12, frameon=False)
    fig.suptitle("Tickets sold by price class", fontsize=15)
    return fig
