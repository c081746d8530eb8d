"""One to five keywords of a public template, in an order (M-2)."""

import pytest
from django.utils import timezone

from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused
from messaging.actions.templates import add_template
from messaging.models import MyTemplate, PublicKeyword, PublicTemplate
from messaging.states import MOST_TEMPLATES
from tests import factories
from tests.devmgmt.granting import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def developer(program):
    return factories.make_member(program.team, "developer")


@pytest.fixture
def public():
    """Clinic 1, Date 2, Patient 3, Fee 4, Doctor 5, Note 6; long-term."""
    template = factories.make_public_template("Appointment reminder", "long_term", title_zh="就诊提醒")
    for number, name in ((5, "Doctor"), (6, "Note")):
        fields = {"name": name, "name_zh": name, "example": "Dr Osei", "example_zh": "欧医生"}
        PublicKeyword.objects.create(template=template, number=number, kind="thing", **fields)
    return template


def url(program, public):
    return f"/miniprograms/{program.app_id}/messages/library/{public.number}/"


def templates_url(program):
    return f"/miniprograms/{program.app_id}/messages/templates/"


def text_of(response):
    return " ".join(response.content.decode().split())


def entries():
    found = ActivityEntry.objects.filter(verb="template.added")
    return [(row.target_label, row.mini_program_id, row.actor_label, row.after) for row in found]


# The page ---------------------------------------------------------------------------------------------------------


def test_the_page(signed_in, program, developer, public):
    response = signed_in(developer).get(url(program, public))
    assert [(row.name, row.keyword.key, row.chosen) for row in response.context["form"].rows] == [
        ("Clinic", "thing1", False),
        ("Date", "time2", False),
        ("Patient", "name3", False),
        ("Fee", "amount4", False),
        ("Doctor", "thing5", False),
        ("Note", "thing6", False),
    ]
    page = text_of(response)
    for words in (f"Template {public.number}", "Long-term", "long-term, up to 5 a day", "asks to send you"):
        assert words in page
    assert "Appointment reminder</strong>:" not in page


def test_existing_selections_are_named(signed_in, program, developer, public):
    factories.make_template(program, public, [5, 1])
    client = signed_in(developer)
    page = text_of(client.get(url(program, public)))
    assert "You already have one template from <strong>Appointment reminder</strong>:" in page
    assert '<span data-set="1,5">Doctor, Clinic</span>.' in page
    factories.make_template(program, public, [2])
    factories.make_template(program, public, [3], deleted_at=timezone.now())
    factories.make_template(factories.make_program(), public, [4])
    response = client.get(url(program, public))
    assert response.context["existing"] == [("2", ["Date"]), ("1,5", ["Doctor", "Clinic"])]


def test_the_places_make_the_order(signed_in, program, developer, public):
    data = {"numbers": ["1", "2", "4"], "place_1": "3", "place_2": "1", "place_4": "2", "note": "The day before."}
    response = signed_in(developer).post(url(program, public), data)
    assert (response.status_code, response["Location"]) == (302, templates_url(program))
    template = MyTemplate.objects.get()
    assert (template.mini_program, template.public_template, template.kind) == (program, public, "long_term")
    assert (template.title, template.title_zh, template.note) == (
        "Appointment reminder",
        "就诊提醒",
        "The day before.",
    )
    assert (template.keyword_set, template.created_by, len(template.template_id)) == ("1,2,4", developer, 43)
    assert template.keywords == [
        {
            "key": "time2",
            "name": "Date",
            "name_zh": "日期",
            "kind": "time",
            "example": "2026-11-27 14:30",
            "example_zh": "2026-11-27 14:30",
            "options": [],
        },
        *[{**factories.make_template(factories.make_program(), public, [n]).keywords[0]} for n in (4, 1)],
    ]
    after = {"keywords": "Date, Fee, Clinic", "note": "The day before."}
    assert entries() == [("Appointment reminder", program.app_id, str(developer), after)]
    program.refresh_from_db()
    assert (program.last_change, program.last_change_label) == ("template.added", "Appointment reminder")


@pytest.mark.parametrize(
    "places",
    [
        {},
        {"place_2": "", "place_5": "x"},
        {"place_2": "1", "place_5": "1"},
        {"place_2": "9" * 5000, "place_5": "\0"},
        {"place_2": "-1", "place_5": "٢"},
        {"place_5": "0", "place_99": "1"},
    ],
)
def test_without_places_they_stand_as_in_the_public_template(signed_in, program, developer, public, places):
    response = signed_in(developer).post(url(program, public), {"numbers": ["2", "5"], **places})
    assert response.status_code == 302
    assert [keyword["key"] for keyword in MyTemplate.objects.get().keywords] == ["time2", "thing5"]


