"""Needs on the public's page: what an officer released to everyone, and nothing else."""

import html
from datetime import timedelta

import pytest
from donor import Donor, need
from visitor import forget, get

from comity.assistance.needs import Release, Turn
from comity.node.desk import assistance
from comity.node.public import needs as page


@pytest.fixture(autouse=True)
def _fresh():
    forget()
    page._open.cache_clear()
    yield
    page._open.cache_clear()
    forget()


def test_only_what_was_released_to_everyone_and_is_open(node, officers, at):
    """Not what is for named States, a draft, another State's, or over; hostile text is inert; in both languages."""
    who, everyone = {"officer": officers.all, "at": at}, Release(everyone=True)
    vn = Donor("VN", node, at)
    shown = need(number=1, release=everyone, text="<script>alert(1)</script> \u202eLaboratory")
    assistance.publish(node, shown, **who)
    assistance.publish(node, need(number=2, text="For one State"), **who)
    assistance.keep(node, need(number=3, release=everyone, text="A draft"), **who)
    assistance.publish(node, need(number=4, release=everyone, text="Withdrawn"), **who)
    assistance.end(node, need(number=4).reference, Turn.WITHDRAWN, officer=officers.all, at=at, seen=1)
    assert vn.publishes(need("VN", text="Of another State", release=everyone), at) == ""
    for language in ("en", "fa"):
        text = get(f"/{language}/needs").content.decode()
        assert text.count('class="card" aria-labelledby="IR-NEED-2026-0001"') == 1
        assert "<script" not in text
        assert text.count("&lt;") == 2  # of the hostile text alone
        assert "Laboratory" in html.unescape(text)
        for other in ("For one State", "A draft", "Withdrawn", "Of another State", "NEED-2026-0002", "VN-NEED"):
            assert other not in text
    assert "/en/needs" in get("/en/").content.decode()
    page._open.cache_clear()
    assistance.end(node, shown.reference, Turn.CLOSED, officer=officers.all, at=at + timedelta(hours=1), seen=1)
    assert "Nothing is asked for in public at the moment." in get("/en/needs").content.decode()
