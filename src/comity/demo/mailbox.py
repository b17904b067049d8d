"""A provider's answer, invented: the mailbox of a phishing ring at a provider that does not exist.

The demonstration needs evidence of a believable shape: mail in Persian, English and Vietnamese, attachments, an
access log with source ports, a subscriber record and a covering note. Nobody in it is real. Domains end in
``.example`` (RFC 2606), addresses come from the ranges kept for documentation (RFC 5737, RFC 3849), account
numbers have a form that no bank uses, and people are called Sample, نمونه or Ví Dụ.

The same seed gives the same bytes on the same Python: no clock, no shared random state, and what is attached
(`attachments`) is not compressed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from comity.casework.evidence import Exhibit
from comity.casework.moments import moment_text
from comity.demo.attachments import kit, picture, receipt
from comity.demo.message import ACCOUNT, OWNER, Mail, message_id, rfc5322
from comity.errors import Invalid

FROM: Final = datetime(2026, 9, 1, tzinfo=UTC)
TO: Final = datetime(2026, 10, 15, 23, 59, 59, tzinfo=UTC)
_CREATED: Final = datetime(2026, 9, 1, 2, 11, 9, tzinfo=UTC)
_DAYS: Final = 45
LOG_ROWS: Final = 9000

_BOSS: Final = "Sample Coordinator <hamahang@nameh-rasan.example>"
_KIT: Final = "Kit Desk <sales@kit-supply.example>"
_PROVIDER: Final = "Thư Viện Mail <no-reply@thu-vien-mail.example>"
_DAEMON: Final = "Mail Delivery System <mailer-daemon@mx1.thu-vien-mail.example>"
_LINK: Final = "https://bank-nemuneh-login.example/verify"


@dataclass(frozen=True)
class Mailbox:
    """What `write` wrote.

    Args:
        account: the address that the data belong to.
        exhibits: every file, in the order of the covering note, which comes first itself.
        messages: how many of them are messages.
    """

    account: str
    exhibits: tuple[Exhibit, ...]
    messages: int

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(exhibit.size for exhibit in self.exhibits)


@dataclass(frozen=True)
class _Session:
    """From where the owner reaches the mailbox for some days."""

    address: str
    agent: str


def write(folder: Path, seed: int) -> Mailbox:
    """Write the provider's answer into `folder`, which is made if need be and must be empty.

    Args:
        folder: where to; the names below it are NFC, partly Persian and Vietnamese.
        seed: the same seed gives the same bytes.

    Raises:
        Invalid: the folder is not empty.
        OSError: the file system refuses.

    Returns:
        What was written, in order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Invalid("The folder for the mailbox must be empty.", code="demo.not-empty", where=str(folder))
    random = Random(seed)  # noqa: S311  (a demonstration must be repeatable)
    mails = sorted(_script(random), key=lambda mail: mail.at)
    sessions = [_Session(_client(random), random.choice(_AGENTS)) for _ in range(14)]
    files = {"02 subscriber-record.json": _subscriber(random)}
    files["03 access-log.csv"] = _access_log(random, mails, sessions)
    for number, mail in enumerate(mails, start=1):
        files[_file_name(number, mail)] = rfc5322(random, mail, _session_at(mail.at, sessions).address)
    note = _covering_note([_exhibit(name, data) for name, data in files.items()])
    files = {"01 Thư trả lời - covering note.txt": note, **files}
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    exhibits = tuple(_exhibit(name, data) for name, data in files.items())
    return Mailbox(ACCOUNT, exhibits, messages=len(mails))


def _exhibit(name: str, data: bytes) -> Exhibit:
    return Exhibit(name.encode(), len(data), hashlib.sha256(data).hexdigest())


def _file_name(number: int, mail: Mail) -> str:
    """Folder and name as the provider's export gives them, in NFC."""
    title = re.sub(r'[\\/:*?"<>|\s]+', " ", mail.title).strip()
    box = "Thư đã gửi" if mail.sent else "Hộp thư đến"
    return unicodedata.normalize("NFC", f"{box}/{number:03d} {title}.eml")


