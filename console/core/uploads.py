"""Reading an upload: to a temporary file, and never more of it than any form takes."""

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Keep at most UPLOAD_BYTES, and one chunk, of all that a request uploads.

    The rest is read and dropped, so that the form can name the true size beside its field; how long that may go on
    is the web server's business.
    """

    received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write the chunk unless the limit was passed before."""
        if self.received <= settings.UPLOAD_BYTES:
            super().receive_data_chunk(raw_data, start)
        self.received += len(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Give the file its true size; what was dropped is a hole, which takes no place on the disk."""
        self.file.truncate(file_size)
        return super().file_complete(file_size)
