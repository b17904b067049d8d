"""Directory entries over time: what follows what, which key counts when, and what is refused for ever."""

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusing import code

from comity.ledger.checkpoint import Checkpoint, cosignature, signed
from comity.ledger.log import ACT, Proof, entry
from comity.seal import canon, envelope
from comity.seal.keys import NoteKey, OpeningKey, SigningKey
from comity.seal.merkle import leaf_hash
from comity.seal.trust import Grant, Trust
from comity.wire.directory import (
    Authority,
    DatedKey,
    Entry,
    Purpose,
    contradicts,
    distinct,
    first_keys,
    in_log,
    read_chains,
    read_entry,
    recovered,
    sign_entry,
    spent,
    succeeds,
    trust_in,
)

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UNTIL = AT + 365 * 5 * DAY
SECOND = timedelta(seconds=1)


@cache
def key(number: int) -> SigningKey:
    """Make the signing key of this number: always the same."""
    return SigningKey(number.to_bytes(32, "big"), (number + (1 << 20)).to_bytes(32, "big"))


def note(number: int, name: str = "note") -> NoteKey:
    """Make the note key of this number."""
    return NoteKey(name, number.to_bytes(32, "big"))


OFFLINE = [key(number) for number in (90, 91, 92)]
NEVER = key(99)


def first(state="IR", sign=1, *, recovery=0, since=AT - HOUR, **changes) -> Entry:
    """Make a State's first version, with so many of three recovery keys as threshold."""
    keys = first_keys(
        sign=key(sign).public, open=OpeningKey(sign.to_bytes(32, "big")).public,
        log=(f"{state}/log", note(sign + 100).public), witness=(f"{state}/witness", note(sign + 200).public),
        hop=note(sign + 300).public, certificate=b"der", since=since, until=UNTIL,
    )  # fmt: skip
    if recovery:
        keys += tuple(DatedKey(Purpose.RECOVERY, each.public, AT - HOUR, UNTIL) for each in OFFLINE)
    made = Entry(
        state=state, version=1, previous="", issued_at=AT, confirmed_on=AT.date(), names={"en": f"State {state}"},
        authorities=(Authority("contact", {"en": "24/7"}, ("en",), "Asia/Tehran", "telephone", ("41",)),), keys=keys,
        threshold=recovery, tls="pem", address="https://127.0.0.1:1", exercise=True,
    )  # fmt: skip
    return replace(made, **changes)


def after(old: Entry, at=AT + DAY, **changes) -> Entry:
    """Make the next version, with these changes."""
    return replace(old, version=old.version + 1, previous=old.digest, issued_at=at, **changes)


def rotated(old: Entry, number: int, at=AT + DAY, *, until=None, revoked=None, **changes) -> Entry:
    """Make the next version, in which the key of this number signs."""
    now = old.key(Purpose.SIGN, old.issued_at)
    ended = replace(now, until=until or min(now.until, at), revoked=revoked)
    keys = (
        *(ended if each == now else each for each in old.keys),
        DatedKey(Purpose.SIGN, key(number).public, at, UNTIL),
    )
    return after(old, at, keys=keys, **changes)


def changed(made: Entry, place: int, **changes) -> Entry:
    """Make the entry with one of its keys changed."""
    return replace(
        made, keys=tuple(replace(each, **changes) if at == place else each for at, each in enumerate(made.keys))
    )


# ------------------------------------------------------------------------------------------------------ what is said


def test_an_entry_says_which_key_was_valid_when():
    """The newest version alone: the old key for its time, the new one for its own, none before or after."""
    new = rotated(first(), 2, until=AT + 3 * DAY)
    old_key, new_key = key(1).public, key(2).public
    assert new.sign == new_key
    assert [new.key(Purpose.SIGN, at).public for at in (AT, AT + DAY - SECOND, AT + DAY)] == [old_key, old_key, new_key]
    assert [each.public for each in new.valid(Purpose.SIGN, AT + 2 * DAY)] == [old_key, new_key]
    assert [each.public for each in new.valid(Purpose.SIGN, AT + 3 * DAY)] == [new_key]
    assert code(new.key, Purpose.SIGN, UNTIL) == "entry.no-key"
    assert code(new.key, Purpose.RECOVERY, AT) == "entry.no-key"
    assert new.named(old_key.id).until == AT + 3 * DAY
    assert code(new.named, "sign-0") == "entry.unknown-key"


