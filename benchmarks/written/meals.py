"""Stacked bars in three dimensions with their values written on them: meals served by a canteen."""

import matplotlib.pyplot as plt
from matplotlib.patches import Patch

DATA = {
    "day": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
    "meals": {"Soup": [42, 35, 58, 47, 31], "Pasta": [66, 81, 53, 74, 92], "Salad": [27, 33, 38, 24, 45]},
}


def render(data):
    fig = plt.figure(figsize=(8, 6))
    ax = fig.add_axes((0.02, 0.1, 0.94, 0.82), projection="3d")
    colours = dict(zip(data["meals"], ["#f4a261", "#8ab17d", "#a8dadc", "#e76f51"]))
    base = [0] * len(data["day"])
    for kind, meals in data["meals"].items():
        for place, (low, count) in enumerate(zip(base, meals)):
            ax.bar3d(place - 0.3, 0, low, 0.6, 0.5, count, color=colours[kind], edgecolor="#333333", linewidth=0.4)
            ax.text(place, -0.02, low + count / 2, str(count), ha="center", va="center", fontsize=11, zorder=50)
        base = [low + count for low, count in zip(base, meals)]
    ax.set_xticks(range(len(data["day"])), data["day"])
    ax.set_yticks([])
    ax.set_ylim(-0.3, 1.0)
    ax.set_zlim(0, 1.05 * max(base))
    ax.set_zlabel("Meals served")
    ax.view_init(elev=12, azim=-80)
    ax.set_box_aspect((2.4, 0.7, 1.5), zoom=1.1)
    ax.legend(handles=[Patch(facecolor=colours[kind], label=kind) for kind in data["meals"]], loc="upper right")
    fig.suptitle("Meals served in the canteen")
    return fig
