"""What the peers' door answers; nothing else is there."""

from django.urls import path

from comity.node.peers import views

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
    path("entries", views.entries),
    path("directory", views.directory),
    path("figures/calls", views.figures),
]
handler404 = "comity.node.peers.views.nothing"
