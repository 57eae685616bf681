"""Bars and a line on two axes: harvest and price."""

import matplotlib.pyplot as plt

DATA = {
    "year": [2015, 2016, 2017, 2018, 2019, 2020],
    "harvest": [320, 410, 275, 460, 385, 510],
    "price": [1.85, 1.6, 2.3, 1.45, 1.7, 1.25],
}


def render(data):
    fig, left = plt.subplots(figsize=(7, 4.5), dpi=100)
    left.bar(data["year"], data["harvest"], color="#c7d8a0", label="Harvest")
    left.set_ylabel("Harvest (tonnes)")
    left.set_xlabel("Year")
    right = left.twinx()
    right.plot(data["year"], data["price"], color="firebrick", marker="s", label="Price")
    right.set_ylabel("Price ($ per kg)")
    right.set_ylim(0, 3)
    fig.tight_layout()
