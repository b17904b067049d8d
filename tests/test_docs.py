"""The documents are held to the code: what they list is all there is, what they name exists, their bytes are recomputed."""

import ast
import json
import pkgutil
import re
import subprocess
import sys
import tempfile
from dataclasses import MISSING, Field, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_origin, get_type_hints

import frozen
import pytest
import spoken
import typer.main
from frozen import bytes_of

from comity import cli
from comity.assistance import _checks, needs, programme, topics
from comity.casework import request
from comity.casework.act import FORMS
from comity.casework.evidence import Custody, Exhibit, Manifest
from comity.casework.lifecycle import LIFE, TABLE, Act, Kind
from comity.casework.measure import COERCIVE, LIVES, TRAFFIC_AND_CONTENT, Life, Measure
from comity.ledger import checkpoint, log
from comity.node.desk import assistance as desk_assistance
from comity.node.desk import communities as desk_communities
from comity.node.desk import programmes as desk_programmes
from comity.node.desk import standing as desk_standing
from comity.reporting import axes, release, tables
from comity.seal import _names, canon, container, envelope, keys, merkle, stamp, stream, trust
from comity.sharing import notices
from comity.verify import CHECKS
from comity.wire import (
    _entry,
    assistance,
    bag,
    calls,
    communities,
    directory,
    dossier,
    exchange,
    messages,
    proofs,
    shares,
    stamps,
    standing,
    transport,
)
from comity.wording.terms import ACCOUNT_KINDS

ROOT = Path(__file__).parent.parent
SRC = ROOT / "src" / "comity"
PAGES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8") for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
}
PROTOCOL, OPERATIONS = PAGES["docs/PROTOCOL.md"], PAGES["docs/OPERATIONS.md"]
ALL = "\n".join(PAGES.values())
AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def rows(page: str) -> dict[str, str]:
    """The rows of a page's tables whose first cell is one name in code: name -> the row; a name stands once."""
    found: dict[str, str] = {}
    for line in page.splitlines():
        if name := re.match(r"\| `([^`]+)` \|", line):
            assert name[1] not in found, f"{name[1]} has two rows"
            found[name[1]] = line
    return found


