"""Needs and offers, this State's own and others', and the programmes that two States agree on."""

from __future__ import annotations

from django.db import models


class Listing(models.Model):
    """A need or an offer in its newest version: this State's own, or one that its State released to this one."""

    reference = models.CharField(max_length=24, primary_key=True)
    kind = models.CharField(max_length=5)  # need, offer
    state = models.CharField(max_length=2, db_index=True)  # whose it is
    stage = models.CharField(max_length=10)  # assistance.needs.Stage
    version = models.PositiveIntegerField()  # 0: a draft, said to nobody
    value = models.JSONField()  # the newest version that is known, as `to_dict` writes it
    statement = models.BinaryField(default=b"")  # the newest word on it as its State signed it; own: to itself
    at = models.DateTimeField()  # of that word, as signed; of a draft: when it was kept
    turns = models.JSONField(default=list)  # own: [turn, officer (name and office), when] for each, the oldest first
    told = models.JSONField(default=dict)  # own: State -> [version, stage] that it was told last
    next_at = models.DateTimeField(null=True)  # own: when to look next whether somebody is to be told; null: never

    class Meta:
        """The newest first; what is due is found without looking at all."""

        ordering = ["-at", "reference"]
        indexes = [models.Index(fields=["state", "next_at"], name="listing_due")]


class ListingEnd(models.Model):
    """Another State's need or offer that ended, or is not for this State any more, before this State had heard of it."""

    reference = models.CharField(max_length=24, primary_key=True)
    state = models.CharField(max_length=2, db_index=True)  # whose it is
    version = models.PositiveIntegerField()  # what has no greater one is over already
    stage = models.CharField(max_length=10)


class Programme(models.Model):
    """What names a programme, and where it stands: derived from its words anew with each, so that lists need not read them."""

    reference = models.CharField(max_length=28, primary_key=True)
    peer = models.CharField(max_length=2, db_index=True)  # the other State
    need = models.CharField(max_length=24, db_index=True)
    offer = models.CharField(max_length=24, db_index=True)
    opened_at = models.DateTimeField()
    stage = models.CharField(max_length=10, default="new")  # assistance.programme.Stage
    units = models.PositiveIntegerField(default=0)  # of the terms agreed to last; before, of those proposed
    unit = models.CharField(max_length=10, blank=True)
    confirmed = models.PositiveIntegerField(default=0)  # units
    of_need = models.PositiveIntegerField(default=0)  # units of the need that it holds
    of_offer = models.PositiveIntegerField(default=0)  # units of the offer that it holds
    asked = models.PositiveIntegerField(default=0)  # units of a proposal of this State's own that waits for its answer

    class Meta:
        """The newest first."""

        ordering = ["-opened_at", "reference"]


class ProgrammeWord(models.Model):
    """One word of one side of a programme, as signed."""

    digest = models.CharField(max_length=64, primary_key=True)  # of the signed statement
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="words")
    by = models.CharField(max_length=2)  # the State that speaks
    officer = models.CharField(max_length=402, blank=True)  # this State's own word: name and office
    statement = models.BinaryField()
    envelope = models.CharField(max_length=64)  # digest of the envelope that carried it
    came_at = models.DateTimeField()  # when it was said or kept here, by this node's clock

    class Meta:
        """As they came; their order is that of `wire.assistance.history`."""

        ordering = ["came_at", "digest"]


class SelfAnswer(models.Model):
    """An officer's own answer to a question of the self-assessment; the newest to each. It goes to nobody."""

    question = models.CharField(max_length=30, primary_key=True)  # assistance.questions
    yes = models.BooleanField()
    evidence = models.CharField(max_length=1_000)  # where it can be seen
    officer = models.CharField(max_length=402)  # name and office
    at = models.DateTimeField()
