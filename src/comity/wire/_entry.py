"""What a State's own entry says: who speaks for it, its keys over time, where its node answers; and its one form."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from comity.casework.moments import moment_text, parse_date, parse_moment
from comity.casework.request import STATE
from comity.errors import BrokenSeal, Invalid
from comity.seal import canon
from comity.seal.keys import NOTE_SUITE, SEALING_SUITE, SIGNING_SUITE, SealKey, VerifyKey

CONTAINER_SUITE: Final = "ecdsa-p256"
CONFIRMED_FOR: Final = timedelta(days=366)
_FIELDS = ("state", "version", "previous", "issued_at", "confirmed_on", "names", "authorities", "keys", "threshold",
           "tls", "address", "exercise")  # fmt: skip
_KEY_FIELDS = ("purpose", "suite", "key", "name", "since", "until", "revoked")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_STEERS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What makes a screen or a page show something else than what is written; Persian's two joiners (U+200C, U+200D) do not."""
_NAME = re.compile(r"[^\s+]{1,200}")  # of a log or witness: as a C2SP signed note takes it


class Purpose(StrEnum):
    """What a key is for. A key serves one purpose."""

    SIGN = "sign"
    OPEN = "open"
    LOG = "log"
    WITNESS = "witness"
    HOP = "hop"
    CONTAINER = "container"
    RECOVERY = "recovery"


NEEDED: Final = tuple(purpose for purpose in Purpose if purpose is not Purpose.RECOVERY)
"""Purposes for which an entry has a key that is valid when it is issued."""

_SUITES: Final = {
    Purpose.SIGN: SIGNING_SUITE, Purpose.OPEN: SEALING_SUITE, Purpose.LOG: NOTE_SUITE, Purpose.WITNESS: NOTE_SUITE,
    Purpose.HOP: NOTE_SUITE, Purpose.CONTAINER: CONTAINER_SUITE, Purpose.RECOVERY: SIGNING_SUITE,
}  # fmt: skip
Public = VerifyKey | SealKey | bytes


@dataclass(frozen=True)
class Authority:
    """An authority named in the entry.

    Args:
        role: ``central`` (Article 40(12)), ``contact`` (24/7, Article 41(1)), ``judicial``, ``police``, ``cert``,
            ``assistance`` (Chapter VII), or another word.
        names: language -> name.
        languages: BCP 47 tags it works in.
        zone: IANA time zone.
        reach: how people reach it besides this node.
        powers: what it may do, as articles of the Convention: ``40``, ``42``.
    """

    role: str
    names: dict[str, str]
    languages: tuple[str, ...]
    zone: str
    reach: str
    powers: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"role": self.role, "names": self.names, "languages": list(self.languages), "zone": self.zone,
                "reach": self.reach, "powers": list(self.powers)}  # fmt: skip

    @classmethod
    def from_dict(cls, raw: Any) -> Authority:
        """The authority in `raw`. Raises KeyError or TypeError: it is none."""
        return cls(raw["role"], dict(raw["names"]), tuple(raw["languages"]), raw["zone"], raw["reach"],
                   tuple(raw["powers"]))  # fmt: skip