def section(page: str, title: str) -> str:
    """The part of `page` below the heading `title`, to the next heading of its level or above."""
    head, _, rest = page.partition(f"\n{title}\n")
    assert rest, f"no heading {title!r} after {len(head)} characters"
    level = len(title) - len(title.lstrip("#"))
    return re.split(rf"^#{{1,{level}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


# ---------------------------------------------------------------------------------------- what is listed is all there is


def test_every_setting_has_its_row():
    """docs/OPERATIONS.md describes each setting of node.toml, and no other."""
    from comity.node import settings

    assert set(rows(section(OPERATIONS, "## Settings"))) == set(settings._TYPES)


def test_every_file_of_a_home_folder_is_described(tmp_path):
    """What `comity node init` leaves is named in docs/OPERATIONS.md, each key with its own row."""
    home, page = tmp_path / "QA", section(OPERATIONS, "## The home folder")
    command = [sys.executable, "-m", "comity.node.run", "init", str(home), "--state", "QA"]
    command += ["--officers", "https://127.0.0.1:9441", "--peers", "https://127.0.0.1:9442"]
    subprocess.run(command, check=True, capture_output=True)
    listed = rows(page)
    for path in [*home.iterdir(), *(home / "keys").iterdir()]:
        if path.name.endswith(("-wal", "-shm")) or path.name.startswith("test"):
            continue
        name = path.name + "/" * path.is_dir()
        assert name in listed or f"keys/{name}" in listed, name


def test_every_act_and_its_fields():
    """docs/PROTOCOL.md lists each kind of act with exactly its body's fields."""
    listed = rows(section(PROTOCOL, "### Kinds and their bodies"))
    assert set(listed) == set(Kind)
    for kind, row in listed.items():
        assert set(re.findall(r"`(\w+)`", row.split("|")[2])) == set(FORMS[Kind(kind)]), kind


def test_every_measure_and_its_life():
    """docs/PROTOCOL.md lists each measure with its life and what else decides its rows."""
    marks = {"coercive": COERCIVE, "over time": TRAFFIC_AND_CONTENT}
    assert rows(section(PROTOCOL, "### Measures")) == {
        measure: f"| `{measure}` | {LIVES[measure]} | "
        f"{', '.join(word for word, those in marks.items() if measure in those) or '–'} |"
        for measure in Measure
    }


GUARDS = {
    "checked": "checked", "not_by_author": "four eyes", "not_by_decider": "four eyes", "assessed": "assessed",
    "consulted": "consulted", "as_approved": "as approved", "still_authorised": "authorised", "later": "later",
    "as_executed": "as executed", "as_accepted": "as accepted", "as_disclosed": "as disclosed", "agreed": "agreed",
    "was_consulted": "after consultation", "as_told": "as told", "as_decided": "as accepted", "flagged": "flagged",
    "more_due": "something missing", "all_done": "nothing missing", "not_disclosed_before": "new", "in_time": "in time",
    "done_in_time": "done in time", "to_come": "to come", "was_asked": "asked", "as_received": "as received",
    "all_verified": "all verified", "few": "few", "accepted": "accepted", "consents": "consents", "held": "held",
    "unfinished": "unfinished", "as_asked": "as asked", "reached": "authorised so far", "told": "told",
    "period_agreed": "period agreed", "hindered": "hindered", "conduct_over": "conduct over",
    "none_under_conduct": "none under conduct", "some_under_conduct": "some under conduct",
}  # fmt: skip


def called(measures: frozenset) -> str:
    """A set of measures as the table names it: by the lives that it holds, and which of their measures."""
    lives = [life for life in Life if measures & LIFE[life]]
    whole = frozenset().union(*(LIFE[life] for life in lives))
    names = ", ".join(lives) if len(lives) < len(Life) else "all"
    which = {whole & COERCIVE: ": coercive", whole - COERCIVE: ": not coercive", whole: ""}
    if measures == {Measure.APPEARANCE}:
        return "appearance"
    return "over time" if measures == TRAFFIC_AND_CONTENT else names + which[measures]


def ways(stages: dict) -> str:
    """`stages` as the table writes them: ``draft, new → draft``."""
    if len(stages) > 1 and all(now is then for now, then in stages.items()):
        return ", ".join(stages) + " → the same"
    targets = list(dict.fromkeys(stages.values()))
    return "; ".join(f"{', '.join(now for now in stages if stages[now] is then)} → {then}" for then in targets) or "–"


def test_the_lifecycle_table_is_that_of_the_code():
    """Row by row, in order: act, side, power, life, both columns, conditions."""
    expected = [
        f"| {step.kind} | {step.side} | {step.power} | {called(step.measures)} | "
        f"{ways(step.own)} | {ways(step.seen)} | "
        f"{', '.join([GUARDS[g.__name__] for g in step.guards] + ['*' + GUARDS[g.__name__] + '*' for g in step.both]) or '–'} |"
        for step in TABLE
    ]
    table = section(PROTOCOL, "### The lifecycle")
    found = [line for line in table.splitlines() if line.startswith("| ") and " → " in line]
    assert "\n".join(found) == "\n".join(expected)


def test_every_field_of_a_request():
    """docs/PROTOCOL.md lists each field of a request and of the records inside it."""
    page = rows(section(PROTOCOL, "### The request"))
    inside = {
        "offence": request.Offence, "conducting": request.Person, "accounts": request.Account,
        "persons": request.Subject, "assets": request.Asset, "order": request.Order,
    }  # fmt: skip
    names = {field.name for field in fields(request.Request)} - set(inside)
    names |= {f"{name}.{field.name}" for name, kind in inside.items() for field in fields(kind)}
    assert set(page) == names


def named(cell: str) -> set[str]:
    """What stands as code in a text."""
    return set(re.findall(r"`([^`]+)`", cell))


VALUES = {
    ("### The request", "scope"): set(request.Scope),
    ("### The request", "offence.code"): {":", request.OFFENCE.pattern.strip("^$")},
    ("### The request", "categories"): set(request.DataCategory),
    ("### The request", "accounts.kind"): {"accounts", *ACCOUNT_KINDS},
    ("### The request", "persons.role"): set(request.ROLES),
    ("### The request", "urgency"): set(request.Urgency),
    ("## Acts", "power"): {str(step.power) for step in TABLE},
    ("## Directory entry", "keys.purpose"): {"keys", *directory.Purpose},
    ("## Directory entry", "keys.suite"): set(_entry._SUITES.values()),
    ("## Standing in a treaty", "event"): set(standing.Event),
    ("## Standing in a treaty", "how"): {"deposited", *standing.HOWS},
    ("#### Figures of cases", "NATURE"): {axes.REAL, axes.EXERCISE},
    ("#### Figures of cases", "EVENT"): set(axes.Event),
    ("#### Figures of cases", "DIRECTION"): {axes.MADE, axes.RECEIVED},
    ("#### Figures of cases", "SPEED"): set(axes.SPEEDS),
}
"""Where a value is one of a few: (heading, field) -> all that stands as code in its row."""


@pytest.mark.parametrize("place", VALUES, ids=lambda place: place[1])
def test_the_values_of_a_field_are_those_of_the_code(place):
    """What docs/PROTOCOL.md says that a field may be is what the code takes, no more and no less."""
    title, field = place
    row = rows(section(PROTOCOL, title).partition("\n### ")[0])[field]
    assert named(row.split(" | ", 1)[1]) == VALUES[place]


LISTS = {
    "topics": topics.Topic, "units": topics.Unit, "positions": topics.Development, "regions": topics.Region,
    "conditions": topics.Condition,
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_every_word_of_assistance(name):
    """docs/PROTOCOL.md lists each topic, unit, position, region and condition."""
    found = re.findall(rf"^\| {name} \| (.*) \|$", section(PROTOCOL, "## Assistance"), re.MULTILINE)
    assert [named(cell) for cell in found] == [set(LISTS[name])]


def left_out(part: Field) -> str:
    """What the table says of a field that is left out."""
    if part.default is MISSING:
        return "–"
    told = {
        None: "no limit but `units`", "": "empty", (): "empty", needs.Release(): "`{}`",
        topics.Development.UNSTATED: "`unstated`",
    }  # fmt: skip
    return told.get(part.default, str(part.default))


TYPES = {
    int: "integer", str: "text", date: "date", needs.Release: "object", topics.Topic: "text", topics.Unit: "text",
    topics.Region: "text", topics.Development: "text",
}  # fmt: skip


def typed(hint: object) -> str:
    """What the table calls the type of a field."""
    return TYPES[int if hint == int | None else hint] if get_origin(hint) is not tuple else "list"


@pytest.mark.parametrize(
    ("title", "kind"),
    [("### A need", needs.Need), ("### An offer", needs.Offer), ("### Programmes", programme.Terms)],
)
def test_every_field_of_a_need_an_offer_and_of_terms(title, kind):
    """docs/PROTOCOL.md lists each field with its type and what it means when it is left out."""
    hints = get_type_hints(kind)
    expected = {part.name: [typed(hints[part.name]), left_out(part)] for part in fields(kind)}
    page = section(PROTOCOL, title).partition("`terms` is an object:")
    listed = {name: row.split(" | ")[1:3] for name, row in rows(page[2] or page[0]).items()}
    assert listed == expected


def test_every_word_of_a_programme():
    """docs/PROTOCOL.md lists each kind of word with its fields, and names those that need their reasons."""
    page = section(PROTOCOL, "### Programmes")
    listed = rows(page.partition("| `say` |")[2].partition("\n\n")[0])
    assert {name: named(row.split(" | ")[2]) for name, row in listed.items()} == {
        str(say): set(form) for say, form in programme.FORMS.items()
    }
    reasoned = re.search(r"which it MUST NOT be in (.*?) \(`programme.reasons`\)", page)
    assert reasoned
    assert named(reasoned[1]) == set(programme._REASONED)
    sides = {"either": BOTH, "the other side": BOTH, "who proposed": BOTH, "each once": BOTH}
    for name, row in listed.items():
        by = row.split(" | ")[1]
        those = {side for step in programme.TABLE if step.say == name for side in step.sides}
        assert sides.get(by, {by}) == those, name


BOTH = {"giving", "receiving"}
NUMBERS = {
    ("## Assistance", "1 to 10,000"): needs.MOST_UNITS,
    ("## Assistance", "one of the 10 after"): needs.LONGEST_YEARS,
    ("## Assistance", "1 to 68"): _checks.LAST_ARTICLE,
    ("## Assistance", "at most 200 entries"): _checks.MOST_LISTED,
    ("## Assistance", "fewer than 1,000"): programme.MOST_WORDS,
    ("## Assistance", "`mark` 1 to 5"): programme.MARKS[-1],
    ("## Assistance", "at most 20,000 characters"): request.TEXT_LIMIT,
    ("## Assistance", "name of a milestone 1,000"): request.LINE_LIMIT,
    ("## Assistance", "1 to 999,999,999"): assistance.VERSIONS[-1],
    ("## Assistance", "more than 1,000 needs"): desk_assistance.MOST,
    ("## Assistance", "more than 200 proposals"): desk_programmes.MOST,
    ("## Assistance", "at most 20 words"): desk_programmes.UNANSWERED,
    ("## Assistance", "at most 2,097,152 bytes"): desk_programmes.BYTES,
    ("## Standing in a treaty", "at most 4,000 characters"): standing.TEXT_LIMIT,
    ("## Standing in a treaty", "at most 400 characters"): standing.SOURCE_LIMIT,
    ("## Standing in a treaty", "more than 500 words"): desk_standing.MOST,
    ("## Standing in a treaty", "at most 65,536 bytes"): standing._PAYLOAD_LIMIT,
    ("### Communities", "at most 60 characters"): communities.NAME_LIMIT,
    ("### Communities", "more than 50 proposals"): desk_communities.MOST,
    ("### Communities", "at most 16,384 bytes"): communities._LIMIT,
    ("## Shared objects and recall", "is given, at most 64;"): shares._MOST,
    ("## Shared objects and recall", "is given, at most 60 characters"): shares.PURPOSE_LIMIT,
    ("## Shared objects and recall", "at most 1,000 characters"): notices.REASON_LIMIT,
    ("#### Figures of cases", "there are 50,000 at most"): release.CELLS,
    ("#### Figures of cases", "3 to 1,000,000"): tables.MOST,
    ("## Acts", "more than 786,432 bytes"): envelope.MESSAGE_LIMIT * 3 // 4,
}  # fmt: skip


@pytest.mark.parametrize("place", NUMBERS, ids=lambda place: place[1])
def test_the_numbers_in_the_text_are_those_of_the_code(place):
    """A number that docs/PROTOCOL.md states in the section is its constant's."""
    title, said = place
    assert said in " ".join(section(PROTOCOL, title).split())
    assert int(re.findall(r"[\d,]*\d", said)[-1].replace(",", "")) == NUMBERS[place]


def test_every_notice_and_its_fields():
    """docs/PROTOCOL.md lists each notice with its fields, and with what a recall, a deed and a report may be."""
    words = {"recall": notices.Kind, "acknowledgement": notices.Deed, "report": notices.Concern}
    listed = rows(section(PROTOCOL, "## Shared objects and recall").partition("| `said` |")[2].partition("\n\n")[0])
    assert {name: named(row.split(" | ")[1]) for name, row in listed.items()} == {
        name: {part.name for part in fields(kind)} - {"source"} | set(words.get(name, ()))
        for name, kind in notices._KINDS.items()
    }


def test_every_field_of_an_entry():
    """docs/PROTOCOL.md lists each field of a directory entry."""
    inside = {"authorities": directory.Authority, "keys": directory.DatedKey}
    names = {field.name for field in fields(directory.Entry)} - set(inside)
    names |= {f"{name}.{field.name}" for name, kind in inside.items() for field in fields(kind)}
    names = names - {"keys.public"} | {"keys.key", "keys.suite"}
    assert set(rows(section(PROTOCOL, "## Directory entry"))) == names


def test_every_field_of_act_statement_and_envelope():
    """docs/PROTOCOL.md lists the fields of what is signed and sealed."""
    tables = {
        "## Acts": canon.loads(act().encode(), limit=1 << 20),
        "## Envelopes": canon.Frame(bytes_of("envelope"), limit=1 << 20, values=8).head,
        "## Statements": vector("statement")["statement"],
    }  # fmt: skip
    for title, example in tables.items():
        names = set(json.loads(example) if isinstance(example, str) else example)
        assert set(rows(section(PROTOCOL, title).partition("\n### ")[0])) == names, title


def test_every_kind_of_statement():
    """docs/PROTOCOL.md lists the kinds under whose labels something is signed."""
    assert set(rows(section(PROTOCOL, "### Kinds of statements"))) == envelope.KINDS


def test_every_axis_and_family_of_the_figures():
    """docs/PROTOCOL.md lists the axes of a figure in their order, and which measure is in which family."""
    page = section(PROTOCOL, "#### Figures of cases")
    assert tuple(rows(page)) == axes.AXES
    families = dict(re.findall(r"^\| ([a-z-]+) \| (`.*) \|$", page, re.MULTILINE))
    assert {name: named(cell) for name, cell in families.items()} == axes.FAMILIES


def test_every_kind_of_log_entry():
    """docs/PROTOCOL.md lists the kinds of entries of a log, which are those that are made anywhere."""
    made = {getattr(log, name) for path in SRC.rglob("*.py") for name in LOGGED.findall(path.read_text("utf-8"))}
    assert made == {log.ACT, log.RECEIVED, log.ENTRY, log.NOTICE}
    page = section(PROTOCOL, "## The log").partition("```text example=log")[0]
    assert set(re.findall(r"^\* `(\w+)`:", page, re.MULTILINE)) == made


LOGGED = re.compile(r"\b(?:log\.)?entry\((?:log\.)?([A-Z]+),")


def test_every_address_of_the_peers_door():
    """docs/PROTOCOL.md lists the addresses of the peers' door, and no other."""
    from comity.node.peers import urls

    paths = {"/" + re.sub(r"<\w+:(\w+)>", lambda name: name[1].upper(), str(one.pattern)) for one in urls.urlpatterns}
    listed = rows(section(PROTOCOL, "## The peers' door"))
    assert {name.split(" ")[1] for name in listed if name.startswith(("GET ", "POST "))} == paths


def test_every_check_of_the_verifier():
    """docs/PROTOCOL.md lists the verifier's checks in their order."""
    assert tuple(rows(section(PROTOCOL, "## Verifying"))) == CHECKS


def test_the_limits_are_those_of_the_code():
    """Every limit in docs/PROTOCOL.md has the number that the code has."""
    limits = {
        "an envelope": envelope.MESSAGE_LIMIT, "padding": envelope._PAD, "nesting": canon.MAX_DEPTH,
        "a text of a request": request.TEXT_LIMIT, "any other text of a request": request.LINE_LIMIT,
        "accounts, persons, assets of a request": request.LIST_LIMITS["accounts"],
        "conditions, others of a request": request.LIST_LIMITS["conditions"], "a request": request.WHOLE_LIMIT,
        "a signed directory entry": directory._LIMIT, "time for an answer": int(transport.DEADLINE),
        "a signed checkpoint": checkpoint.LIMIT, "an answer": transport.ANSWER_LIMIT,
        "evidence in one answer": transport.COLLECT, "entries in one answer": directory.BUNDLE_LIMIT,
        "about.json": bag._ABOUT_LIMIT,
        "executed.json, key.json": bag._SMALL,
        "a manifest of exhibits": bag.MANIFEST_LIMIT, "case.json": dossier.LIMIT, "a chunk of a stream": stream.CHUNK,
        "parts of a container": _names.MAX_PARTS, "a container's directory": _names.MAX_DIRECTORY,
        "a name in a container": _names.MAX_NAME, "a piece of a name": _names.MAX_SEGMENT,
        "an offer, an answer to it": exchange.BODY_LIMIT, "envelopes in an offer": exchange.BATCH,
        "digests asked about": exchange.ASKED, "gaps in a greeting": exchange.GAPS,
        "envelopes that one stands on": exchange.AFTER, "words about one envelope": exchange.EVIDENCE, "a word": exchange.WORD,
        "opening brackets of an act": messages.BRACKETS,
        "receipts asked about at once": proofs.TOGETHER, "statements under one pair of signatures": envelope.TOGETHER,
        "clock difference of two nodes": int(transport.SKEW.total_seconds()), "a notice": notices.LIMIT,
        "an object that goes to another State": shares.OBJECT_LIMIT, "members of a community": communities.MEMBERS[-1],
        "a need, an offer, a word of a programme": assistance.LIMIT,
        "stamps.json": stamps._LIMIT, "time stamps of a case": stamps.MOST, "a time stamp": stamp.LIMIT,
        "certificates in a time stamp": stamp._MOST_CERTIFICATES,
    }  # fmt: skip
    found = re.findall(r"^\| ([^|`]+?) \| ([\d,]+) \|", section(PROTOCOL, "## Limits"), re.MULTILINE)
    assert {name: int(number.replace(",", "")) for name, number in found} == limits


def raised() -> set[str]:
    """Every error code in the sources: ``code="…"`` in a call, and the families whose codes are handed on by place."""
    found: set[str] = set()
    for path in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                values = [word.value for word in node.keywords if word.arg == "code"]
                values = (
                    [part for value in values for part in (value.body, value.orelse)] if _choices(values) else values
                )
                found |= {value.value for value in values if isinstance(value, ast.Constant) and value.value}
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):  # row.code, row.reason = "…", "…"
                names = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else []
                for name, value in zip(names, node.value.elts, strict=False):
                    if isinstance(name, ast.Attribute) and name.attr == "code" and isinstance(value, ast.Constant):
                        found.add(value.value)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set(
                    re.findall(r"^(?:(?:container|lawbook)\.[a-z0-9-]+|conversation\.older-form)$", node.value)
                )
    return found


def _choices(values: list[ast.expr]) -> bool:
    return bool(values) and all(isinstance(value, ast.IfExp) for value in values)


def test_every_error_code_is_explained():
    """docs/OPERATIONS.md explains each error code of the code base, and none that is not there."""
    listed = set(rows(section(OPERATIONS, "## Error codes")))
    assert listed - raised() == set()
    assert raised() - listed == set()


def codes_on(page: str) -> set[str]:
    """The error codes that a page names: each in full, and those of `canon` in the row that lists them."""
    family = re.search(r"^\| `canon\.\*` \| .*?: (.*) \|$", page, re.MULTILINE)
    return set(re.findall(r"`([a-z-]+\.[a-z0-9-]+)`", page)) | {
        f"canon.{name}" for name in named(family[1] if family else "")
    }


def test_the_page_names_every_code_that_a_vector_expects():
    """With which code something must be refused, docs/PROTOCOL.md says as well as the vectors do."""
    expected = set(frozen.vector("refused")[0].values()) | set(frozen.vector("programme-order")[0]["unfit"].values())
    for path in frozen.VECTORS.glob("*.json"):
        expected |= set(frozen.vector(path.stem)[0].get("codes", {}).values())
    expected.discard("")
    assert len(expected) > 70
    assert sorted(expected - codes_on(PROTOCOL)) == []


def commands() -> dict[str, set[str]]:
    """Every command of the command line with its options."""
    from comity.node import run

    found = {}
    for prefix, app in (("comity", cli.app), ("comity node", run.app)):
        for name, command in typer.main.get_command(app).commands.items():
            options = [param.opts[0] for param in command.params if param.param_type_name == "option"]
            found[f"{prefix} {name}"] = set(options) - {"--help"}
    return found


def test_every_command_and_option_is_described():
    """docs/OPERATIONS.md has a row for each command, with each of its options."""
    listed = {
        re.findall(r"^[a-z -]*[a-z]", name)[0]: row for name, row in rows(OPERATIONS).items() if name[:7] == "comity "
    }
    assert set(listed) == set(commands())
    for name, options in commands().items():
        assert set(re.findall(r"--[a-z-]+", listed[name])) == options, name


def test_every_table_of_the_database_is_named():
    """docs/ARCHITECTURE.md says what each table holds."""
    from django.apps import apps

    listed = rows(section(PAGES["docs/ARCHITECTURE.md"], "## Where state lives"))
    assert set(listed) == {model.__name__ for model in apps.get_app_config("node").get_models()}


def test_the_floors_are_those_that_are_held():
    """Every room of src/comity stands in the drawing of docs/ARCHITECTURE.md."""
    drawing = section(PAGES["docs/ARCHITECTURE.md"], "## The floors")
    for path in [*SRC.iterdir(), *(SRC / "node").iterdir()]:
        if path.name not in ("node", "_lawbooks", "locale", "letters", "migrations") and not path.name.startswith("_"):
            assert re.search(rf"\b{path.stem}\b", drawing), path.name


# ------------------------------------------------------------------------------------------------- what is named exists


def test_commands_of_make_exist():
    """Each `make …` in the documents is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)(?=[ `\n])", " ".join(re.findall(r"`[^`]+`|```.*?```", ALL, re.DOTALL))))
    assert {"demo", "test"} <= named <= targets


def slug(heading: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_links_lead_somewhere():
    """Relative links and their anchors resolve; no document points to an address on this machine."""
    for name, text in PAGES.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
            if "://" in target:
                continue
            path, _, anchor = target.partition("#")
            found = (ROOT / name).parent / path if path else ROOT / name
            assert found.exists(), f"{name}: {target}"
            if anchor:
                headings = re.findall(r"^#+ (.+)$", found.read_text("utf-8"), re.MULTILINE)
                assert anchor in map(slug, headings), f"{name}: {target}"


def test_named_tests_exist():
    """Each test that a document appeals to is there."""
    files = list((ROOT / "tests").glob("*.py"))
    there = {name for path in files for name in re.findall(r"^ *def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)}
    there |= {path.stem for path in files}
    named = set(re.findall(r"\btest_\w+", ALL))
    assert named - there == set()


def test_named_code_exists():
    """Each `room.module.name` in the documents can be imported, each file that is named is there."""
    named = set(re.findall(r"`((?:casework|law|seal|ledger|wire|node|verify|demo)(?:\.\w+)+)`", ALL))
    for name in named - raised() - {"node.toml"}:
        pkgutil.resolve_name(f"comity.{name}")
    for path in set(re.findall(r"`((?:src|tests|docs|lawbooks|scripts|bench)/[\w./-]+)`", ALL)):
        assert (ROOT / path).exists(), path


FORBIDDEN = re.compile(
    r"pypi|pythonhosted|npmjs|crates\.io|docker\.io|deb\.debian|/work/|/tmp/|/root/|/Users/|\bhelpers?\b|\bsessions?\b|"
    r"\bissues?\b|\bTODO\b|\bFIXME\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("name", PAGES)
def test_they_speak_of_comity_alone(name):
    """No registry, no path of a developer's machine, no word of how the work is organised."""
    assert FORBIDDEN.findall(PAGES[name]) == []


def test_decisions_are_short_and_name_what_was_rejected():
    """Numbered without gaps, listed in their index, at most forty lines each, with the options that were set aside."""
    found = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in found] == list(range(1, len(found) + 1))
    for path in found:
        text = path.read_text("utf-8")
        assert f"]({path.name})" in PAGES["docs/decisions/README.md"], path.name
        assert 12 <= len(text.splitlines()) <= 40, path.name
        for part in ("## Decided", "## Why", "## Rejected"):
            assert f"\n{part}\n" in text, path.name


