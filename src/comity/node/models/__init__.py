"""Tables and constraints; no behaviour. Only `comity.node.desk` writes them.

``office``   officers, peers, cases and acts, what is on its way, the log, evidence, jobs, test calls
``copies``   where copies of shared objects are, what was called back, communities
``sharing``  collections of warnings, the objects in them, and the programs that may fetch and add them
``feeds``    foreign collections that warnings are fetched from, or added to
``hits``     what shared objects look for, what cases mention, and where they meet
``public``   what anybody reports, what became of it, and bulletins
``assistance``  needs and offers, and the programmes that two States agree on
``figures``  releases of figures, as published, and what States tell each other of theirs
``standing``  what States say of where they stand in a treaty
"""

from comity.node.models.assistance import Listing, ListingEnd, Programme, ProgrammeWord, SelfAnswer
from comity.node.models.copies import (
    Community,
    CommunityMember,
    Copy,
    CopyAcknowledgement,
    CopyHolder,
    CopyPath,
    CopyRecall,
    CopyReport,
    CopyStanding,
    CopyTold,
    KeptBack,
    Relearning,
    SharingDeed,
    Telling,
)
from comity.node.models.feeds import Feed, Pushed
from comity.node.models.figures import CallFigures, FiguresBetween, FiguresHeard, FiguresRelease
from comity.node.models.hits import Hit, Indexed, Mentioned, Observed
from comity.node.models.office import (
    Act,
    Alarm,
    Arrival,
    Call,
    CallPlan,
    Case,
    Checkpoint,
    Container,
    Cosigned,
    Departure,
    EntryVersion,
    Holding,
    Job,
    Kept,
    Letter,
    LogHead,
    LogNode,
    Officer,
    Peer,
    Refusal,
    Restore,
    Said,
    Stamp,
    Stamper,
    Talk,
    Witnessed,
    Word,
)
from comity.node.models.public import Bulletin, Report, ReportAct, ReportFile
from comity.node.models.sharing import Addition, Client, Collection, Contested, StixObject
from comity.node.models.standing import StandingWord

__all__ = [
    "Act",
    "Addition",
    "Alarm",
    "Arrival",
    "Bulletin",
    "Call",
    "CallFigures",
    "CallPlan",
    "Case",
    "Checkpoint",
    "Client",
    "Collection",
    "Community",
    "CommunityMember",
    "Container",
    "Contested",
    "Copy",
    "CopyAcknowledgement",
    "CopyHolder",
    "CopyPath",
    "CopyRecall",
    "CopyReport",
    "CopyStanding",
    "CopyTold",
    "Cosigned",
    "Departure",
    "EntryVersion",
    "Feed",
    "FiguresBetween",
    "FiguresHeard",
    "FiguresRelease",
    "Hit",
    "Holding",
    "Indexed",
    "Job",
    "Kept",
    "KeptBack",
    "Letter",
    "Listing",
    "ListingEnd",
    "LogHead",
    "LogNode",
    "Mentioned",
    "Observed",
    "Officer",
    "Peer",
    "Programme",
    "ProgrammeWord",
    "Pushed",
    "Refusal",
    "Relearning",
    "Report",
    "ReportAct",
    "ReportFile",
    "Restore",
    "Said",
    "SelfAnswer",
    "SharingDeed",
    "Stamp",
    "Stamper",
    "StandingWord",
    "StixObject",
    "Talk",
    "Telling",
    "Witnessed",
    "Word",
]
