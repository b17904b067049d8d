"""What anybody reports at the public's door (Article 53), and what officers do with it, by name.

What is written in a report lies encrypted under the vault's key, its files in a vault of their own (`reports/`). A receipt
code is kept nowhere: only its hash under that key, by which the report is found again. Who holds the code holds the report's
answers; the code says nothing about him.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, QuerySet, Subquery

from comity.casework import report as said
from comity.casework.act import Power
from comity.casework.report import Deed
from comity.casework.request import Request
from comity.errors import BrokenSeal, Invalid, NotPossible
from comity.node import models
from comity.node.desk import _record, requesting, room
from comity.node.desk.attached import File, looks_like, safe_name
from comity.node.settings import Settings
from comity.node.vault import Vault
from comity.seal import canon, stream

_HEADER: Final = 16


@dataclass(frozen=True)
class Shown:
    """A deed as it can be read.

    Args:
        row: as it is kept.
        text: what was written with it.
        files: (row, name) of what came with it.
    """

    row: models.ReportAct
    text: str
    files: tuple[tuple[models.ReportFile, str], ...] = ()


# ---- at the public's door -------------------------------------------------------------------------------------------------


def take_in(
    settings: Settings,
    kind: str,
    words: Mapping[str, str],
    files: Sequence[File],
    *,
    language: str,
    form: str,
    at: datetime,
) -> tuple[str, bool]:
    """Keep a report.

    Args:
        settings: the node's.
        kind: of `casework.report.Kind`.
        words: the fields of `casework.report.LIMITS`.
        files: what comes with it; `room` was taken for them before they were written.
        language: of the page.
        form: what names this one form. The same form with the same contents is the same report, so that who sends it again
            because the answer got lost is given the same receipt; with other contents it is another report.
        at: now; kept to the minute.

    Returns:
        (the receipt code, whether the report is new). The code is told once and kept nowhere.

    Raises:
        Invalid: the first fault of it (`report_faults` has all).
        NotPossible: ``report.full``: all reports together have as many words as are kept.
    """
    kept, faults = report_faults(kind, words, files)
    if faults:
        raise faults[0]
    content = canon.dumps({"kind": kind, "words": kept, "files": [[file.name, file.digest] for file in files]})
    chance = hmac.digest(_key(settings, "receipt"), form.encode() + b"\n" + sha256(content).digest(), "sha256")
    code = said.receipt(int.from_bytes(chance) % said.RECEIPTS)
    name = _hashed(settings, code)
    if models.Report.objects.filter(receipt=name).exists():
        return code, False
    room.for_words(settings)
    locked = _locked(settings, name, canon.dumps(kept))
    given = {"receipt": name, "kind": kind, "language": language, "at": _minute(at), "size": len(locked)}
    try:
        with _blobs(settings, name, files, _minute(at)) as blobs, transaction.atomic():
            row = models.Report.objects.create(**given, words=locked)
            _deed(settings, row, Deed.NEW, at=_minute(at), blobs=blobs)
    except IntegrityError:  # the same form, sent twice at once
        return code, False
    return code, True


def report_faults(kind: str, words: Mapping[str, str], files: Sequence[File]) -> tuple[dict[str, str], list[Invalid]]:
    """What of a report would be kept, and every fault in it; as `casework.report.check_report`, with its files."""
    kept, faults = said.check_report(kind, words)
    return kept, faults + _file_faults(kind, files)


def _file_faults(kind: str, files: Sequence[File]) -> list[Invalid]:
    if files and kind in set(said.NO_FILES):
        return [Invalid("No files are taken with this: describe where it is.", code="report.no-files", where="files")]
    if len(files) > said.FILES:
        return [Invalid(f"At most {said.FILES} files are taken.", code="report.files", where="files")]
    if any(file.size > said.FILE for file in files):
        return [Invalid(f"A file has at most {said.FILE} bytes.", code="report.file-size", where="files")]
    return []


def find(settings: Settings, code: str) -> models.Report:
    """The report of a receipt code.

    Args:
        settings: the node's.
        code: as typed.

    Raises:
        Invalid: ``report.receipt-form``, ``report.receipt-digit``: mistyped; ``report.receipt``: no report has it.
    """
    row = models.Report.objects.filter(receipt=_hashed(settings, said.read_receipt(code))).first()
    if row is None:
        raise Invalid("No report has this receipt.", code="report.receipt", where="code")
    return row


def add(settings: Settings, row: models.Report, text: str, files: Sequence[File], *, at: datetime) -> None:
    """Keep what who reported adds to his report.

    Raises:
        Invalid: nothing is added, or a fault of it. NotPossible: there are too many additions; ``report.full``.
    """
    text = said.check_text(text, most=said.ADDED, where="text")
    for fault in _file_faults(row.kind, files):
        raise fault
    if not text and not files:
        raise Invalid("Write something, or choose a file.", code="report.empty", where="text")
    room.for_words(settings)
    with _blobs(settings, row.receipt, files, _minute(at)) as blobs, transaction.atomic():
        models.Report.objects.select_for_update().get(pk=row.pk)
        if row.acts.filter(kind=Deed.ADDED).count() >= said.ADDITIONS:
            raise NotPossible(f"At most {said.ADDITIONS} additions are taken.", code="report.additions", where="text")
        _deed(settings, row, Deed.ADDED, at=_minute(at), text=text, blobs=blobs)


def told(settings: Settings, row: models.Report) -> list[Shown]:
    """What who reported is shown: what officers wrote to him, and when he added something; not what he wrote himself."""
    rows = row.acts.filter(kind__in=(Deed.ADDED, Deed.ANSWERED))
    return [Shown(act, _text(settings, row, act) if act.kind == Deed.ANSWERED else "") for act in rows]


# ---- for officers ---------------------------------------------------------------------------------------------------------


def listed(officer: models.Officer, *, stage: str = "", kind: str = "") -> QuerySet[models.Report]:
    """The reports, the newest first, each with `stage`, `latest` (its last deed) and `latest_at`.

    Args:
        officer: who looks.
        stage: only those that stand there; ``waiting``: those whose last deed is not an officer's.
        kind: only those of this kind.

    Raises:
        NotYours: he has not the power.
    """
    _record.needs(officer, Power.TRIAGE)
    deeds = models.ReportAct.objects.filter(report=OuterRef("pk")).order_by("-pk")
    rows = models.Report.objects.defer("words").annotate(
        stage=Subquery(deeds.exclude(kind=Deed.ADDED).values("kind")[:1]),
        latest=Subquery(deeds.values("kind")[:1]),
        latest_at=Subquery(deeds.values("at")[:1]),
    )
    if stage == "waiting":
        rows = rows.filter(latest__in=(Deed.NEW, Deed.ADDED))
    elif stage:
        rows = rows.filter(stage=stage)
    return (rows.filter(kind=kind) if kind else rows).order_by("-pk")


def opened(settings: Settings, number: int, *, officer: models.Officer) -> models.Report:
    """The report of this number, for an officer. Raises NotYours; Invalid (``report.unknown``): there is none."""
    row = listed(officer).filter(pk=number).first()
    if row is None:
        raise Invalid("There is no such report.", code="report.unknown")
    return row


def words(settings: Settings, row: models.Report) -> dict[str, str]:
    """What was written in a report: field -> text."""
    data = _unlocked(settings, row.receipt, bytes(row.words))
    found: dict[str, str] = canon.loads(data, limit=len(data))
    return found


def deeds(settings: Settings, row: models.Report) -> list[Shown]:
    """Everything that was done with a report, with its texts and files."""
    found = []
    for act in row.acts.prefetch_related("files"):
        files = tuple((file, _file_name(settings, row, file)) for file in act.files.all())
        found.append(Shown(act, _text(settings, row, act), files))
    return found


def content(
    settings: Settings, number: int, place: int, *, officer: models.Officer
) -> tuple[str, int, Iterator[bytes]]:
    """A file of a report: its safe name, its size and its bytes. Raises NotYours, Invalid, BrokenSeal."""
    row = opened(settings, number, officer=officer)
    file = row.files.filter(pk=place).first()
    if file is None:
        raise Invalid("There is no such file.", code="report.unknown")
    return _file_name(settings, row, file), file.size, _vault(settings).get(file.blob, _label(row.receipt))


def take_up(settings: Settings, number: int, *, officer: models.Officer, at: datetime, seen: int = 0) -> None:
    """Take a report up: whoever does so looks after it. Raises as `_act`."""
    _act(settings, number, Deed.TAKEN, officer=officer, at=at, seen=seen)


def answer(settings: Settings, number: int, text: str, *, officer: models.Officer, at: datetime, seen: int = 0) -> None:
    """Write to who reported: he reads it when he comes back with his code. Raises as `_act`, and Invalid."""
    _act(settings, number, Deed.ANSWERED, officer=officer, at=at, seen=seen, text=_needed(text))


def close(
    settings: Settings, number: int, reason: str, *, officer: models.Officer, at: datetime, seen: int = 0
) -> None:
    """Close a report for a reason that officers read, and who reported does not. Raises as `_act`, and Invalid."""
    _act(settings, number, Deed.CLOSED, officer=officer, at=at, seen=seen, text=_needed(reason))


def merge(settings: Settings, number: int, into: int, *, officer: models.Officer, at: datetime, seen: int = 0) -> None:
    """Look at a report together with another one. Raises as `_act`; Invalid (``report.merge``): not with that one."""
    _record.needs(officer, Power.TRIAGE)
    if into == number or not models.Report.objects.filter(pk=into).exists():
        raise Invalid("Name another report by its number.", code="report.merge", where="into")
    _act(settings, number, Deed.MERGED, officer=officer, at=at, seen=seen, about=str(into))


def draft(settings: Settings, number: int, request: Request, *, officer: models.Officer, at: datetime) -> None:
    """Draft a request to another State from a report, as `requesting.draft`. Raises as that and as `_act`."""
    with transaction.atomic():
        _act(settings, number, Deed.CASE, officer=officer, at=at, about=request.reference)
        requesting.draft(settings, request, new=True, officer=officer, at=at)


def note_indicator(settings: Settings, number: int, object_id: str, *, officer: models.Officer, at: datetime) -> None:
    """Note that a warning was made from a report, inside the caller's transaction. Raises as `_act`."""
    _act(settings, number, Deed.INDICATOR, officer=officer, at=at, about=object_id)


