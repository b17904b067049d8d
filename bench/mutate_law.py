"""How much of the law would be missed if it went wrong: change one thing at a time and see whether a situation notices.

Changed are the rows of every law book (left out, or one field of them: a measure, an element, a stance, a period, a date, a
mark …) and the rules of the law room in `basis`, `grounds`, `completeness` and `instrument` (a condition turned round, a
bound moved by one, a verdict exchanged, a rule left out). Texts and comments are not changed, nor what makes no difference to
the book that is read. A change is caught when the book is refused, or when a situation of ``lawbooks/cases`` finds other
than it says; the tests are not asked.

    python bench/mutate_law.py [--state FILE] [--only WORD] [--slice N] [--seed N] [--jobs N] [--least PERCENT]

With a state file the command can be stopped and started again: what was caught is not tried again, what survived is.
Survivors are listed; the share caught is printed last. Exit code 1 when it is below `--least`.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import multiprocessing
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from comity.casework.measure import GROUPS, Measure
from comity.errors import BrokenLawbook
from comity.law import assess, basis, completeness, grounds, instrument
from comity.law._row import Page
from comity.law.book import default_folder, renewed
from comity.law.provision import MARKS
from comity.law.situation import BondCase, Case, Cases, ChoiceCase, ClockCase, LineCase, Situation, load_cases
from comity.law.state import AUTHORISERS, CALENDARS, DAYS, REGIONS, ROLES, STANCES, SUBJECTS, TRADITIONS

MODULES: tuple[ModuleType, ...] = (basis, grounds, completeness, instrument)
TEXTS = frozenset({"en", "fa", "source", "id"})  # what people read, and names that are only names
MARK_FIELDS = frozenset({"sure", "signed_sure", "deposit_sure", "by_sure", "denounced_sure"})
CHOICES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(MARK_FIELDS, tuple(sorted(MARKS))),
    "stance": (*STANCES, "exists", "reserved", "postpone", "forbidden"),
    "need": ("always", "where-applicable"),
    "dual_criminality": ("not-required", "may-refuse", "required"),
    "bearer": ("requesting", "requested"),
    "by": AUTHORISERS,
    "urgent_by": AUTHORISERS,
    "role": ROLES,
    "subject": SUBJECTS,
    "category": ("subscriber", "traffic", "content", "other"),
    "calendar": CALENDARS,
    "region": REGIONS,
    "weekday": DAYS,
    "easter": ("western", "orthodox"),
    "moved": ("monday", "nearest", "next-working-day"),
    "tag": ("en", "fa", "xx"),
    "zone": ("UTC/Zulu", "Asia/Tehran", "Europe/Paris"),
    "state": ("QM", "QN"),
    "tradition": TRADITIONS,
}
OPTIONAL = frozenset({
    "any", "always_for", "assurance", "by", "closed_list", "denounced", "deposited", "deposited_by", "extendable",
    "first_of_month", "follows", "from", "least_penalty", "max_penalty", "may_require", "moved", "one_of", "requires_also",
    "same_as", "signed", "supplements", "to", "urgent_by",
})  # fmt: skip
PAIRED = {
    "signed": "signed_sure",
    "deposited": "deposit_sure",
    "deposited_by": "by_sure",
    "denounced": "denounced_sure",
}


@dataclass(frozen=True)
class Change:
    """One change: what it is called, where it is, and how to ask the situations under it."""

    name: str
    place: str
    run: Callable[[Cases], str]


# ── Changes of the books ────────────────────────────────────────────────────────────────────────────────────────────


def of_books(cases: Cases, seed: int) -> Iterator[Change]:
    """Every change of a row, book by book."""
    for page in cases.shelf:
        mark = page.sha256[:8]
        for title, tables in _rows(page, random.Random(f"{seed} {page.file}")):
            changed = replace(page, tables=tables)
            yield Change(f"{page.file} {mark} {title}", page.file, lambda cases, page=changed: ask_books(cases, page))


def _rows(page: Page, chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each changed form of the page's tables, with what was changed."""
    for table, found in page.tables.items():
        rows = found if isinstance(found, list) else [found]
        for number, row in enumerate(rows):
            if isinstance(found, list):
                yield f"[[{table}]] {number + 1} left out", _with(page, table, number, None)
            for title, new in _fields(page, row, chance):
                yield f"[{table}] {number + 1} {title}", _with(page, table, number, new)


