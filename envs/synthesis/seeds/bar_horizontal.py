# bar / horizontal bar chart: Lengths of hiking trails around a valley
import matplotlib.pyplot as plt

DATA = {
    "trail": ["Ridge walk", "Waterfall loop", "Old mine path", "Bear meadow", "Chapel round", "Lake crossing"],
    "kilometres": [17.4, 6.2, 11.8, 9.5, 3.9, 14.1],
}


def render(data):
    order = sorted(range(len(data["trail"])), key=lambda i: data["kilometres"][i])
    fig, ax = plt.subplots(figsize=(6.8, 4.4), layout="constrained")
    ax.barh([data["trail"][i] for i in order], [data["kilometres"][i] for i in order], color="#588157", height=0.55)
    ax.set_xlabel("Length (km)", fontsize=12)
    ax.set_xlim(0, 20)
    ax.set_xticks(range(0, 21, 2))
    ax.tick_params(axis="y", labelsize=12)
    ax.grid(axis="x", linestyle="--", alpha=0.5)
    ax.set_axisbelow(True)
    ax.set_title("Marked trails in the valley", fontsize=15)
    return fig
