"""The long work with exhibits: take in, seal, collect, verify. Ordered by an officer, done by the courier, in his name, once.

Each piece ends in one transaction that records the act, keeps what was made and marks the job done; a process killed before
that leaves only files that the next attempt replaces.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from comity.casework.evidence import Custody, Exhibit, Manifest
from comity.casework.lifecycle import Act, Case, Kind, advance, power_for
from comity.errors import BrokenSeal, ComityError, Invalid, NotPossible, Unreachable
from comity.node import archive, models
from comity.node.desk import _log, _record, intake, issuing
from comity.node.desk._due import is_due
from comity.node.settings import Settings
from comity.node.vault import Vault, settle
from comity.seal import canon
from comity.wire import bag
from comity.wire.directory import Entry, check_cades, trust_in

Now = Callable[[], datetime]
Progress = Callable[[int, int], None]  # (bytes done, bytes in all; 0 while not known)
_SPARE = 1 << 30  # bytes of disk that collecting never uses up
_WITNESS_ATTEMPTS = 6  # half a minute, by the courier's growing waits


def order(
    settings: Settings,
    reference: str,
    work: str,
    act: Kind,
    given: Mapping[str, Any],
    *,
    would: Callable[[Case], Mapping[str, Any]],
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> models.Job:
    """Note that `officer` ordered `work`, whose end will be recorded as `act`.

    Args:
        settings: the node's.
        reference: the case.
        work: what is to be done; what is done to a container is done once for each.
        act: what will be recorded.
        given: what the work needs to know.
        would: what `act` would say of the case as it stands: whether it may is asked now, and again when the work is done.
        officer: who orders it.
        at: now.
        seen: id of the last act that the officer was shown.

    Raises:
        NotYours: he lacks the power.
        NotPossible: the case does not stand where this may happen, or it is ordered already.
    """
    with transaction.atomic():
        case = archive.load(reference, home=settings.state)
        _record.needs(officer, power_for(case, act, home=settings.state))
        _record.unchanged(case, seen)
        body = would(case)
        advance(case, _record.drawn_up(settings, case, act, body, officer=officer, at=at), home=settings.state)
        about = body["container"] if act is Kind.VERIFIED else ""
        if about and not models.Container.objects.filter(pk=about, complete=True).exists():
            raise NotPossible("The evidence has not arrived in full yet.", code="evidence.incomplete", where=reference)
        try:
            with transaction.atomic():
                return models.Job.objects.create(
                    kind=work,
                    case_id=reference,
                    officer=officer,
                    given=dict(given),
                    made_at=at,
                    next_at=at,
                    about=about,
                )
        except IntegrityError as error:
            raise NotPossible("This is being done already.", code="job.running", where=reference) from error


def as_taken_in(case: Case) -> dict[str, Any]:
    """What `disclosed` says of what was taken in last, and of its conditions. Raises NotPossible: nothing was."""
    executed = case.last(Kind.EXECUTED)
    if executed is None:
        raise NotPossible("Nothing was taken in.", code="case.stage", where=case.reference)
    return {name: executed.body[name] for name in ("manifest", "files")} | {"conditions": list(case.conditions)}


def to_verify(case: Case, container: str = "") -> dict[str, Any]:
    """What `verified` says of the return in `container`; empty: of the oldest one that is not verified and is here.

    Raises:
        NotPossible: there is none.
    """
    waiting = [said for said in case.returns if not case.verified(said)]
    here = set(models.Container.objects.filter(case=case.reference, complete=True).values_list("digest", flat=True))
    for said in sorted(waiting, key=lambda said: said.body["container"] not in here):
        if container in ("", said.body["container"]):
            return {name: said.body[name] for name in ("container", "manifest")}
    raise NotPossible("No return waits to be verified.", code="case.stage", where=case.reference)


def take_in(settings: Settings, job: models.Job, *, now: Now, progress: Progress) -> None:
    """Take a provider's delivery in: read it once, hash it, lock it in the vault, list it, record `executed`.

    Raises:
        Invalid: the delivery may not, or cannot, be taken in.
        OSError: this node's disk did not do its part. In both cases nothing is kept of what was read.
    """
    case = archive.load(job.case_id, home=settings.state)
    source, officer = job.given["source"], _officer(job)
    found: list[Exhibit] = []
    began, vault = now(), _vault(settings)
    with _dropped_on_failure(_drop_blobs, settings) as made:
        with intake.opened(settings, job.given["delivery"]) as delivery:
            made.append(vault.put(intake.exhibits(delivery, found, progress), _label(case, "exhibits")))
        if not found:
            raise Invalid("The delivery is empty.", code="intake.empty", where="delivery")
        manifest = _manifest(case, source, tuple(found), f"{settings.state}, {officer.full_name}", began, now())
        data = bag.manifest_bytes(manifest)
        if len(data) > bag.MANIFEST_LIMIT:
            raise intake.too_many()
        made.append(vault.put([data], _label(case, "manifest")))
        with transaction.atomic():
            models.Holding.objects.create(
                case_id=case.reference, manifest=canon.content_id(data), exhibits_blob=made[0], manifest_blob=made[1]
            )
            body = {"manifest": canon.content_id(data), "files": sum(1 for _ in manifest.files), "bytes": manifest.size}
            _record.record(settings, case.reference, Kind.EXECUTED, body, officer=officer, at=now())
            _finish(job)


def _label(case: Case, part: str) -> str:
    """What a blob of the vault is for."""
    return f"{case.reference}/{part}"


@contextmanager
def _dropped_on_failure(drop: Callable[[Settings, list[str]], object], settings: Settings) -> Iterator[list[str]]:
    """A list for the names of what is made on the way; when it fails, `drop` removes what no row names."""
    made: list[str] = []
    try:
        yield made
    except BaseException:
        drop(settings, made)
        raise


def _drop_blobs(settings: Settings, names: list[str]) -> list[str]:
    """Remove those blobs of the vault that no Holding names; returns their names."""
    named = {name for pair in models.Holding.objects.values_list("manifest_blob", "exhibits_blob") for name in pair}
    dropped, vault = [name for name in names if name not in named], _vault(settings)
    for name in dropped:
        vault.remove(name)
    return dropped


def _drop_bags(settings: Settings, digests: list[str]) -> list[str]:
    """Remove those bags from the shelf that no Container names; returns their digests."""
    named = set(models.Container.objects.values_list("digest", flat=True))
    dropped = [digest for digest in digests if digest not in named]
    for digest in dropped:
        shelved(settings, digest).unlink(missing_ok=True)
    return dropped


def sweep(settings: Settings) -> list[str]:
    """Remove blobs and bags that no row names: what a process left that was killed between making and recording them.

    Only to be called at start, while nothing is being made; returns the names of what was removed. With a database that is
    older than the vault, what was taken in since is removed too: the database does not know of it.
    """
    bags = [path.stem for path in settings.shelf.glob("*.asice") if re.fullmatch(r"[0-9a-f]{64}", path.stem)]
    return _drop_blobs(settings, _vault(settings).names()) + _drop_bags(settings, bags)


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
    """Seal what is held for the requesting State into a bag on the shelf, and record `disclosed`.

    Raises:
        NotPossible: what was taken in, or the conditions, are others than the officer saw who ordered it.
        BrokenSeal: the vault does not give back, exhibit by exhibit, what was taken in; nothing was sealed.
    """
    case = archive.load(job.case_id, home=settings.state)
    said = as_taken_in(case)
    if any(job.given[name] != value for name, value in said.items()):
        raise NotPossible("The case has changed since this was ordered.", code="case.changed", where=case.reference)
    said |= {name: job.given[name] for name in ("use", "rest")}
    _await_witness(settings, job)
    holding = models.Holding.objects.filter(case=job.case_id).latest("pk")
    data = b"".join(_vault(settings).get(holding.manifest_blob, _label(case, "manifest")))
    if not canon.content_id(data) == holding.manifest == said["manifest"]:
        raise BrokenSeal("The vault's manifest is not the one that was recorded.", code="vault.manifest")
    manifest = bag.read_manifest(data)
    if manifest.case != case.reference:
        raise BrokenSeal("The vault's manifest is of another case.", code="vault.manifest")
    settings.shelf.mkdir(mode=0o700, exist_ok=True)
    path = settings.shelf / f".{case.reference}.making"
    with _dropped_on_failure(_drop_bags, settings) as made:
        exhibits = _held(settings, case, holding, manifest, progress)
        _write_bag(settings, case, path, data, exhibits, use=said["use"], now=now)
        digest, size = _digest(path), path.stat().st_size
        made.append(digest)
        settle(path, shelved(settings, digest))
        with transaction.atomic():
            models.Container.objects.create(
                digest=digest, case_id=case.reference, number=len(case.returns) + 1, size=size, peer=case.requesting,
                outgoing=True, complete=True,
            )  # fmt: skip
            body = said | {"container": digest, "size": size}
            _record.record(settings, case.reference, Kind.DISCLOSED, body, officer=_officer(job), at=now())
            _finish(job)


def _held(
    settings: Settings, case: Case, holding: models.Holding, manifest: Manifest, progress: Progress
) -> Iterator[bytes]:
    """The exhibits' bytes from the vault; each exhibit is compared with its digest in the manifest."""
    done, held = 0, _vault(settings).get(holding.exhibits_blob, _label(case, "exhibits"))
    for _, chunks in bag.split(held, manifest):
        for chunk in chunks:
            done += len(chunk)
            progress(done, manifest.size)
            yield chunk


