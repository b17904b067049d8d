"""Officers at the screens of a real browser, each at a node that runs: what they do, and a look over every page they see."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar
from urllib.parse import urlsplit

import pytest
from django.utils.translation import gettext, override
from playwright.sync_api import Browser, Error, Locator, Page, sync_playwright

from comity.casework.measure import Measure
from comity.demo import cast, nodes
from comity.node.officers import acts, almanac

FLAGS = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESK, TELEPHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PICTURES = "COMITY_PICTURES" in os.environ  # keep pictures, for people to look at: a tenth of the browser's work
PATIENCE = 90  # seconds until something that another process does must show
LOOK = r"""(language) => {
  const wrong = [], root = document.documentElement, say = (what, element) =>
    wrong.push(what + (element ? ": " + element.outerHTML.slice(0, 160) : ""));
  const seen = (element) => element.checkVisibility({visibilityProperty: true});
  if (root.lang !== language || root.dir !== {fa: "rtl", en: "ltr"}[language]) say(`lang ${root.lang} dir ${root.dir}`);
  if (document.querySelectorAll("h1").length !== 1) say("not one h1");
  const markup = document.body.innerText.match(/<\/?(?:time|bdi|span|strong|a|p)\b.{0,40}/);
  if (markup) say("markup shown as text: " + markup[0]);
  if (![...document.querySelectorAll(".band")].some((band) => seen(band) && band.innerText.length > 20)) say("no band");
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  ids.filter((id, place) => ids.indexOf(id) !== place).forEach((id) => say("id twice: " + id));
  for (const closed of document.querySelectorAll("details:not([open])")) {
    closed.open = true;
    closed.dataset.wasClosed = "";
  }
  for (const control of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
    if (seen(control) && !(control.labels.length && control.labels[0].innerText.trim())) say("no label", control);
  for (const control of document.querySelectorAll("button, a[href]"))
    if (seen(control) && !(control.innerText.trim() || control.ariaLabel)) say("no name", control);
  for (const image of document.querySelectorAll("img:not([alt])")) say("no alt", image);
  for (const link of document.querySelectorAll('a[href^="#"]'))
    if (!document.getElementById(link.hash.slice(1))) say("leads nowhere", link);
  const english = (text) => /[A-Za-z][\w'’-]*(?:[\s,;:]+[A-Za-z][\w'’-]*){2,}/.exec(text);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data, element = walker.currentNode.parentElement;
    if (!text.trim() || element.closest("script, style, datalist, textarea")) continue;
    if (element.tagName !== "OPTION" && !seen(element)) continue;
    if (/[A-Z]{2}-\d{4}-\d{4}/.test(text) && !element.closest("[dir=ltr], [dir=auto], option")) say("bare reference", element);
    if (language !== "fa" || element.closest("bdi, [dir=ltr], [dir=auto]")) continue;
    if (english(text)) say("English", element);
  }
  if (language === "fa")
    for (const element of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]"))
      for (const name of ["aria-label", "title", "placeholder", "alt"])
        if (english(element.getAttribute(name) ?? "")) say("English " + name, element);
  return wrong;
}"""
TOO_WIDE = r"""() => {
  const root = document.documentElement;
  if (root.scrollWidth <= innerWidth) return [];
  const out = [...document.querySelectorAll("body *")].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width && (box.right > innerWidth + 1 || box.left < -1) && !element.closest(".hidden, .skip, .scroll");
  });
  return [`${root.scrollWidth} wide at ${innerWidth}: ` + out.slice(0, 3).map((element) => element.outerHTML.slice(0, 120))];
}"""
FOCUS = r"""() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
  .filter((element) => element.checkVisibility({visibilityProperty: true}) && !element.disabled)
  .filter((element) => {
    element.focus({preventScroll: true});
    const style = getComputedStyle(element);
    return document.activeElement !== element || style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2;
  }).map((element) => "focus is not seen: " + element.outerHTML.slice(0, 120))"""
AS_BEFORE = """() => document.querySelectorAll("details[data-was-closed]").forEach((opened) => {
  opened.open = false;
  delete opened.dataset.wasClosed;
})"""


class Desk:
    """An officer at his screen.

    Args:
        browser: the one Chromium; every officer has a context of his own in it.
        node: his State's node.
        username: who he is.
        shots: the folder for pictures of what he saw.
    """

    seen: ClassVar[set[tuple[object, ...]]] = set()

    def __init__(self, browser: Browser, node: nodes.Node, username: str, shots: Path) -> None:
        self.node, self.username, self.language, self.shots = node, username, node.language, shots
        context = browser.new_context(
            locale=node.language, timezone_id=node.zone, ignore_https_errors=True, viewport=DESK, base_url=node.officers
        )
        context.set_default_timeout(30_000)
        self.page: Page = context.new_page()
        self.noise: list[str] = []
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.on("console", lambda said: self._heard(said.type, said.text))
        self.page.on("pageerror", lambda error: self.noise.append(f"script: {error}"))
        self.page.on("dialog", lambda dialog: dialog.accept())

    def _asked(self, url: str) -> None:
        if not url.startswith(self.node.officers + "/"):
            self.noise.append(f"asked {url}")

    def _heard(self, kind: str, text: str) -> None:
        refused = re.search("status of (403|422)", text)  # the browser's own note of what a page then says in words
        if kind in ("error", "warning") and not refused:
            self.noise.append(f"console: {text}")

    # ---- words

    def word(self, text: object) -> str:
        """`text`, English or lazy, in the language of this officer's pages."""
        with override(self.language):
            return gettext(text) if isinstance(text, str) else str(text)

    def digits(self, text: str) -> str:
        """`text` as typed on this officer's keyboard."""
        return almanac.persian_digits(text) if self.language == "fa" else text

    # ---- hands

    def open(self, path: str) -> None:
        """Type an address."""
        self.page.goto(path)
        self.look()

    def _leads(self, found: Locator) -> None:
        with self.page.expect_navigation():
            found.click()
        self.look()

    def press(self, name: object) -> None:
        """Press the button `name`."""
        self._leads(self.page.get_by_role("button", name=self.word(name), exact=True).filter(visible=True))

    def follow(self, name: object, *, within: str = "body") -> None:
        """Follow the link `name`."""
        links = self.page.locator(within).get_by_role("link", name=self.word(name), exact=True)
        self._leads(links.filter(visible=True).first)

    def unfold(self, name: object) -> None:
        """Open the part of the page that hides behind `name`."""
        self.page.locator("summary", has_text=self.word(name)).click()

    def _labelled(self, label: object, end: str, kinds: str) -> Locator:
        named = self.page.locator("main").get_by_label(re.compile(rf"^\s*{re.escape(self.word(label))}{end}"))
        return named.and_(self.page.locator(kinds)).filter(visible=True)

    def box(self, label: object) -> Locator:
        """The box or the round button to tick that `label` names."""
        return self._labelled(label, "", "[type=checkbox], [type=radio]")

    def control(self, label: object, place: int = 0) -> Locator:
        """The control that `label` names; the `place`-th where several rows have it."""
        return self._labelled(label, r"(\s|$)", "input:not([type=checkbox], [type=radio]), select, textarea").nth(place)

    def type(self, label: object, text: str, place: int = 0) -> None:
        """Type `text` where `label` stands, in place of what stood there."""
        self.control(label, place).fill(text)

    def to_case(self, reference: str) -> None:
        """From the list of cases to one of them, as soon as it is there."""
        self.follow("Cases", within="nav")
        self.until(lambda: self.page.get_by_role("link", name=reference).count())
        self.follow(reference, within="main")

    # ---- eyes

    def until(self, there: Callable[[], object]) -> None:
        """Reload the page until `there` is true."""
        end = time.monotonic() + PATIENCE
        while not there():
            assert time.monotonic() < end, f"{self.username}: {PATIENCE} seconds passed at {self.page.url}"
            self.page.wait_for_timeout(200)
            self.page.reload()

    def until_stage(self, side: str, stage: str, measure: str = "stored-data") -> None:
        """Reload the case's page until it stands at `stage`; with `` part`` behind it while a rest is due."""
        standing = "· " + self.word(acts.called(acts.STAGES, f"{side} {stage}", Measure(measure)))
        self.until(lambda: self.text(".parties").endswith(standing))
        self.look()

    def text(self, where: str = "main") -> str:
        """What can be read there, on one line."""
        return " ".join(" ".join(self.page.locator(where).all_inner_texts()).split())

    def look(self, name: str = "") -> None:
        """Look the page over, at a desk's screen and a telephone's, and keep a picture; under `name`, pictures of all of it."""
        try:
            wrong = self._look()
        except Error as error:  # a page that shows work going on refreshes itself
            if "context was destroyed" not in str(error):
                raise
            self.page.wait_for_load_state()
            wrong = self._look()
        assert wrong + self.noise == [], f"{self.username} at {self.page.url}"
        for size in (DESK, TELEPHONE) if name and PICTURES else ():
            self.page.set_viewport_size(size)
            self.page.screenshot(path=self.shots / f"{name}-{size['width']}.png", full_page=True)
        self.page.set_viewport_size(DESK)

    def _look(self) -> list[str]:
        page = self.page
        wrong = page.evaluate(LOOK, self.language) + page.evaluate(TOO_WIDE)
        page.set_viewport_size(TELEPHONE)
        wrong += page.evaluate(TOO_WIDE)
        page.evaluate(AS_BEFORE)
        self.picture("phone")
        page.set_viewport_size(DESK)
        page.keyboard.press("Tab")
        wrong += page.evaluate(FOCUS)
        page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
        self.picture("desk")
        return wrong

    def picture(self, name: str) -> None:
        """Keep a picture of the page, if any are kept, unless there is one already of a case at this stage."""
        if not PICTURES:
            return
        place = re.sub(r"\W+", "-", re.sub(r"[A-Z]{2}-\d{4}-\d{4}", "", urlsplit(self.page.url).path)).strip("-")
        seen = (self.language, name, place, self.text(".parties"), self.page.locator(".wrong, [role=alert]").count())
        if seen not in self.seen:
            self.seen.add(seen)
            path = self.shots / f"{len(self.seen):03}-{self.username}-{place}-{name}.jpg"
            self.page.screenshot(path=path, full_page=True, type="jpeg", quality=60)

    def sign_in(self) -> None:
        """To the list of cases, through the sign-in page if need be."""
        self.open("/cases")
        if urlsplit(self.page.url).path == "/cases":
            return
        self.type("Name", self.username)
        self.type("Password", self.node.passwords[self.username])
        self.press("Sign in")
        assert urlsplit(self.page.url).path == "/cases"

    def fetch(self, name: object, to: Path, *, role: str = "link") -> Path:
        """Save what the link or button `name` gives; a click with Alt saves also what a browser could show."""
        with self.page.expect_download() as started:
            self.page.get_by_role(role, name=self.word(name)).click(modifiers=["Alt"] if role == "link" else [])
        started.value.save_as(to)
        return to


