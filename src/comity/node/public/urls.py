"""The public's door: its addresses. The first part is the page's language."""

from django.urls import path

from comity.node.public import door, news, views

handler404 = door.nothing
handler500 = door.broken

urlpatterns = [
    path("", door.front, name="front"),
    path("bulletins.atom", news.atom, name="atom"),
    path("bulletins.json", news.machine, name="json"),
    path("<slug:language>/", views.home, name="home"),
    path("<slug:language>/report", views.report, name="report"),
    path("<slug:language>/receipt", views.receipt, name="receipt"),
    path("<slug:language>/bulletins", news.bulletins, name="bulletins"),
    path("<slug:language>/bulletins.atom", news.atom, name="atom-in"),
    path("<slug:language>/bulletins/<uuid:series>", news.bulletin, name="bulletin"),
]
