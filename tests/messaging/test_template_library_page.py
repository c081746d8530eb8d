"""The operators' page of the public template library (P-12, M-1), each change with one entry (P-5)."""

import pytest
from django.urls import reverse

from console.base.core.errors import Conflict
from messaging.actions.templates import keep_public_template
from messaging.models import PublicTemplate
from messaging.states import TemplateCategory
from tests import factories
from tests.activity import entries

pytestmark = pytest.mark.django_db
LIST = reverse("platform:templates")
ADD = reverse("platform:add_template")
FIELDS = {
    "title": "Ferry departs",
    "title_zh": "开船提醒",
    "kind": "long_term",
    "category": "transport",
    "is_listed": "on",
}
FERRY = {"kind": "thing", "name": "Ferry", "name_zh": "航线", "example": "Island Ferry", "example_zh": "海岛渡轮"}
STATE = {"kind": "enum", "name": "State", "name_zh": "状态", "example": "On time", "example_zh": "准点"}
EMPTY = {"kind": "", "name": "", "name_zh": "", "example": "", "example_zh": "", "options": ""}


@pytest.fixture
def kept():
    """thing1, time2, name3, amount4."""
    return factories.make_public_template("Ferry departs", "long_term", title_zh="开船提醒", category="transport")


def url(name, *args):
    return reverse(f"platform:{name}", args=args)


def posted(*keywords, **fields):
    """What the page sends: keywords with an `id` are saved ones."""
    saved = sum("id" in keyword for keyword in keywords)
    counts = {"TOTAL_FORMS": len(keywords), "INITIAL_FORMS": saved}
    data = {**FIELDS, **fields, **{f"keywords-{name}": value for name, value in counts.items()}}
    for number, keyword in enumerate(keywords):
        data |= {f"keywords-{number}-{name}": value for name, value in keyword.items()}
    return data


def saved(template, **changes):
    """The template's keywords as its page sends them; `changes` by number."""
    rows = []
    for keyword in template.keywords.all():
        fields = {name: getattr(keyword, name) for name in ("name", "name_zh", "example", "example_zh")}
        fields |= {"id": keyword.pk, "options": "\n".join(keyword.options)}
        rows.append(fields | changes.get(f"of{keyword.number}", {}))
    return rows


def test_list(operator_client, kept):
    PublicTemplate.objects.exclude(pk=kept.pk).delete()
    hidden = factories.make_public_template("Clinic", is_listed=False)
    factories.make_template(factories.make_program(name="Somebody's"), kept)
    page = operator_client.get(LIST)
    assert [(row.pk, row.selected) for row in page.context["page"]] == [(kept.pk, 1), (hidden.pk, 0)]
    assert page.context["filter"].counts == {"": 2, "offered": 1, "hidden": 1, "unselected": 1}
    assert "Somebody" not in page.content.decode()
    for query, found in (
        ({"q": "开船"}, [kept]),
        ({"q": str(hidden.number)}, [hidden]),
        ({"show": "hidden"}, [hidden]),
        ({"kind": "long_term"}, [kept]),
        ({"category": "health"}, [hidden]),
        ({"sort": "title"}, [hidden, kept]),
        ({"sort": "-selected"}, [kept, hidden]),
    ):
        assert list(operator_client.get(LIST, query).context["page"]) == found


def test_the_order_is_of_what_the_reader_sees(operator_client, operator, kept):
    PublicTemplate.objects.exclude(pk=kept.pk).delete()
    other = factories.make_public_template("Tram departs", title_zh="乘车提醒", category="health")
    assert list(operator_client.get(LIST, {"sort": "title"}).context["page"]) == [kept, other]
    operator.language = "zh-hans"
    operator.save()
    by_title = list(operator_client.get(LIST, {"sort": "title"}).context["page"])
    assert by_title == sorted([kept, other], key=lambda template: template.title_zh)
    labels = TemplateCategory.values
    by_category = [template.category for template in operator_client.get(LIST, {"sort": "category"}).context["page"]]
    assert by_category == sorted(["transport", "health"], key=labels.index)


def test_an_empty_library_offers_the_first_act(operator_client):
    PublicTemplate.objects.all().delete()
    assert "The library is empty" in operator_client.get(LIST).content.decode()


def test_create_with_keywords(operator_client):
    text = operator_client.get(ADD).content.decode()
    assert text.count('class="keyword-row"') == 4  # one, two more without a script, and the one that the script copies
    values = {**STATE, "options": "On time\r\nLate\r\n\r\n准点\r\nLate\r\n"}
    data = posted(FERRY, values, EMPTY, {**FERRY, "DELETE": "on"}, title="  Ferry  departs ")
    assert operator_client.post(ADD, data)["Location"] == LIST
    template = PublicTemplate.objects.get(title="Ferry departs")
    assert [(keyword.key, keyword.options) for keyword in template.keywords.all()] == [
        ("thing1", []),
        ("enum2", ["On time", "Late", "准点"]),
    ]
    assert entries() == [("public_template.created", "Olga", "Ferry departs")]


def test_edit_all_at_once_is_one_entry(operator_client, kept):
    """No query for each keyword: zeal would tell. A saved keyword keeps its type, whatever is sent."""
    change = {"name": "Ferry", "example": "Island Ferry", "kind": "number"}
    data = posted(*saved(kept, of1=change, of3={"DELETE": "on"}), {**FERRY, "name": "Pier"}, title="Ferry leaves")
    assert operator_client.post(url("edit_template", kept.pk), data).status_code == 302
    kept.refresh_from_db()
    assert kept.title == "Ferry leaves"
    assert [(keyword.key, keyword.name) for keyword in kept.keywords.all()] == [
        ("thing1", "Ferry"),
        ("time2", "Date"),
        ("amount4", "Fee"),
        ("thing5", "Pier"),
    ]
    assert entries() == [("public_template.edited", "Olga", "Ferry leaves")]
    operator_client.post(url("edit_template", kept.pk), posted(*saved(kept), EMPTY, title="Ferry leaves"))
    assert len(entries()) == 1


