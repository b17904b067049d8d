"""The invented mailbox: believable in shape, the same for the same seed, and nobody real in it."""

import csv
import hashlib
import io
import json
import random
import re
import unicodedata
import zipfile
import zlib
from collections import Counter
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from ipaddress import ip_address, ip_network

import pytest

from comity.demo import mailbox
from comity.demo.message import ACCOUNT
from comity.errors import Invalid

DOCUMENTATION = [ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """One mailbox, for all tests that only read."""
    folder = tmp_path_factory.mktemp("provider")
    return folder, mailbox.write(folder, 7)


def messages(written):
    """Every message, parsed, in order."""
    folder, found = written
    names = [exhibit.name for exhibit in found.exhibits if exhibit.name.endswith(".eml")]
    return [message_from_bytes((folder / name).read_bytes(), policy=default) for name in names]


def attachments(written, suffix):
    """All attachments with this ending."""
    parts = (part for message in messages(written) for part in message.iter_attachments())
    return [part.get_content() for part in parts if (part.get_filename() or "").endswith(suffix)]


def log_rows(written):
    """Return the access log without its heading."""
    return list(csv.DictReader(io.StringIO((written[0] / "03 access-log.csv").read_text("utf-8"))))


def test_the_same_seed_gives_the_same_bytes(written, tmp_path):
    """Names, order and bytes; and the shared random state is neither used nor changed."""
    random.seed(1)
    before = random.getstate()
    again = mailbox.write(tmp_path / "again", 7)
    assert random.getstate() == before
    assert again == written[1]
    assert mailbox.write(tmp_path / "other", 8) != again


def test_the_summary_is_what_lies_on_disk(written):
    """Each file is listed once, with its size and digest, and nothing else is there."""
    folder, found = written
    on_disk = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert sorted(exhibit.name for exhibit in found.exhibits) == sorted(on_disk)
    for exhibit in found.exhibits:
        data = (folder / exhibit.name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (exhibit.size, exhibit.sha256)
    assert 1_000_000 <= found.size <= 3_000_000
    assert 40 <= found.messages == len(messages(written)) <= 80
    assert len(log_rows(written)) == mailbox.LOG_ROWS


def test_names_are_nfc_in_two_scripts_and_a_fixed_order(written):
    """Persian and Vietnamese names; numbers follow time."""
    names = [exhibit.name for exhibit in written[1].exhibits]
    assert all(unicodedata.is_normalized("NFC", name) for name in names)
    assert any(re.search("[ا-ی]", name) for name in names)
    assert any(re.search("[ộếưđ]", name) for name in names)
    dates = [message["Date"].datetime for message in messages(written)]
    assert dates == sorted(dates)
    assert [re.search(r"/(\d{3}) ", name)[1] for name in names[3:]] == [f"{n:03d}" for n in range(1, len(dates) + 1)]


def test_the_covering_note_lists_every_other_file(written):
    """With the digest of each, and says twice that this is an exercise."""
    folder, found = written
    note = (folder / found.exhibits[0].name).read_text("utf-8")
    for exhibit in found.exhibits[1:]:
        assert f"{exhibit.sha256}  {exhibit.size:>8}  {exhibit.name}\n" in note
    assert "DỮ LIỆU DIỄN TẬP - EXERCISE DATA" in note


def test_every_message_is_well_formed(written):
    """No defect, each header once, an identifier of its own, a text in it, within the period."""
    found = messages(written)
    for message in found:
        assert [defect for part in message.walk() for defect in part.defects] == []
        assert mailbox.FROM <= message["Date"].datetime <= mailbox.TO
        for header in ("From", "To", "Subject", "Date", "Message-ID", "Received", "Return-Path"):
            assert len(message.get_all(header)) == 1, header
        assert message.get_body(("plain",)).get_content().strip()
    assert len({message["Message-ID"] for message in found}) == len(found)


def test_three_languages_and_every_kind_of_message(written):
    """Mostly Persian, then English, some Vietnamese; bounces are reports that machines can read."""
    found = messages(written)
    languages = Counter(str(message["Content-Language"]) for message in found)
    assert languages["fa"] > languages["en"] > languages["vi"] >= 4
    reports = [message for message in found if message.get_content_type() == "multipart/report"]
    assert len(reports) >= 2
    for report in reports:
        host, recipient = report.get_payload(1).get_payload()
        assert host["Reporting-MTA"].startswith("dns;")
        assert recipient["Status"] == "5.1.1"
    assert sum(message.get_body(("html",)) is not None for message in found) >= 20
    lists = [list(csv.reader(io.StringIO(text))) for text in attachments(written, ".csv")]
    assert len(lists) == 6
    assert all(row[0].startswith("NMN-000-") for rows in lists for row in rows[1:])


def test_attachments_are_what_they_say(written):
    """The PNG's pixels unpack, the ZIP reads, the PDF's table of objects points at its objects."""
    (png,), (packed,), (pdf,) = (attachments(written, suffix) for suffix in (".png", ".zip", ".pdf"))
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    start = png.index(b"IDAT")
    size = int.from_bytes(png[start - 4 : start], "big")
    assert len(zlib.decompress(png[start + 4 : start + 4 + size])) == 420 * 641
    assert int.from_bytes(png[start + 4 + size :][:4], "big") == zlib.crc32(png[start : start + 4 + size])
    archive = zipfile.ZipFile(io.BytesIO(packed))
    assert archive.testzip() is None
    assert "نتایج/results.csv" in archive.namelist()
    for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n", pdf), start=1):
        assert pdf[int(place) :].startswith(b"%d 0 obj" % number)
    assert pdf[int(re.search(rb"startxref\n(\d+)", pdf)[1]) :].startswith(b"xref")


def test_the_access_log_is_in_order_and_within_the_period(written):
    """UTC to the second, a usable port in every row, and failures among the logins."""
    rows = log_rows(written)
    moments = [datetime.strptime(row["utc_time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) for row in rows]
    assert moments == sorted(moments)
    assert moments[0] >= mailbox.FROM
    assert moments[-1] <= mailbox.TO
    assert rows[0]["event"] == "ACCOUNT_CREATED"
    assert all(1024 <= int(row["source_port"]) <= 65535 for row in rows)
    assert {row["result"] for row in rows} == {"ok", "bad-password"}


def test_what_was_sent_stands_in_the_log(written):
    """Each message sent has its row: the same identifier, moment and address. That is what the evidence proves."""
    sent = {
        message["Message-ID"]: message
        for message in messages(written)
        if message["From"].addresses[0].addr_spec == ACCOUNT
    }
    logged = {row["message_id"]: row for row in log_rows(written) if row["event"] == "SMTP_SUBMIT"}
    assert sent.keys() == logged.keys()
    for name, row in logged.items():
        assert f"[{row['source_address']}]" in sent[name]["Received"]
        assert sent[name]["Date"].datetime.strftime("%Y-%m-%dT%H:%M:%SZ") == row["utc_time"]


def everything(written):
    """All text of the mailbox, decoded."""
    folder, found = written
    files = [(folder / exhibit.name).read_text("utf-8") for exhibit in found.exhibits[:3]]
    for message in messages(written):
        files += [str(value) for value in message.values()]
        files += [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return "\n".join(files)


def test_nobody_in_it_is_real(written):
    """Addresses are documentation's, domains end in .example, and the record says that it is invented."""
    text = everything(written)
    found = set(re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", text)) | set(re.findall(r"\b2001:[0-9a-f:]+", text))
    assert len(found) > 20
    for address in found:
        assert any(ip_address(address) in network for network in DOCUMENTATION), address
    domains = set(re.findall(r"(?:@|https?://)([A-Za-z0-9.-]+)", text))
    assert len(domains) >= 6
    assert all(domain.endswith(".example") for domain in domains), domains
    record = json.loads((written[0] / "02 subscriber-record.json").read_text("utf-8"))
    assert record["account"] == ACCOUNT
    assert "Invented" in record["notice"]


def test_a_folder_in_use_is_left_alone(tmp_path):
    """Nothing is mixed into what is there."""
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(Invalid) as caught:
        mailbox.write(tmp_path, 7)
    assert caught.value.code == "demo.not-empty"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
