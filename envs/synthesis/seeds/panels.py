# combinations / several panels: A bicycle shop's year in three panels
import matplotlib.pyplot as plt

DATA = {
    "kind": ["City", "Road", "Trail", "Cargo"],
    "sold": [64, 31, 42, 18],
    "quarter": ["Q1", "Q2", "Q3", "Q4"],
    "repairs": [85, 190, 172, 96],
    "satisfied_percent": [88, 84, 91, 93],
}


def render(data):
    fig, (one, two, three) = plt.subplots(1, 3, figsize=(9, 4), layout="constrained")
    bars = one.bar(data["kind"], data["sold"], color=["#ef476f", "#ffd166", "#06d6a0", "#118ab2"])
    one.bar_label(bars, fontsize=12)
    one.set_ylim(0, 75)
    one.set_title("Bicycles sold", fontsize=13)
    two.plot(data["quarter"], data["repairs"], color="#073b4c", marker="s", linewidth=2.2)
    two.set_ylim(0, 220)
    two.set_title("Repairs", fontsize=13)
    two.grid(alpha=0.4)
    bars = three.barh(data["quarter"], data["satisfied_percent"], color="#8ecae6")
    three.bar_label(bars, fmt="%d%%", label_type="center", fontsize=12)
    three.set_xlim(0, 100)
    three.invert_yaxis()
    three.set_title("Satisfied customers", fontsize=13)
    for ax in (one, two, three):
        ax.tick_params(labelsize=11)
    fig.suptitle("A year at the bicycle shop", fontsize=16)
    return fig
