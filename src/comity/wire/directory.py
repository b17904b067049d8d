"""A State's own entry: who speaks for it, with which keys, and where its node answers.

Each State signs its own entry with the key that the entry names; there is no root above it. What makes an entry *his*
is that its fingerprint was compared over another channel when it was pinned; what others say about a State never
replaces it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from comity.casework.request import STATE, moment_text, parse_date, parse_moment
from comity.errors import BrokenSeal, Invalid
from comity.seal import canon, envelope
from comity.seal.envelope import KINDS
from comity.seal.keys import SealKey, SigningKey, VerifyKey
from comity.seal.trust import Grant, Trust

_LIMIT = 256 * 1024
_FIELDS = ("state", "version", "issued_on", "names", "authorities", "sign", "open", "log", "witness", "hop",
           "certificate", "tls", "address", "since", "until", "exercise")  # fmt: skip


@dataclass(frozen=True)
class Authority:
    """An authority named in the entry.

    Args:
        role: ``central`` (Article 40(12)) or ``contact`` (24/7, Article 41(1)).
        names: language -> name.
        languages: BCP 47 tags it works in.
        zone: IANA time zone.
        reach: how people reach it besides this node.
    """

    role: str
    names: dict[str, str]
    languages: tuple[str, ...]
    zone: str
    reach: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"role": self.role, "names": self.names, "languages": list(self.languages), "zone": self.zone,
                "reach": self.reach}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A State's entry.

    Args:
        state: ISO code.
        version: rises with each change.
        issued_on: when it was signed.
        names: language -> name of the State.
        authorities: who speaks for it.
        sign: public signing key; all statements of the State are verified with it.
        open: public opening key; what is for the State is sealed to it.
        log: (origin, Ed25519 key) of its log.
        witness: (name, Ed25519 key) under which it witnesses other logs.
        hop: Ed25519 key that signs HTTP requests of its node.
        certificate: X.509 certificate (DER) of its container signatures (CAdES).
        tls: X.509 certificate (PEM) that its node's address answers with.
        address: ``https://…`` of its peers' door.
        since: keys are valid from this moment on.
        until: and before this one.
        exercise: True when the node only takes part in exercises.
    """

    state: str
    version: int
    issued_on: date
    names: dict[str, str]
    authorities: tuple[Authority, ...]
    sign: VerifyKey
    open: SealKey
    log: tuple[str, bytes]
    witness: tuple[str, bytes]
    hop: bytes
    certificate: bytes
    tls: str
    address: str
    since: datetime
    until: datetime
    exercise: bool

    @property
    def fingerprint(self) -> str:
        """What two officers compare aloud: 128 bits of a SHA-256 over both signing keys, in groups of four hex digits."""
        digest = self.sign.id.split("-", 1)[1]
        return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))

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
            "state": self.state, "version": self.version, "issued_on": self.issued_on.isoformat(), "names": self.names,
            "authorities": [authority.to_dict() for authority in self.authorities],
            "sign": self.sign.to_dict(), "open": canon.b64(self.open.raw),
            "log": [self.log[0], canon.b64(self.log[1])], "witness": [self.witness[0], canon.b64(self.witness[1])],
            "hop": canon.b64(self.hop), "certificate": canon.b64(self.certificate), "tls": self.tls,
            "address": self.address, "since": moment_text(self.since), "until": moment_text(self.until),
            "exercise": self.exercise,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, raw: Any) -> Entry:
        """The entry in `raw`. Raises Invalid or BrokenSeal."""
        found = canon.fields(raw, *_FIELDS)
        try:
            entry = cls(
                state=found["state"], version=found["version"], issued_on=parse_date(found["issued_on"]),
                names=dict(found["names"]),
                authorities=tuple(
                    Authority(item["role"], dict(item["names"]), tuple(item["languages"]), item["zone"], item["reach"])
                    for item in found["authorities"]
                ),
                sign=VerifyKey.from_dict(found["sign"]), open=SealKey(canon.unb64(found["open"])),
                log=(found["log"][0], canon.unb64(found["log"][1])),
                witness=(found["witness"][0], canon.unb64(found["witness"][1])),
                hop=canon.unb64(found["hop"]), certificate=canon.unb64(found["certificate"]), tls=found["tls"],
                address=found["address"], since=parse_moment(found["since"]), until=parse_moment(found["until"]),
                exercise=found["exercise"],
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise Invalid("The directory entry does not follow its form.", code="entry.form") from error
        if not _plain(entry, found) or entry.to_dict() != found:
            raise Invalid("The directory entry does not follow its form.", code="entry.form")
        if not STATE.fullmatch(entry.state) or not entry.address.startswith("https://"):
            raise Invalid("The directory entry names no State or no https address.", code="entry.form")
        return entry


def _plain(entry: Entry, raw: dict[str, Any]) -> bool:
    """Whether every field is of its type, and every Ed25519 key of its length."""
    texts = [entry.state, entry.tls, entry.address, entry.log[0], entry.witness[0], *entry.names.values()]
    for item in entry.authorities:
        texts += [item.role, item.zone, item.reach, *item.languages, *item.names.values()]
    keys = (entry.log[1], entry.witness[1], entry.hop)
    return (
        all(isinstance(text, str) for text in texts)
        and type(raw["version"]) is int
        and isinstance(raw["exercise"], bool)
        and all(len(key) == 32 for key in keys)
    )


def sign_entry(entry: Entry, key: SigningKey) -> bytes:
    """The entry, signed by the State itself."""
    return envelope.sign("entry", canon.dumps(entry.to_dict()), sender=entry.state, to="", key=key)


def read_entry(data: bytes, *, at: datetime | None = None) -> Entry:
    """The entry in `data`, when it is signed by the very key that it names.

    This shows that the entry is whole, not whose it is: compare the fingerprint over another channel before pinning it.

    Args:
        data: as `sign_entry` wrote it.
        at: the moment for which it must be valid; when None, only that it is whole is looked at.

    Raises:
        BrokenSeal: not signed by its own key.
        Invalid: not of the form.
    """
    outer = canon.loads(data, limit=_LIMIT)
    if not isinstance(outer, dict) or "payload" not in outer:
        raise BrokenSeal("This is no signed directory entry.", code="entry.form")
    payload = canon.unb64(outer["payload"])
    entry = Entry.from_dict(canon.loads(payload, limit=_LIMIT))
    statement = envelope.verify(data, trust_in([entry]), kind="entry", at=at or entry.since, limit=_LIMIT)
    if statement.sender != entry.state or statement.payload != payload:
        raise BrokenSeal("The entry is signed by another State.", code="entry.author")
    return entry


def distinct(entries: Iterable[Entry]) -> None:
    """Return when no two of `entries` claim one name for their logs or witnesses: proofs are looked up by these names.

    Raises:
        Invalid: two States claim the same name.
    """
    taken: dict[str, str] = {}
    for entry in entries:
        for name in (entry.log[0], entry.witness[0]):
            if taken.setdefault(name, entry.state) != entry.state:
                message = f"{entry.state} and {taken[name]} both claim the name {name}."
                raise Invalid(message, code="entry.names", where=entry.state)


def trust_in(entries: Iterable[Entry]) -> Trust:
    """Trust in the keys of `entries`, each for its own State and time."""
    return Trust(Grant(entry.state, entry.sign, KINDS, entry.since, entry.until) for entry in entries)
