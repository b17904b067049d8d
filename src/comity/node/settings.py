"""One frozen `Settings`, read once from the node's home folder; lists every fault at start.

The home folder is named by ``COMITY_HOME``, the only thing read from the environment. It holds::

    node.toml     what this page's `Settings` says
    entry.json    the State's own signed directory entry
    keys/         secrets, each a file of mode 0600
    lawbooks/     the law books this node goes by
    intake/       where providers' deliveries are placed
    vault/ shelf/ reports/
    db.sqlite3    unless node.toml names a database of a PostgreSQL server
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from comity.casework.request import STATE
from comity.errors import BrokenSeal, Misconfigured
from comity.law.book import Books, load
from comity.node.database import PostgreSQL, database_faults, read_database
from comity.seal import hsm
from comity.seal.container import CadesKey
from comity.seal.keys import SIGNING_SUITE, NoteKey, OpeningKey, SigningKey, read_key, read_secret
from comity.seal.stamp import Roots, read_roots


@dataclass(frozen=True)
class Quota:
    """What one peer may ask of the peers' door, and anybody else from one address.

    Args:
        requests: a second, on average.
        bytes: of bodies, a minute.
        envelopes: that are kept of one peer within an hour.
        at_once: requests that are worked on at the same time; the door has 32 threads for all.
    """

    requests: int = 20
    bytes: int = 64 << 20
    envelopes: int = 20_000
    at_once: int = 8


@dataclass(frozen=True)
class Stamping:
    """Where heads of this node's log are time-stamped (RFC 3161).

    Args:
        urls: addresses of time-stamping authorities, each asked by itself; none: no time stamps.
        roots: file with the certificates (PEM) that their stamps must lead to; in the home folder, or an absolute path.
        every: minutes between two stamps by one of them, at least.
    """

    urls: tuple[str, ...] = ()
    roots: str = ""
    every: int = 60


@dataclass(frozen=True)
class Settings:
    """What a node needs to know about itself.

    Args:
        home: its folder.
        state: ISO code of the State it belongs to.
        exercise: True: it only takes part in exercises, and says so everywhere.
        officers: ``https://host:port`` of the officers' door.
        peers: ``https://host:port`` of the peers' door.
        witnesses: States that cosign this node's log.
        language: the officers' first language.
        time_zone: IANA name.
        database: of a PostgreSQL server; None: SQLite, in the home folder.
        retired: suite of algorithms -> the moment from which on this node accepts nothing that it signed.
        quota: what each peer may ask for.
        public: ``https://host:port`` of the public's door; empty: there is none.
        emergency: the number to call when somebody is in danger, as it is dialled; empty: none is told.
        proxies: addresses before the public's door whose word on where a request came from is believed.
        report_bytes: of files of all reports of the public together; further ones are refused, words are not.
        report_words: bytes of the words of all reports together; further reports and additions are refused.
        stamp: where heads of its log are time-stamped.
    """

    home: Path
    state: str
    exercise: bool
    officers: str
    peers: str
    witnesses: tuple[str, ...]
    language: str
    time_zone: str
    database: PostgreSQL | None = None
    retired: Mapping[str, datetime] = field(default_factory=dict, hash=False)
    quota: Quota = Quota()
    public: str = ""
    emergency: str = ""
    proxies: tuple[str, ...] = ()
    report_bytes: int = 20 << 30
    report_words: int = 4 << 30
    stamp: Stamping = Stamping()

    @cached_property
    def signing(self) -> SigningKey:
        """The State's signing key."""
        return self._key("signing", SigningKey)

    @cached_property
    def opening(self) -> OpeningKey:
        """The State's opening key."""
        return self._key("opening", OpeningKey)

    @cached_property
    def openings(self) -> tuple[OpeningKey, ...]:
        """The opening key, and those before it that are kept: what was sealed to them may still arrive, or lies here."""
        earlier = sorted(self.keys.glob("opening-*.key"))
        return self.opening, *(self._key(path.stem, OpeningKey) for path in earlier)

    @cached_property
    def log(self) -> NoteKey:
        """The key of this node's log."""
        return self._key("log", NoteKey)

    @cached_property
    def witness(self) -> NoteKey:
        """The key under which this node witnesses other logs."""
        return self._key("witness", NoteKey)

    @cached_property
    def hop(self) -> NoteKey:
        """The key that signs this node's HTTP requests."""
        return self._key("hop", NoteKey)

    @cached_property
    def cades(self) -> CadesKey:
        """The classical key of container signatures."""
        return CadesKey.load(read_secret(self.keys / "cades.key"), (self.keys / "cades.crt").read_bytes())

    @cached_property
    def vault_key(self) -> bytes:
        """32 bytes; what lies in the vault is encrypted under keys derived from it."""
        return read_secret(self.keys / "vault.key")

    @cached_property
    def stamp_roots(self) -> Roots:
        """The certificates that time stamps must lead to. Raises Misconfigured: the file holds none."""
        path = self.home / self.stamp.roots
        try:
            return read_roots(path.read_bytes())
        except (OSError, BrokenSeal) as error:
            raise Misconfigured(f"stamp.roots: {path} cannot be used: {error}", code="settings.value") from error

    @cached_property
    def books(self) -> Books:
        """The law books of this node."""
        return load(self.home / "lawbooks")

    @property
    def keys(self) -> Path:
        """The folder of secrets."""
        return self.home / "keys"

    @property
    def intake(self) -> Path:
        """Where providers' deliveries are placed."""
        return self.home / "intake"

    @property
    def shelf(self) -> Path:
        """Sealed containers: made here for peers to collect, or collected from them."""
        return self.home / "shelf"

    @property
    def reports(self) -> Path:
        """Files that came with reports of the public, encrypted."""
        return self.home / "reports"

    def require_tokens(self) -> None:
        """Return when every key that lies in a token signs. Raises Misconfigured as `TokenKey.sign` does."""
        for key in (self.signing.ed25519, self.log.seed, self.witness.seed, self.hop.seed, self.cades.held):
            if isinstance(key, hsm.TokenKey):
                key.sign(b"comity: a start of the node")
        hsm.close()  # the node forks next

    def _key(self, name: str, kind: type[Any]) -> Any:
        key = read_key(self.keys / f"{name}.key")
        if not isinstance(key, kind):
            raise Misconfigured(f"keys/{name}.key holds a key of another purpose.", code="key.purpose")
        return key


