"""The law books: which are refused and why, what the shipped ones hold, and whom a treaty binds on a day."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lawroom import BOOKS, FOLDER, ON, SHELF, bilateral

from comity.casework.measure import GROUPS, Measure
from comity.errors import BrokenLawbook, Invalid
from comity.law._row import Period, open_page
from comity.law.book import load, renewed
from comity.law.dates import after
from comity.law.finding import Finding, Verdict
from comity.law.provision import Provision
from comity.law.treaty import Entry, Party, Treaty
from comity.law.treaty_reader import ALWAYS, OPTIONAL

# ── Books that are refused ──────────────────────────────────────────────────────────────────────────────────────────

HOUSE = """
[book]
id = "XA"
kind = "state"
en = "State XA"
fa = "کشور"

[state]
zone = "Asia/Tehran"
calendar = "gregorian"
region = "asia-pacific"
tradition = ["civil"]

[[week]]
days = ["mon", "tue"]
provision = "XA:week"

[[week]]
days = ["mon", "wed"]
provision = "XA:new-week"

[[holiday]]
en = "Spring"
fa = "بهار"
month = 3
day = 21
provision = "XA:holidays"

[[offence]]
code = "uncc:7"
provision = "XA-PC:7"
elements = ["intent", "access"]
requires_also = ["security-measure"]
max_penalty = "3 years"

[[language]]
tag = "fa"
provision = "XA:language"

[[authorisation]]
measures = ["data"]
by = "judge"
provision = "XA-PC:7"

[[authority]]
role = "central"
en = "Ministry"
fa = "وزارت"
provision = "XA:language"

[[policy]]
subject = "below-minimum"
stance = "must-refuse"
measures = ["extradition"]
penalty = "1 year"
provision = "XA-PC:7"

[[retention]]
category = "traffic"
period = "12 months"
provision = "XA-PC:7"

[[clock]]
id = "arrest"
measures = ["provisional-arrest"]
period = "40 days"
least = false
bearer = "requesting"
provision = "XA-PC:7"

[[treaty]]
with = ["IR"]
provision = "XA:language"

[[provision]]
id = "XA:week"
verified = false
to = 2019-12-31
source = "a test"
en = "Week."
fa = "هفته."

[[provision]]
id = "XA:new-week"
verified = false
from = 2020-01-01
source = "a test"
en = "Week."
fa = "هفته."

[[provision]]
id = "XA:holidays"
verified = false
source = "a test"
en = "Holidays."
fa = "تعطیلات."

[[provision]]
id = "XA:language"
verified = true
from = 2000-01-01
source = "a test"
en = "Language."
fa = "زبان."

[[provision]]
id = "XA-PC:7"
article = "7"
verified = false
from = 2010-01-01
to = 2029-12-31
source = "a test"
en = "Access."
fa = "دسترسی."
"""
"""A State's book with a row of each kind."""

RULES = "\n".join(f'[[rule]]\nrule = "{rule}"\nmeasures = ["all"]\ncites = ["XT:1"]\n' for rule in sorted(ALWAYS))
TREATY = f"""
[book]
id = "XT"
kind = "treaty"
en = "Treaty"
fa = "معاهده"

[entry]
opened = 2020-01-01
needed = 2
period = "90 days"
joiner_period = "30 days"
denunciation_period = "1 year"
provision = "XT:1"
joiner_provision = "XT:1"
denunciation_provision = "XT:1"
known_on = 2026-11-24
source = "a test"

[[party]]
state = "XA"
signed = 2020-01-01
signed_sure = "V"
deposited = 2020-02-01
deposit_sure = "V"
denounced = 2024-01-01
denounced_sure = "V"

[[party]]
state = "XB"
deposited_by = 2020-03-01
by_sure = "S"

[[reservation]]
state = "XA"
articles = ["7"]
provision = "XT:1"

[[declaration]]
state = "XA"
articles = ["8"]
provision = "XT:1"

[[measure]]
id = "preservation"
provision = "XT:1"
scopes = []
dual_criminality = "not-required"

[[measure]]
id = "stored-data"
provision = "XT:1"
scopes = []
dual_criminality = "may-refuse"
least_penalty = "1 year"

[[content]]
measures = ["data"]
id = "facts"
provision = "XT:1"
fields = ["facts"]
need = "where-applicable"
always_for = ["content"]

[[ground]]
id = "fiscal"
stance = "forbidden"
measures = ["all"]
provision = "XT:1"

[[duty]]
id = "speed"
bearer = "requested"
measures = ["all"]
provision = "XT:1"

[[clock]]
id = "preservation"
measures = ["preservation"]
period = "60 days"
least = true
bearer = "requested"
provision = "XT:1"

[[offence]]
code = "XT:7"
provision = "XT:1"
elements = ["access"]
same_as = "uncc:7"

[[offence]]
code = "XT:8"
provision = "XT:1"
elements = ["secrecy"]

{RULES}
[[provision]]
id = "XT:1"
article = "1"
sure = "V"
en = "All."
fa = "همه."
"""
"""A treaty's book with a row of each kind."""

