# bar / bar chart with data annotation: Medals of a school sports day by class
import matplotlib.pyplot as plt

DATA = {"class": ["6A", "6B", "7A", "7B", "8A", "8B", "9A"], "medals": [12, 9, 17, 14, 23, 8, 19]}


def render(data):
    fig, ax = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
    best = max(data["medals"])
    colours = ["#c9a227" if medals == best else "#4a4e69" for medals in data["medals"]]
    bars = ax.bar(data["class"], data["medals"], color=colours, edgecolor="black", linewidth=0.8)
    ax.bar_label(bars, fontsize=13, padding=3)
    ax.set_ylim(0, 26)
    ax.set_yticks([])
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.tick_params(axis="x", labelsize=12, length=0)
    ax.set_xlabel("Class", fontsize=12)
    ax.set_title("Medals won at the sports day", fontsize=15)
    return fig