# ---- the story -----------------------------------------------------------------------------------------------


def _script(random: Random) -> Iterator[Mail]:
    """Every message of the six weeks, not yet in order."""
    yield from _phishing(random)
    yield from _recruiting(random)
    yield from _dealing(random)
    yield from _counting(random)
    yield from _provider_mail(random)


def _moment(random: Random, first: int, last: int) -> datetime:
    """A moment on one of the days `first` to `last` of the period (0 is 1 September), in the hours of the ring."""
    start = FROM + timedelta(days=random.randint(first, last), hours=random.randint(4, 19))
    return start + timedelta(seconds=random.randint(0, 3599))


def _customer(random: Random) -> tuple[str, str]:
    """An invented customer: name and address."""
    number = random.randint(11, 98)
    return f"مشتری نمونه {_persian(number)}", f"moshtari-{number}@nameh.example"


def _persian(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))


_LURES: Final = (
    ("هشدار امنیتی", "هشدار امنیتی: دسترسی شما به بانک نمونه محدود شده است",
     ("به دلیل ورود مشکوک، دسترسی شما به همراه‌بانک «بانک نمونه» محدود شده است. برای رفع "
      "محدودیت، ظرف ۲۴ ساعت از پیوند زیر وارد شوید:")),
    ("به‌روزرسانی اطلاعات مشتری", "بانک نمونه: آخرین مهلت به‌روزرسانی اطلاعات",
     ("بر اساس بخشنامه جدید، همه مشتریان «بانک نمونه» باید اطلاعات حساب خود را تا پایان هفته "
      "تأیید کنند. لطفاً از پیوند زیر اقدام کنید:")),
    ("فعال‌سازی رمز پویا", "رمز پویای شما در بانک نمونه غیرفعال شد",
     ("رمز پویای کارت شما غیرفعال شده است. برای فعال‌سازی دوباره، شماره حساب و رمز خود را در "
      "صفحه زیر وارد کنید:")),
    ("واریز جایزه باشگاه مشتریان", "جایزه باشگاه مشتریان بانک نمونه در انتظار تأیید شماست",
     "مبلغ ۲۵٬۰۰۰٬۰۰۰ ریال جایزه به نام شما ثبت شده است. برای واریز، حساب خود را در پیوند زیر تأیید کنید:"),
)  # fmt: skip
_DOUBTS: Final = (
    "سلام، این پیام از طرف خود بانک است؟ من امروز به شعبه زنگ زدم و خبر نداشتند.",
    "من اطلاعات را وارد کردم ولی صفحه خطا داد. رمزم را هم زدم. حالا چه کنم؟",
    "از حسابم پول برداشت شده! شما چه کسی هستید؟ پولم را پس بدهید.",
    "این پیوند باز نمی‌شود. لطفاً راهنمایی کنید.",
)


def _phishing(random: Random) -> Iterator[Mail]:
    """The lures, and what comes back: replies and bounces."""
    for turn in range(22):
        name, address = _customer(random)
        title, subject, body = _LURES[turn % len(_LURES)]
        ticket = f"NMN-{random.randint(100000, 999999)}"
        link = f"{_LINK}?id={random.getrandbits(40):010x}"
        text = f"{name} گرامی،\n\n{body}\n\n{link}\n\nواحد امنیت بانک نمونه\nشماره پیگیری: {ticket}\n"
        lure = Mail(_moment(random, 2, 30), OWNER, f"{name} <{address}>", title, subject, text, "fa", _page(text, link))
        yield lure
        later = lure.at + timedelta(minutes=random.randint(7, 900))
        if turn % 3 == 0:
            answer = f"{random.choice(_DOUBTS)}\n\n> {body}\n"
            yield Mail(later, lure.to, OWNER, f"پاسخ {title}", f"Re: {subject}", answer, "fa")
        elif turn % 4 == 1:
            yield _bounce(lure, address)


