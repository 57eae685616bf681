# pie / ring chart: Energy of two towns as nested rings
import matplotlib.pyplot as plt

DATA = {
    "source": ["Wind", "Solar", "Hydro", "Gas"],
    "share_percent": {"Northport": [41, 14, 27, 18], "Southfield": [22, 38, 9, 31]},
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.8, 5.2), layout="constrained")
    colours = ["#5fa8d3", "#f6bd60", "#3d5a80", "#a44a3f"]
    rings = []
    for place, (town, radius) in enumerate(zip(data["share_percent"], (1.15, 0.75))):
        wedges, _, _ = ax.pie(
            data["share_percent"][town],
            radius=radius,
            colors=colours,
            autopct="%.0f%%",
            pctdistance=0.83 if place == 0 else 0.74,
            startangle=90,
            wedgeprops={"width": 0.38, "edgecolor": "white", "linewidth": 2},
            textprops={"fontsize": 11, "color": "black"},
        )
        rings.append(wedges)
    for text in ax.texts:
        text.set_bbox({"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85})
    ax.legend(rings[0], data["source"], loc="center left", bbox_to_anchor=(1.05, 0.5), fontsize=12)
    outer, inner = data["share_percent"]
    ax.set_title(f"Electricity by source\nouter ring: {outer}, inner ring: {inner}", fontsize=14, pad=18)
    return fig
