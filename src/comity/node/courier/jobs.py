"""Long work that officers ordered: one job after the other, in a thread of its own, so that it holds no message back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError

from comity.errors import BrokenSeal, ComityError, Unreachable
from comity.node import models
from comity.node.courier.errands import line_to, now
from comity.node.desk import crossing, evidence
from comity.node.settings import Settings

_log = logging.getLogger("comity.courier")
_PROGRESS = 0.5  # seconds between two notes of how far a job is


def work(settings: Settings) -> bool:
    """Do the next job that an officer ordered; returns whether there was one."""
    job = evidence.next_job(at=now(), latest=now() + crossing.LAST_RETRY)
    if job is None:
        return False
    try:
        if job.kind == models.Job.Kind.COLLECT:
            _collect(settings, job)
        else:
            evidence.WORK[job.kind](settings, job, now=now, progress=_throttled(job))
    except (Unreachable, BrokenSeal) as error:
        if isinstance(error, BrokenSeal) and job.kind != models.Job.Kind.COLLECT:
            _fail(job, error)
            return True
        evidence.again(job, error, at=now() + crossing.retry_after(job.attempts))
    except ComityError as error:
        _fail(job, error)
    except OSError as error:  # the disk: full, or gone for a while
        trouble = Unreachable(f"The disk did not do its part: {error.strerror}.", code="job.disk")
        evidence.again(job, trouble, at=now() + crossing.retry_after(job.attempts))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  a defect of ours must not hold back all other jobs
        _log.exception("job %s of %s", job.kind, job.case_id)
        _fail(job, ComityError(f"This node has a defect: {type(error).__name__}.", code="job.defect"))
    return True


def _collect(settings: Settings, job: models.Job) -> None:
    """Collect a container from the peer's shelf, going on where an earlier attempt stopped."""
    row, path = evidence.collecting(settings, job)
    line, progress = line_to(settings, row.peer), _throttled(job)
    with path.open("ab") as file:
        while file.tell() < row.size:
            piece = line.collect(f"/evidence/{row.digest}", file.tell(), at=now())
            if not piece or file.tell() + len(piece) > row.size:
                raise Unreachable(f"{row.peer} sent {len(piece)} bytes where others belong.", code="collect.size")
            file.write(piece)
            progress(file.tell(), row.size)
    evidence.collected(settings, job)


def _fail(job: models.Job, error: ComityError) -> None:
    _log.warning("job %s of %s failed: %s", job.kind, job.case_id, error)
    evidence.failed(job, error)


def _throttled(job: models.Job) -> Callable[[int, int], None]:
    last = 0.0

    def note(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _PROGRESS:
            last = time.monotonic()
            evidence.note_progress(job, done, total)

    return note
