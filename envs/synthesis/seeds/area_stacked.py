# area / stacked area chart: Letters, parcels and papers carried by a post office
import matplotlib.pyplot as plt

DATA = {
    "year": [2012, 2014, 2016, 2018, 2020, 2022, 2024],
    "items_thousand": {
        "Letters": [920, 850, 760, 680, 540, 470, 400],
        "Parcels": [110, 150, 210, 290, 480, 520, 560],
        "Newspapers": [300, 270, 240, 200, 160, 130, 100],
    },
}


def render(data):
    fig, ax = plt.subplots(figsize=(7, 4.8), layout="constrained")
    ax.stackplot(
        data["year"],
        list(data["items_thousand"].values()),
        labels=list(data["items_thousand"]),
        colors=["#ffb703", "#219ebc", "#8d99ae"],
        edgecolor="white",
    )
    ax.set_xlim(2012, 2024)
    ax.set_ylim(0, 1600)
    ax.set_xticks(data["year"])
    ax.set_ylabel("Items (thousand a year)", fontsize=12)
    ax.set_title("What one post office carries", fontsize=15)
    ax.legend(loc="upper right", ncols=3, fontsize=11)
    return fig
