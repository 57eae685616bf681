"""The code contract as far as it can be seen without running: DATA apart from render(data).

A script holds imports, DATA (a literal, or computed from literals), render(data), functions that render calls, and
constants of style. What lies outside, such as a call of render or of plt.show at the end, is taken off; everything else
that breaks the contract has a reason. A program is a script too, with one function answer(data).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

_BUILTINS = """
abs bool dict divmod enumerate float int len list map max min pow range reversed round set sorted str sum tuple zip
"""
PURE = frozenset(_BUILTINS.split())
HIDDEN = 3  # numbers of DATA in a row that are written out a second time: a copy of the data
_CALLS = frozenset({"show", "close", "savefig", "render", "print", "switch_backend", "use"})


class Broken(ValueError):
    """A script that breaks the contract: the message is the reason it is counted by, `detail` says where."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


def parsed(code: str) -> ast.Module:
    """The script's tree; Broken if it is no Python."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        raise Broken("not Python", f"{type(error).__name__}: {error}" + (f" (line {line})" if line else "")) from None


def contracted(code: str) -> str:
    """The script as the contract wants it, calls at its end taken off; Broken where that is not enough."""
    tree = parsed(code)
    kept: list[ast.stmt] = []
    for node in tree.body:
        if _is_call(node) or _is_main(node):
            continue
        kept.append(node)
    _judge_top(kept)
    lines = code.splitlines(keepends=True)
    gone = {
        number
        for node in tree.body
        if node not in kept
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    shared = {number for node in kept for number in range(_first(node), (node.end_lineno or node.lineno) + 1)}
    if gone & shared:
        raise Broken("several statements on one line", f"line {min(gone & shared)}")
    text = "".join(line for number, line in enumerate(lines, 1) if number not in gone)
    return text.rstrip() + "\n"


def _first(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def _is_call(node: ast.stmt) -> bool:
    """Whether a statement only draws, shows or saves: render(DATA), fig = render(DATA), plt.show()."""
    value = node.value if isinstance(node, ast.Expr | ast.Assign) else None
    if not isinstance(value, ast.Call):
        return False
    called = value.func
    name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
    return name in _CALLS


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}


def _judge_top(body: list[ast.stmt]) -> None:
    literals: set[str] = set()
    functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    datas = 0
    for node in body:
        where = f"line {node.lineno}"
        match node:
            case ast.Import() | ast.ImportFrom() | ast.FunctionDef():
                continue
            case ast.Expr(value=ast.Constant(value=str())):
                continue
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                if name == "DATA":
                    datas += 1
                    if bad := _not_literal(value, literals):
                        raise Broken("DATA is not made of literals", f"{where}: {bad}")
                if not _not_literal(value, literals):
                    literals.add(name)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=value))) if _root(value) not in ("DATA", ""):
                continue  # a setting of a library: sns.set_theme(), plt.rcParams.update(...), plt.style.use(...)
            case ast.Assign(targets=[ast.Subscript(value=value)]) if _root(value) not in ("DATA", ""):
                continue  # likewise plt.rcParams["font.size"] = 12
            case _:
                raise Broken("work outside DATA and render", f"{where}: {ast.unparse(node)[:60]}")
    if datas != 1:
        raise Broken("no DATA" if not datas else "DATA is assigned twice")
    _judge_render(functions, body, literals)


def _judge_render(functions: dict[str, ast.FunctionDef], body: list[ast.stmt], literals: set[str]) -> None:
    render = functions.get("render")
    if render is None:
        raise Broken("no render")
    spec = render.args
    required = len(spec.posonlyargs) + len(spec.args) - len(spec.defaults)
    if required != 1 or spec.vararg or spec.kwonlyargs or spec.kwarg or spec.defaults:
        raise Broken("render does not take the data alone", ast.unparse(spec)[:60])
    parameter = (spec.posonlyargs + spec.args)[0].arg
    if not _reads(render, parameter):
        raise Broken("render does not read its data")
    data = next(n for n in body if isinstance(n, ast.Assign | ast.AnnAssign) and "DATA" in _targets(n))
    numbers = [value for run in _runs(data) for value in run]
    for name, function in functions.items():
        read = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        if "DATA" in read:
            raise Broken("render reads DATA past its argument", f"in {name}")
        if {"globals", "eval", "exec", "compile", "__import__", "open"} & read - functions.keys():
            raise Broken("render reads past its argument", f"in {name}")
        if hazard := _hazard(function):
            raise Broken("render draws at random", f"in {name}: {hazard}")
    for node in body:
        if node is not data and (run := _copied(node, numbers)):
            raise Broken("numbers of DATA are written out again", f"line {node.lineno}: {run}")


def _targets(node: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _not_literal(value: ast.expr, literals: set[str]) -> str:
    """What in an expression is neither literal nor computed from literals; "" if nothing."""
    own = {n.id for n in ast.walk(value) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {argument.arg for n in ast.walk(value) if isinstance(n, ast.arguments) for argument in n.args}
    for node in ast.walk(value):
        if isinstance(node, ast.Name) and node.id not in own | literals | PURE | {"math"}:
            return node.id
        if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
            return type(node).__name__
    return ""


def _reads(function: ast.FunctionDef, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in ast.walk(function))


def _hazard(function: ast.FunctionDef) -> str:
    """A call that draws at random without a seed, or reads a clock."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            parts = called.split(".")
            if parts[-1] in ("default_rng", "RandomState", "Random") and not (node.args or node.keywords):
                return called
            if "random" in parts[:-1] and parts[-1] not in ("default_rng", "RandomState", "Random", "seed"):
                return called
            clock = parts[-1] in ("now", "today", "time", "urandom", "uuid4")
            if clock and parts[0] in ("time", "datetime", "date", "os", "uuid"):
                return called
    return ""


