# 3-D bar / stacked 3D bar chart: Waste collected in five districts by kind
import matplotlib.pyplot as plt
from matplotlib.patches import Patch

DATA = {
    "district": ["North", "East", "South", "West", "Centre"],
    "tonnes": {"Paper": [34, 28, 41, 22, 50], "Glass": [18, 15, 20, 12, 31], "Organic": [46, 39, 52, 35, 27]},
}


def render(data):
    fig = plt.figure(figsize=(7, 5.4))
    ax = fig.add_axes((0.02, 0.1, 0.96, 0.84), projection="3d")
    colours = {"Paper": "#4c78a8", "Glass": "#54a24b", "Organic": "#b07a3c"}
    base = [0] * len(data["district"])
    for kind, tonnes in data["tonnes"].items():
        for place, (low, height) in enumerate(zip(base, tonnes)):
            ax.bar3d(place - 0.3, 0, low, 0.6, 0.6, height, color=colours[kind], edgecolor="#222222", linewidth=0.4)
        base = [low + height for low, height in zip(base, tonnes)]
    ax.set_xticks(range(len(data["district"])), data["district"], fontsize=11)
    ax.set_yticks([])
    ax.set_ylim(-0.6, 1.2)
    ax.set_zlim(0, 125)
    ax.set_zlabel("Tonnes", fontsize=12, labelpad=6)
    ax.view_init(elev=16, azim=-72)
    ax.set_box_aspect((2.4, 0.8, 1.5), zoom=1.15)
    handles = [Patch(facecolor=colour, edgecolor="#222222", label=kind) for kind, colour in colours.items()]
    fig.legend(handles=handles, loc="lower center", ncols=3, fontsize=12, frameon=False)
    fig.suptitle("Waste collected in a week", fontsize=15)
    return fig