@pytest.mark.parametrize(("on", "expected"), [
    (date(2026, 11, 24), False), (date(2027, 11, 24), False), (date(2027, 11, 25), False), (date(2027, 11, 26), True),
])  # fmt: skip
def test_an_entry_goes_stale(on, expected):
    """A year and a day after it was confirmed last it is stale (Articles 40(12), 41(2))."""
    assert first().stale(on) is expected


def test_an_id_is_of_its_purpose():
    """The same bytes as the key of another purpose have another id, but for the pair that signs or recovers."""
    made = first()
    ids = [DatedKey(purpose, bytes(32), AT, UNTIL).id for purpose in (Purpose.LOG, Purpose.WITNESS, Purpose.HOP)]
    assert len({*ids, *(each.id for each in made.keys)}) == 9
    assert made.keys[0].id == key(1).public.id


@pytest.mark.parametrize("sign", "\0\x1b\n\x7f\x9b\u061c\u200e\u200f\u2028\u202a\u202e\u2066\u2069")
def test_no_text_of_an_entry_steers_what_shows_it(sign):
    """No text that people see holds what moves, hides or reorders; Persian's joiners may stand there, lines of PEM too."""
    made, text = first(), f"a{sign}b"
    role = made.authorities[0]
    for wrong in (
        {"names": {"en": text}}, {"names": {text: "Iran"}}, {"address": f"https://{text}"},
        *({"authorities": (replace(role, **changes),)} for changes in (
            {"role": text}, {"names": {"en": text}}, {"names": {text: "24/7"}}, {"languages": (text,)}, {"zone": text},
            {"reach": text}, {"powers": (text,)})),
        {"keys": tuple(replace(each, name=text) if each.name else each for each in made.keys)},
    ):  # fmt: skip
        assert code(read_entry, sign_entry(replace(made, **wrong), key(1))) == "entry.form", wrong
    right = replace(made, names={"fa": "کشور\u200cها \u200d", "en": "Việt Nam"}, tls="-----\nMII\r\n-----\n")
    assert read_entry(sign_entry(right, key(1))) == right


# ---------------------------------------------------------------------------------------------------- what follows

PLAIN, GUARDED = first(), first(recovery=2)

