"""Communities: proposed, agreed to and left by officers; each State's word on them, as it came in.

Only who has agreed to the same terms belongs to one, and only where this State has agreed too does it count here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction

from comity.casework.act import SKEW
from comity.casework.lifecycle import Power
from comity.errors import Invalid, NotPossible
from comity.ledger import log
from comity.node import archive, models
from comity.node.desk import _record, telling
from comity.node.desk._log import log_append
from comity.node.settings import Settings
from comity.seal import canon, envelope
from comity.seal.envelope import Opened, Statement
from comity.wire import communities as wire
from comity.wire.communities import Terms, Word

MOST: Final = 50  # proposals of one State that are kept


def propose(settings: Settings, terms: Terms, *, officer: models.Officer, at: datetime) -> models.Community:
    """Propose a community to its members, and agree to it.

    Args:
        settings: the node's.
        terms: on which.
        officer: who decides so.
        at: now.

    Raises:
        NotYours: he has no power to warn.
        Invalid: ``community.members``: this State is not among them.
        NotPossible: ``community.name``: this State has agreed to another of this name; a member is not pinned here.
    """
    _record.needs(officer, Power.WARN)
    if settings.state not in terms.members:
        raise Invalid("This State is not among the members.", code="community.members", where="members")
    for state in _others(settings, terms):
        archive.peer_entry(state)
    with transaction.atomic():
        row = _row(terms, by=settings.state, at=at)
        _speak(settings, row, agrees=True, officer=officer, at=at)
    return row


def agree(settings: Settings, community: str, *, officer: models.Officer, at: datetime) -> None:
    """Agree to the terms of a community that was proposed. Raises NotYours, NotPossible as `propose`; `community.unknown`."""
    _word(settings, community, agrees=True, officer=officer, at=at)


def leave(settings: Settings, community: str, *, officer: models.Officer, at: datetime) -> None:
    """Leave a community: what was given in it stays what it was. Raises NotYours; NotPossible: `community.unknown`."""
    _word(settings, community, agrees=False, officer=officer, at=at)


def _word(settings: Settings, community: str, *, agrees: bool, officer: models.Officer, at: datetime) -> None:
    _record.needs(officer, Power.WARN)
    with transaction.atomic():
        row = models.Community.objects.filter(pk=community).first()
        if row is None:
            raise NotPossible("There is no such community here.", code="community.unknown")
        _speak(settings, row, agrees=agrees, officer=officer, at=at)


def _speak(settings: Settings, row: models.Community, *, agrees: bool, officer: models.Officer, at: datetime) -> None:
    """Note this State's word, log it, and say it to every member whose node is known."""
    # What was given in it, and the rules of collections, go by the name: other terms under it would be other members.
    spoken = models.Community.objects.filter(words__state=settings.state)
    if agrees and spoken.filter(name=row.name).exclude(pk=row.pk).exists():
        raise NotPossible("This State has agreed to a community of this name.", code="community.name", where="name")
    if not agrees and not spoken.filter(pk=row.pk).exists():
        raise NotPossible("This State does not belong to such a community.", code="community.unknown")
    name = f"{officer.full_name}, {officer.office}"
    said = wire.packed(Word(terms_of(row), agrees, at))
    statement = envelope.sign(wire.COMMUNITY, said, sender=settings.state, to=settings.state, key=settings.signing)
    log_append(log.entry(log.NOTICE, canon.content_id(statement)))
    _note(row, settings.state, agrees=agrees, at=at, by=name, statement=statement)
    pinned = set(models.Peer.objects.values_list("state", flat=True))
    to = [state for state in _others(settings, terms_of(row)) if state in pinned]
    telling.note(settings, [telling.Word(state, wire.COMMUNITY, said) for state in to], at=at)


def _note(row: models.Community, state: str, *, agrees: bool, at: datetime, statement: bytes, by: str = "") -> None:
    said = {"agrees": agrees, "at": at, "by": by, "statement": statement}
    models.CommunityMember.objects.update_or_create(community=row, state=state, defaults=said)


def _row(terms: Terms, *, by: str, at: datetime) -> models.Community:
    given = {"name": terms.name, "members": list(terms.members), "purpose": terms.purpose, "hops": terms.hops}
    more = {"proposed_by": by, "made_at": at}
    return models.Community.objects.get_or_create(pk=terms.digest, defaults=given | more)[0]


def _others(settings: Settings, terms: Terms) -> list[str]:
    return [state for state in terms.members if state != settings.state]


def arrived(settings: Settings, row: models.Arrival, opened: Opened) -> None:
    """Take in a State's word on a community; a later word of it replaces an earlier one.

    Raises:
        Invalid: it does not follow its form; ``community.members``: sender and this State are not both among the members;
            ``community.time``: it states a time that has not come.
        NotPossible: ``community.too-many``.
    """
    statement = opened.statement
    word = wire.read(statement)
    if not {statement.sender, settings.state} <= set(word.terms.members):
        raise Invalid("Who speaks, or this State, is not among the members.", code="community.members", where="members")
    if word.at > row.at + SKEW:
        raise Invalid("This states a time that has not come.", code="community.time", where="at")
    known = models.Community.objects.filter(pk=word.terms.digest)
    if not known.exists() and models.Community.objects.filter(proposed_by=statement.sender).count() >= MOST:
        raise NotPossible(f"More than {MOST} proposals of one State are not kept.", code="community.too-many")
    community = _row(word.terms, by=statement.sender, at=row.at)
    later = models.CommunityMember.objects.filter(community=community, state=statement.sender, at__gt=word.at)
    if not later.exists():
        _note(community, statement.sender, agrees=word.agrees, at=word.at, statement=statement.raw)


def adopt(settings: Settings, said: Statement) -> None:
    """Take back a word of this State that a peer gave back after memory was lost; a later one stays. Raises Invalid."""
    word = wire.read(said)
    community = _row(word.terms, by=settings.state, at=word.at)
    if not models.CommunityMember.objects.filter(community=community, state=settings.state, at__gte=word.at).exists():
        _note(community, settings.state, agrees=word.agrees, at=word.at, statement=said.raw)


# ── what is read ────────────────────────────────────────────────────────────────────────────────────────────────────


def terms_of(row: models.Community) -> Terms:
    """The terms of a community."""
    return Terms(row.name, tuple(row.members), row.purpose, row.hops)


def ours(settings: Settings) -> list[models.Community]:
    """The communities that this State has agreed to, by name."""
    return list(models.Community.objects.filter(words__state=settings.state, words__agrees=True))


def members(settings: Settings, row: models.Community) -> list[str]:
    """The other States that have agreed to a community, by code; nobody if this State has not."""
    agreed = row.words.filter(agrees=True).values_list("state", flat=True)
    return [one for one in agreed if one != settings.state] if settings.state in agreed else []


def with_state(settings: Settings, state: str) -> list[models.Community]:
    """The communities that both this State and another have agreed to."""
    return [row for row in ours(settings) if state in members(settings, row)]


def named(settings: Settings, digests: Iterable[str], *, with_: str) -> list[str]:
    """The names of those of these communities to which this State and another belong; others mean nothing here."""
    wanted = set(digests)
    return [row.name for row in with_state(settings, with_) if row.pk in wanted]
