"""Figures between two States: lies about what is counted, said again, for others, of no time, and as something else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from comity.casework.moments import moment_text
from comity.conformance.attack import attack
from comity.conformance.bench import Bench
from comity.conformance.identity import Identity
from comity.conformance.verdict import Probe, Promise, Verdict
from comity.reporting.axes import before, quarter
from comity.reporting.reconciliation import VERSION
from comity.seal import canon

_SECTION = "Figures between two States"
_CELLS = 5  # codes that name a figure
Said = dict[str, Any]


def counted(bench: Bench, **changed: Any) -> Said:
    """What a State may say of the quarter that ended last: one request that it made, under the figure for it."""
    me, at = bench.me.state, bench.now()
    period = before(quarter(at))
    cell = ["exercise", "requested", me, "stored-data", period]
    year, month = int(period[:4]), int(period[-1]) * 3
    act = [*cell, f"{year}-{month:02}-02T09:00:00Z", "ab" * 32, f"{me}-{year}-0001"]
    return {"comity": VERSION, "by": me, "to": bench.home.state, "since": period, "through": period,
            "at": moment_text(at), "counts": [[*cell, 1]], "acts": [act]} | changed  # fmt: skip


def _sealed(bench: Bench, said: Said | bytes, who: Identity | None = None, **changed: Any) -> bytes:
    """An envelope for the node that says it, signed by us or by `who`."""
    payload = said if isinstance(said, bytes) else canon.dumps(said)
    given = {"kind": "figures"} | ({"sender": who.state, "key": who.signing} if who else {})
    return bench.seal(bench.sign(payload, **given | changed))


@attack("figures-of-others", Promise.ORIGIN, _SECTION)
def of_others(bench: Bench) -> Iterator[Probe]:
    """Tell the node what another State counts with it, what it counts itself, and what we count with a third State.

    Right: never admitted: a State tells its own figures, to the State that they are about.
    """
    me, home, other = bench.me.state, bench.home.state, bench.stranger
    theirs, third = (
        counted(bench, by=other.state, counts=[], acts=[]),
        counted(bench, to=other.state, counts=[], acts=[]),
    )
    yield from bench.never_admitted([
        ("another State's figures", _sealed(bench, theirs)),
        ("another State's figures under its name", _sealed(bench, theirs, sender=other.state)),
        ("another State's figures in our envelope", _sealed(bench, theirs, other)),
        ("the node's own figures", _sealed(bench, counted(bench, by=home, to=me, counts=[], acts=[]))),
        ("our figures for a third State", _sealed(bench, third)),
        ("our figures for a third State, as signed for it", _sealed(bench, third, to=other.state)),
        ("our figures for everybody", _sealed(bench, counted(bench), to="")),
    ])  # fmt: skip


def _lies(bench: Bench) -> Iterator[tuple[str, Said | bytes]]:
    right, at = counted(bench), bench.now()
    (row,), (act,) = right["counts"], right["acts"]
    for number in (0, -1, True, 1.0, "1", None, 100_001, 2**53):
        said = right | {"counts": [[*row[:_CELLS], number]]}  # canonical JSON has no place for some of them
        yield f"a figure of {number!r}", json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    cells = {
        "of a third State's requests": (2, bench.stranger.state), "of no event": (1, "invented"),
        "of no measure": (3, "<b>all</b>"),
        "neither real nor exercise": (0, "both"), "of another quarter": (4, before(row[4])), "of no quarter": (4, "2026-Q5"),
    }  # fmt: skip
    for title, (place, value) in cells.items():
        yield f"a figure {title}", right | {"counts": [[*row[:place], value, *row[place + 1 :]]]}
        yield f"an act {title}", right | {"acts": [[*act[:place], value, *act[place + 1 :]]]}
    yield "a figure twice", right | {"counts": [row, row]}
    yield "an act twice", right | {"acts": [act, act]}
    yield "one act in two figures of one event", right | {"acts": [act, [*act[:3], "production-order", *act[4:]]]}
    yield "an act of no digest", right | {"acts": [[*act[:6], "AB" * 32, act[7]]]}
    yield "an act of no case", right | {"acts": [[*act[:7], "../../etc/passwd"]]}
    yield "an act of no time", right | {"acts": [[*act[:5], "yesterday", *act[6:]]]}
    yield "an act in twelve figures", right | {"acts": [[*act, *act[:4]]]}
    yield "figures as an object", right | {"counts": {}}
    yield "a field more", right | {"more": 1}
    yield "another version", right | {"comity": VERSION + "1"}
    yield "to ourselves", right | {"to": right["by"]}
    yield "a quarter that is not over", _period(right, quarter(at), at)
    yield "quarters in the wrong order", right | {"since": quarter(at)}
    yield "two names for one member", canon.dumps(right)[:-1] + b',"counts":[]}'
    yield "brackets in brackets", b'{"counts":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    many = [[*act[:6], f"{number:064x}", act[7]] for number in range(4_000)]
    yield "more than crosses in one message", right | {"acts": many}


def _period(said: Said, period: str, at: datetime) -> Said:
    counts = [[*row[:4], period, row[5]] for row in said["counts"]]
    acts = [[*act[:4], period, moment_text(at), *act[6:]] for act in said["acts"]]
    return said | {"since": period, "through": period, "counts": counts, "acts": acts}


@attack("figures-false", Promise.MEANING, _SECTION)
def false(bench: Bench) -> Iterator[Probe]:
    """Tell figures that cannot be: no numbers, of others, twice, of a quarter that is not over, too many, in no form.

    Right: never admitted, and nothing is kept of them but the envelope. (Numbers that could be, and are not so, are taken: they
    stand beside the node's own, and people see the difference.)
    """
    yield from bench.never_admitted((title, _sealed(bench, said)) for title, said in _lies(bench))


@attack("figures-of-no-time", Promise.MEANING, _SECTION)
def of_no_time(bench: Bench) -> Iterator[Probe]:
    """Tell figures drawn up in an hour, before their quarter was over, and before we had any key.

    Right: never admitted: nobody can have signed them then.
    """
    at, period = bench.now(), before(quarter(bench.now()))
    early = f"{period[:4]}-{int(period[-1]) * 3 - 2:02}-15T09:00:00Z"
    cases = {"in an hour": moment_text(at + timedelta(hours=1)), "within their quarter": early,
             "years before our keys": "2020-01-01T00:00:00Z", "without a second": moment_text(at)[:-4] + "Z",
             "in no zone": moment_text(at)[:-1]}  # fmt: skip
    yield from bench.never_admitted(
        (f"drawn up {title}", _sealed(bench, counted(bench, at=text))) for title, text in cases.items()
    )


@attack("figures-again", Promise.ONCE, _SECTION)
def again(bench: Bench) -> Iterator[Probe]:
    """Tell good figures; then the same in another envelope, the same drawn up a minute before, and others drawn up before.

    Right: the first is admitted, and none of the others: what is older takes no newer one's place.
    """
    first, earlier = counted(bench), moment_text(bench.now() - timedelta(minutes=1))
    data = _sealed(bench, first)
    answer = bench.post("/messages", data)
    (fate,) = bench.fates([data])
    verdict = Verdict.KEPT if fate == "admitted" else Verdict.BROKEN if fate else Verdict.UNDETERMINED
    yield Probe("good figures", f"{answer} {fate}".strip(), verdict)
    yield from bench.never_admitted([
        ("the same, sealed anew", _sealed(bench, first)),
        ("the same, drawn up before", _sealed(bench, first | {"at": earlier})),
        ("others, drawn up before", _sealed(bench, first | {"at": earlier, "counts": [], "acts": []})),
    ])  # fmt: skip
