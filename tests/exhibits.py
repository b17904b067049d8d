"""Evidence on its way between Viet Nam and the node under test: ordered and taken in here, sealed and announced there."""

import hashlib
from datetime import timedelta

from peer import arrive, request

from comity.casework.evidence import Custody, Exhibit, Manifest
from comity.casework.lifecycle import Kind
from comity.ledger import checkpoint, log
from comity.node import archive, models
from comity.node.courier.jobs import work
from comity.node.desk import requested, requesting
from comity.seal import canon, merkle
from comity.wire import bag, messages

THEIRS, OURS = "VN-2026-0001", "IR-2026-0001"


def sha(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def bring(node, data, at):
    """What a peer sends arrives and is read; its arrival."""
    arrive(node, data, at)
    row = models.Arrival.objects.get(digest=canon.content_id(data))
    assert row.status == "admitted", row.reason
    return row


def ordered(node, peer, officers, at, reference=THEIRS):
    """Viet Nam's request stands ordered from a provider."""
    bring(node, peer.asks(request(reference=reference))[0], at)
    requested.assess(node, reference, officer=officers.decider, at=at)
    case = requested.accept(node, reference, conditions=["c"], reasons="r", officer=officers.decider, at=at)
    bring(node, peer.agrees(reference, ["c"], after=case.head)[0], at)
    until = (at + timedelta(days=3)).date()
    requested.authorise(node, reference, authority="c", decision="1", ground="g", scope="s", until=until,
                        officer=officers.judge, at=at)  # fmt: skip
    requested.order(node, reference, provider="p", order="o", content="c", officer=officers.decider, at=at)


def execute(node, officers, at, reference=THEIRS, delivery="d"):
    """Order the taking in, and let the courier work: the job."""
    job = requested.execute(node, reference, delivery=delivery, source="p", officer=officers.decider, at=at)
    return worked(node, job)


def worked(node, job):
    """Let the courier work, and see what became of the job."""
    models.Job.objects.filter(pk=job.pk).update(next_at=job.made_at)
    work(node)
    job.refresh_from_db()
    return job


def stage(node, reference=THEIRS):
    """Where a case stands."""
    return archive.load(reference, home="IR").stage


def accepted(node, peer, officers, at):
    """Our request stands accepted by Viet Nam: the id of the act that says so."""
    what = request(reference=OURS, requesting="IR", requested="VN")
    requesting.draft(node, what, officer=officers.drafter, at=at)
    requesting.check(node, OURS, officer=officers.drafter, at=at)
    requesting.approve(node, OURS, despite="x", officer=officers.approver, at=at)
    case = requesting.send(node, OURS, officer=officers.approver, at=at)
    data, _ = peer.say(Kind.ACCEPTED, OURS, {"conditions": ["c"], "reasons": "r"}, after=case.head)
    bring(node, data, at)
    return requesting.agree(node, OURS, conditions=["c"], officer=officers.approver, at=at).head


def disclosed(node, peer, at, after, data: bytes, **changes):
    """Viet Nam announces the container `data`; the job that collects it."""
    body = {"container": sha(data), "size": len(data), "manifest": "b" * 64, "files": 1, "conditions": ["c"],
            "use": "evidence", "rest": ""} | changes  # fmt: skip
    bring(node, peer.say(Kind.DISCLOSED, OURS, body, after=after)[0], at)
    return models.Job.objects.get(kind="collect", about=sha(data))


FILES = (Exhibit(b"a", 5, sha(b"first")), Exhibit(b"b", 6, sha(b"second")))
LISTED = sha(canon.dumps([exhibit.to_dict() for exhibit in FILES]))


def sealed(node, peer, at, *, manifest=None, outside=None, act=None, proof=None, said=None):
    """A bag by Viet Nam for our case, with anything changed in it: (its bytes, what `disclosed` says of it)."""
    given = Custody("handed-over", "p", at, LISTED)
    whole = {
        "case": OURS,
        "source": "p",
        "exhibits": FILES,
        "custody": (given,),
        "conditions": ("c",),
        "exercise": True,
    }
    listed = Manifest(**(whole | (manifest or {})))
    data = bag.manifest_bytes(listed)
    body = {"manifest": sha(data), "files": 2, "bytes": 11} | ((act or {}).get("body") or {})
    where = {"kind": Kind.EXECUTED, "case": OURS} | {key: value for key, value in (act or {}).items() if key != "body"}
    executed, statement = messages.sign_act(
        peer.act(where["kind"], where["case"], where.get("whole", body)), to="VN", key=peer.signing
    )
    head = checkpoint.Checkpoint(peer.log.name, 1, merkle.leaf_hash(log.entry(log.ACT, executed.id)))
    proved = log.Proof(0, (), checkpoint.signed(head, peer.log)).to_dict()
    named = {"case": OURS, "to": "IR", "exercise": True, "use": "evidence"} | (outside or {})
    path = node.home / "made.asice"
    bag.write(path, sender=bag.Sender("VN", (peer.entry_bytes,), peer.signing, peer.cades), key=peer.home_entry.open,
              at=at, executed={"statement": canon.b64(statement), "proof": proved | (proof or {})}, manifest=data,
              exhibits=[b"first", b"second"], **named)  # fmt: skip
    return path.read_bytes(), {"manifest": sha(data), "files": 2} | (said or {})
