"""What an upload may cost: work and memory are bounded whatever it says (rule V-3)."""

import io
import tracemalloc
import zlib
from unittest import mock

import pytest

from releases.package import Inspection, Limits, inspect

from .builder import DEFLATED, Raw, archive, deflated, entries, package, project

MB = 1 << 20


def _codes(result: Inspection) -> set[str]:
    return {finding.code for finding in result.errors}


class CountingFile(io.BytesIO):
    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def _nothing_inflated(data: bytes) -> Inspection:
    with mock.patch.object(zlib, "decompressobj", side_effect=AssertionError("inflated")):
        return inspect(io.BytesIO(data))


def test_overlapping_bomb_is_refused_from_its_headers() -> None:
    kernel = Raw("a/0.txt", bytes(MB), DEFLATED)
    copies = [
        Raw(f"a/{number}.txt", bytes(MB), DEFLATED, in_body=False, central={"offset": 0}) for number in range(1, 90)
    ]
    assert {"overlap"} <= _codes(_nothing_inflated(archive([kernel, *copies])))


def test_declared_bomb_is_refused_from_its_headers() -> None:
    data = archive([Raw("a.txt", b"", DEFLATED, data=b"x" * 50, both={"size": 90 * MB})])
    assert {"ratio"} <= _codes(_nothing_inflated(data))


def test_too_large_upload_is_not_read() -> None:
    file = CountingFile(bytes(31 * MB))
    result = inspect(file)
    assert (_codes(result), file.taken, result.upload_sha256) == ({"upload-size"}, 0, None)


def test_memory_does_not_grow_with_the_content() -> None:
    left_out = [Raw(f"{number}.bin", b"ab" * (5 * MB), DEFLATED, deflated(b"ab" * (5 * MB))) for number in range(2)]
    upload = io.BytesIO(package(project({"a.txt": b"abc" * 600_000}), *left_out))
    tracemalloc.start()
    try:
        result = inspect(upload, limits=Limits(ratio=10_000))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.accepted, result.findings
    assert peak < 8 * MB


def test_clock_stops_a_slow_package() -> None:
    result = inspect(io.BytesIO(package()), limits=Limits(cpu_seconds=1e-9))
    assert (result.accepted, _codes(result)) == (False, {"too-slow"})


def test_clock_can_be_switched_off() -> None:
    assert inspect(io.BytesIO(package()), limits=Limits(cpu_seconds=0)).accepted


@pytest.mark.parametrize("member", ["pages", "subpackages", "sitemapLocation"])
def test_long_names_in_app_json_are_not_normalised(member: str) -> None:
    """Putting 400,000 combining marks in order would take minutes."""
    name = "a" + "\u0301\u0316" * 100_000
    values: dict[str, object] = {"pages": [name], "subpackages": [{"root": name, "pages": []}], "sitemapLocation": name}
    app = {"pages": ["pages/index/index"], member: values[member]}
    assert not inspect(io.BytesIO(package(project({}, app)))).accepted


def test_many_static_folders_cost_little() -> None:
    app = {"pages": ["pages/index/index"], "staticPath": [f"d{number}" for number in range(19_000)]}
    rows = [Raw(f"e{number % 50}/{number}.txt", b"x", DEFLATED) for number in range(15_000)]
    assert inspect(io.BytesIO(archive([*entries(project({}, app)), *rows]))).accepted


def test_five_thousand_files_are_fine() -> None:
    rows = [Raw(f"d{number % 50}/{number}.wxss", b"x", DEFLATED) for number in range(4_996)]
    result = inspect(io.BytesIO(archive([*entries(), *rows])))
    assert result.accepted
    assert len(result.files) == 5_000
