"""What node.toml may say: each fault is named, all of them at once; policies are read as they are meant."""

import os
from datetime import UTC, datetime, timedelta, timezone

import pytest
from stamping import issued

from comity.errors import BrokenSeal, Misconfigured
from comity.node import settings
from comity.seal import envelope
from comity.seal.keys import SIGNING_SUITE, SigningKey
from comity.seal.trust import Grant, Trust

TOML = """
state = "IR"
exercise = true
officers = "https://127.0.0.1:9441"
peers = "https://127.0.0.1:9442"
witnesses = ["QA"]
language = "en"
time_zone = "Asia/Tehran"
"""


def read(home, more="") -> settings.Settings:
    """The settings of a node.toml that ends with `more`."""
    (home / "node.toml").write_text(TOML + more)
    return settings.read(home)


def faults(home, more) -> str:
    """What is said of such a node.toml."""
    with pytest.raises(Misconfigured) as caught:
        read(home, more)
    assert caught.value.code == "settings.value"
    return caught.value.message


def test_nothing_is_retired_unless_it_is_named(tmp_path):
    """Without the table every suite goes on."""
    assert read(tmp_path).retired == {}
    assert read(tmp_path, "[retired]").retired == {}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2035-01-01", datetime(2035, 1, 1, tzinfo=UTC)),
        ("2035-01-01T12:00:00Z", datetime(2035, 1, 1, 12, tzinfo=UTC)),
        ("2035-01-01T12:00:00+03:30", datetime(2035, 1, 1, 12, tzinfo=timezone(timedelta(hours=3, minutes=30)))),
    ],
)
def test_a_suite_is_retired_from_a_day_or_moment_on(tmp_path, written, meant):
    """A day begins at midnight UTC; a moment has its offset; settings stay usable as a key."""
    found = read(tmp_path, f'[retired]\n"{SIGNING_SUITE}" = {written}')
    assert found.retired == {SIGNING_SUITE: meant}
    assert hash(found) == hash(read(tmp_path, f'[retired]\n"{SIGNING_SUITE}" = {written}'))


def test_a_retired_suite_signs_nothing_more(tmp_path):
    """What the settings say is what trust asks about: valid to the last second before."""
    policy = read(tmp_path, f'[retired]\n"{SIGNING_SUITE}" = 2035-01-01').retired
    key, since = SigningKey.generate(), datetime(2026, 1, 1, tzinfo=UTC)
    end = datetime(2035, 1, 1, tzinfo=UTC)
    trust = Trust([Grant("IR", key.public, envelope.KINDS, since, datetime(2040, 1, 1, tzinfo=UTC))], retired=policy)
    assert trust.key("IR", key.public.id, "act", end - timedelta(seconds=1)) == key.public
    with pytest.raises(BrokenSeal) as caught:
        trust.key("IR", key.public.id, "act", end)
    assert caught.value.code == "trust.retired"


@pytest.mark.parametrize("name", ["ed25519", "mldsa65", "rsa", "", SIGNING_SUITE.upper()])
def test_half_a_suite_cannot_be_retired(tmp_path, name):
    """An unknown name, or half of one, is a fault that lists what there is."""
    assert faults(tmp_path, f'[retired]\n"{name}" = 2035-01-01').endswith(
        f"'{name}' is no suite that can be retired, but {SIGNING_SUITE} is."
    )


@pytest.mark.parametrize("written", ['"2035-01-01"', "2035", "true", "2035-01-01T12:00:00", "12:00:00", "[]"])
def test_a_retirement_needs_a_day(tmp_path, written):
    """Not a text, a number or a time without its offset."""
    assert "needs a day" in faults(tmp_path, f'[retired]\n"{SIGNING_SUITE}" = {written}')


