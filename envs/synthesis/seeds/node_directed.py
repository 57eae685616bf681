# node / directed node chart: Dependencies between the steps of building a boat
import matplotlib.pyplot as plt
import networkx as nx

DATA = {
    "stages": [["Plan"], ["Keel", "Mast", "Sails"], ["Planks", "Rigging"], ["Launch"]],
    "from": ["Plan", "Plan", "Plan", "Keel", "Mast", "Sails", "Planks", "Rigging"],
    "to": ["Keel", "Mast", "Sails", "Planks", "Rigging", "Rigging", "Launch", "Launch"],
    "days": [5, 4, 9, 12, 3, 6, 8, 2],
}


def render(data):
    _, ax = plt.subplots(figsize=(7.2, 4.8), layout="constrained")
    graph = nx.DiGraph()
    places = {}
    for x, stage in enumerate(data["stages"]):
        places |= {name: (x, (len(stage) - 1) / 2 - y) for y, name in enumerate(stage)}
    graph.add_nodes_from(places)
    graph.add_edges_from(zip(data["from"], data["to"]))
    nx.draw_networkx_nodes(graph, places, ax=ax, node_size=2600, node_color="#dceefb", edgecolors="#1f4e79")
    nx.draw_networkx_labels(graph, places, ax=ax, font_size=11)
    nx.draw_networkx_edges(graph, places, ax=ax, node_size=2600, arrowsize=18, edge_color="#1f4e79", width=1.5)
    days = {(start, end): str(count) for start, end, count in zip(data["from"], data["to"], data["days"])}
    nx.draw_networkx_edge_labels(graph, places, edge_labels=days, ax=ax, font_size=11, rotate=False)
    ax.margins(0.14)
    ax.axis("off")
    ax.set_title("Building a boat: days from step to step", fontsize=15)