@pytest.mark.parametrize(
    ("keyword", "field"),
    [
        ({**FERRY, "example": "x" * 21}, "example"),
        ({**FERRY, "name": ""}, "name"),
        ({**FERRY, "name_zh": "\0"}, "name_zh"),
        ({**FERRY, "kind": "nonsense"}, "kind"),
        ({**FERRY, "options": "a\nb"}, "options"),
        (STATE, "options"),
    ],
)
def test_a_wrong_keyword_is_told_beside_its_field_and_nothing_is_lost(operator_client, keyword, field):
    response = operator_client.post(ADD, posted(FERRY, keyword, title="Boat departs"))
    assert response.status_code == 422
    assert [list(errors) for errors in response.context["form"].keywords.errors] == [[], [field]]
    text = response.content.decode()
    assert "Correct the keywords below." in text
    assert "Boat departs" in text
    assert text.count('value="Island Ferry"') >= 1
    assert entries() == []


def test_one_to_twenty_keywords(operator_client, kept):
    none = operator_client.post(ADD, posted({**FERRY, "DELETE": "on"}))
    assert "A template needs at least one keyword." in none.content.decode()
    many = operator_client.post(ADD, posted(*[FERRY] * 21))
    assert "A template has at most 20 keywords." in many.content.decode()
    assert (none.status_code, many.status_code, entries()) == (422, 422, [])
    assert operator_client.post(ADD, posted(*[FERRY] * 20, title="Many")).status_code == 302


def test_a_form_without_its_counts(operator_client):
    response = operator_client.post(ADD, FIELDS)
    assert (response.status_code, entries()) == (422, [])


def test_long_term_is_for_public_services(operator_client):
    response = operator_client.post(ADD, posted(FERRY, category="orders"))
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["kind"])
    assert entries() == []


def test_what_somebody_else_removed(operator_client, kept):
    rows = saved(kept)
    kept.keywords.filter(number=2).delete()
    response = operator_client.post(url("edit_template", kept.pk), posted(*rows))
    assert response.status_code == 422
    assert "Someone else removed this keyword. Remove it here, too." in response.content.decode()
    rows[1]["DELETE"] = "on"
    assert operator_client.post(url("edit_template", kept.pk), posted(*rows)).status_code == 302
    foreign = factories.make_public_template().keywords.first()
    rows[1] = {**rows[0], "id": foreign.pk}
    assert operator_client.post(url("edit_template", kept.pk), posted(*rows)).status_code == 422
    by = factories.make_user()
    keyword = kept.keywords.last()
    kept.keywords.all().delete()
    with pytest.raises(Conflict):
        keep_public_template(kept, keywords=[keyword], by=by)
    PublicTemplate.objects.filter(pk=kept.pk).delete()
    with pytest.raises(Conflict):
        keep_public_template(kept, by=by)


def test_who_saves_over_another_operator_is_told_first(operator_client, kept):
    """Also where only a keyword was changed."""
    seen = operator_client.get(url("edit_template", kept.pk)).context["seen"]
    data = posted(*saved(kept), title="Ferry leaves", seen=seen)
    kept.keywords.filter(number=1).update(name="Pier")
    assert operator_client.post(url("edit_template", kept.pk), data).status_code == 422
    assert entries() == []


def test_delete(operator_client, kept):
    assert "Delete “Ferry departs”?" in operator_client.get(url("delete_template", kept.pk)).content.decode()
    assert operator_client.post(url("delete_template", kept.pk)).status_code == 302
    assert entries() == [("public_template.deleted", "Olga", "Ferry departs")]


@pytest.mark.parametrize(
    ("act", "left", "verb"),
    [("offer", "It is already in the library.", "edited"), ("withhold", "It is already hidden.", "edited")],
)
def test_offer_and_withhold(operator_client, kept, act, left, verb):
    other = factories.make_public_template("Clinic", is_listed=False)
    both = {"row": [kept.pk, other.pk]}
    follows = operator_client.get(url("selected_templates", act), both).context["follows"]
    assert [why for _row, why in follows.leaves] == [left]
    operator_client.post(url("selected_templates", act), query_params=both)
    assert entries() == [(f"public_template.{verb}", "Olga", str(row)) for row in follows.takes]
    assert {row.is_listed for row in PublicTemplate.objects.filter(pk__in=both["row"])} == {act == "offer"}


def test_what_was_selected_stays(operator_client, kept):
    other = factories.make_public_template("Clinic")
    factories.make_template(factories.make_program(name="Somebody's"), kept)
    both = {"row": [kept.pk, other.pk]}
    page = operator_client.get(url("selected_templates", "delete"), both)
    assert [str(row) for row in page.context["follows"].takes] == ["Clinic"]
    assert "Ferry departs was selected once and can" in page.content.decode()
    assert "Somebody" not in page.content.decode()
    alone = operator_client.get(url("delete_template", kept.pk)).content.decode()
    assert "This is not possible now" in alone
    assert ">Back<" in alone
    assert "Not changed" not in alone
    operator_client.post(url("selected_templates", "delete"), query_params=both)
    assert entries() == [("public_template.deleted", "Olga", "Clinic")]