def _runs(node: ast.AST) -> Iterator[list[float]]:
    """The numbers of every list, tuple or mapping that is written out, in order."""
    for each in ast.walk(node):
        if isinstance(each, ast.List | ast.Tuple | ast.Set):
            items: list[ast.expr] = each.elts
        elif isinstance(each, ast.Dict):
            items = each.values
        else:
            continue
        numbers = [item.value for item in items if isinstance(item, ast.Constant) and type(item.value) in (int, float)]
        if numbers:
            yield [float(number) for number in numbers if isinstance(number, int | float) and abs(number) < 1e300]


def _copied(node: ast.AST, numbers: list[float]) -> list[float]:
    """Numbers in a row that stand in DATA in that order too; [] where fewer than HIDDEN, or steps of an axis."""
    for run in _runs(node):
        if len(run) < HIDDEN or len(set(run)) < HIDDEN or len({round(b - a, 9) for a, b in pairwise(run)}) == 1:
            continue
        if all(value in (0, 1) or 0 <= value < 1 for value in run):  # a colour, a place
            continue
        if any(run == numbers[k : k + len(run)] for k in range(len(numbers) - len(run) + 1)):
            return run
    return []


def program(code: str) -> str:
    """A program that defines answer(data), calls at its end taken off; Broken where it cannot be one."""
    tree = parsed(code)
    function = next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "answer"), None)
    if function is None:
        raise Broken("no answer(data)")
    spec = function.args
    given = spec.posonlyargs + spec.args
    if not given or len(given) - len(spec.defaults) > 1 or (spec.kwonlyargs and None in spec.kw_defaults):
        raise Broken("answer does not take the data alone", ast.unparse(spec)[:60])
    if not _reads(function, given[0].arg):
        raise Broken("the program reads nothing")
    for node in tree.body:
        fine = isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.Assign | ast.AnnAssign)
        if not fine and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.Call)):
            raise Broken("work outside answer(data)", f"line {node.lineno}")
    if hazard := _hazard(function):
        raise Broken("the program draws at random", hazard)
    if names := {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} & {"open", "exec", "eval", "__import__"}:
        raise Broken("the program reaches outside", ", ".join(sorted(names)))
    drop = {n.lineno for n in tree.body if isinstance(n, ast.Expr) and isinstance(n.value, ast.Call)}
    ends = {n.lineno: n.end_lineno or n.lineno for n in tree.body}
    gone = {line for first in drop for line in range(first, ends[first] + 1)}
    return "".join(line for number, line in enumerate(code.splitlines(keepends=True), 1) if number not in gone)


def exact(code: str, name: str) -> str:
    """The program with a second function beside answer, which rounds nothing; "" where answer rounds nothing either."""
    tree = ast.parse(code)
    function = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "answer")
    unrounded = _Unrounded()
    changed = unrounded.visit(function)
    if not unrounded.found:
        return ""
    changed.name = name
    return f"{code.rstrip()}\n\n\n{ast.unparse(ast.fix_missing_locations(changed))}\n"


class _Unrounded(ast.NodeTransformer):
    found = False

    def visit_Call(self, node: ast.Call) -> ast.expr:
        first = node.args[0] if len(node.args) == 1 and not node.keywords else None
        if isinstance(node.func, ast.Name) and node.func.id == "int" and isinstance(first, ast.Call):
            before, self.found = self.found, False
            inner = self.visit_Call(first)
            rounded, self.found = inner is not first, before or self.found
            if rounded:  # the int of what was rounded would cut off what no longer is
                return inner
            node.args = [inner]
        self.generic_visit(node)
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if called not in ("round", "around", "round_") or not (node.args or isinstance(node.func, ast.Attribute)):
            return node
        self.found = True
        bare = isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Name)
        return node.func.value if bare and isinstance(node.func, ast.Attribute) else node.args[0]
