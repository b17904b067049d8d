"""The public's door: its addresses. The first part is the page's language."""

from django.urls import path

from comity.node.public import door, figures, needs, news, views

handler404 = door.nothing
handler500 = door.broken

urlpatterns = [
    path("", door.front, name="front"),
    path("bulletins.atom", news.atom, name="atom"),
    path("bulletins.json", news.machine, name="json"),
    path("figures.csv", figures.table, name="figures-csv"),
    path("figures.json", figures.machine, name="figures-json"),
    path("<slug:language>/", views.home, name="home"),
    path("<slug:language>/report", views.report, name="report"),
    path("<slug:language>/receipt", views.receipt, name="receipt"),
    path("<slug:language>/needs", needs.needs, name="needs"),
    path("<slug:language>/figures", figures.figures, name="figures"),
    path("<slug:language>/bulletins", news.bulletins, name="bulletins"),
    path("<slug:language>/bulletins.atom", news.atom, name="atom-in"),
    path("<slug:language>/bulletins/<uuid:series>", news.bulletin, name="bulletin"),
]
