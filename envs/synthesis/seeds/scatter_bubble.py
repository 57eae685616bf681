# scatter / 3D scatter chart (bubble chart): Islands by area, population and ferries a day
import matplotlib.pyplot as plt

DATA = {
    "island": ["Anvil", "Brae", "Corran", "Durness", "Eilan", "Fara"],
    "area_km2": [14, 32, 58, 41, 76, 23],
    "population": [420, 1350, 2100, 780, 1720, 1900],
    "ferries_a_day": [2, 6, 12, 4, 8, 10],
}


def render(data):
    fig, ax = plt.subplots(figsize=(7, 5), layout="constrained")
    sizes = [count * 120 for count in data["ferries_a_day"]]
    ax.scatter(data["area_km2"], data["population"], s=sizes, color="#4895ef", alpha=0.75, edgecolor="#1d3557")
    for name, x, y, ferries in zip(data["island"], data["area_km2"], data["population"], data["ferries_a_day"]):
        ax.annotate(
            f"{name} ({ferries})", (x, y), xytext=(0, -27), textcoords="offset points", ha="center", fontsize=11
        )
    ax.margins(0.2)
    ax.set_xlabel("Area (km²)", fontsize=12)
    ax.set_ylabel("Population", fontsize=12)
    ax.set_title("Six islands; bubbles and brackets: ferries a day", fontsize=14)
    ax.grid(color="#e5e5e5")
    ax.set_axisbelow(True)
    return fig
