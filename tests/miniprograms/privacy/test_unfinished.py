"""An unfinished draft can be saved; what publishing needs is said beside each field (S-1, S-2)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from miniprograms.privacy.models import PrivacyDraft
from tests.factories import PASSWORD
from tests.miniprograms.privacy.writing import TEXT, typed, url

pytestmark = pytest.mark.django_db
EMPTY = {
    "uses_camera": "on",
    "purpose_location": "",
    "purpose_camera": "\u200b",
    "contact_email": "",
    "retention": "",
    "effective_on": "",
    "party_name": ["Maps", ""],
    "party_purpose": ["", "alerts"],
    "party_link": ["https://maps.example/", ""],
    "text_en": "",
}
LACKS = [
    "the purpose of each data type",
    "a contact",
    "how long data is kept",
    "the effective date",
    "the name and purpose of each third party",
    "a text",
]


def lacks_of(client, program):
    """What the form says beside its fields."""
    form = client.get(url(program, "edit")).context["form"]
    return {name: field.lack for name, field in form.fields.items() if field.lack}


def test_what_is_missing_is_saved_as_missing_and_named_beside_its_field(signed_in, program, holder):
    client = signed_in(holder)
    assert lacks_of(client, program) == {}  # Nothing was saved yet: the template starts empty.
    response = client.post(url(program, "edit"), typed(client, program, **EMPTY), follow=True)
    assert response.redirect_chain == [(url(program, "agreement"), 302)]
    words = f"{', '.join(LACKS[:-1])} and a text"
    assert f"Draft saved. Before publishing it needs {words}." in response.content.decode()

    draft = PrivacyDraft.objects.get()
    assert draft.data == [["location", ""], ["camera", ""]]
    assert draft.third_parties == [["Maps", "", "https://maps.example/"], ["", "alerts", ""]]
    assert (draft.contact_email, draft.retention, draft.effective_on, draft.text_en) == ("", "", None, "")
    assert lacks_of(client, program) == {
        "purpose_location": f"Before publishing: {LACKS[0]}.",
        "purpose_camera": f"Before publishing: {LACKS[0]}.",
        "contact_email": f"Before publishing: {LACKS[1]}.",
        "retention": f"Before publishing: {LACKS[2]}.",
        "effective_on": f"Before publishing: {LACKS[3]}.",
        "text_en": f"Before publishing: {LACKS[5]}.",
        "text_zh": f"Before publishing: {LACKS[5]}.",
    }
    page = client.get(url(program, "edit")).content.decode()
    assert page.count(f"Before publishing: {LACKS[4]}.") == 2
    assert client.post(url(program, "preview"), typed(client, program, **EMPTY)).status_code == 200


def test_it_is_published_once_it_is_finished_and_not_before(signed_in, program, holder):
    client = signed_in(holder)
    client.post(url(program, "edit"), typed(client, program, **EMPTY))
    refused = client.post(url(program, "publish"), {"revision": 1, "password": PASSWORD})
    assert refused.status_code == 422
    shown = client.get(url(program, "agreement"))
    assert [lack.what for lack in shown.context["lacks"]] == LACKS
    assert [lack.anchor for lack in shown.context["lacks"]] == [
        "id_purpose_location",
        "id_contact_email",
        "id_retention",
        "id_effective_on",
        "parties",
        "texts",
    ]

    assert client.post(url(program, "edit"), typed(client, program)).status_code == 302
    assert lacks_of(client, program) == {}
    published = client.post(url(program, "publish"), {"revision": 2, "password": PASSWORD})
    assert (published.status_code, program.privacy_agreements.count()) == (302, 1)


def test_what_is_wrong_is_refused_all_the_same(signed_in, program, holder):
    client = signed_in(holder)
    sent = typed(client, program, **EMPTY | {"contact_email": "nobody", "text_en": f"{TEXT}\n{{{{nope}}}}"})
    errors = client.post(url(program, "edit"), sent).context["form"].errors
    assert sorted(errors) == ["contact_email", "text_en"]


def test_a_day_that_has_passed_meanwhile_is_named(signed_in, program, holder):
    client = signed_in(holder)
    client.post(url(program, "edit"), typed(client, program))
    PrivacyDraft.objects.update(effective_on=timezone.localdate() - timedelta(days=2))
    assert lacks_of(client, program) == {"effective_on": "Before publishing: an effective date that is today or later."}
