"""Calls: test calls to the 24/7 point of contact that are said twice, at once, too often, or of no time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from comity.casework.moments import moment_text
from comity.casework.request import Urgency
from comity.conformance.attack import attack
from comity.conformance.bench import LIE, Bench
from comity.conformance.verdict import Probe, Promise, Verdict
from comity.seal import canon
from comity.wire.calls import Call

_SECTION = "Test calls"
_MOST = 24  # calls of one State in 24 hours
_MINUTE = timedelta(minutes=1)


def _call(at: datetime, lasts: timedelta) -> dict[str, str]:
    """A right call of the moment `at`, to be answered within `lasts`, as plain values."""
    return Call("", at, at + lasts, Urgency.ORDINARY, "A call of the conformance run.").to_dict()


def _signed(bench: Bench, said: dict[str, str]) -> bytes:
    return bench.sign(canon.dumps(said), kind="call")


def _refused(sent: str, code: str, fate: str) -> Probe:
    """The judgement of a call that must be refused with `code`."""
    wrong = Verdict.BROKEN if "admitted" in fate or LIE in fate else Verdict.UNDETERMINED
    return Probe(sent, fate or "what became of it is not told", Verdict.KEPT if fate == f"refused {code}" else wrong)


@attack("call-again", Promise.ONCE, _SECTION)
def again(bench: Bench) -> Iterator[Probe]:
    """Call; say the same call in another envelope; and call again while the first one has time: later, earlier, thirty at once.

    Right: the first is admitted, and none of the others (`call.known`, `call.open`).
    """
    at, half = bench.now(), timedelta(minutes=30)
    statement = _signed(bench, _call(at, half))
    first = bench.seal(statement)
    bench.post("/messages", first)
    (fate,) = bench.fates([first])
    if fate != "admitted":
        spent = fate in {"", "refused call.open", "refused call.too-many"}  # by another run, a moment or some hours ago
        yield Probe(
            "a call", fate or "what became of it is not told", Verdict.UNDETERMINED if spent else Verdict.BROKEN
        )
        return
    yield Probe("a call", fate, Verdict.KEPT)
    others = {"the same call, sealed anew": ("call.known", statement)}
    moments = {"that begins before it": at - _MINUTE, "that begins with it": at, "that begins after it": at + _MINUTE}
    others |= {
        f"a call {words}": ("call.open", _signed(bench, _call(moment, half))) for words, moment in moments.items()
    }
    others |= {f"call {n} of thirty at once": ("call.open", _signed(bench, _call(at, half))) for n in range(1, 31)}
    sealed = [bench.seal(raw) for _, raw in others.values()]
    bench.many(sealed)
    for (sent, (code, _)), fate in zip(others.items(), bench.fates(sealed), strict=True):
        yield _refused(sent, code, fate)


@attack("call-times", Promise.MEANING, _SECTION)
def times(bench: Bench) -> Iterator[Probe]:
    """Call tomorrow, in ten minutes and before we had a key; with no time to answer, with two days, and with less than none.

    Right: never admitted (`call.time`, `call.due`, `call.form`).
    """
    at, right = bench.now(), _call(bench.now(), _MINUTE)
    moments = {"tomorrow": at + timedelta(days=1), "in ten minutes": at + timedelta(minutes=10),
               "before we had a key": bench.me.entry.since - timedelta(days=1)}  # fmt: skip
    cases = {f"a call {words}": ("call.time", _call(moment, _MINUTE)) for words, moment in moments.items()}
    dues = {"in no time": at, "within two days": at + timedelta(days=2), "before it was made": at - _MINUTE}
    cases |= {
        f"a call to be answered {words}": ("call.due", right | {"due": moment_text(due)}) for words, due in dues.items()
    }
    cases |= {
        "a call of no form": ("call.form", right | {"form": "asking"}), "a call of no id": ("call.form", right | {"id": "x"}),
        "a call with a field more": ("call.form", right | {"more": ""}),
    }  # fmt: skip
    sealed = [bench.seal(_signed(bench, said)) for _, said in cases.values()]
    bench.many(sealed)
    for (sent, (code, _)), fate in zip(cases.items(), bench.fates(sealed), strict=True):
        yield _refused(sent, code, fate)


@attack("call-too-often", Promise.SERVICE, _SECTION)
def too_often(bench: Bench) -> Iterator[Probe]:
    """Call 25 times, each for a minute of its own: so all are over before they come, and none overlaps another.

    Right: at most 24 calls of a State are admitted in 24 hours, and the others refused (`call.too-many`).
    """
    count = _MOST + 1
    first = bench.now() - (count + 3) * _MINUTE  # after our key began: that is an hour older than our entry
    sealed = [bench.seal(_signed(bench, _call(first + place * _MINUTE, _MINUTE))) for place in range(count)]
    bench.many(sealed)
    fates = Counter(bench.fates(sealed))
    got = ", ".join(f"{times} {fate or 'not told'}" for fate, times in fates.items())
    if fates["admitted"] > _MOST or any(LIE in fate for fate in fates):
        verdict = Verdict.BROKEN
    elif fates["admitted"] and fates["admitted"] + fates["refused call.too-many"] == count:
        verdict = Verdict.KEPT
    else:  # an earlier run has spent them, or nobody can say
        verdict = Verdict.UNDETERMINED
    yield Probe(f"{count} calls, one after the other", got, verdict)
