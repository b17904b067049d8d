"""A case after many acts."""

from comity.casework.lifecycle import advance


def replay(case, acts, *, home):
    """`case` after all `acts`, each allowed in its turn."""
    for act in acts:
        case = advance(case, act, home=home)
    return case