# What the next version is -> who signs it -> the code of the refusal.
STEPS = [
    ("as it was, confirmed", PLAIN, after(PLAIN, confirmed_on=date(2026, 11, 25)), [key(1)], ""),
    ("another address", PLAIN, after(PLAIN, address="https://127.0.0.1:2"), [key(1)], ""),
    ("another key, by both", PLAIN, rotated(PLAIN, 2), [key(2), key(1)], ""),
    ("in another order", PLAIN, rotated(PLAIN, 2), [key(1), key(2)], ""),
    ("beside the old one", PLAIN, rotated(PLAIN, 2, until=AT + 9 * DAY), [key(2), key(1)], ""),
    ("another key, by itself", PLAIN, rotated(PLAIN, 2), [key(2)], "entry.succession"),
    ("another key, by the old one", PLAIN, rotated(PLAIN, 2), [key(1)], "entry.signers"),
    ("signed twice by one", PLAIN, rotated(PLAIN, 2), [key(2), key(2)], "entry.signers"),
    ("by a stranger too", PLAIN, rotated(PLAIN, 2), [key(2), key(1), NEVER], "trust.unknown-key"),
    ("the old one revoked, by both", PLAIN, rotated(PLAIN, 2, revoked=AT), [key(2), key(1)], "entry.succession"),
    ("the old one revoked, by two offline", GUARDED, rotated(GUARDED, 2, revoked=AT), [key(2), *OFFLINE[:2]], ""),
    ("by all three offline", GUARDED, rotated(GUARDED, 2, revoked=AT), [key(2), *OFFLINE], ""),
    ("by one offline", GUARDED, rotated(GUARDED, 2, revoked=AT), [key(2), OFFLINE[0]], "entry.succession"),
    ("by one offline twice", GUARDED, rotated(GUARDED, 2), [key(2), OFFLINE[0], OFFLINE[0]], "entry.signers"),
    ("by one offline and the old one", GUARDED, rotated(GUARDED, 2, revoked=AT), [key(2), key(1), OFFLINE[0]],
     "entry.succession"),
    ("offline alone", GUARDED, rotated(GUARDED, 2), OFFLINE, "entry.signers"),
    ("offline where none are named", PLAIN, rotated(PLAIN, 2), [key(2), *OFFLINE], "trust.unknown-key"),
    ("guarded, in the ordinary way", GUARDED, rotated(GUARDED, 2), [key(2), key(1)], ""),
    ("first guarded", PLAIN, after(PLAIN, threshold=1, keys=(
        *PLAIN.keys, DatedKey(Purpose.RECOVERY, OFFLINE[0].public, AT + DAY, UNTIL))), [key(1)], ""),
    ("a lower threshold", GUARDED, after(GUARDED, threshold=1), [key(1)], "entry.succession"),
    ("a lower threshold, by two", GUARDED, after(GUARDED, threshold=1), [key(1), *OFFLINE[1:]], ""),
    ("one more offline", GUARDED, after(GUARDED, keys=(
        *GUARDED.keys, DatedKey(Purpose.RECOVERY, NEVER.public, AT + DAY, UNTIL))), [key(1), NEVER], "entry.succession"),
    ("the new ones offline vouch for themselves", GUARDED, after(GUARDED, threshold=1, keys=(
        *(replace(each, until=AT + DAY) if each.purpose == "recovery" else each for each in GUARDED.keys),
        DatedKey(Purpose.RECOVERY, NEVER.public, AT + DAY, UNTIL))), [key(1), NEVER], "entry.succession"),
    ("one offline ended", GUARDED, changed(after(GUARDED), 6, until=AT + DAY), [key(1)], "entry.succession"),
    ("a version skipped", PLAIN, replace(after(PLAIN), version=3), [key(1)], "entry.order"),
    ("the same number", PLAIN, replace(PLAIN, address="https://127.0.0.1:2"), [key(1)], "entry.order"),
    ("upon another one", PLAIN, after(replace(PLAIN, tls="other")), [key(1)], "entry.order"),
    ("another State's", PLAIN, after(PLAIN, state="QA"), [key(1)], "entry.order"),
    ("in earnest", PLAIN, after(PLAIN, exercise=False), [key(1)], "entry.order"),
    ("older", PLAIN, after(PLAIN, AT - SECOND, confirmed_on=AT.date()), [key(1)], "entry.history"),
    ("confirmed earlier", PLAIN, after(PLAIN, confirmed_on=date(2026, 11, 23)), [key(1)], "entry.history"),
    ("another key to come", PLAIN, after(PLAIN, keys=(
        *PLAIN.keys, DatedKey(Purpose.SIGN, NEVER.public, AT + DAY + SECOND, UNTIL))), [key(1)], "entry.history"),
    ("another key to come, by two offline", GUARDED, after(GUARDED, keys=(
        *GUARDED.keys, DatedKey(Purpose.SIGN, NEVER.public, AT + 9 * DAY, UNTIL))), [key(1), *OFFLINE[:2]], "entry.history"),
    ("two more offline to come, by two", GUARDED, after(GUARDED, keys=(
        *GUARDED.keys, *(DatedKey(Purpose.RECOVERY, key(each).public, AT + DAY + SECOND, UNTIL) for each in (98, 99)))),
     [key(1), *OFFLINE[:2]], "entry.history"),
    ("after its key ended", PLAIN, rotated(PLAIN, 2, UNTIL + DAY, until=UNTIL, revoked=None), [key(2), key(1)], "entry.form"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "signers", "expected"), [row[1:] for row in STEPS], ids=[row[0] for row in STEPS]
)
def test_what_follows(old, new, signers, expected):
    """A version follows the one before when it keeps its history and those signed who spoke for the State until then."""
    assert code(succeeds, old, sign_entry(new, *signers)) == expected