# ------------------------------------------------------------------------------------------- examples are recomputed


def vector(name: str) -> dict:
    """What is given in a frozen vector."""
    return json.loads((ROOT / "tests" / "vectors" / f"{name}.json").read_text("utf-8"))["given"]


SIGNER = keys.SigningKey(
    bytes.fromhex(vector("statement")["ed25519_seed"]), bytes.fromhex(vector("statement")["mldsa65_seed"])
)
OPENER = keys.OpeningKey(bytes.fromhex(vector("envelope")["xwing_seed"]))
LOG = keys.NoteKey("comity.example/IR/log", bytes.fromhex(vector("checkpoint")["seed"]))
WITNESS = keys.NoteKey("comity.example/QA/witness", bytes.fromhex(vector("cosignature")["seed"]))
TRUST = trust.Trust([trust.Grant("IR", SIGNER.public, envelope.KINDS, AT, AT.replace(year=2027))])


def short(value):
    """`value` with every long text cut, as the documents show it."""
    if isinstance(value, dict):
        return {name: short(item) for name, item in value.items()}
    if isinstance(value, list):
        return [short(item) for item in value]
    if isinstance(value, str) and len(value) > 100:
        return f"{value[:24]}…({len(value)} characters)"
    return value


def shown(data: bytes) -> str:
    """Canonical JSON with its long texts cut; none of the rest is changed."""
    return canon.dumps(short(canon.loads(data, limit=1 << 20))).decode()


