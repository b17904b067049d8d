"""The formal letter of a request: what one central authority would put before another on paper, as PDF/A-2b.

The letter is a rendering for people. What binds is the sealed message; the letter says so itself and carries
no seal, emblem or picture of a signature. What the form says stands in English and in one other language; what
an officer wrote is printed once, as written, and never translated by a machine. What is missing is printed as
"not stated"; nothing is invented.

Order and article references follow Article 40(15)(a)-(g), mutual legal assistance, and Article 42(3)(a)-(g),
expedited preservation. Three things keep the page honest:

1. Text reaches typst as data (JSON in ``sys.inputs``), so nothing in it is ever markup.
2. Identifiers (e-mail, addresses, times, hashes) are cut out of running text and set left to right.
3. A character that no font here can draw, or that would silently reorder or hide text (U+202E and its kin), is
   printed as its code in a frame, so that the reader sees what was written.

The same request, names and date give the same bytes. No Django, no network, no fonts of the machine.
"""

from __future__ import annotations

import json
import re
import struct
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from functools import cache
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import typst
from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from persiantools.jdatetime import JalaliDate

from comity.casework.measure import Measure
from comity.casework.request import Request, Scope, Urgency, moment_text
from comity.errors import Invalid, Misconfigured

LANGUAGES: Final = ("en", "fa")  # one file of words each: letters/en.typ, letters/fa.typ

_LETTERS: Final = Path(__file__).parent / "letters"
_FAMILIES: Final = ("Noto Sans", "Noto Sans Arabic")  # fontpkg-*; typst itself brings DejaVu Sans Mono
_LIMIT: Final = 300_000  # characters of all that was written; six texts of 20,000 stay far below
_SHORT: Final = 90  # a text up to here stands in a row, a longer one in a block of its own
_LONG_WORD: Final = 30  # a word may break after so many characters

# Formal names where CLDR's common name is not the one that the State uses in treaties.
_STATES: Final[Mapping[str, Mapping[str, str]]] = {
    "IR": {"en": "Islamic Republic of Iran", "fa": "جمهوری اسلامی ایران"},
    "VN": {"en": "Socialist Republic of Viet Nam", "fa": "جمهوری سوسیالیستی ویتنام"},
}

Names = Mapping[str, Mapping[str, str]]  # State code, then language, then the name of its authority
Field = dict[str, Any]  # a numbered field: the key of its heading, its articles, its parts
Part = dict[str, Any]  # one line or block of a field, as request.typ reads it
Run = tuple[str, str]  # (a font family, or "id" | "odd" | "break"; characters)


def request_letter(
    request: Request,
    *,
    authority_names: Names,
    written_on: date,
    drafted_by: str,
    approved_by: str,
    language: str = "fa",
) -> bytes:
    """The letter of `request` as PDF/A-2b.

    Args:
        request: what is asked; `request.exercise` puts a band on every page.
        authority_names: central authorities: State code, then language, then name; English must be there, and
            stands in for a language that is not.
        written_on: date of the letter (Gregorian) and of the PDF.
        drafted_by: name or functions of the officer who wrote the request.
        approved_by: of the officer who approved it.
        language: the language beside English, one of `LANGUAGES`; ``en`` alone gives an English letter.

    Raises:
        Invalid: unknown language, no English name of an authority, a NUL or half a character, too much text.
    """
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise Invalid(f"Letters are written in {known}.", code="letter.language", where="language")
    names = {state: dict(authority_names.get(state, {})) for state in (request.requesting, request.requested)}
    _refuse_unwritable(
        {
            "request": request.to_dict(),
            "authority_names": names,
            "drafted_by": drafted_by,
            "approved_by": approved_by,
        }
    )
    languages = ("en",) if language == "en" else ("en", language)
    signers = [_text("drafted-by", drafted_by), _text("approved-by", approved_by)]
    return _typeset(_form(request, names, written_on, signers, languages), written_on)


def _form(
    request: Request, names: Names, written_on: date, signers: list[Part], languages: tuple[str, ...]
) -> dict[str, Any]:
    """Everything that the letter prints, as request.typ reads it."""
    return {
        "languages": languages,
        "exercise": request.exercise,
        "measure": str(request.measure),
        "reference": request.reference,
        "sender": _authority(request.requesting, names, languages),
        "recipient": _authority(request.requested, names, languages),
        "heads": _heads(request, written_on, names, languages),
        "fields": _FIELDS[request.measure](request),
        "signers": [{**part, "long": False} for part in signers],
    }


