"""What people read about the law, in English and marked for translation: for the pages, the letters, the command line.

The translations stand in the catalogues under ``node/locale``; pages look them up through Django, the command line
through the standard library (`speech`). Nothing here knows Django.
"""

from __future__ import annotations


def marked(text: str) -> str:
    """`text` itself; being passed through here marks it for the catalogues."""
    return text
