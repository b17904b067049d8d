"""Officers, peers, cases and acts, what is on its way, the log, evidence, jobs, test calls."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from comity.node.models.json import Json


class Officer(AbstractUser):
    """A person who signs in. Without powers he sees cases and can do nothing."""

    full_name = models.CharField(max_length=200)
    office = models.CharField(max_length=200)
    powers = models.JSONField(default=list)  # of casework.lifecycle.Power
    language = models.CharField(max_length=10, default="en")


class Peer(models.Model):
    """Another State's directory entry: an officer compared its fingerprint, or it follows one that he compared."""

    state = models.CharField(max_length=2, primary_key=True)
    entry = models.BinaryField()  # the newest version, as signed by that State
    fingerprint = models.CharField(max_length=100)  # of that version
    pinned_at = models.DateTimeField()  # when a fingerprint was compared last
    pinned_by = models.CharField(max_length=200)


class EntryVersion(models.Model):
    """A version of a State's directory entry, this State's own too; each is in this node's log."""

    class Standing(models.TextChoices):
        """What this node makes of it."""

        ACCEPTED = "accepted"
        LEFT = "left"  # accepted once; then an officer pinned anew, or this State withdrew its own
        FORK = "fork"  # another version under an accepted number, by the State's own key: evidence, never used
        SETTLED = "settled"  # the same, after the State's recovery keys or an officer here said which one counts

    state = models.CharField(max_length=2)
    version = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)  # wire.directory.Entry.digest
    data = models.BinaryField()  # as signed
    at = models.DateTimeField()  # when it came
    by = models.CharField(max_length=200)  # the officer who compared it, or the State that brought it
    entry = models.PositiveBigIntegerField()  # place in this node's log
    standing = models.CharField(max_length=10, choices=Standing.choices, default=Standing.ACCEPTED)

    class Meta:
        """Of each number one version is accepted, and each is kept once."""

        ordering = ["version", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["state", "digest"], name="entry_version_once"),
            models.UniqueConstraint(
                fields=["state", "version"], condition=models.Q(standing="accepted"), name="entry_version_accepted_once"
            ),
        ]


class Said(models.Model):
    """What a State says about another one's directory entry, or about ours. It never replaces anything."""

    about = models.CharField(max_length=2)
    by = models.CharField(max_length=2)
    version = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)  # wire.directory.Entry.digest
    data = models.BinaryField()  # as signed by the State it is about, or by whoever says so
    at = models.DateTimeField()

    class Meta:
        """The same is kept once."""

        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["about", "by", "digest"], name="said_once")]


class Case(models.Model):
    """What names a case. Where it stands is always derived from its acts."""

    reference = models.CharField(max_length=20, primary_key=True)
    requesting = models.CharField(max_length=2)
    requested = models.CharField(max_length=2)
    measure = models.CharField(max_length=30)
    follows = models.CharField(max_length=20, blank=True)
    opened_at = models.DateTimeField()
    fresh = models.BooleanField(default=True)  # what it mentions is still to be matched with warnings (desk.sighting)

    class Meta:
        """What is to be looked at is found without looking at all."""

        indexes = [models.Index(fields=["reference"], condition=models.Q(fresh=True), name="case_fresh")]


class Act(models.Model):
    """One act of a case, own or foreign, as signed."""

    digest = models.CharField(max_length=64, primary_key=True)  # of the signed statement: the act's id
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="acts")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    by = models.CharField(max_length=2)
    at = models.DateTimeField()
    statement = models.BinaryField()  # without its signatures, which lie apart: see `archive.signed`
    pair = models.CharField(max_length=64)  # digest under which these are kept
    entry = models.PositiveBigIntegerField(null=True)  # place in this node's log; foreign acts: see their Arrival
    restored = models.BooleanField(default=False)  # it had been lost here, and came back from the other State

    class Meta:
        """Acts of a case are numbered without gap or double."""

        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="act_once_per_place")]