LAW, HOME = "treaties/XT.toml", "states/XA.toml"
SUMMER = '[[holiday]]\nen = "Summer"\nfa = "تابستان"\nprovision = "XA:holidays"\n{}\n\n[[offence]]'
LINK = 'dual_criminality = "may-refuse"'
REFUSED: list[tuple[str, str, tuple[str, str], str, str, str]] = [
    # any book
    ("not TOML", HOME, ("[book]", "[book"), "lawbook.syntax", HOME, "Mend that line"),
    ("date that does not exist", HOME, ("2010-01-01", "2010-02-30"), "lawbook.syntax", HOME, "a date must exist"),
    ("date in quotes", HOME, ("from = 2010-01-01", 'from = "2010-01-01"'), "lawbook.type", "field from", "without quotes"),
    ("date with a time", HOME, ("from = 2010-01-01", "from = 2010-01-01T00:00:00Z"), "lawbook.date", "from", "only the date"),
    ("end before beginning", HOME, ("to = 2029-12-31", "to = 2009-12-31"), "lawbook.date", "field to", "Correct one"),
    ("unknown field", HOME, ('article = "7"', 'article = "7"\nnote = "x"'), "lawbook.field-unknown", "field note",
     "Known here"),
    ("unknown table", HOME, ("[[language]]", "[[tongue]]"), "lawbook.field-unknown", "tongue", "Known here"),
    ("table that is a list", HOME, ("[state]", "[[state]]"), "lawbook.field-missing", "[state]", "Add it"),
    ("row that is a table", HOME, ("[[language]]", "[language]"), "lawbook.type", "language", "[[language]]"),
    ("missing field", HOME, ('en = "Access."', ""), "lawbook.field-missing", "XA-PC:7", 'Write en = "…"'),
    ("empty text", HOME, ('tag = "fa"', 'tag = " "'), "lawbook.value", "[[language]] 1", "empty"),
    ("two provisions on one day", HOME, ('id = "XA-PC:7"', 'id = "XA:language"'), "lawbook.overlap", "XA:language",
     "End the older"),
    ("foreign id", HOME, ('id = "XA-PC:7"', 'id = "XB-PC:7"'), "lawbook.value", "field id", "begins with XA:"),
    ("cite that does not exist", HOME, ('tag = "fa"\nprovision = "XA:language"', 'tag = "fa"\nprovision = "XA:tongue"'),
     "lawbook.cite", "field provision", "Add a [[provision]]"),
    ("named twice in a list", HOME, ('["mon", "tue"]', '["mon", "mon"]'), "lawbook.duplicate", "days", "Remove one"),
    ("a number in a list of texts", HOME, ('["mon", "tue"]', '["mon", 2]'), "lawbook.type", "days", "not text"),
    ("measure that is none", HOME, ('measures = ["data"]', 'measures = ["torture"]'), "lawbook.value", "measures", "Known"),
    ("group that is none", LAW, ('id = "speed"\nbearer = "requested"\nmeasures = ["all"]',
                                 'id = "speed"\nbearer = "requested"\nmeasures = ["every"]'),
     "lawbook.value", "measures", "Known"),
    ("no measure", HOME, ('measures = ["data"]', "measures = []"), "lawbook.value", "measures", "Name one"),
    ("group of which the book has none", LAW, ('measures = ["data"]', 'measures = ["assets"]'), "lawbook.value", "measures",
     "no measure of this book"),
    ("measure that the book has not", LAW, ('measures = ["preservation"]', 'measures = ["extradition"]'), "lawbook.value",
     "measures", "Known"),
    ("penalty without unit", HOME, ('max_penalty = "3 years"', "max_penalty = 3"), "lawbook.unit", "max_penalty",
     '"5 years"'),
    ("penalty in days", HOME, ('max_penalty = "3 years"', 'max_penalty = "91 days"'), "lawbook.unit", "max_penalty",
     "18 months"),
    ("penalty beyond life", HOME, ('max_penalty = "3 years"', 'max_penalty = "101 years"'), "lawbook.unit", "max_penalty",
     '"life"'),
    ("minimum without unit", LAW, ('least_penalty = "1 year"', 'least_penalty = "12"'), "lawbook.unit", "least_penalty",
     '"5 years"'),
    ("period without unit", LAW, ('period = "60 days"', 'period = "60"'), "lawbook.unit", "period", '"60 days"'),
    ("period of nothing", HOME, ('period = "40 days"', 'period = "0 days"'), "lawbook.unit", "period", '"24 hours"'),
    ("period in fortnights", HOME, ('period = "12 months"', 'period = "2 fortnights"'), "lawbook.unit", "period", "2 weeks"),
    ("period that is a number", LAW, ('period = "90 days"', "period = 90"), "lawbook.type", "period", "period ="),
    ("clock twice", LAW, ('[[offence]]\ncode = "XT:8"',
                          ('[[clock]]\nid = "preservation"\nmeasures = ["all"]\nperiod = "1 day"\nleast = true\n'
                          'bearer = "requested"\nprovision = "XT:1"\n\n[[offence]]\ncode = "XT:8"')),
     "lawbook.duplicate", "[[clock]] 2", "Remove one"),
    # States
    ("verified without beginning", HOME, ("verified = true\nfrom = 2000-01-01", "verified = true"), "lawbook.field-missing",
     "field from", "Add `from`"),
    ("verified in quotes", HOME, ("verified = true", 'verified = "no"'), "lawbook.type", "field verified",
     "verified = true or"),
    ("two working weeks on one day", HOME, ("to = 2019-12-31", "to = 2020-01-01"), "lawbook.overlap", "[[week]] 2",
     "Date their provisions"),
    ("week without days", HOME, ('["mon", "tue"]', "[]"), "lawbook.value", "field days", "at least one day"),
    ("day of the week that is none", HOME, ('["mon", "tue"]', '["mon", "day"]'), "lawbook.value", "field days", "Known"),
    ("holiday without a rule", HOME, ("[[offence]]", SUMMER.format("")), "lawbook.value", "[[holiday]] 2", "one of them"),
    ("holiday with two rules", HOME, ("[[offence]]", SUMMER.format('month = 7\nday = 1\neaster = "western"\noffset = 1')),
     "lawbook.value", "[[holiday]] 2", "one of them"),
    ("holiday by month alone", HOME, ("[[offence]]", SUMMER.format("month = 7")), "lawbook.value", "field day",
     "weekday with nth"),
    ("holiday by day and weekday", HOME, ("[[offence]]", SUMMER.format('month = 7\nday = 1\nweekday = "mon"\nnth = 1')),
     "lawbook.value", "field day", "one of them"),
    ("holiday by weekday without nth", HOME, ("[[offence]]", SUMMER.format('month = 7\nweekday = "mon"')),
     "lawbook.field-missing", "field nth", "nth ="),
    ("day of a month with an offset", HOME, ("[[offence]]", SUMMER.format("month = 7\nday = 1\noffset = 1")),
     "lawbook.value", "field offset", "write the day itself"),
    ("dates with an offset", HOME, ("[[offence]]", SUMMER.format("dates = [2026-07-01]\noffset = -1")),
     "lawbook.value", "field offset", "write the day itself"),
    ("day of a month with an offset of nothing", HOME, ("[[offence]]", SUMMER.format("month = 7\nday = 1\noffset = 0")),
     "lawbook.value", "field offset", "write the day itself"),
    ("holiday on the nought-th Monday", HOME, ("[[offence]]", SUMMER.format('month = 7\nweekday = "mon"\nnth = 0')),
     "lawbook.value", "field nth", "-1 for the last"),
    ("holiday on the sixth Monday", HOME, ("[[offence]]", SUMMER.format('month = 7\nweekday = "mon"\nnth = 6')),
     "lawbook.value", "field nth", "-1 to 5"),
    ("weekday of another calendar", HOME,
     ("[[offence]]", SUMMER.format('calendar = "solar-hijri"\nmonth = 7\nweekday = "mon"\nnth = 1')),
     "lawbook.value", "field nth", "Gregorian"),
    ("holiday of a month that is none", HOME, ("[[offence]]", SUMMER.format("month = 13\nday = 1")), "lawbook.value",
     "field month", "1 to 12"),
    ("holiday at Easter without offset", HOME, ("[[offence]]", SUMMER.format('easter = "western"')),
     "lawbook.field-missing", "field offset", "offset ="),
    ("Easter of another church", HOME, ("[[offence]]", SUMMER.format('easter = "eastern"\noffset = 1')), "lawbook.value",
     "field easter", "orthodox"),
    ("holiday on no dates", HOME, ("[[offence]]", SUMMER.format("dates = []")), "lawbook.value", "field dates",
     "at least one day"),
    ("holiday on dates that are text", HOME, ("[[offence]]", SUMMER.format('dates = ["2026-07-01"]')), "lawbook.date",
     "field dates", "2026-11-24"),
    ("holiday with the offset of another rule", HOME, ("[[offence]]", SUMMER.format("dates = [2026-07-01]\nnth = 1")),
     "lawbook.field-unknown", "field nth", "not known"),
    ("holiday moved to anywhere", HOME, ("[[offence]]", SUMMER.format('month = 7\nday = 1\nmoved = "friday"')),
     "lawbook.value", "field moved", "nearest"),
    ("element that the treaty does not have", HOME, ('"access"]', '"entry"]'), "lawbook.value", "field elements", "Known"),
    ("requirement that the treaty does not allow", HOME, ('["security-measure"]', '["serious-harm"]'), "lawbook.value",
     "field requires_also", "Known"),
    ("offence that no treaty has", HOME, ('code = "uncc:7"', 'code = "uncc:99"'), "lawbook.value", "field code", "uncc:12"),
    ("policy without its penalty", HOME, ('penalty = "1 year"\n', ""), "lawbook.value", "penalty", "needs one"),
    ("penalty of another policy", HOME, ('"below-minimum"', '"own-national"'), "lawbook.value", "penalty",
     "Only below-minimum"),
    ("policy on nothing known", HOME, ('"below-minimum"', '"bad-weather"'), "lawbook.value", "subject", "own-national"),
    ("stance that is none", HOME, ('stance = "must-refuse"', 'stance = "should-refuse"'), "lawbook.value", "stance",
     "no-bar"),
    ("somebody who authorises nothing", HOME, ('by = "judge"', 'by = "clerk"'), "lawbook.value", "field by", "prosecutor"),
    ("authority for nothing", HOME, ('role = "central"', 'role = "canteen"'), "lawbook.value", "role", "contact-24-7"),
    ("data of no kind", HOME, ('category = "traffic"', 'category = "gossip"'), "lawbook.value", "category", "subscriber"),
    ("zone that is none", HOME, ('"Asia/Tehran"', '"Tehran time"'), "lawbook.value", "field zone", "Asia/Tehran"),
    ("calendar that is none", HOME, ('calendar = "gregorian"', 'calendar = "julian"'), "lawbook.value", "calendar",
     "buddhist"),
    ("region that is none", HOME, ('"asia-pacific"', '"antarctica"'), "lawbook.value", "region", "africa"),
    ("tradition that is none", HOME, ('["civil"]', '["martial"]'), "lawbook.value", "tradition", "common"),
    ("language that is none", HOME, ('tag = "fa"', 'tag = "Persian"'), "lawbook.value", "field tag", 'tag = "fa"'),
    ("treaty with itself", HOME, ('with = ["IR"]', 'with = ["XA"]'), "lawbook.value", "field with", "with ="),
    ("treaty with nobody", HOME, ('with = ["IR"]', "with = []"), "lawbook.value", "field with", "with ="),
    ("treaty with a name", HOME, ('with = ["IR"]', 'with = ["Iran"]'), "lawbook.value", "field with", "ISO codes"),
    ("book in the wrong file", HOME, ('id = "XA"\n', 'id = "XX"\n'), "lawbook.value", "XA", "XX:"),
    ("code that is none", HOME, ('id = "XA"\n', 'id = "State"\n'), "lawbook.value", "field id", "two-letter"),
    # treaties
    ("cite in a list", LAW, ('cites = ["XT:1"]', 'cites = ["XT:2"]'), "lawbook.cite", "field cites", "Add a [[provision]]"),
    ("rule that cites nothing", LAW, ('cites = ["XT:1"]', "cites = []"), "lawbook.cite", "cites", "at least one"),
    ("rule left out", LAW, ('rule = "rights"\nmeasures = ["all"]', 'rule = "rights"\nmeasures = ["preservation"]'),
     "lawbook.uncited", "stored-data", "Add a [[rule]]"),
    ("rule twice", LAW, ('rule = "rights"', 'rule = "urgency"'), "lawbook.duplicate", "[[rule]]", "Remove one"),
    ("rule that is none", LAW, ('rule = "rights"', 'rule = "wrongs"'), "lawbook.value", "rule", "rights"),
    ("scope without its rule", LAW, ("scopes = []", 'scopes = ["A"]'), "lawbook.uncited", "preservation", "rule scope-A"),
    ("scope that is none", LAW, ("scopes = []", 'scopes = ["E"]'), "lawbook.value", "scopes", "Known"),
    ("dual criminality without its rule", LAW, (LINK, 'dual_criminality = "required"'), "lawbook.uncited",
     "stored-data", "rule dual-criminality"),
    ("follows without its rule", LAW, (LINK, f'{LINK}\nfollows = "preservation"'), "lawbook.uncited", "stored-data",
     "rule link"),
    ("follows itself", LAW, (LINK, f'{LINK}\nfollows = "stored-data"'), "lawbook.circle", "follows", "Correct one"),
    ("follows in a circle", LAW, ('dual_criminality = "not-required"\n\n[[measure]]\nid = "stored-data"',
                                  ('dual_criminality = "not-required"\nfollows = "stored-data"\n\n[[measure]]\n'
                                  'id = "stored-data"\nfollows = "preservation"')), "lawbook.circle", "follows", "circle"),
    ("measure twice", LAW, ('id = "stored-data"', 'id = "preservation"'), "lawbook.duplicate", "[[measure]] 2", "Remove one"),
    ("measure that does not exist", LAW, ('id = "stored-data"', 'id = "torture"'), "lawbook.value", "field id", "Write one"),
    ("field that requests do not have", LAW, ('fields = ["facts"]', 'fields = ["fiction"]'), "lawbook.value",
     "field fields", "purpose"),
    ("content without a field", LAW, ('fields = ["facts"]', "fields = []"), "lawbook.value", "field fields", "at least one"),
    ("content always for nothing", LAW, ('always_for = ["content"]', 'always_for = ["gossip"]'), "lawbook.value",
     "always_for", "subscriber"),
    ("content twice", LAW, ("[[ground]]", ('[[content]]\nmeasures = ["all"]\nid = "facts"\nprovision = "XT:1"\n'
                            'fields = ["facts"]\nneed = "always"\n\n[[ground]]')), "lawbook.duplicate", "[[content]] 2",
     "Remove one"),
    ("ground that stands in no way", LAW, ('stance = "forbidden"', 'stance = "frowned-upon"'), "lawbook.value", "stance",
     "postpone"),
    ("ground twice", LAW, ("[[duty]]", ('[[ground]]\nid = "fiscal"\nstance = "exists"\nmeasures = ["preservation"]\n'
                           'provision = "XT:1"\n\n[[duty]]')), "lawbook.duplicate", "[[ground]] 2", "Remove one"),
    ("duty of nobody", LAW, ('id = "speed"\nbearer = "requested"', 'id = "speed"\nbearer = "both"'), "lawbook.value",
     "bearer", "requesting"),
    ("offence of another book", LAW, ('code = "XT:8"', 'code = "uncc:8"'), "lawbook.value", "code", "named XT:"),
    ("offence twice", LAW, ('code = "XT:8"', 'code = "XT:7"'), "lawbook.duplicate", "[[offence]] 2", "Remove one"),
    ("same as none", LAW, ('same_as = "uncc:7"', 'same_as = "uncc:99"'), "lawbook.cite", "same_as", "Correct same_as"),
    ("same as itself", LAW, ('same_as = "uncc:7"', 'same_as = "XT:7"'), "lawbook.circle", "same_as", "on its own"),
    ("same as in a circle", LAW, ('elements = ["secrecy"]', 'elements = ["access"]\nsame_as = "XT:7"'), "lawbook.circle",
     "same_as", "on its own"),
    ("same as, and yet more", LAW, ('elements = ["access"]', 'elements = ["access", "malice"]'), "lawbook.value", "same_as",
     "malice"),
    ("mark that does not exist", LAW, ('article = "1"\nsure = "V"', 'article = "1"\nsure = "A"'), "lawbook.value",
     "field sure", "M, S, V"),
    ("deposit without mark", LAW, ('deposit_sure = "V"\n', ""), "lawbook.field-missing", "deposit_sure", "deposit_sure ="),
    ("mark without deposit", LAW, ('by_sure = "S"', 'by_sure = "S"\ndeposit_sure = "V"'), "lawbook.field-unknown",
     "deposit_sure", "not known"),
    ("deposited after the latest day", LAW, ('by_sure = "S"', 'by_sure = "S"\ndeposited = 2020-03-02\ndeposit_sure = "V"'),
     "lawbook.date", "field deposited", "follow one another"),
    ("signed after the deposit", LAW, ("signed = 2020-01-01", "signed = 2020-02-02"), "lawbook.date", "[[party]] 1",
     "follow one another"),
    ("denounced without deposit", LAW, ('deposited = 2020-02-01\ndeposit_sure = "V"\n', ""), "lawbook.date", "denounced",
     "Add its deposit"),
    ("State twice", LAW, ('state = "XB"', 'state = "XA"'), "lawbook.duplicate", "[[party]] 2", "Remove one"),
    ("no day of knowledge", LAW, ("known_on = 2026-11-24\n", ""), "lawbook.field-missing", "[entry]", "known_on = "),
    ("no day of opening", LAW, ("opened = 2020-01-01\n", ""), "lawbook.field-missing", "[entry]", "opened = "),
    ("number that is none", LAW, ("needed = 2", "needed = 0"), "lawbook.value", "field needed", "1 to"),
    ("truth for a number", LAW, ("needed = 2", "needed = true"), "lawbook.type", "field needed", "without quotes"),
    ("kind that is none", LAW, ('kind = "treaty"', 'kind = "promise"'), "lawbook.value", "kind", "bilateral"),
    ("bilateral without its two", LAW, ('kind = "treaty"', 'kind = "bilateral"'), "lawbook.field-missing", "between",
     "between ="),
    ("bilateral of three", LAW, ('kind = "treaty"', 'kind = "bilateral"\nbetween = ["XA", "XB", "XC"]'), "lawbook.value",
     "between", '["IR", "VN"]'),
    ("between two, and not bilateral", LAW, ('kind = "treaty"', 'kind = "treaty"\nbetween = ["XA", "XB"]'), "lawbook.value",
     "between", "no other book"),
    ("party of a bilateral treaty that is neither", LAW,
     ('kind = "treaty"', 'kind = "bilateral"\nbetween = ["XB", "XC"]'), "lawbook.value", "field state", "Remove the line"),
    ("reservation of nothing", LAW, ('articles = ["7"]\n', ""), "lawbook.field-missing", "articles", "articles ="),
    ("declaration with an unknown field", LAW, ('articles = ["8"]', 'articles = ["8"]\nby = "x"'), "lawbook.field-unknown",
     "field by", "Known here"),
]  # fmt: skip


