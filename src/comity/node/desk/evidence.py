"""The long work with exhibits: take in, seal, collect, verify. Ordered by an officer, done by the courier, in his name, once.

Each piece ends in one transaction that records the act, keeps what was made and marks the job done; a process killed before
that leaves only files that the next attempt replaces.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from comity.casework.evidence import Custody, Exhibit, Manifest
from comity.casework.lifecycle import Act, Case, Kind, Power, power_for, steps
from comity.errors import BrokenSeal, ComityError, Invalid, NotPossible, Unreachable
from comity.node import archive, models
from comity.node.desk import _record
from comity.node.settings import Settings
from comity.node.vault import Vault, settle
from comity.seal import canon
from comity.wire import bag
from comity.wire.directory import trust_in

Now = Callable[[], datetime]
Progress = Callable[[int, int], None]  # (bytes done, bytes in all; 0 while not known)
_READ = 1 << 20
_SPARE = 1 << 30  # bytes of disk that collecting never uses up
_WITNESS_ATTEMPTS = 6  # half a minute, by the courier's growing waits


def order(
    settings: Settings,
    reference: str,
    work: str,
    act: Kind,
    given: Mapping[str, Any],
    *,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> models.Job:
    """Note that `officer` ordered `work`, whose end will be recorded as `act`.

    Raises:
        NotYours: he lacks the power.
        NotPossible: the case does not stand where this may happen, or it is ordered already.
    """
    with transaction.atomic():
        case = archive.load(reference, home=settings.state)
        _record.needs(officer, power_for(case, act, home=settings.state))
        _record.unchanged(case, seen)
        if not any(step.kind is act for step in steps(case, home=settings.state)):
            raise NotPossible(f"A case that is '{case.stage}' cannot be '{act}'.", code="case.stage", where=reference)
        _must_be_complete(case, act)
        try:
            with transaction.atomic():
                return models.Job.objects.create(
                    kind=work, case_id=reference, officer=officer, given=dict(given), made_at=at, next_at=at
                )
        except IntegrityError as error:
            raise NotPossible("This is being done already.", code="job.running", where=reference) from error


def _must_be_complete(case: Case, act: Kind) -> None:
    if act is Kind.VERIFIED and not models.Container.objects.filter(case=case.reference, complete=True).exists():
        raise NotPossible("The evidence has not arrived in full yet.", code="evidence.incomplete", where=case.reference)


def deliveries(settings: Settings) -> list[str]:
    """Names of what lies in the intake folder."""
    if not settings.intake.is_dir():
        return []
    return sorted(item.name for item in settings.intake.iterdir() if not item.name.startswith("."))


def find_delivery(settings: Settings, name: str) -> Path:
    """The file or folder `name` of the intake folder.

    It may be a link that the node's own account made, to a medium for instance; a link that a provider managed to place
    there is refused, and so is anything that would take in the node's own home with its keys.

    Raises:
        Invalid: there is no such delivery, or it may not be taken in.
    """
    if name not in deliveries(settings):
        raise Invalid(f"There is no '{name}' in the intake folder.", code="intake.unknown", where="delivery")
    place = settings.intake / name
    found, home = place.resolve(), settings.home.resolve()
    if place.is_symlink():
        if place.lstat().st_uid != os.getuid():
            raise Invalid(f"'{name}' is a link that this node did not make.", code="intake.link", where="delivery")
        if found.is_relative_to(home) or home.is_relative_to(found):
            raise Invalid(f"'{name}' leads to the node's own files.", code="intake.link", where="delivery")
    return found


def walk(root: Path) -> Iterator[tuple[bytes, bytes, os.stat_result]]:
    """(path inside `root`, full path, status) of everything below `root`, in the order of the paths' bytes.

    Links are given as links and never followed. A folder is given only when it is empty.
    """
    if not stat.S_ISDIR(root.stat().st_mode):
        yield os.fsencode(root.name), os.fsencode(root), root.lstat()
        return
    pending = [b""]
    while pending:
        inside = pending.pop()
        full = os.fsencode(root) + b"/" + inside if inside else os.fsencode(root)
        if inside and not stat.S_ISDIR(os.lstat(full).st_mode):
            yield inside, full, os.lstat(full)
            continue
        names = sorted(os.listdir(full), reverse=True)
        if not names and inside:
            yield inside, full, os.lstat(full)
        pending += [inside + b"/" + name if inside else name for name in names]


def _exhibits(root: Path, found: list[Exhibit], progress: Progress) -> Iterator[bytes]:
    """The bytes of every file below `root`; what was read is listed in `found` as it goes."""
    done, total = 0, sum(status.st_size for _, _, status in walk(root) if stat.S_ISREG(status.st_mode))
    for inside, full, status in walk(root):
        if stat.S_ISLNK(status.st_mode):
            found.append(Exhibit(inside, 0, "", "link", os.readlink(full)))
        elif stat.S_ISDIR(status.st_mode):
            found.append(Exhibit(inside, 0, "", "folder"))
        elif stat.S_ISREG(status.st_mode):
            digest, size = hashlib.sha256(), 0
            with open(os.open(full, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                while chunk := file.read(_READ):
                    digest.update(chunk)
                    size += len(chunk)
                    yield chunk
                    progress(done + size, total)
            done += size
            found.append(Exhibit(inside, size, digest.hexdigest()))
        else:
            name = inside.decode("utf-8", "backslashreplace")
            raise Invalid(f"{name} is no file, folder or link.", code="intake.special", where=name)


def take_in(settings: Settings, job: models.Job, *, now: Now, progress: Progress) -> None:
    """Take a provider's delivery in: read it once, hash it, lock it in the vault, list it, record `executed`."""
    case = archive.load(job.case_id, home=settings.state)
    source, officer = job.given["source"], _officer(job)
    found: list[Exhibit] = []
    root = find_delivery(settings, job.given["delivery"])
    began, vault = now(), _vault(settings)
    try:
        blob = vault.put(_exhibits(root, found, progress))
    except OSError as error:
        raise Invalid(f"{error.filename!r} cannot be read: {error.strerror}.", code="intake.unreadable") from error
    if not found:
        raise Invalid("The delivery is empty.", code="intake.empty", where="delivery")
    manifest = _manifest(case, source, tuple(found), f"{settings.state}, {officer.full_name}", began, now())
    data = bag.manifest_bytes(manifest)
    manifest_blob, digest = vault.put([data]), canon.content_id(data)
    with transaction.atomic():
        models.Holding.objects.create(
            case_id=case.reference, manifest=digest, manifest_blob=manifest_blob, exhibits_blob=blob
        )
        body = {"manifest": digest, "files": sum(1 for _ in manifest.files), "bytes": manifest.size}
        _record.record(settings, case.reference, Kind.EXECUTED, body, officer=officer, at=now())
        _finish(job)