def _page(text: str, link: str) -> str:
    """The lure as HTML, in the colours of a bank that does not exist."""
    lines = "".join(f"<p>{line}</p>" for line in text.splitlines() if line and line != link)
    return (
        '<html lang="fa" dir="rtl"><body style="font-family:Tahoma">'
        '<div style="background:#0a5c4a;color:#fff;padding:12px">بانک نمونه</div>'
        f'{lines}<p><a href="{link}">ورود به همراه‌بانک</a></p></body></html>\n'
    )


def _bounce(lure: Mail, address: str) -> Mail:
    text = (
        "This is the mail system at host mx1.thu-vien-mail.example.\n\n"
        f"Your message could not be delivered to <{address}>: 550 5.1.1 User unknown.\n"
    )
    at = lure.at + timedelta(seconds=9)
    return Mail(at, _DAEMON, OWNER, "Undelivered mail", f"Undelivered: {lure.subject}", text, "en", bounced=address)


_OFFERS: Final = (
    ("en", "Remote payments assistant", "Remote payments assistant wanted",
     ("Receive transfers on your own account, keep 6 %, forward the rest the same day. No "
      "experience, no contract. Reply with your bank and branch."),
     "I am interested. I have an account at a sample bank. How do I receive the first transfer?"),
    ("vi", "Tuyển cộng tác viên", "Tuyển cộng tác viên nhận tiền tại nhà",
     ("Bạn chỉ cần nhận tiền vào tài khoản, giữ lại 6 %, chuyển phần còn lại trong ngày. "
      "Không cần kinh nghiệm. Gửi số tài khoản để đăng ký."),
     "Em muốn đăng ký. Số tài khoản của em là VD-000-{account}. Bao giờ thì có việc ạ?"),
    ("fa", "همکاری در منزل", "همکاری در منزل با درآمد روزانه",
     "کافی است حساب خود را در اختیار ما بگذارید؛ از هر واریز ۶ درصد سهم شماست. شماره حساب را بفرستید.",
     "سلام، من علاقه‌مندم. شماره حسابم NMN-000-{account} است. دردسر ندارد؟"),
)  # fmt: skip
_HELPERS: Final = {
    "en": "Sample Person Three <sample3@inbox.example>",
    "vi": "Nguyễn Văn Ví Dụ <vi-du@hop-thu.example>",
    "fa": "کاربر نمونه <karbar-nemuneh@nameh.example>",
}


def _recruiting(random: Random) -> Iterator[Mail]:
    """People who lend their accounts: an offer, an answer, an instruction."""
    for turn in range(6):
        language, title, subject, offer, answer = _OFFERS[turn % 3]
        helper = _HELPERS[language]
        first = Mail(_moment(random, 3, 20), OWNER, helper, title, subject, offer + "\n", language)
        account = f"{random.randint(100000, 999999)}"
        reply = replace(
            first,
            at=first.at + timedelta(hours=random.randint(3, 30)),
            sender=helper,
            to=OWNER,
            subject=f"Re: {subject}",
            text=answer.format(account=account) + "\n",
        )
        yield from (first, reply)
        if turn >= 3:
            yield replace(
                first,
                at=reply.at + timedelta(hours=2),
                subject=f"Re: {subject}",
                text=f"OK. {account}: {random.randint(12, 90)},000,000. Today before 16:00. Delete this.\n",
            )


_DEAL: Final = (
    (True, "Login page", "I need the login page of Bank Nemuneh in Persian, right to left, mobile first. How much?"),
    (False, "Login page", "400 in coins, two days. Hosting not included. Send me the colours."),
    (True, "Login page", "Green 0a5c4a and white. Paid half. Proof attached."),
    (False, "Page preview", "Here is how it looks. Tell me what to change before I pack it."),
    (True, "Page preview", "Good. Ask for the dynamic code on a second page, not on the first."),
    (False, "Kit v2", "Packed. Two pages for the host, results go to results.csv. Do not mail me here again."),
)  # fmt: skip


