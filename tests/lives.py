"""A case after many acts, and the acts of the exercise's two cases at each node."""

from comity.casework.lifecycle import advance

LIFE = {
    "IR": [
        "drafted", "checked", "approved", "requested", "accepted", "preserved", "closed", "closed",
        "drafted", "checked", "approved", "requested", "asked", "amended", "checked", "approved", "supplemented",
        "accepted", "agreed", "disclosed", "verified", "released", "closed", "closed",
    ],
    "VN": [
        "requested", "assessed", "accepted", "ordered", "preserved", "closed", "closed",
        "requested", "assessed", "asked", "supplemented", "assessed", "accepted", "agreed", "authorised", "ordered",
        "executed", "disclosed", "closed", "closed",
    ],
}  # fmt: skip


def replay(case, acts, *, home):
    """`case` after all `acts`, each allowed in its turn."""
    for act in acts:
        case = advance(case, act, home=home)
    return case
