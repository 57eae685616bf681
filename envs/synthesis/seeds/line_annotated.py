# line / line chart with data annotation: Visitors of a small aquarium by weekday
import matplotlib.pyplot as plt

DATA = {
    "weekday": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    "visitors": [214, 187, 238, 231, 345, 612, 574],
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
    fig.patch.set_facecolor("#f4f1ea")
    ax.set_facecolor("#f4f1ea")
    ax.plot(data["weekday"], data["visitors"], color="#7b2d8b", linewidth=2.5, marker="D", markersize=7)
    for i, count in enumerate(data["visitors"]):
        rises = i + 1 < len(data["visitors"]) and data["visitors"][i + 1] > count + 100
        place = (-16, 8) if rises else (0, 11)
        ax.annotate(str(count), (i, count), textcoords="offset points", xytext=place, ha="center", fontsize=12)
    ax.set_title("A week at the harbour aquarium", fontsize=15, loc="left")
    ax.set_xlabel("Day", fontsize=12)
    ax.set_ylabel("Visitors", fontsize=12)
    ax.set_ylim(0, 720)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return fig
