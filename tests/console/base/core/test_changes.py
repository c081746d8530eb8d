"""What entries of the activity log changed, in words."""

import pytest

from console.base.accounts.permissions import ApplicationRole, TeamRole
from console.base.core.changes import CATEGORIES, LABELS, ROLES, TYPES, WHY, in_words
from console.base.hosts.actions import DESCRIPTIVE as OF_APPLICATIONS
from grayscale.states import Reason
from messaging.actions.templates import _described
from messaging.states import TemplateCategory, TemplateKind
from miniprograms.actions import DESCRIPTIVE as OF_PROGRAMS
from tests.factories import make_public_template

HASH = "5d1a21357d0f0328e7931b275228578a5744c3a4856bab5153f398848e9ecf8c"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("state", "in_audit", "approved"), "State: In audit → Approved"),
        (("shelf", "on", "off"), "Shelf: On the shelf → Off the shelf"),
        (("role", None, "license_holder"), "Role: License holder"),
        (("role", "reviewer", None), "Role: Reviewer → –"),
        (("package", None, HASH), "Package: 5d1a…9ecf8c"),
        (("listed", False, True), "Every team may ask for a binding: no → yes"),
        (("description", "", "New words."), "Description: – → New words."),
        (("icon", "0a1b2c3d", "4e5f6a7b"), "Icon: replaced"),
        (("name", None, "W" * 100), f"Name: {'W' * 79}…"),
        (("starts", None, "2026-11-26T05:00:00+00:00"), "Start: 26 Nov 2026, 05:00 UTC"),
        (("why", "by_hand", "end_time"), "Why: the end time has come"),
        (("a_new_key", None, 3), "A new key: 3"),
        (("thing4", None, "Clinic / 诊所"), "thing4: Clinic / 诊所"),
        (("number", None, 1042), "Number: 1042"),
        (("type", "one_time", "long_term"), "Type: One-time → Long-term"),
        (("category", None, "health"), "Category: Medical care"),
        (("category", None, "Fishing"), "Category: Fishing"),
        (("overlap", None, 0), "Hours that the old one works: 0"),
        (("tries", 9, 0), "Tries: 9 → 0"),
        (("request", ["https://b"], ["https://a"]), "request: + https://a, − https://b"),
        (("socket", [], list("abcdefg")), "socket: + a, + b, + c, + d, + e, 2 more"),
    ],
)
def test_a_change_is_told_in_words(change: tuple[str, object, object], words: str) -> None:
    assert in_words([change]) == [words]


def test_the_order_is_that_of_the_form_whatever_the_log_keeps() -> None:
    keys = ["why", "zeta", "description", "name", "alpha", "version"]
    told = [words.partition(":")[0] for words in in_words([(key, None, "published") for key in keys])]
    assert told == ["Alpha", "Zeta", "Name", "Description", "Version", "Why"]


def test_a_first_state_is_what_the_verb_says() -> None:
    assert in_words([("state", None, "development"), ("shelf", None, "on")]) == []


def test_what_someone_did_by_hand_needs_no_other_reason_than_theirs() -> None:
    assert in_words([("why", "", "by_hand"), ("why", "off_shelf", "")]) == []
    assert in_words([("why", "", "unbound"), ("state", "delivering", "ended")]) == [
        "State: Delivering → Ended",
        "Why: no application is bound any more",
    ]


def test_every_reason_of_the_clock_and_of_others_has_words() -> None:
    assert set(Reason.values) - {"by_hand", "pulled_back"} == set(WHY)


def test_roles_read_as_everywhere() -> None:
    assert {role: str(label) for role, label in ROLES.items()} == {
        role: str(label) for role, label in (*TeamRole.choices, *ApplicationRole.choices)
    }


def test_types_and_categories_of_templates_read_as_everywhere() -> None:
    assert [(value, str(label)) for value, label in TYPES.items()] == TemplateKind.choices
    assert [(value, str(label)) for value, label in CATEGORIES.items()] == TemplateCategory.choices


@pytest.mark.django_db
def test_every_described_field_has_a_label() -> None:
    of_templates = {key for key in _described(make_public_template()) if not key[-1].isdigit()}
    assert {*OF_APPLICATIONS, *OF_PROGRAMS, *of_templates} <= set(LABELS)
