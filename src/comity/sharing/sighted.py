"""What a case mentions, in the forms of `patterns`, and keys by which warnings and cases find each other.

A warning and a case meet when one names what the other names, or an address inside it. Both sides are written down
under **keys**, plain text of one order:

* an address or a block of addresses is its version, its first address and its length in digits of fixed width. So the
  blocks around it are a short list of keys (`covering`), and those inside it a range of keys (`inside`);
* everything else is a digest of its kind and its form, which is compared for equality.

A block wider than `WIDEST` names nobody in particular, and has no key.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_network
from socket import AF_INET, inet_pton
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from comity.casework.evidence import Manifest
from comity.casework.measure import Measure
from comity.casework.moments import moment_text
from comity.casework.request import LINE_LIMIT, Account, Request
from comity.sharing import patterns
from comity.sharing.patterns import Observable

WIDEST: Final = {4: 16, 6: 32}  # the shortest prefix, by version, that is matched
MOST: Final = 2_000  # mentions of one request; its accounts are read first
_WIDTH: Final = {4: (32, 8, 2), 6: (128, 32, 3)}  # version -> bits, digits of an address, digits of a length
_BLOCKS: Final = {  # version -> (mask, length as it is written) of each block that is matched, the narrowest first
    version: [
        ((1 << bits) - (1 << bits - length), f"{length:0{digits}}") for length in range(bits, WIDEST[version] - 1, -1)
    ]
    for version, (bits, _, digits) in _WIDTH.items()
}
_ABOUT: Final = ("accounts", "custodian", "persons", "assets", "subject", "facts", "assistance", "link", "documents",
                 "questions")  # fmt: skip
"""The fields that say what a case is about; those on officials and on law are left out."""
_DIGEST: Final = "x"  # with it the keys of digests begin, behind those of addresses in any order of text
_DIGESTS: Final = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}  # digits in hex -> algorithm
_WORD: Final = re.compile(r"[^\s<>\"“”«»‘’'،؛,;|(){}\[\]]+")
_UNWRITTEN: Final = re.compile("[\0\ud800-\udfff]")  # no database keeps these as text
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_DOMAIN: Final = re.compile(r"(?:[\w-]{1,63}\.)+[^\W\d_][\w-]{1,62}")
_WITH_PORT: Final = re.compile(r"([^:]+):[0-9]{1,5}")
_DISARMED: Final = {
    "[.]": ".",
    "(.)": ".",
    "[@]": "@",
    "hxxp": "http",
}  # how links are written so that nobody opens them
_PATH: Final = 200  # characters of an exhibit's name that are kept
_IN_NAMES: Final = ("email-addr", "ipv4-addr", "ipv6-addr", "file:")  # "report.pdf" has the form of a domain


class Mention(NamedTuple):
    """Something that a case names.

    Args:
        observable: what, in its one form.
        where: the request's field, of a list with its place from 0 (``accounts.3``), or an exhibit's name.
        origin: empty for the request; for an exhibit the digest of the manifest that lists it.
    """

    observable: Observable
    where: str
    origin: str = ""


def key(one: Observable) -> str:
    """The key under which `one` is written down; empty for a block that is too wide, and for an address of one link."""
    if not one.kind.startswith("ipv"):
        return _DIGEST + hashlib.sha256(f"{one.kind} {one.value}".encode()).hexdigest()[:32]
    if "%" in one.value:
        return ""
    if one.kind == "ipv4-addr" and "/" not in one.value:  # most are
        return _key(4, int.from_bytes(inet_pton(AF_INET, one.value)), 32)
    block = ip_network(one.value)
    return _key(block.version, int(block.network_address), block.prefixlen)


def _key(version: int, first: int, length: int) -> str:
    _, address, digits = _WIDTH[version]
    return f"{version}{first:0{address}x}{length:0{digits}}" if length >= WIDEST[version] else ""


def _block(text: str) -> tuple[int, int, int]:
    """(version, first address, length) of the block under the key `text`."""
    version = int(text[0])
    address = 1 + _WIDTH[version][1]
    return version, int(text[1:address], 16), int(text[address:])


def covering(text: str) -> tuple[str, ...]:
    """The keys of what holds that which is under the key `text`: itself first, then ever wider blocks."""
    if text[0] == _DIGEST:
        return (text,)
    version, first, length = _block(text)
    bits, address, _ = _WIDTH[version]
    return tuple([f"{version}{first & mask:0{address}x}{said}" for mask, said in _BLOCKS[version][bits - length :]])


def inside(text: str) -> tuple[str, str] | None:
    """(the first, the last) key of what lies inside the block under the key `text`; None if it is no block of several."""
    if text[0] == _DIGEST:
        return None
    version, first, length = _block(text)
    bits = _WIDTH[version][0]
    if length == bits:
        return None
    return _key(version, first, length), _key(version, first | ((1 << (bits - length)) - 1), bits)


def shown(text: str) -> str:
    """The address or block under the key `text`, for people; empty for any other key."""
    if text[0] == _DIGEST:
        return ""
    version, first, length = _block(text)
    address = IPv4Address(first) if version == 4 else IPv6Address(first)
    return f"{address}/{length}" if length < _WIDTH[version][0] else str(address)


def mentioned(request: Request) -> tuple[Mention, ...]:
    """What a request mentions: its accounts, and what is written as an address, name, link, mailbox or hash in its texts."""
    raw = request.to_dict()
    found: dict[Mention, None] = {}
    for field in _ABOUT:
        for where, text in _texts(raw.get(field, ""), field):
            found |= dict.fromkeys(Mention(one, where) for one in named(text))
    return tuple(found)[:MOST]


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """(place, text) of every text in `value`; in a list the place has a number, the parts of a row share theirs."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each, where)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _texts(each, f"{where}.{number}")


