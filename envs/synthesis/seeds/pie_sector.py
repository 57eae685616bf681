# pie / sector pie chart: Household water use with one sector pulled out
import matplotlib.pyplot as plt

DATA = {
    "use": ["Shower", "Toilet", "Laundry", "Dishes", "Garden", "Cooking"],
    "litres_a_day": [46, 34, 15, 8, 11, 5],
    "pulled_out": "Garden",
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.6, 5.2), layout="constrained")
    explode = [0.16 if use == data["pulled_out"] else 0 for use in data["use"]]
    labels = [f"{use}\n{litres} L" for use, litres in zip(data["use"], data["litres_a_day"])]
    ax.pie(
        data["litres_a_day"],
        labels=labels,
        explode=explode,
        startangle=40,
        labeldistance=1.14,
        colors=["#03045e", "#0077b6", "#00b4d8", "#90e0ef", "#70c07a", "#caf0f8"],
        textprops={"fontsize": 12},
        wedgeprops={"edgecolor": "#333333", "linewidth": 0.8},
    )
    ax.set_title("Water used by one person a day", fontsize=15, pad=14)
    return fig
