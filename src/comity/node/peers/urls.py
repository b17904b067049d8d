"""What the peers' door answers; nothing else is there."""

from django.urls import path

from comity.node.peers import misp, taxii, views

urlpatterns = [
    path("exchange", views.exchange),
    path("proofs", views.proofs),
    path("messages", views.messages),
    path("receipts/<str:digest>", views.receipt),
    path("outcomes/<str:digest>", views.outcome),
    path("evidence/<str:digest>", views.evidence),
    path("witness", views.witness),
    path("checkpoint", views.checkpoint),
    path("entry", views.entry),
    path("forms", views.forms),
    path("entries", views.entries),
    path("directory", views.directory),
    path("figures/calls", views.figures),
    path("figures/calls/<slug:quarter>", views.figures),
    path("figures/cases", views.figures_of_cases),
    path("taxii2/", taxii.answer),
    path("shared/", taxii.answer),
    path("shared/status/<str:id>/", taxii.answer),
    path("shared/collections/", taxii.answer),
    path("shared/collections/<str:collection>/", taxii.answer),
    path("shared/collections/<str:collection>/manifest/", taxii.answer),
    path("shared/collections/<str:collection>/objects/", taxii.answer),
    path("shared/collections/<str:collection>/objects/<str:id>/", taxii.answer),
    path("shared/collections/<str:collection>/objects/<str:id>/versions/", taxii.answer),
    path("misp/<str:collection>/<path:asked>", misp.answer),
]
handler404 = "comity.node.peers.views.nothing"