def _with(page: Page, table: str, number: int, row: dict[str, Any] | None) -> dict[str, Any]:
    tables = dict(page.tables)
    if not isinstance(tables[table], list):
        tables[table] = row
    elif row is None:
        tables[table] = [*tables[table][:number], *tables[table][number + 1 :]]
    else:
        tables[table] = [*tables[table][:number], row, *tables[table][number + 1 :]]
    return tables


def _fields(page: Page, row: Mapping[str, Any], chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    founding = {measure["provision"] for measure in page.tables.get("measure", [])}
    for field, value in row.items():
        if field in TEXTS or field == "kind" or (field == "article" and row["id"] not in founding):
            continue  # the article of a measure is what a reservation is compared with
        if field in OPTIONAL:
            gone = {field, PAIRED.get(field, field)}
            yield f"without {field}", {name: item for name, item in row.items() if name not in gone}
        for title, new in _values(page, field, value, chance):
            yield f"{field} {title}", {**row, field: new}
        if field == "verified" and not value:
            yield (
                "verified",
                {**row, "verified": True, "from": row.get("from", min(date(1900, 1, 1), row.get("to", date.max)))},
            )
        if field == "verified" and value:
            yield "not verified", {**row, "verified": False}


def _values(page: Page, field: str, value: object, chance: random.Random) -> Iterator[tuple[str, object]]:
    """Other values of a field."""
    if field == "verified" or field in PAIRED.values():
        if field != "verified":
            yield "another", chance.choice([item for item in sorted(MARKS) if item != value])
    elif isinstance(value, bool):
        yield "turned round", not value
    elif isinstance(value, int):
        yield "one more", value + 1
    elif isinstance(value, date):
        yield "a day later", value + timedelta(days=1)
    elif isinstance(value, list):
        yield from _lists(page, field, value, chance)
    elif isinstance(value, str) and field.endswith(("period", "penalty")):
        yield "longer", _longer(value)
    elif isinstance(value, str) and field in CHOICES:
        yield "another", chance.choice([item for item in CHOICES[field] if item != value])
    elif isinstance(value, str) and field.endswith("provision"):
        names = sorted({row["id"] for row in page.tables["provision"]} - {value})
        yield "another", chance.choice(names)
    elif isinstance(value, str) and field in ("code", "same_as"):
        yield "another", chance.choice([f"uncc:{number}" for number in range(7, 18) if f"uncc:{number}" != value])
    elif isinstance(value, str) and field == "follows":
        yield "another", "interception" if value != "interception" else "preservation"
    elif isinstance(value, str) and field == "rule":
        yield "another", "costs" if value != "costs" else "consent"
    elif isinstance(value, str) and field == "article":
        yield "another", f"9{value}"


def _longer(value: str) -> str:
    count, _, unit = value.partition(" ")
    return f"{int(count) + 1} {unit.rstrip('s')}s" if unit else "1 month"


def _lists(page: Page, field: str, value: list[Any], chance: random.Random) -> Iterator[tuple[str, list[Any]]]:
    places = range(len(value))
    if field in ("with", "dates") and len(value) > 2:
        places = (0, chance.randrange(1, len(value) - 1), len(value) - 1)
    for place in places if len(value) > 1 else ():
        yield f"without {value[place]}", [*value[:place], *value[place + 1 :]]
    if field == "cites":
        names = sorted({row["id"] for row in page.tables["provision"]} - set(value))
        yield "another", [chance.choice(names), *value[1:]]
    if field == "measures":
        known = {row["id"] for row in page.tables.get("measure", [])} or set(Measure)
        for place, name in enumerate(value):
            if members := sorted(GROUPS.get(name, frozenset()) & known):
                out = chance.choice(members)
                yield (
                    f"{name} without {out}",
                    [*value[:place], *(item for item in members if item != out), *value[place + 1 :]],
                )
    if field == "dates":
        yield "first a day later", [value[0] + timedelta(days=1), *value[1:]]


def ask_books(cases: Cases, page: Page) -> str:
    """What notices that the book is `page`: a refusal or a situation; ``same`` when nothing was changed; or nothing."""
    read = [page]
    old = next(item for item in cases.shelf if item.file == page.file)
    if page.file.startswith("treaties/") and page.tables.get("offence") != old.tables.get("offence"):
        read += [item for item in cases.shelf if item.file.startswith("states/")]
    try:
        books = renewed(cases.books, read)
    except BrokenLawbook as error:
        return f"refused: {error.code}"
    name = Path(page.file).stem
    if (books.states if name in books.states else books.treaties).get(name) == (
        cases.books.states if name in cases.books.states else cases.books.treaties
    ).get(name):
        return "same"
    shelf = tuple(page if item.file == page.file else item for item in cases.shelf)
    under = replace(cases, shelf=shelf, books=books)
    return _noticed(under, _touching(cases, name), page.file)


def _touching(cases: Cases, name: str) -> list[Situation]:
    """The situations that can notice a change of the book `name`: of a State's only those that ask it."""
    if name not in cases.books.states:
        lines = [item for item in cases.situations if isinstance(item, LineCase) and item.book == name]
        return lines + [item for item in cases.situations if not isinstance(item, LineCase)]
    asked = [item for item in cases.situations if name in _asks(item)]
    return sorted(asked, key=lambda item: not isinstance(item, LineCase))


def _asks(situation: Situation) -> set[str]:
    """The States' books that `situation` asks."""
    if isinstance(situation, LineCase):
        return {situation.book}
    if isinstance(situation, ClockCase):
        return {situation.book, situation.state}
    if isinstance(situation, Case | ChoiceCase):
        return {situation.request.requesting, situation.request.requested}
    return set()


_KEEN: dict[str, list[str]] = {}
"""Which situations noticed something at a place, the latest first: they are asked first."""


def _noticed(cases: Cases, situations: list[Situation], place: str) -> str:
    keen = _KEEN.setdefault(place, [])
    order = {name: number for number, name in enumerate(keen)}
    for situation in sorted(situations, key=lambda item: order.get(item.head.id, len(order))):
        try:
            noticed = next(iter(cases.faults([situation])), None) is not None
        except Exception:  # noqa: BLE001 - whatever breaks has been noticed
            noticed = True
        if noticed:
            keen[:] = [situation.head.id, *(name for name in keen if name != situation.head.id)][:40]
            return situation.head.id
    return ""


# ── Changes of the rules ────────────────────────────────────────────────────────────────────────────────────────────

COMPARED: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,), ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}  # fmt: skip
NAMES = {
    "any": "all",
    "all": "any",
    "min": "max",
    "max": "min",
    "FAILED": "UNKNOWN",
    "UNKNOWN": "PASSED",
    "PASSED": "UNKNOWN",
}


