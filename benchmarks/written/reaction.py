"""Box plots: reaction times of three groups."""

import matplotlib.pyplot as plt

DATA = {
    "groups": {
        "Rested": [210, 224, 231, 238, 245, 252, 259, 266, 280],
        "Tired": [262, 281, 290, 301, 316, 327, 338, 352, 371],
        "Caffeine": [198, 207, 219, 226, 233, 241, 248, 262, 279],
    }
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.5, 4.5), dpi=100)
    ax.boxplot(list(data["groups"].values()), whis=(0, 100))
    ax.set_xticks(range(1, len(data["groups"]) + 1), list(data["groups"]))
    ax.set_ylabel("Reaction time (ms)")
    fig.tight_layout()
