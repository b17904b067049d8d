"""An officer's browser without a screen, the form of a request as he fills it in, and the text that an attacker would."""

import html

from django.test import Client

from comity.node import models
from comity.node.desk import registry

OURS, THEIRS = "IR-2026-0001", "VN-2026-0001"
FORM = {
    "requested": "VN", "basis": "uncc", "scope": "A", "language": "en", "urgency": "ordinary",
    "authority": "Central authority", "subject": "Fraud", "facts": "Accounts were emptied.",
    "assistance": "The mailbox.", "link": "It directed the transfers.", "purpose": "It is deleted soon.",
    "offence.code": "uncc:13", "offence.label": "fraud", "offence.provision": "IR-CCA:13",
    "offence.max_penalty_months": "60", "conducting.name": "N. N.", "conducting.function": "judge",
    "categories": ["subscriber", "content"], "intends_request": "on", "confidential": "on", "custodian": "Provider",
    "rights": "One mailbox only.", "accounts-0-kind": "ip", "accounts-0-value": "203.0.113.7",
    "accounts-0-port": "50122", "accounts-0-at": "2026-11-17 21:14:05 +03:30",
}  # fmt: skip
HOSTILE = "<script>alert(1)</script> =cmd|' /C calc'!A0 \u202egpj.exe\u202c \u2066x\u2069 \u200b"


class Browser:
    """An officer's browser: https only, signed in or not, in one language."""

    def __init__(self, officer=None, language="en", *, checks=False) -> None:
        self.client = Client(enforce_csrf_checks=checks, headers={"accept-language": language})
        if officer is not None:
            officer.language = language
            registry.set_language(officer, language)
            self.client.force_login(officer)

    def get(self, path, **headers):
        """GET `path`."""
        return self.client.get(path, secure=True, headers=headers)

    def post(self, path, **fields):
        """POST `fields` to `path`; ``__`` stands for the dot in a name."""
        return self.client.post(path, {name.replace("__", "."): value for name, value in fields.items()}, secure=True)

    def text(self, path) -> str:
        """The page at `path`, entities resolved."""
        return html.unescape(self.get(path).content.decode())


def saved() -> int:
    """How many acts there are."""
    return models.Act.objects.count()
