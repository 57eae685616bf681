# radar / radar chart with area filling: Skills of three players of a handball team
import matplotlib.pyplot as plt
import numpy as np

DATA = {
    "skill": ["Speed", "Passing", "Shooting", "Defence", "Stamina"],
    "points": {"Goalkeeper": [55, 62, 30, 95, 70], "Wing": [94, 71, 80, 52, 88], "Pivot": [60, 66, 85, 78, 64]},
}


def render(data):
    angles = np.linspace(0, 2 * np.pi, len(data["skill"]), endpoint=False)
    closed = np.append(angles, angles[0])
    fig, ax = plt.subplots(figsize=(7, 5.4), subplot_kw={"projection": "polar"})
    fig.subplots_adjust(left=0.1, right=0.7, top=0.82, bottom=0.08)
    ax.set_theta_offset(np.pi / 2)
    ax.set_theta_direction(-1)
    for (player, points), colour in zip(data["points"].items(), ("#3a86ff", "#ff006e", "#fb8500")):
        ax.plot(closed, [*points, points[0]], color=colour, linewidth=2, label=player)
        ax.fill(closed, [*points, points[0]], color=colour, alpha=0.18)
    ax.set_xticks(angles, data["skill"], fontsize=12)
    ax.tick_params(axis="x", pad=20)
    ax.set_ylim(0, 100)
    ax.set_yticks([20, 40, 60, 80, 100])
    ax.set_rlabel_position(36)
    fig.suptitle("Three players compared", fontsize=15)
    ax.legend(loc="center left", bbox_to_anchor=(1.12, 0.5), fontsize=12, frameon=False)
    return fig
