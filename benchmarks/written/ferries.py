"""A graph with weights on its edges: ferries between islands."""

import matplotlib.pyplot as plt
import networkx as nx

DATA = {
    "ferries": [
        {"island": "Arran", "other": "Bute", "minutes": 35},
        {"island": "Bute", "other": "Cumbrae", "minutes": 20},
        {"island": "Arran", "other": "Gigha", "minutes": 95},
        {"island": "Gigha", "other": "Islay", "minutes": 70},
        {"island": "Islay", "other": "Jura", "minutes": 15},
        {"island": "Cumbrae", "other": "Gigha", "minutes": 110},
        {"island": "Jura", "other": "Arran", "minutes": 140},
    ]
}


def render(data):
    fig, ax = plt.subplots(figsize=(7, 5.5), layout="constrained")
    graph = nx.Graph()
    for ferry in data["ferries"]:
        graph.add_edge(ferry["island"], ferry["other"])
    places = nx.circular_layout(graph)
    nx.draw_networkx_nodes(graph, places, ax=ax, node_size=2200, node_color="#bde0fe")
    nx.draw_networkx_labels(graph, places, ax=ax, font_size=11)
    nx.draw_networkx_edges(graph, places, ax=ax, width=2, edge_color="#5a7d9a")
    minutes = {(ferry["island"], ferry["other"]): ferry["minutes"] for ferry in data["ferries"]}
    nx.draw_networkx_edge_labels(graph, places, minutes, ax=ax, font_size=11, rotate=False)
    ax.margins(0.15)
    ax.axis("off")
    ax.set_title("Minutes by ferry between the islands")
    return fig
