"""Copies of shared objects: where they are, what their sources called back, who said what about it; and communities."""

from __future__ import annotations

from django.db import models

from comity.node.models.sharing import Collection


class Copy(models.Model):
    """A copy that is, or was, here (`sharing.recall.Copy`). The object itself is a `StixObject` with this digest."""

    what = models.CharField(max_length=64, primary_key=True)  # sharing.stix.Object.digest
    source = models.CharField(max_length=2, db_index=True)  # whose object it is; this State's code for its own
    hops = models.PositiveBigIntegerField()  # how many times it may be handed on
    level = models.PositiveSmallIntegerField()  # sharing.tlp.Level
    direct = models.BooleanField()  # whether it came from its source itself
    withdrawn = models.PositiveBigIntegerField(default=0)  # by which recall; 0: by none
    origin = models.BinaryField(default=b"")  # the source's own signed words about it; empty for this State's own
    origin_hops = models.PositiveBigIntegerField(default=0)  # how many hops these words allow


class CopyPath(models.Model):
    """From whom a copy was had, or to whom it was handed."""

    what = models.CharField(max_length=64)
    source = models.CharField(max_length=2)
    state = models.CharField(max_length=2)
    outward = models.BooleanField()  # whether it went there; else it came from there
    communities = models.JSONField(default=list)  # those of this State and the other in which it was given
    purpose = models.CharField(max_length=60, blank=True)  # for which it was given
    at = models.DateTimeField()

    class Meta:
        """Each way of a copy is noted once."""

        constraints = [models.UniqueConstraint(fields=["what", "state", "outward"], name="copy_path_once")]
        indexes = [models.Index(fields=["source", "outward", "state"], name="copy_path_of_source")]


class CopyHolder(models.Model):
    """Who is known to hold, or to have held, a copy of an object of this State."""

    what = models.CharField(max_length=64)
    state = models.CharField(max_length=2)

    class Meta:
        """A holder is noted once."""

        constraints = [models.UniqueConstraint(fields=["what", "state"], name="copy_holder_once")]


class CopyRecall(models.Model):
    """A recall of a source, this State's own too."""

    source = models.CharField(max_length=2)
    number = models.PositiveBigIntegerField()
    what = models.CharField(max_length=64, db_index=True)
    notice = models.BinaryField()  # sharing.notices.encode of it
    raw = models.BinaryField(default=b"")  # as its source signed it; empty for this State's own

    class Meta:
        """A source says one thing under one number."""

        ordering = ["source", "number"]
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="copy_recall_once")]


class CopyStanding(models.Model):
    """The newest word of a source on how many recalls it has said."""

    source = models.CharField(max_length=2, primary_key=True)
    notice = models.BinaryField()
    raw = models.BinaryField(default=b"")  # as above
    at = models.BigIntegerField()  # POSIX seconds: when this was true
    let_out_at = models.DateTimeField(null=True)  # `desk.silence`: when its copies were last let out anew
    turns = models.PositiveIntegerField(default=0)  # how often that was done, one soon after the other


