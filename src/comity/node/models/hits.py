"""Where warnings and cases meet, on this node only: what each side names, and the hits."""

from __future__ import annotations

from django.db import models

from comity.node.models.office import Case
from comity.node.models.sharing import StixObject


class Observed(models.Model):
    """Something that a shared object looks for."""

    row = models.ForeignKey(StixObject, on_delete=models.CASCADE)
    key = models.CharField(max_length=40)  # sharing.sighted.key

    class Meta:
        """What looks for something is found by its key, the newest first."""

        constraints = [models.UniqueConstraint(fields=["key", "row"], name="observed_once")]


class Mentioned(models.Model):
    """Something that a case names (`sharing.sighted.Mention`)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    key = models.CharField(max_length=40, db_index=True)  # sharing.sighted.key
    kind = models.CharField(max_length=20)
    value = models.TextField()
    where = models.CharField(max_length=200)
    origin = models.CharField(max_length=64, blank=True)


class Hit(models.Model):
    """A shared object and a case that name the same. Its words outlive the object."""

    class State(models.TextChoices):
        """What officers made of it."""

        NEW = "new"
        SEEN = "seen"
        DRAFTED = "drafted"
        DISMISSED = "dismissed"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="hits", db_index=False)
    warning = models.CharField(max_length=120)  # StixObject.object_id
    version = models.CharField(max_length=27, blank=True)  # the newest that matched
    source = models.CharField(max_length=2, blank=True)  # the State whose object it is; empty: this one's
    row = models.ForeignKey(StixObject, on_delete=models.SET_NULL, null=True)
    met = models.JSONField(default=list)  # of sharing.sighted.Met; empty: the case does not name it any more
    found_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    by = models.CharField(max_length=402, blank=True)  # who set the state: name and office
    changed_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)  # why it is no concern
    draft = models.CharField(max_length=20, blank=True, db_index=True)  # reference of the request that was drafted

    class Meta:
        """A case meets an object once, whatever its version; hits are listed by state, the newest first."""

        constraints = [models.UniqueConstraint(fields=["case", "warning"], name="hit_once")]
        indexes = [models.Index(fields=["state", "id"], name="hit_state")]


class Indexed(models.Model):
    """How far the shared objects were looked at for `Observed`; one row. Cases have `Case.fresh`."""

    objects_to = models.PositiveBigIntegerField(default=0)  # StixObject.id of the last
