"""Bars: loaves by kind."""

import matplotlib.pyplot as plt

DATA = {
    "bread": ["Rye", "Wheat", "Spelt", "Sourdough", "Brioche", "Corn"],
    "loaves": [34, 58, 21, 47, 15, 28],
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.4, 4.8), dpi=100)
    bars = ax.bar(data["bread"], data["loaves"], color="#8c564b")
    ax.bar_label(bars)
    ax.set_title("Loaves sold on Saturday")
    ax.set_ylabel("Loaves")
    fig.tight_layout()


render(DATA)
