"""Write objects.json: one made-up object of each type of STIX 2.1, with as many of its properties as belong together.

    python tests/vectors/stix/make.py

What is in it was written for these tests; the ids are made from a name, so that the file is the same each time.
"""

import json
import uuid
from pathlib import Path

HERE = Path(__file__).parent
BASE = uuid.UUID("5e6b8a52-6d0b-4f6c-9f0e-6f3f6b7d2a11")
CREATED, MODIFIED = "2026-10-03T07:20:00.000Z", "2026-11-12T18:45:10.250Z"
SHA = "1f3c9a7be2d4560817f0c3b2a19e8d7c6b5a49382716f5e4d3c2b1a0998877ff"


def named(kind: str, name: str = "") -> str:
    """An id that is the same each time, of version 4 in form."""
    found = uuid.uuid5(BASE, f"{kind} {name}")
    return f"{kind}--{uuid.UUID(int=found.int, version=4)}"


def thing(kind: str, **said: object) -> dict[str, object]:
    """An object of a domain or relationship type."""
    head = {"type": kind, "spec_version": "2.1", "id": named(kind), "created": CREATED, "modified": MODIFIED}
    return head | {"created_by_ref": named("identity")} | said


def seen(kind: str, **said: object) -> dict[str, object]:
    """An observable."""
    return {"type": kind, "spec_version": "2.1", "id": named(kind)} | said


