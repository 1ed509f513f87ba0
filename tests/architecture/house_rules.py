"""What DESIGN.md asks of the code, as functions from sources to a list of complaints.

The functions know nothing of this repository: they take module names and source text, so that the tests of the rules
can feed them small invented modules.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

PACKAGE = "matchms_fingerprint"

LAYERS = {
    "constants": 0,
    "errors": 0,
    "records": 0,
    "kernels": 1,
    "io": 2,
    "chem": 3,
    "features": 4,
    "models": 5,
    "filters": 6,
    "candidates": 6,
    "annotation": 7,
    "similarity": 8,
    "training": 10,
    "evaluation": 9,
    "report": 9,
    "cli": 11,
}
"""Layer of each part of the package; an import goes to a lower layer or stays within its part."""

NOT_FOR_INFERENCE = ("training", "evaluation")
FORBIDDEN_FILE_NAMES = ("util.py", "utils.py", "helpers.py", "misc.py")
FOREIGN_TO_KERNELS = ("matchms", "torch")
PICKLING_MODULES = ("pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve", "marshal")
PICKLING_CALLS = ("torch.load", "torch.save", "read_pickle", "to_pickle", "load_from_checkpoint")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60


@dataclass(frozen=True)
class Module:
    """One module: its dotted name, its source, and whether it is the `__init__` of a package."""

    name: str
    source: str
    is_package: bool = False

    @property
    def part(self) -> str:
        """The part of the package it belongs to: `io` for `matchms_fingerprint.io.spectra`, "" for the root."""
        return part_of(self.name)

    @property
    def tree(self) -> ast.Module:
        """The parsed source."""
        return ast.parse(self.source)


@dataclass(frozen=True)
class Arrow:
    """An import: who, what, and in which line."""

    source: str
    target: str
    line: int

    def __str__(self) -> str:
        return f"{self.source}:{self.line} imports {self.target}"


def part_of(name: str) -> str:
    """Return the second component of a dotted name inside the package."""
    pieces = name.split(".")
    return pieces[1] if len(pieces) > 1 else ""


def imports(module: Module, known: Collection[str]) -> Iterator[Arrow]:
    """Yield every import of a module, those inside functions too.

    `from a import b` counts as an import of `a.b` where that is a module (`known` holds all names), else of `a`.
    What stands under `if TYPE_CHECKING` counts as well, except in an `__init__.py`, whose lazy names need it.
    """
    exempt = set(_lines_for_type_checkers(module.tree)) if module.is_package else set()
    for node in ast.walk(module.tree):
        if getattr(node, "lineno", None) in exempt:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Arrow(module.name, alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = _base_of(node, module)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield Arrow(module.name, inner if inner in known else base, node.lineno)
        elif isinstance(node, ast.Call) and _dotted(node.func).split(".")[-1] in ("import_module", "__import__"):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield Arrow(module.name, first.value, node.lineno)


def upward_arrows(modules: Collection[Module], layers: Mapping[str, int] = LAYERS) -> list[str]:
    """Return the imports that do not point down: to a higher layer, to a sibling part, or to an unknown part."""
    complaints = []
    for module in modules:
        for arrow in _arrows_inside(module, modules):
            source, target = module.part, part_of(arrow.target)
            if source == "":
                continue
            if source not in layers:
                complaints.append(f"{module.name} is in no layer of DESIGN.md")
            elif target == "":
                if not _is_version_only(module, arrow):
                    complaints.append(f"{arrow}: the root re-exports what lies above")
            elif target not in layers or (target != source and layers[target] >= layers[source]):
                complaints.append(f"{arrow}: not a lower layer")
    return sorted(set(complaints))


def circles(modules: Collection[Module]) -> list[str]:
    """Return one path for each group of modules that import each other in a circle."""
    graph = {module.name: {arrow.target for arrow in _arrows_inside(module, modules)} for module in modules}
    found: dict[frozenset[str], str] = {}
    for start in sorted(graph):
        path = _path_back(graph, start)
        if path and frozenset(path) not in found:
            found[frozenset(path)] = " -> ".join(path)
    return sorted(found.values())


def foreign_imports(modules: Collection[Module], part: str, foreign: Collection[str]) -> list[str]:
    """Return imports of the libraries `foreign` made within one part of the package."""
    return [
        str(arrow)
        for module in modules
        if module.part == part
        for arrow in imports(module, _names(modules))
        if arrow.target.split(".")[0] in foreign
    ]


def training_imports(modules: Collection[Module]) -> list[str]:
    """Return imports of training or evaluation made anywhere but there and in the command line."""
    return [
        str(arrow)
        for module in modules
        if module.part not in (*NOT_FOR_INFERENCE, "cli")
        for arrow in _arrows_inside(module, modules)
        if part_of(arrow.target) in NOT_FOR_INFERENCE
    ]


def pickling(modules: Collection[Module]) -> list[str]:
    """Return the places that read or write pickles."""
    complaints = []
    for module in modules:
        for arrow in imports(module, _names(modules)):
            if arrow.target.split(".")[0] in PICKLING_MODULES:
                complaints.append(str(arrow))
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            name = _dotted(node.func)
            if any(name == call or name.endswith(f".{call}") for call in PICKLING_CALLS):
                complaints.append(f"{module.name}:{node.lineno} calls {name}")
            if any(word.arg == "allow_pickle" and not _is_false(word.value) for word in node.keywords):
                complaints.append(f"{module.name}:{node.lineno} allows pickles")
    return complaints


def forbidden_names(paths: Collection[str]) -> list[str]:
    """Return the files whose name says nothing about what is in them."""
    return [path for path in paths if path.rsplit("/", 1)[-1] in FORBIDDEN_FILE_NAMES]


def long_files(modules: Collection[Module], limit: int = MAX_FILE_LINES) -> list[str]:
    """Return the modules with more than `limit` lines."""
    lengths = {module.name: len(module.source.splitlines()) for module in modules}
    return [f"{name}: {length} lines" for name, length in lengths.items() if length > limit]


def long_functions(modules: Collection[Module], limit: int = MAX_FUNCTION_LINES) -> list[str]:
    """Return the functions with more than `limit` lines from `def` to the end, the docstring not counted."""
    complaints = []
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = _length_without_docstring(node)
                if length > limit:
                    complaints.append(f"{module.name}:{node.lineno} {node.name}: {length} lines")
    return complaints


def unknown_entries(entries: Collection[str], allowed: Collection[str]) -> list[str]:
    """Return the entries that are neither allowed nor dot-files."""
    return sorted(entry for entry in entries if entry not in allowed and not entry.startswith("."))


def _names(modules: Collection[Module]) -> set[str]:
    return {module.name for module in modules}


def _arrows_inside(module: Module, modules: Collection[Module]) -> list[Arrow]:
    found = imports(module, _names(modules))
    return [arrow for arrow in found if arrow.target.split(".")[0] == PACKAGE]


def _base_of(node: ast.ImportFrom, module: Module) -> str:
    if node.level == 0:
        return node.module or ""
    pieces = module.name.split(".")
    keep = len(pieces) - node.level + (1 if module.is_package else 0)
    return ".".join([*pieces[:keep], *([node.module] if node.module else [])])


def _is_version_only(module: Module, arrow: Arrow) -> bool:
    """Tell whether the import in that line takes nothing but `__version__` from the root."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.lineno == arrow.line
        and [alias.name for alias in node.names] == ["__version__"]
        for node in ast.walk(module.tree)
    )


def _lines_for_type_checkers(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and _dotted(node.test).split(".")[-1] == "TYPE_CHECKING":
            for statement in node.body:
                yield from range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _length_without_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is not None:
        text = node.body[0]
        length -= (text.end_lineno or text.lineno) - text.lineno + 1
    return length


def _path_back(graph: Mapping[str, set[str]], start: str) -> list[str]:
    """Return a shortest path from `start` to itself along the arrows, or an empty list."""
    came_from: dict[str, str] = {}
    queue = deque([start])
    while queue:
        name = queue.popleft()
        for target in sorted(graph.get(name, ())):
            if target == start:
                path = [start]
                while name != start:
                    path.append(name)
                    name = came_from[name]
                return [start, *reversed(path)]
            if target not in came_from:
                came_from[target] = name
                queue.append(target)
    return []