def held(manifest: Manifest, digest: str) -> Iterator[Mention]:
    """What the exhibits of a manifest are: their hashes, and mailboxes, addresses and hashes in their names.

    Args:
        manifest: it.
        digest: of its bytes.
    """
    for exhibit in manifest.files:
        where = exhibit.name[:_PATH]
        if exhibit.size:  # every empty file has one hash
            hashes = patterns.observed({"type": "file", "hashes": {"SHA-256": exhibit.sha256}})
            yield from (Mention(one, where, digest) for one in hashes.observables)
        for part in exhibit.name.split("/"):
            for one in named(part):
                if one.kind.startswith(_IN_NAMES):
                    yield Mention(one, where, digest)


def named(text: str) -> tuple[Observable, ...]:
    """What `text` names: it as a whole if it is one word, else every word of it; also with ``[.]`` and ``hxxp``."""
    text = _UNWRITTEN.sub(" ", text)
    for disarmed, plain in _DISARMED.items():
        text = text.replace(disarmed, plain)
    whole = text.strip()
    if whole and not re.search(r"\s", whole) and (found := tuple(_named(whole))):
        return found
    return tuple(dict.fromkeys(one for word in _WORD.findall(text) for one in _named(word)))


def _named(word: str) -> Iterator[Observable]:
    word = word.rstrip(".:!?…")
    if len(word) > LINE_LIMIT:
        return
    if "://" in word:
        yield Observable("url", word)
        yield from _host(_hostname(word))
    elif "@" in word:
        for one in _as("email-addr", word.removeprefix("mailto:")):
            yield one
            yield from _host(one.value.rpartition("@")[2])
    elif algorithm := _DIGESTS.get(len(word)) if _HEX.fullmatch(word) else None:
        yield Observable(f"file:{algorithm}", word.lower())
    elif "." in word or ":" in word:
        yield from _address(word) or _host(word.partition("/")[0])


def _hostname(link: str) -> str:
    try:
        return urlsplit(link).hostname or ""
    except ValueError:
        return ""


