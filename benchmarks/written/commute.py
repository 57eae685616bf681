"""A histogram: commuting times."""

import matplotlib.pyplot as plt

DATA = {
    "minutes": [
        12, 17, 23, 24, 28, 31, 33, 34, 35, 36, 38, 39, 41, 42, 43, 44, 44, 46, 47, 48,
        49, 51, 52, 53, 54, 57, 58, 61, 62, 66, 67, 71, 74, 78, 83, 36, 37, 26, 55, 47,
    ],
    "bins": [10, 20, 30, 40, 50, 60, 70, 80, 90],
}  # fmt: skip


def render(data):
    fig, ax = plt.subplots(figsize=(6.5, 4.5), dpi=100)
    ax.hist(data["minutes"], bins=data["bins"], color="seagreen", edgecolor="white")
    ax.set_xticks(data["bins"])
    ax.set_xlabel("Time (minutes)")
    ax.set_ylabel("Commuters")
    ax.set_title("How long people commute")
    fig.tight_layout()
