"""Lines: water temperature over months for three lakes."""

import matplotlib.pyplot as plt

DATA = {
    "months": ["Apr", "May", "Jun", "Jul", "Aug", "Sep"],
    "temperature": {
        "Como": [11.2, 14.8, 19.5, 23.1, 22.6, 18.4],
        "Bled": [9.1, 13.6, 17.2, 20.4, 21.3, 16.1],
        "Inari": [1.3, 4.2, 9.8, 14.6, 13.2, 8.7],
    },
}


def render(data):
    fig, ax = plt.subplots(figsize=(7, 4.6), dpi=100)
    for lake, values in data["temperature"].items():
        ax.plot(data["months"], values, marker="o", label=lake)
    ax.set_xlabel("Month")
    ax.set_ylabel("Water temperature (°C)")
    ax.set_title("Three lakes in summer")
    ax.grid(alpha=0.3)
    ax.legend()
    fig.tight_layout()


render(DATA)
