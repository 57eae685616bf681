# box / vertical box chart: Waiting times at four counters
import matplotlib.pyplot as plt

DATA = {
    "minutes": {
        "Passports": [12, 14, 15, 18, 20, 21, 23, 25, 28, 31, 34],
        "Parking": [4, 5, 6, 6, 7, 8, 9, 10, 11, 13, 19],
        "Taxes": [18, 22, 24, 27, 29, 33, 35, 38, 41, 44, 52],
        "Registry": [8, 9, 12, 13, 15, 16, 17, 19, 20, 24, 26],
    },
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.6, 4.8), layout="constrained")
    boxes = ax.boxplot(list(data["minutes"].values()), patch_artist=True, widths=0.5, medianprops={"color": "black"})
    for box, colour in zip(boxes["boxes"], ("#b8c0ff", "#ffd6ff", "#c8b6ff", "#bbd0ff")):
        box.set_facecolor(colour)
    ax.set_xticks(range(1, len(data["minutes"]) + 1), list(data["minutes"]), fontsize=12)
    ax.set_ylabel("Minutes waited", fontsize=12)
    ax.set_yticks(range(0, 61, 10))
    ax.grid(axis="y", linestyle=":", alpha=0.7)
    ax.set_title("Waiting at the town hall", fontsize=15)
    return fig
