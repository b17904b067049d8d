"""Files as they come in with a form: encrypted before they touch the disk, under keys that only this process's memory holds.

Too many of them, or one that is too long, spoil nothing else: they are left out and noted, so that what was typed is kept.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from comity.casework.report import FILE, FILES
from comity.errors import ComityError, Invalid, NotPossible
from comity.node.desk import room
from comity.node.desk.attached import HEAD, File
from comity.node.settings import Settings

_TAG: Final = 16
NAME: Final = "files"
"""The field of a form in which files come."""


class _Spool:
    """Bytes on disk, in a file without a name, encrypted chunk by chunk under a key of its own."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  it lives as long as its request
        self._cipher, self._lengths = AESGCM(secrets.token_bytes(32)), list[int]()
        self.size, self.head, self._digest = 0, b"", sha256()

    def write(self, chunk: bytes) -> None:
        self._file.write(self._cipher.encrypt(len(self._lengths).to_bytes(12, "big"), chunk, None))
        self._lengths.append(len(chunk))
        self.size += len(chunk)
        self.head = (self.head + chunk[:HEAD])[:HEAD]
        self._digest.update(chunk)

    def pieces(self) -> Iterator[bytes]:
        """What was written, from the first byte."""
        self._file.seek(0)
        for number, length in enumerate(self._lengths):
            yield self._cipher.decrypt(number.to_bytes(12, "big"), self._file.read(length + _TAG), None)

    def file(self, name: str) -> File:
        return File(name, self.size, self._digest.hexdigest(), self.head, self.pieces)

    def close(self) -> None:
        self._file.close()


class Intake(FileUploadHandler):
    """Takes the files of one form. Before the first of them is written, room for all that the form can hold is taken.

    Args:
        settings: the node's; nameless files are made in its folder of reports.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings, self._spools = settings, list[tuple[_Spool, str]]()
        self._length, self._room, self._has_room = 0, ExitStack(), False
        self.chunk_size = 1 << 20
        self.faults: list[ComityError] = []

    @property
    def files(self) -> list[File]:
        """What has come in whole."""
        return [spool.file(name) for spool, name in self._spools]

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],  # noqa: N803  Django calls it so
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Note how long the form is, and let Django read it."""
        del input_data, META, boundary, encoding
        self._length = content_length

    def new_file(self, field_name: str, file_name: str, *args: Any, **named: Any) -> None:
        """Begin a file, unless there are enough."""
        super().new_file(field_name, file_name, *args, **named)
        if len(self._spools) == FILES:
            self._refuse(Invalid(f"At most {FILES} files are taken.", code="report.files", where=NAME))
        self._take_room()
        self._spools.append((_Spool(self._settings.reports), file_name))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take a piece of it, unless it grows too long."""
        if start + len(raw_data) > FILE:
            self._spools.pop()[0].close()
            self._refuse(Invalid(f"A file has at most {FILE} bytes.", code="report.file-size", where=NAME))
        self._spools[-1][0].write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        """Django is told of the file, and keeps nothing of it."""
        if not file_size:
            self._spools.pop()[0].close()  # a form that was sent without choosing a file
        return UploadedFile(BytesIO(), self.file_name, size=file_size)

    def upload_interrupted(self) -> None:
        """Forget what came in."""
        self.close()

    def close(self) -> None:
        """Forget every file."""
        while self._spools:
            self._spools.pop()[0].close()
        self._room.close()

    def _take_room(self) -> None:
        if self._has_room:
            return
        try:
            self._room.enter_context(room.of_the_public.taken(self._settings, self._length))
        except NotPossible as fault:
            self._refuse(fault)
        self._has_room = True

    def _refuse(self, fault: ComityError) -> None:
        if fault.code not in {each.code for each in self.faults}:
            self.faults.append(fault)
        raise SkipFile
