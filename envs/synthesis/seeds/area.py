# area / area chart: Snow depth at a mountain hut through the winter
import matplotlib.pyplot as plt

DATA = {
    "week": [44, 45, 46, 47, 48, 49, 50, 51, 52, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
    "snow_cm": [
        0,
        4,
        9,
        22,
        18,
        35,
        48,
        61,
        57,
        72,
        90,
        104,
        99,
        121,
        138,
        133,
        152,
        160,
        147,
        139,
        118,
        102,
        80,
        55,
        31,
    ],
}


def render(data):
    fig, ax = plt.subplots(figsize=(7, 4.4), layout="constrained")
    places = range(len(data["week"]))
    ax.fill_between(places, data["snow_cm"], color="#a8dadc", alpha=0.9)
    ax.plot(places, data["snow_cm"], color="#1d3557", linewidth=2)
    ax.set_xticks(list(places)[::3], data["week"][::3])
    ax.set_xlim(0, len(data["week"]) - 1)
    ax.set_ylim(0, 180)
    ax.set_yticks(range(0, 181, 20))
    ax.set_xlabel("Calendar week", fontsize=12)
    ax.set_ylabel("Snow depth (cm)", fontsize=12)
    ax.set_title("Snow at the upper hut", fontsize=15)
    ax.grid(color="white", linewidth=1)
    return fig
