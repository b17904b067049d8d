"""Foreign collections that this node fetches warnings from, or adds warnings to."""

from __future__ import annotations

from django.db import models

from comity.node.models.sharing import Collection


class Feed(models.Model):
    """A collection at a foreign TAXII server, what is done with it by schedule, and how far that is."""

    class Direction(models.TextChoices):
        """What is done."""

        PULL = "pull"  # its objects come into the collection here
        PUSH = "push"  # the objects of the collection here go there

    name = models.CharField(max_length=60, primary_key=True)  # a-z, 0-9, dot, hyphen
    address = models.CharField(max_length=500)  # of the API root there: https://…/
    remote = models.CharField(max_length=120)  # id or alias of the collection there
    direction = models.CharField(max_length=4, choices=Direction.choices)
    collection = models.ForeignKey(Collection, on_delete=models.PROTECT)
    user = models.CharField(max_length=150, blank=True)  # whose secret lies in keys/feeds/; empty: nobody signs in
    state = models.CharField(max_length=2, blank=True)  # whose the server is; empty, to push only: the public's
    communities = models.JSONField(default=list)  # that this State shares with whoever runs the server
    purpose = models.CharField(max_length=60, blank=True)  # to push: sharing.release.Audience.purpose
    every = models.PositiveIntegerField()  # minutes
    most = models.PositiveBigIntegerField()  # objects that it may bring; more are not taken
    brought = models.PositiveBigIntegerField(default=0)  # objects that it brought
    place = models.JSONField(
        default=dict
    )  # pull: `added`, sharing.feed.Page.added; push: that of here, and its `scope`
    next_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)  # failures since the last success
    again = models.PositiveIntegerField(default=0)  # successes since one that brought more than what was here already
    visited_at = models.DateTimeField(null=True)  # the last success
    done = models.JSONField(default=dict)  # what the last visit did, in numbers
    refused = models.JSONField(default=list)  # [id, reason] of some of what was refused on it
    code = models.CharField(max_length=60, blank=True)  # of what went wrong on it; empty: nothing
    trouble = models.TextField(blank=True)
    paused = models.BooleanField(default=False)  # nothing is fetched or sent; what is owed is asked for all the same
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=402)  # the officer: name and office


class Pushed(models.Model):
    """An object that may be in a foreign collection, for it was sent there: if it is called back, it is to be deleted there."""

    feed = models.ForeignKey(Feed, on_delete=models.SET_NULL, null=True, related_name="pushed")
    where = models.CharField(max_length=640)  # the address of the collection there
    what = models.CharField(max_length=64, db_index=True)  # StixObject.digest
    object_id = models.CharField(max_length=120)
    version = models.CharField(max_length=27, blank=True)  # as `StixObject.version`
    sent_at = models.DateTimeField()
    taken = models.BooleanField(default=False)  # the server said that it took it; else it may be there all the same
    owed_at = models.DateTimeField(null=True)  # since when that server is to be asked to delete it; null: it is not
    answer = models.CharField(max_length=60, blank=True)  # sharing.feed.read_deletion; empty: it was not asked
    answered_at = models.DateTimeField(null=True)

    class Meta:
        """Once to each place."""

        ordering = ["where"]
        constraints = [models.UniqueConstraint(fields=["where", "what"], name="pushed_once")]
        indexes = [
            models.Index(fields=["where", "owed_at"], condition=models.Q(owed_at__isnull=False), name="pushed_owed")
        ]