def sweep(settings: Settings) -> list[str]:
    """Remove blobs that no report names, left by work that was cut off; their names. Only while the node is stopped."""
    named = set(models.ReportFile.objects.values_list("blob", flat=True))
    vault = _vault(settings)
    dropped = [name for name in vault.names() if name not in named]
    for name in dropped:
        vault.remove(name)
    return dropped


def _act(
    settings: Settings,
    number: int,
    deed: Deed,
    *,
    officer: models.Officer,
    at: datetime,
    seen: int = 0,
    text: str = "",
    about: str = "",
) -> None:
    """Record what an officer does with a report.

    Args:
        settings: the node's.
        number: the report.
        deed: what he does.
        officer: who does it.
        at: now.
        seen: number of the last deed that he was shown; 0: he was shown none.
        text: what he writes.
        about: what it names.

    Raises:
        NotYours: he has not the power.
        Invalid: ``report.unknown``: there is no such report.
        NotPossible: ``report.stage``: it stands elsewhere; ``report.changed``: something was done since he saw it.
    """
    _record.needs(officer, Power.TRIAGE)
    with transaction.atomic():
        row = models.Report.objects.select_for_update().filter(pk=number).first()
        if row is None:
            raise Invalid("There is no such report.", code="report.unknown")
        last = row.acts.last()
        if seen and last is not None and last.pk != seen:
            raise NotPossible("Something was done with this report since this page was shown.", code="report.changed")
        if stage(row) not in said.WAYS[deed]:
            raise NotPossible("This cannot be done with the report where it stands.", code="report.stage")
        _deed(settings, row, deed, at=at, by=f"{officer.full_name}, {officer.office}", text=text, about=about)