def shown_parts(data: bytes, *lengths: int) -> str:
    """A head as `shown`, and the beginning of each run behind it."""
    frame = canon.Frame(data, limit=1 << 20, values=1000)
    runs = [frame.take(length, 1 << 20) for length in lengths]
    frame.close()
    starts = [run[:24].decode() if run[:1] == b"{" else run[:12].hex() for run in runs]
    lines = (f"{start}…({len(run)} bytes)" for start, run in zip(starts, runs, strict=True))
    return "\n".join([canon.dumps(short(frame.head)).decode(), *lines])


def wrapped(data: bytes) -> str:
    """Bytes in hex, 32 a line."""
    return "\n".join(data[at : at + 32].hex() for at in range(0, len(data), 32))


def canonical() -> str:
    """Objects sorted by UTF-16 code units, no blanks, only what must be is escaped."""
    return canon.dumps({"b": [1, -2, True, None], "a": 'سلام\n"/', "é": {}, "": ""}).decode()


def ids() -> str:
    """The ids of both keys, and the fingerprint that officers compare."""
    digest = SIGNER.public.id.removeprefix("sign-")
    return f"{SIGNER.public.id}\n{OPENER.public.id}\n" + " ".join(digest[at : at + 4] for at in range(0, 32, 4))


def signed_bytes() -> str:
    """What both signatures cover, and the Ed25519 one, which is always the same."""
    data = envelope._signed_bytes(SIGNER.public.id, 1, envelope._leaf("act", "IR", "VN", SIGNER.public.id, b'{"x":1}'))
    return f"{wrapped(data)}\n\n{canon.b64(SIGNER.sign(data).ed25519)}"


