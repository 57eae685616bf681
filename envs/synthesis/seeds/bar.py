# bar / bar chart: Trees planted by five neighbourhoods in two years
import matplotlib.pyplot as plt
import numpy as np

DATA = {
    "neighbourhood": ["Old Town", "Riverside", "Hillcrest", "Station", "Meadows"],
    "trees": {"2022": [120, 340, 210, 95, 430], "2023": [180, 310, 265, 150, 520]},
}


def render(data):
    fig, ax = plt.subplots(figsize=(7, 4.6), layout="constrained")
    places = np.arange(len(data["neighbourhood"]))
    for shift, (year, trees), colour in zip((-0.2, 0.2), data["trees"].items(), ("#a7c957", "#386641")):
        ax.bar(places + shift, trees, width=0.38, color=colour, label=year)
    ax.set_xticks(places, data["neighbourhood"], fontsize=11)
    ax.set_yticks(range(0, 601, 100))
    ax.set_ylabel("Trees planted", fontsize=12)
    ax.set_title("Street trees by neighbourhood", fontsize=15)
    ax.set_axisbelow(True)
    ax.grid(axis="y", color="#dddddd")
    ax.legend(fontsize=12, loc="upper center")
    return fig
