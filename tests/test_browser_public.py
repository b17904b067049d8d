"""The public's door in a real Chromium: a telephone of 360 × 740, in Persian, without any script; and the officer who answers.

Reported with a file, the receipt kept, answered by an officer at her screen, read again with the code. Each page is looked
over as in `test_browser`, and at the widths of small telephones.
"""

import re
import time
from types import SimpleNamespace

import pytest
from django.utils.translation import gettext, override
from playwright.sync_api import Error, Locator, Page
from screens import AS_BEFORE, FOCUS, LOOK, PATIENCE, PICTURES, TOO_WIDE, Desk, a_browser, folder_for_pictures

from comity.casework.report import Deed, Kind
from comity.demo import cast, nodes
from comity.node.officers import triage
from comity.node.public import words

FIRST_PORT = 9901  # not those of other tests, which may run beside these
PHONE, WIDTHS = {"width": 360, "height": 740}, (320, 390, 360)
SMALL = r"""() => [...document.querySelectorAll(
    "button, .button, input:not([type=hidden], [type=radio], [tabindex]), .pick, textarea")]
  .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 44)
  .map((element) => "too small to touch: " + element.outerHTML.slice(0, 120))"""
HAPPENED = "پیامی به نام بانک نمونه آمد. نشانی را باز کردم و رمز را نوشتم؛ ده دقیقه بعد حسابم خالی شد."


class Phone:
    """Somebody's telephone.

    Args:
        page: its browser, without scripts.
        shots: the folder for pictures.
    """

    def __init__(self, page: Page, shots) -> None:
        self.page, self.shots, self.noise, self.count = page, shots, [], 0
        page.on("console", lambda said: self.noise.append(said.text) if said.type == "error" else None)

    def word(self, text: object) -> str:
        """`text` in Persian."""
        with override("fa"):
            return gettext(text) if isinstance(text, str) else str(text)

    def look(self, name: str, *, refused: bool = False) -> None:
        """Look the page over, in all widths, and keep a picture, if any are kept."""
        wrong = self.page.evaluate(LOOK, "fa") + self.page.evaluate(SMALL)
        for width in WIDTHS:
            self.page.set_viewport_size(PHONE | {"width": width})
            wrong += self.page.evaluate(TOO_WIDE)
        self.page.evaluate(AS_BEFORE)
        self.page.keyboard.press("Tab")
        wrong += self.page.evaluate(FOCUS)
        self.count += 1
        if PICTURES:
            self.page.screenshot(path=self.shots / f"{self.count:02}-{name}.png", full_page=True)
        noise = [text for text in self.noise if not (refused and "422" in text)]
        self.noise.clear()
        assert wrong + noise == [], name
        assert self.page.context.cookies() == []

    def follow(self, name: object) -> None:
        """Touch a link."""
        self._leads(self.page.get_by_role("link", name=self.word(name), exact=True).first)

    def _leads(self, found: Locator) -> None:
        with self.page.expect_navigation():
            found.tap()

    def press(self, name: object) -> None:
        """Touch a button, and wait for what comes."""
        self._leads(self.page.get_by_role("button", name=self.word(name), exact=True))

    def type(self, label: object, text: str) -> None:
        """Type where `label` stands."""
        self.page.get_by_label(re.compile(rf"^\s*{re.escape(self.word(label))}")).fill(text)

    def text(self) -> str:
        """What can be read, on one line."""
        return " ".join(self.page.locator("main").inner_text().split())


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Iran's node with its public door, a telephone, and an officer who is signed in."""
    root = tmp_path_factory.mktemp("public")
    iran = cast.three_states()[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nodes, "_FIRST_PORT", FIRST_PORT)
        nodes.make_all([iran], root)
    with (iran.home / "node.toml").open("a") as file:
        file.write('emergency = "110"\n')
    folder_for_pictures(root)
    iran.start()
    try:
        with a_browser() as browser:
            context = browser.new_context(
                locale="fa-IR", ignore_https_errors=True, viewport=PHONE, base_url=iran.public, has_touch=True,
                is_mobile=True, java_script_enabled=False,
            )  # fmt: skip
            context.set_default_timeout(30_000)
            phone, officer = Phone(context.new_page(), root / "shots"), Desk(browser, iran, "rahimi", root / "shots")
            opened(phone.page, "/")
            opened(officer.page, "/sign-in")
            officer.sign_in()
            yield SimpleNamespace(root=root, phone=phone, officer=officer)
    finally:
        iran.stop()


