"""Who takes part in the exercise, and what is written in its forms. Every name, account and number is invented."""

from __future__ import annotations

from comity.demo.message import ACCOUNT
from comity.demo.nodes import Node, Person

PROVIDER = "Thu Vien Mail (exercise provider)"
DELIVERY = "thu-vien-mail-delivery"


def _authority(role: str, en: str, fa: str, languages: list[str], zone: str) -> dict[str, object]:
    return {"role": role, "names": {"en": en, "fa": fa}, "languages": languages, "zone": zone, "reach": "exercise only"}


def three_states() -> tuple[Node, Node, Node]:
    """Iran (requesting), Viet Nam (requested) and Qatar (witness)."""
    iran = Node(
        "IR", "fa", "Asia/Tehran", ("QA",),
        (
            Person("rahimi", "س. رحیمی (تمرین)", "نقطه تماس شبانه‌روزی", ("draft", "execute", "warn", "triage")),
            Person("karimi", "م. کریمی (تمرین)", "مرجع مرکزی", ("approve", "assist")),
        ),
        (
            _authority("central", "Central authority for legal assistance (exercise)", "مرجع مرکزی معاضدت قضایی (تمرین)",
                       ["fa", "en"], "Asia/Tehran"),
            _authority("contact", "24/7 point of contact (exercise)", "نقطه تماس شبانه‌روزی (تمرین)", ["fa", "en"],
                       "Asia/Tehran"),
        ),
        opens=True,
    )  # fmt: skip
    viet_nam = Node(
        "VN", "en", "Asia/Ho_Chi_Minh", ("QA",),
        (
            Person("tran", "Tran V. (exercise)", "Central authority", ("decide", "execute", "warn", "assist")),
            Person("nguyen", "Judge Nguyen T. (exercise)", "Exercise court", ("authorise",)),
        ),
        (
            _authority("central", "Central authority for legal assistance (exercise)", "مرجع مرکزی معاضدت قضایی (تمرین)",
                       ["vi", "en"], "Asia/Ho_Chi_Minh"),
            _authority("contact", "24/7 point of contact (exercise)", "نقطه تماس شبانه‌روزی (تمرین)", ["vi", "en"],
                       "Asia/Ho_Chi_Minh"),
        ),
    )  # fmt: skip
    qatar = Node(
        "QA", "en", "Asia/Qatar", (),
        (Person("saleh", "N. Saleh (exercise)", "Log witness desk", ()),),
        (_authority("contact", "24/7 point of contact (exercise)", "نقطه تماس شبانه‌روزی (تمرین)", ["ar", "en"],
                    "Asia/Qatar"),),
    )  # fmt: skip
    return iran, viet_nam, qatar


_COMMON = {
    "requested": "VN", "basis": "uncc", "scope": "A", "exercise": "on", "language": "en",
    "offence.code": "uncc:13", "offence.label": "Computer-related fraud (کلاهبرداری رایانه‌ای)",
    "offence.provision": "IR-CCA:13", "offence.max_penalty_months": "60", "offence.committed_on": "1405/06/12",
    "authority": "Central authority for legal assistance (exercise), 24/7 point of contact",
    "conducting.name": "A. Moradi (exercise)", "conducting.function": "Investigating judge, cybercrime branch",
    "conducting.contact": "duty desk of the 24/7 point of contact",
    "subject": "Investigation into a phishing ring that emptied accounts of customers of Bank Nemuneh (invented).",
    "facts": "Since early September 2026 customers received messages that posed as Bank Nemuneh and led to a copied sign-in "
             "page. With the credentials entered there, 214 accounts were emptied within six weeks. Payment orders and "
             "instructions to money mules were sent from one mailbox, whose provider is in Viet Nam.",
    "link": "The mailbox received the stolen credentials and was used to direct the transfers.",
    "categories": ["subscriber", "traffic", "content"],
    "accounts-0-kind": "email", "accounts-0-value": ACCOUNT,
    "accounts-1-kind": "ip", "accounts-1-value": "203.0.113.77", "accounts-1-port": "51734",
    "accounts-1-at": "2026-09-14T03:12:45+03:30",
    "custodian": PROVIDER,
    "confidential": "on", "urgency": "urgent",
    "urgency_reason": "The provider deletes access records after a short time, and the ring is still active.",
    "rights": "No person is sought for opinion, belief, origin or any ground of Article 40(22). Only one mailbox used for "
              "the fraud is asked for; correspondence with counsel is to be left out.",
}  # fmt: skip

PRESERVATION = _COMMON | {
    "assistance": "Preserve all stored content, traffic and subscriber data of the mailbox, and do not tell its user.",
    "purpose": "The data may be deleted or changed before a request for disclosure can be made and decided.",
    "intends_request": "on",
}

# The period of the evidence is left out: the bank was still working it out. Viet Nam will ask for it, Article 40(16).
STORED_DATA = _COMMON | {
    "assistance": "Search for and disclose the preserved contents of the mailbox, its access log and the subscriber record.",
    "purpose": "Evidence in the criminal proceedings for computer-related fraud, to identify those who direct the ring.",
    "deadline": "1405/10/20",
    "deadline_reason": "Detention of two suspects is to be reviewed on that day.",
}

PERIOD = {"period_from": "1405/06/10", "period_to": "1405/07/23"}
DESPITE = "The bank is still working out the exact period. The data are at risk; it follows as soon as it is known."
CONDITION = (
    "To be used only in the proceedings named in the request; any other use needs our prior consent (Article 40(19))."
)
COURT = "Cybercrime branch, Tehran (exercise)"
ADDED_CONDITION = "Personal data of uninvolved customers are to be erased when the proceedings end (Article 36)."
