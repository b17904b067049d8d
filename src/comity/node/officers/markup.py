"""Small pieces of safe HTML: text of others shown inert, identifiers left to right, moments in the page's language.

What people or other States wrote is never trusted: it is escaped, put in an isolate of its own so that it cannot
reorder what stands beside it, and every character that hides or reorders text is shown as its code.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import Final

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from comity.node.officers import almanac

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_WANTED: Final = frozenset(
    "\n\t\u200c\u200d\u200e\u200f"
)  # line end, tab, ZWNJ, ZWJ, LRM, RLM: Persian cannot do without
_ARTICLE: Final = re.compile(r"(\d+)(?:\((\d+)\))?(?:\(([a-z])\))?")
_LETTERS: Final = dict(
    zip(
        "abcdefghijklmnop",
        ["الف", "ب", "ج", "د", "ه", "و", "ز", "ح", "ط", "ی", "ک", "ل", "م", "ن", "س", "ع"],
        strict=True,
    )
)


def language() -> str:
    """The page's language, one of ours."""
    return "fa" if (get_language() or "").startswith("fa") else "en"


def digits(value: object) -> str:
    """`value` with the digits of the page's language."""
    return almanac.persian_digits(str(value)) if language() == "fa" else str(value)


def visible(text: str) -> SafeString:
    """`text`, escaped, with each character that hides or reorders text shown as its code in a frame."""
    pieces, plain = [], ""
    for character in text:
        if unicodedata.category(character) in _UNSEEN and character not in _WANTED:
            pieces.append(escape(plain))
            pieces.append(format_html('<span class="odd">U+{}</span>', f"{ord(character):04X}"))
            plain = ""
        else:
            plain += character
    return SafeString("".join([*pieces, escape(plain)]))


def inert(text: object) -> SafeString:
    """A short text of someone else, on one line, in an isolate of its own."""
    return format_html("<bdi>{}</bdi>", visible(str(text).replace("\n", " ").strip()))


def said(text: str) -> SafeString:
    """A long text as its author wrote it: one paragraph for each line, each in its own direction."""
    lines = [line for line in text.splitlines() if line.strip()]
    return format_html_join("", '<p dir="auto">{}</p>', ((visible(line),) for line in lines))


def ident(value: object) -> SafeString:
    """An identifier (reference, digest, address, time in digits): left to right, with Latin digits."""
    return format_html('<bdi dir="ltr" class="id">{}</bdi>', visible(str(value)))


def article(reference: str) -> str:
    """An article of the Convention: ``40(15)(f)`` -> ``Article 40(15)(f)``, ماده ۴۰، بند ۱۵ (و)."""
    found = _ARTICLE.fullmatch(reference)
    if language() != "fa" or found is None:
        return _("Article %(article)s") % {"article": digits(reference)}
    text = f"ماده {almanac.persian_digits(found[1])}"
    if found[2]:
        text += f"، بند {almanac.persian_digits(found[2])}"
    if found[3]:
        text += f" ({_LETTERS.get(found[3], found[3])})"
    return text


def day(value: date) -> SafeString:
    """A day in words; in Persian with the Solar Hijri day beside it."""
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), almanac.day_words(value, language()))


def moment(value: datetime) -> SafeString:
    """A moment in the node's zone and in UTC."""
    words, offset, utc = almanac.moment_parts(value, get_current_timezone(), language())
    return format_html(
        '<time datetime="{}"><span class="nowrap">{}</span> <span class="utc">({}) · {}</span></time>',
        value.isoformat(),
        words,
        ident(offset),
        ident(utc),
    )


def size(value: int) -> str:
    """A number of bytes in words: ``1.5 GB``."""
    amount = float(value)
    if amount < 1000:
        return ngettext("%(size)s byte", "%(size)s bytes", value) % {"size": digits(value)}
    for unit in (_("kB"), _("MB"), _("GB"), _("TB")):
        amount /= 1000
        if amount < 999.5 or unit == _("TB"):
            break
    text = f"{amount:.0f}" if amount >= 99.5 else f"{amount:.1f}"
    return f"{digits(text).replace('.', '٫')} {unit}" if language() == "fa" else f"{text} {unit}"


def days(value: int) -> str:
    """A number of days in words."""
    if value == 0:
        return _("today")
    return ngettext("%(number)s day", "%(number)s days", value) % {"number": digits(value)}
