"""What our own code never does, read from the code; and that the inventory names every module with keys or sockets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("console", "miniprograms", "releases", "grayscale", "devmgmt", "messaging")
INVENTORY = ROOT / "docs/security-inventory.md"

RUNS_TEXT = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "subprocess.getoutput"}
READS_OBJECTS = {"pickle", "marshal", "shelve", "dill", "yaml", "jsonpickle"}
READS_XML = {"xml", "lxml", "defusedxml", "xmltodict"}
ICONS = {"console/base/core/templatetags/console.py"}  # It reads the icons of a package that we lock.
MAKES_TEMPLATES = {"Template", "from_string", "template.Template", "engines"}
WEAK = {"hashlib.md5", "hashlib.sha1", "hashlib.new", "md5", "sha1"}
# Pauses, samples, leases and the demo: guessing these gains nothing.
GUESSABLE = {
    "console/api/device/management/commands/device.py",
    "console/local/demo/devices.py",
    "console/local/demo/logs.py",
    "console/local/demo/messages.py",
    "console/base/core/outbox/leases.py",
    "console/base/core/outbox/retrying.py",
    "releases/storage.py",
}
CRYPTOGRAPHY = {"cryptography", "hmac", "nacl", "jwt", "django.core.signing", "standardwebhooks", "django.utils.crypto"}
CONNECTS = {
    *("aiohttp", "httpx", "requests", "urllib.request", "http.client", "smtplib", "imaplib", "ftplib", "socket"),
    *("redis", "clickhouse_connect", "websockets", "boto3", "botocore", "storages", "ldap", "ldap3"),
}


@cache
def modules() -> dict[str, ast.Module]:
    """Our modules by their paths, without migrations."""
    paths = (path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in paths}


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module that is imported, and every name of one: `a.b` and `a.b.c` for `from a.b import c`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importing(names: set[str]) -> set[str]:
    """The modules that import one of these, or something inside."""
    wanted = tuple(f"{name}." for name in names)
    return {path for path, tree in modules().items() if any(f"{name}.".startswith(wanted) for name in imported(tree))}


def called(names: set[str]) -> set[tuple[str, str]]:
    """(module, name) of each call of one of these."""
    return {
        (path, name)
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in names
    }


def test_there_is_code_to_read():
    assert len(modules()) > 400


def test_no_text_is_run_as_code_or_by_a_shell():
    assert called(RUNS_TEXT) == set()
    shells = {
        path
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "shell"
    }
    assert shells == set()


def test_nothing_makes_objects_or_templates_of_what_it_reads():
    assert importing(READS_OBJECTS) == set()  # The cache, which does, believes only what it signed: test_cache.py.
    assert importing(READS_XML) == ICONS
    assert called(MAKES_TEMPLATES) == set()
    assert settings.SESSION_SERIALIZER.endswith("JSONSerializer")


def test_no_weak_hash_is_used():
    assert called(WEAK) == set()
    assert not any(name in WEAK for tree in modules().values() for name in imported(tree))


def test_what_must_not_be_guessed_comes_from_the_system():
    assert importing({"random", "uuid"}) == GUESSABLE


@pytest.mark.parametrize(
    ("section", "names"),
    [("Keys and algorithms", CRYPTOGRAPHY), ("Connections", CONNECTS)],
    ids=["keys", "connections"],
)
def test_the_inventory_names_every_module(section, names):
    """A module of a section that waits for a branch may be named before it is there."""
    text = re.search(rf"^## {section}\n(.+?)(?=^## |\Z)", INVENTORY.read_text(), re.MULTILINE | re.DOTALL)[1]
    named = set(re.findall(r"`((?:\w+/)+\w+\.py)`", text))
    assert importing(names) - named == set()
    waiting = set(re.findall(r"`((?:\w+/)+\w+\.py)`(?=[^\n]*<!-- waits)", text))
    assert {path for path in named - waiting if not (ROOT / path).exists()} == set()


def test_no_other_origin_may_read_our_answers():
    """Neither by CORS nor without the token of a form, but for the APIs, which know no cookies."""
    texts = {path: (ROOT / path).read_text() for path in modules()}
    assert {path for path, text in texts.items() if "access-control" in text.lower()} == set()
    assert {path for path, text in texts.items() if "csrf_exempt" in text} == {
        "console/api/device/views.py",
        "console/api/manage/login_views.py",
        "console/api/server/views.py",
        "console/api/tcsas/views.py",
    }


def test_scripts_of_pages_run_no_text_and_keep_nothing_but_what_is_known():
    scripts = {path.name: path.read_text() for path in (ROOT / "static/console/js").glob("*.js")}
    assert len(scripts) > 15
    forbidden = re.compile(
        r"\beval\(|new Function|document\.write|insertAdjacentHTML|outerHTML|srcdoc|postMessage|sessionStorage"
        r"|indexedDB|document\.cookie|WebSocket|__proto__|setTimeout\(['\"`]"
    )
    found = {name: words for name, text in scripts.items() if (words := forbidden.findall(text))}
    assert found == {"time-zone.js": ["document.cookie"]}  # which it writes, and reads nothing
    # Texts that somebody has typed are kept for that person until the sign-out, see drafts.js.
    keeping = {name for name, text in scripts.items() if "localStorage" in text}
    assert keeping == {"theme.js", "frame.js", "keys.js", "drafts.js", "tables.js", "sortable.js", "times.js"}
    stored = [call for text in scripts.values() for call in re.findall(r"localStorage\.(\w+\('\w+')", text)]
    assert sorted(stored) == ["getItem('density'", "getItem('theme'", "setItem('density'", "setItem('theme'"]
    # What the server drew and escaped; everything else is put in as text.
    drawn = {(name, call) for name, text in scripts.items() for call in re.findall(r"innerHTML\s*\+?=\s*(.+)", text)}
    assert drawn == {("object-lists.js", "answer.html")}
