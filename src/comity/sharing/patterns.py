"""STIX patterns: kept as text, measured before anything reads them, and understood as far as our own subset goes.

The subset is what indicators of crime mostly are: *any of these addresses, names, links, mailboxes or hashes*. It is
read by a loop over tokens, without recursion. Whatever asks for more (AND, NOT, FOLLOWEDBY, time windows, LIKE,
MATCHES, ISSUBSET) yields nothing and says so: half a pattern is another pattern.

There is no full parser here, and nobody else's either: one that recurses dies on 400 brackets.

Source: STIX 2.1, section 9.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from socket import AF_INET, inet_pton
from typing import Any, NamedTuple

from comity.errors import Invalid

LENGTH = 64 << 10  # characters; patterns in YARA and Sigma are long
NESTING = 24  # brackets inside each other
COMPARISONS = 10_000

_LITERAL = r"'[^'\\]*+(?:\\.[^'\\]*+)*+'"
_BRACKETS = re.compile(r"[^()\[\]]+")
_INNERMOST = re.compile(r"\(\)|\[\]")
_STRING = re.compile(_LITERAL + "?", re.DOTALL)  # left open, it ends with the text: never tried again in quadratic time
_TOKEN = re.compile(
    rf"""\s*(?:(?P<path>[a-z][a-z0-9-]*:[A-Za-z_][\w-]*(?:\.(?:[A-Za-z_][\w-]*|{_LITERAL})|\[(?:\d+|\*)\])*+)
    |(?P<text>{_LITERAL})|(?P<word>[A-Za-z]+)|(?P<mark>==|=|,)|[()\[\]])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_DIGESTS = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128}
_PLAIN = frozenset({"ipv4-addr:value", "ipv6-addr:value", "domain-name:value", "url:value", "email-addr:value"})
_HOSTS = frozenset({"network-traffic:src_ref.value", "network-traffic:dst_ref.value"})
_SENDERS = frozenset({"email-message:from_ref.value", "email-message:sender_ref.value"})


class Observable(NamedTuple):
    """Something that can be met again, in one form.

    Args:
        kind: `ipv4-addr`, `ipv6-addr`, `domain-name`, `url`, `email-addr`, or `file:` and an algorithm: `file:SHA-256`.
        value: in lower case where case does not count; addresses as RFC 5952 writes them; names without a last dot.
    """

    kind: str
    value: str


@dataclass(frozen=True)
class Reading:
    """What a pattern looks for.

    Args:
        observables: any of these is a hit; empty if the pattern was not understood.
        note: why it was not: `language`, `operator`, `path`, `value`, `syntax`; empty if it was.
    """

    observables: tuple[Observable, ...]
    note: str = ""


def scan(pattern: str, *, stix: bool = True) -> None:
    """Refuse a pattern that is too long or nested too deeply, before any parser sees it.

    Args:
        stix: whether it is in STIX's own language; only then its brackets mean something.

    Raises:
        Invalid: `stix.pattern-long`, `stix.pattern-depth`, `stix.pattern-brackets`.
    """
    if len(pattern) > LENGTH:
        raise Invalid(f"A pattern has more than {LENGTH} characters.", code="stix.pattern-long", where="pattern")
    rest = _BRACKETS.sub("", _STRING.sub("", pattern)) if stix else ""
    for _ in range(NESTING):
        if not rest:
            return
        rest = _INNERMOST.sub("", rest)
    if rest and _balanced(rest):
        message = f"A pattern is nested deeper than {NESTING}: write it flat."
        raise Invalid(message, code="stix.pattern-depth", where="pattern")
    if rest:
        raise Invalid("The brackets of a pattern do not balance.", code="stix.pattern-brackets", where="pattern")


def observables(pattern: str) -> Reading:
    """What a STIX pattern looks for, if it is a choice of equalities; nothing and a note otherwise.

    Raises:
        Invalid: as `scan`.
    """
    scan(pattern)
    found: list[Observable] = []
    try:
        tokens = _tokens(pattern)
        at = 0
        while True:
            at = _comparison(tokens, at, found)
            if at == len(tokens):
                return Reading(tuple(dict.fromkeys(found)))
            if tokens[at] != ("word", "OR"):
                return Reading((), "operator" if tokens[at][0] == "word" else "syntax")
            at += 1
    except _Unread as unread:
        return Reading((), unread.args[0])


