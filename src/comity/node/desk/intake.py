"""A provider's delivery: found in the intake folder, walked and read once, whoever may still be changing it.

Every folder and file is opened relative to the descriptor of the folder that it was found in, and no link is followed.
What was opened is looked at once more before a byte of it is read: what was swapped in between is neither read nor
waited for.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from comity.casework.evidence import Exhibit
from comity.errors import Invalid
from comity.node.settings import Settings
from comity.seal import canon
from comity.wire import bag

_READ = 1 << 20
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_PLACE = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC  # the thing itself, a link too; nothing is read
_SWAPPED = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EINVAL})  # it was something else a moment ago
_MOVED = _SWAPPED | {errno.ENOENT}


@dataclass(frozen=True)
class Delivery:
    """A delivery that stands open.

    Args:
        folder: descriptor of the folder that was delivered, or of the one in which the one file stands.
        only: the name of the one file; empty when a folder was delivered.
    """

    folder: int
    only: bytes = b""


Item = tuple[bytes, int, os.stat_result]  # path inside the delivery, descriptor of the folder it stands in, status


def deliveries(settings: Settings) -> list[str]:
    """Names of what lies in the intake folder."""
    if not settings.intake.is_dir():
        return []
    return sorted(item.name for item in settings.intake.iterdir() if not item.name.startswith("."))


def find_delivery(settings: Settings, name: str) -> None:
    """Return when the delivery `name` may be taken in as it stands now; `opened` looks again. Raises as it does."""
    with opened(settings, name):
        pass


@contextmanager
def opened(settings: Settings, name: str) -> Iterator[Delivery]:
    """The file or folder `name` of the intake folder, opened once: what its name leads to afterwards does not matter.

    It may be a link that the node's own account made, to a medium for instance; a link that a provider managed to place
    there is refused, and so is anything that would take in the node's own home with its keys.

    Raises:
        Invalid: there is no such delivery, or it may not be taken in.
    """
    if name not in deliveries(settings):
        raise Invalid(f"There is no '{name}' in the intake folder.", code="intake.unknown", where="delivery")
    with ExitStack() as held:
        with _reading(os.fsencode(name), _SWAPPED):
            delivery = _open(settings, os.fsencode(name), held)
        yield delivery


def _open(settings: Settings, name: bytes, held: ExitStack) -> Delivery:
    home = settings.home.resolve()
    folder = _hold(held, os.open(settings.intake, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    target = _target(name, folder)
    if target is not None:
        path = Path(os.path.realpath(settings.intake / os.fsdecode(target)))
        name, folder = os.fsencode(path.name) or b".", _hold(held, _way(path.parent, home))
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISREG(status.st_mode):
        return Delivery(folder, name)
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, "it became a link")
    if not stat.S_ISDIR(status.st_mode):
        raise _special(name)
    top = _hold(held, _same(name, folder, status))
    if _identity(os.fstat(top)) in {_identity(place.stat()) for place in (home, *home.parents)}:
        raise _own_files(name)
    return Delivery(top)


def _hold(held: ExitStack, descriptor: int) -> int:
    held.callback(os.close, descriptor)
    return descriptor


def _target(name: bytes, folder: int) -> bytes | None:
    """Where `name` leads if it is a link: read from the very link whose owner was looked at."""
    link = os.open(name, _PLACE, dir_fd=folder)
    try:
        status = os.fstat(link)
        if not stat.S_ISLNK(status.st_mode):
            return None
        if status.st_uid != os.getuid():
            raise Invalid(
                f"{_shown(name)} is a link that this node did not make.", code="intake.link", where="delivery"
            )
        return os.readlink(b"", dir_fd=link)
    finally:
        os.close(link)


def _way(path: Path, home: Path) -> int:
    """A descriptor of the folder `path`, opened part by part: none is a link by now, none is the node's home."""
    own, here = _identity(home.stat()), os.open("/", _PLACE | os.O_DIRECTORY)
    try:
        for part in path.parts[1:]:
            below = os.open(part, _PLACE | os.O_DIRECTORY, dir_fd=here)
            os.close(here)
            here = below
            if _identity(os.fstat(here)) == own:
                raise _own_files(os.fsencode(path))
    except BaseException:
        os.close(here)
        raise
    return here


def walk(delivery: Delivery) -> Iterator[Item]:
    """Everything in `delivery`, folder by folder, in each in the order of the names' bytes.

    Links are given as links and never followed. A folder is given only when it is empty. However deep the folders are,
    two descriptors are open at most: the way back up is ``..``, which must be the folder that was come from.
    """
    if delivery.only:
        yield delivery.only, delivery.folder, os.stat(delivery.only, dir_fd=delivery.folder, follow_symlinks=False)
        return
    here = os.dup(delivery.folder)
    try:
        levels = [(b"", _identity(os.fstat(here)), _names(here))]
        while True:
            inside, _, names = levels[-1]
            if names:
                name = names.pop()
                with _reading(inside + name):
                    status = os.stat(name, dir_fd=here, follow_symlinks=False)
                    below, inner = _entered(name, here, status) if stat.S_ISDIR(status.st_mode) else (-1, [])
                if below == -1:
                    yield inside + name, here, status
                    continue
                levels.append((inside + name + b"/", _identity(os.fstat(below)), inner))
            else:
                levels.pop()
                if not levels:
                    return
                with _reading(inside):
                    below = _left(here, levels[-1][1])
            os.close(here)
            here = below
    finally:
        os.close(here)