def _typeset(form: dict[str, Any], written_on: date) -> bytes:
    """The PDF of `form`; the same form and date give the same bytes."""
    text = json.dumps(form, ensure_ascii=False, sort_keys=True)
    try:
        return typst.compile(
            _LETTERS / "request.typ",
            root=_LETTERS,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"form": text, "odd": "yes" if '["odd", "U+' in text else "no"},
            pdf_standards="a-2b",
            timestamp=datetime(written_on.year, written_on.month, written_on.day, tzinfo=UTC),
        )
    except typst.TypstError as error:
        raise Invalid(f"This cannot be typeset: {error}", code="letter.not-printable") from error


# ---- what the letter says: fields, in the order of the Convention --------------------------------------------


def _assistance_fields(r: Request) -> list[Field]:
    """Article 40(15), in the order of its letters; then what other paragraphs allow to be asked."""
    return [
        _field("authority", [(40, 15, "a")], _text("", r.authority)),
        _field("subject", [(40, 15, "b")], _text("subject", r.subject), *_offence(r), *_conducting(r)),
        _field("facts", [(40, 15, "c")], _text("", r.facts), *_if_stated(_text("link", r.link))),
        _field("assistance", [(40, 15, "d")], _categories(r), _text("assistance", r.assistance)),
        _field("persons", [(40, 15, "e")], _persons(r), _text("custodian", r.custodian), _accounts(r)),
        _field("period", [(40, 15, "f")], *_period(r)),
        _field("purpose", [(40, 15, "g")], _text("", r.purpose)),
        _field("confidentiality", [(40, 20)], _confidential(r)),
        _field("urgency", [(40, 26)], *_urgency(r)),
        *_common_fields(r),
    ]


def _preservation_fields(r: Request) -> list[Field]:
    """Article 42(3), in the order of its letters; then what the requested State needs to know besides."""
    data = [_categories(r), _text("data", r.assistance), *_if_stated(*_period(r)), _text("link", r.link)]
    holder = [_text("custodian", r.custodian), *_if_stated(_persons(r)), _accounts(r)]
    return [
        _field("seeking", [(42, 3, "a")], _text("", r.authority)),
        _field("offence-facts", [(42, 3, "b")], *_offence(r), _text("facts", r.facts)),
        _field("data", [(42, 3, "c")], *data),
        _field("custodian", [(42, 3, "d")], *holder),
        _field("necessity", [(42, 3, "e")], _text("", r.purpose)),
        _field("intention", [(42, 3, "f")], _words("", *["intention.yes"] * r.intends_request)),
        _field("confidentiality", [(42, 3, "g")], _confidential(r)),
        _field("conducting", [], _text("subject", r.subject), *_conducting(r)),
        _field("urgency", [], *_urgency(r)),
        *_common_fields(r),
    ]


def _common_fields(r: Request) -> list[Field]:
    return [
        _field("rights", [(6,), (24,), (40, 22)], _text("", r.rights)),
        _field("language", [(40, 13)], _language(r.language)),
    ]


_FIELDS: Final = {Measure.STORED_DATA: _assistance_fields, Measure.PRESERVATION: _preservation_fields}


def _field(key: str, articles: list[tuple[int | str, ...]], *parts: Part) -> Field:
    return {"key": key, "articles": articles, "parts": parts}


def _if_stated(*parts: Part) -> list[Part]:
    """What the article does not ask for is printed only where something was written."""
    return [part for part in parts if part["kind"] != "missing"]


def _conducting(request: Request) -> list[Part]:
    names = ("name", "function", "contact")
    return [_text(f"person.{name}", getattr(request.conducting, name)) for name in names]


def _offence(request: Request) -> list[Part]:
    offence = request.offence
    code = offence.code.removeprefix("uncc:") or ("none" if request.scope == Scope.SERIOUS else "")
    months = offence.max_penalty_months
    return [
        _words("offence", *([f"offence.{code}"] if code else [])),
        _text("offence.label", offence.label),
        _text("offence.provision", offence.provision),
        _missing("offence.penalty") if months is None else _part("offence.penalty", "months", months=months),
        _date("offence.date", offence.committed_on),
    ]


def _categories(request: Request) -> Part:
    return _words("categories", *(f"category.{item}" for item in request.categories))


def _persons(request: Request) -> Part:
    return _text("persons", "\n".join(person.name for person in request.persons))


def _period(request: Request) -> list[Part]:
    return [_date("period.from", request.period_from), _date("period.to", request.period_to)]


def _confidential(request: Request) -> Part:
    return _words("", "confidential.yes" if request.confidential else "confidential.no")


_ACCOUNT_KINDS: Final = frozenset({"email", "ip", "phone", "url", "account", "other"})


def _accounts(request: Request) -> Part:
    if not request.accounts:
        return _missing("accounts")
    rows = [
        {
            "known": account.kind in _ACCOUNT_KINDS,
            "kind": account.kind if account.kind in _ACCOUNT_KINDS else _runs(account.kind),
            "dated": account.kind == "ip",  # an address without moment and port names nobody
            "value": _runs(account.value, identifier=True),
            "at": moment_text(account.at) if account.at else "",
            "port": str(account.port) if account.port else "",
        }
        for account in request.accounts
    ]
    return _part("accounts", "accounts", rows=rows)