def stage(row: models.Report) -> Deed:
    """Where a report stands."""
    last = row.acts.exclude(kind=Deed.ADDED).last()
    return Deed(last.kind) if last else Deed.NEW


def _needed(text: str) -> str:
    text = said.check_text(text, most=said.ADDED, where="text")
    if not text:
        raise Invalid("Fill this in.", code="form.required", where="text")
    return text


def _deed(
    settings: Settings,
    row: models.Report,
    kind: Deed,
    *,
    at: datetime,
    by: str = "",
    text: str = "",
    about: str = "",
    blobs: Iterable[tuple[File, str]] = (),
) -> None:
    locked = _locked(settings, row.receipt, text.encode()) if text else b""
    given = {"kind": kind, "at": at, "by": by, "text": locked, "size": len(locked), "about": about}
    act = models.ReportAct.objects.create(report=row, **given)
    for file, blob in blobs:
        name = _locked(settings, row.receipt, safe_name(file.name).encode())
        models.ReportFile.objects.create(
            report=row, act=act, name=name, size=file.size, kind=looks_like(file.head), blob=blob
        )


def _text(settings: Settings, row: models.Report, act: models.ReportAct) -> str:
    return _unlocked(settings, row.receipt, bytes(act.text)).decode() if act.text else ""


def _file_name(settings: Settings, row: models.Report, file: models.ReportFile) -> str:
    return _unlocked(settings, row.receipt, bytes(file.name)).decode()


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