def statement() -> str:
    """The frozen statement, verified once more, and its id."""
    data = vector("statement")["statement"].encode()
    envelope.verify(data, TRUST, kind="act", at=AT)
    return f"{shown(data)}\n\n{canon.content_id(data)}"


def sealed() -> str:
    """The frozen envelope, opened once more, the `info` of its seal, and its digest."""
    data = bytes_of("envelope")
    envelope.unseal(data, home="VN", keys=[OPENER], trust=TRUST, kinds={"act"}, at=AT)
    found = canon.Frame(data, limit=1 << 20, values=1000).head
    info = envelope._info(found["to"], found["key"], found["statement"]).decode()
    return f"{shown_parts(data, found['sealed'])}\n\n{info}\n\n{canon.content_id(data)}"


def act() -> str:
    """The payload of an act."""
    body = {"questions": "Which period?", "fields": ["period_from", "period_to"]}
    one = Act(Kind.ASKED, "IR-2026-0002", "VN", "tran", "Tran V., Central authority", "decide", AT, body,
              after="5a" * 32, salt="07" * 16)  # fmt: skip
    data = canon.dumps(one.to_dict())
    assert Act.from_dict(canon.loads(data, limit=1 << 20), id="") == one
    return data.decode()


def tree() -> tuple[list[bytes], merkle.Get]:
    """A log of three entries: their bytes, and its complete subtrees."""
    leaves = [log.entry(log.ACT, "a1" * 32), log.entry(log.RECEIVED, "b2" * 32), log.entry(log.ACT, "c3" * 32)]
    nodes: dict[tuple[int, int], bytes] = {}
    for size, leaf in enumerate(leaves):
        written = merkle.appended(size, merkle.leaf_hash(leaf), lambda *at: nodes[at])
        nodes.update({(level, index): value for level, index, value in written})
    return leaves, lambda *at: nodes[at]