def _dealing(random: Random) -> Iterator[Mail]:
    """Buying the false login page: a receipt (PDF), a picture (PNG), the kit (ZIP)."""
    attachments = {
        2: ("رسید.pdf", receipt()),
        3: ("xem trước.png", picture()),
        5: ("kit-v2.zip", kit()),
    }
    at = _moment(random, 0, 0)
    for turn, (sent, title, text) in enumerate(_DEAL):
        name, data = attachments.get(turn, ("", b""))
        sender, to = (OWNER, _KIT) if sent else (_KIT, OWNER)
        subject = title if turn == 0 else f"Re: {title}"
        yield Mail(at, sender, to, title, subject, text + "\n", "en", name=name, data=data)
        at += timedelta(hours=random.randint(2, 9), seconds=random.randint(1, 3000))


def _counting(random: Random) -> Iterator[Mail]:
    """Lists of what was caught, and what became of the money."""
    for week in range(6):
        rows = [["account", "name", "password", "code", "balance_rial"]]
        for _ in range(random.randint(9, 24)):
            name, _address = _customer(random)
            secret = f"sample-{random.getrandbits(24):06x}"
            code, balance = random.randint(10000, 99999), random.randint(3, 900) * 1_000_000
            rows.append([f"NMN-000-{random.randint(100000, 999999)}", name, secret, str(code), str(balance)])
        listed = Mail(
            _moment(random, 4 + 7 * week, 8 + 7 * week), OWNER, _BOSS, f"فهرست هفته {_persian(week + 1)}",
            f"فهرست هفته {_persian(week + 1)}", f"{_persian(len(rows) - 1)} حساب. پیوست را ببین و پاک کن.\n", "fa",
            name=f"لیست-{week + 1}.csv", data=_csv(rows),
        )  # fmt: skip
        yield listed
        yield replace(
            listed, at=listed.at + timedelta(minutes=random.randint(20, 600)), sender=_BOSS, to=OWNER,
            subject=f"Re: {listed.subject}", name="", data=b"",
            text=f"رسید. {_persian(random.randint(2, 7))} حساب کار کرد. سهم تو طبق قرار. رابط ویتنام را عوض کن.\n",
        )  # fmt: skip


_NOTICES: Final = (
    (0, "Chào mừng", "Chào mừng bạn đến với Thư Viện Mail",
     "Tài khoản của bạn đã được tạo. Vui lòng xác nhận số điện thoại khôi phục."),
    (11, "Đăng nhập mới", "Đăng nhập từ thiết bị mới",
     "Có một lần đăng nhập từ thiết bị mới. Nếu không phải bạn, hãy đổi mật khẩu."),
    (24, "Giới hạn gửi thư", "Bạn đã đạt giới hạn gửi thư",
     "Tài khoản đã gửi quá nhiều thư trong 24 giờ. Giới hạn sẽ được gỡ sau một ngày."),
    (40, "Thông báo vi phạm", "Báo cáo lạm dụng về tài khoản của bạn",
     "Chúng tôi nhận được báo cáo lừa đảo về tài khoản này. Vui lòng liên hệ bộ phận hỗ trợ."),
)  # fmt: skip


def _provider_mail(random: Random) -> Iterator[Mail]:
    for day, title, subject, text in _NOTICES:
        at = _moment(random, day, day) if day else _CREATED + timedelta(seconds=3)
        yield Mail(at, _PROVIDER, OWNER, title, subject, text + "\n", "vi")


# ---- what the provider knows ---------------------------------------------------------------------------------

_AGENTS: Final = ("IMAP client A", "Webmail/Firefox", "Webmail/Chromium Mobile")


