"""What anybody may report (Article 53), and what becomes of it; the receipt by which he comes back.

A report is its deeds, in order, as a case is its acts: where it stands is what was done with it last. Nothing here asks who
reports: `contact` is left empty by whoever wants to stay unknown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Final

from comity.errors import Invalid


class Kind(StrEnum):
    """What happened, as people say it; the article of each stands in `OFFENCES`."""

    FRAUD = "fraud"
    ACCESS = "access"
    IMAGES = "images"
    DATA = "data"
    SYSTEM = "system"
    FORGERY = "forgery"
    INTERCEPTION = "interception"
    TOOLS = "tools"
    LAUNDERING = "laundering"
    GROOMING = "grooming"
    CHILD = "child"
    OTHER = "other"


OFFENCES: Final[dict[Kind, str]] = {
    Kind.ACCESS: "uncc:7", Kind.INTERCEPTION: "uncc:8", Kind.DATA: "uncc:9", Kind.SYSTEM: "uncc:10",
    Kind.TOOLS: "uncc:11", Kind.FORGERY: "uncc:12", Kind.FRAUD: "uncc:13", Kind.CHILD: "uncc:14",
    Kind.GROOMING: "uncc:15", Kind.IMAGES: "uncc:16", Kind.LAUNDERING: "uncc:17",
}  # fmt: skip
NO_FILES: Final = frozenset({Kind.CHILD, Kind.GROOMING})
"""With these no file is taken: who passes such a picture on spreads it, and may commit an offence (Article 14)."""

LIMITS: Final = {"happened": 10_000, "when": 200, "suspects": 4_000, "harm": 2_000, "contact": 500}
"""What a report is made of, with the most characters of each. Only the first is needed."""
ADDED: Final = 4_000  # characters of an addition, of a question, of a reason
FILES: Final = 10  # with a report, and with each addition
FILE: Final = 20 << 20  # bytes of one file
TOGETHER: Final = 64 << 20  # bytes of all that is sent at once
ADDITIONS: Final = 50  # to one report


class Deed(StrEnum):
    """What was done with a report. All but `ADDED` say where it stands."""

    NEW = "new"  # it came
    ADDED = "added"  # who reported added something
    TAKEN = "taken"  # an officer took it up
    ANSWERED = "answered"  # an officer wrote to who reported
    CLOSED = "closed"
    MERGED = "merged"  # it is looked at together with another
    CASE = "case"  # a request to another State is drafted from it
    INDICATOR = "indicator"  # a warning was made from it


_OPEN = frozenset({Deed.TAKEN, Deed.ANSWERED, Deed.CASE, Deed.INDICATOR})
WAYS: Final[dict[Deed, frozenset[Deed]]] = {
    Deed.TAKEN: frozenset({Deed.NEW, Deed.CLOSED, Deed.MERGED}),
    **dict.fromkeys((Deed.ANSWERED, Deed.CLOSED, Deed.MERGED, Deed.CASE, Deed.INDICATOR), _OPEN),
}
"""What an officer may do -> where the report stands before it: somebody takes it up first, by name."""


class OddCharacter(Invalid):
    """A text holds a character that is never seen and never meant.

    Args:
        character: the character.
        before: the words before it, by which it is found.
        where: the field.
    """

    def __init__(self, character: str, before: str, where: str) -> None:
        self.named, self.before = f"U+{ord(character):04X}", before
        super().__init__(f"{self.named} stands after '{before}'. Remove it.", code="report.character", where=where)


def check_text(text: str, *, most: int, where: str) -> str:
    """A text as it is kept: with plain line ends, without blanks around it.

    Args:
        text: as typed.
        most: characters.
        where: the field, for the error.

    Raises:
        Invalid: ``report.too-long``. OddCharacter: it holds a control character.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip(" \n\t")
    if len(text) > most:
        raise Invalid(f"This has {len(text)} characters; {most} are taken.", code="report.too-long", where=where)
    for place, character in enumerate(text):
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t":
            raise OddCharacter(character, " ".join(text[max(0, place - 20) : place].split()), where)
    return text


