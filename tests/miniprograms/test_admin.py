"""What operators keep: categories and IDE downloads, each change with one entry (P-5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console.base.accounts.models import User
from console.base.activity.models import ActivityEntry
from miniprograms.models import Category, IdeDownload
from tests.factories import make_category, make_member, make_program, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(signed_in: Callable[[User], Client]) -> Client:
    return signed_in(make_user("Olga", is_staff=True))


def entries() -> list[tuple[str, str, str, list[tuple[str, object, object]]]]:
    """Verb, actor, target and what changed."""
    rows = ActivityEntry.objects.order_by("pk")
    return [(row.verb, row.actor_label, row.target_label, row.changes()) for row in rows]


def test_a_category_is_created_edited_and_deleted(admin: Client) -> None:
    assert admin.post(reverse("admin:miniprograms_category_add"), {"name": "Food", "position": 3}).status_code == 302
    food = Category.objects.get(name="Food")
    change = reverse("admin:miniprograms_category_change", args=[food.pk])
    for _twice in range(2):
        assert admin.post(change, {"name": "Meals", "position": 3}).status_code == 302
    assert admin.post(reverse("admin:miniprograms_category_delete", args=[food.pk]), {"post": "yes"}).status_code == 302

    assert entries() == [
        ("category.created", "Olga", "Food", [("name", None, "Food"), ("position", None, "3")]),
        ("category.edited", "Olga", "Meals", [("name", "Food", "Meals")]),
        ("category.deleted", "Olga", "Meals", [("name", "Meals", None), ("position", "3", None)]),
    ]
    assert not Category.objects.filter(pk=food.pk).exists()


def test_positions_are_edited_in_the_list(admin: Client, settings: Any) -> None:
    # Django's formset looks each row up by itself.
    settings.ZEAL_ALLOWLIST = [*settings.ZEAL_ALLOWLIST, {"model": "miniprograms.Category", "field": "get()"}]
    first, second = make_category("First"), make_category("Second")
    url = reverse("admin:miniprograms_category_changelist")
    shown = admin.get(url).context["cl"].result_list
    fields = {"form-TOTAL_FORMS": len(shown), "form-INITIAL_FORMS": len(shown), "_save": "Save"}
    for number, row in enumerate(shown):
        fields |= {f"form-{number}-id": row.pk, f"form-{number}-position": 9 if row == second else row.position}

    assert admin.post(url, fields).status_code == 302

    assert entries() == [("category.edited", "Olga", "Second", [("position", "0", "9")])]
    assert [Category.objects.get(pk=row.pk).position for row in (first, second)] == [0, 9]


def test_a_category_in_use_stays(admin: Client) -> None:
    category = make_program().category
    url = reverse("admin:miniprograms_category_changelist")

    admin.post(reverse("admin:miniprograms_category_delete", args=[category.pk]), {"post": "yes"})
    admin.post(url, {"action": "delete_selected", "_selected_action": [category.pk], "post": "yes"})

    assert Category.objects.filter(pk=category.pk).exists()
    assert entries() == []


def test_downloads_are_created_and_deleted_together(admin: Client) -> None:
    fields = {
        "version": "3.8.1",
        "platform": "macos",
        "url": "https://example.com/ide.dmg",
        "released_on": "2026-11-01",
        "notes": "One.\r\nTwo.",
    }
    assert admin.post(reverse("admin:miniprograms_idedownload_add"), fields).status_code == 302
    download = IdeDownload.objects.get()
    assert (download.notes, download.released_on) == ("One.\nTwo.", date(2026, 11, 1))

    url = reverse("admin:miniprograms_idedownload_changelist")
    admin.post(url, {"action": "delete_selected", "_selected_action": [download.pk], "post": "yes"})

    assert [(verb, target) for verb, _by, target, _changes in entries()] == [
        ("ide_download.created", "3.8.1, macOS"),
        ("ide_download.deleted", "3.8.1, macOS"),
    ]


@pytest.mark.parametrize("kind", ["category", "idedownload"])
def test_team_members_stay_outside(signed_in: Callable[[User], Client], kind: str) -> None:
    client = signed_in(make_member(make_team(), "admin"))
    assert client.post(reverse(f"admin:miniprograms_{kind}_add"), {"name": "Food"}, follow=True).status_code == 403
    assert entries() == []