def _urgency(request: Request) -> list[Part]:
    """Urgency and deadline. Reasons are printed when something calls for one, even if only as not stated."""
    parts = [_words("urgency", f"urgency.{request.urgency}")]
    if request.urgency != Urgency.ORDINARY or request.urgency_reason:
        parts.append(_text("urgency.reason", request.urgency_reason))
    parts.append(_date("deadline", request.deadline))
    if request.deadline or request.deadline_reason:
        parts.append(_text("deadline.reason", request.deadline_reason))
    return parts


def _language(tag: str) -> Part:
    try:
        locale = Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return _text("language", tag)
    return _name("language", {code: locale.get_display_name(code) or tag for code in LANGUAGES})


def _heads(request: Request, written_on: date, names: Names, languages: tuple[str, ...]) -> list[Part]:
    """The rows under the title."""
    to = _authority(request.requested, names, languages)
    lines = {code: [*to["state"][code], ("break", ""), *to["authority"][code]] for code in languages}
    known = request.basis in ("uncc", "reciprocity")
    return [
        _part("recipient", "name", **lines),
        _part("reference", "id", id=request.reference),
        _date("date", written_on),
        *([_text("follows", request.follows)] if request.follows else []),
        _words("basis", f"basis.{request.basis}") if known else _text("basis", request.basis),
        _words("scope", f"scope.{request.scope}"),
    ]


