# 3-D bar / 3D bar chart: Beds in the huts of a mountain range
import matplotlib.pyplot as plt

DATA = {
    "hut": ["Eagle", "Larch", "Summit", "Spring", "Glacier", "Meadow"],
    "beds": [24, 58, 36, 12, 45, 71],
}


def render(data):
    fig = plt.figure(figsize=(7, 5))
    ax = fig.add_axes((0.02, 0.0, 0.96, 0.92), projection="3d")
    colours = ["#457b9d", "#f4a261", "#2a9d8f", "#e9c46a", "#9d6b99", "#bc4749"]
    for place, (hut, beds, colour) in enumerate(zip(data["hut"], data["beds"], colours)):
        ax.bar3d(place - 0.28, 0, 0, 0.56, 0.5, beds, color=colour, edgecolor="#333333", linewidth=0.5)
        ax.text(place, 0.25, beds + 0.06 * max(data["beds"]), f"{hut}\n{beds}", ha="center", fontsize=12, zorder=10)
    ax.set_xticks(range(len(data["hut"])), [])
    ax.set_yticks([])
    ax.set_ylim(-0.3, 0.9)
    ax.set_zticks([])
    ax.view_init(elev=14, azim=-76)
    ax.set_box_aspect((2.6, 0.7, 1.5), zoom=1.25)
    fig.suptitle("Beds in the huts of the range", fontsize=15)
    return fig
