"""The operator's commands, but for making and running a node, which are `comity.node.run`: here what they share."""

from __future__ import annotations

import fcntl
import json
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from comity.errors import Invalid, Misconfigured

Home = Annotated[Path, typer.Argument(help="The node's home folder.")]


def start(home: Path) -> Any:
    """Set Django up for the node in `home`; returns its settings. What it writes, no other account may read."""
    os.umask(0o077)
    os.environ["COMITY_HOME"] = str(home.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "comity.node.django_settings"
    import django

    django.setup()
    from comity.node.database import ready
    from comity.node.settings import current

    ready()
    return current()


def only_one(home: Path) -> int:
    """Hold the node's lock, for as long as any of its processes lives. Raises Misconfigured: it runs already."""
    held = os.open(home / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    for _ in range(50):  # a node killed a moment ago may still be dying
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(0.1)
        else:
            return held
    raise Misconfigured(f"The node in {home} runs already.", code="serve.twice")


def read_file(path: Path) -> bytes:
    """What the file at `path` holds. Raises Misconfigured: it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{path} cannot be read: {error.strerror}.", code="file.unreadable") from error


def read_authorities(path: Path) -> list[Any]:
    """The authorities (`wire.directory.Authority`) that a JSON file names. Raises Misconfigured: it holds something else."""
    from comity.wire.directory import Authority

    try:
        named: list[dict[str, Any]] = [{"powers": []} | dict(item) for item in json.loads(read_file(path))]
        for item in named:
            if set(item) != {"role", "names", "languages", "zone", "reach", "powers"}:
                raise ValueError(sorted(item))
        return [Authority.from_dict(item) for item in named]
    except (ValueError, TypeError) as error:
        message = (
            f"{path} is no list of authorities, each with role, names, languages, zone, reach and, if any, powers."
        )
        raise Misconfigured(message, code="init.authorities") from error


def moment(text: str, now: datetime) -> datetime:
    """The moment that an operator wrote; `now` if he wrote none. Raises Invalid."""
    from comity.casework.moments import parse_moment

    try:
        return parse_moment(text) if text else now
    except ValueError as error:
        raise Invalid(f"'{text}' is no moment such as 2026-11-24T09:00:00Z.", code="entry.since", where="at") from error
