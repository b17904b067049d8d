"""The officers' door: its addresses."""

from django.urls import path, re_path, register_converter
from django.views.generic import RedirectView

from comity.node.officers.pages import (
    act,
    assets,
    assistance,
    broken,
    bulletins,
    calls,
    case,
    cases,
    checks,
    choose,
    collections,
    conference,
    contested,
    directory,
    draft,
    feeds,
    figures,
    files,
    hits,
    law,
    programmes,
    reconciling,
    reports,
    selfassessment,
    sharing,
    signing,
    standing,
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
    path("hits", hits.hits, name="hits"),
    path("hits/<int:number>", hits.hit, name="hit"),
    path("hits/<int:number>/<slug:verb>", hits.act, name="hit-act"),
    path("assistance", assistance.listing, name="assistance"),
    path("assistance/matches", programmes.matches, name="assistance-matches"),
    path("assistance/self", selfassessment.page, name="assistance-self"),
    path("assistance/self/<str:question>/answer", selfassessment.answer, name="assistance-self-answer"),
    path("assistance/self/<str:about>/need", selfassessment.need, name="assistance-self-need"),
    path("assistance/new/<slug:kind>", assistance.new, name="assistance-new"),
    path("assistance/listings/<slug:reference>", assistance.one, name="assistance-listing"),
    path("assistance/listings/<slug:reference>/change", assistance.change, name="assistance-change"),
    path("assistance/listings/<slug:reference>/<slug:verb>", assistance.end, name="assistance-end"),
    path("assistance/propose/<slug:need>/<slug:offer>", programmes.propose, name="assistance-propose"),
    path("assistance/programmes/<slug:reference>", programmes.programme, name="assistance-programme"),
    path("assistance/programmes/<slug:reference>/terms", programmes.amend, name="assistance-amend"),
    path("assistance/programmes/<slug:reference>/<slug:what>", programmes.say, name="assistance-say"),
    path("figures", figures.figures, name="figures"),
    path("figures/publish", figures.publish, name="publish-figures"),
    path("figures/ask", reconciling.ask, name="ask-figures"),
    re_path(r"^figures/of/(?P<peer>[A-Z]{2})$", reconciling.of, name="figures-of"),
    re_path(
        r"^figures/between/(?P<peer>[A-Z]{2})/(?P<since>[0-9]{4}-Q[1-4])/(?P<through>[0-9]{4}-Q[1-4])$",
        reconciling.between,
        name="figures-between",
    ),
    path("sharing", sharing.sharing, name="sharing"),
    path("sharing/tell/<slug:state>", sharing.tell, name="sharing-tell"),
    path("sharing/communities", sharing.propose, name="sharing-propose"),
    path("sharing/communities/<slug:digest>/<slug:verb>", sharing.word, name="sharing-word"),
    path("sharing/collections", collections.collections, name="sharing-collections"),
    path("sharing/collections/new", collections.make, name="make-collection"),
    path("sharing/collections/<uuid:collection>/rules", collections.rule, name="rule-collection"),
    path("sharing/contested/<int:number>", contested.contested, name="contested"),
    path("sharing/contested/<int:number>/settle", contested.settle, name="settle-contested"),
    path("sharing/feeds", feeds.feeds, name="sharing-feeds"),
    path("sharing/feeds/<str:name>/<slug:verb>", feeds.pause, name="pause-feed"),
    path("sharing/clients/<str:name>", collections.give, name="give-client"),
    path("sharing/write/<slug:kind>", sharing.write, name="sharing-write"),
    path("sharing/reports/<slug:digest>.json", sharing.report, name="sharing-report"),
    path("sharing/objects/<int:number>", sharing.one, name="sharing-object"),
    path("sharing/objects/<int:number>/recalls.json", sharing.proof, name="sharing-proof"),
    path("sharing/objects/<int:number>/<slug:verb>", sharing.act, name="sharing-act"),
    path("reports", reports.reports, name="reports"),
    path("reports/<int:number>", reports.report, name="report"),
    path("reports/<int:number>/files/<int:place>", reports.file, name="report-file"),
    path("reports/<int:number>/<slug:verb>", reports.act, name="report-act"),
    path("bulletins", bulletins.bulletins, name="bulletins"),
    path("bulletins/new", bulletins.new, name="new-bulletin"),
    path("bulletins/<uuid:series>", bulletins.edit, name="edit-bulletin"),
    path("bulletins/<uuid:series>/withdraw", bulletins.withdraw, name="withdraw-bulletin"),
    path("law/", law.law, name="law"),
    path("law/status", law.status, name="law-status"),
    path("law/compare", law.compare, name="law-compare"),
    path("law/books/<str:book>", law.book, name="law-book"),
    path("law/parties/<str:book>", standing.parties, name="law-parties"),
    path("law/parties/<str:book>/say", standing.say, name="law-say"),
    path("law/parties/<str:book>/<slug:digest>/<slug:verb>", standing.take_back, name="law-take-back"),
    path("law/conference/<str:book>", conference.conference, name="law-conference"),
]
