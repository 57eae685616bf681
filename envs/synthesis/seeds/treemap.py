# specific / tree map: What grows on the fields of a county
import matplotlib.pyplot as plt
import squarify

DATA = {
    "crop": ["Wheat", "Maize", "Grassland", "Barley", "Potatoes", "Rapeseed", "Orchards"],
    "hectares": [3400, 2700, 2300, 1500, 900, 760, 520],
}


def render(data):
    fig, ax = plt.subplots(figsize=(7, 4.8), layout="constrained")
    squarify.plot(
        sizes=data["hectares"],
        label=[f"{crop}\n{hectares} ha" for crop, hectares in zip(data["crop"], data["hectares"])],
        color=["#e9c46a", "#f4a261", "#90be6d", "#d4a373", "#b5838d", "#f9dc5c", "#f28482"],
        ax=ax,
        edgecolor="white",
        linewidth=3,
        text_kwargs={"fontsize": 12},
    )
    ax.axis("off")
    ax.set_title("Fields of the county", fontsize=15)
    return fig
