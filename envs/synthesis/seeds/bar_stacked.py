# bar / stacked bar chart: Loans of a library by kind of item and season
import matplotlib.pyplot as plt

DATA = {
    "season": ["Spring", "Summer", "Autumn", "Winter"],
    "loans": {
        "Novels": [820, 1140, 760, 980],
        "Picture books": [540, 390, 610, 720],
        "Films": [310, 250, 420, 560],
        "Games": [120, 280, 150, 240],
    },
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.8, 5), layout="constrained")
    base = [0] * len(data["season"])
    for (kind, loans), colour in zip(data["loans"].items(), ("#355070", "#6d597a", "#e56b6f", "#eaac8b")):
        bars = ax.bar(data["season"], loans, bottom=base, width=0.6, color=colour, label=kind)
        ax.bar_label(bars, label_type="center", fontsize=11, color="black" if colour == "#eaac8b" else "white")
        base = [low + count for low, count in zip(base, loans)]
    ax.set_ylabel("Loans", fontsize=12)
    ax.set_title("What the town library lends", fontsize=15)
    ax.tick_params(axis="x", labelsize=12)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=11, frameon=False)
    return fig
