"""What sharing nodes say about copies, as signed statements <-> values.

Two kinds of statements, one inside the other:

``notice``   a notice (`sharing.notices`) with the moment at which it was said, signed by its speaker, for everybody. It is
             carried as it was signed, however many nodes it passes.
``share``    a notice on its way to one neighbour, signed by whoever carries it. Beside a `Shared` goes the object, and the
             source's own `Shared` (`origin`) where somebody else hands it on; beside a `Report` the object that says more.

`sign` and `packed` are the way out. `read` and `spoken` are the way in; `spoken` is where it is decided who may say what: a
recall and a standing their source, an acknowledgement and a report their author, a holding the holder or his giver, a copy
and a question whoever brings them. What a caller must still do: ask `sharing.recall` what follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from comity.casework.act import SKEW
from comity.casework.moments import moment_text, strict_moment
from comity.casework.request import STATE
from comity.errors import BrokenSeal, Invalid
from comity.seal import canon, envelope
from comity.seal.envelope import Statement
from comity.seal.keys import SigningKey
from comity.seal.trust import Trust
from comity.sharing import notices, stix, tlp
from comity.sharing.notices import Acknowledgement, AnyNotice, Ask, Holding, Recall, Report, Shared, Standing
from comity.sharing.stix import Object

NOTICE: Final = "notice"
SHARE: Final = "share"
OBJECT_LIMIT: Final = 256 << 10  # bytes of an object that goes to another State
PURPOSE_LIMIT: Final = 60  # characters
_MOST: Final = 64  # communities named at once
_LIMIT: Final = envelope.MESSAGE_LIMIT


@dataclass(frozen=True, kw_only=True)
class Carried:
    """A notice on its way to a neighbour.

    Args:
        at: when it was put on its way, UTC, whole seconds.
        notice: the signed statement of the kind ``notice``.
        beside: the bytes of the object beside it; empty if there is none.
        origin: the source's own signed `Shared`, when a copy is handed on by another; else empty.
        communities: digests of the terms of the communities in which a copy is given.
        purpose: for which a copy is given, in the giver's words; may be empty.
    """

    at: datetime
    notice: bytes
    beside: bytes = b""
    origin: bytes = b""
    communities: tuple[str, ...] = ()
    purpose: str = ""


@dataclass(frozen=True)
class Spoken:
    """A notice whose signatures hold and whose speaker may say it.

    Args:
        notice: what it says.
        raw: the statement as it was signed.
        by: the State that said it.
        found: the object beside it, checked; None if there is none.
        origin: the source's own signed `Shared` about a copy, the notice itself if the source gave it; else empty.
        origin_hops: how many hops these words allow.
    """

    notice: AnyNotice
    raw: bytes
    by: str
    found: Object | None = None
    origin: bytes = b""
    origin_hops: int = 0


def payload(notice: AnyNotice, at: datetime) -> bytes:
    """What a speaker signs under the kind ``notice``: the notice and when it was said, as canonical JSON."""
    said = canon.loads(notices.encode(notice), limit=notices.LIMIT)
    return canon.dumps({"at": moment_text(at.replace(microsecond=0)), "notice": said})


def sign(said: Sequence[AnyNotice], *, sender: str, key: SigningKey, at: datetime) -> list[bytes]:
    """Signed statements of notices in their order, under one pair of signatures for each 1,024 of them.

    Args:
        said: what is said.
        sender: the State that says it.
        key: its signing key.
        at: now.
    """
    drafts = [envelope.Draft(NOTICE, payload(one, at), "") for one in said]
    return [
        statement
        for start in range(0, len(drafts), envelope.TOGETHER)
        for statement in envelope.sign_all(drafts[start : start + envelope.TOGETHER], sender=sender, key=key)
    ]


def packed(one: Carried) -> bytes:
    """The payload of the kind ``share``, as canonical JSON, to be signed for the neighbour."""
    return canon.dumps({
        "at": moment_text(one.at.replace(microsecond=0)), "notice": canon.b64(one.notice),
        "object": canon.b64(one.beside), "origin": canon.b64(one.origin), "communities": list(one.communities),
        "purpose": one.purpose,
    })  # fmt: skip


def read(statement: Statement) -> Carried:
    """What a verified statement of the kind ``share`` carries; nothing inside it is verified yet.

    Raises:
        Invalid: ``share.form``.
        BrokenSeal: it is not canonical, or too long.
    """
    raw = canon.loads(statement.payload, limit=_LIMIT)
    try:
        found = canon.fields(raw, "at", "notice", "object", "origin", "communities", "purpose")
        named, purpose = found["communities"], found["purpose"]
        if not isinstance(named, list) or len(named) > _MOST or not all(isinstance(one, str) for one in named):
            raise Invalid("Communities are named by a short list of digests.", code="share.form", where="communities")
        if not isinstance(purpose, str) or len(purpose) > PURPOSE_LIMIT:
            raise Invalid("A purpose is a short text.", code="share.form", where="purpose")
        return Carried(
            at=strict_moment(found["at"]), notice=canon.unb64(found["notice"]), beside=canon.unb64(found["object"]),
            origin=canon.unb64(found["origin"]), communities=tuple(named), purpose=purpose,
        )  # fmt: skip
    except (BrokenSeal, TypeError, ValueError, AttributeError) as error:
        raise Invalid("This share does not follow its form.", code="share.form") from error


def spoken(carried: Carried, *, carrier: str, trust: Trust, at: datetime) -> Spoken:
    """The notice in `carried`, when its signatures hold and its speaker may say it; with what goes beside it, checked.

    Args:
        carried: as `read` found it.
        carrier: the State that signed the ``share``.
        trust: whose keys count; those of this State too, and none that is revoked.
        at: when it arrived.

    Raises:
        BrokenSeal: a signature does not hold.
        Invalid: ``share.time``: said at a time that has not come; ``share.speaker``: it is not for him to say;
            ``share.origin``: the source's own words are missing, or of something else; ``share.hops``: they do not let it
            come so far; ``share.level``: it is told below what is marked on it, or what its source said; ``share.object``:
            the object is missing, is another, or does not belong there; and what `stix.read` refuses.
    """
    notice, statement = _verified(carried.notice, trust, at)
    if statement.sender not in _speakers(notice, carrier):
        raise Invalid(f"This is not for {statement.sender} to say.", code="share.speaker")
    if isinstance(notice, Shared):
        return _copy(notice, statement, carried, trust, at)
    if carried.origin or carried.communities or carried.purpose:
        raise Invalid("Only a copy comes with these.", code="share.form", where="origin")
    if isinstance(notice, Report) and notice.about:
        return Spoken(notice, statement.raw, statement.sender, _object(carried.beside, notice.about))
    if carried.beside:
        raise Invalid("No object belongs beside this notice.", code="share.object", where="object")
    return Spoken(notice, statement.raw, statement.sender)


def _verified(data: bytes, trust: Trust, at: datetime) -> tuple[AnyNotice, Statement]:
    """A notice and its statement: the key must be valid at the moment that it states, which is not to come."""
    statement = envelope.verify(data, trust, kind=NOTICE, at=_stated)
    if _stated(statement.payload) > at + SKEW:
        raise Invalid("This notice states a time that has not come.", code="share.time", where="at")
    return _notice(statement.payload), statement


def said_in(data: bytes) -> AnyNotice:
    """The notice in a statement that was verified before it was kept."""
    outer = canon.loads(data, limit=_LIMIT)
    return _notice(canon.unb64(outer["payload"]))


def _notice(said: bytes) -> AnyNotice:
    found = canon.fields(canon.loads(said, limit=_LIMIT), "at", "notice")
    notice = notices.decode(canon.dumps(found["notice"]))
    named = [getattr(notice, name, notice.source) for name in ("source", "by", "giver")]
    if not all(STATE.fullmatch(one) for one in (*named, *getattr(notice, "passed_to", ()))):
        raise Invalid("States are named by their codes.", code="share.form", where="notice")
    return notice


def _stated(said: bytes) -> datetime:
    try:
        return strict_moment(canon.loads(said, limit=_LIMIT)["at"])
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenSeal("The notice states no time.", code="share.form") from error


def _speakers(notice: AnyNotice, carrier: str) -> set[str]:
    match notice:
        case Recall() | Standing():
            return {notice.source}
        case Acknowledgement() | Report():
            return {notice.by}
        case Holding():
            return {notice.by, notice.giver}
        case Shared() | Ask():
            return {carrier}


def _copy(notice: Shared, statement: Statement, carried: Carried, trust: Trust, at: datetime) -> Spoken:
    found = _object(carried.beside, notice.what)
    marked = tlp.marked(found.body)
    if marked.lowered or (marked.level is not None and notice.level < marked.level):
        raise Invalid("It is told below what is marked on it.", code="share.level", where="level")
    if notice.source == statement.sender:
        if carried.origin:
            raise Invalid("A source needs nobody's words about its own.", code="share.origin", where="origin")
        return Spoken(notice, statement.raw, statement.sender, found, statement.raw, notice.hops)
    first = _first(carried.origin, notice, trust, at)
    return Spoken(notice, statement.raw, statement.sender, found, carried.origin, first.hops)


def _first(origin: bytes, notice: Shared, trust: Trust, at: datetime) -> Shared:
    """The source's own words about what another hands on. Raises Invalid: they are missing, or do not allow it."""
    if not origin:
        raise Invalid("What is another's comes with its source's own words.", code="share.origin", where="origin")
    first, statement = _verified(origin, trust, at)
    same = isinstance(first, Shared) and (first.source, first.what) == (notice.source, notice.what)
    if not isinstance(first, Shared) or not same or statement.sender != notice.source:
        raise Invalid("These are not the source's words about this object.", code="share.origin", where="origin")
    if notice.hops >= first.hops:
        raise Invalid("Its source lets it come no further.", code="share.hops", where="hops")
    if notice.level < first.level:
        raise Invalid("It is told below what its source said.", code="share.level", where="level")
    return first


def _object(raw: bytes, what: str) -> Object:
    """The object beside a notice. Raises Invalid."""
    if not raw:
        raise Invalid("The object is missing.", code="share.object", where="object")
    if len(raw) > OBJECT_LIMIT:
        raise Invalid(
            f"Objects of more than {OBJECT_LIMIT} bytes do not go here.", code="share.too-long", where="object"
        )
    found = stix.read(raw)
    if found.digest != what:
        raise Invalid("This is another object than the notice says.", code="share.object", where="object")
    return found


def kept(statement: bytes) -> dict[str, Any]:
    """The parts of a statement that was verified before it was kept: `by`, `at` and `notice`, for people and machines."""
    outer = canon.loads(statement, limit=_LIMIT)
    said = canon.loads(canon.unb64(outer["payload"]), limit=_LIMIT)
    return {"by": outer["from"], "at": said["at"], "notice": said["notice"]}