def _manifest(
    case: Case, source: str, exhibits: tuple[Exhibit, ...], hands: str, began: datetime, ended: datetime
) -> Manifest:
    listed = canon.content_id(canon.dumps([exhibit.to_dict() for exhibit in exhibits]))
    given = Custody("handed-over", source, began, listed)
    taken = Custody("taken-in", hands, ended, listed, canon.content_id(canon.dumps(given.to_dict())))
    accepted = case.last(Kind.ACCEPTED)
    conditions = tuple(accepted.body["conditions"]) if accepted else ()
    return Manifest(case.reference, source, exhibits, (given, taken), conditions, case.request.exercise)


def seal_return(settings: Settings, job: models.Job, *, now: Now, progress: Progress) -> None:
    """Seal what is held for the requesting State into a bag on the shelf, and record `disclosed`."""
    case = archive.load(job.case_id, home=settings.state)
    executed, accepted = case.last(Kind.EXECUTED), case.last(Kind.ACCEPTED)
    if executed is None or accepted is None:
        raise NotPossible("Nothing was taken in, or nothing was decided.", code="case.stage", where=case.reference)
    _await_witness(settings, job)
    holding, vault = models.Holding.objects.get(case=job.case_id), _vault(settings)
    manifest = b"".join(vault.get(holding.manifest_blob))
    if canon.content_id(manifest) != holding.manifest:
        raise BrokenSeal("The vault's manifest is not the one that was recorded.", code="vault.manifest")
    settings.shelf.mkdir(mode=0o700, exist_ok=True)
    path = settings.shelf / f".{case.reference}.making"
    _write_bag(settings, case, path, manifest, _counted(vault.get(holding.exhibits_blob), executed, progress), now)
    digest, size = _digest(path), path.stat().st_size
    settle(path, settings.shelf / f"{digest}.asice")
    with transaction.atomic():
        models.Container.objects.create(
            digest=digest, case_id=case.reference, size=size, peer=case.requesting, outgoing=True, complete=True
        )
        body = {"container": digest, "size": size, "manifest": holding.manifest, "files": executed.body["files"],
                "conditions": accepted.body["conditions"]}  # fmt: skip
        _record.record(settings, case.reference, Kind.DISCLOSED, body, officer=_officer(job), at=now())
        _finish(job)