def check_report(kind: str, words: Mapping[str, str]) -> tuple[dict[str, str], list[Invalid]]:
    """What of a report would be kept, and every fault in it.

    Args:
        kind: what happened.
        words: the fields of `LIMITS`, as typed; those that are missing are empty.

    Returns:
        (field -> text, the faults: ``report.kind``, ``report.happened``, and those of `check_text`).
    """
    kept, faults = {}, []
    if kind not in set(Kind):
        faults.append(Invalid("Say what kind of crime it was.", code="report.kind", where="kind"))
    for name, most in LIMITS.items():
        try:
            kept[name] = check_text(words.get(name, ""), most=most, where=name)
        except Invalid as fault:
            faults.append(fault)
    if kept.get("happened") == "":
        faults.append(Invalid("Say what happened.", code="report.happened", where="happened"))
    return kept, faults


# ---- the receipt: 26 digits by chance and two to check them (ISO/IEC 7064, MOD 97-10), in groups of four ------------------

RECEIPTS: Final = 10**26
"""As many receipts there can be: more than 2^86."""
_DIGITS = 28


def receipt(number: int) -> str:
    """The receipt code of a number below `RECEIPTS`: 28 Latin digits."""
    return f"{number:026d}{98 - number * 100 % 97:02d}"


def grouped(code: str) -> str:
    """A receipt code in groups of four, as people write it down."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))


def read_receipt(text: str) -> str:
    """The receipt code that was typed: in digits of any script, with any blanks, hyphens and direction marks between them.

    Raises:
        Invalid: ``report.receipt-form``: there is something else, or not 28 digits; ``report.receipt-digit``: one of them
            is wrong, or two changed places.
    """
    kept = [sign for sign in text if unicodedata.category(sign)[0] not in "ZCP"][: _DIGITS + 1]
    found = [unicodedata.decimal(sign, None) for sign in kept]
    if len(found) != _DIGITS or None in found:
        raise Invalid("A receipt has 28 digits, in seven groups of four.", code="report.receipt-form", where="code")
    code = "".join(map(str, found))
    if int(code) % 97 != 1:
        raise Invalid("One of the digits is not right.", code="report.receipt-digit", where="code")
    return code


# ---- what is known of the wrongdoer ----------------------------------------------------------------------------------------

_ASCII_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})", re.IGNORECASE)
_MAILBOX = re.compile(rf"[\w.+%-]{{1,64}}@{_NAME.pattern}", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s<>\"']{3,1900}", re.IGNORECASE)
_PHONE = re.compile(r"\+?[0-9][0-9 ()/-]{5,18}[0-9]")


@dataclass(frozen=True)
class Trace:
    """Something by which a wrongdoer may be found.

    Args:
        kind: ``email``, ``ip``, ``url``, ``domain``, ``phone``, or ``other``.
        value: a line of what was written, cleaned of how people make addresses harmless (``hxxp``, ``[.]``).
    """

    kind: str
    value: str


def traces(lines: Iterable[str]) -> tuple[Trace, ...]:
    """What the lines name, each once, in their order; a line that is no address stays as it is, of kind ``other``."""
    found = [_trace(" ".join(line.split())) for line in lines if line.strip()]
    return tuple(dict.fromkeys(found))


def _trace(line: str) -> Trace:
    """What one line names, if it names one thing alone."""
    text = line.translate(_ASCII_DIGITS).strip(" ,;،؛")
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    text = re.sub(
        r"\[(\.|dot|:)\]|\((\.|dot)\)", lambda mark: ":" if mark[1] == ":" else ".", text, flags=re.IGNORECASE
    )
    text = re.sub(r"^hxxp(?=s?://)", "http", text, flags=re.IGNORECASE)
    try:
        return Trace("ip", str(ip_address(text)))
    except ValueError:
        pass
    for kind, form in (("url", _LINK), ("email", _MAILBOX), ("domain", _NAME), ("phone", _PHONE)):
        if form.fullmatch(text):
            return Trace(kind, text)
    return Trace("other", line)
