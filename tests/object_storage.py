"""A real S3 server, moto's, in a process of its own on a free port, while a block or a test run lasts."""

from __future__ import annotations

import atexit
import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote

BUCKET, KEY, SECRET = "console-tests", "AKIATESTSTESTSTESTS0", "secret/of+tests"
# It ends with its parent, however that ends; moto keeps objects in memory.
SERVER = """
import ctypes, signal, threading
ctypes.CDLL(None).prctl(1, signal.SIGTERM)
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
threading.Event().wait()
"""


@contextlib.contextmanager
def s3_server() -> Iterator[str]:
    """Run one with an empty bucket; yields its address."""
    import boto3

    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            address = f"http://127.0.0.1:{int(process.stdout.readline())}"
            keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "region_name": "us-east-1"}
            boto3.client("s3", endpoint_url=address, **keys).create_bucket(Bucket=BUCKET)
            yield address
        finally:
            process.send_signal(signal.SIGKILL)


def for_the_run() -> str:
    """Run one until this process ends; return STORAGE_URL for it."""
    server = s3_server()
    address = server.__enter__()
    atexit.register(server.__exit__, None, None, None)
    return storage_url(address)


def storage_url(address: str, prefix: str = "here") -> str:
    """Return STORAGE_URL for the server's bucket."""
    return f"s3://{KEY}:{quote(SECRET, safe='')}@{BUCKET}/{prefix}?endpoint={address}&region=us-east-1"
