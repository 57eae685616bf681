# bar / percentage bar chart: How people of four ages listen to music
import matplotlib.pyplot as plt

DATA = {
    "age": ["15 to 24", "25 to 44", "45 to 64", "65 and over"],
    "share_percent": {
        "Streaming": [72, 58, 35, 16],
        "Radio": [11, 22, 41, 54],
        "Records and discs": [7, 9, 15, 22],
        "Concerts": [10, 11, 9, 8],
    },
}


def render(data):
    fig, ax = plt.subplots(figsize=(7, 4.6), layout="constrained")
    left = [0] * len(data["age"])
    for (way, shares), colour in zip(data["share_percent"].items(), ("#73d2de", "#ffbc42", "#d81159", "#8f2d56")):
        bars = ax.barh(data["age"], shares, left=left, height=0.62, color=colour, label=way)
        ax.bar_label(
            bars,
            labels=[f"{share}%" for share in shares],
            label_type="center",
            fontsize=11,
            color="white" if colour in ("#d81159", "#8f2d56") else "black",
        )
        left = [low + share for low, share in zip(left, shares)]
    ax.set_xlim(0, 100)
    ax.set_xlabel("Share of listening time (%)", fontsize=12)
    ax.set_ylabel("Age", fontsize=12)
    ax.invert_yaxis()
    fig.suptitle("Where the music comes from", fontsize=15)
    fig.legend(loc="outside lower center", ncols=4, fontsize=10, frameon=False)
    return fig
