"""Horizontal bars: heights of towers, records."""

import matplotlib.pyplot as plt

DATA = {
    "towers": [
        {"name": "Ostankino", "height": 540},
        {"name": "Oriental Pearl", "height": 468},
        {"name": "Milad", "height": 435},
        {"name": "Kuala Lumpur", "height": 421},
        {"name": "Berlin TV", "height": 368},
        {"name": "Stratosphere", "height": 350},
        {"name": "Euromast", "height": 185},
    ],
    "unit": "m",
}


def render(data):
    fig, ax = plt.subplots(figsize=(7, 4.5), dpi=100)
    names = [tower["name"] for tower in data["towers"]]
    ax.barh(names, [tower["height"] for tower in data["towers"]], color="steelblue", height=0.6)
    ax.invert_yaxis()
    ax.set_xlabel(f"Height ({data['unit']})")
    ax.set_title("Towers of the world")
    fig.tight_layout()