def head() -> checkpoint.Checkpoint:
    """The head of that log."""
    return checkpoint.Checkpoint(LOG.name, 3, merkle.root(3, tree()[1]))


def entries() -> str:
    """Each entry's bytes and the hash of its leaf, and the root."""
    leaves = tree()[0]
    return "\n".join([*(f"{leaf.decode()}\n  {merkle.leaf_hash(leaf).hex()}" for leaf in leaves), head().root.hex()])


def note() -> str:
    """The signed checkpoint of that log with a witness's cosignature."""
    return (checkpoint.signed(head(), LOG) + checkpoint.cosignature(head(), WITNESS, AT)).rstrip("\n")


def proof() -> str:
    """The proof that the second entry is in that log, checked once more."""
    one = log.Proof(1, tuple(merkle.inclusion(1, 3, tree()[1])), note() + "\n")
    one.check(tree()[0][1], LOG.name, LOG.public, {WITNESS.name: WITNESS.public})
    return shown(canon.dumps(one.to_dict()))


def add_checkpoint() -> str:
    """What a log posts to its witness when it has grown from one entry to three."""
    path = merkle.consistency(1, 3, tree()[1])
    return "\n".join(["old 1", *map(canon.b64, path)]) + "\n\n" + checkpoint.signed(head(), LOG).rstrip("\n")


def together() -> str:
    """The frozen statement that was signed with two others, verified once more."""
    data = vector("together")["together"].encode()
    envelope.verify(data, TRUST, kind="act", at=AT)
    return shown(data)


def said_and_shown(name: str) -> str:
    """What a frozen word says, read once more, and how it travels."""
    data = vector(name)[name].encode()
    word = messages.read_word(spoken.apart(data), TRUST)
    assert word.said.by == "IR"
    signed = canon.dumps(canon.loads(data, limit=1 << 20)["receipt"]) if word.proof else data
    return f"{envelope.verify(signed, TRUST, kind='receipt', at=AT).payload.decode()}\n{shown(data)}"


def offer() -> str:
    """An offer of one envelope, with a question."""
    items = (exchange.Item(7, bytes_of("envelope"), ("cd" * 32,)),)
    data = exchange.dumps(exchange.Offer(items, ("ef" * 32,)))
    assert exchange.read_offer(data).items == items
    return shown_parts(data, len(items[0].envelope))


def forms() -> str:
    """What a node says of its forms."""
    assert exchange.common_form(exchange.tell_forms()) == exchange.FORMS[-1]
    return exchange.tell_forms().decode()


def first_offer() -> str:
    """The frozen offer of the first form, with an envelope of each, read once more."""
    data = bytes_of("first-offer")
    assert [envelope.form_of(item.envelope) for item in exchange.read_offer(data).items] == list(exchange.FORMS)
    assert (exchange.form_of(data), exchange.dumps(exchange.read_offer(data), 1)) == (1, data)
    return shown(data)


