# specific / heat map: Cyclists counted by weekday and time of day
import matplotlib.pyplot as plt
import seaborn as sns

DATA = {
    "time": ["6 h", "9 h", "12 h", "15 h", "18 h", "21 h"],
    "weekday": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    "cyclists": [
        [88, 93, 97, 90, 76, 21, 14],
        [142, 151, 148, 139, 120, 64, 52],
        [60, 58, 71, 63, 79, 118, 126],
        [95, 90, 104, 99, 130, 137, 145],
        [160, 168, 171, 166, 134, 92, 83],
        [33, 30, 38, 41, 57, 49, 26],
    ],
}


def render(data):
    fig, ax = plt.subplots(figsize=(7, 4.8), layout="constrained")
    sns.heatmap(
        data["cyclists"],
        annot=True,
        fmt="d",
        cmap="YlGnBu",
        xticklabels=data["weekday"],
        yticklabels=data["time"],
        linewidths=1,
        annot_kws={"fontsize": 11},
        cbar_kws={"label": "Cyclists an hour"},
        ax=ax,
    )
    ax.tick_params(axis="both", labelsize=11, rotation=0)
    ax.set_title("Cyclists on the old bridge", fontsize=15)
    return fig