def read(folder: Path, file: str, edit: tuple[str, str] = ("", "")) -> None:
    """Read the test's book `file` with one text replaced, beside the shipped books."""
    text = HOUSE if file == HOME else TREATY
    assert edit[0] in text
    path = folder / file.partition("/")[2]
    path.write_text(text.replace(*edit) if edit[0] else text, "utf-8")
    renewed(BOOKS, [open_page(path, file)])


@pytest.mark.parametrize("file", [HOME, LAW])
def test_whole_book(file: str, tmp_path: Path) -> None:
    """The test's own books are in order."""
    read(tmp_path, file)


@pytest.mark.parametrize(("file", "edit", "code", "place", "remedy"), [pytest.param(*r, id=t) for t, *r in REFUSED])
def test_refused_book(file: str, edit: tuple[str, str], code: str, place: str, remedy: str, tmp_path: Path) -> None:
    """A broken book is refused with its file, its place and what to write instead."""
    with pytest.raises(BrokenLawbook) as error:
        read(tmp_path, file, edit)
    assert error.value.code == code
    assert file in error.value.where
    assert place in error.value.where
    assert remedy in error.value.message


def test_refused_book_names_the_line(tmp_path: Path) -> None:
    """The line in the message is the line in the file."""
    with pytest.raises(BrokenLawbook) as error:
        read(tmp_path, HOME, ('max_penalty = "3 years"', "max_penalty = 3"))
    line = int(re.search(r"line (\d+)", error.value.where)[1])
    assert (tmp_path / "XA.toml").read_text("utf-8").splitlines()[line - 1] == "max_penalty = 3"


