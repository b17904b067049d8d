"""A request that says everything a request can, and the letter that is made of it."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

from lawroom import BOOKS

from comity.casework.request import (
    Account,
    Asset,
    DataCategory,
    Measure,
    Offence,
    Order,
    Person,
    Request,
    Subject,
    Urgency,
)
from comity.node import letter
from comity.node.letters import parts

NAMES = {
    "IR": {"en": "Central Authority (fictional)", "fa": "مرجع مرکزی (فرضی)"},
    "VN": {"en": "Central Authority of Viet Nam (fictional)", "fa": "مرجع مرکزی ویتنام (فرضی)"},
}
DAY = date(2026, 11, 24)
TEHRAN = timezone(timedelta(hours=3, minutes=30))
BARE = Request(reference="IR-2026-0001", requesting="IR", requested="VN", measure=Measure.STORED_DATA)
FULL = replace(
    BARE,
    offence=Offence("uncc:13", "کلاهبرداری رایانه‌ای", "IR-CCA:13", 60, date(2026, 9, 1)),
    authority="دادسرای نمونه",
    conducting=Person("بازپرس نمونه", "Investigating judge", "desk@dadsara.example"),
    subject="Phishing, stage 1",
    facts="در 2026-09-03T08:12:44Z از 203.0.113.24:51820 وارد شد.",
    assistance="The whole mailbox.",
    procedure="An oath, and a recording.",
    link="The mailbox sent the messages.",
    categories=tuple(DataCategory),
    accounts=(
        Account("email", "hesab-yar@thu-vien-mail.example"),
        Account("ip", "2001:db8::7", datetime(2026, 9, 3, 11, 42, tzinfo=TEHRAN), 51820),
        Account("steam", "player-1"),
    ),
    custodian="thu-vien-mail.example",
    persons=(
        Subject("Fulan Nemuneh", "suspect", "IR, QA", date(1990, 3, 21), "Ha Noi", "Passport X1", consent=True),
        Subject("ناشناس", "victim", "stateless"),
    ),
    assets=(Asset("Balance of account 0000-1111", "Ngan Hang Nemuneh", "VND 9 000 000"), Asset("خودروی سفید")),
    order=Order(
        "Branch 5",
        "140500012",
        date(2026, 10, 1),
        "In full",
        final=True,
        notice="By post",
        copy=True,
        sentence_months=48,
        remaining_months=30,
    ),
    period_from=date(2026, 9, 3),
    period_to=date(2026, 10, 15),
    period_reason="Until the next payment.",
    documents="Summons of October",
    questions="Who holds it?\nSince when?",
    event_at=datetime(2026, 12, 18, 10, 0, tzinfo=TEHRAN),
    event_place="Court of Tehran",
    assurances="No death penalty.",
    arrangement="Two members each.",
    others=("AZ", "INTERPOL"),
    conditions=("No evidence of it", "فقط برای تحقیقات"),
    costs="An expert for two days.",
    purpose="To prove the deed.",
    intends_request=True,
    confidential=True,
    urgency=Urgency.URGENT,
    urgency_reason="Logs are kept for 90 days.",
    deadline=date(2026, 12, 15),
    deadline_reason="Hearing on 2026-12-20.",
    language="vi",
    follows="IR-2026-0002",
    rights="One mailbox, one period.",
)


def pdf(request=FULL, **changes):
    """Make a letter, with the usual names unless told otherwise."""
    asked = {"books": BOOKS, "authority_names": NAMES, "written_on": DAY, "drafted_by": "A. N.", "approved_by": "B. N."}
    return letter.request_letter(request, **(asked | changes))


def tongues(languages=("en", "fa")):
    """Make the languages of a letter of the usual day."""
    return parts.Tongues(languages, BOOKS, DAY)


def form(request=FULL, languages=("en", "fa")):
    """Make what the letter prints, before it is set, as typst reads it."""
    return json.loads(json.dumps(letter._form(request, tongues(languages), NAMES, ("A. N.", "B. N."))))
