"""The attacks, a module for each kind. Importing this package lists them all in `attack.ATTACKS`."""

from comity.conformance.attacks import (
    bombs,
    confusion,
    downgrade,
    figures,
    floods,
    foreign,
    forks,
    lies,
    paths,
    replay,
    smuggling,
    tampering,
    texts,
    words,
)

__all__ = [
    "bombs", "confusion", "downgrade", "figures", "floods", "foreign", "forks", "lies", "paths", "replay", "smuggling",
    "tampering", "texts", "words",
]  # fmt: skip
