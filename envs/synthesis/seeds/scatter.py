# scatter / scatter chart: Flats offered for rent by size and price in two districts
import matplotlib.pyplot as plt

DATA = {
    "Old harbour": {
        "square_metres": [28, 35, 41, 48, 55, 62, 70, 84, 96],
        "rent": [620, 690, 810, 870, 980, 1040, 1190, 1350, 1490],
    },
    "Garden suburb": {
        "square_metres": [38, 46, 52, 60, 68, 75, 88, 102, 115],
        "rent": [540, 560, 650, 700, 760, 840, 930, 1010, 1180],
    },
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.6, 5), layout="constrained")
    for (district, flats), colour, marker in zip(data.items(), ("#9d0208", "#1a759f"), ("o", "^")):
        ax.scatter(flats["square_metres"], flats["rent"], s=64, color=colour, marker=marker, label=district)
    ax.set_xlabel("Size (square metres)", fontsize=12)
    ax.set_ylabel("Rent (euros a month)", fontsize=12)
    ax.set_title("Flats on offer", fontsize=15)
    ax.set_xlim(20, 125)
    ax.set_ylim(400, 1600)
    ax.grid(alpha=0.35)
    ax.legend(fontsize=12, loc="upper left")
    return fig