def opened(page: Page, path: str) -> None:
    """Open a page as soon as its door is open."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            page.goto(path)
        except Error:
            assert time.monotonic() < end
            time.sleep(0.2)
        else:
            return


def test_reported_receipt_kept_answered_read_again(world):
    """The whole way, with a file each time; the code is typed in Persian digits without blanks."""
    phone, officer = world.phone, world.officer
    assert phone.page.url.endswith("/fa/")
    assert "۱۱۰" in phone.text()
    phone.look("home")
    phone.follow("Report something")
    phone.look("form")
    phone.type("What happened?", HAPPENED)
    phone.press("Send the report")
    assert phone.word(words.FAULTS["report.kind"]) in phone.text()
    phone.look("form-refused", refused=True)
    assert phone.page.locator("#happened").input_value() == HAPPENED
    phone.page.get_by_text(phone.word(words.KINDS[Kind.FRAUD])).tap()
    phone.type("What do you know of who did it?", "https://bank-nemuneh.example/login\n۰۹۱۲ ۳۴۵ ۶۷۸۹")
    phone.page.locator("#files").set_input_files(
        [{"name": "تصویر.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" * 9000}]
    )
    phone.press("Send the report")
    assert phone.word("Your report has arrived") in phone.text()
    phone.look("receipt")
    code = "".join(phone.page.locator(".receipt").inner_text().split())
    assert re.fullmatch("[۰-۹]{28}", code)

    officer.follow("Reports", within="nav")
    assert HAPPENED[:40] in officer.text(".list tbody")
    officer._leads(officer.page.locator(".list .ref").first)
    assert "تصویر.png" in officer.text()
    officer.press("Take it up")
    officer.type("Question or answer", "در چه روزی بود؟ شماره کارت را ننویسید.")
    officer.press("Write")
    assert officer.word(triage.STAGES[Deed.ANSWERED]) in officer.text(".eyebrow")

    phone.page.goto("/")
    phone.follow("I have a receipt code")
    wrong = code[:-1] + ("۰" if code[-1] != "۰" else "۱")
    phone.type("Receipt code", wrong)
    phone.press("Show my report")
    assert phone.word(words.FAULTS["report.receipt-digit"]) in phone.text()
    phone.look("code-refused", refused=True)
    phone.type("Receipt code", code)
    phone.press("Show my report")
    assert "در چه روزی بود؟" in phone.text()
    phone.look("answered")
    phone.type("What do you want to say?", "سه‌شنبه، ساعت ۱۰ صبح.")
    phone.page.locator("#files").set_input_files([{"name": "sms.txt", "mimeType": "text/plain", "buffer": b"sms"}])
    phone.press("Send")
    assert phone.word("What you added has arrived.") in phone.text()
    phone.look("added")

    officer.page.reload()
    officer.look()
    assert "سه‌شنبه، ساعت ۱۰ صبح." in officer.text()
    assert officer.word("something was added") in officer.text(".eyebrow")


def test_a_bulletin_is_written_and_read(world):
    """By an officer in two languages; on the telephone in Persian, and as withdrawn afterwards."""
    phone, officer = world.phone, world.officer
    officer.follow("Bulletins", within="nav")
    officer.follow("New bulletin")
    officer.page.locator("#fa-title").fill("صفحه‌های جعلی بانک نمونه")
    officer.page.locator("#fa-body").fill("پیش از نوشتن رمز به نشانی صفحه نگاه کنید.\nبانک هرگز رمز شما را نمی‌پرسد.")
    officer.page.locator("#en-title").fill("Pages that copy a bank")
    officer.page.locator("#en-body").fill("Look at the address before you type a password.")
    officer.press("Publish")
    phone.page.goto("/fa/")
    phone.follow("صفحه‌های جعلی بانک نمونه")
    assert "بانک هرگز رمز شما را نمی‌پرسد." in phone.text()
    phone.look("bulletin")
    phone.follow("All warnings and advice")
    phone.look("bulletins")
    officer.type("Why it is withdrawn", "نادرست بود.")
    officer.press("Withdraw it")
    phone.page.goto("/fa/bulletins")
    phone._leads(phone.page.locator("main a").first)
    assert phone.word("This has been withdrawn. Do not go by it.") in phone.text()
    phone.look("withdrawn")
