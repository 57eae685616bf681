"""Gains and losses, with written values in a second unit of length."""

import matplotlib.pyplot as plt

DATA = {
    "country": ["Chile", "Peru", "Ghana", "Kenya", "Nepal", "Oman"],
    "change": [4.6, -2.3, 7.1, 1.8, -5.2, 3.4],
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.5, 4.5), dpi=100)
    colours = ["tab:green" if value > 0 else "tab:red" for value in data["change"]]
    bars = ax.bar(data["country"], data["change"], color=colours)
    ax.bar_label(bars, fmt="%.1f", padding=2)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set_ylabel("Change of exports ($ billion)")
    ax.margins(y=0.15)
    fig.tight_layout()
