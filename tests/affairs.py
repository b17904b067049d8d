"""A case at the node under test, brought to where a test needs it: Viet Nam asks of Iran, or Iran of Viet Nam."""

from dataclasses import replace

from exhibits import bring
from peer import arrive, request

from comity.node import archive, models
from comity.node.desk import requested, requesting
from comity.seal import canon

THEIRS, OURS = "VN-2026-0001", "IR-2026-0001"


def load(reference):
    """The case as it stands here."""
    return archive.load(reference, home="IR")


def asked(node, peer, officers, at, measure, *, conditions=(), **changes):
    """Viet Nam's request for `measure`, assessed and accepted, its conditions agreed to."""
    what = request(measure=measure, **changes)
    bring(node, peer.asks(what)[0], at)
    requested.assess(node, what.reference, officer=officers.decider, at=at)
    case = requested.accept(node, what.reference, conditions=conditions, reasons="r", officer=officers.decider, at=at)
    if conditions:
        bring(node, peer.agrees(what.reference, conditions, after=case.head)[0], at)
    return what.reference


def sent(node, officers, at, measure, reference=OURS, **changes):
    """Iran's request for `measure`, sent."""
    what = replace(request(measure=measure), reference=reference, requesting="IR", requested="VN", **changes)
    requesting.draft(node, what, officer=officers.drafter, at=at)
    requesting.check(node, reference, officer=officers.drafter, at=at)
    requesting.approve(node, reference, despite="x", officer=officers.approver, at=at)
    return requesting.send(node, reference, officer=officers.approver, at=at)


def says(node, peer, at, kind, body, reference=OURS):
    """Viet Nam says something of a case now, standing on what it knew last."""
    return bring(node, peer.say(kind, reference, body, after=load(reference).head, at=at)[0], at)


def turned_away(node, data, at):
    """The code with which what arrives is refused."""
    arrive(node, data, at)
    return models.Arrival.objects.get(digest=canon.content_id(data)).code
