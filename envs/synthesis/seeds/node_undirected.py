# node / undirected node chart: Footpaths between villages with their lengths
import matplotlib.pyplot as plt
import networkx as nx

DATA = {
    "villages": {
        "Aspen": [0.0, 0.4],
        "Birch": [0.9, 1.4],
        "Cedar": [1.1, -0.7],
        "Dale": [2.1, 0.5],
        "Elm": [3.0, 1.5],
        "Fern": [3.2, -0.6],
    },
    "kilometres": [
        ["Aspen", "Birch", 4.2],
        ["Aspen", "Cedar", 5.1],
        ["Birch", "Dale", 3.6],
        ["Cedar", "Dale", 4.8],
        ["Dale", "Elm", 2.9],
        ["Dale", "Fern", 3.3],
        ["Birch", "Elm", 7.5],
        ["Elm", "Fern", 6.4],
    ],
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.8, 5), layout="constrained")
    fig.patch.set_facecolor("#eef5e9")
    graph = nx.Graph()
    graph.add_weighted_edges_from(data["kilometres"])
    places = {name: tuple(place) for name, place in data["villages"].items()}
    nx.draw_networkx_edges(graph, places, ax=ax, width=2.2, edge_color="#8a9a5b")
    nx.draw_networkx_nodes(graph, places, ax=ax, node_size=1900, node_color="#3a5a40")
    nx.draw_networkx_labels(graph, places, ax=ax, font_size=12, font_color="white")
    lengths = {(one, other): f"{length} km" for one, other, length in data["kilometres"]}
    label = {"boxstyle": "round,pad=0.15", "facecolor": "#eef5e9", "edgecolor": "none"}
    nx.draw_networkx_edge_labels(graph, places, lengths, ax=ax, font_size=11, rotate=False, bbox=label)
    ax.margins(0.13)
    ax.axis("off")
    ax.set_title("Footpaths between the villages", fontsize=15)
    return fig
