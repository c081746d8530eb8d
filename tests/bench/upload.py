"""Reading and repacking an upload of 18 MB unpacked, against the least that must be done with its bytes: sha256 over
the upload, inflate each file, deflate each file as the canonical package does. In one process, one after the other,
round after round. A whole upload over HTTP, form, file and database rows included, is for information.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import statistics
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings

from releases.package import Limits, inspect
from tests.bench import stand
from tests.bench.result import Result

PACKAGES = 10  # main package and subpackages, each below the 2 MB that one may have
KINDS = {"mostly pictures": (7, 40), "half scripts": (3, 190)}  # pictures and scripts in each
ROUNDS, UPLOADS = 9, 5
BOUNDARY = "form-of-the-benchmark"


def package(seed: int, pictures: int, scripts: int) -> bytes:
    """Return a package of 18 MB unpacked: pictures of 250 kB, which do not shrink, and scripts of 5 kB, which do."""
    chance = random.Random(seed)
    words = [chance.randbytes(4).hex() for _ in range(2_000)]
    roots = [f"package{n}" for n in range(1, PACKAGES)]
    subpackages = [{"root": root, "pages": ["pages/index/index"]} for root in roots]
    app = {"pages": ["pages/index/index"], "subPackages": subpackages}
    files: dict[str, bytes] = {"app.json": json.dumps(app).encode(), "app.js": b"App({})\n"}
    for prefix in ("", *(f"{root}/" for root in roots)):
        files |= {
            f"{prefix}pages/index/index.js": b"Page({})\n",
            f"{prefix}pages/index/index.wxml": b"<view>Hi</view>\n",
        }
        files |= {f"{prefix}images/{n}.png": chance.randbytes(250_000) for n in range(pictures)}
        for n in range(scripts):
            text = " ".join(chance.choices(words, k=600))
            files[f"{prefix}scripts/{n}.js"] = f"module.exports = '{text}'\n".encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def members(upload: bytes) -> list[tuple[bytes, bool]]:
    """Return the packed bytes of each file, and whether the canonical package deflates it."""
    found = []
    with zipfile.ZipFile(io.BytesIO(upload)) as archive:
        for entry in archive.infolist():
            begin = (
                entry.header_offset
                + 30
                + len(entry.filename)
                + int.from_bytes(upload[entry.header_offset + 28 : entry.header_offset + 30], "little")
            )
            found.append((upload[begin : begin + entry.compress_size], not entry.filename.endswith(".png")))
    return found


def _reference(upload: bytes, packed: list[tuple[bytes, bool]]) -> None:
    hashlib.sha256(upload).digest()
    for content, deflated in packed:
        plain = zlib.decompress(content, -zlib.MAX_WBITS)
        if deflated:
            deflater = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
            deflater.compress(plain) + deflater.flush()


def read_and_repack(upload: bytes, *, hash_upload: bool = True) -> None:
    limits = Limits(cpu_seconds=0)
    inspection = inspect(io.BytesIO(upload), limits=limits, out=io.BytesIO(), hash_upload=hash_upload)
    if not inspection.accepted:
        raise RuntimeError(inspection.errors)


def run() -> list[Result]:
    """Measure and compare."""
    if not settings.configured:  # The reader's findings are translated; that is all it wants of Django.
        settings.configure()
        django.setup()
    results = [_compared(kind, package(1, *mix)) for kind, mix in KINDS.items()]
    over_http, reading = _over_http(), results[0].value
    return [
        *results,
        Result(
            name="upload over HTTP until the version is there",
            value=over_http,
            unit="ms",
            reference="read and repack",
            reference_value=reading,
            ratio=over_http / reading,
            aim="for information",
        ),
    ]


def _compared(kind: str, upload: bytes) -> Result:
    packed = members(upload)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(milliseconds(lambda: read_and_repack(upload)))
        theirs.append(milliseconds(lambda: _reference(upload, packed)))
    return Result(
        name=f"read and repack, {kind}",
        value=statistics.median(ours),
        unit="ms",
        reference="sha256 + inflate + deflate",
        reference_value=statistics.median(theirs),
        ratio=statistics.median(own / other for own, other in zip(ours, theirs, strict=True)),
        aim="at most 2 times",
    )


def milliseconds(do: Callable[[], Any]) -> float:
    began = time.perf_counter()
    do()
    return (time.perf_counter() - began) * 1000


def _over_http() -> float:
    """Return the median time of a form post, each with another number and another package."""
    with stand.database() as environment:
        fill = [sys.executable, "-m", "tests.bench.rows", "10", "100"]
        made = json.loads(subprocess.check_output(fill, env=environment))
        with stand.console(environment) as port:
            holder = stand.Visitor(port, made["session"])
            path = f"/miniprograms/{made['app_id']}/versions/new/"
            bodies = [_form(package(n, *KINDS["mostly pictures"]), f"9.{n}.0") for n in range(UPLOADS)]
            return statistics.median(milliseconds(lambda body=body: _send(holder, path, body)) for body in bodies)


def _send(holder: stand.Visitor, path: str, body: bytes) -> None:
    response = holder.post(path, body, f"multipart/form-data; boundary={BOUNDARY}")
    if response.status != 302:
        raise RuntimeError(f"the upload was answered {response.status}")


def _form(upload: bytes, number: str) -> bytes:
    fields = {"csrfmiddlewaretoken": stand.CSRF_TOKEN, "number": number, "notes": "What changed."}
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="package.zip"\r\n'
    parts.append(head.encode() + b"Content-Type: application/zip\r\n\r\n" + upload + b"\r\n")
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])