class Talk(models.Model):
    """The conversation with a peer: one row, locked by every step of it."""

    peer = models.CharField(max_length=2, primary_key=True)
    settled = models.BooleanField(default=False)  # the peer has said what it holds since memory may have been lost
    doubted = models.BooleanField(
        default=False
    )  # it named a key that is not known here, or signed what does not hold: look for its newer entry
    heard = models.PositiveBigIntegerField(default=0)  # how often it has spoken
    heard_at = models.FloatField(default=0)  # when last, POSIX seconds
    heard_since = models.FloatField(default=0)  # since when it talks without long silences, and hears what is said here
    greetings = models.PositiveSmallIntegerField(default=0)  # of it that came last, one after the other
    greeting = models.CharField(
        max_length=32, blank=True
    )  # names a greeting that a courier carries, until it is answered
    figures_at = models.DateTimeField(null=True)  # when the cases with it were counted last, for an answer
    form = models.PositiveSmallIntegerField(default=0)  # the newest form of an exchange that it reads; 0: not known


class Kept(models.Model):
    """Bytes that never change, under their digest: envelopes, and pairs of signatures that acts and words stand under.

    They are most of what crosses the border. So they lie apart from the rows that say what became of them.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    data = models.BinaryField()


class Departure(models.Model):
    """An envelope on its way to a peer: the outbox (`wire.remembered.Sent`). Its bytes are `Kept`."""

    digest = models.CharField(max_length=64, unique=True)
    act = models.OneToOneField(Act, on_delete=models.PROTECT, null=True, related_name="departure")
    peer = models.CharField(max_length=2)
    says = models.CharField(max_length=64, db_index=True)  # digest of the statement that it holds
    number = models.PositiveBigIntegerField()  # its place among all for this peer
    after = Json(default=list)  # digests of the envelopes that it stands on
    statement = models.BinaryField(
        default=b""
    )  # what it held, while it came back from the peer and is in no case again
    made_at = models.DateTimeField()
    stage = models.CharField(max_length=12, default="relay")
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.FloatField()  # POSIX seconds
    since = models.BigIntegerField()  # POSIX seconds: since when it is at this stage
    told = models.BooleanField(default=False)  # a person was told that this stage is late
    relayed = models.BooleanField(default=False)
    pending = models.BooleanField(default=False)
    trouble = models.CharField(max_length=200, blank=True)  # code of why the last attempt failed
    words = models.PositiveSmallIntegerField(default=0)  # how many of the peer's about it are kept: see `Word`
    said_at = models.BigIntegerField(default=0)  # POSIX seconds: the time that the last of them states
    witnessed = models.BooleanField(default=False)  # the receipt's proof carries a third State's cosignature
    prove_at = models.FloatField(default=0)  # when to ask for a newer proof

    class Meta:
        """What is due, next or late is found without looking at all that waits."""

        constraints = [models.UniqueConstraint(fields=["peer", "number"], name="departure_once_per_place")]
        indexes = [
            models.Index(fields=["peer", "stage", "next_at"], name="departure_due"),
            models.Index(fields=["peer", "stage", "number"], name="departure_next"),
            models.Index(fields=["peer", "stage", "since"], condition=models.Q(told=False), name="departure_late"),
            models.Index(
                fields=["peer", "prove_at"],
                condition=models.Q(witnessed=False, relayed=True),
                name="departure_unproved",
            ),
            models.Index(fields=["peer", "number"], condition=models.Q(pending=True), name="departure_pending"),
        ]


class Arrival(models.Model):
    """An envelope that arrived, kept before anybody read it: the inbox (`wire.remembered.Got`). Its bytes are `Kept`."""

    class Status(models.TextChoices):
        """What became of it."""

        WAITING = "waiting"
        ADMITTED = "admitted"
        REFUSED = "refused"

    digest = models.CharField(max_length=64)
    hop = models.CharField(max_length=2)  # the node that brought it
    number = models.PositiveBigIntegerField(null=True)  # as that node counts; None when it came alone
    after = Json(default=list)  # digests of the envelopes that it stands on
    lacks = models.CharField(max_length=64, blank=True)  # one of them that is not here, or not read
    at = models.DateTimeField()
    entry = models.PositiveBigIntegerField()  # place in this node's log
    words = models.PositiveSmallIntegerField(default=0)  # how many of this node's about it are kept: see `Word`
    said_at = models.BigIntegerField(default=0)  # POSIX seconds: the latest time that any of them states
    size = models.PositiveBigIntegerField()  # bytes of the envelope
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    handed = models.BooleanField(default=False)  # an officer had it before him
    code = models.CharField(max_length=60, blank=True)  # why it was refused
    reason = models.TextField(blank=True)
    act = models.OneToOneField(Act, on_delete=models.PROTECT, null=True, related_name="arrival")

    class Meta:
        """What can be read is found by status, and what waits for another by that."""

        constraints = [
            models.UniqueConstraint(fields=["hop", "digest"], name="arrival_once_per_hop"),
            models.UniqueConstraint(fields=["hop", "number"], name="arrival_once_per_place"),
        ]
        indexes = [
            models.Index(fields=["status", "hop", "lacks", "entry"], name="arrival_unread"),
            models.Index(fields=["hop", "at"], name="arrival_latest"),
        ]


class Word(models.Model):
    """A signed word about an envelope: its addressee's about one of ours, this node's about one that arrived."""

    departure = models.ForeignKey(Departure, on_delete=models.CASCADE, null=True, db_index=False, related_name="+")
    arrival = models.ForeignKey(Arrival, on_delete=models.CASCADE, null=True, db_index=False, related_name="+")
    place = models.PositiveSmallIntegerField()  # among the words about it, from 0: the receipt
    bare = models.BinaryField()  # without its signatures, which lie apart: see `archive.words`
    pair = models.CharField(max_length=64)  # digest under which these are kept

    class Meta:
        """Each word has its place."""

        constraints = [
            models.UniqueConstraint(
                fields=[of, "place"], condition=models.Q(**{f"{of}__isnull": False}), name=f"word_of_{of}"
            )
            for of in ("departure", "arrival")
        ]


class Alarm(models.Model):
    """What the conversation with a peer tells a person. The newest hundred of each peer and code stay."""

    at = models.DateTimeField()
    peer = models.CharField(max_length=2)
    code = models.CharField(max_length=60)
    envelope = models.CharField(max_length=64, blank=True)  # digest; empty when it is about the whole conversation
    evidence = models.BinaryField(default=b"")  # this node's signed word about that, where there is one


class Refusal(models.Model):
    """Something turned away at the peers' door, before it could become an arrival. The newest hundred of each reason stay."""

    at = models.DateTimeField()
    code = models.CharField(max_length=60)
    reason = models.TextField()
    size = models.PositiveBigIntegerField()
    head = models.BinaryField()  # the first bytes, as evidence
    path = models.CharField(max_length=200)


