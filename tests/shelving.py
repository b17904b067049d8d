"""The collections of the pure tests in the node's tables, and objects to put there."""

from datetime import timedelta

from collecting import AT, COLLECTIONS, ONE, TWO

from comity.node import models
from comity.node.desk import shelf
from comity.sharing import stix


def stock(node) -> shelf.Shelves:
    """Make the collections of the pure tests."""
    for place, one in enumerate(COLLECTIONS):
        shelf.opened(
            one.id, title=one.title, description=one.description, alias=one.alias, made_by="test",
            made_at=AT + timedelta(seconds=place),
        )  # fmt: skip
    return shelf.Shelves(node)


def read(*raws: bytes) -> list[stix.Object]:
    """Objects that were read."""
    return [stix.read(raw) for raw in raws]


def of_client(node, name="soc", state="VN", communities=(), reads=(ONE, TWO)) -> shelf.Shelves:
    """The shelves for a client."""
    return shelf.Shelves(node, models.Client(name=name, state=state, communities=list(communities), reads=list(reads)))
