"""A language model by script, behind real HTTP: what it says is a function of what it is asked.

It knows what is wanted by the JSON schema of the request, invents bar charts, asks five kinds of questions about them
and writes each program in two ways. `spoil(wanted, text, again)` may name a fault for a request:

    malformed   no JSON           wrong     a program (or blind answer) that gives something else
    broken      a script that fails to draw, until it is asked to mend it
    busy        429 with Retry-After      away  500      cut  the line breaks off      refused  400 for good
    hostile     a script that takes all memory and never ends     short     fewer questions than asked for
    huge        10 MB of braces           deep  JSON nested 100,000 times
"""

from __future__ import annotations

import ast
import json
import re
import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

from envs.address import Draws

PLACES = ["Oslo", "Lima", "Quito", "Turin", "Kyoto", "Perth", "Cairo", "Accra", "Lagos", "Sofia", "Riga", "Porto"]
THINGS = ["sales", "visits", "loans", "trees", "births", "crates", "calls", "boats"]
TOPIC = "{thing} of {n} towns in {year}"
FAILS = "import matplotlib.pyplot as plt\n\nDATA = {'a': [1, 2]}\n\n\ndef render(data):\n    raise KeyError('broken')\n"
HOSTILE = """
DATA = {'a': [1, 2, 3]}


def render(data):
    held = data['a']
    while held:
        try:
            held = held * 2
        except BaseException:
            pass
"""


