# scatter / scatter chart: Flats offered for rent by size and price in two districts
import matplotlib.pyplot as plt

DATA = {
    "square_metres": [28, 41, 55, 70, 84, 96, 38, 52, 68, 75, 88, 115],
    "rent": [620, 810, 980, 1190, 1350, 1490, 540, 650, 760, 840, 930, 1180],
    "district": ["Port", "Port", "Port", "Port", "Port", "Port", "Hill", "Hill", "Hill", "Hill", "Hill", "Hill"],
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.6, 5), layout="constrained")
    for district, colour, marker in (("Port", "#9d0208", "o"), ("Hill", "#1a759f", "^")):
        own = [i for i, name in enumerate(data["district"]) if name == district]
        sizes = [data["square_metres"][i] for i in own]
        rents = [data["rent"][i] for i in own]
        ax.scatter(sizes, rents, s=64, color=colour, marker=marker, label=district)
    ax.set_xlabel("Size (square metres)", fontsize=12)
    ax.set_ylabel("Rent (euros a month)", fontsize=12)
    ax.set_title("Flats on offer", fontsize=15)
    ax.set_xlim(20, 125)
    ax.set_ylim(400, 1600)
    ax.grid(alpha=0.35)
    ax.legend(fontsize=12, loc="upper left")
    return fig
