"""The directory as an officer without any power sees it, and the card of one State on it."""

import html

from browsing import Browser


def page(officers, language="en") -> str:
    """The page as an officer without any power sees it."""
    answer = Browser(officers.idle, language).get("/directory")
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def card(text: str, state: str) -> str:
    """The part of the page about one State; this node's own is ``own``."""
    return text.split(f'aria-labelledby="{"own" if state == "own" else "peer-" + state}"')[1].split(
        "</section>", maxsplit=1
    )[0]
