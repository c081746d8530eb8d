"""Warnings and notes are kept without words, which are made for each reader (V-3)."""

from __future__ import annotations

import io
import json
from typing import Any

from django.utils import translation

from releases.package import WARNING, Finding, inspect
from releases.package.wording import words_of

from .builder import Raw, archive, entries, project

ICON = {"pagePath": "pages/index/index", "text": "Home", "iconPath": "@a"}
APP: dict[str, Any] = {
    "pages": ["pages/index/index", "pages/about/about"],
    "pagez": [],
    "themeLocation": "theme.json",
    "tabBar": {"list": [ICON, {"pagePath": "pages/about/about", "text": "About"}]},
    "usingComponents": {"gone": "parts/gone"},
}
FILES = {
    "pages/about/about.js": b"",
    "pages/about/about.wxml": b"",
    "images/a.png": b"png",
    "theme.json": json.dumps({"light": {"a": "images/a.png"}, "dark": {}}).encode(),
    "project.config.json": json.dumps({"appid": "wx1234567890abcdef", "miniprogramRoot": "gone/"}).encode(),
    "app.js.map": b"{}",
    ".DS_Store": b"",
}


def _found() -> list[Finding]:
    """A warning or note of every code, but the one of a long list."""
    gbk = Raw("images/\u9996.png".encode("gbk"), b"png")
    upload = io.BytesIO(archive([*entries(project(FILES, APP)), gbk]))
    result = inspect(upload, app_id="mpjpb3vq8du7ibcv")
    assert result.accepted, result.errors
    return result.findings


def test_they_read_the_same_after_they_were_stored() -> None:
    found = _found()
    assert {finding.code for finding in found} == {
        *("unknown-key", "component-missing", "theme-variable", "program-root", "app-id", "name-gbk"),
        *("development-files", "system-file"),
    }
    stored = json.loads(json.dumps([finding.stored() for finding in found]))
    assert [Finding.read(each) for each in stored] == found
    assert not {"title", "hint", "rule", "detail"}.intersection(*stored)


def test_each_is_read_in_another_language() -> None:
    found = _found()
    with translation.override("zh-hans"):
        read = [Finding.read(finding.stored()) for finding in found]
    for ours, theirs in zip(found, read, strict=True):
        assert (ours.code, ours.severity, ours.where) == (theirs.code, theirs.severity, theirs.where)
        assert ours.title != theirs.title
        assert (ours.rule == theirs.rule) is (ours.code == "app-id")


def test_how_many_more_there_are_is_read_like_them() -> None:
    app = {"pages": APP["pages"][:1], **{f"key{n}": 1 for n in range(250)}}
    found = inspect(io.BytesIO(archive(entries(project({}, app))))).findings
    assert (len(found), found[-1].title) == (200, "And 51 more findings.")
    assert Finding.read(found[-1].stored()) == found[-1]


def test_a_code_of_a_newer_release_is_shown_as_it_is() -> None:
    assert words_of("from-the-future", {}).title == "from-the-future"
    assert Finding.read({"code": "from-the-future", "severity": WARNING, "more": 1}).as_dict()["hint"] == ""