def chromium() -> str:
    """The path of the browser, as `make test` finds it."""
    found = os.environ.get("COMITY_CHROMIUM")
    script = Path(__file__).parent.parent / "scripts" / "chromium.sh"
    return found or subprocess.run([script], capture_output=True, text=True, check=True).stdout.strip()


def folder_for_pictures(root: Path) -> None:
    """Make it, and say where it is."""
    (root / "shots").mkdir()
    if PICTURES:
        print(f"pictures: {root / 'shots'}")  # noqa: T201  they are there to be looked at


@contextmanager
def exercise(
    root: Path, port: int, seats: dict[str, str] | None = None, *, states: dict[str, nodes.Node] | None = None,
    before: Callable[[dict[str, nodes.Node]], object] = lambda states: None,
) -> Iterator[SimpleNamespace]:  # fmt: skip
    """States whose nodes run, and a desk in a browser for each officer.

    Args:
        root: where everything lies.
        port: the nodes' first one, not that of other tests, which may run beside these.
        seats: sign-in name -> State, of those who sit at desks; None: everybody, at nodes that all run.
        states: code -> node, not made yet; the three of the exercise if None.
        before: what is done when the nodes are made, and do not run yet.
    """
    states = states or {node.state: node for node in cast.three_states()}
    seats = seats or {person.username: node.state for node in states.values() for person in node.people}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nodes, "_FIRST_PORT", port)
        nodes.make_all(list(states.values()), root)
    before(states)
    folder_for_pictures(root)
    running = [states[state] for state in sorted(set(seats.values()))]
    try:
        for node in running:
            node.start()
        with a_browser() as browser:
            desks = {name: Desk(browser, states[state], name, root / "shots") for name, state in seats.items()}
            for node in running:
                answers(next(desk for desk in desks.values() if desk.node is node))
            yield SimpleNamespace(root=root, states=states, **desks)
    finally:
        for node in running:
            node.stop()


@contextmanager
def a_browser() -> Iterator[Browser]:
    """A Chromium of its own."""
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=flags)
        yield found
        found.close()


def answers(desk: Desk) -> None:
    """Wait until the officer's node answers."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            desk.page.goto("/sign-in")
        except Error:
            assert time.monotonic() < end, desk.node.log.read_text()[-2000:]
            time.sleep(0.2)
        else:
            return
