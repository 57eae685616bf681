"""A heat map with written values: visitors by weekday and hour."""

import matplotlib.pyplot as plt

DATA = {
    "days": ["Mon", "Tue", "Wed", "Thu", "Fri"],
    "hours": ["09:00", "11:00", "13:00", "15:00", "17:00", "19:00"],
    "visitors": [
        [12, 25, 31, 44, 52, 18],
        [15, 28, 36, 49, 41, 22],
        [9, 33, 27, 57, 46, 20],
        [17, 21, 39, 43, 55, 24],
        [11, 19, 23, 35, 29, 7],
    ],
}


def render(data):
    fig, ax = plt.subplots(figsize=(7, 5), dpi=100)
    values = data["visitors"]
    image = ax.imshow(values, cmap="Blues", vmin=0)
    ax.set_xticks(range(len(data["hours"])), data["hours"])
    ax.set_yticks(range(len(data["days"])), data["days"])
    top = max(max(row) for row in values)
    for i, row in enumerate(values):
        for j, value in enumerate(row):
            ax.text(j, i, value, ha="center", va="center", color="white" if value > 0.6 * top else "black")
    ax.set_title("Visitors of the library")
    fig.colorbar(image, ax=ax, label="Visitors")
    fig.tight_layout()
