"""The formal letter of a case: what one central authority would put before another on paper, as PDF/A-2b.

The letter is a rendering for people. What binds is the sealed message; the letter says so itself and carries
no seal, emblem or picture of a signature. What the form says stands in English and in one other language; what
an officer wrote is printed once, as written, and never translated by a machine. What is missing is printed as
"not stated" where the law asks for it; nothing is invented.

Which particulars stand in it, in which order and by which articles, is what the law book of its legal basis says
(`letters.particulars`). It asks, proposes or tells, as its form of cooperation does (`wording.letters.KINDS`). Text
reaches typst as data (JSON in ``sys.inputs``), so nothing in it is ever markup.

A square code at the end names the request (`comity.wire.paper`), so that a letter on paper leads to the act that made it.

The same request, books, names and date give the same bytes. No Django, no network, no fonts of the machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import segno
import typst

from comity.casework.request import Request
from comity.errors import Invalid
from comity.law.book import Books
from comity.node.letters import characters, parts
from comity.node.letters.particulars import head_articles, label, needed_head, sections
from comity.node.letters.parts import Part, Said, Tongues
from comity.wire.paper import Code
from comity.wording import letters, terms
from comity.wording.speech import LANGUAGES

_LETTERS: Final = Path(__file__).parent / "letters"

Names = Mapping[str, Mapping[str, str]]  # State code, then language, then the name of its authority


def request_letter(
    request: Request,
    *,
    books: Books,
    authority_names: Names,
    written_on: date,
    drafted_by: str,
    approved_by: str,
    language: str = "fa",
) -> bytes:
    """The letter of `request` as PDF/A-2b.

    Args:
        request: what is asked, proposed or told; `request.exercise` puts a band on every page.
        books: the law books: contents and articles by the request's legal basis, names of States and instruments.
        authority_names: central authorities: State code, then language, then name; English must be there, and
            stands in for a language that is not.
        written_on: date of the letter (Gregorian) and of the PDF.
        drafted_by: name or functions of the officer who wrote the request.
        approved_by: of the officer who approved it.
        language: the language beside English, one of `LANGUAGES`; ``en`` alone gives an English letter.

    Raises:
        Invalid: unknown language, no English name of an authority, a NUL or half a character, too much text; no law
            book for the legal basis, or one that does not know the measure.
    """
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise Invalid(f"Letters are written in {known}.", code="letter.language", where="language")
    names = {state: dict(authority_names.get(state, {})) for state in (request.requesting, request.requested)}
    characters.refuse_unwritable(
        {
            "request": request.to_dict(),
            "authority_names": names,
            "drafted_by": drafted_by,
            "approved_by": approved_by,
        }
    )
    tongues = Tongues(("en",) if language == "en" else ("en", language), books, written_on)
    return _typeset(_form(request, tongues, names, (drafted_by, approved_by)), written_on)


def _form(request: Request, tongues: Tongues, names: Names, signers: Sequence[str]) -> dict[str, Any]:
    """Everything that the letter prints, as letter.typ reads it."""
    authorities = {state: _authority(state, tongues, names) for state in (request.requesting, request.requested)}
    kind = letters.KINDS[request.measure]
    signed = zip((letters.DRAFTED_BY, letters.APPROVED_BY), signers, strict=True)
    form = {
        "languages": list(tongues.speeches),
        "digits": {code: speech.digits("0123456789") for code, speech in tongues.speeches.items()},
        "exercise": tongues.word(letters.EXERCISE) if request.exercise else None,
        "name": f"{request.reference}: {letters.TITLES[kind] % {'measure': parts.small(terms.MEASURES[request.measure])}}",
        "title": _sentence(tongues, letters.TITLES[kind], request),
        "measure": tongues.word(terms.MEASURES[request.measure]),
        "reference": request.reference,
        "sender": authorities[request.requesting],
        "heads": _heads(request, tongues, authorities[request.requested]),
        "opening": _opening(request, tongues, names, letters.OPENINGS[kind]),
        "sections": sections(request, tongues),
        "signed": tongues.word(letters.SIGNED),
        "code": _code(request, tongues),
        "signers": [parts.text(tongues.word(name), value) | {"long": False} for name, value in signed],
        "missing": tongues.word(letters.NOT_STATED),
        "as_written": tongues.word(letters.AS_WRITTEN),
        "number": tongues.word(letters.NUMBER),
        "page": {code: speech.translate(letters.PAGE) for code, speech in tongues.speeches.items()},
    }
    return form | {"notes": [tongues.word(letters.NOTES[name]) for name in _notes(form, tongues)]}


def _code(request: Request, tongues: Tongues) -> dict[str, Any]:
    """The square code, as a drawing and in letters."""
    text = str(Code.of(request))
    drawn = segno.make_qr(text, error="m", boost_error=False).svg_inline(border=4, scale=1)
    return {"text": text, "svg": drawn, "note": tongues.word(letters.CODE)}


def _typeset(form: dict[str, Any], written_on: date) -> bytes:
    """The PDF of `form`; the same form and date give the same bytes."""
    try:
        return typst.compile(
            _LETTERS / "letter.typ",
            root=_LETTERS,
            font_paths=characters.fonts(),
            ignore_system_fonts=True,
            sys_inputs={"form": json.dumps(form, ensure_ascii=False, sort_keys=True)},
            pdf_standards="a-2b",
            timestamp=datetime(written_on.year, written_on.month, written_on.day, tzinfo=UTC),
        )
    except typst.TypstError as error:
        raise Invalid(f"This cannot be typeset: {error}", code="letter.not-printable") from error


# ---- above the sections --------------------------------------------------------------------------------------


def _heads(request: Request, tongues: Tongues, recipient: dict[str, Said]) -> list[Part]:
    """The rows under the title."""
    rule = tongues.books.measure(request.basis, request.measure)
    to = {code: [*recipient["state"][code], ("break", ""), *recipient["authority"][code]] for code in tongues.speeches}
    found = [
        parts.said(tongues.word(letters.TO), to),
        parts.part(tongues.word(letters.REFERENCE), "id", id=request.reference),
        parts.said(tongues.word(letters.DATE), tongues.day(tongues.on)),
    ]
    basis = parts.said(label(request, tongues, "basis"), tongues.each(lambda speech: speech.basis(request.basis)))
    found.append(basis | {"articles": tongues.articles([rule.provision])})
    if rule.scopes:  # without a treaty there is none that could apply
        found.append(_head(request, tongues, "scope", tongues.names(terms.SCOPES, [request.scope])))
    if request.follows.strip():
        earlier = parts.text(label(request, tongues, "follows"), request.follows)
        found.append(earlier | {"articles": head_articles(request, tongues, "follows"), "long": False})
    elif needed_head(request, tongues, "follows"):
        found.append(parts.missing(label(request, tongues, "follows")))
    if request.language.strip():
        spoken = tongues.each(lambda speech: speech.tongue(request.language))
        found.append(_head(request, tongues, "language", spoken))
    return found


def _head(request: Request, tongues: Tongues, name: str, value: Said) -> Part:
    return parts.said(label(request, tongues, name), value) | {"articles": head_articles(request, tongues, name)}


def _sentence(tongues: Tongues, sentence: str, request: Request, **names: Mapping[str, str]) -> Said:
    """A sentence of ours about the form of cooperation, with names in each language."""
    return tongues.each(
        lambda speech: (
            speech.translate(sentence)
            % {
                "measure": parts.small(speech.term(terms.MEASURES, request.measure)),
                **{place: found[speech.language] for place, found in names.items()},
            }
        )
    )


def _opening(request: Request, tongues: Tongues, names: Names, sentence: str) -> Said:
    known = {
        place: {code: _one_line(_name(state, names, code)) for code in tongues.speeches}
        for place, state in (("sender", request.requesting), ("recipient", request.requested))
    }
    return _sentence(tongues, sentence, request, **known)


def _one_line(name: str) -> str:
    return " ".join(name.split())


def _authority(state: str, tongues: Tongues, names: Names) -> dict[str, Said]:
    """State and central authority in each language."""
    if not _name(state, names, "en").strip():
        where = f"authority_names.{state}.en"
        raise Invalid("Name the central authority in English.", code="letter.authority", where=where)
    return {
        "state": tongues.each(lambda speech: speech.state(state)),
        "authority": tongues.each(lambda speech: _one_line(_name(state, names, speech.language))),
    }


def _name(state: str, names: Names, language: str) -> str:
    """The name of a central authority; its English one where no other is known."""
    known = names.get(state, {})
    return known.get(language) or known.get("en", "")


def _notes(form: Mapping[str, Any], tongues: Tongues) -> list[str]:
    """Which notes a letter needs: that of the asterisk and that of the framed codes only where there are some."""
    dates = "courtesy" if "fa" in tongues.speeches else "dates"
    odd = '["odd", "U+' in json.dumps(form)
    return ["authenticity", "written", dates, *(["doubtful"] * tongues.doubtful), *(["odd"] * odd)]
