"""A donut: units sold, without written values."""

import matplotlib.pyplot as plt

DATA = {"maker": ["Anova", "Brix", "Celo", "Dyne", "Ermo"], "sold": [520, 310, 240, 130, 75]}


def render(data):
    fig, ax = plt.subplots(figsize=(7.5, 4.5), dpi=100)
    wedges, _ = ax.pie(data["sold"], startangle=90, counterclock=False, wedgeprops={"width": 0.4})
    labels = [f"{maker}: {sold}" for maker, sold in zip(data["maker"], data["sold"])]
    ax.legend(wedges, labels, title="Thousand phones sold", loc="center left", bbox_to_anchor=(1, 0.5))
    fig.subplots_adjust(left=0.02, right=0.65)
