"""Collections of warnings, and the objects in them."""

from __future__ import annotations

from django.db import models


class Collection(models.Model):
    """A collection of shared objects: what TAXII serves, and what goes to other States."""

    id = models.CharField(max_length=36, primary_key=True)  # UUID, lower case
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    alias = models.CharField(max_length=60, blank=True)  # another name for its address
    rules = models.JSONField(default=dict)  # sharing.release.Rules of what may go out of it; empty: nothing
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

    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, db_index=False)
    object_id = models.CharField(max_length=120)  # type--UUID
    type = models.CharField(max_length=60)
    version = models.CharField(max_length=27)  # sharing.stix.Object.version; for an observable, when it was added
    digest = models.CharField(max_length=64, db_index=True)  # sharing.stix.Object.digest
    raw = models.BinaryField()
    added = models.CharField(max_length=27)  # when, as sharing.stix.version_key writes it
    by = models.CharField(max_length=150)  # who added it: `sharing.shelf.Reader.name`
    source = models.CharField(max_length=2, blank=True)  # the State whose object it is; empty: this one's
    communities = models.JSONField(default=list)  # those that it was given in, if it came from another State
    first = models.BooleanField()  # whether it is the earliest version in its collection
    last = models.BooleanField()  # whether it is the latest
    withdrawn = models.BooleanField(default=False)  # its source called it back: it goes to nobody any more

    class Meta:
        """A version is in a collection once; rows are read in the order in which they were added."""

        constraints = [
            models.UniqueConstraint(fields=["collection", "object_id", "version"], name="stix_object_version_once")
        ]
        indexes = [
            models.Index(fields=["collection", "added", "id"], name="stix_object_added"),
            models.Index(fields=["collection", "id"], condition=models.Q(last=True), name="stix_object_last"),
        ]
