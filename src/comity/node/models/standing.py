"""What States say themselves of where they stand in a treaty."""

from django.db import models


class StandingWord(models.Model):
    """A State's own word: that it signed, deposited, declared … It is kept as it was said; a later one may take it back."""

    state = models.CharField(max_length=2)
    digest = models.CharField(max_length=64)  # wire.standing.Word.digest
    treaty = models.CharField(max_length=40)
    payload = models.BinaryField()
    statement = models.BinaryField()  # as that State signed it; this State's own, as it is in the log
    by = models.CharField(max_length=402, blank=True)  # this State's own word: the officer
    at = models.DateTimeField()  # as it signed
    told = models.JSONField(default=list)  # this State's own word: codes of those to whom it is on its way, or was said
    next_at = models.DateTimeField(null=True)  # this State's own word: when to look for States that were not told

    class Meta:
        """Each once; in the order in which they were said."""

        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["state", "digest"], name="standing_word_once")]
        indexes = [models.Index(fields=["treaty", "state"], name="standing_of_treaty")]