def address(url: str) -> tuple[str, int]:
    """(host, port) of an ``https://host:port`` address. Raises Misconfigured."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or not parts.port or parts.path not in ("", "/"):
        raise Misconfigured(f"'{url}' is not of the form https://host:port.", code="settings.address")
    return parts.hostname, parts.port


LANGUAGES = {"en": "English", "fa": "فارسی"}  # of the officers' pages

_TYPES: dict[str, type] = {"state": str, "exercise": bool, "officers": str, "peers": str, "witnesses": list,
                           "language": str, "time_zone": str, "database": dict, "retired": dict,
                           "quota": dict, "public": str, "emergency": str, "proxies": list,
                           "report_bytes": int, "report_words": int, "stamp": dict}  # fmt: skip
_OPTIONAL = frozenset(
    {"database", "emergency", "proxies", "public", "quota", "report_bytes", "report_words", "retired", "stamp"}
)
_DIALLED = re.compile(r"[0-9+ ]{0,20}")
_LEAST = {"requests": 1, "bytes": 8 << 20, "envelopes": 1, "at_once": 1}  # of a quota; the longest body must pass
_MOST_STAMPERS, _LONGEST_EVERY = 8, 10_080  # a week
RETIRABLE = frozenset({SIGNING_SUITE})  # what `comity.seal.trust` asks about


def read(home: Path) -> Settings:
    """The settings in ``node.toml`` of `home`.

    Raises:
        Misconfigured: naming every fault found.
    """
    try:
        raw = tomllib.loads((home / "node.toml").read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misconfigured(f"{home / 'node.toml'} cannot be read: {error}", code="settings.file") from error
    check(raw, str(home / "node.toml"))
    given = read_database(raw["database"]) if "database" in raw else None
    retired = {name: _moment(value) for name, value in raw.get("retired", {}).items()}
    quota = Quota(**raw.get("quota", {}))
    made = {"witnesses": tuple(raw["witnesses"]), "database": given, "retired": retired, "quota": quota,
            "proxies": tuple(raw.get("proxies", ())), "stamp": _stamping(raw.get("stamp", {}))}  # fmt: skip
    settings = Settings(home=home, **raw | made)
    if settings.stamp.urls:
        _ = settings.stamp_roots  # now: a node that cannot check a stamp does not start
    return settings


def check(raw: dict[str, Any], where: str) -> None:
    """Return when `raw` holds every setting, each of a usable value. Raises Misconfigured: naming every fault found."""
    faults = [f"'{name}' is not a setting" for name in sorted(set(raw) - set(_TYPES))]
    for name, kind in _TYPES.items():
        if (name in raw or name not in _OPTIONAL) and not isinstance(raw.get(name), kind):
            faults.append(f"'{name}' must be a {kind.__name__}")
    if not faults:
        faults += _value_faults(raw)
    if faults:
        raise Misconfigured(f"{where}: " + "; ".join(faults) + ".", code="settings.value")


def _value_faults(raw: dict[str, Any]) -> list[str]:
    codes = (raw["state"], *raw["witnesses"])
    faults = [f"'{code}' is no State's ISO code" for code in codes if not STATE.fullmatch(str(code))]
    if raw["language"] not in LANGUAGES:
        faults.append(f"the pages do not speak '{raw['language']}', but " + ", ".join(LANGUAGES))
    try:
        ZoneInfo(raw["time_zone"])
    except (KeyError, ValueError, OSError):
        faults.append(f"'{raw['time_zone']}' is no time zone")
    for name in ("officers", "peers", *(["public"] if "public" in raw else [])):
        try:
            address(raw[name])
        except Misconfigured as error:
            faults.append(f"{name}: {error.message}")
    if "database" in raw:
        faults += database_faults(raw["database"])
    faults += _public_faults(raw)
    faults += _retired_faults(raw.get("retired", {})) + _quota_faults(raw.get("quota", {}))
    return faults + (_stamp_faults(raw["stamp"]) if "stamp" in raw else [])


def _public_faults(raw: dict[str, Any]) -> list[str]:
    faults = [
        f"'{name}' must be a number, 0 at least" for name in ("report_bytes", "report_words")
        if type(raw.get(name, 0)) is not int or raw.get(name, 0) < 0
    ]  # fmt: skip
    if not _DIALLED.fullmatch(raw.get("emergency", "")):
        faults.append("'emergency' must be a number as it is dialled: digits, blanks and +")
    for address_ in raw.get("proxies", ()):
        try:
            ip_address(str(address_))
        except ValueError:
            faults.append(f"proxies: '{address_}' is no IP address")
    return faults


def _quota_faults(raw: dict[str, Any]) -> list[str]:
    faults = [f"quota: '{name}' is none of {', '.join(_LEAST)}" for name in sorted(set(raw) - set(_LEAST))]
    for name, least in _LEAST.items():
        if name in raw and (type(raw[name]) is not int or raw[name] < least):
            faults.append(f"quota: '{name}' must be a number, {least} at least")
    return faults


def _stamp_faults(raw: dict[str, Any]) -> list[str]:
    faults = [
        f"stamp: '{name}' is none of urls, roots, every" for name in sorted(set(raw) - {"urls", "roots", "every"})
    ]
    urls, every = raw.get("urls"), raw.get("every", 60)
    if not isinstance(urls, list) or not 0 < len(urls) <= _MOST_STAMPERS or len({str(url) for url in urls}) < len(urls):
        faults.append(f"stamp: 'urls' must be a list of 1 to {_MOST_STAMPERS} addresses, each once")
    else:
        faults += [
            f"stamp: '{url}' is no address of the form http(s)://host/path" for url in urls if not _is_stamper(url)
        ]
    if not isinstance(raw.get("roots"), str) or not raw["roots"]:
        faults.append("stamp: 'roots' must name the file with the certificates of the time-stamping authorities")
    if type(every) is not int or not 1 <= every <= _LONGEST_EVERY:
        faults.append(f"stamp: 'every' must be a number of minutes, 1 to {_LONGEST_EVERY}")
    return faults


def _is_stamper(url: object) -> bool:
    try:
        parts = urlsplit(url if isinstance(url, str) and url.isascii() and url.isprintable() else "")
        named = parts.hostname and parts.port != 0 and "@" not in parts.netloc and " " not in str(url)
    except ValueError:
        return False
    return bool(named) and parts.scheme in {"http", "https"} and not parts.fragment and len(str(url)) <= 500


def _stamping(raw: dict[str, Any]) -> Stamping:
    return Stamping(**raw | {"urls": tuple(raw.get("urls", ()))})


def _retired_faults(raw: dict[str, Any]) -> list[str]:
    faults = [
        f"'{name}' is no suite that can be retired, but {', '.join(sorted(RETIRABLE))} is"
        for name in sorted(set(raw) - RETIRABLE)
    ]
    for name, value in raw.items():
        if not isinstance(value, date) or (isinstance(value, datetime) and value.tzinfo is None):
            faults.append(f"retired: '{name}' needs a day, or a moment with its offset, without quotation marks")
    return faults


def _moment(value: date) -> datetime:
    """A day of TOML as its first moment in UTC; a moment as it is."""
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)


@lru_cache(maxsize=1)
def current() -> Settings:
    """The settings of the node that this process belongs to. Raises Misconfigured."""
    home = os.environ.get("COMITY_HOME", "")
    if not home:
        raise Misconfigured("COMITY_HOME must name the node's home folder.", code="settings.home")
    return read(Path(home))
