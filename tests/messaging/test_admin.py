"""The public template library as operators keep it (M-1), each change with one entry (P-5)."""

import pytest
from django.urls import reverse
from django.utils import timezone

from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused
from messaging.actions.templates import discard_public_template
from messaging.models import PublicKeyword, PublicTemplate
from tests import factories

pytestmark = pytest.mark.django_db
ADD = reverse("admin:messaging_publictemplate_add")
LIST = reverse("admin:messaging_publictemplate_changelist")
FIELDS = {
    "title": "Ferry departs",
    "title_zh": "开船提醒",
    "kind": "long_term",
    "category": "transport",
    "is_listed": "on",
}
FERRY = {"kind": "thing", "name": "Ferry", "name_zh": "航线", "example": "Island Ferry", "example_zh": "海岛渡轮"}
STATE = {"kind": "enum", "name": "State", "name_zh": "状态", "example": "On time", "example_zh": "准点"}
VALUES = "On time\r\nLate\r\n\r\n准点\r\nLate\r\n"


@pytest.fixture(autouse=True)
def django_s_own_queries(settings):
    """A formset reads each of its rows by itself."""
    settings.ZEAL_ALLOWLIST = [*settings.ZEAL_ALLOWLIST, {"model": "messaging.PublicKeyword", "field": "get()"}]


@pytest.fixture
def kept():
    """thing1, time2, name3, amount4."""
    template = factories.make_public_template("Ferry departs", "long_term", title_zh="开船提醒", category="transport")
    template.keywords.filter(number=1).update(example="Harbour Clinic", example_zh="海港诊所")
    return template


def change_url(template):
    return reverse("admin:messaging_publictemplate_change", args=[template.pk])


def posted(*keywords, **fields):
    """What the page sends: keywords with an `id` are saved ones."""
    saved = sum("id" in keyword for keyword in keywords)
    counts = {"TOTAL_FORMS": len(keywords), "INITIAL_FORMS": saved, "MIN_NUM_FORMS": 1, "MAX_NUM_FORMS": 20}
    data = {**FIELDS, **fields, **{f"keywords-{name}": value for name, value in counts.items()}}
    for number, keyword in enumerate(keywords):
        data |= {f"keywords-{number}-{name}": value for name, value in keyword.items()}
    return data


def saved(template, **changes):
    """The template's keywords as its page sends them; `changes` by number."""
    rows = []
    for keyword in template.keywords.all():
        fields = {name: getattr(keyword, name) for name in ("kind", "name", "name_zh", "example", "example_zh")}
        fields |= {"id": keyword.pk, "template": template.pk, "options": "\n".join(keyword.options)}
        rows.append(fields | changes.get(f"of{keyword.number}", {}))
    return rows


def entries():
    rows = ActivityEntry.objects.order_by("pk")
    return [(row.verb, row.actor_label, row.target_label, row.changes()) for row in rows]


def errors_of(response):
    """What the page says, as (of the template, of the keywords)."""
    [keywords] = response.context["inline_admin_formsets"]
    return response.context["adminform"].form.errors, [form for form in keywords.formset.errors if form]


def test_add(operator_client):
    highest = PublicTemplate.objects.order_by("-number").values_list("number", flat=True).first() or 1000
    data = posted(FERRY, {**STATE, "options": VALUES}, title="  Ferry  departs ")
    assert operator_client.post(ADD, data).status_code == 302
    template = PublicTemplate.objects.get(title="Ferry departs")
    assert (template.number, template.kind, template.category, template.is_listed) == (
        highest + 1,
        "long_term",
        "transport",
        True,
    )
    assert [(keyword.key, keyword.options) for keyword in template.keywords.all()] == [
        ("thing1", []),
        ("enum2", ["On time", "Late", "准点"]),
    ]
    [(verb, by, target, changes)] = entries()
    assert (verb, by, target) == ("public_template.created", "Olga", "Ferry departs")
    assert ("thing1", None, "Ferry / 航线 / Island Ferry / 海岛渡轮") in changes


def test_the_first_number(operator_client):
    PublicTemplate.objects.all().delete()
    operator_client.post(ADD, posted(FERRY))
    assert PublicTemplate.objects.get().number == 1001


def test_edit_all_at_once_is_one_entry(operator_client, kept):
    first, second, third, fourth = saved(kept, of1={"name": "Ferry"}, of3={"DELETE": "on"})
    data = posted(first, second, third, fourth, {**FERRY, "name": "Pier"}, title="Ferry leaves")
    assert operator_client.post(change_url(kept), data).status_code == 302
    kept.refresh_from_db()
    assert kept.title == "Ferry leaves"
    assert [(keyword.key, keyword.name) for keyword in kept.keywords.all()] == [
        ("thing1", "Ferry"),
        ("time2", "Date"),
        ("amount4", "Fee"),
        ("thing5", "Pier"),
    ]
    [(verb, _by, target, changes)] = entries()
    assert (verb, target) == ("public_template.edited", "Ferry leaves")
    assert sorted(key for key, _before, _after in changes) == ["english_title", "name3", "thing1", "thing5"]


