# node / undirected node chart: Footpaths between villages with their lengths
import matplotlib.pyplot as plt
import networkx as nx

DATA = {
    "one": ["Aspen", "Birch", "Cedar", "Dale", "Elm", "Aspen", "Cedar", "Aspen"],
    "other": ["Birch", "Cedar", "Dale", "Elm", "Fern", "Dale", "Elm", "Fern"],
    "kilometres": [4.2, 5.1, 3.6, 4.8, 2.9, 7.5, 6.4, 3.3],
}


def render(data):
    fig, ax = plt.subplots(figsize=(6.8, 5.2), layout="constrained")
    fig.patch.set_facecolor("#eef5e9")
    graph = nx.Graph()
    graph.add_edges_from(zip(data["one"], data["other"]))
    places = nx.circular_layout(graph)
    nx.draw_networkx_edges(graph, places, ax=ax, width=2.2, edge_color="#8a9a5b")
    nx.draw_networkx_nodes(graph, places, ax=ax, node_size=1900, node_color="#3a5a40")
    nx.draw_networkx_labels(graph, places, ax=ax, font_size=12, font_color="white")
    paths = zip(data["one"], data["other"], data["kilometres"])
    lengths = {(one, other): f"{length} km" for one, other, length in paths}
    label = {"boxstyle": "round,pad=0.15", "facecolor": "#eef5e9", "edgecolor": "none"}
    nx.draw_networkx_edge_labels(graph, places, lengths, ax=ax, font_size=11, rotate=False, bbox=label, label_pos=0.42)
    ax.margins(0.13)
    ax.axis("off")
    ax.set_title("Footpaths between the villages", fontsize=15)
    return fig
