# specific / waterfall chart: How a village festival ended with money left
import matplotlib.pyplot as plt

DATA = {
    "item": ["Savings", "Tickets", "Food stalls", "Bands", "Stage", "Cleaning"],
    "change": [1200, 2600, 1450, -1900, -1100, -350],
}


def render(data):
    fig, ax = plt.subplots(figsize=(7.2, 4.8), layout="constrained")
    level = 0
    for place, change in enumerate(data["change"]):
        ax.bar(place, change, bottom=level, width=0.6, color="#2a9d8f" if change > 0 else "#e76f51")
        ax.text(place, max(level, level + change) + 90, f"{change:+d}", ha="center", fontsize=12)
        ax.plot([place - 0.3, place + 1.3], [level + change] * 2, color="#555555", linewidth=1)
        level += change
    ax.bar(len(data["change"]), level, width=0.6, color="#264653")
    ax.text(len(data["change"]), level + 90, str(level), ha="center", fontsize=12)
    ax.set_xticks(range(len(data["change"]) + 1), [*data["item"], "Left over"], fontsize=11)
    ax.set_ylim(0, 6000)
    ax.set_ylabel("Dollars", fontsize=12)
    ax.set_title("The village festival in money", fontsize=15)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return fig
