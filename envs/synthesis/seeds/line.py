# line / line chart: Water levels of three reservoirs over a dry year
import matplotlib.pyplot as plt

DATA = {
    "month": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "level_percent": {
        "Heron Lake": [78, 81, 84, 83, 77, 69, 58, 49, 44, 47, 55, 63],
        "Mill Dam": [66, 70, 71, 67, 60, 48, 37, 28, 24, 31, 42, 50],
        "Upper Basin": [91, 93, 95, 96, 92, 88, 81, 74, 70, 72, 79, 86],
    },
}


def render(data):
    fig, ax = plt.subplots(figsize=(7, 4.6), layout="constrained")
    colours = ["#1b6ca8", "#d1495b", "#2e8b57"]
    markers = ["o", "s", "^"]
    for (name, levels), colour, marker in zip(data["level_percent"].items(), colours, markers):
        ax.plot(data["month"], levels, color=colour, marker=marker, linewidth=2, label=name)
    ax.set_title("Reservoir levels in a dry year", fontsize=15)
    ax.set_ylabel("Level (% of capacity)", fontsize=12)
    ax.set_ylim(0, 100)
    ax.grid(axis="y", alpha=0.4)
    ax.legend(loc="lower left", fontsize=11)
    return fig