HELD = rotated(rotated(first(), 2, until=AT + 5 * DAY), 3, AT + 2 * DAY, until=AT + 6 * DAY)
NEXT = AT + 3 * DAY

# How the history of the first key (it ends in five days) or another is told anew -> whether it may be.
HISTORIES = [
    ("as it was", {}, ""),
    ("ends later", {"until": AT + 6 * DAY}, "entry.history"),
    ("ends sooner", {"until": AT + 4 * DAY}, ""),
    ("ends now", {"until": NEXT}, ""),
    ("ended before", {"until": NEXT - SECOND}, "entry.history"),
    ("began sooner", {"since": AT - DAY}, "entry.history"),
    ("began later", {"since": AT}, "entry.history"),
    ("revoked now", {"revoked": NEXT}, ""),
    ("revoked before", {"revoked": AT - DAY}, ""),
    ("revoked to come", {"revoked": NEXT + SECOND}, "entry.form"),
    ("another key", {"public": key(7).public}, "entry.history"),
    ("another purpose", {"purpose": Purpose.RECOVERY}, "entry.form"),
]


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in HISTORIES], ids=[row[0] for row in HISTORIES])
def test_history_is_kept(changes, expected):
    """Of a key's dates only the end comes nearer, not into the past; a revocation may go back: that is its point."""
    new = changed(after(HELD, NEXT), 0, **changes)
    assert code(succeeds, HELD, sign_entry(new, key(3))) == expected


def test_a_revocation_is_never_taken_back():
    """It may be found to have begun sooner, and never later or not at all."""
    old = changed(HELD, 0, revoked=AT + DAY)
    for revoked, expected in ((AT + DAY, ""), (AT, ""), (AT + DAY + SECOND, "entry.history"), (None, "entry.history")):
        assert code(succeeds, old, sign_entry(changed(after(old, NEXT), 0, revoked=revoked), key(3))) == expected


def test_no_key_is_dropped_moved_or_slipped_in():
    """The list of keys only grows, at its end, by keys that begin now."""
    new = after(HELD, NEXT)
    slipped = DatedKey(Purpose.HOP, note(900).public, AT, UNTIL)
    rows = {
        "dropped": (new.keys[1:], "entry.history"), "the last one dropped": (new.keys[:-1], "entry.history"),
        "moved": ((new.keys[1], new.keys[0], *new.keys[2:]), "entry.history"),
        "begun before": ((*new.keys, slipped), "entry.history"),
        "begun now": ((*new.keys, replace(slipped, since=NEXT)), ""),
        "to come": ((*new.keys, replace(slipped, since=NEXT + DAY)), "entry.history"),
    }  # fmt: skip
    for words, (keys, expected) in rows.items():
        signers = [key(2)] if len(keys) == len(new.keys) - 1 and keys[0] == new.keys[0] else [key(3)]
        assert code(succeeds, HELD, sign_entry(replace(new, keys=keys), *signers)) == expected, words


def test_the_key_before_the_last_vouches_for_nothing():
    """While an old key is still valid beside the new one, it does not lead on: who steals it takes nothing over."""
    thief = rotated(HELD, 8, NEXT, until=AT + 6 * DAY)
    assert code(succeeds, HELD, sign_entry(thief, key(8), key(2))) == "entry.succession"
    assert code(succeeds, HELD, sign_entry(thief, key(8), key(3))) == ""


# ------------------------------------------------------------------------------------------------ by chance, all of it

FIELDS = sorted(first().to_dict())
junk = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=4) | st.sampled_from(["2026-11-25", "0" * 64]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2), max_leaves=4,
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(FIELDS), junk)
def test_no_field_changes_without_the_key(name, value):
    """Whatever another one writes into any field of a signed version, it is refused."""
    data = sign_entry(rotated(PLAIN, 2), key(2), key(1))
    outer = canon.loads(data, limit=1 << 20)
    said = canon.loads(canon.unb64(outer["payload"]), limit=1 << 20)
    if said[name] == value and type(said[name]) is type(value):
        return
    forged = canon.dumps(outer | {"payload": canon.b64(canon.dumps(said | {name: value}))})
    assert code(succeeds, PLAIN, forged)
    assert code(read_entry, forged)