@pytest.mark.parametrize(
    ("numbers", "note", "field", "words"),
    [
        ([], "", "numbers", "Choose at least one keyword."),
        (["1", "2", "3", "4", "5", "6"], "", "numbers", "Choose at most 5 keywords."),
        (["1", "1"], "", "numbers", "Choose each keyword once."),
        (["1", "7"], "", "numbers", "One of these keywords is no longer in the public template. Choose again."),
        (["\0"], "", "numbers", "One of these keywords is no longer in the public template. Choose again."),
        (["9" * 5000], "", "numbers", "One of these keywords is no longer in the public template. Choose again."),
        (["1", "3"], "", "numbers", "You already have a template with exactly these keywords. Choose others."),
        (["1"], "x" * 201, "note", "Ensure this value has at most 200 characters (it has 201)."),
        (["1"], "a\0b", "note", "Null characters are not allowed."),
    ],
)
def test_what_is_refused(signed_in, program, developer, public, numbers, note, field, words):
    factories.make_template(program, public, [3, 1])
    data = {"numbers": numbers, "note": note, "place_1": "2", "place_3": "1"}
    response = signed_in(developer).post(url(program, public), data)
    assert (response.status_code, response.context["form"].errors.get_json_data()[field][0]["message"]) == (422, words)
    assert list(response.context["form"].errors) == [field]
    assert text_of(response).count(words) >= 2  # above, and beside the field
    assert MyTemplate.objects.count() == 1
    assert entries() == []


def test_what_was_typed_stays(signed_in, program, developer, public):
    factories.make_template(program, public, [3, 1])
    data = {"numbers": ["1", "3"], "note": "Why not", "place_1": "2", "place_3": "1"}
    response = signed_in(developer).post(url(program, public), data)
    form = response.context["form"]
    assert [(row.name, row.place) for row in form.chosen] == [("Patient", "1"), ("Clinic", "2")]
    assert form["note"].value() == "Why not"


def test_a_deleted_template_blocks_nobody(signed_in, program, developer, public):
    factories.make_template(program, public, [1, 3], deleted_at=timezone.now())
    assert signed_in(developer).post(url(program, public), {"numbers": ["1", "3"]}).status_code == 302


def test_other_programs_and_other_templates_block_nobody(program, developer, public):
    factories.make_template(factories.make_program(), public, [1, 3])
    factories.make_template(program, factories.make_public_template(), [1, 3])
    add_template(program, public_template=public, numbers=[3, 1], note="", by=developer)
    assert MyTemplate.objects.filter(mini_program=program, public_template=public).count() == 1


def test_there_are_only_so_many(signed_in, program, developer, public):
    for _number in range(MOST_TEMPLATES):
        factories.make_template(program)
    client = signed_in(developer)
    assert client.get(url(program, public)).status_code == 302
    response = client.post(url(program, public), {"numbers": ["1"]})
    assert response.status_code == 422
    assert "The mini program already has 50 templates. Delete one first." in text_of(response)
    MyTemplate.objects.filter(pk=MyTemplate.objects.first().pk).update(deleted_at=timezone.now())
    assert client.post(url(program, public), {"numbers": ["1"]}).status_code == 302


def test_what_is_not_offered_any_more(signed_in, program, developer, public):
    PublicTemplate.objects.filter(pk=public.pk).update(is_listed=False)
    client = signed_in(developer)
    assert client.get(url(program, public)).status_code == 404
    assert client.post(url(program, public), {"numbers": ["1"]}).status_code == 404
    with pytest.raises(ActionRefused, match="This template is no longer in the library"):
        add_template(program, public_template=public, numbers=[1], note="", by=developer)


def test_what_the_library_changes_later_changes_no_template(program, developer, public):
    template = add_template(program, public_template=public, numbers=[1], note="", by=developer)
    PublicKeyword.objects.filter(template=public).update(name="Other")
    PublicTemplate.objects.filter(pk=public.pk).update(title="Other", kind="one_time")
    template.refresh_from_db()
    assert (template.title, template.kind, template.keywords[0]["name"]) == (
        "Appointment reminder",
        "long_term",
        "Clinic",
    )


def test_lower_role_other_team_wrong_method(signed_in, program, developer, public):
    viewer = signed_in(factories.make_member(program.team, "viewer"))
    stranger = signed_in(factories.make_member(factories.make_team(), "admin"))
    for client, status in ((viewer, 403), (stranger, 404)):
        assert client.get(url(program, public)).status_code == status
        assert client.post(url(program, public), {"numbers": ["1"]}).status_code == status
    client = signed_in(developer)
    assert client.put(url(program, public)).status_code == 405
    assert client.get(f"/miniprograms/{program.app_id}/messages/library/{'9' * 400}/").status_code == 404
    assert not MyTemplate.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_keywords_at_once():
    program = factories.make_program()
    public = factories.make_public_template()

    def add(*numbers):
        return lambda: add_template(program, public_template=public, numbers=numbers, note="", by=program.created_by)

    refused = at_once(add(1, 2), add(2, 1), add(1, 2), add(2, 1))
    same = "You already have a template with exactly these keywords. Choose others."
    assert sorted(refused) == ["", same, same, same]
    assert MyTemplate.objects.get().keyword_set == "1,2"
    assert len(entries()) == 1
