"""Errands to time-stamping authorities: one question about the head of this node's log, and what came of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import InterfaceError, OperationalError

from comity.errors import ComityError
from comity.node.desk import stamping
from comity.node.settings import Settings
from comity.wire.transport import ask_stamp

_log = logging.getLogger("comity.courier")


def have_stamped(settings: Settings, address: str, now: Callable[[], datetime]) -> bool:
    """Ask the authority at `address` for a time stamp, and note how it went."""
    try:
        asked = stamping.query(settings)
        answer = ask_stamp(address, asked.dump())
        stamping.answered(settings, address, asked, answer, at=now())
    except ComityError as error:
        _log.warning("no time stamp by %s: %s", address, error)
        stamping.failed(address, error, at=now())
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  a defect of ours must not have an authority asked twice a second
        _log.exception("no time stamp by %s", address)
        defect = ComityError(f"This node has a defect: {type(error).__name__}.", code="stamp.defect")
        stamping.failed(address, defect, at=now())
    return False