@dataclass(frozen=True)
class DatedKey:
    """A public key of a State with what it is for and its time.

    Args:
        purpose: what it is for.
        public: a `VerifyKey` to sign or recover, a `SealKey` to open, 32 bytes of Ed25519 for log, witness and hop, an
            X.509 certificate (DER) for containers.
        since: it is valid from this moment on.
        until: and before this one.
        revoked: and before this one, if it was revoked.
        name: of the log (its origin) or witness; else empty.
    """

    purpose: Purpose
    public: Public
    since: datetime
    until: datetime
    revoked: datetime | None = None
    name: str = ""

    @property
    def suite(self) -> str:
        """The name of the algorithms, whole."""
        return _SUITES[self.purpose]

    @cached_property
    def id(self) -> str:
        """The key's id; that of a signing or opening key stands in what it signs and what is sealed to it."""
        if isinstance(self.public, (VerifyKey, SealKey)):
            return self.public.id  # the same for a signing and a recovery key: none can be both
        label = f"comity/v1 {self.purpose} key\n".encode()
        return f"{self.purpose}-" + hashlib.sha256(label + self.public).hexdigest()[:32]

    def holds(self, at: datetime) -> bool:
        """Whether it is valid at the moment `at`."""
        return self.since <= at < self.until and (self.revoked is None or at < self.revoked)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        public = self.public
        key: Any
        if isinstance(public, VerifyKey):
            key = public.to_dict()
        else:
            key = canon.b64(public.raw if isinstance(public, SealKey) else public)
        return {
            "purpose": str(self.purpose), "suite": self.suite, "key": key, "name": self.name,
            "since": moment_text(self.since), "until": moment_text(self.until),
            "revoked": moment_text(self.revoked) if self.revoked else "",
        }  # fmt: skip

    @classmethod
    def from_dict(cls, raw: Any) -> DatedKey:
        """The key in `raw`. Raises BrokenSeal, KeyError, TypeError or ValueError: it is none."""
        found = canon.fields(raw, *_KEY_FIELDS)
        purpose = Purpose(found["purpose"])
        revoked = parse_moment(found["revoked"]) if found["revoked"] else None
        return cls(purpose, _public(purpose, found["key"]), parse_moment(found["since"]), parse_moment(found["until"]),
                   revoked, found["name"])  # fmt: skip


def _public(purpose: Purpose, raw: Any) -> Public:
    if purpose in (Purpose.SIGN, Purpose.RECOVERY):
        return VerifyKey.from_dict(raw)
    return SealKey(canon.unb64(raw)) if purpose is Purpose.OPEN else canon.unb64(raw)


def first_keys(
    *, sign: VerifyKey, open: SealKey, log: tuple[str, bytes], witness: tuple[str, bytes], hop: bytes,  # noqa: A002  the purpose's name
    certificate: bytes, since: datetime, until: datetime,
) -> tuple[DatedKey, ...]:  # fmt: skip
    """The keys of a State's first entry: one for each purpose, all for one time.

    Args:
        sign: verifies its statements.
        open: what is sealed to.
        log: (origin, Ed25519 key) of its log.
        witness: (name, Ed25519 key) under which it witnesses other logs.
        hop: Ed25519 key that signs HTTP requests of its node.
        certificate: X.509 certificate (DER) of its container signatures (CAdES).
        since: they are valid from this moment on.
        until: and before this one.
    """
    return (
        DatedKey(Purpose.SIGN, sign, since, until),
        DatedKey(Purpose.OPEN, open, since, until),
        DatedKey(Purpose.LOG, log[1], since, until, name=log[0]),
        DatedKey(Purpose.WITNESS, witness[1], since, until, name=witness[0]),
        DatedKey(Purpose.HOP, hop, since, until),
        DatedKey(Purpose.CONTAINER, certificate, since, until),
    )


