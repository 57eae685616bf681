"""A pie: shares of a household budget."""

import matplotlib.pyplot as plt

DATA = {"shares": {"Rent": 34, "Food": 22, "Transport": 14, "Savings": 11, "Leisure": 12, "Health": 7}}


def render(data):
    ax = plt.figure(figsize=(6, 5), dpi=100).add_subplot()
    shares = data["shares"]
    ax.pie(list(shares.values()), labels=list(shares), autopct="%1.0f%%", startangle=90)
    ax.set_title("Monthly budget of a household (%)")
