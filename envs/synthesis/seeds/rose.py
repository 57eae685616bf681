# specific / rose chart: Days with wind from eight directions
import matplotlib.pyplot as plt
import numpy as np

DATA = {"direction": ["N", "NE", "E", "SE", "S", "SW", "W", "NW"], "days": [31, 18, 12, 25, 46, 88, 97, 48]}


def render(data):
    angles = np.linspace(0, 2 * np.pi, len(data["direction"]), endpoint=False)
    fig, ax = plt.subplots(figsize=(6, 5.6), subplot_kw={"projection": "polar"})
    fig.subplots_adjust(top=0.82, bottom=0.07)
    ax.set_theta_zero_location("N")
    ax.set_theta_direction(-1)
    colours = plt.get_cmap("viridis")(np.linspace(0.15, 0.9, len(angles)))
    ax.bar(angles, data["days"], width=0.68, color=colours, edgecolor="black", linewidth=0.7)
    ax.set_xticks(angles, data["direction"], fontsize=13)
    ax.set_ylim(0, 100)
    ax.set_yticks([20, 40, 60, 80, 100])
    ax.set_rlabel_position(68)
    fig.suptitle("Where the wind came from, in days", fontsize=15)
    return fig
