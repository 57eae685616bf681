# box / horizontal box chart: Reaction times after different drinks
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

DATA = {
    "milliseconds": {
        "Water": [251, 262, 268, 274, 279, 285, 291, 298, 310],
        "Green tea": [238, 245, 252, 257, 261, 266, 272, 280, 289],
        "Coffee": [214, 223, 229, 236, 240, 247, 253, 262, 275],
        "Cocoa": [243, 256, 263, 271, 276, 283, 290, 301, 340],
    },
}


def render(data):
    rows = [(drink, time) for drink, times in data["milliseconds"].items() for time in times]
    frame = pd.DataFrame(rows, columns=["drink", "time"])
    fig, ax = plt.subplots(figsize=(7, 4.4), layout="constrained")
    sns.boxplot(frame, x="time", y="drink", hue="drink", palette="Set2", width=0.55, ax=ax, legend=False)
    ax.set_xlabel("Reaction time (ms)", fontsize=12)
    ax.set_ylabel("")
    ax.tick_params(axis="y", labelsize=12)
    ax.set_xlim(200, 350)
    ax.grid(axis="x", color="#cccccc")
    ax.set_axisbelow(True)
    ax.set_title("Reaction times after a drink", fontsize=15)
    return fig
