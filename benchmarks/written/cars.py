"""Named points: price against range of electric cars."""

import matplotlib.pyplot as plt

DATA = {
    "cars": [
        {"model": "Aster", "price": 24.5, "range": 310},
        {"model": "Borea", "price": 31.0, "range": 415},
        {"model": "Cirrus", "price": 38.2, "range": 390},
        {"model": "Delta", "price": 45.7, "range": 520},
        {"model": "Elio", "price": 19.8, "range": 240},
        {"model": "Fjord", "price": 52.4, "range": 480},
        {"model": "Gala", "price": 28.3, "range": 350},
    ]
}


def render(data):
    fig, ax = plt.subplots(figsize=(7, 5), dpi=100)
    x = [car["price"] for car in data["cars"]]
    y = [car["range"] for car in data["cars"]]
    ax.scatter(x, y, s=60)
    for car in data["cars"]:
        ax.annotate(car["model"], (car["price"], car["range"]), xytext=(5, 6), textcoords="offset points")
    ax.set_xlabel("Price (thousand euros)")
    ax.set_ylabel("Range (km)")
    ax.margins(0.12)
    fig.tight_layout()
