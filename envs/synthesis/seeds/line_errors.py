# line / line chart with error bar: Germination of seeds stored at different temperatures
import matplotlib.pyplot as plt

DATA = {
    "years_stored": [0, 2, 4, 6, 8, 10],
    "germinated_percent": {"in a freezer": [98, 96, 94, 93, 91, 90], "on a shelf": [92, 86, 75, 61, 44, 30]},
    "standard_error": {"in a freezer": [1.0, 1.2, 1.5, 1.6, 2.0, 2.1], "on a shelf": [1.1, 2.4, 3.2, 3.9, 4.3, 4.0]},
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.6, 4.8), layout="constrained")
    for name, colour, shape in (("in a freezer", "#00509d", "o-"), ("on a shelf", "#e36414", "s--")):
        ax.errorbar(
            data["years_stored"],
            data["germinated_percent"][name],
            yerr=data["standard_error"][name],
            fmt=shape,
            color=colour,
            capsize=5,
            linewidth=1.8,
            label=name,
        )
    ax.set_title("How long do bean seeds keep?", fontsize=15)
    ax.set_xlabel("Years stored", fontsize=12)
    ax.set_ylabel("Germinated (%)", fontsize=12)
    ax.set_ylim(0, 105)
    ax.grid(linestyle=":", color="#888888")
    ax.legend(loc="lower left", fontsize=12)
    return fig
