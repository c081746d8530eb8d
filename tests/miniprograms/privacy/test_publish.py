"""Putting the draft online (S-2, S-4)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from console.base.activity.events import in_list
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, Conflict
from miniprograms.privacy import actions
from miniprograms.privacy.models import PrivacyAgreement, PrivacyDraft
from tests import factories
from tests.dialogs import change, effects
from tests.factories import PASSWORD
from tests.miniprograms.privacy.writing import find_data, publish, save, url

pytestmark = pytest.mark.django_db


def entries(program):
    return ActivityEntry.objects.of_program(program.app_id).filter(verb="privacy.published")


def sent(client, program, **typed):
    """What the dialog sends that was opened now."""
    form = client.get(url(program, "publish")).context["form"]
    return {"revision": form["revision"].value(), "password": PASSWORD, **typed}


def numbers(program):
    return [version.number for version in PrivacyAgreement.objects.of_program(program)]


def test_the_first_version_keeps_the_filled_text(signed_in, program, holder):
    day = timezone.localdate()
    save(program, holder, text_en="{{program}} of {{team}}\n{{data}}\nend {{effective_date}}", text_zh="{{program}}")
    client = signed_in(holder)
    response = client.post(url(program, "publish"), sent(client, program, note="The first."))
    assert (response.status_code, response.url) == (302, url(program, "agreement"))
    version = PrivacyAgreement.objects.get()
    assert version.text_en == (
        f"City Bus of Harbour Mobility\n\n- **Location**: to show the next stop\n\nend {day.day} {day:%B} {day.year}"
    )
    assert (version.number, version.text_zh, version.asks_again, version.note) == (1, "City Bus", True, "The first.")
    assert (version.data, version.published_by) == ([["location", "to show the next stop"]], holder)
    program.refresh_from_db()
    assert in_list(program.last_change, program.last_change_label) == "Privacy agreement 1 published"
    entry = entries(program).get()
    assert (entry.before, entry.after) == (None, {"number": 1, "asks_again": True})
    assert (entry.target_label, entry.reason) == ("City Bus 1", "The first.")


def test_a_published_text_outlives_the_name(program, holder):
    version = publish(program, holder)
    program.name = "Night Bus"
    program.save()
    version.refresh_from_db()
    assert "City Bus" in version.text_en


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ({"retention": "7 days"}, False),
        ({"data": []}, False),
        ({"third_parties": []}, False),
        ({"text_en": "{{data}}"}, False),
        ({"data": [["location", "to show the next stop"], ["camera", "codes"]]}, True),
        ({"data": [["location", "for advertising"]]}, True),
        ({"third_parties": [["Maps", "tiles", ""], ["Ads", "advertising", ""]]}, True),
        ({"third_parties": [["Maps", "advertising", ""]]}, True),
    ],
)
def test_asks_users_again_when_it_concerns_them(signed_in, program, holder, change, asks):
    same = {"third_parties": [["Maps", "tiles", ""]]}
    publish(program, holder, **same)
    save(program, holder, **{**same, **change})
    form = signed_in(holder).get(url(program, "publish")).context["form"]
    assert form["asks_again"].value() is asks


@pytest.mark.parametrize(("typed", "asks"), [({"asks_again": "on"}, True), ({}, False)])
def test_the_publisher_decides(signed_in, program, holder, typed, asks):
    publish(program, holder)
    save(program, holder, retention="7 days")
    client = signed_in(holder)
    assert client.post(url(program, "publish"), sent(client, program, **typed)).status_code == 302
    assert PrivacyAgreement.objects.online_of(program).asks_again is asks


def test_the_dialog_says_what_changes(signed_in, program, holder):
    publish(program, holder, third_parties=[["Maps", "tiles", ""]])
    save(program, holder, third_parties=[], retention="7 days", text_en="{{data}}\n{{contact}}")
    page = signed_in(holder).get(url(program, "publish"))
    assert change(page) == [("Online now", "Version 1"), ("Online after this", "Version 2")]
    assert effects(page) == [
        "Immediately visible on the public page and in host apps.",
        "Removed: Third party, Maps, tiles",
        "Retention: 30 days → 7 days",
        "Version 1 stays available.",
        "The English text doesn’t mention the retention.",
        "The English text doesn’t mention the effective date.",
    ]


INCOMPLETE = [
    ({"data": [["location", ""]]}, "The draft needs the purpose of each data type."),
    ({"contact_email": ""}, "The draft needs a contact."),
    ({"retention": "", "effective_on": None}, "The draft needs how long data is kept and the effective date."),
    ({"text_en": ""}, "The draft needs a text."),
    ({"text_en": "{{nope}}"}, "The draft needs only known placeholders in the English text."),
    (
        {"effective_on": timezone.localdate() - timedelta(days=2)},
        ("The draft needs an effective date that is today or later."),
    ),
]


@pytest.mark.parametrize(("stated", "reason"), INCOMPLETE)
def test_an_incomplete_draft_is_refused(signed_in, program, holder, stated, reason):
    draft = save(program, holder, **stated)
    client = signed_in(holder)
    assert client.get(url(program, "publish")).url == url(program, "agreement")
    response = client.post(url(program, "publish"), {"revision": draft.revision, "password": PASSWORD})
    assert (response.status_code, response.context["form"].non_field_errors()) == (422, [reason])
    page = client.get(url(program, "agreement"))
    assert page.context["why_not_publish"] == reason
    assert all(f'{url(program, "edit")}#{lack.anchor}"' in page.content.decode() for lack in page.context["lacks"])
    assert numbers(program) == []


def test_without_a_draft_there_is_nothing_to_publish(signed_in, program, holder):
    client = signed_in(holder)
    for method in (client.get, client.post):
        assert method(url(program, "publish"), {"password": PASSWORD}).url == url(program, "agreement")
    with pytest.raises(ActionRefused, match="Write the agreement first"):
        actions.publish(program, by=holder, revision=0, asks_again=True)


def test_nothing_changed_is_refused(signed_in, program, holder):
    publish(program, holder)
    revision = PrivacyDraft.objects.get().revision
    with pytest.raises(ActionRefused, match="is the same as version 1, which is online") as refused:
        actions.publish(program, by=holder, revision=revision, asks_again=True)
    assert not isinstance(refused.value, Conflict)
    assert signed_in(holder).get(url(program, "publish")).url == url(program, "agreement")
    assert numbers(program) == [1]


def test_a_new_name_is_a_change(program, holder):
    publish(program, holder)
    program.name = "Night Bus"
    program.save()
    actions.publish(program, by=holder, revision=1, asks_again=False)
    assert numbers(program) == [2, 1]


def test_a_draft_saved_meanwhile_is_read_again_first(signed_in, team, program, holder):
    save(program, holder)
    client = signed_in(holder)
    stale = sent(client, program)
    save(program, factories.make_member(team, "admin"), retention="for ever")
    response = client.post(url(program, "publish"), stale)
    words = "Someone else just changed the draft. Read it again before you publish it."
    assert (response.status_code, response.context["form"].non_field_errors()) == (422, [words])
    assert numbers(program) == []


def test_published_by_someone_else_meanwhile(signed_in, team, program, holder):
    other = factories.make_member(team, "admin")
    save(program, holder)
    client = signed_in(holder)
    stale = sent(client, program)
    publish(program, other)
    response = client.post(url(program, "publish"), stale)
    assert response.context["form"].non_field_errors() == [f"Already done: {other} published this draft as version 1."]
    assert (numbers(program), entries(program).count()) == ([1], 1)


@pytest.mark.django_db(transaction=True)
def test_at_once_it_is_published_once(signed_in):
    team = factories.make_team()
    program = factories.make_program(team)
    people = [factories.make_member(team, "license_holder") for _person in range(2)]
    save(program, people[0])
    clients = [signed_in(person) for person in people]
    forms = [sent(client, program) for client in clients]

    def send(number):
        try:
            return clients[number].post(url(program, "publish"), forms[number]).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, range(2))) == [302, 422]
    assert (numbers(program), entries(program).count()) == ([1], 1)


@pytest.mark.django_db(transaction=True)
def test_many_publishers_give_consecutive_numbers():
    team = factories.make_team()
    program = factories.make_program(team)
    people = [factories.make_member(team, "license_holder") for _person in range(4)]

    def until_published(number):
        try:
            while True:
                try:
                    return publish(program, people[number], retention=f"{number} days").number
                except Conflict:
                    continue
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(until_published, range(4))) == [1, 2, 3, 4]
    assert numbers(program) == [4, 3, 2, 1]


def test_asks_for_the_password(signed_in, program, holder, settings):
    save(program, holder)
    client = signed_in(holder)
    settings.SUDO_SECONDS = 0
    response = client.post(url(program, "publish"), {"revision": 1, "password": "wrong"})
    assert (response.status_code, numbers(program)) == (403, [])


@pytest.mark.parametrize("revision", ["", "x", "\0", "9" * 5000, "-1"])
def test_a_wrong_revision_publishes_nothing(signed_in, program, holder, revision):
    save(program, holder)
    client = signed_in(holder)
    assert client.post(url(program, "publish"), sent(client, program, revision=revision)).status_code == 422
    assert numbers(program) == []


@pytest.mark.parametrize("role", ["developer", "viewer"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_lower_roles_are_forbidden(signed_in, team, program, holder, role, method):
    save(program, holder)
    client = signed_in(factories.make_member(team, role))
    assert getattr(client, method)(url(program, "publish"), {"revision": 1}).status_code == 403
    assert numbers(program) == []


def test_another_teams_program_is_not_there(signed_in, program):
    client = signed_in(factories.make_member(factories.make_team(), "admin"))
    assert [client.get(url(program, "publish")).status_code, client.post(url(program, "publish")).status_code] == [
        404,
        404,
    ]


@pytest.mark.parametrize("method", ["put", "delete"])
def test_refuses_other_methods(signed_in, program, holder, method):
    assert getattr(signed_in(holder), method)(url(program, "publish")).status_code == 405


def test_what_the_package_uses_does_not_stop_it(program, holder):
    find_data(program, types=("camera",))
    assert publish(program, holder).number == 1
