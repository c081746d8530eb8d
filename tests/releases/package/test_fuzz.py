"""No bytes raise, and whatever is accepted holds exactly what a plain reading of the upload gives (V-3, V-4)."""

import io
import json
import zipfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from releases.package import inspect
from releases.package.limits import Limits
from releases.package.strict_json import JsonError, parse

from .builder import package, project

SEEDS = [path.read_bytes() for path in sorted((Path(__file__).parent / "packers").glob("*.zip"))] + [package()]
SIGNATURES = [b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08", b"\xff" * 4]

seeds = st.sampled_from(SEEDS)
positions = st.integers(0, 1 << 16)
edits = st.lists(
    st.one_of(
        st.tuples(st.just("set"), positions, st.binary(min_size=1, max_size=8) | st.sampled_from(SIGNATURES)),
        st.tuples(st.just("cut"), positions, st.integers(1, 200)),
        st.tuples(st.just("add"), positions, st.binary(min_size=1, max_size=30) | st.sampled_from(SIGNATURES)),
        st.tuples(st.just("end"), st.integers(0, 400), st.binary(min_size=1, max_size=4)),
    ),
    min_size=1,
    max_size=4,
)


def _edited(data: bytes, changes: list[tuple[str, int, object]]) -> bytes:
    for kind, position, value in changes:
        position %= max(1, len(data))
        if kind == "cut":
            assert isinstance(value, int)
            data = data[:position] + data[position + value :]
            continue
        assert isinstance(value, bytes)
        if kind == "end":
            position = max(0, len(data) - 1 - position)
        kept = position if kind == "add" else position + len(value)
        data = data[:position] + value + data[kept:]
    return data


def _check(data: bytes) -> None:
    out = io.BytesIO()
    result = inspect(io.BytesIO(data), out=out)
    json.dumps(result.as_dict()).encode()
    assert result.accepted is not bool(result.errors)
    if not result.accepted:
        return
    with zipfile.ZipFile(io.BytesIO(data)) as upload, zipfile.ZipFile(io.BytesIO(out.getvalue())) as written:
        contents = {written.read(name) for name in written.namelist()}
        assert contents <= {upload.read(info) for info in upload.infolist()}
        assert len(written.namelist()) == len(result.files)
    again = io.BytesIO()
    assert inspect(io.BytesIO(out.getvalue()), out=again).accepted
    assert again.getvalue() == out.getvalue()


@settings(max_examples=150)
@given(seeds, edits)
def test_edited_packages(data: bytes, changes: list[tuple[str, int, object]]) -> None:
    _check(_edited(data, changes))


@settings(max_examples=60)
@given(seeds, seeds, positions, positions)
def test_spliced_packages(first: bytes, second: bytes, start: int, stop: int) -> None:
    _check(first[: start % len(first)] + second[stop % len(second) :])


@settings(max_examples=60)
@given(st.binary(max_size=200), st.binary(max_size=100))
def test_any_bytes(first: bytes, second: bytes) -> None:
    _check(first + b"PK\x05\x06" + second)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = [
    "pages", "subpackages", "subPackages", "tabBar", "window", "entryPagePath", "preloadRule", "permission", "plugins",
    "usingComponents", "workers", "requiredPrivateInfos", "sitemapLocation", "list", "root", "pagePath", "iconPath",
]  # fmt: skip
paths = st.sampled_from(["pages/index/index", "one", "one/p", "p", "/", "", "..", "app.js"])
manifests = st.recursive(
    values | paths,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | paths, inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(KEYS), manifests, max_size=6), st.booleans())
def test_random_manifests(app: dict[str, object], honest: bool) -> None:
    if honest:
        app["pages"] = ["pages/index/index"]
    _check(package(project({"one/p.js": b"", "one/p.wxml": b""}, app)))


@settings(max_examples=150)
@given(values)
def test_json_reads_what_python_writes(value: object) -> None:
    limits = Limits(json_depth=64)
    try:
        document = parse(json.dumps(value).encode(), limits)
    except JsonError as error:
        assert error.code in ("json-number", "json-encoding")
        return
    assert document.root == value


@settings(max_examples=200)
@given(st.text(alphabet='{}[]:,"\\ue0123456789.-+eEtrufalsn \n\t\x00é', max_size=60))
def test_json_takes_nothing_that_python_refuses(text: str) -> None:
    try:
        document = parse(text.encode(), Limits())
    except JsonError:
        return
    assert document.root == json.loads(text)