def test_bits_of_a_signed_entry():
    """One bit flipped in every seventh byte of a version with two signatures: it is refused."""
    data = sign_entry(rotated(PLAIN, 2), key(2), key(1))
    for place in range(random.randrange(7), len(data), 7):
        other = bytearray(data)
        other[place] ^= 1 << random.randrange(8)
        if not code(succeeds, PLAIN, bytes(other)):
            pytest.fail(f"byte {place}")
    assert code(succeeds, PLAIN, data) == ""


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["confirm", "rotate", "keep", "recover", "hop"]), max_size=6), st.data())
def test_chains_by_chance(steps, data):
    """What a State does in order is accepted in order; with a version left out, doubled or moved it is not."""
    chain, made, signer = [sign_entry(GUARDED, key(1))], GUARDED, 1
    for number, step in enumerate(steps, 2):
        at = AT + number * DAY
        if step == "confirm":
            made, by = after(made, at, confirmed_on=at.date()), [key(signer)]
        elif step == "hop":
            made = after(made, at, keys=(*made.keys, DatedKey(Purpose.HOP, note(500 + number).public, at, UNTIL)))
            by = [key(signer)]
        else:
            until, revoked = (at + DAY if step == "keep" else None), (at - HOUR if step == "recover" else None)
            made = rotated(made, number, at, until=until, revoked=revoked)
            by = [key(number), *(OFFLINE[1:] if step == "recover" else [key(signer)])]
            signer = number
        chain.append(sign_entry(made, *by))
    (found,) = read_chains(chain).values()
    assert [one.version for one in found] == list(range(1, len(chain) + 1))
    assert found[-1] == made
    if len(chain) > 2:
        place = data.draw(st.integers(1, len(chain) - 2))
        assert code(read_chains, chain[:place] + chain[place + 1 :]) == "entry.order"
        assert code(read_chains, [*chain[: place + 1], *chain[place:]]) == "entry.order"
        assert code(read_chains, [*chain[:place], chain[place + 1], chain[place], *chain[place + 2 :]]) == "entry.order"


def test_chains_of_many_states():
    """They stand one after another; versions that stand apart, or of nobody's following, are refused."""
    ours = [sign_entry(PLAIN, key(1)), sign_entry(rotated(PLAIN, 2), key(2), key(1))]
    theirs = [sign_entry(first("QA", 11), key(11))]
    assert {state: len(chain) for state, chain in read_chains([*ours, *theirs]).items()} == {"IR": 2, "QA": 1}
    assert code(read_chains, [ours[0], *theirs, ours[1]]) == "entry.order"
    assert code(read_chains, [ours[1], ours[0]]) == "entry.order"
    assert read_chains([]) == {}


def test_two_versions_under_one_number():
    """They contradict each other when a key signed that spoke for the State; a stranger's word contradicts nothing."""
    known = rotated(PLAIN, 2)
    rows = {
        "another one by the same keys": ([key(2), key(1)], rotated(PLAIN, 2, names={}), True),
        "by the key before": ([key(3), key(1)], rotated(PLAIN, 3), True),
        "the very same, with fewer signatures": ([key(2)], known, False),
        "of another number": ([key(2)], after(known), False),
    }  # fmt: skip
    for words, (signers, other, expected) in rows.items():
        assert contradicts(known, sign_entry(other, *signers)) is expected, words
    assert not contradicts(known, sign_entry(first("IR", 50), key(50)))
    assert not contradicts(PLAIN, sign_entry(first("IR", 50), key(50)))
    assert contradicts(PLAIN, sign_entry(replace(PLAIN, tls="other"), key(1)))
    revoked = changed(rotated(GUARDED, 2), 0, revoked=AT)
    assert not contradicts(
        revoked, sign_entry(rotated(GUARDED, 3), key(3), key(1))
    )  # the thief's word is no contradiction
    assert contradicts(revoked, sign_entry(rotated(GUARDED, 3), key(3), *OFFLINE))
    assert recovered(GUARDED, sign_entry(rotated(GUARDED, 3), key(3), *OFFLINE))
    assert not recovered(GUARDED, sign_entry(rotated(GUARDED, 3), key(3), OFFLINE[0], key(1)))
    assert not recovered(PLAIN, sign_entry(rotated(PLAIN, 3), key(3), key(1)))