def greeting() -> str:
    """What a node says first."""
    data = exchange.dumps(exchange.Offer(have=exchange.Have(9, (3, 4), 12, ())))
    assert exchange.read_offer(data).have is not None
    return data.decode().removesuffix("\n")


def answer() -> str:
    """The answer to that offer, which brings a word that was asked for and names what is missing."""
    receipt, word = (spoken.apart(vector(name)[name].encode()) for name in ("receipt", "word"))
    outcome = exchange.Outcome(canon.content_id(bytes_of("envelope")), receipt)
    data = exchange.dumps(exchange.Answer((outcome,), (word,), ("cd" * 32,)))
    assert exchange.read_answer(data).outcomes == (outcome,)
    return shown_parts(data, len(word.bare), len(receipt.bare))


def newer_proofs() -> str:
    """What asks for newer proofs of two receipts, and the answer."""
    given = vector("proofs")
    assert set(proofs.read_answer(given["proofs"].encode())) == set(proofs.read_ask(given["ask"].encode()))
    return f"{given['ask']}\n{shown(given['proofs'].encode())}"


def call() -> str:
    """The payload of a test call and of its answer."""
    asked = calls.Call(
        "Reza, 24/7 contact", AT, AT.replace(minute=30), request.Urgency.URGENT, "Who answers?", id="0f" * 16
    )
    given = calls.Answer("ab" * 32, "tran", "Tran V., 24/7 contact", AT.replace(minute=4), "I do.")
    return "\n".join(canon.dumps(one.to_dict()).decode() for one in (asked, given))


def figures_of_calls() -> str:
    """The payload of a quarter's figures of test calls: one State that always answered, and one that did not."""
    kept = calls.Round("QA", ours=True, began=AT, due=AT.replace(minute=30), kept=AT)
    good = [replace(kept, ended=AT.replace(minute=5))] * 12
    other = [replace(kept, peer="VN"), replace(kept, peer="VN", ours=False), *(replace(one, peer="VN") for one in good)]
    said = calls.figures([*good, *other], period="2026-Q4") | {"at": "2027-01-02T00:00:00Z"}
    return canon.dumps(said).decode()


def notice_() -> str:
    """The payload of each notice about copies, with the moment at which it was said."""
    said = {"source": "IR", "what": "ab" * 32}
    at = int(AT.timestamp())
    each = (
        notices.Shared(**said, hops=2, level=1), notices.Holding(**said, by="QA", giver="VN"),
        notices.Recall(**said, number=1, kind="withdraw", level=0, successor="", reason="A bank was named.", at=at),
        notices.Standing(source="IR", number=1, at=at), notices.Ask(source="IR", after=0, at=at),
        notices.Acknowledgement(**said, number=1, by="VN", deed="withdrawn", passed_to=("QA",), at=at),
        notices.Report(**said, by="QA", concern="sighting", about="cd" * 32, at=at),
    )  # fmt: skip
    return "\n".join(shares.payload(one, AT).decode() for one in each)


def share() -> str:
    """The payload of a copy on its way, read once more."""
    one = shares.Carried(
        at=AT, notice=vector("statement")["statement"].encode(), beside=b'{"type":"indicator"}',
        communities=("ef" * 32,), purpose="prevention",
    )  # fmt: skip
    assert shares.read(envelope.Statement("share", "IR", "VN", shares.packed(one), b"", "")) == one
    return shown(shares.packed(one))


def standing_() -> str:
    """A State's word on where it stands, and what names it."""
    word = standing.Word(
        treaty="uncc", event=standing.Event.RESERVED, on=AT.date(), text="ماده ۶۳", language="fa", at=AT
    )
    return f"{standing.packed(word).decode()}\n{word.digest}"


def community() -> str:
    """A State's word on a community, and what names the community."""
    terms = communities.Terms("Gulf", ("IR", "QA", "VN"), "prevention", 2)
    return f"{communities.packed(communities.Word(terms, agrees=True, at=AT)).decode()}\n{terms.digest}"


def need() -> str:
    """A need as another State is told it, and its withdrawal, read once more."""
    wanted = needs.Need(
        reference="IR-NEED-2026-0001", state="IR", topic=topics.Topic.FORENSICS, unit=topics.Unit.PLACES, units=12,
        filed=AT.date(), by=date(2027, 6, 1), languages=("fa", "en"), region=topics.Region.ASIA_PACIFIC,
        release=needs.Release(("QA", "VN")),
    )  # fmt: skip
    told = {"kind": "need", "reference": wanted.reference, "at": AT}
    both = (
        assistance.Version(**told, version=1, stage=needs.Stage.OPEN, value=assistance.narrowed(wanted, "VN")),
        assistance.Version(**told, version=2, stage=needs.Stage.WITHDRAWN),
    )
    for one in both:
        assert assistance.read(envelope.Statement("need", "IR", "VN", assistance.packed(one), b"", "")) == one
    return "\n".join(assistance.packed(one).decode() for one in both)


def programme_() -> str:
    """A proposal and a confirmation, as their statements carry them."""
    terms = programme.Terms(
        units=12, unit=topics.Unit.PLACES, language="en", starts=date(2027, 2, 1), ends=date(2027, 5, 1),
        milestones=(programme.Milestone(name="Course", due=date(2027, 3, 1), units=12),),
    )  # fmt: skip
    about = {"programme": "VN-PROGRAMME-2026-0001", "need": "IR-NEED-2026-0001", "offer": "VN-OFFER-2026-0001"}
    words = (
        ((), programme.Word(say=programme.Say.PROPOSED, by="VN", at=AT, terms=terms)),
        (("ab" * 32,), programme.Word(say=programme.Say.CONFIRMED, by="IR", at=AT, milestone="Course", units=12,
                                      text="All came.")),
    )  # fmt: skip
    signed = [
        assistance.sign(assistance.Spoken(**about, after=after, word=word), to="QA", key=SIGNER)
        for after, word in words
    ]
    return "\n".join(canon.unb64(canon.loads(one, limit=1 << 20)["payload"]).decode() for one in signed)


