"""The figures that this State has published, and what two States tell each other of theirs."""

from __future__ import annotations

from django.db import models


class FiguresRelease(models.Model):
    """One release of figures, as signed. None is ever taken back: each later one is drawn so that it gives none away."""

    number = models.PositiveIntegerField(primary_key=True)  # 1, 2, 3 … without gap
    through = models.CharField(max_length=7)  # the last quarter that it covers
    at = models.DateTimeField()
    by = models.CharField(max_length=402)  # the officer: name and office
    value = models.BinaryField()  # the signed statement


class CallFigures(models.Model):
    """The published figures of the test calls of one quarter, as signed. None is ever changed or taken back."""

    period = models.CharField(max_length=7, primary_key=True)  # the quarter: 2026-Q4
    at = models.DateTimeField()
    value = models.BinaryField()  # the signed statement


class FiguresBetween(models.Model):
    """What one of two States says to the other of the figures of their cases, as signed: this State, or another to it.

    One that says the same as the one before it takes its place. Of others the first and the newest are kept.
    """

    peer = models.CharField(max_length=2)  # the other State
    own = models.BooleanField()  # whether this State says it
    since = models.CharField(max_length=7)  # the first quarter
    through = models.CharField(max_length=7)  # the last
    content = models.CharField(max_length=64)  # digest of what is said, whenever it was drawn up
    drawn = models.DateTimeField()  # as signed
    statement = models.BinaryField()
    by = models.CharField(max_length=402, blank=True)  # own: the officer who said it; empty: this node answered
    waits = models.BooleanField(default=False)  # another State's: it is to be answered
    taken_back = models.PositiveIntegerField(
        default=0
    )  # acts and figures of the one before it that it does not say again
    let_go = models.PositiveIntegerField(default=0)  # statements between the one before it and this, not kept any more

    class Meta:
        """The newest first; what is to be answered is found without looking at all."""

        ordering = ["-through", "-since", "peer", "-drawn", "-pk"]
        indexes = [
            models.Index(fields=["peer", "own", "since", "through"], name="figures_between_of"),
            models.Index(fields=["peer"], condition=models.Q(waits=True), name="figures_between_due"),
        ]


class FiguresHeard(models.Model):
    """The newest release of another State, as it was signed and read there."""

    state = models.CharField(max_length=2, primary_key=True)
    number = models.PositiveIntegerField()
    value = models.BinaryField()
    at = models.DateTimeField()  # when it was read first
    other = models.BinaryField(default=b"")  # another release under the same number: that State says two things
