"""The public template library of a program (M-1)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from messaging.models import PublicTemplate
from messaging.states import MOST_TEMPLATES
from tests import factories
from tests.markup import flat

pytestmark = pytest.mark.django_db
MISSING = "Only team administrators, license holders and developers can do this."


@pytest.fixture(autouse=True)
def public():
    """Four templates instead of the shipped ones: an appointment and a bus, long-term; a shipment and a shop."""
    PublicTemplate.objects.all().delete()
    kinds = [("Appointment", "就诊提醒", "long_term", "health"), ("Bus", "发车提醒", "long_term", "transport")]
    kinds += [("Shipment", "发货通知", "one_time", "orders"), ("Shop", "取货提醒", "one_time", "orders")]
    return [
        factories.make_public_template(title, kind, title_zh=title_zh, category=category)
        for title, title_zh, kind, category in kinds
    ]


@pytest.fixture
def developer(program):
    return factories.make_member(program.team, "developer")


def url(program):
    return f"/miniprograms/{program.app_id}/messages/library/"


def shown(response):
    return [(row["title"], row["selected"]) for row in response.context["rows"]]


def text_of(response):
    return " ".join(response.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


def test_what_is_offered(signed_in, program, developer, public):
    PublicTemplate.objects.filter(title="Shop").update(is_listed=False)
    response = signed_in(developer).get(url(program))
    assert shown(response) == [("Appointment", 0), ("Bus", 0), ("Shipment", 0)]
    page = text_of(response)
    for words in ("Long-term", "Medical care", "Clinic · Date · Patient · Fee", str(public[0].number), "3 templates"):
        assert words in page
    assert f'href="{url(program)}{public[0].number}/"' in page


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"kind": "one_time"}, ["Shipment", "Shop"]),
        ({"kind": "long_term", "category": "transport"}, ["Bus"]),
        ({"kind": "one_time", "category": "transport"}, []),
        ({"category": "orders", "q": "SHIP"}, ["Shipment"]),
        ({"q": "提醒"}, ["Appointment", "Bus", "Shop"]),
        ({"q": "sh"}, ["Shipment", "Shop"]),
        ({"q": "100%"}, []),
        (
            {"q": "%\0" * 5000, "kind": "x", "category": "y", "page": "9" * 500},
            ["Appointment", "Bus", "Shipment", "Shop"],
        ),
    ],
)
def test_filters(signed_in, program, developer, query, titles):
    response = signed_in(developer).get(url(program), query)
    assert response.status_code == 200
    assert [title for title, _selected in shown(response)] == titles
    assert ("No matching templates" in text_of(response)) == (not titles)


def test_search_by_number(signed_in, program, developer, public):
    assert shown(signed_in(developer).get(url(program), {"q": str(public[1].number)})) == [("Bus", 0)]


def test_tabs_count_within_the_other_filters(signed_in, program, developer):
    counts = (
        signed_in(developer).get(url(program), {"category": "orders", "kind": "long_term"}).context["filter"].counts
    )
    assert counts == {"": 2, "one_time": 2, "long_term": 0}


def test_how_often_it_was_selected(signed_in, program, developer, public):
    factories.make_template(program, public[0], [1, 2])
    factories.make_template(program, public[0], [1, 3])
    factories.make_template(program, public[1])
    factories.make_template(program, public[2], deleted_at=timezone.now())
    factories.make_template(factories.make_program(), public[3])
    response = signed_in(developer).get(url(program))
    assert shown(response) == [("Appointment", 2), ("Bus", 1), ("Shipment", 0), ("Shop", 0)]
    assert [flat(text_of(response)).count(words) for words in ("Selected 2 times", "Selected</a>")] == [1, 1]


def test_an_empty_library(signed_in, program, developer):
    PublicTemplate.objects.all().delete()
    assert "The library is empty" in text_of(signed_in(developer).get(url(program)))


def test_a_viewer_sees_and_reads_why_not(signed_in, program, public):
    client = signed_in(factories.make_member(program.team, "viewer"))
    page = text_of(client.get(url(program)))
    assert MISSING in page
    assert f"{url(program)}{public[0].number}/" not in page


def test_a_program_with_all_its_templates_reads_so(signed_in, program, developer, public):
    for _number in range(MOST_TEMPLATES):
        factories.make_template(program)
    client = signed_in(developer)
    assert "The mini program already has 50 templates. Delete one first." in text_of(client.get(url(program)))
    response = client.get(f"{url(program)}{public[0].number}/")
    assert (response.status_code, response["Location"]) == (302, url(program))


def test_in_chinese(signed_in, program, developer):
    with translation.override("zh-hans"):
        from messaging.localization import name_of, title_of

        template = PublicTemplate.objects.get(title="Bus")
        assert (title_of(template), name_of(template.keywords.first())) == ("发车提醒", "诊所")


def test_another_team_finds_nothing(signed_in, program):
    assert signed_in(factories.make_member(factories.make_team(), "admin")).get(url(program)).status_code == 404


def test_wrong_method(signed_in, program, developer):
    assert signed_in(developer).post(url(program)).status_code == 405


def test_as_many_queries_for_many_as_for_one(signed_in, program, developer):
    client = signed_in(developer)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(program)).status_code == 200
        return len(captured)

    PublicTemplate.objects.exclude(title="Bus").delete()
    one = queries()
    for _number in range(5):
        factories.make_template(program)
    assert queries() == one