# ---- what lies encrypted --------------------------------------------------------------------------------------------------


@contextmanager
def _blobs(settings: Settings, receipt: str, files: Sequence[File], at: datetime) -> Iterator[list[tuple[File, str]]]:
    """The files of one report with their names in the vault of reports; removed again if what is done with them fails.

    They state the minute, as the report's row does: a second would tell which connection of a line it was.
    """
    vault, made = _vault(settings), []
    try:
        for file in files:
            name = vault.put(file.pieces(), _label(receipt), at=at)
            made.append((file, name))
        yield made
    except BaseException:
        for _file, name in made:
            vault.remove(name)
        raise


def _vault(settings: Settings) -> Vault:
    return Vault(settings.reports, settings.vault_key)


def _label(receipt: str) -> str:
    return f"report/{receipt}"


def _key(settings: Settings, what: str) -> bytes:
    return stream.subkey(settings.vault_key, f"report/{what}")


def _hashed(settings: Settings, code: str) -> str:
    """By what a report is found: without the vault's key nobody can tell a code from it, or try codes on it."""
    return hmac.digest(_key(settings, "found by"), code.encode(), "sha256").hex()


def _locked(settings: Settings, receipt: str, data: bytes) -> bytes:
    """`data` encrypted under a key of its own, for the report of this hash only."""
    header = secrets.token_bytes(_HEADER)
    return header + b"".join(stream.encrypt([data], _key(settings, f"{header.hex()}/{receipt}")))


def _unlocked(settings: Settings, receipt: str, data: bytes) -> bytes:
    if len(data) < _HEADER:
        raise BrokenSeal("A text of a report is damaged.", code="stream.chunk")
    header = data[:_HEADER]
    return b"".join(stream.decrypt([data[_HEADER:]], _key(settings, f"{header.hex()}/{receipt}")))
