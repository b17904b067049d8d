"""Every word of the node's pages has its Persian: no string without translation, no template text outside a tag."""

import io
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

SOURCE = Path(__file__).parent.parent / "src" / "comity"
NODE = SOURCE / "node"
CATALOGUE = NODE / "locale" / "fa" / "LC_MESSAGES" / "django.po"
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd%]|\{(\w+)\}")
TEMPLATES = sorted(NODE.rglob("*.html"))
VISIBLE_ATTRIBUTES = {"alt", "aria-label", "label", "placeholder", "summary", "title"}
OWN_NAMES = {
    "Comity",
    "U+202E",
    "YYYY-MM-DD",
    "YYYY/MM/DD",
    "UTC",
    "IP",
    "PDF",
    "ASiC-E",
    "SHA-256",
    "IR-CCA:13",
    "IR-2026-0001",
}


def messages() -> dict[str | tuple[str, str], str]:
    """Every message of the node's code and templates: msgid (or singular and plural) -> where it stands."""
    found = {}
    for path in [*sorted(NODE.rglob("*.py")), *sorted((SOURCE / "wording").rglob("*.py")), *TEMPLATES]:
        source = path.read_text("utf-8")
        code = source if path.suffix == ".py" else templatize(source)
        for line, message, _, context in extract("python", io.BytesIO(code.encode()), keywords=KEYWORDS):
            assert context is None, f"{path}:{line}: contexts are not used here"
            found.setdefault(message, f"{path.relative_to(SOURCE)}:{line}")
    return found


@pytest.fixture(scope="module")
def catalogue():
    """The Persian catalogue: msgid (or singular and plural) -> its message."""
    with CATALOGUE.open("rb") as source:
        return {message.id: message for message in read_po(source, locale="fa", abort_invalid=True) if message.id}


def test_messages_are_found():
    """The extraction sees code and templates, so that the checks below check something."""
    found = messages()
    assert len(found) > 500
    assert "Seal and send" in found
    assert "What may be done next" in found
    assert ("%(shown)s day left", "%(shown)s days left") in found


def test_every_message_has_its_persian(catalogue):
    """No message without translation, none empty or fuzzy, none left over in the catalogue."""
    used = messages()
    assert [f"{where}: {message}" for message, where in used.items() if message not in catalogue] == []
    assert [message for message in catalogue if message not in used] == []
    for message in catalogue.values():
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(text.strip() for text in texts), message.id
        assert not message.fuzzy, message.id


def test_placeholders_are_the_same(catalogue):
    """A translation names what its message names, no more and no less."""
    for message in catalogue.values():
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        assert len(ids) == len(texts), message.id
        for one, other in zip(ids, texts, strict=True):
            assert sorted(PLACEHOLDER.findall(one)) == sorted(PLACEHOLDER.findall(other)), one


def test_persian_is_typed_as_persian(catalogue):
    """No Arabic yeh or kaf, no Arabic digits, no Latin digits in running text, ZWNJ only between letters."""
    for message in catalogue.values():
        for text in message.string if isinstance(message.string, tuple) else (message.string,):
            assert not re.search("[\u064a\u0643\u0649\u0660-\u0669]", text), text
            assert not re.search(r"\u200c(?:\W|$)|(?:^|\W)\u200c", text.replace("\u200e", "")), text
            words = re.sub(r"%\(\w+\)s|\{\w+\}|\u200e[^\u200e]*\u200e", " ", text)
            for name in OWN_NAMES:
                words = words.replace(name, " ")
            assert not re.search(r"[0-9]", words), text
            latin = re.findall(r"[A-Za-z]{2,}", words)
            assert not latin, text


class _Visible(HTMLParser):
    """Collects the text that a page would show, once template tags are cut out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._quiet = 0

    def handle_starttag(self, tag, attrs):
        self._quiet += tag in ("script", "style")
        self.found += [value for name, value in attrs if name in VISIBLE_ATTRIBUTES and value]

    def handle_endtag(self, tag):
        self._quiet -= tag in ("script", "style")

    def handle_data(self, data):
        if not self._quiet:
            self.found.append(data)


def literals(source: str) -> list[str]:
    """The words that a template shows outside its translation tags."""
    source = re.sub(r"{%\s*blocktranslate.*?{%\s*endblocktranslate\s*%}", " ", source, flags=re.DOTALL)
    source = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", " ", source, flags=re.DOTALL)
    parser = _Visible()
    parser.feed(source)
    return [text.strip() for text in parser.found if any(unicodedata.category(sign)[0] == "L" for sign in text)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_speaks_english_by_itself(path):
    """What a template shows comes from a translation tag or from data; only the program's own name stands as it is."""
    assert [text for text in literals(path.read_text("utf-8")) if text.strip(" ·") != "Comity"] == []


def test_the_check_of_templates_sees_what_it_should():
    """Planted English is found, in text and in attributes; translated text and data are not."""
    planted = '<p title="Tip">{{ x }} Hello {% translate "there" %}</p>{% blocktranslate %}so{% endblocktranslate %}'
    assert literals(planted) == ["Tip", "Hello"]