def refusal() -> str:
    """What the door answers where nothing stands."""
    return canon.dumps({"code": "door.nothing", "reason": "Nothing stands here."}).decode()


def hop() -> str:
    """The signature base and the three headers of a signed request."""
    uri, body = "https://192.0.2.7:8442/messages", b"{}"
    found = transport.hop_headers("POST", uri, body, state="IR", key=LOG, at=AT)
    parameters = found["Signature-Input"].removeprefix("hop=")
    base = transport._signature_base("POST", uri, found["Content-Digest"], parameters).decode()
    headers = "\n".join(f"{name}: {value}" for name, value in found.items())
    assert transport.check_hop("POST", uri, found, body, keys_of=lambda _: [LOG.public], at=AT) == "IR"
    return f"{base}\n\n{headers}"


def signed_refusal() -> str:
    """The signature base and the headers of the refusal of that request, checked as who asked checks it."""
    uri, body = "https://192.0.2.7:8442/messages", canon.dumps({"code": "door.requests", "reason": "x"})
    asked = ("POST", uri, transport.hop_headers("POST", uri, b"{}", state="IR", key=LOG, at=AT))
    found = transport.refusal_headers(429, body, asked, state="VN", key=LOG, at=AT)
    parameters = found["Signature-Input"].removeprefix("hop=")
    base = transport._refusal_base(429, found["Content-Digest"], asked, parameters).decode()
    return base + "\n\n" + "\n".join(f"{name}: {value}" for name, value in found.items())


def entry() -> str:
    """The payload of a directory entry."""
    one = directory.Entry(
        state="IR", version=1, previous="", issued_at=AT, confirmed_on=AT.date(),
        names={"en": "Islamic Republic of Iran"},
        authorities=(
            directory.Authority("contact", {"en": "24/7 contact"}, ("fa", "en"), "Asia/Tehran", "telephone", ("41",)),
        ),
        keys=directory.first_keys(
            sign=SIGNER.public, open=OPENER.public, log=(LOG.name, LOG.public), witness=(WITNESS.name, WITNESS.public),
            hop=LOG.public, certificate=b"(DER)", since=AT, until=AT.replace(year=2031),
        ),
        threshold=0, tls="(PEM)", address="https://192.0.2.7:8442", exercise=True,
    )  # fmt: skip
    data = canon.dumps(one.to_dict())
    assert directory.Entry.from_dict(canon.loads(data, limit=1 << 20)) == one
    return shown(data)


EXHIBITS = (
    Exhibit("نامه/1.eml".encode(), 8, canon.content_id(b"evidence")),
    Exhibit(b"link", 0, "", "link", "نامه/1.eml".encode()),
    Exhibit(b"not utf-8 \xff", 0, canon.content_id(b"")),
)


def manifest() -> str:
    """A manifest of three exhibits with its custody."""
    listed = canon.content_id(canon.dumps([exhibit.to_dict() for exhibit in EXHIBITS]))
    given = Custody("handed-over", "Provider", AT, listed)
    taken = Custody("taken-in", "VN, Tran V.", AT, listed, canon.content_id(canon.dumps(given.to_dict())))
    data = bag.manifest_bytes(
        Manifest("IR-2026-0002", "Provider", EXHIBITS, (given, taken), ("One use only.",), exercise=True)
    )
    bag.read_manifest(data)
    return data.decode()


def streamed() -> str:
    """The key of a stream, and the stream of eight bytes."""
    key = stream.subkey(b"\x07" * 32, "exhibits")
    return f"{key.hex()}\n{b''.join(stream.encrypt([b'evidence'], key)).hex()}"


def listing() -> str:
    """The listing that a container's seal is over, and a line of its manifest."""
    parts = [
        container.Part(
            container.MIMETYPE_NAME, len(container.MIMETYPE), canon.content_id(container.MIMETYPE.encode()), 0
        ),
        container.Part("نامه.txt", 8, canon.content_id(b"evidence"), 0),
    ]
    return f"{container.listing_of(parts).decode()}\n\n{container.manifest_of(parts[1:]).decode().rstrip()}"


def content_key() -> str:
    """A content-key file, read once more as `comity unpack` reads it."""
    data = canon.dumps({"comity": "content-key/1", "case": "IR-2026-0002", "key": "07" * 32})
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data + b"\n")
        assert cli._content_key(Path(file.name)) == b"\x07" * 32
    return data.decode()


EXAMPLES = {
    "canonical": canonical, "ids": ids, "signed-bytes": signed_bytes, "statement": statement, "envelope": sealed,
    "act": act, "log": entries, "checkpoint": note, "proof": proof, "add-checkpoint": add_checkpoint,
    "receipt": lambda: said_and_shown("receipt"), "word": lambda: said_and_shown("word"), "together": together,
    "offer": offer, "greeting": greeting, "answer": answer, "proofs": newer_proofs, "call": call,
    "figures": figures_of_calls, "notice": notice_, "share": share, "community": community, "standing": standing_, "need": need,
    "programme": programme_, "refusal": refusal,
    "hop": hop, "signed-refusal": signed_refusal, "entry": entry, "manifest": manifest, "stream": streamed, "listing": listing,
    "content-key": content_key, "forms": forms, "first-offer": first_offer,
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_what_the_code_makes(name):
    """Each example of docs/PROTOCOL.md, byte for byte, from fixed seeds."""
    found = re.findall(rf"^```text example={name}\n(.*?)\n```$", PROTOCOL, re.DOTALL | re.MULTILINE)
    assert found == [EXAMPLES[name]()]


def test_there_is_no_example_that_nobody_computes():
    """Every marked example has its function."""
    assert set(re.findall(r"^```text example=(.*)$", PROTOCOL, re.MULTILINE)) == set(EXAMPLES)


def test_the_seeds_are_stated():
    """The seeds of the examples stand in docs/PROTOCOL.md, so that others can compute them too."""
    for seed in (SIGNER.ed25519, SIGNER.mldsa65, OPENER.seed, LOG.seed, WITNESS.seed):
        assert f"`{seed.decode()}`" in PROTOCOL
