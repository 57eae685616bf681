# specific / histogram: Weights of eggs from one farm
import matplotlib.pyplot as plt

DATA = {
    "grams": [
        44,
        47,
        49,
        52,
        53,
        54,
        56,
        57,
        58,
        58,
        59,
        61,
        61,
        62,
        62,
        63,
        63,
        64,
        64,
        66,
        67,
        68,
        69,
        71,
        73,
        76,
        81,
    ],
    "edges": [40, 45, 50, 55, 60, 65, 70, 75, 80, 85],
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.6, 4.6), layout="constrained")
    ax.hist(data["grams"], bins=data["edges"], color="#f2b880", edgecolor="#6b4226", linewidth=1.2)
    ax.set_xticks(data["edges"])
    ax.set_yticks(range(0, 11, 2))
    ax.set_xlabel("Weight (g)", fontsize=12)
    ax.set_ylabel("Eggs", fontsize=12)
    ax.set_title("One morning's eggs, by weight", fontsize=15)
    ax.grid(axis="y", alpha=0.4)
    ax.set_axisbelow(True)
    return fig