def _session_at(at: datetime, sessions: Sequence[_Session]) -> _Session:
    return sessions[(at - FROM).days * len(sessions) // _DAYS]


def _access_log(random: Random, mails: Sequence[Mail], sessions: Sequence[_Session]) -> bytes:
    """Every use of the account, with source ports; sending shows the identifier of the message sent."""

    def row(at: datetime, event: str, result: str = "ok", message: str = "") -> list[str]:
        session = _session_at(at, sessions)
        port = str(random.randint(1024, 65535))
        return [moment_text(at), session.address, port, event, result, session.agent, message]

    rows = [row(mail.at, "SMTP_SUBMIT", message=message_id(mail)) for mail in mails if mail.sent]
    rows.append(row(_CREATED, "ACCOUNT_CREATED"))
    rows.append(row(FROM + timedelta(days=29, hours=21), "RECOVERY_ADDRESS_CHANGED"))
    seconds = int((TO - FROM).total_seconds())
    while len(rows) < LOG_ROWS:
        at = FROM + timedelta(seconds=random.randint(9000, seconds))
        event = random.choice(("IMAP_FETCH", "IMAP_FETCH", "IMAP_IDLE", "WEB_VIEW", "LOGIN"))
        failed = event == "LOGIN" and random.randint(1, 8) == 1
        rows.append(row(at, event, "bad-password" if failed else "ok"))
    heading = ["utc_time", "source_address", "source_port", "event", "result", "client", "message_id"]
    return _csv([heading, *sorted(rows)])


def _client(random: Random) -> str:
    """An address from the ranges kept for documentation (192.0.2.0/24 is where the servers stand)."""
    if random.randint(1, 3) == 1:
        return f"2001:db8:{random.randint(1, 0xFFFE):x}:{random.randint(1, 0xFFFE):x}::{random.randint(2, 0xFFFE):x}"
    return f"{random.choice(('198.51.100', '203.0.113'))}.{random.randint(1, 254)}"


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)  # RFC 4180: CRLF
    return out.getvalue().encode()


def _subscriber(random: Random) -> bytes:
    record = {
        "notice": "Invented for an exercise. No such provider, account or person exists.",
        "provider": "thu-vien-mail.example (Công ty Thư Viện Mail Ví Dụ)",
        "account": ACCOUNT,
        "created": moment_text(_CREATED),
        "created_from": {"address": _client(random), "port": random.randint(1024, 65535)},
        "name_as_given": "حساب‌یار نمونه",
        "date_of_birth_as_given": None,
        "recovery_address": "hamahang@nameh-rasan.example",
        "recovery_phone": "+84 00 0000 0000",
        "recovery_verified": False,
        "plan": "free",
        "language": "fa",
        "status": "suspended for abuse on 2026-10-15",
    }
    return (json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode()


def _covering_note(exhibits: Sequence[Exhibit]) -> bytes:
    """The provider's letter: what it hands over, with a SHA-256 digest for each file."""
    lines = "\n".join(f"{exhibit.sha256}  {exhibit.size:>8}  {exhibit.name}" for exhibit in exhibits)
    note = f"""DỮ LIỆU DIỄN TẬP - EXERCISE DATA. Everything here is invented.

Công ty Thư Viện Mail Ví Dụ (thu-vien-mail.example), Hà Nội

Kính gửi Cơ quan có thẩm quyền,
Theo lệnh cung cấp dữ liệu, chúng tôi gửi kèm toàn bộ dữ liệu còn lưu của tài khoản nêu dưới đây.

To the competent authority,
In answer to your order we hand over what we hold of the account {ACCOUNT}
for the period {moment_text(FROM)} to {moment_text(TO)}:

1. the subscriber record (JSON; what the customer said was not verified);
2. the access log (CSV, UTC; source ports are recorded from our own servers' side);
3. the messages, one file each, as our servers kept them (RFC 5322).

Messages that the customer deleted more than 30 days ago are not held any more.
The export was made by our duty engineer, Kỹ sư Ví Dụ, who can say how. SHA-256 digest, bytes, file:

{lines}
"""
    return unicodedata.normalize("NFC", note).encode()
