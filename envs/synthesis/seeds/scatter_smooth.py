# scatter / scatter chart with smooth fitting: Crickets chirp faster when it is warm
import matplotlib.pyplot as plt
import numpy as np

DATA = {
    "temperature": [12, 14, 15, 17, 18, 19, 21, 22, 24, 25, 27, 28, 30, 31],
    "chirps_a_minute": [48, 66, 71, 92, 97, 113, 124, 139, 152, 158, 176, 179, 190, 189],
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.6, 4.8), layout="constrained")
    ax.scatter(data["temperature"], data["chirps_a_minute"], color="#606c38", s=55, label="one evening", zorder=3)
    along = np.linspace(min(data["temperature"]), max(data["temperature"]), 100)
    curve = np.polyval(np.polyfit(data["temperature"], data["chirps_a_minute"], 2), along)
    ax.plot(along, curve, color="#dda15e", linewidth=3, label="fitted curve")
    ax.set_xlabel("Temperature (°C)", fontsize=12)
    ax.set_ylabel("Chirps a minute", fontsize=12)
    ax.set_title("Crickets as thermometers", fontsize=15)
    ax.set_xticks(range(10, 34, 2))
    ax.set_yticks(range(0, 221, 20))
    ax.grid(linestyle=":", alpha=0.6)
    ax.legend(fontsize=12, loc="lower right")
    return fig
