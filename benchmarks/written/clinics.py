"""Two panels: patients and waiting time by clinic."""

import matplotlib.pyplot as plt

DATA = {
    "patients": {"Elm": 120, "Oak": 95, "Pine": 150, "Birch": 80},
    "waiting": {"Elm": 35, "Oak": 22, "Pine": 48, "Birch": 17},
}


def render(data):
    fig, (left, right) = plt.subplots(1, 2, figsize=(8, 4), dpi=100)
    left.bar(list(data["patients"]), list(data["patients"].values()), color="slateblue")
    left.set_title("Patients a day")
    right.barh(list(data["waiting"]), list(data["waiting"].values()), color="darkorange")
    right.set_title("Waiting time (minutes)")
    fig.tight_layout()