def of_rules(cases: Cases) -> Iterator[Change]:
    """Every change of a rule's code, and every rule left out."""
    del cases
    for side, order in assess.ORDER.items():
        for rule in order:
            name = f"assess.ORDER {side} without {rule.__module__.rpartition('.')[2]}.{rule.__name__}"
            yield Change(name, "ORDER", lambda cases, side=side, rule=rule: ask_order(cases, side, rule))
    for module in MODULES:
        source = inspect.getsource(module)
        mark = sha256(source.encode()).hexdigest()[:8]
        name = module.__name__.rpartition(".")[2]
        for number, (title, _) in enumerate(_sites(ast.parse(source))):
            yield Change(
                f"{name} {mark} {title}", name, lambda cases, m=module, n=number: ask_rules(cases, m, _changed(m, n))
            )


def _changed(module: ModuleType, number: int) -> CodeType:
    """The code of `module` with its `number`-th change made."""
    tree = ast.parse(inspect.getsource(module))
    _, act = list(_sites(tree))[number]
    act()
    return compile(ast.fix_missing_locations(tree), module.__file__ or "", "exec")


def _sites(tree: ast.Module) -> Iterator[tuple[str, Callable[[], None]]]:
    """Every place of the module that can be changed, with how; in an order that is always the same."""
    for top in tree.body:
        if isinstance(top, ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign):
            skip = {id(node) for part in ast.walk(top) for node in _unread(part)}
            for node in ast.walk(top):
                if id(node) not in skip:
                    for title, act in _changes(node):
                        yield f"line {getattr(node, 'lineno', top.lineno)} {ast.unparse(node)[:60]!r}: {title}", act