@dataclass(frozen=True)
class Entry:
    """A State's entry, in one version.

    Args:
        state: ISO code.
        version: 1 for the first, one more with each change.
        previous: `digest` of the version before; empty for the first.
        issued_at: when it was made, UTC, whole seconds.
        confirmed_on: when the State last confirmed that all of it is so (Articles 40(12), 41(2)).
        names: language -> name of the State.
        authorities: who speaks for it.
        keys: all keys it ever had, in the order in which it had them; those that ended stay, with their end.
        threshold: how many recovery keys must sign together; 0 when there are none.
        tls: X.509 certificates (PEM, one or more) of which its node's address answers with one.
        address: ``https://…`` of its peers' door.
        exercise: True when the node only takes part in exercises.
    """

    state: str
    version: int
    previous: str
    issued_at: datetime
    confirmed_on: date
    names: dict[str, str]
    authorities: tuple[Authority, ...]
    keys: tuple[DatedKey, ...]
    threshold: int
    tls: str
    address: str
    exercise: bool

    def of(self, purpose: Purpose) -> tuple[DatedKey, ...]:
        """All keys of one purpose, old ones too, in the order in which the State had them."""
        return tuple(key for key in self.keys if key.purpose is purpose)

    def valid(self, purpose: Purpose, at: datetime) -> tuple[DatedKey, ...]:
        """The keys of one purpose that are valid at the moment `at`; the newest comes last."""
        return tuple(sorted((key for key in self.of(purpose) if key.holds(at)), key=lambda key: key.since))

    def key(self, purpose: Purpose, at: datetime) -> DatedKey:
        """The key that serves `purpose` at the moment `at`: of those that are valid, the newest.

        Raises:
            BrokenSeal: ``entry.no-key``: none is valid then.
        """
        found = self.valid(purpose, at)
        if not found:
            message = f"{self.state} has no key to {purpose} at {moment_text(at)}. Ask for its new entry."
            raise BrokenSeal(message, code="entry.no-key", where=self.state)
        return found[-1]

    def named(self, key_id: str) -> DatedKey:
        """The key with this id. Raises Invalid: ``entry.unknown-key``."""
        found = next((key for key in self.keys if key.id == key_id), None)
        if found is None:
            raise Invalid(f"The entry of {self.state} has no key {key_id}.", code="entry.unknown-key", where=key_id)
        return found

    def _public(self, purpose: Purpose) -> Any:
        return self.key(purpose, self.issued_at).public

    @property
    def sign(self) -> VerifyKey:
        """The public signing key when this was issued."""
        key: VerifyKey = self._public(Purpose.SIGN)
        return key

    @property
    def open(self) -> SealKey:
        """The public opening key when this was issued: what is for the State is sealed to it."""
        key: SealKey = self._public(Purpose.OPEN)
        return key

    @property
    def log(self) -> tuple[str, bytes]:
        """(origin, Ed25519 key) of its log when this was issued."""
        return self.key(Purpose.LOG, self.issued_at).name, self._public(Purpose.LOG)

    @property
    def witness(self) -> tuple[str, bytes]:
        """(name, Ed25519 key) under which it witnessed other logs when this was issued."""
        return self.key(Purpose.WITNESS, self.issued_at).name, self._public(Purpose.WITNESS)

    @property
    def hop(self) -> bytes:
        """The Ed25519 key that signed HTTP requests of its node when this was issued."""
        key: bytes = self._public(Purpose.HOP)
        return key

    @property
    def certificate(self) -> bytes:
        """The X.509 certificate (DER) of its container signatures when this was issued."""
        key: bytes = self._public(Purpose.CONTAINER)
        return key

    @property
    def since(self) -> datetime:
        """The signing key of this version signs from this moment on."""
        return self.key(Purpose.SIGN, self.issued_at).since

    @property
    def until(self) -> datetime:
        """And before this one."""
        return self.key(Purpose.SIGN, self.issued_at).until

    @property
    def issued_on(self) -> date:
        """The day on which it was made, UTC."""
        return self.issued_at.date()

    def stale(self, on: date) -> bool:
        """Whether, on this day, the State has not confirmed its entry for more than 366 days (Article 41(2))."""
        return on - self.confirmed_on > CONFIRMED_FOR

    @cached_property
    def digest(self) -> str:
        """What names this version: SHA-256 of what is signed, hex. Signatures are no part of it."""
        return canon.content_id(canon.dumps(self.to_dict()))

    @property
    def fingerprint(self) -> str:
        """What two officers compare aloud: 128 bits of a SHA-256 over both signing keys, in groups of four hex digits."""
        digest = self.sign.id.split("-", 1)[1]
        return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))

    @property
    def code(self) -> str:
        """What people read aloud to agree on this version and all that it says: as `version_code`."""
        return version_code(self.digest)

    @property
    def central(self) -> dict[str, str]:
        """Language -> name of the central authority; in general words when the entry names none."""
        named = next((authority.names for authority in self.authorities if authority.role == "central"), {})
        return {"en": "Central authority", "fa": "مرجع مرکزی"} | named

    def name(self, language: str) -> str:
        """The State's name in `language`, else in English, else its code."""
        return self.names.get(language) or self.names.get("en") or self.state

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "state": self.state, "version": self.version, "previous": self.previous,
            "issued_at": moment_text(self.issued_at), "confirmed_on": self.confirmed_on.isoformat(),
            "names": self.names, "authorities": [authority.to_dict() for authority in self.authorities],
            "keys": [key.to_dict() for key in self.keys], "threshold": self.threshold, "tls": self.tls,
            "address": self.address, "exercise": self.exercise,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, raw: Any) -> Entry:
        """The entry in `raw`. Raises Invalid or BrokenSeal."""
        found = canon.fields(raw, *_FIELDS)
        try:
            entry = cls(
                state=found["state"], version=found["version"], previous=found["previous"],
                issued_at=parse_moment(found["issued_at"]), confirmed_on=parse_date(found["confirmed_on"]),
                names=dict(found["names"]), authorities=tuple(map(Authority.from_dict, found["authorities"])),
                keys=tuple(map(DatedKey.from_dict, found["keys"])), threshold=found["threshold"], tls=found["tls"],
                address=found["address"], exercise=found["exercise"],
            )  # fmt: skip
            whole = _plain(entry) and entry.to_dict() == found
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise Invalid("The directory entry does not follow its form.", code="entry.form") from error
        if not whole:
            raise Invalid("The directory entry does not follow its form.", code="entry.form")
        _meant(entry)
        return entry


