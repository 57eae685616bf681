# pie / ring chart: Energy of two towns as nested rings
import matplotlib.pyplot as plt

DATA = {
    "source": ["Wind", "Solar", "Hydro", "Gas"],
    "gigawatt_hours": {"Northport": [410, 140, 270, 180], "Southfield": [132, 228, 54, 186]},
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.8, 5.2), layout="constrained")
    colours = ["#5fa8d3", "#f6bd60", "#3d5a80", "#a44a3f"]
    rings = []
    for town, radius, place in zip(data["gigawatt_hours"], (1.15, 0.75), (0.83, 0.74)):
        energy = data["gigawatt_hours"][town]
        total = sum(energy)
        wedges, _, _ = ax.pie(
            energy,
            radius=radius,
            colors=colours,
            autopct=lambda share, total=total: f"{share * total / 100:.0f}",
            pctdistance=place,
            startangle=90,
            wedgeprops={"width": 0.38, "edgecolor": "white", "linewidth": 2},
            textprops={"fontsize": 11, "color": "black"},
        )
        rings.append(wedges)
    for text in ax.texts:
        text.set_bbox({"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85})
    ax.legend(rings[0], data["source"], loc="center left", bbox_to_anchor=(1.05, 0.5), fontsize=12)
    outer, inner = data["gigawatt_hours"]
    ax.set_title(f"Electricity by source (GWh)\nouter ring: {outer}, inner ring: {inner}", fontsize=14, pad=18)
    return fig