def test_a_contradiction_by_keys_that_speak_no_more():
    """Revoked or over in the newest version: spent. In force beside a spent one, or as recovery keys: not."""
    known = rotated(GUARDED, 2, until=AT + 2 * DAY)
    by_old = sign_entry(rotated(GUARDED, 3), key(3), key(1))
    offline = sign_entry(rotated(GUARDED, 3), key(3), key(1), *OFFLINE)
    assert contradicts(known, by_old)
    newest = {
        "in force": (after(known), False),
        "over": (after(known, AT + 3 * DAY), True),
        "revoked": (changed(after(known), 0, revoked=AT), True),
    }
    for words, (last, expected) in newest.items():
        assert spent(known, by_old, last) is expected, words
        assert not spent(known, offline, last), words
    by_both = sign_entry(replace(known, tls="other"), key(2), key(1))
    assert not spent(known, by_both, newest["revoked"][0])


def test_names_of_old_logs_stay_taken():
    """A name that a State's log or witness ever had is no other State's."""
    moved = after(PLAIN, keys=(*PLAIN.keys, DatedKey(Purpose.LOG, note(7).public, AT + DAY, UNTIL, name="IR/log-2")))
    assert moved.log == ("IR/log-2", note(7).public)
    for name in ("IR/log", "IR/log-2", "IR/witness"):
        thief = changed(first("QA", 11), 2, name=name)
        assert code(distinct, [moved, thief]) == "entry.names"
    assert code(distinct, [moved, first("QA", 11)]) == ""


# --------------------------------------------------------------------------------------------------- trust over time

MADE = rotated(PLAIN, 2, until=AT + 3 * DAY)

# At which moment which key may sign what.
MOMENTS = [
    ("the first, in its time", 1, "act", AT, ""),
    ("the first, beside the second", 1, "act", AT + 3 * DAY - SECOND, ""),
    ("the first, at its end", 1, "act", AT + 3 * DAY, "trust.time"),
    ("the second, before it began", 2, "act", AT + DAY - SECOND, "trust.time"),
    ("the second", 2, "receipt", AT + DAY, ""),
    ("one offline says entries", 90, "entry", AT, ""),
    ("one offline says no act", 90, "act", AT, "trust.kind"),
    ("a stranger's", 99, "act", AT, "trust.unknown-key"),
]


@pytest.mark.parametrize(
    ("number", "kind", "at", "expected"), [row[1:] for row in MOMENTS], ids=[r[0] for r in MOMENTS]
)
def test_trust_at_a_moment(number, kind, at, expected):
    """Each key for its purpose and its time."""
    made = replace(MADE, keys=(*MADE.keys, *GUARDED.keys[6:]), threshold=2)
    assert code(trust_in([made]).key, "IR", key(number).public.id, kind, at) == expected


def test_a_revoked_key():
    """Before the moment of its revocation it counts, from it on never, whatever its other dates say."""
    trust = trust_in([changed(MADE, 0, revoked=AT + HOUR)])
    for at, expected in ((AT + HOUR - SECOND, ""), (AT + HOUR, "trust.revoked"), (AT + 4 * DAY, "trust.time")):
        assert code(trust.key, "IR", key(1).public.id, "act", at) == expected


