"""The table of errcodes, in the code and in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from console.api.server.errors import WORDS, new_rid, refusal

DOCS = Path(settings.BASE_DIR) / "docs/server-api.md"


def test_the_documentation_has_the_same_table() -> None:
    rows = re.findall(r"^\| (-?\d+) \| ([^|]+?) \|", DOCS.read_text(), re.MULTILINE)
    assert {int(errcode): words for errcode, words in rows} == WORDS


def test_every_errcode_of_the_code_has_words() -> None:
    """Those that verbs raise, and those that handlers do."""
    folders = ("console/api/server", "devmgmt/keys", "messaging")
    files = [file for folder in folders for file in (Path(settings.BASE_DIR) / folder).rglob("*.py")]
    raised = {int(errcode) for file in files for errcode in re.findall(r"ServerRefused\((-?\d+)", file.read_text())}
    assert len(raised) > 15
    assert raised - WORDS.keys() == set()


@pytest.mark.parametrize("errcode", WORDS)
def test_words(errcode: int) -> None:
    plain, detailed = (refusal(errcode, detail, rid=new_rid()) for detail in ("", "as said"))
    assert plain.body.startswith(f'{{"errcode":{errcode},"errmsg":"{WORDS[errcode]} rid: '.encode())
    assert f'"{WORDS[errcode]}, as said rid: '.encode() in detailed.body
    twice = refusal(errcode, f"{WORDS[errcode]} twice", rid="1").body
    assert twice == f'{{"errcode":{errcode},"errmsg":"{WORDS[errcode]} twice rid: 1"}}'.encode()
    assert plain.status == (404 if errcode == 40066 else 200)
