"""A visitor at the public's door, whom it can be made to forget."""

from django.test import Client, override_settings

from comity.node.public import door, news, views

PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def forget() -> None:
    """Everybody has his full measure again."""
    for held in (
        door._each,
        door._all,
        views._sent,
        views._sent_by_all,
        views._wrong,
        views._wrong_by_all,
        views._noted,
    ):
        held.cache_clear()
    a_minute_passes()


def a_minute_passes() -> None:
    """What is kept of the feeds is made anew."""
    news._feed.cache_clear()
    news._json.cache_clear()


AT_THE_DOOR = {
    "ROOT_URLCONF": "comity.node.public.urls", "MIDDLEWARE": ["django.middleware.security.SecurityMiddleware"],
}  # fmt: skip


def get(path, **more):
    """Ask for a page of the door."""
    with override_settings(**AT_THE_DOOR):
        return Client().get(path, secure=True, **more)
