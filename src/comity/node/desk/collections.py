"""Collections of warnings and the clients that may use them: an officer makes them, and says what may go out to whom.

Whatever is not said is not permitted: a new collection gives nothing to anybody, a new client may read and write nothing.

When rules change, `look` goes through the collection: what a client sees only from now on gets a new moment, so that he who
asks for what is new since his last visit gets it.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import string
import uuid
from collections.abc import Collection as Several
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from comity.casework.act import Power
from comity.casework.request import STATE
from comity.errors import Invalid, NotPossible
from comity.node import models
from comity.node.desk._record import needs
from comity.node.desk.shelf import Outlet, Shelves, let_out, opened
from comity.node.settings import Settings
from comity.sharing import release
from comity.sharing.shelf import Cursor, Filter, goes_on

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,59}")
_LONGEST: Final = 200  # characters of a title, or of an organisation's name
_WORD: Final = 60  # characters of a purpose, of a community's name
_SECRET: Final = 40  # characters, letters and digits: MISP takes no other key
_ROWS, _BYTES = 1_000, 4 << 20  # looked at together
_ALL: Final = Filter(versions=frozenset({"all"}))


def make(
    title: str, *, officer: models.Officer, at: datetime, description: str = "", alias: str = ""
) -> models.Collection:
    """Make a collection, out of which nothing goes until it has rules.

    Args:
        title: a few words.
        officer: who makes it.
        at: now.
        description: more, or empty.
        alias: another name for its address (a-z, 0-9, dot, hyphen), or empty.

    Raises:
        NotYours: the officer may not.
        Invalid: no title or one that is too long; an alias of another form, or one that is taken.
    """
    needs(officer, Power.WARN)
    _words(title, "title")
    if alias and not _NAME.fullmatch(alias):
        raise Invalid(
            "Another name for its address is of a-z, 0-9, dots and hyphens.", code="collection.alias", where="alias"
        )
    with transaction.atomic():
        if alias and models.Collection.objects.filter(alias=alias).exists():
            raise Invalid(f"'{alias}' is taken.", code="collection.alias", where="alias")
        return opened(
            str(uuid.uuid4()), title=title, description=description, alias=alias, made_at=at, made_by=_who(officer)
        )


def find(named: str) -> models.Collection:
    """The collection of this id or alias. Raises NotPossible."""
    row = models.Collection.objects.filter(pk=named).first()
    if row is None and named:
        row = models.Collection.objects.filter(alias=named).first()
    if row is None:
        raise NotPossible("There is no such collection.", code="collection.unknown", where=named[:60])
    return row


def set_rules(named: str, said: Mapping[str, Any], *, officer: models.Officer, at: datetime) -> release.Rules:
    """Say what may go out of a collection, in place of what was said before.

    Args:
        named: its id or alias.
        said: as `release.read_rules` reads it; empty: nothing may.
        officer: who says so.
        at: now.

    Raises:
        NotYours: the officer may not.
        NotPossible: there is no such collection.
        Invalid: these are no rules.
    """
    needs(officer, Power.WARN)
    rules = release.read_rules(said)
    with transaction.atomic():
        row = models.Collection.objects.select_for_update().get(pk=find(named).pk)
        before = [*row.reviewed.get("before", ()), row.rules]
        row.reviewed = {"before": list({json.dumps(one): one for one in before}.values()), "at": "", "to": row.newest}
        row.rules, row.ruled_at, row.ruled_by = release.rules_said(rules), at, _who(officer)
        row.save(update_fields=["rules", "ruled_at", "ruled_by", "reviewed"])
    return rules


def look(settings: Settings, *, at: datetime) -> bool:
    """Look at the next rows of a collection whose rules changed, and let out anew what some client sees only now.

    Args:
        settings: the node's.
        at: now.

    Returns:
        Whether there was one.
    """
    row = models.Collection.objects.exclude(reviewed={}).first()
    if row is None:
        return False
    with transaction.atomic():
        _review(settings, models.Collection.objects.select_for_update().get(pk=row.pk), at)
    return True


def _review(settings: Settings, row: models.Collection, at: datetime) -> None:
    """Look at the next rows of a collection; what was hidden under any of the rules before, and is not now, was late."""
    said = row.reviewed
    if not said:
        return
    readers = [one for one in models.Client.objects.filter(ended_at=None) if row.pk in one.reads]
    audiences = {release.Audience(state=one.state, communities=frozenset(one.communities), purpose=one.purpose)
                 for one in readers}  # fmt: skip
    ways = [
        (
            [Outlet(each, release.read_rules(rules)) for rules in said["before"]],
            Outlet(each, release.read_rules(row.rules)),
        )
        for each in audiences
    ]
    after = Cursor(said["at"], 0) if said["at"] else None
    found = Shelves(settings).page(row.pk, _ALL, after, _ROWS, most_bytes=_BYTES) if ways else []
    rows = [one for one in found if one.at.added <= said["to"]]
    late = [one.at.row for one in rows
            if any(now.lets(one) and not all(old.lets(one) for old in before) for before, now in ways)]  # fmt: skip
    let_out(row.pk, late, at=at)
    ended = len(rows) < len(found) or not goes_on(found, _ROWS, _BYTES)
    row.reviewed = {} if ended else said | {"at": rows[-1].at.added}
    row.save(update_fields=["reviewed"])


def admit(
    name: str,
    *,
    organisation: str,
    state: str,
    communities: Several[str],
    purpose: str,
    officer: models.Officer,
    at: datetime,
) -> str:
    """Make a client, which may read and write nothing yet.

    Args:
        name: with which it signs in; never given again.
        organisation: whose it is, in words.
        state: of which State, as the rules of collections name it; empty: of none, the public.
        communities: those that this State and the client's both belong to.
        purpose: what it fetches warnings for, one of the words in the rules of collections.
        officer: who admits it.
        at: now.

    Returns:
        Its secret. It is kept nowhere, and cannot be told again.

    Raises:
        NotYours: the officer may not.
        Invalid: a name of another form or one that is taken; no organisation; no State's code; no purpose.
    """
    needs(officer, Power.WARN)
    if not _NAME.fullmatch(name):
        raise Invalid("A client's name is of a-z, 0-9, dots and hyphens.", code="client.name", where="name")
    _words(organisation, "organisation")
    if state and not STATE.fullmatch(state):
        raise Invalid(f"'{state[:20]}' is no State's ISO code.", code="client.state", where="state")
    if not all(0 < len(word) <= _WORD for word in (purpose, *communities)):
        raise Invalid(f"A purpose and a community have 1 to {_WORD} characters.", code="client.word")
    secret = _new_secret()
    with transaction.atomic():
        if models.Client.objects.filter(pk=name).exists():
            raise Invalid(f"'{name}' is taken, or was.", code="client.name", where="name")
        models.Client.objects.create(
            name=name, secret=_hash(secret), organisation=organisation, state=state, communities=sorted(communities),
            purpose=purpose, made_at=at, made_by=_who(officer),
        )  # fmt: skip
    return secret


def give(name: str, *, reads: Several[str], writes: Several[str], officer: models.Officer) -> models.Client:
    """Say which collections a client may read and add to, in place of what was said before; none: it may nothing.

    What it sends to those that it may not read is counted anew from now on (`blind`).

    Args:
        name: the client's.
        reads: ids or aliases of collections.
        writes: the same.
        officer: who says so.

    Raises:
        NotYours: the officer may not.
        NotPossible: there is no such client, or no longer, or no such collection.
    """
    needs(officer, Power.WARN)
    with transaction.atomic():
        row = _client(name)
        row.reads, row.writes = (sorted({find(named).pk for named in names}) for names in (reads, writes))
        row.blind_objects = row.blind_bytes = 0
        row.save(update_fields=["reads", "writes", "blind_objects", "blind_bytes"])
    return row


def renew(name: str, *, officer: models.Officer) -> str:
    """Give a client a new secret; the old one holds no longer. Raises as `give`."""
    needs(officer, Power.WARN)
    secret = _new_secret()
    with transaction.atomic():
        row = _client(name)
        row.secret = _hash(secret)
        row.save(update_fields=["secret"])
    return secret


def end(name: str, *, officer: models.Officer, at: datetime) -> None:
    """Let a client in no longer. What it added stays. Raises as `give`."""
    needs(officer, Power.WARN)
    with transaction.atomic():
        row = _client(name)
        row.ended_at, row.ended_by = at, _who(officer)
        row.save(update_fields=["ended_at", "ended_by"])


def _client(name: str) -> models.Client:
    """The client of this name, locked until the transaction ends. Raises NotPossible."""
    row = models.Client.objects.select_for_update().filter(pk=name, ended_at=None).first()
    if row is None:
        raise NotPossible("There is no such client, or no longer.", code="client.unknown", where=name[:60])
    return row


def _words(text: str, where: str) -> None:
    if not 0 < len(text.strip()) <= _LONGEST:
        raise Invalid(f"1 to {_LONGEST} characters are needed.", code="collection.words", where=where)


def _who(officer: models.Officer) -> str:
    return f"{officer.full_name}, {officer.office}"


def _new_secret() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(_SECRET))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