def test_saving_what_is_there_changes_nothing(operator_client, kept):
    assert operator_client.post(change_url(kept), posted(*saved(kept))).status_code == 302
    assert entries() == []


def test_a_saved_keyword_keeps_type_and_number(operator_client, kept):
    data = posted(*saved(kept, of1={"kind": "number", "number": "9", "name": "Ferry"}), number="5")
    assert operator_client.post(change_url(kept), data).status_code == 302
    assert kept.keywords.first().key == "thing1"
    assert PublicTemplate.objects.get(pk=kept.pk).number == kept.number


def test_no_number_is_given_again(operator_client, kept):
    factories.make_template(factories.make_program(), kept, [4], deleted_at=timezone.now())
    operator_client.post(change_url(kept), posted(*saved(kept, of4={"DELETE": "on"})))
    assert kept.keywords.count() == 3
    operator_client.post(change_url(kept), posted(*saved(kept), FERRY))
    assert kept.keywords.last().key == "thing5"


@pytest.mark.parametrize(
    ("keyword", "field", "words"),
    [
        ({**FERRY, "example": "x" * 21}, "example", "Up to 20 characters, without line breaks."),
        ({**FERRY, "kind": "amount"}, "example_zh", "A currency sign"),
        ({**FERRY, "name": ""}, "name", "This field is required."),
        ({**FERRY, "name": "a\u202eb"}, "name", "Remove invisible control characters."),
        ({**FERRY, "name_zh": "\0"}, "name_zh", "Remove invisible control characters."),
        ({**FERRY, "kind": "nonsense"}, "kind", "Select a valid choice."),
        ({**FERRY, "options": "a\nb"}, "options", "Only an enum has values."),
        (STATE, "options", "An enum needs at least one value."),
        ({**STATE, "options": "On time"}, "example_zh", "One of these values: On time"),
    ],
)
def test_what_a_keyword_can_not_be(operator_client, keyword, field, words):
    response = operator_client.post(ADD, posted(keyword))
    of_template, of_keywords = errors_of(response)
    assert (response.status_code, dict(of_template), len(of_keywords)) == (200, {}, 1)
    assert of_keywords[0][field][0].startswith(words)
    assert entries() == []


def test_a_template_has_a_keyword(operator_client):
    response = operator_client.post(ADD, posted())
    assert response.status_code == 200
    assert "Please submit at least 1 form." in response.content.decode()
    assert entries() == []


@pytest.mark.parametrize("kind", ["long_term", "one_time"])
def test_long_term_is_for_public_services(operator_client, kind):
    response = operator_client.post(ADD, posted(FERRY, category="orders", kind=kind))
    if kind == "one_time":
        assert response.status_code == 302
        return
    assert errors_of(response)[0]["kind"] == [
        "Long-term templates are for public services only: Medical care, Transport, Government affairs, "
        "People's livelihood, Education, Finance."
    ]
    assert entries() == []


@pytest.mark.parametrize("way", ["one", "selected"])
def test_delete_what_nobody_selected(operator_client, kept, way):
    if way == "one":
        operator_client.post(reverse("admin:messaging_publictemplate_delete", args=[kept.pk]), {"post": "yes"})
    else:
        operator_client.post(LIST, {"action": "delete_selected", "_selected_action": [kept.pk], "post": "yes"})
    assert not PublicTemplate.objects.filter(pk=kept.pk).exists()
    assert not PublicKeyword.objects.filter(template=kept.pk).exists()
    assert [(verb, target) for verb, _by, target, _changes in entries()] == [
        ("public_template.deleted", "Ferry departs")
    ]


@pytest.mark.parametrize("way", ["one", "selected"])
def test_what_is_in_use_can_only_be_unlisted(operator_client, kept, way):
    program = factories.make_program(name="Somebody's")
    factories.make_template(program, kept)
    words = "Ferry departs was selected once and can’t be deleted. Clear “In library” to hide it."
    if way == "one":
        url, data = reverse("admin:messaging_publictemplate_delete", args=[kept.pk]), {"post": "yes"}
    else:
        url, data = LIST, {"action": "delete_selected", "_selected_action": [kept.pk]}
    page = operator_client.post(url, data, follow=True).content.decode()
    assert words in page
    assert "Somebody's" not in page
    with pytest.raises(ActionRefused):
        discard_public_template(kept, by=kept.selections.get().created_by)
    assert PublicTemplate.objects.filter(pk=kept.pk).exists()
    assert entries() == []
    operator_client.post(change_url(kept), posted(*saved(kept), is_listed=""))
    assert not PublicTemplate.objects.listed().filter(pk=kept.pk).exists()


def test_search_by_title_in_both_languages_and_number(operator_client, kept):
    other = factories.make_public_template()
    for words in ("ferry dep", "开船", str(kept.number)):
        page = operator_client.get(LIST, {"q": words}).content.decode()
        assert (words, change_url(kept) in page, change_url(other) in page) == (words, True, False)


def test_team_members_stay_outside(signed_in, kept):
    client = signed_in(factories.make_member(factories.make_team(), "admin"))
    assert client.post(ADD, posted(FERRY), follow=True).status_code == 403
    assert client.post(change_url(kept), posted(*saved(kept)), follow=True).status_code == 403
    assert entries() == []