class Model:
    """Counts what it is asked. Requests with a parameter that it `refuses` are answered as real servers do. `strike` is
    called when a request has come, with what is wanted, before it is answered."""

    def __init__(self, spoil=lambda wanted, text, again: "", seconds=0.0, refuses=(), usage=True, key=None):
        self.spoil, self.seconds, self.refuses, self.usage, self.key = spoil, seconds, set(refuses), usage, key
        self.asked, self.bodies, self.times = Counter(), [], []
        self.wanted, self.strike = Counter(), lambda wanted: None
        self.under_way = self.most = 0
        self.lock = threading.Lock()

    def reply(self, body, headers):
        """(status, headers, text) for a request, or None where the line is to break."""
        if self.key and headers.get("Authorization") != f"Bearer {self.key}":
            return 401, {}, '{"error": "no such key"}'
        for name in self.refuses:
            if name in body:
                return 400, {}, json.dumps({"error": {"message": f"Unsupported parameter: {name!r}"}})
        said = [said_in(message) for message in body["messages"]]
        text, again = said[0], len(said) > 1
        wanted = what(body, text)
        fault = self.spoil(wanted, text, again)
        with self.lock:
            self.asked[json.dumps([body["messages"], body.get("seed")])] += 1
            self.wanted[wanted] += 1
            self.bodies.append(body)
            self.times.append(time.monotonic())
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        self.strike(wanted)
        time.sleep(self.seconds)
        with self.lock:
            self.under_way -= 1
        if fault == "cut":
            return None
        if fault in ("busy", "away", "refused"):
            status = {"busy": 429, "away": 500, "refused": 400}[fault]
            return status, {"Retry-After": "0.05"}, '{"error": "busy"}'
        draws = Draws("scripted", text, body.get("seed", 0))
        content = self.content(wanted, text, draws, fault)
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
        answer = {"choices": [choice]}
        if self.usage:
            answer["usage"] = {"prompt_tokens": len(text) // 4, "completion_tokens": len(content) // 4}
        return 200, {}, json.dumps(answer)

    def content(self, wanted, text, draws, fault):
        if fault == "malformed":
            return "I would rather not. {"
        if fault == "huge":
            return "{" * 10_000_000
        if fault == "deep":
            return '{"a":' * 100_000
        return json.dumps(getattr(self, wanted)(text, draws, fault))

    def invent(self, text, draws, fault):
        data = table(draws)
        return {"topic": data["title"], "code": self._script(data, draws, fault)}

    def code(self, text, draws, fault):
        if "DATA is there already" in text:
            return {"code": render_of(data_in(text), draws)}
        return {
            "code": self._script(table(draws), draws, "" if "What is wrong" in text and fault == "broken" else fault)
        }

    def _script(self, data, draws, fault):
        if fault in ("broken", "hostile"):
            return FAILS if fault == "broken" else HOSTILE
        return f"import matplotlib.pyplot as plt\n\nDATA = {data!r}\n\n\n{render_of(data, draws, plt=False)}"

    def topics(self, text, draws, fault):
        count = int(re.search(r"Name (\d+) things", text)[1])
        made = [table(draws)["title"] for _ in range(count)]
        return {"topics": [{"topic": f"The {title}", "title": title} for title in made]}

    def columns(self, text, draws, fault):
        data = table(draws)
        return {"columns": [{"name": name, "values": data[name]} for name in list(data)[1:]]}

    def questions(self, text, draws, fault):
        data = data_in(text)
        _, town, thing = list(data)
        count = int(re.search(r"Write (\d+) questions", text)[1])
        name = draws.choice(data[town])
        values = sorted(data[thing])
        bar = sum(max(pairwise(values), key=lambda pair: pair[1] - pair[0])) // 2  # where nobody is near
        made = [
            (f"Which town has the most {thing}?", "label", f"max(zip(data[{thing!r}], data[{town!r}]))[1]"),
            (f"How many {thing} has {name}?", "number", f"dict(zip(data[{town!r}], data[{thing!r}]))[{name!r}]"),
            (f"How many {thing} are there in all towns together?", "number", f"sum(data[{thing!r}])"),
            (
                f"By how much do the most {thing} of a town exceed the fewest?",
                "number",
                f"max(data[{thing!r}]) - min(data[{thing!r}])",
            ),
            (f"How many towns have more than {bar} {thing}?", "number", f"sum(v > {bar} for v in data[{thing!r}])"),
        ][: count - (fault == "short")]
        return {
            "questions": [
                {
                    "question": question,
                    "kind": kind,
                    "unit": "",
                    "program": f"def answer(data):\n    return {'1 + 1' if fault == 'wrong' else program}\n",
                    "stated": "",
                    "explanation": "Compare the bars.",
                }
                for question, kind, program in made
            ]
        }

    def program(self, text, draws, fault):
        town, thing = re.findall(r"'(\w+)': list of", text)
        question = re.search(r"question about a figure: (.*)", text)[1]
        return {"program": second(question, town, thing, 1 if fault == "wrong" else 0)}

    def answer(self, text, draws, fault):
        data = json.loads(re.search(r"^\{.*\}$", text, re.MULTILINE)[0])
        question = re.search(r"A question about it: (.*)", text)[1]
        space = {}
        exec(second(question, *list(data)[1:], 0), space)  # of this file's own making
        return {"answer": "1.5" if fault == "wrong" else str(space["answer"](data))}

    def question(self, text, draws, fault):
        asked = re.search(r"in other words, as another person would: (.*)", text)[1]
        return {"question": f"Look at the figure: {asked[0].lower()}{asked[1:]}"}

    def reason(self, text, draws, fault):
        return {"good": fault != "wrong", "reason": "It can be read."}


def said_in(message):
    content = message["content"]
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def what(body, text):
    """The name of the method above that answers."""
    if "response_format" in body:
        schema = body["response_format"]["json_schema"]["schema"]
    else:
        schema = json.loads(text[text.rindex("nothing else:\n") + len("nothing else:\n") :])
    keys = set(schema["properties"])
    return "invent" if keys == {"topic", "code"} else "reason" if "good" in keys else keys.pop()


def table(draws):
    n, thing = draws.integers(5, 9), draws.choice(THINGS)
    values = draws.sample(range(20, 400), n)
    title = TOPIC.format(thing=thing.capitalize(), n=n, year=draws.integers(1990, 2026))
    return {"title": title, "town": draws.sample(PLACES, n), thing: values}


def data_in(text):
    found = text[text.index("DATA = ") + len("DATA = ") :]
    return ast.literal_eval(found[: found.index("\n\n")])


def render_of(data, draws, plt=True):
    """One of many scripts that draw bars, so that few share a syntax tree."""
    _, town, thing = list(data)
    lines = [
        "def render(data):",
        f"    fig, ax = plt.subplots(figsize=({draws.choice([6, 7, 8])}, 4.5), layout='constrained')",
        f"    ax.bar(data[{town!r}], data[{thing!r}], color={draws.choice(['#386641', '#1d3557', '#9a031e'])!r})",
        f"    ax.set_ylabel({thing.capitalize()!r}, fontsize=12)",
        "    ax.set_title(data['title'], fontsize=14)",
        *draws.sample(
            [
                "    ax.grid(axis='y', alpha=0.3)",
                "    ax.set_axisbelow(True)",
                "    ax.spines['top'].set_visible(False)",
                "    ax.spines['right'].set_visible(False)",
                "    ax.set_xlabel('Town', fontsize=12)",
                "    ax.tick_params(labelsize=11)",
                "    ax.margins(x=0.02)",
                "    fig.set_facecolor('#fffdf7')",
            ],
            4,
        ),
        "    return fig",
    ]
    return ("import matplotlib.pyplot as plt\n\n\n" if plt else "") + "\n".join(lines) + "\n"


def second(question, town, thing, off):
    """The other way to say each program."""
    name = question.rpartition(" has ")[2].rstrip("?")
    bar = (re.findall(r"more than (\d+)", question) or ["0"])[0]
    for words, lines in (
        ("the most", [f"i = data[{thing!r}].index(max(data[{thing!r}]))", f"return data[{town!r}][i]"]),
        ("all towns", ["total = 0", f"for v in data[{thing!r}]:", "    total += v", f"return total + {off}"]),
        ("more than", [f"return len([v for v in data[{thing!r}] if v > {bar}]) + {off}"]),
        ("", [f"return data[{thing!r}][data[{town!r}].index({name!r})] + {off}"]),
    ):
        if words == "the most" and "exceed" in question:
            lines = [f"v = sorted(data[{thing!r}])", f"return v[-1] - v[0] + {off}"]
        elif words == "the most" and off:
            lines = [f"return data[{town!r}][0]"]
        if words in question:
            return "def answer(data):\n" + "".join(f"    {line}\n" for line in lines)
    raise AssertionError(question)


@contextmanager
def serving(model):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send(200, {}, json.dumps({"data": [{"id": "scripted"}]}))

        def do_POST(self):
            said = self.rfile.read(int(self.headers["Content-Length"]))
            if len(said) < int(self.headers["Content-Length"]):  # killed while it asked
                self.close_connection = True
                return
            found = model.reply(json.loads(said), self.headers)
            if found is None:
                self.close_connection = True
                self.connection.close()
            else:
                self.send(*found)

        def send(self, status, headers, text):
            data = text.encode()
            try:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)
            except OSError:  # killed while it waited
                self.close_connection = True

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
