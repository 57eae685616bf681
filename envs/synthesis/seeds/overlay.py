# combinations / overlaid marks: Rain and river height on two axes
import matplotlib.pyplot as plt

DATA = {
    "day": ["1 May", "2 May", "3 May", "4 May", "5 May", "6 May", "7 May", "8 May"],
    "rain_mm": [0, 12, 34, 28, 6, 0, 3, 0],
    "river_cm": [82, 85, 118, 174, 190, 161, 128, 107],
}


def render(data):
    fig, left = plt.subplots(figsize=(7.2, 4.8), layout="constrained")
    left.bar(data["day"], data["rain_mm"], color="#90caf9", label="rain (left axis)")
    left.set_ylabel("Rain (mm)", fontsize=12)
    left.set_ylim(0, 50)
    right = left.twinx()
    right.plot(data["day"], data["river_cm"], color="#b5179e", marker="o", linewidth=2.4, label="river (right axis)")
    right.set_ylabel("River height (cm)", fontsize=12)
    right.set_ylim(0, 250)
    left.set_title("The river follows the rain", fontsize=15)
    bars, lines = left.get_legend_handles_labels(), right.get_legend_handles_labels()
    left.legend(bars[0] + lines[0], bars[1] + lines[1], loc="upper right", fontsize=11)
    return fig
