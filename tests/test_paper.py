"""The code on a printed letter: drawn, read by a scanner of others, and followed to the act that made the request."""

import json
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
import typst
import writing
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from peer import request

from comity.casework.measure import Measure
from comity.errors import Invalid
from comity.node import letter, models
from comity.node.desk import dossier, requesting
from comity.node.letters import characters
from comity.seal import canon
from comity.verify import Verdict, verify_code
from comity.wire.paper import Code, digest_of

OURS = "IR-2026-0001"
WHAT = request(reference=OURS, requesting="IR", requested="VN", measure=Measure.PRESERVATION, intends_request=True)


# ----------------------------------------------------------------------------------------------------- the code


def test_the_code_names_the_request_by_its_content():
    """State, reference and digest; another word in the request gives another code."""
    code = Code.of(WHAT)
    assert str(code) == f"COMITY1:IR:{OURS}:{canon.content_id(canon.dumps(WHAT.to_dict())).upper()}"
    assert Code.read(str(code)) == code
    assert Code.of(replace(WHAT, facts=WHAT.facts + " ")).digest != code.digest


@given(st.sampled_from(["IR", "VN"]), st.integers(0, 10**9 - 1), st.binary(min_size=32, max_size=32))
def test_what_is_written_is_read(state, number, digest):
    """With blanks where a typist puts them, and in lower case."""
    code = Code(state, f"{state}-2026-{number:04d}", digest.hex())
    text = str(code)
    for typed in (text, text.lower(), " ".join(text), f"  {text[:40]}\n{text[40:]}\t"):
        assert Code.read(typed) == code


NO_CODES = [
    "", "COMITY1", str(Code.of(WHAT))[:-1], str(Code.of(WHAT)) + "0", str(Code.of(WHAT)).replace("COMITY1", "COMITY2"),
    str(Code.of(WHAT)).replace(":IR:", ":I1:"), str(Code.of(WHAT))[:-1] + "G", "COMITY1:IR:" + "0" * 32,
]  # fmt: skip


@pytest.mark.parametrize("text", NO_CODES)
def test_what_is_no_code(text):
    """Named as such, also the code of a fingerprint, which looks alike."""
    with pytest.raises(Invalid) as caught:
        Code.read(text)
    assert caught.value.code == "paper.code"


# ------------------------------------------------------------------------------------------------- on the paper


def gray(png: bytes) -> memoryview:
    """The first channel of a PNG of 8 bits a channel as rows of pixels (ISO/IEC 15948, 9: the five filters)."""
    at, packed = 8, b""
    while at < len(png):
        (size,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        chunk = png[at + 8 : at + 8 + size]
        at += size + 12
        if kind == b"IHDR":
            width, height, _depth, color = struct.unpack(">IIBB", chunk[:10])
        packed += chunk * (kind == b"IDAT")
    step = {0: 1, 2: 3, 6: 4}[color]
    raw, line, pixels = zlib.decompress(packed), width * step, bytearray()
    above = bytes(line)
    for start in range(0, height * (line + 1), line + 1):
        row = unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + line]), above, step)
        pixels += row[::step]
        above = row
    return memoryview(bytes(pixels)).cast("B", (height, width))


def unfiltered(kind: int, row: bytearray, above: bytes, step: int) -> bytes:
    """A row of a PNG without its filter."""
    for x in range(len(row)):
        left, up, corner = (row[x - step] if x >= step else 0), above[x], (above[x - step] if x >= step else 0)
        guess = left + up - corner
        nearest = min((left, up, corner), key=lambda one: abs(guess - one))
        row[x] = (row[x] + (0, left, up, (left + up) // 2, nearest)[kind]) & 255
    return bytes(row)


@pytest.mark.parametrize("languages", [("en",), ("en", "fa")], ids="-".join)
def test_a_scanner_of_others_reads_the_letter(languages):
    """The last page of a letter as printed, read by a program that is not ours, holds the request's code; the text too."""
    what = writing.FULL
    form = writing.form(what, languages)
    pages = typst.compile(
        letter._LETTERS / "letter.typ", root=letter._LETTERS, font_paths=characters.fonts(), ignore_system_fonts=True,
        sys_inputs={"form": json.dumps(form)}, format="png", ppi=96,
    )  # fmt: skip
    last = pages[-1] if isinstance(pages, list) else pages
    assert [found.text for found in zxingcpp.read_barcodes(gray(last))] == [str(Code.of(what))]
    assert form["code"]["text"] == str(Code.of(what))


# --------------------------------------------------------------------------------------------- to the act it names


@pytest.fixture
def exported(node, officers, peer, at):
    """A request of ours, sent with its letter, and its exported case."""
    requesting.draft(node, WHAT, officer=officers.drafter, at=at)
    requesting.check(node, OURS, officer=officers.drafter, at=at)
    requesting.approve(node, OURS, officer=officers.approver, at=at, despite="an exercise")
    requesting.send(node, OURS, officer=officers.approver, at=at)
    return dossier.export(node, OURS, officer=officers.all, at=at)


def test_the_code_leads_to_the_act_and_its_letter(exported, at):
    """Who made the request and when, and which letter in the file the paper is to be compared with."""
    verdict, words = verify_code(str(Code.of(WHAT)), exported).verdicts["code"]
    assert verdict is Verdict.PASSED
    assert words == (
        f"request {OURS}, made by IR on {at:%Y-%m-%d %H:%M:%S} UTC; compare the paper with letter-{OURS}.pdf"
    )


def test_the_letter_carries_the_code_of_its_act(exported):
    """What the letter prints and what the act holds have one digest."""
    sent = models.Act.objects.get(kind="requested")
    payload = canon.loads(canon.unb64(canon.loads(bytes(sent.statement), limit=1 << 20)["payload"]), limit=1 << 20)
    code = Code("IR", OURS, digest_of(payload["body"]["request"]))
    assert code == Code.of(WHAT)
    assert bytes(models.Letter.objects.get().data).find(b"%PDF") == 0


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda code: replace(code, digest="0" * 64), "says something else"),
        (lambda code: replace(code, reference="IR-2026-0002"), "holds no request IR-2026-0002"),
        (lambda code: replace(code, state="VN"), "holds no request"),
    ],
    ids=["another content", "another case", "another State"],
)
def test_a_code_of_something_else_fails(exported, change, expected):
    """A letter whose code names no request of the file is not that request's letter."""
    report = verify_code(str(change(Code.of(WHAT))), exported)
    verdict, words = report.verdicts["code"]
    assert verdict is Verdict.FAILED
    assert expected in words
    assert not report.passed


@pytest.mark.parametrize("text", ["COMITY1:IR", ""])
def test_no_code_and_no_case(exported, tmp_path, text):
    """What is no code fails; what is no case fails whatever the code."""
    assert verify_code(text, exported).verdicts["code"][0] is Verdict.FAILED
    (tmp_path / "case.asice").write_bytes(b"PK")
    assert verify_code(str(Code.of(WHAT)), tmp_path / "case.asice").verdicts["code"][0] is Verdict.FAILED


def test_the_command(exported):
    """`comity verify FILE --code TEXT` says it, and ends with 1 unless every check passed."""
    command = [Path(sys.executable).with_name("comity"), "verify", str(exported), "--code", str(Code.of(WHAT))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    [line] = [line for line in done.stdout.splitlines() if " code " in line]
    assert line.startswith("passed")
    assert f"letter-{OURS}.pdf" in line
    assert done.returncode == 1  # the peer has given no receipt
    wrong = subprocess.run([*command[:-1], "COMITY1"], capture_output=True, text=True, check=False)
    assert "failed       code" in wrong.stdout