def _await_witness(settings: Settings, job: models.Job) -> None:
    """Give the witnesses half a minute to see the act that took the exhibits in, so that the bag can prove it.

    If there are others, the addressee of the bag is not waited for: it is a party to the case.

    Raises:
        Unreachable: none has yet; the job is tried again. After six attempts the bag goes without.
    """
    known = set(models.Peer.objects.filter(pk__in=settings.witnesses).values_list("pk", flat=True))
    if known and job.attempts < _WITNESS_ATTEMPTS:
        row = _executed_row(job.case_id)
        wanted = known - {row.case.requesting} or known
        if not models.Cosigned.objects.filter(witness__in=wanted, head__gt=row.entry).exists():
            raise Unreachable("No witness has cosigned the log's head yet.", code="log.unwitnessed")


def _executed_row(reference: str) -> models.Act:
    return models.Act.objects.filter(case=reference, kind=Kind.EXECUTED, entry__isnull=False).latest("seq")


def _write_bag(
    settings: Settings, case: Case, path: Path, manifest: bytes, exhibits: Iterator[bytes], *, use: str, now: Now
) -> None:
    row = _executed_row(case.reference)
    place = row.entry or 0
    proof = archive.log_proof(place, _log.log_note(settings, covering=place, peer=case.requesting))
    peer = archive.peer_entry(case.requesting)
    witnesses = models.Peer.objects.filter(pk__in=settings.witnesses).order_by("pk").values_list("pk", flat=True)
    entries = (*issuing.own_chain(settings), *(version for state in witnesses for version in archive.chain(state)))
    bag.write(
        path, case=case.reference, to=peer.state, key=peer.open, exercise=case.request.exercise, use=use, at=now(),
        sender=bag.Sender(settings.state, entries, settings.signing, settings.cades),
        executed={"statement": canon.b64(archive.signed(row)), "proof": proof.to_dict()},
        manifest=manifest, exhibits=exhibits,
    )  # fmt: skip