def observed(body: Mapping[str, Any]) -> Reading:
    """What an object names: the pattern of an indicator, or the value of an observable. Raises Invalid, as `scan`."""
    kind = body.get("type", "")
    if kind == "indicator":
        if body.get("pattern_type") != "stix":
            return Reading((), "language")
        return observables(body["pattern"])
    if kind == "file":
        values = [
            (f"file:hashes.{name}", digest) for name, digest in body.get("hashes", {}).items() if name in _DIGESTS
        ]
    elif f"{kind}:value" in _PLAIN:
        values = [(f"{kind}:value", body["value"])]
    else:
        return Reading((), "path")
    found = [one for path, value in values if (one := _observable(path, value))]
    return Reading(tuple(found), "" if found else "value")


def _balanced(brackets: str) -> bool:
    open_ones: list[str] = []
    for mark in brackets:
        if mark in "([":
            open_ones.append(mark)
        elif not open_ones or open_ones.pop() + mark not in {"()", "[]"}:
            return False
    return not open_ones


class _Unread(Exception):
    """The pattern asks for more than the subset has; its only argument is the note."""


def _tokens(pattern: str) -> list[tuple[str, str]]:
    """The tokens but for brackets: in a choice of equalities they say nothing."""
    found, at, end = list[tuple[str, str]](), 0, len(pattern.rstrip())
    for token in _TOKEN.finditer(pattern, 0, end):
        if token.start() != at:
            break
        at = token.end()
        if token.lastgroup:
            found.append((token.lastgroup, token[token.lastgroup]))
    if at < end:
        raise _Unread("syntax" if pattern[at:].lstrip()[:1] not in "!<>" else "operator")
    return found


def _comparison(tokens: list[tuple[str, str]], at: int, found: list[Observable]) -> int:
    """Read ``path = 'value'`` or ``path IN ('value', …)`` at `at` into `found`; return the place after it."""
    if len(tokens) < at + 3 or len(found) > COMPARISONS:
        raise _Unread("syntax")
    (path_kind, path), (_, operator) = tokens[at : at + 2]
    if path_kind != "path":
        raise _Unread("operator" if path_kind == "word" else "syntax")
    if operator not in {"=", "==", "IN"}:
        raise _Unread("operator")
    values = [tokens[at + 2]]
    at += 3
    while operator == "IN" and tokens[at : at + 1] == [("mark", ",")] and at + 1 < len(tokens):
        values.append(tokens[at + 1])
        at += 2
    for kind, text in values:
        if kind != "text":
            raise _Unread("value")
        one = _observable(path, _ESCAPED.sub(r"\1", text[1:-1]) if "\\" in text else text[1:-1])
        if one is None:
            raise _Unread("value" if _kind(path, "") else "path")
        found.append(one)
    return at


def _kind(path: str, value: str) -> str:
    """The kind of observable that a path names; empty if it names none that we match."""
    if path in _PLAIN:
        return path.removesuffix(":value")
    if path in _SENDERS:
        return "email-addr"
    if path in _HOSTS:
        if ":" in value:
            return "ipv6-addr"
        return "ipv4-addr" if value[-1:].isdigit() else "domain-name"
    algorithm = path.removeprefix("file:hashes.").strip("'").upper()
    return f"file:{algorithm}" if path.startswith("file:hashes.") and algorithm in _DIGESTS else ""


def _observable(path: str, value: str) -> Observable | None:
    """In its one form; None if the path is not matched, or the value is none of its kind."""
    kind = _kind(path, value)
    form = _FORMS.get(kind, _digest)(kind, value) if kind else ""
    return Observable(kind, form) if form else None


def _address(kind: str, value: str) -> str:
    if kind == "ipv4-addr" and "/" not in value:  # most are; the C library takes one form only, ten times as fast
        try:
            inet_pton(AF_INET, value)
        except (OSError, ValueError):  # also for what is no ASCII, or holds a NUL
            return ""
        return value
    try:
        parsed = ip_network(value, strict=False) if "/" in value else ip_address(value)
    except ValueError:
        return ""
    return str(parsed) if parsed.version == int(kind[3]) else ""


def _domain(_kind: str, value: str) -> str:
    return "" if re.search(r"[\s/@:]", value) else value.rstrip(".").lower()


def _mailbox(_kind: str, value: str) -> str:
    box, _, host = value.rpartition("@")
    return f"{box}@{host.lower()}" if box and host else ""


def _link(_kind: str, value: str) -> str:
    return value


def _digest(kind: str, value: str) -> str:
    right = len(value) == _DIGESTS[kind.removeprefix("file:")] and re.fullmatch(r"[0-9a-fA-F]+", value)
    return value.lower() if right else ""


_FORMS = {
    "ipv4-addr": _address, "ipv6-addr": _address, "domain-name": _domain, "email-addr": _mailbox, "url": _link,
}  # fmt: skip
