# specific / funnel chart: From visitors of a web shop to orders
import matplotlib.pyplot as plt

DATA = {
    "stage": ["Visited", "Searched", "Put in basket", "Began to pay", "Ordered"],
    "people": [4800, 3120, 1450, 890, 640],
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.8, 4.8), layout="constrained")
    most = max(data["people"])
    colours = ["#03045e", "#023e8a", "#0077b6", "#0096c7", "#48cae4"]
    for place, (people, colour) in enumerate(zip(data["people"], colours)):
        ax.barh(place, people, left=(most - people) / 2, color=colour, height=0.8)
        inside = people > most / 5
        ax.text(
            most / 2 if inside else (most + people) / 2 + 90,
            place,
            str(people),
            ha="center" if inside else "left",
            va="center",
            fontsize=12,
            color="white" if inside else "black",
        )
    ax.set_yticks(range(len(data["stage"])), data["stage"], fontsize=12)
    ax.invert_yaxis()
    ax.set_xticks([])
    for side in ax.spines.values():
        side.set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.set_title("How visits became orders", fontsize=15)
    return fig
