"""Uploads in a bucket that speaks S3, by django-storages: write-once, limits for each call, OSError for all faults.

No call belongs into a database transaction: what waits for the network would hold locks and a connection.
"""

from __future__ import annotations

import errno
import logging
import os
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from threading import BoundedSemaphore, Lock
from typing import Any, BinaryIO, cast
from urllib.parse import urljoin

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError, SSLError
from django.conf import settings
from django.core.files import File
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from console.base.core.files import CHUNK, KeptStorage, Part

logger = logging.getLogger(__name__)

# Seconds for a connection, and for each answer or piece of one; what fails is tried twice in all.
CONNECT, READ, TRIES = 2, 5, 2
CONNECTIONS = 50  # of one process
IN_MEMORY = 2 * 1024 * 1024  # bytes of a file that is read here; more go to the disk
AWAY_AFTER, AWAY_SECONDS = 2, 3.0  # so many calls in a row that nobody answered; for so long nobody asks then
AT_ONCE, PATIENCE = 2, 1.0  # calls that may wait for the beginning of an answer; seconds for which others wait for them
SEEN_SECONDS = 60.0  # a file never changes: that it was there counts for so long
MOST_SEEN = 10_000
WRITTEN_SECONDS = 300.0  # that a bucket was written to counts for so long, unless an upload fails
DEBIAN_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"

FULL_CODES = {"XMinioStorageFull", "QuotaExceeded", "ServiceQuotaExceededException"}
ERRORS = {
    401: errno.EACCES,
    403: errno.EACCES,
    404: errno.ENOENT,
    409: errno.EAGAIN,  # two write the same name now
    412: errno.EEXIST,
    501: errno.ENOSYS,
    503: errno.EHOSTDOWN,
}


