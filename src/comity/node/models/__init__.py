"""Tables and constraints; no behaviour. Only `comity.node.desk` writes them.

``office``   officers, peers, cases and acts, what is on its way, the log, evidence, jobs, test calls
``sharing``  collections of warnings, and the objects in them
"""

from comity.node.models.office import (
    Act,
    Alarm,
    Arrival,
    Call,
    CallPlan,
    Case,
    Checkpoint,
    Container,
    Departure,
    EntryVersion,
    Holding,
    Job,
    Letter,
    LogHead,
    LogNode,
    Officer,
    Peer,
    Refusal,
    Said,
    Talk,
    Witnessed,
)
from comity.node.models.sharing import Collection, StixObject

__all__ = [
    "Act",
    "Alarm",
    "Arrival",
    "Call",
    "CallPlan",
    "Case",
    "Checkpoint",
    "Collection",
    "Container",
    "Departure",
    "EntryVersion",
    "Holding",
    "Job",
    "Letter",
    "LogHead",
    "LogNode",
    "Officer",
    "Peer",
    "Refusal",
    "Said",
    "StixObject",
    "Talk",
    "Witnessed",
]