def test_the_publics_door_is_there_only_where_it_is_named(tmp_path):
    """Without the setting there is none; its address, the number to call and the proxies are looked at."""
    assert read(tmp_path).public == ""
    found = read(
        tmp_path, 'public = "https://127.0.0.1:9443"\nemergency = "+98 110"\nproxies = ["192.0.2.1", "2001:db8::1"]'
    )
    assert (found.public, found.emergency, found.proxies) == (
        "https://127.0.0.1:9443",
        "+98 110",
        ("192.0.2.1", "2001:db8::1"),
    )
    assert "public: 'http://x' is not of the form" in faults(tmp_path, 'public = "http://x"')
    assert (found.report_bytes, read(tmp_path, "report_bytes = 0").report_bytes) == (20 << 30, 0)
    for name, wrong in (("report_bytes", "-1"), ("report_bytes", "true"), ("report_words", "-1")):
        assert f"'{name}' must be a number" in faults(tmp_path, f"{name} = {wrong}")
    assert "'emergency' must be a number" in faults(tmp_path, 'emergency = "call Ali"')
    assert "proxies: 'proxy.example' is no IP address" in faults(tmp_path, 'proxies = ["proxy.example"]')


def test_time_stamps_are_off_until_an_authority_is_named(tmp_path):
    """Addresses, roots and a pause; the roots are read at the start, from the home folder or elsewhere."""
    assert read(tmp_path).stamp == settings.Stamping()
    one = issued("Root", ca=True)
    (tmp_path / "roots.pem").write_bytes(one.pem)
    table = '[stamp]\nurls = ["http://a.example/tsa", "https://b.example:8443/"]\nroots = "{}"\n'
    found = read(tmp_path, table.format("roots.pem") + "every = 5")
    assert found.stamp == settings.Stamping(("http://a.example/tsa", "https://b.example:8443/"), "roots.pem", 5)
    assert found.stamp_roots == (one.cert,)
    assert hash(found) == hash(read(tmp_path, table.format("roots.pem") + "every = 5"))
    assert read(tmp_path, table.format(tmp_path / "roots.pem")).stamp.every == 60


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("urls = []", "must be a list of 1 to 8 addresses"),
        ('urls = "http://a.example/"', "must be a list"),
        ('urls = ["http://a.example/", "http://a.example/"]', "each once"),
        ("urls = [1]", "'1' is no address"),
        ('urls = ["ftp://a.example/"]', "'ftp://a.example/' is no address"),
        ('urls = ["http:///tsa"]', "is no address"),
        ('urls = ["http://u:p@a.example/"]', "is no address"),
        ('urls = ["http://a.example:99999/"]', "is no address"),
        ('urls = ["http://a.example/#x"]', "is no address"),
        ('urls = ["http://a.example/ b"]', "is no address"),
        ("every = 0", "'every' must be a number of minutes"),
        ("every = true", "'every' must be a number of minutes"),
        ('roots = ""', "'roots' must name the file"),
        ("secret = 1", "'secret' is none of"),
    ],
)
def test_a_table_of_time_stamps_that_cannot_be_meant(tmp_path, table, words):
    """Each fault is told; also a file of roots that is none."""
    assert words in faults(tmp_path, f"[stamp]\n{table}")
    good = '[stamp]\nurls = ["http://a.example/"]\nroots = "roots.pem"'
    assert "cannot be used" in faults(tmp_path, good)
    (tmp_path / "roots.pem").write_text("no certificate")
    assert "cannot be used" in faults(tmp_path, good)
    (tmp_path / "roots.pem").unlink()


def test_every_fault_is_named_at_once(tmp_path):
    """A zone that is none, a language, a suite: one sentence with all of them, and no other error."""
    bad = TOML.replace("Asia/Tehran", "Mars/Base").replace('"en"', '"de"')
    (tmp_path / "node.toml").write_text(bad + "[retired]\nrsa = 1")
    with pytest.raises(Misconfigured) as caught:
        settings.read(tmp_path)
    assert all(
        words in caught.value.message for words in ("'Mars/Base' is no time zone", "'de'", "'rsa'", "needs a day")
    )


def test_the_home_is_named_by_the_environment(monkeypatch):
    """Without it no node starts."""
    monkeypatch.delitem(os.environ, "COMITY_HOME")
    settings.current.cache_clear()
    try:
        with pytest.raises(Misconfigured) as caught:
            settings.current()
    finally:
        settings.current.cache_clear()
    assert caught.value.code == "settings.home"
