# radar / radar chart: Tasters score two cheeses on six qualities
import matplotlib.pyplot as plt
import numpy as np

DATA = {
    "quality": ["Salt", "Nuttiness", "Creaminess", "Sharpness", "Aroma", "Firmness"],
    "score": {"Young": [5, 3, 8, 2, 4, 3], "Aged": [7, 8, 4, 9, 6, 8]},
}


def render(data):
    angles = np.linspace(0, 2 * np.pi, len(data["quality"]), endpoint=False)
    closed = np.append(angles, angles[0])
    fig, ax = plt.subplots(figsize=(6.4, 5.6), subplot_kw={"projection": "polar"})
    fig.subplots_adjust(top=0.8, bottom=0.09)
    for (name, scores), colour, style in zip(data["score"].items(), ("#ee9b00", "#6a040f"), ("-", "--")):
        ax.plot(closed, [*scores, scores[0]], style, color=colour, linewidth=2.2, marker="o", label=name)
    ax.set_xticks(angles, data["quality"], fontsize=12)
    ax.tick_params(axis="x", pad=24)
    ax.set_ylim(0, 10)
    ax.set_yticks([2, 4, 6, 8, 10])
    ax.set_rlabel_position(28)
    fig.suptitle("Two cheeses, scored from 0 to 10", fontsize=15)
    ax.legend(loc="upper left", bbox_to_anchor=(-0.3, 1.12), fontsize=12)
    return fig
