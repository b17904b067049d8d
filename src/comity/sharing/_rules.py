"""What the properties of one object owe each other: the sentences of STIX 2.1 beside its tables.

Each rule takes the whole object and returns what is wrong, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any

from comity.sharing import _types
from comity.sharing._checks import moment

Body = Mapping[str, Any]
Rule = Callable[[Body], str]

_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")


def _ordered(first: str, last: str, *, equal: bool = True) -> Rule:
    def rule(body: Body) -> str:
        if first in body and last in body:
            early, late = moment(body[first]), moment(body[last])
            if late < early or (late == early and not equal):
                return f"{last} is not later than {first}."
        return ""

    return rule


def _some(*names: str) -> Rule:
    def rule(body: Body) -> str:
        return "" if any(name in body for name in names) else "One of these is needed: " + ", ".join(names) + "."

    return rule


def _one_of(left: str, right: str) -> Rule:
    def rule(body: Body) -> str:
        return "" if (left in body) != (right in body) else f"Either {left} or {right} is needed, not both."

    return rule


def _needs(name: str, *others: str) -> Rule:
    def rule(body: Body) -> str:
        missing = [other for other in others if other not in body]
        return f"{name} needs {', '.join(missing)}." if name in body and missing else ""

    return rule


def _family(body: Body) -> str:
    return "A malware family has a name." if body.get("is_family") and "name" not in body else ""


def _email(body: Body) -> str:
    if body.get("is_multipart"):
        return "A message of several parts has no body." if "body" in body else ""
    return "A message of one part has no body_multipart." if "body_multipart" in body else ""


def _traffic(body: Body) -> str:
    return "Traffic that goes on has no end." if body.get("is_active") and "end" in body else ""


def _address(version: int) -> Rule:
    def rule(body: Body) -> str:
        if body.get("defanged"):
            return ""
        try:
            return "" if ip_network(body["value"], strict=False).version == version else f"No IPv{version} address."
        except ValueError:
            return f"No IPv{version} address."

    return rule


def _mac(body: Body) -> str:
    return "" if _MAC.fullmatch(body["value"]) else "A MAC address is six pairs of lower-case hex digits with colons."


def _mailbox(body: Body) -> str:
    box, _, host = body["value"].rpartition("@")
    return "" if body.get("defanged") or (box and host) else "No e-mail address."


def _domain(body: Body) -> str:
    bad = len(body["value"]) > 253 or re.search(r"[\s/@]|\.\.", body["value"]) or not body["value"]
    return "No domain name." if bad and not body.get("defanged") else ""


def _marking(body: Body) -> str:
    if "definition" in body or "definition_type" in body:
        if "extensions" in body and "definition" not in body:
            return ""  # TLP 2.0 as some producers write it
        return "" if "definition" in body and "definition_type" in body else "A definition needs its definition_type."
    return "" if "extensions" in body else "A marking needs a definition, or an extension."


def _anything(kind: str) -> Rule:
    """Any property of its own, or an extension."""
    return _some(*(entry.partition(":")[0] for entry in _types.OBSERVABLE[kind].split()), "extensions")


_SEEN = _ordered("first_seen", "last_seen")
RULES: dict[str, tuple[Rule, ...]] = {
    "campaign": (_SEEN,),
    "indicator": (_ordered("valid_from", "valid_until", equal=False),),
    "infrastructure": (_SEEN,),
    "intrusion-set": (_SEEN,),
    "location": (
        _some("region", "country", "latitude"),
        _needs("latitude", "longitude"),
        _needs("longitude", "latitude"),
        _needs("precision", "latitude", "longitude"),
    ),
    "malware": (_family, _SEEN),
    "malware-analysis": (_some("result", "analysis_sco_refs"),),
    "observed-data": (_one_of("objects", "object_refs"), _ordered("first_observed", "last_observed")),
    "threat-actor": (_SEEN,),
    "relationship": (_ordered("start_time", "stop_time", equal=False),),
    "sighting": (_SEEN,),
    "artifact": (
        _one_of("payload_bin", "url"),
        _needs("url", "hashes"),
        _needs("decryption_key", "encryption_algorithm"),
    ),
    "domain-name": (_domain,),
    "email-addr": (_mailbox,),
    "email-message": (_email,),
    "file": (_some("hashes", "name"),),
    "ipv4-addr": (_address(4),),
    "ipv6-addr": (_address(6),),
    "mac-addr": (_mac,),
    "network-traffic": (_some("src_ref", "dst_ref"), _traffic, _ordered("start", "end")),
    "process": (_anything("process"),),
    "windows-registry-key": (_anything("windows-registry-key"),),
    "x509-certificate": (_anything("x509-certificate"),),
    "marking-definition": (_marking,),
}
