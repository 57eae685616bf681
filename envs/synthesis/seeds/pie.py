# pie / pie chart: What a bakery sells in a morning
import matplotlib.pyplot as plt

DATA = {"goods": ["Rye bread", "Rolls", "Croissants", "Cakes", "Pretzels"], "sold": [84, 156, 72, 48, 40]}


def render(data):
    fig, ax = plt.subplots(figsize=(6.4, 5), layout="constrained")
    ax.pie(
        data["sold"],
        labels=data["goods"],
        autopct="%.1f%%",
        startangle=90,
        counterclock=False,
        colors=["#c08457", "#e0ac69", "#f1c27d", "#d98880", "#c9a9a6"],
        wedgeprops={"edgecolor": "white", "linewidth": 2},
        textprops={"fontsize": 12},
    )
    ax.set_title("Sold before noon at the corner bakery", fontsize=15)
    return fig
