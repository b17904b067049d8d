"""The walls of the house, held from the first commit: who may import whom, and who may write.

The plan below is docs/ARCHITECTURE.md's drawing as a dictionary. Every module of src/comity must have a place
in it. The checks read the sources with `ast` and import nothing; an import inside a function or under
TYPE_CHECKING counts like any other. Each check is first tried on a planted fault, because a wall that was
never leaned on may be painted paper.
"""

import ast
import graphlib
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Check = Callable[[dict[str, str]], list[str]]

SRC = Path(__file__).parent.parent / "src"

PLAN = {
    "6 frame, where doors are hung": "node.urls node.wsgi",
    "5 doors": "node.officers node.peers node.providers node.public node.management node.run",
    "4 writers": "node.desk node.courier node.feeding",
    "3 tables, blobs, settings": "node node.apps node.models node.migrations node.vault node.settings node.archive node.bell"
    " node.django_settings node.database node.postgresql node.letter node.letters node.quota",
    # ─── Django stops here ───
    "2.5 outside the office": "cli conformance demo verify __main__",
    "2 what crosses the border": "wire sharing",
    "1.5 what people read": "wording",
    "1 judgement, trust, memory": "law assistance reporting seal ledger",
    "0 vocabulary": "comity casework errors",
}
FLOOR = {room: float(floor.split()[0]) for floor, rooms in PLAN.items() for room in rooms.split()}

# Rooms on one floor do not know each other, but for these: (from, to): the modules that may be known.
SIDE_DOORS = {
    ("casework", "errors"): ("comity.errors",),
    ("ledger", "seal"): ("comity.seal.keys", "comity.seal.canon", "comity.seal.merkle"),  # it signs its heads
    ("node.courier", "node.desk"): ("comity.node.desk",),
    ("node.courier", "node.feeding"): ("comity.node.feeding",),
    ("node.feeding", "node.desk"): ("comity.node.desk.feeds",),
    ("node.django_settings", "node.settings"): ("comity.node.settings",),
    ("node.django_settings", "node.database"): ("comity.node.database",),
    ("node.settings", "node.database"): ("comity.node.database",),
    ("node.archive", "node.models"): ("comity.node.models",),
    ("node.archive", "node.settings"): ("comity.node.settings",),
    ("node.run", "node.management"): ("comity.node.management",),
    ("node.letter", "node.letters"): ("comity.node.letters",),
    ("node.quota", "node.settings"): ("comity.node.settings",),
    ("wire", "sharing"): (  # what is said about copies crosses the border too; warnings go to many, requests to one
        "comity.sharing.notices",
        "comity.sharing.stix",
        "comity.sharing.tlp",
    ),
    ("cli", "conformance"): ("comity.conformance",),
    ("cli", "demo"): ("comity.demo",),
    ("cli", "verify"): ("comity.verify",),
    ("demo", "verify"): ("comity.verify",),
    ("__main__", "cli"): ("comity.cli",),
}

# Below, and yet not to be seen: cryptography is reviewed without reading a treaty.
BLIND = {("seal", "casework"), ("ledger", "casework")}