class LogNode(models.Model):
    """A complete subtree of this node's log (RFC 6962)."""

    level = models.PositiveSmallIntegerField()
    index = models.PositiveBigIntegerField()
    hash = models.BinaryField()

    class Meta:
        """Each subtree is written once."""

        constraints = [models.UniqueConstraint(fields=["level", "index"], name="log_node_once")]


class LogHead(models.Model):
    """The size of this node's log; one row, locked by every append."""

    size = models.PositiveBigIntegerField(default=0)


class Restore(models.Model):
    """This State's signed note that its memory was set back (`desk.restores`)."""

    entry = models.PositiveBigIntegerField(primary_key=True)  # place in this node's log
    statement = models.BinaryField()


class Checkpoint(models.Model):
    """A signed head of this node's log, with the cosignatures it has."""

    size = models.PositiveBigIntegerField(primary_key=True)
    note = models.TextField()


class Cosigned(models.Model):
    """The newest head of this node's log that a witness has cosigned."""

    witness = models.CharField(max_length=2, primary_key=True)  # its State
    head = models.ForeignKey(Checkpoint, on_delete=models.CASCADE)


class Stamp(models.Model):
    """A time stamp of a head of this node's log (RFC 3161). It stays also when nobody goes by the head any more."""

    stamper = models.CharField(max_length=500)  # the authority's address
    size = models.PositiveBigIntegerField()  # of the log
    note = models.TextField()  # what is stamped: the head, as the log signed it
    token = models.BinaryField()
    latest = models.DateTimeField()  # by when the head existed
    name = models.CharField(max_length=200)  # of the authority, by its certificate

    class Meta:
        """Each authority stamps a head once; the page of a case looks for the first one that covers an entry."""

        constraints = [models.UniqueConstraint(fields=["stamper", "size"], name="stamp_once")]
        indexes = [models.Index(fields=["size", "latest"], name="stamp_size")]


class Stamper(models.Model):
    """How it went with a time-stamping authority last."""

    address = models.CharField(max_length=500, primary_key=True)
    next_at = models.DateTimeField()  # when it may be asked again
    failures = models.PositiveIntegerField(default=0)  # since a stamp came
    trouble = models.CharField(max_length=100, blank=True)  # code of why the last attempt failed