def _host(text: str) -> list[Observable]:
    """The address or the domain that `text` is, perhaps with a port."""
    if found := _address(text):
        return found
    if with_port := _WITH_PORT.fullmatch(text):
        return _host(with_port[1])
    return _as("domain-name", text) if _DOMAIN.fullmatch(text.rstrip(".")) else []


def _address(text: str) -> list[Observable]:
    return _as("ipv6-addr", text) if ":" in text else _as("ipv4-addr", text)


def _as(kind: str, value: str) -> list[Observable]:
    """`value` in its one form as an observable of `kind`; nothing if it is none."""
    return list(patterns.observed({"type": kind, "value": value}).observables)


def meetings(ours: Iterable[str], theirs: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(our key, their key) of each pair of which one is the other, or holds it."""
    mine, others = set(ours), set(theirs)
    if not (mine and others):
        return
    for one in mine:
        yield from ((one, each) for each in covering(one) if each in others)
    for other in others:
        yield from ((each, other) for each in covering(other)[1:] if each in mine)


class Met(NamedTuple):
    """Something that a case mentions and a warning looks for.

    Args:
        kind: of `Observable`.
        value: in its one form.
        where: as in `Mention`.
        origin: as in `Mention`.
        within: the block that the warning names, if it is wider than the address; else empty.
    """

    kind: str
    value: str
    where: str
    origin: str = ""
    within: str = ""


def asked(
    case: Request, met: Sequence[Met], *, home: str, source: str, warning: str, version: str, reference: str,
    measure: Measure,
) -> Request:  # fmt: skip
    """A request to the State whose warning it is, drafted as far as the match goes.

    It says which warning, and what of it was met; nothing else of the warning, and of the case only what this State
    itself says of its own proceedings. It stands on the case, if that is one with the same State.

    Args:
        case: the request in which it was met.
        met: what may be told, not empty.
        home: this State.
        source: that State.
        warning: id of the object.
        version: of it; empty if it has none.
        reference: of the new request.
        measure: what is asked, under the Convention.

    Raises:
        Invalid: more accounts than a request takes.
    """
    about = f"The warning {warning}, version {version}," if version else f"The warning {warning}"
    accounts = tuple(dict.fromkeys(_account(case, one) for one in met))
    drafted = Request(
        reference=reference, requesting=home, requested=source, measure=measure, exercise=case.exercise,
        subject="Proceedings in which something was met that a warning of the requested State names.",
        facts=f"{about} names what has been met here:\n" + "\n".join(map(_line, accounts)),
        assistance="What is known of the accounts and items listed here, and what the warning rests on.",
        link=f"{about} names each of the accounts and items listed here, or the block that it lies in.",
        accounts=accounts, follows=case.reference if source in (case.requesting, case.requested) else "",
    )  # fmt: skip
    if case.requesting != home:
        return drafted
    said = {name: getattr(case, name) for name in ("scope", "offence", "authority", "conducting")}
    return replace(drafted, **said)


_KINDS: Final = {"email-addr": "email", "ipv4-addr": "ip", "ipv6-addr": "ip", "url": "url"}


def _account(case: Request, one: Met) -> Account:
    """What was met as an account: that of the request, with its moment and port, if it names this and nothing more."""
    field, _, place = one.where.partition(".")
    if not one.origin and field == "accounts" and int(place) < len(case.accounts):
        found = case.accounts[int(place)]
        if named(found.value)[:1] == (Observable(one.kind, one.value),):
            return found
    algorithm = one.kind.removeprefix("file:")
    return Account(_KINDS.get(one.kind, "other"), one.value if algorithm == one.kind else f"{algorithm} {one.value}")


def _line(account: Account) -> str:
    port = f", port {account.port}" if account.port else ""
    moment = f", at {moment_text(account.at)}" if account.at else ""
    return f"- {account.value}{port}{moment}"