def _names(folder: int) -> list[bytes]:
    """The names in `folder`, the last first."""
    return sorted(map(os.fsencode, os.listdir(folder)), reverse=True)


def _entered(name: bytes, here: int, status: os.stat_result) -> tuple[int, list[bytes]]:
    """(descriptor of the folder `name` in `here`, the names in it); (-1, []) when it is empty."""
    below = _same(name, here, status)
    try:
        names = _names(below)
    except BaseException:
        os.close(below)
        raise
    if not names:
        os.close(below)
        return -1, []
    return below, names


def _left(here: int, above: tuple[int, int]) -> int:
    """A descriptor of the folder that `here` stands in, which must still be `above`."""
    found = os.open("..", _OPEN | os.O_DIRECTORY, dir_fd=here)
    if _identity(os.fstat(found)) != above:
        os.close(found)
        raise OSError(errno.ENOTDIR, "it was moved")
    return found


def _same(name: bytes, folder: int, status: os.stat_result) -> int:
    """`name` of `folder`, opened, if it is still of the kind that `status` says."""
    found = os.open(name, _OPEN, dir_fd=folder)
    mode = os.fstat(found).st_mode
    if stat.S_IFMT(mode) == stat.S_IFMT(status.st_mode):
        return found
    os.close(found)
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        raise OSError(errno.ENOTDIR, "it became something else")
    raise _special(name)


def exhibits(delivery: Delivery, found: list[Exhibit], progress: Callable[[int, int], None]) -> Iterator[bytes]:
    """The bytes of every file of `delivery`; what was read is listed in `found` as it goes.

    Raises:
        Invalid: it holds a pipe, socket or device, something that cannot be read, or more than a manifest can list; or it
            changed meanwhile. A file that only grows or shrinks is listed as it was read.
    """
    done, total = 0, _measured(delivery)
    for inside, folder, status in walk(delivery):
        exhibit = _exhibit(inside, folder, status)
        if exhibit.kind == "file":
            digest, size = hashlib.sha256(), 0
            for chunk in _content(inside, folder, status):
                digest.update(chunk)
                size += len(chunk)
                yield chunk
                progress(done + size, total)
            done += size
            exhibit = replace(exhibit, size=size, sha256=digest.hexdigest())
        found.append(exhibit)


def _measured(delivery: Delivery) -> int:
    """The bytes of all files. Raises Invalid before any is read: no manifest could list them."""
    total = listed = 0
    for item in walk(delivery):
        exhibit = _exhibit(*item)
        total += exhibit.size
        listed += len(canon.dumps(exhibit.to_dict())) + 1
        if listed > bag.MANIFEST_LIMIT:
            raise too_many()
    return total


def _exhibit(inside: bytes, folder: int, status: os.stat_result) -> Exhibit:
    """What is found, as it will be listed: a file still without its digest."""
    if stat.S_ISLNK(status.st_mode):
        with _reading(inside):
            return Exhibit(inside, 0, "", "link", os.readlink(inside.rpartition(b"/")[2], dir_fd=folder))
    if stat.S_ISDIR(status.st_mode):
        return Exhibit(inside, 0, "", "folder")
    if stat.S_ISREG(status.st_mode):
        return Exhibit(inside, status.st_size, "0" * 64)
    raise _special(inside)


def _content(inside: bytes, folder: int, status: os.stat_result) -> Iterator[bytes]:
    with _reading(inside):
        file = open(_same(inside.rpartition(b"/")[2], folder, status), "rb", buffering=0)  # noqa: SIM115  closed below
    with file:
        while True:
            with _reading(inside):
                chunk = file.read(_READ)
            if not chunk:
                return
            yield chunk


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


@contextmanager
def _reading(inside: bytes, changed: frozenset[int] = _MOVED) -> Iterator[None]:
    """Say what could not be read, and by the errors `changed`, that it is not what it was when its folder was listed."""
    try:
        yield
    except OSError as error:
        name = _shown(inside)
        if error.errno in changed:
            raise Invalid(f"{name} changed while it was being read.", code="intake.changed", where=name) from error
        raise Invalid(f"{name} cannot be read: {error.strerror}.", code="intake.unreadable", where=name) from error


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")


def _special(name: bytes) -> Invalid:
    return Invalid(f"{_shown(name)} is no file, folder or link.", code="intake.special", where=_shown(name))


def _own_files(name: bytes) -> Invalid:
    return Invalid(f"{_shown(name)} leads to the node's own files.", code="intake.link", where="delivery")


def too_many() -> Invalid:
    """That a delivery holds more than a manifest can list."""
    words = (
        f"These are more files than a list of {bag.MANIFEST_LIMIT} bytes can name: have them handed over as an archive."
    )
    return Invalid(words, code="intake.too-many", where="delivery")
