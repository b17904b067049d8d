"""Messages of the made-up mailbox as a provider's server keeps them, RFC 5322."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage, MIMEPart
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import format_datetime
from random import Random
from typing import Final

ACCOUNT: Final = "hesab-yar@thu-vien-mail.example"
OWNER: Final = f"حساب‌یار <{ACCOUNT}>"


@dataclass(frozen=True)
class Mail:
    """One message before it is written."""

    at: datetime
    sender: str
    to: str
    title: str  # becomes the file's name
    subject: str
    text: str
    language: str
    html: str = ""
    name: str = ""  # of the attachment
    data: bytes = b""
    bounced: str = ""  # the address that could not be reached

    @property
    def sent(self) -> bool:
        """Whether the owner sent it."""
        return self.sender == OWNER


def rfc5322(random: Random, mail: Mail, client: str) -> bytes:
    """The message as the provider's server kept it; what the owner sent shows the address `client` of the access log."""
    marks = f"{random.getrandbits(48):012x}"
    if mail.sent:
        hop = f"from [{client}] by submit.thu-vien-mail.example with ESMTPSA id {marks}"
    else:
        domain = _domain(mail.sender)
        hop = f"from {domain} ({domain} [{_server(random)}]) by mx1.thu-vien-mail.example with ESMTPS id {marks}"
    head = {
        "Return-Path": "<>" if mail.bounced else f"<{_address(mail.sender)}>",
        "Received": f"{hop}; {format_datetime(mail.at + timedelta(seconds=2))}",
        "Date": format_datetime(mail.at),
        "Message-ID": message_id(mail),
        "From": mail.sender,
        "To": mail.to,
        "Subject": mail.subject,
    }
    message = _report(mail, head) if mail.bounced else _plain(mail, head)
    for number, part in enumerate(message.walk()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"=_{marks}_{number}")  # the library would draw one from the shared random state
    message["Content-Language"] = mail.language  # last: setting the content removes it
    return message.as_bytes(policy=SMTP)


def _plain(mail: Mail, head: dict[str, str]) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    for name, value in head.items():
        message[name] = value
    message.set_content(mail.text, cte="base64" if mail.language == "fa" else "quoted-printable")
    if mail.html:
        message.add_alternative(mail.html, subtype="html", cte="base64")
    if mail.name:
        kinds = {"pdf": "application/pdf", "png": "image/png", "zip": "application/zip", "csv": "text/csv"}
        maintype, subtype = kinds[mail.name.rpartition(".")[2]].split("/")
        charset = {"charset": "utf-8"} if subtype == "csv" else None
        message.add_attachment(mail.data, maintype=maintype, subtype=subtype, filename=mail.name, params=charset)
    return message


def _report(mail: Mail, head: dict[str, str]) -> MIMEMultipart:
    """A delivery status notification, RFC 3464."""
    report = MIMEMultipart("report", policy=SMTP, report_type="delivery-status")
    for name, value in {**head, "Auto-Submitted": "auto-replied"}.items():
        report[name] = value
    report.attach(MIMEText(mail.text, "plain", "us-ascii", policy=SMTP))
    status = MIMEBase("message", "delivery-status", policy=SMTP)
    host, recipient = MIMEPart(policy=SMTP), MIMEPart(policy=SMTP)
    host["Reporting-MTA"] = "dns; mx1.thu-vien-mail.example"
    recipient["Final-Recipient"] = f"rfc822; {mail.bounced}"
    recipient["Action"] = "failed"
    recipient["Status"] = "5.1.1"
    status.set_payload([host, recipient])
    report.attach(status)
    return report


def _address(sender: str) -> str:
    return sender.rpartition("<")[2].rstrip(">")


def _domain(sender: str) -> str:
    return _address(sender).partition("@")[2]


def message_id(mail: Mail) -> str:
    """Its ``Message-ID``, which the access log names too."""
    digest = hashlib.sha256(f"{mail.at.isoformat()} {mail.sender} {mail.to}".encode()).hexdigest()
    return f"<{digest[:24]}@{_domain(mail.sender)}>"


def _server(random: Random) -> str:
    return f"192.0.2.{random.randint(100, 199)}"
