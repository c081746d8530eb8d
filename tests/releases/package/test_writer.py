"""The canonical package: one form for one content, readable by everyone (rule V-6)."""

import errno
import hashlib
import io
import shutil
import subprocess
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releases.package import Inspection, Limits, inspect

from .builder import DEFLATED, STORED, Raw, archive, entries, package, project

FILES = project({"images/é站.png": b"\x89PNG" * 50, "empty.json": b"", "a/b/c.js": b"x" * 300_000})


ROOMY = Limits(package_size=20 * 1024 * 1024, ratio=100_000)


def _inspect(data: bytes, limits: Limits | None = None) -> tuple[Inspection, bytes]:
    out = io.BytesIO()
    return inspect(io.BytesIO(data), out=out, limits=limits), out.getvalue()


def test_result_describes_what_was_written() -> None:
    upload = package(FILES)
    result, written = _inspect(upload)
    assert result.accepted
    assert (result.sha256, result.size) == (hashlib.sha256(written).hexdigest(), len(written))
    assert (result.upload_sha256, result.upload_size) == (hashlib.sha256(upload).hexdigest(), len(upload))
    assert {file.path: (file.size, file.sha256) for file in result.files} == {
        name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in FILES.items()
    }
    assert result.unpacked_size == result.main_size == sum(map(len, FILES.values()))


def test_hash_is_the_same_without_output() -> None:
    upload = package(FILES)
    assert inspect(io.BytesIO(upload)).sha256 == _inspect(upload)[0].sha256


MANY = project(
    {f"images/{number}.png": bytes([number]) * 300_000 for number in range(20)} | {"late.js": b"x" * 2_000_000}
)


class _Broken(io.RawIOBase):
    """A file that takes the first bytes and no others."""

    taken = 0

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if self.taken:
            raise OSError(errno.ENOSPC, "full")
        self.taken = len(data)
        return len(data)


def test_threads_write_the_same_bytes_and_end() -> None:
    upload, out = package(MANY), io.BytesIO()
    threads = threading.active_count()
    result = inspect(io.BytesIO(upload), limits=ROOMY, out=out, threaded=True, hash_upload=False)
    assert result.accepted, result.findings
    expected, written = _inspect(upload, ROOMY)
    assert out.getvalue() == written
    assert result == replace(expected, upload_sha256=None)
    assert threading.active_count() == threads


def test_where_no_thread_can_start_the_caller_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    upload, out = package(MANY), io.BytesIO()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    result = inspect(io.BytesIO(upload), limits=ROOMY, out=out, threaded=True)
    assert (result, out.getvalue()) == _inspect(upload, ROOMY)


def test_what_a_thread_can_not_write_is_raised_and_the_thread_ends() -> None:
    threads = threading.active_count()
    with pytest.raises(OSError, match="full"):
        inspect(io.BytesIO(package(MANY)), limits=ROOMY, out=_Broken(), threaded=True)  # type: ignore[arg-type]
    assert threading.active_count() == threads


def test_a_thread_ends_with_a_package_that_is_refused_while_it_writes() -> None:
    upload = bytearray(package(MANY))
    upload[upload.index(b"late.js") + 1_000] ^= 1  # The last file of all, after megabytes.
    threads = threading.active_count()
    result = inspect(io.BytesIO(upload), limits=ROOMY, out=io.BytesIO(), threaded=True)
    assert not result.accepted
    assert threading.active_count() == threads


def test_form_of_the_archive() -> None:
    _result, written = _inspect(package(FILES))
    with zipfile.ZipFile(io.BytesIO(written)) as file:
        infos = file.infolist()
        assert file.testzip() is None
        assert file.comment == b""
    assert [info.filename for info in infos] == sorted(FILES, key=str.encode)
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {(info.extra, info.comment, info.external_attr, info.create_system) for info in infos} == {(b"", b"", 0, 0)}
    assert {info.filename: info.flag_bits for info in infos if info.flag_bits} == {"images/é站.png": 0x800}
    stored = [info.filename for info in infos if info.compress_type == zipfile.ZIP_STORED]
    assert stored == ["images/é站.png"]


def test_writing_again_changes_nothing() -> None:
    _result, once = _inspect(package(FILES))
    result, twice = _inspect(once)
    assert result.accepted
    assert once == twice


def test_order_method_folders_and_wrapper_do_not_matter() -> None:
    rows = [Raw("wrap/" + str(row.name), row.content, STORED) for row in reversed(entries(FILES))]
    folders = [Raw("wrap/"), Raw("wrap/images/"), Raw("wrap/nothing/here/")]
    assert _inspect(archive([*rows, *folders], comment=b"built by hand"))[1] == _inspect(package(FILES))[1]


@given(
    content=st.dictionaries(
        st.from_regex(r"x[a-zA-Zé站0-9_-]{0,11}\.(js|png|svg|wxss)", fullmatch=True),
        st.binary(max_size=400),
        max_size=8,
    ),
    order=st.randoms(use_true_random=False),
    method=st.sampled_from([STORED, DEFLATED]),
)
def test_same_content_same_bytes(content: dict[str, bytes], order, method: int) -> None:  # type: ignore[no-untyped-def]
    folder = {f"f{number}/{name}": data for number, (name, data) in enumerate(content.items())}
    files = project(folder)
    shuffled = entries(files, method)
    order.shuffle(shuffled)
    result, written = _inspect(archive(shuffled))
    assert result.accepted, result.findings
    assert written == _inspect(package(files))[1] == _inspect(written)[1]
    with zipfile.ZipFile(io.BytesIO(written)) as file:
        assert {name: file.read(name) for name in file.namelist()} == files


@pytest.mark.parametrize(
    "command", [["unzip", "-tqq"], ["7z", "t", "-bso0"], ["bsdtar", "-tf"]], ids=lambda line: line[0]
)
def test_other_programs_read_it(command: list[str], tmp_path: Path) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    path = tmp_path / "package.zip"
    path.write_bytes(_inspect(package(FILES))[1])
    subprocess.run([*command, str(path)], check=True, capture_output=True)


def test_refused_upload_has_no_hash() -> None:
    result, _written = _inspect(package(project({"app.js": None})))
    assert (result.accepted, result.sha256, result.size, result.files) == (False, None, None, [])