def _unread(node: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, annotations and names of parameters inside `node`: the tests of the wording see to the names."""
    parts: list[ast.AST | None] = []
    if isinstance(node, ast.Dict):
        parts += [key for key in node.keys if isinstance(key, ast.Constant)]
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        parts.append(node.slice)
    if isinstance(node, ast.FunctionDef | ast.ClassDef) and isinstance(node.body[0], ast.Expr):
        parts.append(node.body[0])
    if isinstance(node, ast.ClassDef):
        parts += node.decorator_list
    if isinstance(node, ast.FunctionDef):
        parts += [node.returns, *(arg.annotation for arg in (*node.args.args, *node.args.kwonlyargs))]
    if isinstance(node, ast.AnnAssign):
        parts.append(node.annotation)
    for part in parts:
        yield from ast.walk(part) if part is not None else ()


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[], None]]]:
    """The changes that can be made to `node` itself: what each is called, and how it is made."""
    for title, field, value in (*_of_conditions(node), *_of_values(node)):
        yield title, lambda field=field, value=value: setattr(node, field, value)


def _of_conditions(node: ast.AST) -> Iterator[tuple[str, str, object]]:
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            for other in COMPARED[type(op)]:
                yield (
                    f"{type(op).__name__} to {other.__name__}",
                    "ops",
                    [*node.ops[:place], other(), *node.ops[place + 1 :]],
                )
    elif isinstance(node, ast.BoolOp):
        yield "and/or", "op", ast.Or() if isinstance(node.op, ast.And) else ast.And()
        for place in range(len(node.values) if len(node.values) > 2 else 0):
            yield f"without part {place + 1}", "values", [*node.values[:place], *node.values[place + 1 :]]
    elif isinstance(node, ast.If | ast.IfExp):
        yield "turned round", "test", ast.UnaryOp(ast.Not(), node.test)
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield "no condition", "ifs", []


def _of_values(node: ast.AST) -> Iterator[tuple[str, str, object]]:
    nothing = ast.Tuple([], ast.Load())
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        yield "plus/minus", "op", ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "turned round", "value", not node.value
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield "one more", "value", node.value + 1
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in ("", ", "):
        yield f"{node.value!r} to another", "value", f"{node.value}x"
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield f"{node.attr} to {NAMES[node.attr]}", "attr", NAMES[node.attr]
    elif isinstance(node, ast.Name) and node.id in NAMES:
        yield f"{node.id} to {NAMES[node.id]}", "id", NAMES[node.id]
    elif isinstance(node, ast.keyword) and node.arg in ("remedy", "fields"):
        yield f"no {node.arg}", "value", ast.Constant("") if node.arg == "remedy" else nothing
    elif isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) not in ("()", "None"):
        yield "returns nothing", "value", nothing


def ask_order(cases: Cases, side: assess.Side, rule: object) -> str:
    """What notices that `rule` is left out on `side`."""
    order = assess.ORDER[side]
    assess.ORDER[side] = tuple(item for item in order if item is not rule)
    try:
        return _noticed(cases, _of_requests(cases), "ORDER")
    finally:
        assess.ORDER[side] = order


def ask_rules(cases: Cases, module: ModuleType, code: CodeType) -> str:
    """What notices that `module` has the code `code`: its functions take the new bodies for as long as it is asked."""
    space = dict(vars(module))
    try:
        exec(code, space)
    except Exception as error:  # noqa: BLE001 - it does not even load
        return f"refused: {type(error).__name__}"
    undo: list[Callable[[], None]] = []
    for name, old in list(vars(module).items()):
        new = space.get(name)
        if isinstance(old, FunctionType) and isinstance(new, FunctionType) and old.__module__ == module.__name__:
            undo.append(_body(old, new))
        elif isinstance(old, type) and isinstance(new, type) and old.__module__ == module.__name__:
            for part, prop in list(vars(old).items()):
                if isinstance(prop, property) and isinstance(prop.fget, FunctionType):
                    undo.append(_body(prop.fget, vars(new)[part].fget))
        elif name.isupper() or (name.startswith("_") and name[1:].isupper()):
            undo.append(lambda name=name, old=old: setattr(module, name, old))
            setattr(module, name, new)
    try:
        return _noticed(cases, _of_requests(cases), module.__name__)
    finally:
        for back in undo:
            back()


def _body(old: FunctionType, new: FunctionType) -> Callable[[], None]:
    code, defaults = old.__code__, old.__defaults__
    old.__code__, old.__defaults__ = new.__code__, new.__defaults__

    def back() -> None:
        old.__code__, old.__defaults__ = code, defaults

    return back


def _of_requests(cases: Cases) -> list[Situation]:
    return [item for item in cases.situations if isinstance(item, Case | ChoiceCase | BondCase)]


# ── Asking ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_CASES: list[Cases] = []
_CHANGES: list[Change] = []


def _one(number: int) -> tuple[str, str]:
    change = _CHANGES[number]
    return change.name, change.run(_CASES[0])


def ask(cases: Cases, changes: list[Change], jobs: int, tell: Callable[[str, str], None]) -> None:
    """Ask the situations under each of `changes`, telling what noticed it."""
    _CASES[:], _CHANGES[:] = [cases], changes
    cases.books.provisions  # noqa: B018 - made once, before the processes part
    if jobs < 2:
        for number in range(len(changes)):
            tell(*_one(number))
        return
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for name, noticed in pool.imap_unordered(_one, range(len(changes)), chunksize=16):
            tell(name, noticed)


def main() -> None:
    """Try the changes and print the share that was caught."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, help="file that remembers what was caught")
    parser.add_argument("--only", default="", help="only changes whose name has this word, e.g. states/IR or grounds")
    parser.add_argument("--slice", type=int, default=0, help="only so many changes, chosen by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--least", type=float, default=0.0, help="share to reach, in percent")
    asked = parser.parse_args()
    cases = load_cases(default_folder())
    if fault := next(cases.faults(), None):
        raise SystemExit(f"A situation does not hold as it is: {fault[0].head.where}: {fault[1]}")
    known: dict[str, str] = json.loads(asked.state.read_text("utf-8")) if asked.state and asked.state.exists() else {}
    changes = [item for item in (*of_books(cases, asked.seed), *of_rules(cases)) if asked.only in item.name]
    if asked.slice:
        changes = random.Random(asked.seed).sample(changes, min(asked.slice, len(changes)))
    found = {item.name: known[item.name] for item in changes if known.get(item.name)}

    def tell(name: str, noticed: str) -> None:
        found[name] = noticed
        if asked.state and len(found) % 200 == 0:
            asked.state.write_text(json.dumps(known | found, ensure_ascii=False, indent=0), "utf-8")

    ask(cases, [item for item in changes if item.name not in found], asked.jobs, tell)
    if asked.state:
        asked.state.write_text(json.dumps(known | found, ensure_ascii=False, indent=0), "utf-8")
    report(found, asked.least)


def report(found: Mapping[str, str], least: float) -> None:
    """Print the survivors and the shares; leave with 1 when too few were caught."""
    changed = {name: noticed for name, noticed in found.items() if noticed != "same"}
    for name in sorted(name for name, noticed in changed.items() if not noticed):
        print(f"survived: {name}")
    for part in ("states/", "treaties/", ""):
        names = [name for name in changed if (name.startswith(part) if part else "/" not in name.split()[0])]
        caught = sum(bool(changed[name]) for name in names)
        if names:
            print(f"{part or 'rules'}: {caught} of {len(names)} caught ({100 * caught / len(names):.1f} %)")
    caught = sum(bool(noticed) for noticed in changed.values())
    share = 100 * caught / max(1, len(changed))
    print(f"{caught} of {len(changed)} changes caught: {share:.1f} % ({len(found) - len(changed)} made no difference)")
    sys.exit(share < least)


if __name__ == "__main__":
    main()