def _await_witness(settings: Settings, job: models.Job) -> None:
    """Give the witnesses half a minute to see the act that took the exhibits in, so that the bag can prove it.

    Raises:
        Unreachable: none has yet; the job is tried again. After six attempts the bag goes without.
    """
    if settings.witnesses and job.attempts < _WITNESS_ATTEMPTS:
        place = _executed_row(job.case_id).entry
        if not models.Checkpoint.objects.filter(size__gt=place, witnessed=True).exists():
            raise Unreachable("No witness has cosigned the log's head yet.", code="log.unwitnessed")


def _executed_row(reference: str) -> models.Act:
    return models.Act.objects.filter(case=reference, kind=Kind.EXECUTED, entry__isnull=False).latest("seq")


def _write_bag(
    settings: Settings, case: Case, path: Path, manifest: bytes, exhibits: Iterator[bytes], now: Now
) -> None:
    row = _executed_row(case.reference)
    place = row.entry or 0
    proof = archive.log_proof(place, _record.log_note(settings, covering=place))
    peer = archive.peer_entry(case.requesting)
    witnesses = models.Peer.objects.filter(pk__in=settings.witnesses).order_by("pk")
    entries = (own_entry(settings), *(bytes(witness.entry) for witness in witnesses))
    bag.write(
        path, case=case.reference, to=peer.state, key=peer.open, exercise=case.request.exercise, at=now(),
        sender=bag.Sender(settings.state, entries, settings.signing, settings.cades),
        executed={"statement": canon.b64(bytes(row.statement)), "proof": proof.to_dict()},
        manifest=manifest, exhibits=exhibits,
    )  # fmt: skip


def own_entry(settings: Settings) -> bytes:
    """This State's own signed directory entry."""
    return (settings.home / "entry.json").read_bytes()


def _counted(source: Iterator[bytes], executed: Act, progress: Progress) -> Iterator[bytes]:
    done = 0
    for chunk in source:
        done += len(chunk)
        progress(done, executed.body["bytes"])
        yield chunk


def announced(settings: Settings, act: Act, *, at: datetime) -> None:
    """When a peer's act announces a container, note that it has to be collected (inside `crossing.admit`)."""
    if act.kind is not Kind.DISCLOSED:
        return
    if models.Container.objects.filter(pk=act.body["container"]).exists():
        raise NotPossible("This container was announced for another case.", code="evidence.announced", where=act.case)
    models.Container.objects.create(
        digest=act.body["container"], case_id=act.case, size=act.body["size"], peer=act.by, outgoing=False
    )
    models.Job.objects.create(kind=models.Job.Kind.COLLECT, case_id=act.case, made_at=at, next_at=at)


def collecting(settings: Settings, job: models.Job) -> tuple[models.Container, Path]:
    """(the container to collect, the file that its bytes are appended to).

    Raises:
        Unreachable: there is no room for it; the job waits until there is.
    """
    row = models.Container.objects.get(case=job.case_id, outgoing=False)
    settings.shelf.mkdir(mode=0o700, exist_ok=True)
    if shutil.disk_usage(settings.shelf).free - row.size < _SPARE:
        raise Unreachable(f"There is no room for {row.size} bytes of evidence.", code="collect.room")
    return row, settings.shelf / f"{row.digest}.collecting"


def collected(settings: Settings, job: models.Job) -> None:
    """All bytes are here: keep the container if they are those that were announced.

    Raises:
        BrokenSeal: they are not; they are thrown away, to be collected anew.
    """
    row, path = collecting(settings, job)
    if path.exists():  # a process killed after the rename finds it done
        if path.stat().st_size != row.size or _digest(path) != row.digest:
            path.unlink()
            raise BrokenSeal("What was collected is not what was announced.", code="collect.digest")
        settle(path, settings.shelf / f"{row.digest}.asice")
    with transaction.atomic():
        models.Container.objects.filter(pk=row.pk).update(complete=True)
        _finish(job)