def own_entry(settings: Settings) -> bytes:
    """This State's own signed directory entry."""
    return (settings.home / "entry.json").read_bytes()


def announced(settings: Settings, act: Act, *, at: datetime) -> None:
    """When a peer's act announces a container, note that it has to be collected (inside `crossing.admit`)."""
    if act.kind is not Kind.DISCLOSED:
        return
    if models.Container.objects.filter(pk=act.body["container"]).exists():
        raise NotPossible("This container was announced already.", code="evidence.announced", where=act.case)
    digest, earlier = act.body["container"], models.Container.objects.filter(case=act.case).count()
    models.Container.objects.create(
        digest=digest, case_id=act.case, number=earlier + 1, size=act.body["size"], peer=act.by, outgoing=False
    )
    models.Job.objects.create(kind=models.Job.Kind.COLLECT, case_id=act.case, about=digest, made_at=at, next_at=at)


def collecting(settings: Settings, job: models.Job) -> tuple[models.Container, Path]:
    """(the container to collect, the file that its bytes are appended to: so many are here already as it is long).

    A process killed after it moved the whole file to its place, and before it noted that, finds the file moved back: there
    is nothing left to fetch, and `collected` compares it once more.

    Raises:
        Unreachable: there is no room for the rest; the job waits until there is.
    """
    row = models.Container.objects.get(pk=job.about, outgoing=False)
    settings.shelf.mkdir(mode=0o700, exist_ok=True)
    path, whole = settings.shelf / f"{row.digest}.collecting", shelved(settings, row.digest)
    if not row.complete and whole.exists():
        whole.replace(path)
    here = path.stat().st_size if path.exists() else 0
    if here < row.size and shutil.disk_usage(settings.shelf).free - (row.size - here) < _SPARE:
        raise Unreachable(f"There is no room for {row.size} bytes of evidence.", code="collect.room")
    return row, path


def collected(settings: Settings, job: models.Job) -> None:
    """All bytes are here: keep the container if they are those that were announced.

    Raises:
        BrokenSeal: they are not; they are thrown away, to be collected anew.
    """
    row, path = collecting(settings, job)
    if not path.exists() or path.stat().st_size != row.size or _digest(path) != row.digest:
        path.unlink(missing_ok=True)
        raise BrokenSeal("What was collected is not what was announced.", code="collect.digest")
    settle(path, shelved(settings, row.digest))
    with transaction.atomic():
        models.Container.objects.filter(pk=row.pk).update(complete=True)
        _finish(job)