def _translated(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of django-storages that raises OSError alone."""

    def asking(self: ObjectStorage, *args: Any) -> Any:
        with self.asking():
            return method(self, *args)

    return asking


def _authorities() -> str | None:
    """Return a file with the authorities that this machine trusts; None for boto's own list, where there is no file."""
    files = os.environ.get("AWS_CA_BUNDLE"), ssl.get_default_verify_paths().cafile, DEBIAN_AUTHORITIES
    return next((file for file in files if file and Path(file).is_file()), None)


class ObjectStorage(S3Storage, KeptStorage):
    """A bucket, or the part of one below `location`.

    `public_endpoint` is the address by which devices reach it, where that is another one; `probe` is the key of an
    object that the readiness probe writes.
    """

    setting, links = "STORAGE_URL", True

    def __init__(
        self, *, public_endpoint: str | None = None, probe: str, addressing_style: str = "auto", **options: Any
    ) -> None:
        config = Config(
            connect_timeout=CONNECT,
            read_timeout=READ,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            max_pool_connections=CONNECTIONS,
            signature_version="s3v4",
            # The hash of a body is part of its signature, so a server takes it whole or not at all. Other checksums
            # only if it asks for them: not every server knows those.
            s3={"addressing_style": addressing_style, "payload_signing_enabled": True},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        super().__init__(client_config=config, verify=_authorities(), **options)
        self.probe = probe
        self.public_endpoint = public_endpoint or self.endpoint_url
        self._lock, self._turns = Lock(), BoundedSemaphore(AT_ONCE)
        self._clients: dict[str | None, Any] = {}
        self._failures, self._away_until = 0, 0.0
        self._seen: dict[tuple[str, int], float] = {}
        self._written_until = 0.0

    delete = _translated(S3Storage.delete)
    exists = _translated(S3Storage.exists)
    listdir = _translated(S3Storage.listdir)
    size = _translated(S3Storage.size)

    @property
    def connection(self) -> Any:
        """One for all threads, who use only what is safe for them."""
        return self._client(self.endpoint_url)

    def _client(self, endpoint: str | None) -> Any:
        """Return the connection to an endpoint: making one takes a fifth of a second, so there is one in a process."""
        with self._lock:
            if endpoint not in self._clients:
                options = {"region_name": self.region_name, "config": self.client_config, "verify": self.verify}
                self._clients[endpoint] = self._create_session().resource("s3", endpoint_url=endpoint, **options)
            return self._clients[endpoint]

    @contextmanager
    def asking(self, *, is_long: bool = False) -> Iterator[None]:
        """Raise OSError for whatever goes wrong, and immediately while the storage is known to be away.

        One that is silent holds two threads of the process, and later one at a time, which finds out whether it is
        back: the others go on answering devices and pages. `is_long`: a body is sent, beside those.
        """
        with nullcontext() if is_long else self._turn():
            now = time.monotonic()
            if now < self._away_until:
                raise OSError(errno.EHOSTDOWN, "the object storage did not answer a moment ago")
            if self._failures >= AWAY_AFTER:
                self._away_until = now + TRIES * READ
            with self._noting():
                yield

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=PATIENCE):
            raise OSError(errno.EHOSTDOWN, "the object storage does not answer others")
        try:
            yield
        finally:
            self._turns.release()

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            self._note(answered=status < 500 or status == 501)
            raise _refusal(error, status) from None
        except (ConnectionError, HTTPClientError) as error:
            self._note(answered=False)
            why = error.kwargs["error"] if isinstance(error, SSLError) else type(error).__name__
            raise OSError(errno.ETIMEDOUT, f"no answer ({why})") from None
        except BotoCoreError as error:  # No credentials, or an answer that is cut.
            raise OSError(errno.EIO, f"{error}") from None
        self._note(answered=True)

    def _note(self, *, answered: bool) -> None:
        self._failures = 0 if answered else self._failures + 1
        self._away_until = time.monotonic() + AWAY_SECONDS if self._failures >= AWAY_AFTER else 0.0

    def _key(self, name: str) -> str:
        return str(self._normalize_name(clean_name(name)))

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": self._key(name)}

    def url(self, name: str | None) -> str:
        """Return the address of an icon at the console, as folders have it: pages load nothing from elsewhere."""
        return urljoin(settings.MEDIA_URL, filepath_to_uri(name) or "")

    # Reading ------------------------------------------------------------------------------------------------------

    def get_modified_time(self, name: str) -> datetime:
        """Return when the file was written."""
        with self.asking():
            found = self.connection.meta.client.head_object(**self._at(name))
        return cast(datetime, found["LastModified"])

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        """Return the whole file, read: a zip is read from its end."""
        file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - whoever opens it closes it
        try:
            with self.asking():
                found = self.connection.meta.client.get_object(**self._at(name))
            with self._noting():
                for chunk in found["Body"].iter_chunks(CHUNK):
                    file.write(chunk)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return File(cast(Any, file), name)

    def part(self, name: str, part: range) -> Part:
        """As KeptStorage."""
        return _ObjectPart(self, name, part)

    def opened(self, name: str, part: range) -> Any:
        """Return the body of an answer that has these bytes and no others. Raises OSError."""
        with self.asking():
            wanted = f"bytes={part.start}-{part.stop - 1}"
            found = self.connection.meta.client.get_object(**self._at(name), Range=wanted)
        if found["ContentLength"] != len(part):
            found["Body"].close()
            raise OSError(errno.EIO, f"{found['ContentLength']} bytes instead of {len(part)}")
        return found["Body"]

    def check(self, name: str, size: int) -> None:
        """As KeptStorage."""
        now = time.monotonic()
        if self._seen.get((name, size), 0.0) > now:
            return
        if (found := self.size(name)) != size:
            raise OSError(errno.EIO, f"{found} bytes instead of {size}")
        if len(self._seen) >= MOST_SEEN:
            self._seen = {}
        self._seen[name, size] = now + SEEN_SECONDS

    def link(self, name: str, *, seconds: int, public: bool) -> str:
        """As KeptStorage; what the storage answers by it says the same of itself as our own answer does."""
        about = {
            **self._at(name),
            "ResponseContentType": "application/octet-stream",
            "ResponseContentDisposition": f'attachment; filename="{PurePosixPath(name).name}"',
            "ResponseCacheControl": "private, max-age=31536000, immutable",
        }
        client = self._client(self.public_endpoint if public else self.endpoint_url).meta.client
        try:  # Nobody is asked, but for credentials that have expired.
            return str(client.generate_presigned_url("get_object", Params=about, ExpiresIn=seconds))
        except BotoCoreError as error:
            raise OSError(errno.EIO, f"{error}") from None

    # Writing ------------------------------------------------------------------------------------------------------

    def _save(self, name: str, content: File[Any]) -> str:
        self.put(name, cast(BinaryIO, content))
        return name

    def put(self, name: str, content: BinaryIO) -> None:
        """As KeptStorage: nothing is overwritten, and what is there is compared with `content`.

        Servers that don't know conditional writes are asked first whether it is there.
        """
        if not self._create(name, content):
            self._compare(name, content)

    def _create(self, name: str, content: BinaryIO) -> bool:
        """Write it unless it is there; return whether it was not."""
        for condition in ({"IfNoneMatch": "*"}, {"IfNoneMatch": "*"}, {}):
            if not condition and self.exists(name):
                return False
            try:
                self._put(name, content, **condition)
                return True
            except FileExistsError:
                return False
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.ENOSYS) or not condition:
                    self._written_until = 0.0  # The next probe writes, too.
                    raise
        return False

    def _put(self, name: str, content: BinaryIO, **condition: str) -> None:
        content.seek(0)
        about = self._get_write_parameters(name)
        with self.asking(is_long=True):
            self.connection.meta.client.put_object(**self._at(name), Body=content, **about, **condition)

    def _compare(self, name: str, content: BinaryIO) -> None:
        content.seek(0)
        with self.open(name) as there:
            while chunk := there.read(CHUNK):
                if chunk != content.read(len(chunk)):
                    break
            if chunk or content.read(1):
                raise FileExistsError(errno.EEXIST, f"{name} is there with other bytes")

    def fault(self) -> str:
        """As KeptStorage: a process writes an object of its own now and then, and in between asks for it."""
        client = self.connection.meta.client
        at = {"Bucket": self.bucket_name, "Key": self.probe}
        with self.asking():
            if time.monotonic() < self._written_until:
                client.head_object(**at)
            else:
                client.put_object(**at, Body=b"probe")
                self._written_until = time.monotonic() + WRITTEN_SECONDS
        return ""


class _ObjectPart:
    """Read as it is sent; where the connection breaks, another one goes on there, once."""

    def __init__(self, storage: ObjectStorage, name: str, part: range) -> None:
        self._storage, self._name, self._part = storage, name, part
        self._body = storage.opened(name, part)

    def __iter__(self) -> Iterator[bytes]:
        left, again = self._part, True
        while left:
            try:
                chunk = self._body.read(min(CHUNK, len(left)))
            except (BotoCoreError, OSError):
                logger.warning("the object storage broke off %s, %d bytes before its end", self._name, len(left))
                chunk = b""
            if chunk:
                left = left[len(chunk) :]
                yield chunk
            elif again:
                again = False
                self.close()
                self._body = self._storage.opened(self._name, left)
            else:
                raise OSError(errno.EIO, f"{self._name} broke off")

    def close(self) -> None:
        with suppress(Exception):  # Nothing is left to do with a connection that is gone.
            self._body.close()


def _refusal(error: ClientError, status: int) -> OSError:
    """Return what the storage answered; Python makes a FileNotFoundError and its like of the number."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    number = errno.ENOSPC if code in FULL_CODES else ERRORS.get(status, errno.EIO)
    return OSError(number, f"the object storage answers {status} {code}".strip())
