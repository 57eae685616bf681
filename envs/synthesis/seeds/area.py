# area / area chart: Snow depth at a mountain hut through the winter
import matplotlib.pyplot as plt

DATA = {
    "day": [0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 77, 84, 91, 98, 105, 112, 119, 126, 133, 140, 147, 154, 161],
    "snow_cm": [0, 4, 9, 22, 18, 35, 48, 61, 57, 72, 90, 104, 99, 121, 138, 133, 152, 160, 147, 139, 118, 102, 80, 55],
}


def render(data):
    fig, ax = plt.subplots(figsize=(7, 4.4), layout="constrained")
    ax.fill_between(data["day"], data["snow_cm"], color="#a8dadc", alpha=0.9)
    ax.plot(data["day"], data["snow_cm"], color="#1d3557", linewidth=2)
    ax.set_xlim(0, 161)
    ax.set_xticks(range(0, 162, 14))
    ax.set_ylim(0, 180)
    ax.set_yticks(range(0, 181, 20))
    ax.set_xlabel("Days since 1 November", fontsize=12)
    ax.set_ylabel("Snow depth (cm)", fontsize=12)
    ax.set_title("Snow at the upper hut", fontsize=15)
    ax.grid(color="white", linewidth=1)
    return fig
