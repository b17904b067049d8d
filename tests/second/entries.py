"""Directory entries, their succession, and which key counts when. Directory entry."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from second import notes, plain
from second.keys import Signer, key_id
from second.plain import need
from second.statements import KINDS, statement

LIMIT, SIGNERS = 262_144, 16
_FIELDS = ("state", "version", "previous", "issued_at", "confirmed_on", "names", "authorities", "keys", "threshold", "tls",
           "address", "exercise")  # fmt: skip
_SUITES = {"sign": "ed25519+mldsa65", "recovery": "ed25519+mldsa65", "open": "xwing+hkdf-sha256+aes-256-gcm",
           "log": "ed25519", "witness": "ed25519", "hop": "ed25519", "container": "ecdsa-p256"}  # fmt: skip
_SIGNS = {"sign": KINDS, "recovery": frozenset({"entry"})}
_NEEDED = frozenset(_SUITES) - {"recovery"}
_STEERS = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_ALWAYS = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class Key:
    """A key of a State, with its purpose and time."""

    purpose: str
    parts: tuple[bytes, ...]
    name: str
    since: datetime
    until: datetime
    revoked: datetime | None

    @property
    def id(self) -> str:
        """Its id."""
        purpose = "sign" if self.purpose == "recovery" else self.purpose
        return key_id(purpose, *self.parts)

    def valid(self, at: datetime) -> bool:
        """Whether it counts at this moment."""
        return self.since <= at < self.until and (self.revoked is None or at < self.revoked)


@dataclass(frozen=True)
class Version:
    """One version of a State's entry."""

    state: str
    number: int
    previous: str
    issued: datetime
    confirmed: date
    keys: tuple[Key, ...]
    threshold: int
    exercise: bool
    digest: str
    signers: frozenset[str]

    def of(self, purpose: str) -> list[Key]:
        """Its keys of one purpose."""
        return [key for key in self.keys if key.purpose == purpose]

    def current(self, purpose: str, at: datetime) -> Key | None:
        """The key that serves this purpose at this moment."""
        return max((key for key in self.of(purpose) if key.valid(at)), key=lambda key: key.since, default=None)


def _names(raw) -> None:
    need(isinstance(raw, dict), "no names")
    plain.texts(*raw.values())


def _authority(raw) -> None:
    role, names, languages, zone, reach, powers = plain.fields(
        raw, "role", "names", "languages", "zone", "reach", "powers"
    )
    _names(names)
    plain.texts(role, zone, reach, *plain.listed(languages), *plain.listed(powers))


def _said(raw) -> Iterable[str]:
    """Every text in it."""
    if isinstance(raw, str):
        yield raw
    elif isinstance(raw, dict):
        yield from _said([*raw, *raw.values()])
    elif isinstance(raw, list):
        for one in raw:
            yield from _said(one)


def _key(raw) -> Key:
    purpose, suite, key, name, since, until, revoked = plain.fields(
        raw, "purpose", "suite", "key", "name", "since", "until", "revoked"
    )
    plain.texts(purpose, suite, name, revoked)
    need(_SUITES.get(purpose) == suite, "another suite than the purpose has")
    if purpose in _SIGNS:
        parts = tuple(map(plain.binary, plain.fields(key, "ed25519", "mldsa65")))
        need([len(part) for part in parts] == [32, 1952], "halves of other lengths")
    else:
        parts = (plain.binary(key),)
        fits = {"open": len(parts[0]) == 1216, "container": bool(parts[0])}.get(purpose, len(parts[0]) == 32)
        need(fits, "a key of another length")
    named = purpose in ("log", "witness")
    need(re.fullmatch(r"[^\s+]{1,200}", name) if named else not name, "no such name")
    found = Key(
        purpose, parts, name, plain.moment(since), plain.moment(until), plain.moment(revoked) if revoked else None
    )
    need(found.since < found.until, "a key without a time")
    return found


def _version(payload: bytes) -> Version:
    state, number, previous, issued, confirmed, names, authorities, keys, threshold, tls, address, exercise = (
        plain.fields(plain.read(payload, LIMIT), *_FIELDS)
    )
    plain.texts(state, previous, tls, address)
    shown = _said([state, previous, address, names, authorities, keys])
    need(not any(map(_STEERS.search, shown)), "it steers a screen")
    _names(names)
    for one in plain.listed(authorities):
        _authority(one)
    need(isinstance(exercise, bool) and re.fullmatch("[A-Z]{2}", state), "no State, or no flag")
    need(address.startswith("https://"), "no address")
    plain.integer(number, 1)
    need(previous == "" if number == 1 else plain.is_digest(previous), "no version before it")
    found = Version(state, number, previous, plain.moment(issued), plain.day(confirmed),
                    tuple(map(_key, plain.listed(keys))), plain.integer(threshold, 0), exercise, plain.digest(payload),
                    frozenset())  # fmt: skip
    _means(found)
    return found


