"""The update check's quick reading accepts and refuses what the full one does (R-1)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.api.device.schema import UpdateRequest
from console.api.device.shortcut import ShortcutDecoder
from tests.console.api.device.asking import question

APP_ID = "mp0123456789abcd"
FULL = msgspec.json.Decoder(UpdateRequest)
# What fits, what nearly does, and digits and letters of other scripts.
ODD = [APP_ID, "mp0123456789abcD", "mp٠123456789abcd", "mp0123456789abcd\n", "mp0123456789ab-d", "xp0123456789abcd"]
ODD += [f"0302{1:028}", f"0303{1:028}", f"0304{1:028}", "0302" + "٠" * 28, f"0302{1:027}", "0302" + "²" * 28]
ODD += ["14", "8.0.50", "17.2-beta", "1.0.0", "1.0", "01", "", "a", "a" * 128, "a" * 129, "用户", "a\x7f", "a\n"]
ODD += ["android", "ios", "wifi", "unknown", "6g", "\u2028", "\u00a0"]
TEXTS = st.one_of(st.sampled_from(ODD), st.text(max_size=40), st.none(), st.integers())
MEMBERS = list(UpdateRequest.__struct_fields__)


def outcome(decoder: Any, body: bytes) -> Any:
    try:
        return msgspec.structs.asdict(decoder.decode(body))
    except msgspec.DecodeError as error:
        return type(error), str(error)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(MEMBERS), TEXTS, max_size=3), min_size=1, max_size=6), st.booleans())
def test_reads_as_the_full_decoder_does(changes: list[dict[str, Any]], has_seen: bool) -> None:
    decoder = ShortcutDecoder()
    if has_seen:
        decoder.decode(msgspec.json.encode(question(APP_ID, local_version="1.0.0")))
    for members in changes:
        body = msgspec.json.encode(question(APP_ID) | members)
        assert outcome(decoder, body) == outcome(FULL, body)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"{", b'{"app_id":"\xff"}', b"\xff"])
def test_refuses_what_is_no_request(body: bytes) -> None:
    errors = []
    for decoder in (ShortcutDecoder(), FULL):
        with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)) as error:
            decoder.decode(body)
        errors.append((type(error.value), str(error.value)))
    assert errors[0] == errors[1]


@pytest.mark.parametrize("member", ["local_version", "device_id", "account", "trial_token"])
def test_an_empty_text_is_none(member: str) -> None:
    """As an SDK sends it of a user who is signed out."""
    body = msgspec.json.encode(question(APP_ID) | {member: ""})
    assert [getattr(decoder.decode(body), member) for decoder in (ShortcutDecoder(), FULL)] == [None, None]