def verify_return(settings: Settings, job: models.Job, *, now: Now, progress: Progress) -> None:
    """Verify what came back, and record `verified` when all of it holds.

    1. the container is the announced one, of our strict form;
    2. the sender's two signatures hold over every byte of it, by the key pinned here;
    3. its CAdES signature holds under the pinned certificate, its manifest lists what is there;
    4. the content key opens, the exhibits' manifest is the announced one and carries the conditions of the decision;
    5. every exhibit has the size and digest that the manifest says.
    """
    case = archive.load(job.case_id, home=settings.state)
    said = case.last(Kind.DISCLOSED)
    if said is None:
        raise NotPossible("Nothing was disclosed.", code="case.stage", where=case.reference)
    peer = archive.peer_entry(case.requested)
    path = settings.shelf / f"{said.body['container']}.asice"
    if _digest(path) != said.body["container"]:  # 1
        raise BrokenSeal("The container changed since it arrived.", code="verify.container")
    with bag.Bag(path) as found:
        found.check_seal(trust_in([peer]), None)  # 2
        if found.container.manifest_mismatches():  # 3
            raise BrokenSeal("The container's manifest does not list what is there.", code="verify.manifest")
        found.container.check_cades(peer.certificate)
        secret = found.content_key([settings.opening])  # 4
        manifest, data = found.manifest(secret)
        if canon.content_id(data) != said.body["manifest"] or list(manifest.conditions) != said.body["conditions"]:
            raise BrokenSeal("The exhibits' manifest is not the announced one.", code="verify.manifest")
        done = 0
        for exhibit, chunks in found.exhibits(secret, manifest):  # 5
            for chunk in chunks:
                done += len(chunk)
                progress(done, manifest.size)
            del exhibit
    with transaction.atomic():
        body = {"container": said.body["container"], "manifest": said.body["manifest"]}
        _record.record(settings, case.reference, Kind.VERIFIED, body, officer=_officer(job), at=now())
        _finish(job)


WORK: dict[str, Callable[..., None]] = {
    models.Job.Kind.TAKE_IN: take_in,
    models.Job.Kind.DISCLOSE: seal_return,
    models.Job.Kind.VERIFY: verify_return,
}


def note_progress(job: models.Job, done: int, total: int) -> None:
    """Show how far a job is."""
    models.Job.objects.filter(pk=job.pk).update(done=done, total=total)


def failed(job: models.Job, error: ComityError) -> None:
    """A job cannot be done: the officer sees why, and may order it again."""
    models.Job.objects.filter(pk=job.pk, status=models.Job.Status.WAITING).update(
        status=models.Job.Status.FAILED, code=error.code, trouble=str(error)
    )


def again(job: models.Job, error: ComityError, *, at: datetime) -> None:
    """A job could not be done now: try again at `at`."""
    models.Job.objects.filter(pk=job.pk).update(
        attempts=job.attempts + 1, next_at=at, code=error.code, trouble=str(error)
    )


def _finish(job: models.Job) -> None:
    changed = models.Job.objects.filter(pk=job.pk, status=models.Job.Status.WAITING).update(
        status=models.Job.Status.DONE, code="", trouble=""
    )
    if not changed:  # another process finished it: undo this transaction
        raise NotPossible("This work is done already.", code="job.done")


def _officer(job: models.Job) -> models.Officer:
    if job.officer is None:
        raise NotPossible("No officer ordered this.", code="job.officer")
    return job.officer


def _vault(settings: Settings) -> Vault:
    return Vault(settings.home / "vault", settings.vault_key)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sealed(settings: Settings, reference: str, *, officer: models.Officer) -> Path:
    """The bag of `reference` as it lies on the shelf, to be carried away.

    Raises:
        NotYours: the officer has no power at all.
        NotPossible: there is none, or it has not arrived in full.
    """
    _record.carries(officer)
    row = models.Container.objects.filter(case=reference, complete=True).first()
    if row is None:
        raise NotPossible("No evidence has come back for this case.", code="evidence.none", where=reference)
    return settings.shelf / f"{row.digest}.asice"


def content_key(settings: Settings, reference: str, *, officer: models.Officer) -> bytes:
    """The content key of the bag that came back for `reference`, as a file, for a court that shall open this one bag.

    Raises:
        NotYours: the officer may not hand evidence out.
        NotPossible: no bag has come back.
    """
    _record.needs(officer, Power.EXECUTE)
    row = models.Container.objects.filter(case=reference, outgoing=False, complete=True).first()
    if row is None:
        raise NotPossible("No evidence has come back for this case.", code="evidence.none", where=reference)
    with bag.Bag(settings.shelf / f"{row.digest}.asice") as found:
        secret = found.content_key([settings.opening])
    return canon.dumps({"comity": "content-key/1", "case": reference, "key": secret.hex()}) + b"\n"