def test_no_books(tmp_path: Path) -> None:
    """An empty folder, a file that is not UTF-8 and one that cannot be read are refused."""
    with pytest.raises(BrokenLawbook, match="no treaties"):
        load(tmp_path)
    (tmp_path / "treaties").mkdir()
    path = tmp_path / "treaties" / "XT.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(BrokenLawbook, match="not UTF-8"):
        load(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(BrokenLawbook, match="cannot be read"):
        load(tmp_path)


def test_questions_to_the_books() -> None:
    """The books say Invalid for names that they do not have."""
    asked: list[tuple[str, Callable[[], object]]] = [
        ("law.clock", lambda: BOOKS.clock("reciprocity", "preservation")),
        ("law.offence", lambda: BOOKS.offence("uncc:99")),
        ("law.provision", lambda: BOOKS.provision("uncc:99")),
        ("law.provision", lambda: BOOKS.provision("EE-CCP:126-7", date(2012, 12, 31))),
        ("law.rule", lambda: BOOKS.cites("uncc", Measure.PRESERVATION, "link")),
        ("law.measure", lambda: BOOKS.contents("uncc", Measure.PRODUCTION_ORDER)),
        ("law.state", lambda: BOOKS.offences("ZZ", "uncc:7", ON)),
        ("law.basis", lambda: BOOKS.status("unknown", "IR", "VN", ON)),
    ]
    for code, ask in asked:
        with pytest.raises(Invalid) as error:
            ask()
        assert error.value.code == code


def test_uncited_finding() -> None:
    """There is no finding without a citation."""
    with pytest.raises(Invalid, match="must cite"):
        Finding("rule", Verdict.UNKNOWN, "rule.code", ())


# ── The shipped books ───────────────────────────────────────────────────────────────────────────────────────────────


def provisions() -> Iterator[tuple[str, Provision]]:
    """Every provision of every shipped book, with the book's id."""
    for name, book in (*BOOKS.treaties.items(), *BOOKS.states.items()):
        for versions in book.provisions.values():
            yield from ((name, version) for version in versions)


def test_both_languages() -> None:
    """Every line is there in English and in Persian letters and digits; State lines say that they must be checked."""
    for name, line in provisions():
        assert line.en.endswith((".", ")")), line.id
        assert re.search("[آ-ی]", line.fa), line.id
        assert not re.search("[يك0-9]", line.fa), line.id
        if name in BOOKS.states and not line.verified:
            assert re.search("check|jurist", line.en), line.id
            assert re.search("بررسی|حقوق‌دان", line.fa), line.id


def test_nothing_is_claimed() -> None:
    """No shipped State line claims to be verified, and each names its source."""
    for name, line in provisions():
        if name in BOOKS.states:
            assert not line.verified, line.id
            assert line.source, line.id


def test_treaty_lines_are_named_by_their_article() -> None:
    """A treaty's line that speaks of an article is named by it, so that nobody reads one number and cites another."""
    for name, line in provisions():
        if name in BOOKS.treaties and line.article and "reservation" not in line.id and "declaration" not in line.id:
            tail = line.id.partition(":")[2]
            assert line.article in tail or tail.startswith(line.article.split()[0]), line.id


def test_every_measure_is_somewhere() -> None:
    """Each form of cooperation stands in at least one treaty, and the UN Convention has all but the production order."""
    known = {measure for treaty in BOOKS.treaties.values() if treaty.entry for measure in treaty.measures}
    assert known == set(Measure)
    assert set(BOOKS.treaty("uncc").measures) == set(Measure) - {Measure.PRODUCTION_ORDER}


def test_no_ground_is_allowed_and_forbidden() -> None:
    """What is forbidden for a measure is never also allowed for it."""
    for basis, treaty in BOOKS.treaties.items():
        for measure in treaty.measures:
            grounds = [(ground.id, ground.stance) for ground in BOOKS.grounds(basis, measure, ON)]
            assert len({name for name, _ in grounds}) == len(grounds)


def test_every_optional_rule_is_used() -> None:
    """No rule is known that no book uses."""
    assert {rule for treaty in BOOKS.treaties.values() for _, rule in treaty.citations} == ALWAYS | OPTIONAL


def test_groups_have_members() -> None:
    """Each group of measures names what there is."""
    assert all(GROUPS.values())
    assert frozenset().union(*GROUPS.values()) == set(Measure)


# ── Who is bound, computed from deposits ────────────────────────────────────────────────────────────────────────────

DAYS = st.dates(date(2020, 1, 1), date(2021, 12, 31))
MARKS = st.sampled_from("VSM?")
PERIODS = st.sampled_from([Period(10, "day"), Period(30, "day"), Period(3, "month")])


@st.composite
def parties(draw: st.DrawFn, state: str) -> Party:
    """A State of which anything may be known."""
    signed, deposited, by = (draw(st.none() | DAYS) for _ in range(3))
    ordered = iter(sorted(day for day in (signed, deposited, by) if day))
    signed, deposited, by = (day and next(ordered) for day in (signed, deposited, by))
    left = draw(st.none() | st.dates(date(2021, 1, 1), date(2022, 6, 30))) if deposited or by else None
    marks = [draw(MARKS) if day else "" for day in (signed, deposited, by, left)]
    return Party(state, signed, marks[0], deposited, marks[1], by, marks[2], left, marks[3], "", "")


@st.composite
def lists(draw: st.DrawFn) -> tuple[Entry, dict[str, Party]]:
    """How a treaty enters into force that needs one to three deposits, and what is known of up to five States."""
    states = [f"X{letter}" for letter in "ABCDE"[: draw(st.integers(1, 5))]]
    entry = Entry(
        opened=date(2020, 1, 1), needed=draw(st.integers(1, 3)), period=draw(PERIODS), joiner_period=draw(PERIODS),
        first_of_month=draw(st.booleans()), denunciation_period=draw(PERIODS), provision="uncc:65(1)",
        joiner_provision="uncc:65(2)", denunciation_provision="uncc:67(1)", known_on=draw(st.dates(date(2021, 6, 1),
        date(2022, 6, 30))), source="a test",
    )  # fmt: skip
    return entry, {state: draw(parties(state)) for state in states}


def takes_effect(day: date, period: Period, entry: Entry) -> date:
    """When a deposit of `day` takes effect: the oracle counts on, day by day, to the first of a month."""
    day = after(day, period)
    while entry.first_of_month:
        day += timedelta(days=1)
        if day.day == 1:
            break
    return day


def worlds(party: Party, opened: date) -> list[date | None]:
    """The days of deposit that the line allows: the sure one, or none, or any between the bounds (the extremes do)."""
    sure = [
        d for d, m in ((party.deposited, party.deposit_sure), (party.deposited_by, party.by_sure)) if d and m in "VS"
    ]
    if party.deposited and party.deposit_sure in "VS":
        early = party.deposited
    else:
        early = party.signed if party.signed and party.signed_sure in "VS" else opened
    if party.deposited is None and party.deposited_by is None:
        return [None]
    return [early, min(sure)] if sure else [early, None]


def oracle(treaty: Treaty, state: str, on: date) -> bool | None:
    """Whether `state` is bound on `on`: asked of the earliest and the latest world that the list allows."""
    entry = treaty.entry
    party = treaty.parties.get(state)
    if party and party.denounced and on >= takes_effect(party.denounced, entry.denunciation_period, entry):
        return False if party.denounced_sure in "VS" else None
    answers = set()
    for world in (0, -1):
        made = {code: worlds(item, entry.opened)[world] for code, item in treaty.parties.items()}
        days = sorted(day for day in made.values() if day)
        starts = takes_effect(days[entry.needed - 1], entry.period, entry) if len(days) >= entry.needed else None
        mine = made.get(state)
        joins = starts and mine and max(starts, takes_effect(mine, entry.joiner_period, entry))
        answers.add(bool(joins and joins <= on))
    if answers == {True}:
        return True
    if True in answers:
        return None
    early = sorted(day for item in treaty.parties.values() if (day := worlds(item, entry.opened)[0]))
    period = entry.joiner_period if len(early) >= entry.needed else entry.period
    unseen = takes_effect(entry.known_on + timedelta(days=1), period, entry)
    return None if on >= unseen else False


@given(lists(), st.sampled_from(["XA", "XB", "XF"]), st.dates(date(2019, 12, 1), date(2023, 1, 31)))
def test_bound(known: tuple[Entry, dict[str, Party]], state: str, on: date) -> None:
    """A State is surely bound when it is in every world that the list of deposits allows, and surely not when in none."""
    treaty = replace(BOOKS.treaty("uncc"), entry=known[0], parties=known[1])
    assert treaty.bound(state, on) is oracle(treaty, state, on)
    if treaty.bound(state, on):
        assert treaty.since(state) <= on


BOUND: list[tuple[str, dict[str, Any], date, bool | None]] = [
    ("day 89", {}, date(2020, 3, 30), False),
    ("day 90", {}, date(2020, 3, 31), True),
    ("three months", {"period": "3 months"}, date(2020, 4, 1), True),
    ("three months, a day early", {"period": "3 months"}, date(2020, 3, 31), False),
    ("three months and the first", {"period": "3 months", "first_of_month": True}, date(2020, 5, 1), True),
]


@pytest.mark.parametrize(("entry", "on", "bound"), [pytest.param(*r, id=t) for t, *r in BOUND])
def test_entry_into_force(entry: dict[str, Any], on: date, *, bound: bool) -> None:
    """The period is counted from the last deposit needed, of 1 January 2020, in days or in months."""
    page = bilateral("XA", "XB", **{"period": "90 days", **entry})
    assert renewed(BOOKS, [page]).treaty("XAB").bound("XA", on) is bound


def test_first_of_the_month() -> None:
    """Where the treaty says so, it enters into force on the first day of the month after the period."""
    page = bilateral("XA", "XB", period="3 months", first_of_month=True)
    for row in page.tables["party"]:
        row["deposited"] = date(2020, 1, 2)
    treaty = renewed(BOOKS, [page]).treaty("XAB")
    assert treaty.surely == date(2020, 5, 1)
    for row in page.tables["party"]:
        row["deposited"] = date(2020, 1, 31)
    assert renewed(BOOKS, [page]).treaty("XAB").surely == date(2020, 5, 1)


def test_hashes_name_the_files() -> None:
    """Each book is named by the hash of its file."""
    for page in SHELF:
        name = Path(page.file).stem
        book = BOOKS.treaties[name] if page.file.startswith("treaties") else BOOKS.states[name]
        assert book.sha256 == page.sha256
        assert open_page(FOLDER / page.file, page.file).sha256 == page.sha256
