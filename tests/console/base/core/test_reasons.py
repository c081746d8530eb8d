"""What is stored of a failed try is English; people read it in their language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from console.base.core.outbox.reasons import in_words


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("The host app has no gateway", "该应用没有消息网关"),
        ("The host app has no server secret", "该应用没有服务端密钥"),
        ("The address is in a private network", "该地址位于私有网络"),
        ("The address must begin with https://", "地址必须以 https:// 开头"),
        ("The receiver responded with 503", "接收方返回 503"),
        ("What a newer release says", "What a newer release says"),
    ],
)
def test_a_reason_is_read_in_the_reader_s_language(stored, read):
    assert in_words(stored) == stored
    with translation.override("zh-hans"):
        assert in_words(stored) == read


def test_operators_are_told_of_failures_that_there_are():
    """docs/webhooks.md quotes them."""
    table = (Path(settings.BASE_DIR) / "docs" / "webhooks.md").read_text().partition("| last failure |")[2]
    quoted = [words for cell in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE) for words in cell.split("; ")]
    with translation.override("zh-hans"):
        assert [words for words in quoted if in_words(words) == words] == ["anything else, or only one webhook"]