def test_a_retired_suite_signs_nothing_more():
    """A policy retires a suite as a whole, from its day on; what was signed before stays."""
    retired = {"ed25519+mldsa65": AT + HOUR}
    for at, expected in ((AT + HOUR - SECOND, ""), (AT + HOUR, "trust.retired")):
        assert code(trust_in([PLAIN], retired=retired).key, "IR", key(1).public.id, "act", at) == expected
    assert code(trust_in([PLAIN], retired={"ed25519": AT}).key, "IR", key(1).public.id, "act", AT) == ""
    grant = Grant("IR", key(1).public, frozenset({"act"}), AT, UNTIL, suite="mldsa87")
    assert code(Trust([grant], retired={"mldsa87": AT}).key, "IR", key(1).public.id, "act", AT) == "trust.retired"


def proved(log: NoteKey, *witnesses: tuple[NoteKey, datetime]) -> tuple[Proof, bytes]:
    """Make a log of one entry, with its head cosigned: (the proof, the entry)."""
    data = entry(ACT, "a1" * 32)
    head = Checkpoint(log.name, 1, leaf_hash(data))
    lines = "".join(cosignature(head, witness, at) for witness, at in witnesses)
    return Proof(0, (), signed(head, log) + lines), data


LOG, SAW = note(101, "IR/log"), note(211, "QA/witness")
QATAR = first("QA", 11)


def test_heads_of_a_log_whose_key_was_rotated():
    """An old head is the log's as well as a new one; another origin, or a key that never was its own, is not."""
    ours = after(PLAIN, keys=(
        *PLAIN.keys, DatedKey(Purpose.LOG, note(7).public, AT + DAY, UNTIL, name="IR/log"),
        DatedKey(Purpose.LOG, note(8).public, AT + 2 * DAY, UNTIL, name="IR/log-2"),
    ))  # fmt: skip
    for log, expected in (
        (LOG, ""), (note(7, "IR/log"), ""), (note(8, "IR/log-2"), ""), (note(8, "IR/log"), "checkpoint.signature"),
        (note(101, "IR/log-2"), "checkpoint.signature"), (note(9, "IR/log"), "checkpoint.signature"),
        (note(101, "QA/log"), "checkpoint.signature"),
    ):  # fmt: skip
        proof, data = proved(log, (SAW, AT))
        assert code(in_log, proof, data, ours, [QATAR]) == expected
        if not expected:
            assert in_log(proof, data, ours, [ours, QATAR]) == {"QA/witness": AT}
    assert code(in_log, proved(LOG)[0], entry(ACT, "b2" * 32), ours, []) == "proof.inclusion"


def test_heads_under_a_revoked_key():
    """They count only if a witness of another State saw them before; a witness's key that was revoked says nothing."""
    revoked = changed(PLAIN, 2, revoked=AT - HOUR + SECOND)
    own, other = (note(201, "IR/witness"), AT - HOUR), (SAW, AT - HOUR)
    rows = [
        ((), "checkpoint.revoked"), ((other,), ""), ((own,), "checkpoint.revoked"),
        (((SAW, AT - HOUR + SECOND),), "checkpoint.revoked"),
    ]  # fmt: skip
    for seen, expected in rows:
        proof, data = proved(LOG, *seen)
        assert code(in_log, proof, data, revoked, [revoked, QATAR]) == expected
    proof, data = proved(LOG, other)
    lost = changed(QATAR, 3, revoked=AT)
    assert code(in_log, proof, data, revoked, [lost]) == "checkpoint.revoked"
    assert in_log(proof, data, PLAIN, [lost]) == {}
    assert in_log(*proved(LOG, (SAW, AT - DAY)), PLAIN, [QATAR]) == {}  # seen before the witness had this key


# -------------------------------------------------------------------------------------- five States, cut lines, thieves


@dataclass
class State:
    """A State in a schedule: its chain, its keys, what it knows of the others, what it said and what came."""

    code: str
    made: Entry
    signer: int
    chain: list[bytes]
    known: dict[str, Entry] = field(default_factory=dict)
    said: list[tuple[int, datetime, bytes]] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)  # keys that thieves have

    def hears(self, other: "State") -> None:
        """Follow the other's chain from what is known of it."""
        for data in other.chain[self.known[other.code].version :]:
            self.known[other.code] = succeeds(self.known[other.code], data)

    def reads(self, data: bytes, at: datetime) -> str:
        """Try what arrives at `at`: empty, or the code of the refusal."""
        return code(envelope.verify, data, trust_in(self.known.values()), kind="act", at=at)


