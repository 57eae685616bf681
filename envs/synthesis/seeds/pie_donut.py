# pie / donut pie chart: How pupils come to school
import matplotlib.pyplot as plt

DATA = {"way": ["On foot", "Bicycle", "Bus", "Car", "Tram"], "pupils": [182, 127, 214, 69, 58]}


def render(data):
    total = sum(data["pupils"])
    fig, ax = plt.subplots(figsize=(6.6, 5), layout="constrained")
    wedges, _, _ = ax.pie(
        data["pupils"],
        autopct=lambda share: f"{share * total / 100:.0f}",
        pctdistance=0.8,
        colors=["#264653", "#1f7a70", "#8a5a00", "#9c3d1a", "#5b2a86"],
        wedgeprops={"width": 0.42, "edgecolor": "white"},
        textprops={"fontsize": 12, "color": "white", "fontweight": "bold"},
    )
    ax.text(0, 0, f"{total}\npupils", ha="center", va="center", fontsize=16)
    ax.legend(wedges, data["way"], loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=12, frameon=False)
    ax.set_title("The way to school", fontsize=16)
    return fig