class KeptBack(models.Model):
    """Copies in a collection that some reader did not get while their source was silent (`desk.silence`)."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, db_index=False)
    source = models.CharField(max_length=2)
    first = models.CharField(max_length=27)  # `StixObject.added` of the earliest of them
    last = models.CharField(max_length=27)  # and of the latest
    at = models.DateTimeField()  # when a reader did not get something last
    begun = models.BooleanField(default=False)  # whether they are being let out anew

    class Meta:
        """Once for each source in a collection."""

        constraints = [models.UniqueConstraint(fields=["collection", "source"], name="kept_back_once")]


class CopyTold(models.Model):
    """That something was told to a neighbour, so that it is told once."""

    digest = models.CharField(max_length=64)  # of the notice
    state = models.CharField(max_length=2)

    class Meta:
        """Once to each."""

        constraints = [models.UniqueConstraint(fields=["digest", "state"], name="copy_told_once")]


class CopyAcknowledgement(models.Model):
    """The signed word of a holder that a recall of this State was done."""

    number = models.PositiveBigIntegerField()
    by = models.CharField(max_length=2)
    deed = models.CharField(max_length=10)  # sharing.notices.Deed
    passed_to = models.JSONField(default=list)
    at = models.DateTimeField()  # as the holder signed
    statement = models.BinaryField()

    class Meta:
        """The last word of each holder on each recall."""

        ordering = ["number", "by"]
        constraints = [models.UniqueConstraint(fields=["number", "by"], name="copy_acknowledgement_once")]


class CopyReport(models.Model):
    """What a holder told about an object of this State: it was seen, or something in it is wrong."""

    digest = models.CharField(max_length=64, primary_key=True)  # of the signed statement
    what = models.CharField(max_length=64, db_index=True)
    by = models.CharField(max_length=2)
    concern = models.CharField(max_length=10)  # sharing.notices.Concern
    at = models.DateTimeField()  # as the holder signed
    statement = models.BinaryField()
    object = models.BinaryField(default=b"")  # the object that says more

    class Meta:
        """The newest first."""

        ordering = ["-at", "digest"]


class SharingDeed(models.Model):
    """What an officer of this State did about shared objects; what he said is in the log."""

    digest = models.CharField(max_length=64, primary_key=True)  # of the signed statement
    verb = models.CharField(max_length=10)  # share, hand-on, recall, report, settle
    what = models.CharField(max_length=64, db_index=True)
    to = models.JSONField(default=list)  # codes of the States that it is said to
    by = models.CharField(max_length=402)  # the officer: name and office
    at = models.DateTimeField()
    statement = models.BinaryField()
    entry = models.PositiveBigIntegerField()  # place in this node's log

    class Meta:
        """The newest first."""

        ordering = ["-entry"]


class Telling(models.Model):
    """What is to be said to another State about copies, communities or its own standing, until it is in an envelope."""

    to = models.CharField(max_length=2)
    kind = models.CharField(max_length=10)  # of statement
    payload = models.BinaryField()  # to be signed when it leaves
    since = models.DateTimeField()  # since when it waits
    next_at = models.DateTimeField(null=True)  # null: given up, until a person or the other State's node moves it on
    trouble = models.CharField(max_length=60, blank=True)  # code of why it could not leave

    class Meta:
        """What is due is found by State, in order."""

        indexes = [models.Index(fields=["to", "id"], name="telling_of_state")]


class Relearning(models.Model):
    """A State that may know of recalls that this State has said and forgotten: its database was restored from a copy."""

    state = models.CharField(max_length=2, primary_key=True)
    since = models.DateTimeField(null=True)  # null: it was not looked at yet
    asked = models.BooleanField(default=False)


class Community(models.Model):
    """States that share for one agreed purpose. It binds, and reaches, those who agreed to the very same terms."""

    id = models.CharField(max_length=64, primary_key=True)  # wire.communities.Terms.digest
    name = models.CharField(max_length=60)
    members = models.JSONField()  # codes of States, those of this State and of all who may agree
    purpose = models.CharField(max_length=60)
    hops = models.PositiveSmallIntegerField()  # how many times what is shared in it may be handed on
    proposed_by = models.CharField(max_length=2)  # the State that named it here first
    made_at = models.DateTimeField()

    class Meta:
        """By name."""

        ordering = ["name", "made_at"]


class CommunityMember(models.Model):
    """The last word of a State on a community: it agrees to the terms, or it has left."""

    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="words")
    state = models.CharField(max_length=2)
    agrees = models.BooleanField()
    at = models.DateTimeField()  # as it signed
    by = models.CharField(max_length=402, blank=True)  # this State's own word: the officer
    statement = models.BinaryField(default=b"")  # as the other State signed it; this State signs its own to each

    class Meta:
        """One last word of each."""

        ordering = ["state"]
        constraints = [models.UniqueConstraint(fields=["community", "state"], name="community_member_once")]