PHASES = [{"kill_chain_name": "exercise-chain", "phase_name": "delivery"}]
OBJECTS = [
    thing("attack-pattern", name="Invoice with a false account", description="A bill is sent again with another IBAN.",
          aliases=["second invoice"], kill_chain_phases=PHASES,
          external_references=[{"source_name": "exercise", "external_id": "EX-7", "url": "https://example.org/ex-7"}]),
    thing("campaign", name="Autumn parcels", description="Messages about parcels that never come.", aliases=["AP-26"],
          first_seen="2026-09-01T00:00:00Z", last_seen="2026-10-30T00:00:00.5Z", objective="card numbers"),
    thing("course-of-action", name="Block the relay", description="Close port 25 to the relay."),
    thing("grouping", name="Parcels, week 41", context="suspicious-activity", object_refs=[named("campaign")]),
    thing("identity", name="Exercise authority", description="Speaks for nobody.", roles=["central authority"],
          identity_class="organization", sectors=["government"]),
    thing("incident", name="Mailroom of the port", description="Three accounts taken over."),
    thing("indicator", name="Relay of the parcels", indicator_types=["malicious-activity"],
          pattern="[ipv4-addr:value = '198.51.100.7' OR domain-name:value = 'parcel.example']", pattern_type="stix",
          pattern_version="2.1", valid_from="2026-10-03T07:20:00Z", valid_until="2027-01-01T00:00:00Z",
          kill_chain_phases=PHASES, confidence=70, lang="en", labels=["exercise"]),
    thing("infrastructure", name="Relay", infrastructure_types=["phishing"], aliases=["R1"],
          first_seen="2026-09-01T00:00:00Z", last_seen="2026-09-01T00:00:00Z"),
    thing("intrusion-set", name="Blue heron", aliases=["BH"], first_seen="2025-01-01T00:00:00Z", goals=["money"],
          resource_level="team", primary_motivation="personal-gain", secondary_motivations=["notoriety"]),
    thing("location", name="Port", latitude=25.27, longitude=55.29, precision=500.0, region="western-asia",
          country="AE"),
    thing("malware", name="Stampede", malware_types=["keylogger"], is_family=False, aliases=["stamp"],
          kill_chain_phases=PHASES, first_seen="2026-01-01T00:00:00Z", operating_system_refs=[named("software")],
          architecture_execution_envs=["x86-64"], implementation_languages=["go"],
          capabilities=["steals-authentication-credentials"],
          sample_refs=[named("file")]),
    thing("malware-analysis", product="sandbox-of-the-exercise", version="3", result="malicious",
          submitted="2026-10-04T00:00:00Z", analysis_sco_refs=[named("domain-name")], sample_ref=named("file")),
    thing("note", abstract="Read first", content="The relay is shared; do not block the whole network.",
          authors=["duty desk"], object_refs=[named("indicator")]),
    thing("observed-data", first_observed="2026-10-01T00:00:00Z", last_observed="2026-10-02T00:00:00Z",
          number_observed=12, object_refs=[named("ipv4-addr"), named("network-traffic")]),
    thing("opinion", explanation="Seen by two desks.", authors=["duty desk"], opinion="agree",
          object_refs=[named("indicator")]),
    thing("report", name="Parcels in autumn", description="What is known.", report_types=["threat-report"],
          published="2026-11-12T18:45:10.250Z", object_refs=[named("campaign"), named("indicator")]),
    thing("threat-actor", name="The clerk", threat_actor_types=["criminal"], aliases=["clerk"], roles=["agent"],
          goals=["money"], sophistication="minimal", resource_level="club", primary_motivation="personal-gain",
          personal_motivations=["revenge"]),
    thing("tool", name="bulk mailer", tool_types=["exploitation"], tool_version="2.4"),
    thing("vulnerability", name="CVE-2026-0000",
          external_references=[{"source_name": "cve", "external_id": "CVE-2026-0000"}]),
    thing("relationship", relationship_type="indicates", source_ref=named("indicator"), target_ref=named("campaign"),
          start_time="2026-09-01T00:00:00Z", stop_time="2026-10-30T00:00:00Z"),
    thing("sighting", first_seen="2026-10-01T00:00:00Z", last_seen="2026-10-01T00:00:00Z", count=3,
          sighting_of_ref=named("indicator"), observed_data_refs=[named("observed-data")],
          where_sighted_refs=[named("identity")], summary=False),
    seen("artifact", mime_type="text/plain", payload_bin="ZXhlcmNpc2U="),
    seen("autonomous-system", number=64500, name="EXERCISE-AS", rir="EXAMPLE"),
    seen("directory", path="/var/spool/parcels", contains_refs=[named("file")], mtime="2026-10-01T00:00:00Z"),
    seen("domain-name", value="parcel.example", resolves_to_refs=[named("ipv4-addr")]),
    seen("email-addr", value="clerk@parcel.example", display_name="The clerk", belongs_to_ref=named("user-account")),
    seen("email-message", is_multipart=False, date="2026-10-01T00:00:00Z", subject="Your parcel", body="It waits.",
         from_ref=named("email-addr"), to_refs=[named("email-addr")],
         additional_header_fields={"Reply-To": ["clerk@parcel.example"]}),
    seen("file", name="bill.exe", size=4096, hashes={"SHA-256": SHA}, parent_directory_ref=named("directory"),
         extensions={"pdf-ext": {"version": "1.7"}}),
    seen("ipv4-addr", value="198.51.100.7", belongs_to_refs=[named("autonomous-system")]),
    seen("ipv6-addr", value="2001:db8::7"),
    seen("mac-addr", value="d2:fb:49:24:37:18"),
    seen("mutex", name="parcel-lock"),
    seen("network-traffic", start="2026-10-01T00:00:00Z", end="2026-10-01T00:00:01Z", is_active=False,
         src_ref=named("ipv4-addr"),
         dst_ref=named("domain-name"), src_port=2487, dst_port=25, protocols=["ipv4", "tcp", "smtp"]),
    seen("process", pid=1221, command_line="mailer --all", image_ref=named("file"), is_hidden=False),
    seen("software", name="mailer", vendor="Exercise", version="2.4", languages=["en"]),
    seen("url", value="https://parcel.example/pay"),
    seen("user-account", user_id="1001", account_login="clerk", account_type="unix", display_name="The clerk"),
    seen("windows-registry-key", key="HKEY_LOCAL_MACHINE\\Software\\Parcel",
         values=[{"name": "run", "data": "mailer", "data_type": "REG_SZ"}]),
    seen("x509-certificate", serial_number="02:08:87", issuer="CN=Exercise CA", subject="CN=parcel.example"),
    thing("language-content", object_ref=named("campaign"), object_modified=MODIFIED,
          contents={"fa": {"name": "بسته‌های پاییزی"}}),
    thing("extension-definition", name="Exercise marks", schema="https://example.org/marks.json", version="1.0.0",
          extension_types=["property-extension"]),
    {"type": "marking-definition", "spec_version": "2.1", "id": named("marking-definition"), "created": CREATED,
     "definition_type": "statement", "definition": {"statement": "For the exercise only."}},
]  # fmt: skip


if __name__ == "__main__":
    bundle = {"type": "bundle", "id": named("bundle"), "objects": OBJECTS}
    (HERE / "objects.json").write_text(json.dumps(bundle, indent=1, ensure_ascii=False) + "\n", "utf-8")
