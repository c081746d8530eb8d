"""The operators' page of categories (P-12), each change with one entry (P-5)."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from console.base.accounts.models import User
from console.base.core.errors import ActionRefused, Conflict
from miniprograms import actions
from miniprograms.models import Category
from tests import factories
from tests.activity import entries

pytestmark = pytest.mark.django_db
LIST = reverse("platform:categories")
ADD = reverse("platform:add_category")
DELETE = reverse("platform:selected_categories", args=["delete"])


@pytest.fixture
def used():
    return factories.make_program(name="Somebody's", category=factories.make_category("Boats")).category


def edit_url(category):
    return reverse("platform:edit_category", args=[category.pk])


def delete_url(category):
    return reverse("platform:delete_category", args=[category.pk])


def shown(response):
    return [row.name for row in response.context["page"].object_list]


def test_list(operator_client, used):
    Category.objects.exclude(pk=used.pk).delete()
    factories.make_category("Cars")
    page = operator_client.get(LIST)
    assert shown(page) == ["Boats", "Cars"]
    assert [row.programs for row in page.context["page"]] == [1, 0]
    assert page.context["filter"].counts == {"": 2, "used": 1, "unused": 1}
    assert shown(operator_client.get(LIST, {"use": "unused"})) == ["Cars"]
    assert shown(operator_client.get(LIST, {"q": "BOA"})) == ["Boats"]
    assert shown(operator_client.get(LIST, {"sort": "-name"})) == ["Cars", "Boats"]
    assert shown(operator_client.get(LIST, {"sort": "-programs"})) == ["Boats", "Cars"]
    assert shown(operator_client.get(LIST, {"sort": "nonsense", "use": "nonsense"})) == ["Boats", "Cars"]
    assert "Somebody's" not in page.content.decode()


def test_searches_and_sorts_by_what_the_reader_sees(operator_client):
    Category.objects.all().delete()
    for name in ("Transport", "Shopping", "共享单车"):
        factories.make_category(name)
    User.objects.filter(is_staff=True).update(language="zh-hans")
    assert shown(operator_client.get(LIST, {"q": "交"})) == ["Transport"]
    assert shown(operator_client.get(LIST, {"sort": "name"})) == ["Transport", "共享单车", "Shopping"]  # 交, 共, 购


def test_an_empty_list_offers_the_first_act(operator_client):
    Category.objects.all().delete()
    text = operator_client.get(LIST).content.decode()
    assert "No categories yet" in text
    assert text.count(f'href="{ADD}"') == 2
    assert 'id="selection"' not in text


def test_create_and_edit(operator_client):
    response = operator_client.post(ADD, {"name": "  Ship  yards ", "position": 3})
    assert response["Location"] == LIST
    category = Category.objects.get(name="Ship yards")
    for _twice in range(2):
        assert operator_client.post(edit_url(category), {"name": "Shipyards", "position": 3}).status_code == 302
    category.refresh_from_db()
    assert (category.name, category.position) == ("Shipyards", 3)
    assert entries() == [("category.created", "Olga", "Ship yards"), ("category.edited", "Olga", "Shipyards")]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "", "position": 1}, "name"),
        ({"name": "a\0b", "position": 1}, "name"),
        ({"name": "Boats", "position": 1}, "name"),
        ({"name": "x" * 41, "position": 1}, "name"),
        ({"name": "Cars", "position": -1}, "position"),
        ({"name": "Cars", "position": 10**9}, "position"),
        ({"name": "Cars"}, "position"),
    ],
)
def test_bad_input_is_refused_beside_its_field(operator_client, used, fields, field):
    response = operator_client.post(ADD, fields)
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert entries() == []


def test_what_is_gone(operator_client, used):
    unused = factories.make_category("Cars")
    Category.objects.filter(pk=unused.pk).delete()
    assert {operator_client.get(url(unused)).status_code for url in (edit_url, delete_url)} == {404}
    paint = reverse("platform:selected_categories", args=["paint"])
    assert operator_client.get(paint, {"row": used.pk}).status_code == 404
    by = factories.make_user()
    for verb in (actions.keep, actions.discard):
        with pytest.raises(Conflict):
            verb(unused, by=by)
    with pytest.raises(ActionRefused):
        actions.keep(Category(name="Boats"), by=by)


def test_one_in_use_stays_and_the_dialog_says_why(operator_client, used):
    page = operator_client.get(delete_url(used)).content.decode()
    assert "1 mini program uses Boats. Give it another category first." in page
    assert "Somebody&#x27;s" not in page
    assert 'class="btn btn-danger"' not in page
    assert operator_client.post(delete_url(used)).status_code == 422
    assert Category.objects.filter(pk=used.pk).exists()
    assert entries() == []


def test_of_several_those_not_in_use_are_deleted(operator_client, used):
    cars, bikes = factories.make_category("Cars"), factories.make_category("Bikes")
    query = {"row": [used.pk, cars.pk, bikes.pk, "x", 10**30], "list": "use=&q=a"}
    dialog = operator_client.get(DELETE, query)
    rehearsed = dialog.context["follows"]
    assert [str(row) for row in rehearsed.takes] == ["Bikes", "Cars"]
    assert [(str(row), why) for row, why in rehearsed.leaves] == [
        ("Boats", "1 mini program uses Boats. Give it another category first.")
    ]
    assert entries() == []
    response = operator_client.post(f"{DELETE}?{urlencode(query, doseq=True)}", follow=True)
    assert response.redirect_chain == [(f"{LIST}?use=&q=a", 302)]
    assert [str(words) for words in response.context["messages"]] == [
        "1 was not changed. Boats: 1 mini program uses Boats. Give it another category first.",
        "2 categories deleted.",
    ]
    assert entries() == [("category.deleted", "Olga", str(row)) for row in rehearsed.takes]


def test_nothing_ticked(operator_client):
    response = operator_client.get(DELETE, follow=True)
    assert [str(words) for words in response.context["messages"]] == ["Select at least one row first."]


def test_order(operator_client, used):
    cars = factories.make_category("Cars")
    operator_client.post(LIST, {f"position_{used.pk}": 0, f"position_{cars.pk}": 7})
    cars.refresh_from_db()
    assert cars.position == 7
    assert entries() == [("category.edited", "Olga", "Cars")]
    assert f'name="initial-position_{cars.pk}" value="7"' in operator_client.get(LIST).content.decode()
    operator_client.post(LIST, {f"position_{cars.pk}": 0, f"initial-position_{cars.pk}": 0})  # as shown before
    assert len(entries()) == 1
    refused = operator_client.post(LIST, {f"position_{used.pk}": 5, f"position_{cars.pk}": "x"})
    assert refused.status_code == 422
    assert list(refused.context["order"].errors) == [f"position_{cars.pk}"]
    assert 'value="5"' in refused.content.decode()
    assert len(entries()) == 1


def test_who_saves_over_another_operator_is_told_first(operator_client, used):
    seen = operator_client.get(edit_url(used)).context["seen"]
    Category.objects.filter(pk=used.pk).update(position=4)
    mine = {"name": "Ferries", "position": 0, "seen": seen}
    response = operator_client.post(edit_url(used), mine)
    assert response.status_code == 422
    assert "Someone else changed this while you were editing." in response.content.decode()
    assert 'value="Ferries"' in response.content.decode()
    assert entries() == []
    assert operator_client.post(edit_url(used), {**mine, "seen": response.context["seen"]}).status_code == 302
    assert entries() == [("category.edited", "Olga", "Ferries")]