class Witnessed(models.Model):
    """The newest head of another State's log that this node cosigned."""

    origin = models.CharField(max_length=200, primary_key=True)
    size = models.PositiveBigIntegerField()
    root = models.BinaryField()


class Letter(models.Model):
    """The request letter (PDF) that belongs to a request."""

    digest = models.CharField(max_length=64, primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="letters")
    data = models.BinaryField()


class Holding(models.Model):
    """Exhibits held for a case, once for each taking in: one blob in the vault, its manifest in another."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="holdings")
    manifest = models.CharField(max_length=64)  # digest of the manifest's canonical bytes
    manifest_blob = models.CharField(max_length=64)
    exhibits_blob = models.CharField(max_length=64)


class Container(models.Model):
    """A sealed container on the shelf: made here for the peer, or collected from it. One for each return of a case."""

    digest = models.CharField(max_length=64, primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="containers")
    number = models.PositiveIntegerField()  # which return of the case it is, from 1
    size = models.PositiveBigIntegerField()
    peer = models.CharField(max_length=2)
    outgoing = models.BooleanField()
    complete = models.BooleanField(default=False)

    class Meta:
        """Returns of a case are numbered without double."""

        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="container_once_per_place")]


class Job(models.Model):
    """Long work that an officer ordered: done by the courier, in his name, once."""

    class Kind(models.TextChoices):
        """What is to be done."""

        TAKE_IN = "take-in"
        DISCLOSE = "disclose"
        COLLECT = "collect"
        VERIFY = "verify"

    class Status(models.TextChoices):
        """How far it is."""

        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="jobs")
    about = models.CharField(max_length=64, blank=True)  # digest of the container that is collected or verified
    officer = models.ForeignKey(Officer, on_delete=models.PROTECT, null=True)
    given = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING, db_index=True)
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveIntegerField(default=0)
    done = models.PositiveBigIntegerField(default=0)  # bytes
    total = models.PositiveBigIntegerField(default=0)  # bytes; 0 while not known
    code = models.CharField(max_length=60, blank=True)
    trouble = models.TextField(blank=True)

    class Meta:
        """One job of a kind at a time for a case, or for each of its containers."""

        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind", "about"], condition=models.Q(status="waiting"), name="job_once_at_a_time"
            )
        ]


class Call(models.Model):
    """A test call to or from a State's 24/7 point of contact, with its moments; what became of it follows from them."""

    digest = models.CharField(max_length=64, primary_key=True)  # of the signed call
    peer = models.CharField(max_length=2)
    ours = models.BooleanField()  # whether this State called
    statement = models.BinaryField()
    envelope = models.CharField(max_length=64, db_index=True)  # digest of the envelope that carried it
    hop = models.CharField(max_length=2)  # the node that brought it; for ours the peer
    at = models.DateTimeField()  # when it was sent, as the caller signed
    due = models.DateTimeField(db_index=True)
    came_at = models.DateTimeField()  # when it was sent or kept here, by this node's clock
    kept_at = models.DateTimeField(null=True)  # ours: when the peer kept it, as its receipt says
    kept_known_at = models.DateTimeField(null=True)  # ours: when this node saw that receipt
    answer = models.BinaryField(default=b"")  # the signed answer
    answer_envelope = models.CharField(max_length=64, blank=True)
    answered_at = models.DateTimeField(null=True)  # as the State that answers signed
    answer_known_at = models.DateTimeField(null=True)  # when the answer was given or kept here, by this node's clock

    class Meta:
        """What waits for something is found by peer and direction."""

        ordering = ["-at", "digest"]
        indexes = [models.Index(fields=["ours", "peer", "due"], name="call_of_peer")]


class CallPlan(models.Model):
    """How often a State is called by itself. No row means never."""

    peer = models.CharField(max_length=2, primary_key=True)
    every = models.PositiveSmallIntegerField()  # days
    minutes = models.PositiveSmallIntegerField()  # from a call to the moment by which it is to be answered
    urgency = models.CharField(max_length=10)
    question = models.TextField(blank=True)
    by = models.CharField(max_length=402)  # the officer who decided so: name and office
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(db_index=True)
    trouble = models.CharField(max_length=60, blank=True)  # code of why the last call could not be made
