"""Reading an upload: to a temporary file, and never more of it than any form takes."""

from __future__ import annotations

import logging
from contextlib import suppress
from hashlib import sha256
from typing import Any, BinaryIO, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from console.base.core.files import why_not_kept

logger = logging.getLogger(__name__)


class LostUpload(UploadedFile):
    """An upload that no temporary file could keep: there is nothing to read, and `why` is for its form."""

    def __init__(self, name: str, size: int, error: OSError) -> None:
        super().__init__(name=name, size=size)
        self.error = error

    @property
    def why(self) -> str:
        """The sentence beside the field, in the reader's language."""
        return why_not_kept(self.error)


def sha256_of(file: UploadedFile) -> bytes:
    """Return the SHA-256 of an upload; of one that was lost or cut its name and size are all there is to hash."""
    digest = sha256(repr((file.name, file.size)).encode())
    if not isinstance(file, LostUpload) and (file.size or 0) <= settings.UPLOAD_BYTES:
        for chunk in file.chunks(BoundedUploadHandler.chunk_size):
            digest.update(chunk)
        file.seek(0)
    return digest.digest()


def bare(file: BinaryIO) -> BinaryIO:
    """Return the file inside an upload: two wrappers fewer around each of a thousand reads."""
    while (inner := getattr(file, "file", None)) is not None:
        file = inner
    return file


class UploadField(forms.FileField):
    """A file that was uploaded; one that was lost is refused, and all else that was typed stays."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the file; raises ValidationError for one that was lost."""
        if isinstance(data, LostUpload):
            raise ValidationError(data.why, code="lost")
        return super().clean(data, initial)


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Keep at most UPLOAD_BYTES, and one chunk, of all that a request uploads.

    The rest is read and dropped, so that the form can name the true size beside its field; how long that may go on
    is the web server's business. So is what no longer fits on the disk: the request is read to its end, and the form
    says so beside the field of a `LostUpload`.
    """

    chunk_size = 256 * 1024  # a quarter of the steps of Django's own for a package of 20 MB
    received = 0
    error: OSError | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Open a temporary file."""
        self.error = None
        try:
            super().new_file(*args, **kwargs)
        except OSError as error:
            self._lose(error)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write the chunk unless the limit was passed before."""
        if self.error is None and self.received <= settings.UPLOAD_BYTES:
            try:
                super().receive_data_chunk(raw_data, start)
            except OSError as error:
                self._lose(error, self.file)
        self.received += len(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Give the file its true size; what was dropped is a hole, which takes no place on the disk."""
        if self.error is None:
            try:
                self.file.truncate(file_size)
                return cast(UploadedFile, super().file_complete(file_size))
            except OSError as error:
                self._lose(error, self.file)
        assert self.error is not None and self.file_name is not None  # noqa: S101 - it was lost, and it has a name
        return LostUpload(self.file_name, file_size, self.error)

    def _lose(self, error: OSError, file: UploadedFile | None = None) -> None:
        """Remember why, and give up the room of the begun file; closing writes what is buffered, and fails again."""
        logger.error("an upload can't be written to a temporary file: check the space in TMPDIR", exc_info=error)
        self.error = error
        if file is not None:
            with suppress(OSError):
                file.close()
