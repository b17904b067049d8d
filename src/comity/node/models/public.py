"""What the public reports, what became of it, and what it is told. Nothing says from where a report came."""

from __future__ import annotations

from django.db import models


class Report(models.Model):
    """A report of a crime. Where it stands is always derived from its acts; what is written in it lies encrypted."""

    receipt = models.CharField(max_length=64, unique=True)  # keyed hash of the receipt code; the code is kept nowhere
    kind = models.CharField(max_length=20)  # casework.report.Kind
    language = models.CharField(max_length=10)  # of the page on which it was written
    at = models.DateTimeField()  # to the minute
    words = models.BinaryField()  # field -> text, as canonical JSON, encrypted under the vault's key
    size = models.PositiveIntegerField(db_index=True)  # bytes of `words`: the index alone tells how many all have


class ReportAct(models.Model):
    """Something that was done with a report, by an officer or by who reported."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="acts")
    kind = models.CharField(max_length=10)  # casework.report.Deed
    at = models.DateTimeField()  # of who reported: to the minute
    by = models.CharField(max_length=402, blank=True)  # the officer: name and office; empty: who reported
    text = models.BinaryField(default=b"")  # encrypted like the report
    size = models.PositiveIntegerField(default=0, db_index=True)  # bytes of `text`, as above
    about = models.CharField(max_length=120, blank=True)  # the other report, the case or the STIX object

    class Meta:
        """In their order."""

        ordering = ["pk"]


class ReportFile(models.Model):
    """A file that came with a report: never opened here. Its name is made safe, and lies encrypted."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="files")
    act = models.ForeignKey(ReportAct, on_delete=models.PROTECT, related_name="files")  # with which it came
    name = models.BinaryField()
    size = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=20, blank=True)  # what its first bytes look like; empty: nothing known
    blob = models.CharField(max_length=64)  # of the vault of reports

    class Meta:
        """In the order in which they came."""

        ordering = ["pk"]


class Bulletin(models.Model):
    """One version of a bulletin: what officers tell the public. Of each the newest version counts."""

    series = models.CharField(max_length=36)  # UUID: names the bulletin, whatever its version
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=10)  # pattern, method or advice
    texts = models.JSONField(default=dict)  # language -> {"title", "body"}
    objects_named = models.JSONField(
        default=list
    )  # ids of STIX objects; shown while their rules let the public have them
    at = models.DateTimeField()
    by = models.CharField(max_length=402)  # the officer: name and office
    withdrawn = models.BooleanField(default=False)  # with this version it was taken back; `reason` says why
    reason = models.TextField(blank=True)

    class Meta:
        """Versions are numbered without double."""

        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["series", "version"], name="bulletin_version_once")]
