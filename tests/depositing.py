"""What a State says of its own standing with the Convention: signed, with a reservation, deposited."""

from dataclasses import replace
from datetime import UTC, date, datetime

from comity.wire.standing import Event, Word

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
SIGNED = Word(treaty="uncc", event=Event.SIGNED, on=date(2026, 11, 5), at=AT)
RESERVED = replace(SIGNED, event=Event.RESERVED, text="ماده ۶۳ را نمی‌پذیرد.", language="fa", source="C.N.1 (exercise)")
DEPOSITED = replace(SIGNED, event=Event.DEPOSITED, on=date(2026, 11, 6), how="ratification")
