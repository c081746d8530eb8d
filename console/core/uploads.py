"""Reading an upload: to a temporary file, and never more of it than any form takes."""

from django.conf import settings
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Keep at most UPLOAD_BYTES of a file and count the rest, so that the form can name the true size.

    At ten times that the connection is cut: nobody packs that by mistake.
    """

    received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write the chunk unless the limit was passed before; the one that passes it shows the file as too large."""
        self.received += len(raw_data)
        if self.received > 10 * settings.UPLOAD_BYTES:
            raise StopUpload(connection_reset=True)
        if start <= settings.UPLOAD_BYTES:
            super().receive_data_chunk(raw_data, start)
