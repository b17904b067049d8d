"""Who attacks: the keys of a State that does not exist, in a folder, with a signed entry to pin on the node under test."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from comity.conformance.line import address as found
from comity.errors import Invalid
from comity.seal.container import CadesKey
from comity.seal.keys import NoteKey, OpeningKey, Secret, SigningKey, read_key, write_key, write_secret
from comity.seal.tls import self_signed
from comity.wire.directory import DatedKey, Entry, Purpose, first_keys, read_entry, sign_entry

# ISO 3166-1 leaves these codes to users: they stand for no State, so that nobody is impersonated.
_NOBODY = re.compile(r"AA|Q[M-Z]|X[A-Z]|ZZ")
_HOUR, _DAYS = timedelta(hours=1), timedelta(days=30)
_KEYS = ("signing", "opening", "hop", "log", "ended")
_CHAIN = "tls.key"  # the certificate stands behind it
_NOWHERE = "https://127.0.0.1:9"  # nothing answers here: what the node sends to this State stays with the node


@dataclass(frozen=True)
class Identity:
    """A State that can say anything.

    Args:
        state: its code.
        signing: signs its statements.
        opening: opens what is sealed to it.
        hop: signs its HTTP requests.
        log: signs the heads of its log.
        ended: signed its HTTP requests for an hour before the entry was made, and may not any more.
        entry: its directory entry, and `signed` the bytes of it.
        chain: file with the key and the certificate for the address of its entry; None: nothing answers there.
    """

    state: str
    signing: SigningKey
    opening: OpeningKey
    hop: NoteKey
    log: NoteKey
    ended: NoteKey
    entry: Entry
    signed: bytes
    chain: Path | None = None

    @classmethod
    def generate(cls, state: str, *, at: datetime, address: str = _NOWHERE, tls: str = "") -> Self:
        """New keys for `state`, valid for a month from `at`.

        Args:
            state: its code.
            at: now.
            address: at which it is to be found.
            tls: the certificate (PEM) of that address; empty: nothing answers there.
        """
        signing, opening, at = SigningKey.generate(), OpeningKey.generate(), at.replace(microsecond=0)
        log, witness, hop, ended = (
            NoteKey.generate(f"conformance.{state.lower()}/{name}") for name in ("log", "witness", "hop", "ended")
        )
        since, until = at - _HOUR, at + _DAYS
        certificate = CadesKey.generate(f"Conformance {state}", not_before=since, not_after=until).certificate_der
        entry = Entry(
            state=state, version=1, previous="", issued_at=at, confirmed_on=at.date(),
            names={"en": f"Conformance {state}"}, authorities=(),
            keys=(DatedKey(Purpose.HOP, ended.public, since, at), *first_keys(
                sign=signing.public, open=opening.public, log=(log.name, log.public),
                witness=(witness.name, witness.public), hop=hop.public, certificate=certificate, since=since, until=until,
            )),
            threshold=0, tls=tls or ssl.DER_cert_to_PEM_cert(certificate), address=address, exercise=True,
        )  # fmt: skip
        return cls(state, signing, opening, hop, log, ended, entry, sign_entry(entry, signing))


def prepare(folder: Path, state: str, *, at: datetime, address: str = "") -> Identity:
    """Make the keys of an exercise State in `folder`, which must not exist, and its entry ``entry.json``.

    Args:
        folder: a new one.
        state: a code that stands for no State.
        at: now.
        address: ``https://host:port`` at which the node finds it while attacks run (`door`); empty: nowhere.

    Raises:
        Invalid: `state` may be a true State's code, the folder is there already, or `address` is none.
    """
    if not _NOBODY.fullmatch(state):
        message = "Take a code that stands for no State: AA, QM to QZ, XA to XZ or ZZ."
        raise Invalid(message, code="conformance.state", where=state)
    if folder.exists():
        raise Invalid("The folder exists already. Name a new one.", code="conformance.exists", where=str(folder))
    if address:
        found(address, anywhere=True)
        private, certificate = self_signed(f"Conformance {state}", [address], since=at - _HOUR, until=at + _DAYS)
        made = Identity.generate(state, at=at, address=address, tls=certificate.decode())
        made = replace(made, chain=folder / _CHAIN)
    else:
        made = Identity.generate(state, at=at)
    folder.mkdir(mode=0o700, parents=True)
    if address:
        write_secret(folder / _CHAIN, private + certificate)
    keys: list[Secret] = [made.signing, made.opening, made.hop, made.log, made.ended]
    for name, key in zip(_KEYS, keys, strict=True):
        write_key(folder / f"{name}.key", key)
    (folder / "entry.json").write_bytes(made.signed)
    return made


def load(folder: Path) -> Identity:
    """The identity that `prepare` made in `folder`.

    Raises:
        Invalid: it is none.
        Misconfigured: a key file is missing, or others may read it.
        BrokenSeal: the entry is not valid now.
    """
    keys = [read_key(folder / f"{name}.key") for name in _KEYS]
    entry, signed = entry_in(folder / "entry.json")
    signing, opening, hop, log, ended = keys
    if not (
        isinstance(signing, SigningKey) and isinstance(opening, OpeningKey)
        and isinstance(hop, NoteKey) and isinstance(log, NoteKey) and isinstance(ended, NoteKey)
        and signing.public == entry.sign
    ):  # fmt: skip
        message = "This folder holds no identity. Make one: comity conformance prepare"
        raise Invalid(message, code="conformance.identity", where=str(folder))
    chain = folder / _CHAIN
    return Identity(entry.state, signing, opening, hop, log, ended, entry, signed, chain if chain.exists() else None)


def entry_in(path: Path) -> tuple[Entry, bytes]:
    """(the directory entry in the file at `path`, its bytes). Raises Invalid or BrokenSeal."""
    try:
        signed = path.read_bytes()
    except OSError as error:
        message = f"The entry cannot be read: {error.strerror}."
        raise Invalid(message, code="conformance.entry", where=str(path)) from error
    return read_entry(signed, at=datetime.now(UTC)), signed
