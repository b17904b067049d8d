"""The attacks, a module for each kind. Importing this package lists them all in `attack.ATTACKS`."""

from comity.conformance.attacks import (
    bombs,
    calls,
    confusion,
    downgrade,
    figures,
    floods,
    foreign,
    forks,
    lies,
    others,
    paths,
    replay,
    smuggling,
    tampering,
    texts,
    words,
)

__all__ = [
    "bombs", "calls", "confusion", "downgrade", "figures", "floods", "foreign", "forks", "lies", "others", "paths", "replay",
    "smuggling", "tampering", "texts", "words",
]  # fmt: skip
