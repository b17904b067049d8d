"""Collections of warnings, the objects in them, and the programs that may fetch and add them."""

from __future__ import annotations

from django.db import models


class Collection(models.Model):
    """A collection of shared objects: what TAXII serves, and what goes to other States."""

    id = models.CharField(max_length=36, primary_key=True)  # UUID, lower case
    number = models.PositiveSmallIntegerField(unique=True)  # by which its rows name it: short, for there are millions
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    alias = models.CharField(max_length=60, blank=True)  # another name for its address
    rules = models.JSONField(default=dict)  # sharing.release.Rules of what may go out of it; empty: nothing
    ruled_at = models.DateTimeField(null=True)  # when the rules were set last; null: never
    ruled_by = models.CharField(max_length=402, blank=True)  # by which officer
    newest = models.CharField(max_length=27, blank=True)  # the latest `StixObject.added` that was ever given out here
    reviewed = models.JSONField(default=dict)  # `desk.collections.look`: after new rules, until all rows were looked at
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=402)  # the officer: name and office

    class Meta:
        """In the order in which they were made."""

        ordering = ["made_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["alias"], condition=~models.Q(alias=""), name="collection_alias_once")
        ]


class StixObject(models.Model):
    """One version of a STIX object in a collection, as the bytes it came in (`sharing.shelf.Row`)."""

    collection = models.ForeignKey(Collection, to_field="number", on_delete=models.PROTECT, db_index=False)
    object_id = models.CharField(max_length=120)  # type--UUID
    type = models.CharField(max_length=60)
    version = models.CharField(max_length=27, blank=True)  # sharing.stix.Object.version; empty for an observable
    digest = models.CharField(max_length=64)  # sharing.stix.Object.digest
    head = models.CharField(max_length=8, db_index=True)  # its first characters, to find it by: `desk._known.named`
    raw = models.BinaryField()
    # When it was added, or let out if it was kept back until then (sharing.stix.version_key); later than any before.
    added = models.CharField(max_length=27)
    by = models.CharField(max_length=150)  # who added it: `sharing.shelf.Reader.name`
    source = models.CharField(max_length=2, blank=True)  # the State whose object it is; empty: this one's
    communities = models.JSONField(default=list)  # those that it was given in, if it came from another State
    first = models.BooleanField()  # whether it is the earliest version in its collection
    last = models.BooleanField()  # whether it is the latest
    withdrawn = models.BooleanField(default=False)  # its source called it back: it goes to nobody any more

    class Meta:
        """A version is in a collection once; rows are read in the order in which they were added.

        No two rows of a collection are of one moment, so that who asks on from the last moment misses nothing.
        """

        constraints = [
            models.UniqueConstraint(fields=["object_id", "collection", "version"], name="stix_object_version_once"),
            models.UniqueConstraint(fields=["collection", "added"], name="stix_object_added_once"),
        ]
        indexes = [
            models.Index(
                fields=["collection", "added"], condition=models.Q(last=True, withdrawn=False), name="stix_object_last"
            ),
            models.Index(
                fields=["collection", "type", "added"],
                condition=models.Q(last=True, withdrawn=False),
                name="stix_object_last_of_type",
            ),
        ]


class Contested(models.Model):
    """An object that is known under its name with other content, or by somebody else: an officer says which one holds."""

    class State(models.TextChoices):
        """What an officer made of it."""

        OPEN = "open"
        OUT = "out"  # it goes to nobody
        IN = "in"  # it took the place of the other

    collection = models.ForeignKey(Collection, on_delete=models.PROTECT)
    object_id = models.CharField(max_length=120, db_index=True)
    version = models.CharField(max_length=27, blank=True)  # as `StixObject.version`
    digest = models.CharField(max_length=64)
    raw = models.BinaryField(default=b"")  # what is kept aside; empty: it is on the shelf
    by = models.CharField(max_length=150)  # as `StixObject.by`
    source = models.CharField(max_length=2, blank=True)  # as `StixObject.source`
    communities = models.JSONField(default=list)  # as `StixObject.communities`
    code = models.CharField(max_length=60)  # why, as an error says it
    at = models.DateTimeField()
    envelope = models.CharField(max_length=64, blank=True)  # `Arrival.digest` of what a State gave, and was refused
    told = models.JSONField(default=dict)  # with it: `level`, `hops` and `purpose`, as its giver says
    state = models.CharField(max_length=4, choices=State.choices, default=State.OPEN)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=402, blank=True)  # the officer: name and office
    reason = models.TextField(blank=True)

    class Meta:
        """The same of the same sender once, for each State whose it says it is; the newest first."""

        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["collection", "digest", "by", "source"], name="contested_once")]
        indexes = [models.Index(fields=["state", "-at"], name="contested_state")]


class Client(models.Model):
    """A program of somebody else that fetches warnings and adds them, over TAXII or as a client of MISP."""

    name = models.CharField(max_length=60, primary_key=True)  # a-z, 0-9, dot, hyphen; never given again
    secret = models.CharField(max_length=64, unique=True)  # SHA-256, in hex, of its secret of 238 random bits
    organisation = models.CharField(max_length=200)  # whose it is, in words
    state = models.CharField(max_length=2, blank=True)  # sharing.release.Audience.state; empty: nobody's, the public
    communities = models.JSONField(default=list)  # sharing.release.Audience.communities
    purpose = models.CharField(max_length=60)  # sharing.release.Audience.purpose
    reads = models.JSONField(default=list)  # ids of the collections that it may read; empty: none
    writes = models.JSONField(default=list)  # ids of those that it may add to; empty: none
    blind_objects = models.PositiveBigIntegerField(default=0)  # that it added where it may not read, since `give`
    blind_bytes = models.PositiveBigIntegerField(default=0)  # of them
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=402)  # the officer: name and office
    ended_at = models.DateTimeField(null=True)  # from when on it may do nothing
    ended_by = models.CharField(max_length=402, blank=True)


class Addition(models.Model):
    """What became of one addition, as TAXII's status says; kept for who added, for a time."""

    id = models.CharField(max_length=36, primary_key=True)  # UUID, lower case
    by = models.CharField(max_length=150)  # as `StixObject.by`
    body = models.BinaryField()
    until = models.DateTimeField(db_index=True)  # afterwards it is forgotten