ROOTS = ("comity", "comity.node")  # what is imported from these is a room
WRITERS = ("node.desk", "node.migrations")
WRITES = {"save", "create", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
WRITES |= {f"a{verb}" for verb in WRITES}  # acreate …
WRITES_OF_QUERIES = {"update", "aupdate"}  # dictionaries have one too: only in a chain from `objects`


def room_of(module: str) -> str:
    """Return the room that a module belongs to, e.g. ``node.desk`` for ``comity.node.desk.requested``."""
    _, *path = module.split(".")
    return ".".join(path[: 2 if path[:1] == ["node"] else 1]) or "comity"


def imports(sources: dict[str, str], module: str) -> Iterator[str]:
    """Yield the full name of everything that a module imports: of the module where there is one."""
    for node in ast.walk(ast.parse(sources[module])):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                is_package = any(other.startswith(f"{module}.") for other in sources)
                parents = module.split(".")
                parents = parents[: len(parents) + is_package - node.level]
                base = ".".join([*parents, base] if base else parents)
            for alias in node.names:
                name = f"{base}.{alias.name}"
                yield name if name in sources or base in ROOTS else base


def unplaced(sources: dict[str, str]) -> list[str]:
    """Modules without a place in the plan."""
    return [f"{module} has no floor: give its room one" for module in sources if room_of(module) not in FLOOR]


def upward(sources: dict[str, str]) -> list[str]:
    """Imports that go up, sideways without a side door, or into a room that must not be seen."""
    faults = []
    for module in sources:
        here = room_of(module)
        for name in imports(sources, module):
            there = room_of(name)
            if name.split(".")[0] != "comity" or here == there or there not in FLOOR or here not in FLOOR:
                continue
            if FLOOR[there] > FLOOR[here]:
                faults.append(f"{module} imports {name}: imports only go down")
            elif (here, there) in BLIND:
                faults.append(f"{module} imports {name}: {here} knows no {there}")
            elif FLOOR[there] == FLOOR[here] and not _has_side_door(here, there, name):
                faults.append(f"{module} imports {name}: rooms on one floor do not know each other")
    return faults


def _has_side_door(here: str, there: str, name: str) -> bool:
    return f"{name}.".startswith(tuple(f"{known}." for known in SIDE_DOORS.get((here, there), ())))


def foreign(sources: dict[str, str]) -> list[str]:
    """Vocabulary that needs more than the standard library, and Django outside the office."""
    faults = []
    for module in sources:
        for name in imports(sources, module):
            top = name.split(".")[0]
            if FLOOR.get(room_of(module)) == 0 and top not in {"comity", *sys.stdlib_module_names}:
                faults.append(f"{module} imports {name}: vocabulary needs the standard library only")
            elif top == "django" and not f"{module}.".startswith("comity.node."):
                faults.append(f"{module} imports {name}: Django stays in comity.node")
    return faults


def writing(sources: dict[str, str]) -> list[str]:
    """Database writes outside the desk."""
    faults = []
    for module, source in sources.items():
        if not module.startswith("comity.node.") or room_of(module) in WRITERS:
            continue
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            verb = node.func.attr
            if verb in WRITES or (verb in WRITES_OF_QUERIES and "objects" in _chain(node.func)):
                faults.append(f"{module}:{node.lineno} calls .{verb}(): only the desk writes")
    return faults


def _chain(node: ast.AST) -> set[str]:
    """Return the attribute names that an expression goes through: {objects, filter, update}."""
    return {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}


def cyclic(sources: dict[str, str]) -> list[str]:
    """Report one import cycle among modules, if there is any."""
    graph = {module: {*imports(sources, module)} & sources.keys() - {module} for module in sources}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return ["import cycle: " + " -> ".join(error.args[1])]
    return []


def leaning(sources: dict[str, str]) -> list[str]:
    """Imports of test files: what two of them need stands in a module beside them."""
    return [
        f"{module} imports {name}: nothing is taken from a test file"
        for module in sources
        for name in imports(sources, module)
        if re.search(r"(^|\.)test_", name)
    ]


def doubled(sources: dict[str, str]) -> list[str]:
    """Functions of two lines or more that stand word for word in two test modules: what both need stands in one beside them."""
    found: dict[str, str] = {}
    faults = []
    for module, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            body = node.body[ast.get_docstring(node) is not None :] if isinstance(node, ast.FunctionDef) else []
            first = found.setdefault(ast.dump(ast.Module(body, [])), module) if len(body) > 1 else module
            if first != module:
                faults.append(f"{module} has {node.name} of {first} once more")
    return faults


def read(root: Path, pattern: str) -> dict[str, str]:
    """Read every module under `root` whose path is as `pattern`: name -> source."""
    files = {path.relative_to(root).with_suffix(""): path for path in sorted(root.glob(pattern))}
    return {".".join(name.parts).removesuffix(".__init__"): path.read_text("utf-8") for name, path in files.items()}


@pytest.mark.parametrize("check", [unplaced, upward, foreign, writing, cyclic])
def test_the_house_stands(check: Check) -> None:
    """No module breaks the plan."""
    sources = read(SRC, "comity/**/*.py")
    assert "comity.errors" in sources
    assert check(sources) == []


def test_test_files_stand_alone() -> None:
    """Each test file can be changed, or taken away, without a look at the others."""
    sources = read(Path(__file__).parent, "**/*.py")
    assert "test_floors" in sources
    assert leaning(sources) == []


def test_nothing_stands_twice_in_the_tests() -> None:
    """What is mended in one place is mended for all."""
    assert doubled(read(Path(__file__).parent, "*.py")) == []


PLANTED = [
    (unplaced, {"comity.utils": ""}, "comity.utils has no floor"),
    (unplaced, {"comity.node.helpers.text": ""}, "has no floor"),
    (upward, {"comity.law.book": "import comity.wire.messages"}, "only go down"),
    (upward, {"comity.seal.keys": "def f():\n    from comity.node import models"}, "only go down"),
    (upward, {"comity.verify": "from comity.node.models import Case"}, "only go down"),
    (upward, {"comity.wire.a": "from ..node import models"}, "only go down"),
    (upward, {"comity.node.desk.registry": "from comity.node.officers import pages"}, "only go down"),
    (upward, {"comity.law.clocks": "from comity import seal", "comity.seal": ""}, "do not know each other"),
    (upward, {"comity.ledger.log": "from comity.seal.trust import Anchor"}, "do not know each other"),
    (upward, {"comity.seal.keys": "from comity.ledger import log"}, "do not know each other"),
    (upward, {"comity.node.peers.views": "import comity.node.officers"}, "do not know each other"),
    (upward, {"comity.node.desk.registry": "import comity.node.courier"}, "do not know each other"),
    (upward, {"comity.seal.trust": "from comity.casework.request import Request"}, "seal knows no casework"),
    (foreign, {"comity.casework.request": "import cryptography"}, "standard library only"),
    (foreign, {"comity.errors": "import django.core"}, "standard library only"),
    (foreign, {"comity.demo.walk": "from django.conf import settings"}, "Django stays in"),
    (writing, {"comity.node.officers.pages": "Case.objects.filter(id=1).update()"}, ":1 calls .update()"),
    (writing, {"comity.node.courier": "Item.objects.create(kind='post')"}, "only the desk writes"),
    (writing, {"comity.node.models": "def close(self):\n    self.save()"}, ":2 calls .save()"),
    (writing, {"comity.node.public.views": "await Report.objects.acreate()"}, "calls .acreate()"),
    (cyclic, {"comity.law.a": "from . import b", "comity.law.b": "import comity.law.a"}, "cycle"),
    (leaning, {"test_a": "from test_b import Browser"}, "taken from a test file"),
    (doubled, dict.fromkeys(("a", "b"), "def f():\n    x = 1\n    return x"), "b has f of a once more"),
    (leaning, {"browsing": "def f():\n    import test_b as there"}, "taken from a test file"),
]


@pytest.mark.parametrize(("check", "sources", "expected"), PLANTED)
def test_a_planted_fault_is_found(check: Check, sources: dict[str, str], expected: str) -> None:
    """Each check sees the fault that it is there for."""
    faults = check(sources)
    assert len(faults) == 1
    assert expected in faults[0]


@pytest.mark.parametrize(
    "sources",
    [
        {"comity.ledger.log": "from comity.seal import keys", "comity.seal.keys": "import comity.errors"},
        {"comity.node.courier": "from comity.node.desk.requesting import deliver"},
        {"comity.node.desk.requested": "Case.objects.create()\nimport comity.law.assess"},
        {"comity.node.officers.pages": "from django import forms\nfrom comity.node.desk import requesting"},
        {"comity.node.vault": "hasher.update(chunk)\nfrom comity.seal import stream"},
        {"comity.casework": "from .request import Request", "comity.casework.request": "import re"},
        {"comity.cli": "import typer\nfrom comity import verify", "comity.verify": "import comity.wire"},
    ],
)
def test_honest_code_passes(sources: dict[str, str]) -> None:
    """The checks do not cry wolf."""
    assert [fault for check in (unplaced, upward, foreign, writing, cyclic, leaning) for fault in check(sources)] == []
