"""The figures that this State has published."""

from __future__ import annotations

from django.db import models


class FiguresRelease(models.Model):
    """One release of figures, as signed. None is ever taken back: each later one is drawn so that it gives none away."""

    number = models.PositiveIntegerField(primary_key=True)  # 1, 2, 3 … without gap
    through = models.CharField(max_length=7)  # the last quarter that it covers
    at = models.DateTimeField()
    by = models.CharField(max_length=402)  # the officer: name and office
    value = models.BinaryField()  # the signed statement