def _authority(state: str, names: Names, languages: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """State and central authority in each language."""
    known = names.get(state, {})
    if not known.get("en", "").strip():
        where = f"authority_names.{state}.en"
        raise Invalid("Name the central authority in English.", code="letter.authority", where=where)
    return {
        "state": {code: _runs(_state(state, code)) for code in languages},
        "authority": {code: _runs(known.get(code) or known["en"]) for code in languages},
    }


def _state(state: str, language: str) -> str:
    """The State's name; its code where no name is known."""
    if state in _STATES:
        return _STATES[state][language]
    return str(Locale.parse(language).territories.get(state, state))


# ---- parts ---------------------------------------------------------------------------------------------------


def _part(label: str, kind: str, **values: Any) -> Part:
    return {"label": label, "kind": kind, **values}


def _missing(label: str) -> Part:
    return _part(label, "missing")


def _words(label: str, *keys: str) -> Part:
    return _part(label, "words", words=keys) if keys else _missing(label)


def _name(label: str, names: Mapping[str, str]) -> Part:
    return _part(label, "name", **{code: _runs(name) for code, name in names.items()})


def _date(label: str, day: date | None) -> Part:
    """The date in each language. Gregorian is the legal one; Persian has the Solar Hijri date beside it."""
    if day is None:
        return _missing(label)
    hijri = _SolarHijri(day, locale="fa")
    persian = f"{format_date(day, 'd MMMM y', locale='fa')} ({hijri.day} {hijri.strftime('%B')} {hijri.year})"
    english = format_date(day, "d MMMM y", locale="en")
    return _name(label, {"en": english, "fa": persian.translate(_PERSIAN_DIGITS)})


_SolarHijri: Final[Any] = JalaliDate  # the package says that it is typed, but its constructor is not
_PERSIAN_DIGITS: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def _text(label: str, value: str) -> Part:
    """What an officer wrote, paragraph by paragraph, each in its own direction."""
    lines = [line for line in value.splitlines() if line.strip()]
    if not lines:
        return _missing(label)
    paragraphs = [{"dir": _direction(line), "runs": _runs(line)} for line in lines]
    return _part(label, "text", long=len(value) > _SHORT, paragraphs=paragraphs)


# ---- characters ----------------------------------------------------------------------------------------------

_IDENTIFIER: Final = re.compile(
    r"""
    https?://[!-~]*[A-Za-z0-9/_=&\#-]
    | [A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}
    | \b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?
    | (?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|/\d{1,2})?
    | (?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?:/\d{1,3})?
    | \b[A-Z]{2}-\d{4}-\d{4,9}\b
    | \b[0-9A-Fa-f]{32,128}\b
    | \+\d[\d()\ -]{5,18}\d
    """,
    re.VERBOSE | re.ASCII,
)
_JOINERS: Final = frozenset("\u200c\u200d\u200e\u200f")  # ZWNJ, ZWJ, LRM, RLM: Persian cannot do without
_MAY_BREAK: Final = "\u200b"


def _refuse_unwritable(written: dict[str, Any]) -> None:
    """Refuse more than a letter should hold, and NUL and unpaired surrogates, which no text holds."""
    texts = list(_texts(written, ""))
    for where, text in texts:
        if re.search("[\x00\ud800-\udfff]", text):
            raise Invalid("This text holds a character that is none.", code="letter.character", where=where)
    if sum(len(text) for _, text in texts) > _LIMIT:
        raise Invalid("There is too much text for a letter.", code="letter.too-long", where="request")


def _texts(value: Any, where: str) -> Iterable[tuple[str, str]]:
    """Every text in `value`, with its place."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, f"{where}.{name}" if where else name)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, where)


def _direction(line: str) -> str:
    """The direction of the first strong character (UAX 9, rules P2 and P3)."""
    for character in line:
        kind = unicodedata.bidirectional(character)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return "ltr"


def _runs(line: str, *, identifier: bool = False) -> list[Run]:
    """`line` cut into text, identifiers and characters to be shown as codes; all identifier if so told."""
    if identifier:
        return _drawable(line, _FAMILIES, identifier=True)
    faces = _FAMILIES if _direction(line) == "ltr" else _FAMILIES[::-1]
    runs: list[Run] = []
    end = 0
    for found in _IDENTIFIER.finditer(line):
        runs += _drawable(line[end : found.start()], faces)
        runs.append(("id", found.group()))
        end = found.end()
    return runs + _drawable(line[end:], faces)


def _drawable(text: str, faces: Iterable[str], *, identifier: bool = False) -> list[Run]:
    """`text` as runs of one face each, the earlier of `faces` first; what no face can draw as codes.

    typst is never left to look for a second font inside a cluster: it was seen to print the mark and drop the
    letter under it.
    """
    runs: list[Run] = []
    unbroken = 0
    for face, units in groupby(_units(text), lambda unit: _face(unit, faces, identifier=identifier)):
        if face == "odd":
            runs += [("odd", f"U+{ord(unit):04X}") for unit in units]
            continue
        written = []
        for unit in units:
            unbroken = 0 if face == "id" or unit.isspace() else unbroken + 1
            if unbroken > _LONG_WORD:
                written.append(_MAY_BREAK)
                unbroken = 1
            written.append(unit)
        runs.append((face, "".join(written)))
    return runs


def _face(unit: str, faces: Iterable[str], *, identifier: bool) -> str:
    face = next((face for face in faces if _draws(face, unit)), "odd")
    return "id" if identifier and face != "odd" and unit.isascii() else face


def _units(text: str) -> Iterable[str]:
    """Each character with its marks where one face draws them all, else each alone; a tab counts as a space."""
    for cluster in _clusters(text.replace("\t", " ")):
        if any(_draws(face, cluster) for face in _FAMILIES):
            yield cluster
        else:
            yield from cluster


def _clusters(text: str) -> Iterable[str]:
    """Each character with the marks and joiners that follow it."""
    cluster = ""
    for character in text:
        if cluster and not (_is_mark(character) or character in _JOINERS):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def _draws(face: str, cluster: str) -> bool:
    """Whether `face` has every character of `cluster`, none of which hides or reorders text."""
    if _is_mark(cluster[0]):
        return False
    plain = [character for character in cluster if character not in _JOINERS]
    if any(unicodedata.category(character) in _UNSEEN for character in plain):
        return False
    return _characters()[face].issuperset(plain)


_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})


# ---- fonts ---------------------------------------------------------------------------------------------------


@cache
def _font_files() -> dict[str, Path]:
    """The upright file of each family, from the fontpkg packages (import_module: fontpkg ships no types)."""
    fontpkg = import_module("fontpkg")
    return {family: Path(fontpkg.path(family)) for family in _FAMILIES}


@cache
def _fonts() -> typst.Fonts:
    """The only fonts that letters use. typst wants folders; a font's italic lies beside it."""
    folders = sorted({str(path.parent) for path in _font_files().values()})
    return typst.Fonts(include_system_fonts=False, font_paths=folders)


@cache
def _characters() -> dict[str, frozenset[str]]:
    return {family: _characters_in(path.read_bytes()) for family, path in _font_files().items()}


def _characters_in(font: bytes) -> frozenset[str]:
    """The characters that `font` has glyphs for: its cmap subtable of format 12 (OpenType 1.9, table cmap)."""

    def number(at: int, size: int) -> int:
        return int.from_bytes(font[at : at + size], "big")

    tables = {font[at : at + 4]: number(at + 8, 4) for at in range(12, 12 + 16 * number(4, 2), 16)}
    cmap = tables[b"cmap"]
    for record in range(cmap + 4, cmap + 4 + 8 * number(cmap + 2, 2), 8):
        subtable = cmap + number(record + 4, 4)
        if number(subtable, 2) == 12:
            groups = font[subtable + 16 : subtable + 16 + 12 * number(subtable + 12, 4)]
            spans = struct.iter_unpack(">III", groups)
            return frozenset(chr(code) for first, last, _ in spans for code in range(first, last + 1))
    raise Misconfigured("A font has no full character map.", code="letter.font")
