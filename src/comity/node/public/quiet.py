"""What Django writes to the log of this door: neither what was asked for, nor what an error says of it.

Somebody may type a receipt code into the address bar, or carry it there by a script; a log is kept, copied and read by others.
"""

from __future__ import annotations

import logging
import traceback
from typing import Final

from django.conf import settings

_DOOR: Final = "comity.node.public.urls"


class Quiet(logging.Filter):
    """Leaves of Django's words about a request at the public's door its status and, if it broke, the places in the code."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mend `record`; it is always written."""
        if getattr(settings, "ROOT_URLCONF", "") == _DOOR and record.name.startswith(
            ("django.request", "django.security")
        ):
            record.msg, record.args = "public: answered %s", (getattr(record, "status_code", "with an error"),)
            kind, _, places = record.exc_info or (None, None, None)
            if kind is not None:
                record.exc_info, record.exc_text = None, "".join(traceback.format_tb(places)) + kind.__name__
        return True
