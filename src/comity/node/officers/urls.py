"""The officers' door: its addresses."""

from django.urls import path, re_path, register_converter
from django.views.generic import RedirectView

from comity.node.officers.pages import (
    act,
    assets,
    broken,
    calls,
    case,
    cases,
    checks,
    choose,
    directory,
    draft,
    files,
    law,
    signing,
)


class Reference:
    """A case's reference in an address."""

    regex = r"[A-Z]{2}-\d{4}-\d{4,9}"

    def to_python(self, value: str) -> str:
        """The reference."""
        return value

    def to_url(self, value: str) -> str:
        """The reference."""
        return value


handler500 = broken.broken

register_converter(Reference, "reference")

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="cases"), name="home"),
    path("assets/<str:name>", assets.asset, name="asset"),
    path("sign-in", signing.sign_in, name="sign-in"),
    path("sign-out", signing.sign_out, name="sign-out"),
    path("language", signing.set_language, name="set-language"),
    path("cases", cases.cases, name="cases"),
    path("cases/new", choose.choose, name="choose"),
    path("cases/new/<slug:measure>", draft.new, name="new-case"),
    path("cases/<reference:reference>", case.case, name="case"),
    path("cases/<reference:reference>.json", case.machine, name="case-json"),
    path("cases/<reference:reference>/letter.pdf", files.letter, name="letter"),
    path("cases/<reference:reference>/evidence.asice", files.sealed, name="evidence"),
    path("cases/<reference:reference>/evidence.key", files.content_key, name="content-key"),
    path("cases/<reference:reference>/export", files.exported, name="export-case"),
    path("cases/<reference:reference>/checks/<str:act_id>", checks.again, name="check-again"),
    path("cases/<reference:reference>/decide", act.decide, name="decide"),
    re_path(r"^cases/(?P<reference>[A-Z]{2}-\d{4}-\d{4,9})/(?P<verb>draft|amend)$", draft.change, name="change"),
    path("cases/<reference:reference>/<slug:verb>", act.act, name="act"),
    path("deliveries/<slug:digest>/again", cases.send_again, name="send-again"),
    path("calls", calls.calls, name="calls"),
    path("calls.json", calls.machine, name="calls-json"),
    path("calls/call", calls.call, name="make-call"),
    path("calls/plan", calls.plan, name="plan-calls"),
    path("calls/<slug:digest>/answer", calls.answer, name="answer-call"),
    path("directory", directory.directory, name="directory"),
    path("law/", law.law, name="law"),
    path("law/status", law.status, name="law-status"),
    path("law/compare", law.compare, name="law-compare"),
    path("law/books/<str:book>", law.book, name="law-book"),
]
