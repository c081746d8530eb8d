"""What entries of the activity log changed, in words."""

from __future__ import annotations

import pytest

from console.base.accounts.permissions import TeamRole
from console.base.activity.fields import Choice, Field, Hash, Icon, LongText, Moment, Number, State, Translated, lines
from messaging.states import TemplateKind

HASH = "5d1a21357d0f0328e7931b275228578a5744c3a4856bab5153f398848e9ecf8c"


@pytest.mark.parametrize(
    ("field", "before", "after", "words"),
    [
        (State("State"), "in_audit", "approved", "State: In audit → Approved"),
        (State("Shelf"), "on", "off", "Shelf: On the shelf → Off the shelf"),
        (Choice("Role", TeamRole), None, "license_holder", "Role: License holder"),
        (Choice("Role", TeamRole), "viewer", None, "Role: Viewer → –"),
        (Choice("Role", TeamRole), None, "of a later release", "Role: of a later release"),
        (Choice("Type", TemplateKind), "one_time", "long_term", "Type: One-time → Long-term"),
        (Hash("Package"), None, HASH, "Package: 5d1a…9ecf8c"),
        (Field("Listed"), False, True, "Listed: no → yes"),
        (Field("Description"), "", "New words.", "Description: – → New words."),
        (Icon("Icon"), "0a1b2c3d", "4e5f6a7b", "Icon: replaced"),
        (LongText("Text"), "a", "b", "Text: changed"),
        (Field("Name"), None, "W" * 100, f"Name: {'W' * 79}…"),
        (Moment("Start"), None, "2026-11-26T05:00:00+00:00", "Start: 26 Nov 2026, 05:00 UTC"),
        (Number("Number"), None, 1042, "Number: 1042"),
        (Field("Messages"), None, 1042, "Messages: 1,042"),
        (Translated("Category"), None, "Fishing", "Category: Fishing"),
        (Field("Hours"), None, 0, "Hours: 0"),
        (Field("Tries"), 9, 0, "Tries: 9 → 0"),
        (Field("request"), ["https://b"], ["https://a"], "request: added https://a, removed https://b"),
        (Field("socket"), [], list("abcdefg"), "socket: added a, b, c, d, e, 2 more"),
    ],
)
def test_a_change_is_told_in_words(field: Field, before: object, after: object, words: str) -> None:
    assert field.line(before, after) == words


def test_the_order_is_that_of_the_event_whatever_the_log_keeps() -> None:
    fields = {key: Field(key.capitalize()) for key in ("name", "description", "version", "why")}
    keys = ["why", "zeta", "description", "name", "alpha", "version"]
    told = [words.partition(":")[0] for words in lines(fields, [(key, None, "published") for key in keys])]
    assert told == ["Alpha", "Zeta", "Name", "Description", "Version", "Why"]


def test_a_first_state_is_what_the_event_says() -> None:
    assert lines({"state": State("State")}, [("state", None, "development")]) == []


def test_a_key_that_no_event_names_reads_as_words_or_as_servers_write_it() -> None:
    assert lines({}, [("a_new_key", None, 3), ("thing4", None, "Clinic / 诊所")]) == [
        "A new key: 3",
        "thing4: Clinic / 诊所",
    ]