def verify_return(settings: Settings, job: models.Job, *, now: Now, progress: Progress) -> None:
    """Verify one return, and record `verified` when all of it holds.

    1. the container is the announced one, of our strict form;
    2. the sender's two signatures hold over every byte of it, by the key pinned here;
    3. its CAdES signature holds under the pinned certificate, its manifest lists what is there;
    4. it is for this case, from and to its parties, for the announced use, with the act that took these exhibits in; that act
       stands in the sender's log, by the log key pinned here: a cosignature of a witness known here must hold, if there is one;
    5. the content key opens, the exhibits' manifest is the announced one and carries the conditions of the decision;
    6. every exhibit has the size and digest that the manifest says.
    """
    case = archive.load(job.case_id, home=settings.state)
    said = next((act for act in case.returns if act.body["container"] == job.about), None)
    if said is None:
        raise NotPossible("This was not disclosed.", code="case.stage", where=case.reference)
    peer = archive.peer_entry(case.requested)
    path = shelved(settings, said.body["container"])
    if _digest(path) != said.body["container"]:  # 1
        raise BrokenSeal("The container changed since it arrived.", code="verify.container")
    with bag.Bag(path) as found:
        found.check_seal(trust_in([peer]), None)  # 2
        if found.container.manifest_mismatches():  # 3
            raise BrokenSeal("The container's manifest does not list what is there.", code="verify.manifest")
        check_cades(found.container, peer, at=found.made_at())
        executed = _about_this_case(found, case, peer, said.body["use"])  # 4
        secret = found.content_key(settings.openings)  # 5
        manifest, data = found.manifest(secret)
        _as_announced(manifest, canon.content_id(data), executed, said)
        done = 0
        for _, chunks in found.exhibits(secret, manifest):  # 6
            for chunk in chunks:
                done += len(chunk)
                progress(done, manifest.size)
    with transaction.atomic():
        body = {"container": said.body["container"], "manifest": said.body["manifest"]}
        _record.record(settings, case.reference, Kind.VERIFIED, body, officer=_officer(job), at=now())
        _finish(job)


def _about_this_case(found: bag.Bag, case: Case, peer: Entry, use: str) -> Act:
    """The act that took the exhibits in. Raises BrokenSeal, BrokenProof: what is readable to all is not this case's."""
    about = found.about
    parties = (about["case"], about["from"], about["to"], about["exercise"], about["use"])
    if parties != (case.reference, case.requested, case.requesting, case.request.exercise, use):
        raise BrokenSeal("The bag is for another case or use, or between other States.", code="verify.case")
    executed = found.check_executed(trust_in([peer]))
    found.check_logged(peer, archive.entries())
    return executed


def _as_announced(manifest: Manifest, digest: str, executed: Act, said: Act) -> None:
    """Return when the manifest, the act that took it in and the act that announced it say the same. Raises BrokenSeal."""
    files = sum(1 for _ in manifest.files)
    if (
        not digest == said.body["manifest"] == executed.body["manifest"]
        or not files == said.body["files"] == executed.body["files"]
        or manifest.size != executed.body["bytes"]
        or list(manifest.conditions) != said.body["conditions"]
    ):
        raise BrokenSeal("The exhibits' manifest is not the announced one.", code="verify.manifest")


def manifests(settings: Settings, case: Case) -> Iterator[tuple[str, Manifest]]:
    """(digest, manifest) of what was taken in here for the case, and of each return of it that was verified here.

    Raises:
        BrokenSeal, OSError: vault or shelf do not give back what they held.
    """
    for row in models.Holding.objects.filter(case=case.reference).order_by("pk"):
        data = b"".join(_vault(settings).get(row.manifest_blob, _label(case, "manifest")))
        yield row.manifest, bag.read_manifest(data)
    for said in case.returns:
        if case.verified(said):
            with bag.Bag(shelved(settings, said.body["container"])) as found:
                yield said.body["manifest"], found.manifest(found.content_key(settings.openings))[0]


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


def next_job(*, at: datetime, latest: datetime) -> models.Job | None:
    """The job that has been due for longest; `latest`: where the longest wait for another attempt ends that can begin now."""
    waits = models.Job.objects.filter(is_due("next_at", at, latest), status=models.Job.Status.WAITING)
    return waits.order_by("next_at").first()


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


def shelved(settings: Settings, digest: str) -> Path:
    """Where the bag `digest` lies on the shelf, or will lie."""
    return settings.shelf / f"{digest}.asice"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
