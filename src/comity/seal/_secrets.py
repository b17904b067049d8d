"""Files that hold a secret: of mode 0600, written once, never written over."""

from __future__ import annotations

import os
from pathlib import Path

from comity.errors import Misconfigured


def write_secret(path: Path, content: bytes) -> None:
    """Write `content` to a new file of mode 0600, on disk before this returns. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_secret(path: Path) -> bytes:
    """The content of a secret file.

    Raises:
        Misconfigured: the file is missing, or others than its owner may read it.
    """
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"The secret file {path} cannot be read: {error.strerror}.", code="key.file") from error
    if mode & 0o077:
        raise Misconfigured(f"Others may read {path}. Run: chmod 600 {path}", code="key.mode")
    return content
