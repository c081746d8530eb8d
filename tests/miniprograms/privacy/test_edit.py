"""Writing the draft (S-1)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection

from console.base.activity.events import event_of, in_list
from console.base.activity.forms import Difference
from console.base.activity.models import ActivityEntry
from miniprograms.privacy import actions
from miniprograms.privacy.models import PrivacyDraft
from miniprograms.privacy.placeholders import template_in
from miniprograms.privacy.states import DATA_OF_API, Language
from tests import factories
from tests.miniprograms.privacy.writing import TEXT, find_data, publish, save, tomorrow, typed, url

pytestmark = pytest.mark.django_db


def entries(program):
    return ActivityEntry.objects.of_program(program.app_id).filter(verb="privacy.saved")


def test_saves_all_of_it(signed_in, program, holder):
    client = signed_in(holder)
    parties = {
        "party_name": ["Maps", "", "Push"],
        "party_purpose": ["tiles", "", "alerts"],
        "party_link": ["https://maps.example/privacy", "", ""],
    }
    response = client.post(url(program, "edit"), typed(client, program, contact_phone="+65 5550", **parties))
    assert (response.status_code, response.url) == (302, url(program, "agreement"))
    draft = PrivacyDraft.objects.get(mini_program=program)
    assert draft.data == [["location", "to show the next stop"]]
    assert draft.third_parties == [["Maps", "tiles", "https://maps.example/privacy"], ["Push", "alerts", ""]]
    assert (draft.contact_email, draft.contact_phone, draft.retention) == ("privacy@example.com", "+65 5550", "30 days")
    assert draft.effective_on == date.fromisoformat(tomorrow())
    assert (draft.text_en, draft.text_zh, draft.revision, draft.changed_by) == (TEXT, "", 1, holder)
    program.refresh_from_db()
    assert in_list(program.last_change, program.last_change_label) == "Privacy agreement edited"


@pytest.mark.parametrize("written", [{}, {"text_zh": TEXT}, {"text_zh": ""}], ids=["nothing", "both", "English only"])
def test_it_opens_in_the_reader_s_language_if_it_has_a_text(signed_in, program, team, holder, written):
    if written:
        save(program, holder, **written)
    reader = factories.make_user(language="zh-hans")
    factories.join(team, reader, "license_holder")
    for person, first in ((holder, Language.EN), (reader, Language.ZH)):
        page = signed_in(person).get(url(program, "edit")).content.decode()
        open_tab = re.search(r'name="tab" value="(\w+)"\s+checked', page)
        assert open_tab[1] == (Language.EN if written.get("text_zh") == "" else first).tag


def test_the_log_tells_what_changed(program, holder):
    save(program, holder, third_parties=[["Maps", "tiles", ""], ["Push", "alerts", ""]])
    save(
        program,
        holder,
        data=[["camera", "to scan codes"]],
        third_parties=[["Maps", "tiles", ""], ["Pay", "payment", "https://pay.example/"]],
        retention="7 days",
        text_en=f"{TEXT}\n\nMore.",
    )
    assert event_of(entries(program)[0].verb).lines(entries(program)[0]) == [
        "Location: to show the next stop → –",
        "Camera: to scan codes",
        "Retention: 30 days → 7 days",
        "Third parties: added Pay: payment https://pay.example/, removed Push: alerts",
        "Text in English: changed",
    ]
    assert entries(program).count() == 2


def test_the_first_visit_starts_with_the_template_and_what_is_used(signed_in, program, holder, monkeypatch):
    monkeypatch.setitem(DATA_OF_API, "wx.getLocation", "location")
    find_data(program, "wx.getLocation", "wx.request", types=("location", "camera"))
    response = signed_in(holder).get(url(program, "edit"))
    form = response.context["form"]
    rows = form.data_rows()
    assert [(row["type"], row["is_used"], row["apis"]) for row in rows[:3]] == [
        ("location", True, ["wx.getLocation"]),
        ("camera", True, []),
        ("user_info", False, []),
    ]
    assert [row["type"] for row in rows if row["uses"].value()] == ["location", "camera"]
    assert [form[language.field].value() for language in Language] == [template_in(each) for each in Language]
    assert "used by 2.5.0" in response.content.decode()
    assert not PrivacyDraft.objects.exists()


def test_without_a_draft_it_starts_from_what_is_online(signed_in, program, holder):
    factories.make_agreement(program, retention="a year")
    form = signed_in(holder).get(url(program, "edit")).context["form"]
    assert (form["retention"].value(), form["text_zh"].value()) == ("a year", "")


WRONG = [
    ({"contact_email": "nobody"}, {"contact_email": ["Enter a valid email address."]}),
    ({"effective_on": "soon"}, {"effective_on": ["Enter a valid date."]}),
    ({"text_en": "{{data}} here"}, {"text_en": ["{{data}} becomes a list. Put it on its own line."]}),
    (
        {"party_link": ["nowhere"]},
        {"__all__": ["Some third parties have errors. See below each."]},
    ),
    (
        {"party_name": ["A", "A"], "party_purpose": ["b", "c"]},
        {"__all__": ["Name each third party once."]},
    ),
    (
        {"party_name": ["x"] * 99, "party_purpose": [str(number) for number in range(99)]},
        {"__all__": ["You can name at most 30 third parties.", "Name each third party once."]},
    ),
]


@pytest.mark.parametrize(("changes", "errors"), WRONG)
def test_bad_input_is_named_beside_its_field_and_stays(signed_in, program, holder, changes, errors):
    client = signed_in(holder)
    sent = typed(client, program, retention="as typed", **changes)
    response = client.post(url(program, "edit"), sent)
    assert (response.status_code, response.context["form"].errors) == (422, errors)
    page = response.content.decode()
    assert 'value="as typed"' in page
    assert not PrivacyDraft.objects.exists()


@pytest.mark.parametrize(
    ("row", "errors"),
    [
        (("Maps", "tiles", "http://maps.example"), {"link": ["A link starts with https://."]}),
        (("Maps", "tiles", "javascript:alert(1)"), {"link": ["Enter a valid URL."]}),
        (("Maps\0", "tiles", ""), {"name": ["Remove invisible control characters."]}),
        (("M" * 61, "tiles", ""), {"name": ["Ensure this value has at most 60 characters (it has 61)."]}),
    ],
)
def test_a_wrong_third_party_is_named_in_its_row(signed_in, program, holder, row, errors):
    client = signed_in(holder)
    names, purposes, links = (["Push", row[0]], ["alerts", row[1]], ["", row[2]])
    sent = typed(client, program, party_name=names, party_purpose=purposes, party_link=links)
    response = client.post(url(program, "edit"), sent)
    assert response.status_code == 422
    assert [each.errors for each in response.context["form"].parties] == [{}, errors]


@pytest.mark.parametrize(
    "value", ["\0", "x" * 60_000, "\ufffe", "' OR 1=1 --", "<script>alert(1)</script>", "\r\n" * 999]
)
def test_no_input_breaks_it(signed_in, program, holder, value):
    client = signed_in(holder)
    sent = dict.fromkeys(typed(client, program), value)
    assert client.post(url(program, "edit"), sent).status_code == 422
    assert client.post(url(program, "preview"), sent).status_code == 200


def test_saving_unchanged_is_no_change(signed_in, program, holder):
    client = signed_in(holder)
    for _time in range(2):
        assert client.post(url(program, "edit"), typed(client, program)).status_code == 302
    assert (PrivacyDraft.objects.get().revision, entries(program).count()) == (1, 1)


def test_who_comes_second_sees_what_changed(signed_in, team, program, holder):
    save(program, holder, retention="30 days", third_parties=[["Maps", "tiles", ""]], text_en="One\n\nTwo")
    client, other = signed_in(holder), factories.make_member(team, "admin")
    sent = typed(client, program, retention="7 days", text_en="One\n\nMine", effective_on="2030-01-01")
    sent |= {"party_name": ["Maps"], "party_purpose": ["tiles"], "party_link": [""]}
    save(
        program,
        other,
        retention="90 days",
        data=[["location", "to show the next stop"], ["camera", "to scan codes"]],
        third_parties=[["Pay", "payment", ""]],
        contact_phone="5550",
        text_en="One\n\nTheirs",
    )
    refused = client.post(url(program, "edit"), sent)
    form = refused.context["form"]
    assert refused.status_code == 422
    assert form.non_field_errors() == ["Someone else changed the draft while you were editing."]
    assert form.differences == [
        Difference("Camera", "to scan codes", "", taken=True),
        Difference("Third parties", "Pay, payment", "Maps, tiles", taken=True),
        Difference("Phone", "5550", "", taken=True),
        Difference("Retention", "90 days", "7 days", taken=False),
        Difference("Text in English", "Theirs", "Mine", taken=False),
    ]
    assert [entry.actor_label for entry in form.edits] == [str(other)]
    assert str(other) in refused.content.decode()
    kept = {name: form[name].value() or "" for name in form.fields if not name.startswith("uses_")}
    kept |= {"uses_location": "on", "uses_camera": "on"}
    kept |= {f"party_{name}": [getattr(row, name) for row in form.parties] for name in ("name", "purpose", "link")}
    assert client.post(url(program, "edit"), kept).status_code == 302
    draft = PrivacyDraft.objects.get()
    assert draft.data == [["location", "to show the next stop"], ["camera", "to scan codes"]]
    assert draft.third_parties == [["Pay", "payment", ""]]
    assert (draft.retention, draft.contact_phone, draft.text_en) == ("7 days", "5550", "One\n\nMine")
    assert draft.effective_on == date(2030, 1, 1)
    assert draft.revision == 3


@pytest.mark.parametrize("revision", [0, 2, -5, 10**30])
def test_a_wrong_revision_overwrites_nothing(signed_in, program, holder, revision):
    save(program, holder)
    client = signed_in(holder)
    sent = typed(client, program, retention="mine", revision=revision, seen="tampered with")
    assert client.post(url(program, "edit"), sent).status_code == 422
    assert PrivacyDraft.objects.get().retention == "30 days"


@pytest.mark.django_db(transaction=True)
def test_at_once_one_is_saved_and_the_other_asked(signed_in):
    team = factories.make_team()
    program = factories.make_program(team)
    clients = [signed_in(factories.make_member(team, "license_holder")) for _person in range(2)]
    forms = [typed(client, program, retention=f"{number} days") for number, client in enumerate(clients)]

    def send(number):
        try:
            return clients[number].post(url(program, "edit"), forms[number]).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(send, range(2)))
    assert sorted(statuses) == [302, 422]
    assert PrivacyDraft.objects.get().retention == f"{statuses.index(302)} days"
    assert entries(program).count() == 1


def test_the_verb_keeps_what_is_not_named(program, holder):
    publish(program, holder)
    draft = actions.save_draft(program, by=holder, revision=1, retention="7 days")
    assert (draft.retention, draft.contact_email, draft.revision) == ("7 days", "privacy@example.com", 2)


@pytest.mark.parametrize("role", ["developer", "viewer"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_lower_roles_are_forbidden(signed_in, team, program, role, method):
    client = signed_in(factories.make_member(team, role))
    assert getattr(client, method)(url(program, "edit"), {"revision": 0}).status_code == 403
    assert not PrivacyDraft.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_teams_program_is_not_there(signed_in, program, method):
    client = signed_in(factories.make_member(factories.make_team(), "admin"))
    assert getattr(client, method)(url(program, "edit"), {"revision": 0}).status_code == 404


@pytest.mark.parametrize("method", ["put", "delete"])
def test_refuses_other_methods(signed_in, program, holder, method):
    assert getattr(signed_in(holder), method)(url(program, "edit")).status_code == 405