@cache
def beginning(name: str, number: int) -> tuple[Entry, bytes]:
    """Make the first version of a State in a schedule, and sign it."""
    made = first(name, number, recovery=2)
    return made, sign_entry(made, key(number))


class Schedule:
    """Hours in which five States rotate, recover, speak and are cut off, and thieves use what they have."""

    def __init__(self, seed: int) -> None:
        self.random, self.now, self.numbers = random.Random(seed), AT, iter(range(1000, 9000))
        self.states = []
        for number, name in enumerate(("IR", "VN", "QA", "BR", "KE"), 1):
            made, data = beginning(name, number * 10)
            self.states.append(State(name, made, number * 10, [data]))
        for one in self.states:
            one.known = {other.code: other.made for other in self.states}

    def publish(self, one: State, made: Entry, *signers: SigningKey) -> None:
        """Sign the next version; it is one that follows."""
        one.chain.append(sign_entry(made, *signers))
        one.made = succeeds(one.made, one.chain[-1])
        one.known[one.code] = one.made

    def rotate(self, one: State) -> None:
        """Take a new signing key; the old one stays for some hours, or not at all."""
        number = next(self.numbers)
        made = rotated(one.made, number, self.now, until=self.now + self.random.randrange(4) * HOUR)
        self.publish(one, made, key(number), key(one.signer))
        one.signer = number

    def recover(self, one: State) -> None:
        """Take a new signing key under two keys offline, because the old one was stolen some hours ago."""
        number, since = next(self.numbers), max(one.made.since, self.now - self.random.randrange(6) * HOUR)
        one.lost.append(one.signer)
        end = one.made.key(Purpose.SIGN, one.made.issued_at).until
        made = rotated(one.made, number, self.now, until=end, revoked=since)
        self.publish(one, made, key(number), *self.random.sample(OFFLINE, 2))
        one.signer = number

    def speak(self, one: State) -> None:
        """Say something now, with the key that signs now."""
        data = envelope.sign("act", b"%d" % len(one.said), sender=one.code, to="", key=key(one.signer))
        one.said.append((one.signer, self.now, data))

    def run(self, steps: int) -> None:
        """Let chance decide; lines that are not cut carry chains."""
        verbs = [self.rotate, self.recover, self.speak, self.speak]
        for _ in range(steps):
            self.now += self.random.randrange(1, 4) * HOUR
            self.random.choice(verbs)(self.random.choice(self.states))
            one, other = self.random.sample(self.states, 2)
            if self.random.random() < 0.5:
                one.hears(other)


@pytest.mark.parametrize("seed", range(200))
def test_schedules_of_five_states(seed):
    """When all has been delivered: what a key signed in its time stays, and nothing that it signs after its end counts."""
    run = Schedule(seed)
    run.run(12)
    for one in run.states:  # before delivery nobody who is behind is deceived by a chain that a thief continues
        for number in one.lost:
            forged, signers = rotated(one.made, 9000, run.now + HOUR), [key(9000), key(number), OFFLINE[0]]
            assert code(succeeds, one.made, sign_entry(forged, *signers)) == "entry.succession"
    for one in run.states:
        for other in run.states:
            one.hears(other)
    now = run.now + HOUR
    for one, other in zip(run.states, run.states[1:] + run.states[:1], strict=True):
        assert all(reader.known[other.code] == other.made for reader in run.states)  # so what one says, all say
        for number, at, data in other.said:
            dated = other.made.named(key(number).public.id)
            before = dated.revoked is None or at < dated.revoked
            assert (one.reads(data, at) == "") is before  # said in its time: for ever, unless revoked from before
            refused = one.reads(data, now) in ("trust.time", "trust.revoked")
            assert refused is not dated.holds(now)  # what arrives now, whatever time it claims
        for number in other.lost:
            stolen = envelope.sign("act", b"thief", sender=other.code, to="", key=key(number))
            assert one.reads(stolen, now) in ("trust.revoked", "trust.time")