def version_code(digest: str) -> str:
    """What people read aloud to agree on the version with this digest: its first 128 bits, in groups of four hex digits."""
    return " ".join(digest[start : start + 4] for start in range(0, 32, 4))


def _plain(entry: Entry) -> bool:
    """Whether every field is of its type, and every key of its length."""
    texts = all(isinstance(text, str) for text in (entry.tls, *_texts(entry)))
    others = [type(entry.version), type(entry.threshold), type(entry.exercise)]
    return texts and others == [int, int, bool] and all(map(_fits, entry.keys))


def _texts(entry: Entry) -> list[Any]:
    """Every text that people may be shown: all but the certificates."""
    texts: list[Any] = [entry.state, entry.previous, entry.address, *_all(entry.names)]
    texts += [key.name for key in entry.keys]
    for item in entry.authorities:
        texts += [item.role, item.zone, item.reach, *item.languages, *item.powers, *_all(item.names)]
    return texts


def _all(names: dict[str, str]) -> Iterable[Any]:
    return (*names, *names.values())


def _fits(key: DatedKey) -> bool:
    """Whether a key has the length and name that its purpose asks for."""
    public = key.public
    if isinstance(public, VerifyKey):
        long = (len(public.ed25519), len(public.mldsa65)) == (32, 1952)
    elif isinstance(public, bytes):
        long = bool(public) if key.purpose is Purpose.CONTAINER else len(public) == 32
    else:
        long = len(public.raw) == 1216
    named = key.purpose in (Purpose.LOG, Purpose.WITNESS)
    return long and key.since < key.until and bool(_NAME.fullmatch(key.name) if named else not key.name)


def _meant(entry: Entry) -> None:
    """Return when the entry says what an entry can mean. Raises Invalid."""
    at, ids = entry.issued_at, [key.id for key in entry.keys]
    recovery = len(entry.valid(Purpose.RECOVERY, at))
    begins = [(key.purpose, key.since) for key in entry.keys if key.holds(at) and key.purpose is not Purpose.RECOVERY]
    faults = {
        "something in control characters": any(map(_STEERS.search, _texts(entry))),
        "no State": not STATE.fullmatch(entry.state),
        "no https address": not entry.address.startswith("https://"),
        "no version": entry.version < 1 or (entry.version == 1) != (entry.previous == ""),
        "no version before it": entry.previous != "" and not _DIGEST.fullmatch(entry.previous),
        "a confirmation to come": entry.confirmed_on > at.astimezone(UTC).date(),
        "a key twice": len(set(ids)) != len(ids),
        "two keys that serve at once": len(set(begins)) != len(begins),
        "a purpose without a key": not {purpose for purpose, _ in begins}.issuperset(NEEDED),
        "a revocation to come": any(key.revoked is not None and key.revoked > at for key in entry.keys),
        "a threshold that nobody reaches": not min(recovery, 1) <= entry.threshold <= recovery,
    }
    wrong = next((words for words, fault in faults.items() if fault), "")
    if wrong:
        raise Invalid(f"The directory entry names {wrong}.", code="entry.form", where=wrong)
