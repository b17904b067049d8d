"""Checks of single fields that several values of this room have."""

from __future__ import annotations

import re
from typing import Any

from comity.casework.request import STATE
from comity.errors import Invalid

ARTICLE = re.compile(r"([1-9][0-9]?)((?:\([0-9a-z]{1,3}\)){0,3})")
LAST_ARTICLE = 68
MOST_LISTED = 200  # entries of a list
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def is_state(code: str, where: str) -> None:
    """Raises Invalid unless `code` looks like an ISO 3166-1 alpha-2 code."""
    if not STATE.fullmatch(code):
        raise Invalid("A State is named by its two-letter ISO code.", code="need.state", where=where)


def is_language(tag: str, where: str) -> None:
    """Raises Invalid unless `tag` looks like a primary tag of BCP 47."""
    if not _LANGUAGE.fullmatch(tag):
        raise Invalid("A language is a primary tag, e.g. fa.", code="need.language", where=where)


def is_article(article: str, where: str) -> None:
    """Raises Invalid unless `article` can be one of the Convention's, e.g. ``40(15)(f)``."""
    found = ARTICLE.fullmatch(article)
    if not found or not 1 <= int(found[1]) <= LAST_ARTICLE:
        raise Invalid(f"An article is 1 to {LAST_ARTICLE}, e.g. 40(15).", code="need.article", where=where)


def percent(number: int, where: str) -> None:
    """Raises Invalid unless `number` is 0 to 100."""
    if not 0 <= number <= 100:
        raise Invalid("A part is 0 to 100 per cent.", code="need.percent", where=where)


def short(text: str, most: int, where: str) -> None:
    """Raises Invalid if `text` is longer than `most` characters."""
    if len(text) > most:
        raise Invalid(f"At most {most} characters.", code="need.too-long", where=where)


def each_once(items: tuple[Any, ...], where: str) -> None:
    """Raises Invalid if `items` are too many, or one stands twice."""
    if len(items) > MOST_LISTED:
        raise Invalid(f"At most {MOST_LISTED} entries.", code="need.too-long", where=where)
    if len(set(items)) != len(items):
        raise Invalid("Name each once.", code="need.twice", where=where)