def _means(found: Version) -> None:
    at = found.issued
    need(found.confirmed <= at.date(), "a confirmation to come")
    need(len({key.id for key in found.keys}) == len(found.keys), "a key twice")
    need(all(key.revoked is None or key.revoked <= at for key in found.keys), "a revocation to come")
    for purpose in _NEEDED:
        begins = [key.since for key in found.of(purpose) if key.valid(at)]
        need(begins and len(set(begins)) == len(begins), f"no one key to {purpose}")
    recovery = sum(key.valid(at) for key in found.of("recovery"))
    need(min(recovery, 1) <= found.threshold <= recovery, "a threshold that nobody reaches")


def signers(version: Version, *, always: bool = False) -> list[Signer]:
    """The keys of a version that sign statements; `always`: without regard to their times."""
    return [
        Signer(version.state, *key.parts, _SIGNS[key.purpose], *(_ALWAYS if always else (key.since, key.until, key.revoked)))
        for key in version.keys if key.purpose in _SIGNS
    ]  # fmt: skip


def entry(data: bytes) -> Version:
    """The version in its signed form, when every signature on it holds and its own signing key made one."""
    form, payload, statements = plain.fields(plain.read(data, LIMIT), "comity", "payload", "statements")
    need(form == "entry/2" and 1 <= len(plain.listed(statements)) <= SIGNERS, "another form")
    found = _version(plain.binary(payload))
    trusted, named = signers(found, always=True), []
    for one in statements:
        need(isinstance(one, dict) and "payload" not in one, "a payload of its own")
        said = statement(plain.write(one | {"payload": payload}), trusted, {"entry"}, found.issued, LIMIT)
        need(said.to == "", "for somebody")
        named.append(said.key)
    need(len(set(named)) == len(named), "a key signed twice")
    need(found.current("sign", found.issued).id in named, "not by its own key")
    return replace(found, signers=frozenset(named))


def follows(old: Version, data: bytes) -> Version:
    """The version in `data`, when it follows `old` without a person."""
    new = entry(data)
    need((new.state, new.exercise) == (old.state, old.exercise), "another State, or earnest")  # 1
    need((new.number, new.previous) == (old.number + 1, old.digest), "not the next one")
    need(new.issued >= old.issued and new.confirmed >= old.confirmed, "older")
    need(len(new.keys) >= len(old.keys), "a key is missing")  # 2
    for before, after in zip(old.keys, new.keys, strict=False):
        _kept(before, after, new.issued)
    need(all(key.since == new.issued for key in new.keys[len(old.keys) :]), "a key from before, or to come")
    recovered = (
        0 < old.threshold <= sum(key.id in new.signers for key in old.of("recovery") if key.valid(new.issued))
    )  # 3
    own = old.current("sign", new.issued)
    changed = (old.threshold, old.of("recovery")) != (new.threshold, new.of("recovery"))
    if not recovered:
        need(own and own.id in new.signers, "not by the key of before")
        need(next(key for key in new.keys if key.id == own.id).revoked is None, "by a key that it revokes")
        need(not (changed and old.threshold), "who may recover was changed")  # 4
    return new


def _kept(before: Key, after: Key, issued: datetime) -> None:
    need((before.purpose, before.parts, before.name, before.since) == (after.purpose, after.parts, after.name, after.since),
         "another key")  # fmt: skip
    need(after.until == before.until or issued <= after.until < before.until, "another end")
    need(after.revoked == before.revoked
         or (after.revoked is not None and (before.revoked is None or after.revoked < before.revoked)),
         "a revocation undone")  # fmt: skip


def chains(signed: Iterable[bytes]) -> dict[str, Version]:
    """State -> the newest version in its chain; the versions of a State stand together, oldest first."""
    found: dict[str, Version] = {}
    last = ""
    for data in signed:
        state = entry(data).state
        need(state == last or state not in found, "versions of a State apart")
        found[state] = follows(found[state], data) if state == last else entry(data)
        last = state
    return found


def in_log(proof: notes.Proof, logged: bytes, home: Version, others: Iterable[Version]) -> dict[str, datetime]:
    """When each witness of another State saw a head of the log of `home` that holds this entry."""
    origin = notes.head(proof.note).origin
    signed = None
    for key in (key for key in home.of("log") if key.name == origin):
        try:
            notes.by_log(proof.note, key.name, *key.parts)
        except plain.Refused:
            continue
        signed = key
        break
    need(signed, "not by a key of this log")
    proof.leads(logged, signed.name, *signed.parts)
    seen = {}
    for other in others:
        for key in other.of("witness") if other.state != home.state else ():
            at = notes.by_witness(proof.note, key.name, *key.parts)
            if at is not None and key.revoked is None and key.valid(at):
                seen[key.name] = at
    need(
        signed.revoked is None or any(at < signed.revoked for at in seen.values()),
        "seen by nobody before its key was revoked",
    )
    return seen


def fingerprint(version: Version) -> str:
    """What two officers compare aloud."""
    both = version.current("sign", version.issued).parts
    hexed = hashlib.sha256(b"comity/v1 sign key\n" + b"".join(both)).hexdigest()[:32]
    return " ".join(hexed[at : at + 4] for at in range(0, 32, 4))
