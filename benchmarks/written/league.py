"""A table: results of a league."""

import matplotlib.pyplot as plt

DATA = {
    "team": ["Falcons", "Rovers", "Harriers", "Wanderers", "Athletic"],
    "won": [14, 11, 12, 7, 9],
    "lost": [4, 8, 5, 10, 6],
    "points": [45, 36, 41, 25, 30],
}


def render(data):
    ax = plt.figure(figsize=(6, 3), dpi=100).add_subplot()
    ax.axis("off")
    columns = ["team", "won", "lost", "points"]
    rows = [[str(data[c][i]) for c in columns] for i in range(len(data["team"]))]
    table = ax.table(cellText=rows, colLabels=[c.capitalize() for c in columns], loc="center", cellLoc="center")
    table.scale(1, 1.6)
    ax.set_title("League table")
