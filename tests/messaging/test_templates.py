"""A program's own templates (M-3)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console.base.activity.models import ActivityEntry
from console.base.core.errors import Conflict
from messaging.actions.templates import delete_template
from messaging.models import Consent, Message, MyTemplate
from messaging.states import MOST_TEMPLATES
from tests import factories
from tests.devmgmt.granting import at_once
from tests.markup import flat

pytestmark = pytest.mark.django_db
TO_ASK = "Team administrators, license holders and developers of"


@pytest.fixture
def developer(program):
    return factories.make_member(program.team, "developer")


@pytest.fixture
def template(program):
    public = factories.make_public_template("Appointment reminder", "long_term", title_zh="就诊提醒")
    return factories.make_template(program, public, [2, 1], note="The day before.")


def url(program):
    return f"/miniprograms/{program.app_id}/messages/templates/"


def delete_url(template):
    return f"{url(template.mini_program)}{template.template_id}/delete/"


def shown(response):
    return [row["title"] for row in response.context["rows"]]


def text_of(response):
    return " ".join(response.content.decode().split())


# The list ---------------------------------------------------------------------------------------------------------


def test_what_is_shown(signed_in, program, developer, template):
    factories.make_template(program, deleted_at=timezone.now())
    factories.make_template(factories.make_program())
    response = signed_in(developer).get(url(program))
    assert shown(response) == ["Appointment reminder"]
    page = flat(text_of(response))
    for words in (
        f'data-copy="{template.template_id}"',
        "Long-term",
        "<dt>Date</dt><dd><code>time2</code>",
        "<dd>2026-11-27 14:30</dd>",
        "The day before.",
        "Active",
        str(template.created_by),
        "1 template",
    ):
        assert words in page


def test_newest_first(signed_in, program, developer, template):
    later = factories.make_template(program)
    assert shown(signed_in(developer).get(url(program))) == [later.title, "Appointment reminder"]


def test_filters(signed_in, program, developer, template):
    other = factories.make_template(program, factories.make_public_template("Shipment", title_zh="发货通知"))
    client = signed_in(developer)

    def found(**query):
        return shown(client.get(url(program), query))

    assert found(kind="long_term") == ["Appointment reminder"]
    assert found(kind="one_time") == ["Shipment"]
    assert found(q="SHIP") == found(q="发货") == found(q=other.template_id) == ["Shipment"]
    assert found(q=other.template_id[:12]) == ["Shipment"]
    assert "No matching templates" in text_of(client.get(url(program), {"q": "100%"}))
    assert client.get(url(program), {"q": "%\0" * 5000, "kind": "x", "page": "9" * 500}).status_code == 200


def test_who_takes_no_messages_of_it(signed_in, program, developer, application, template):
    other = factories.make_template(program)
    factories.make_ban(application, program, template=other, reason="Sent at night.")
    factories.make_ban(factories.make_application(name="Left"), program, lifted_at=timezone.now())
    response = signed_in(developer).get(url(program))
    assert [[str(ban.application) for ban in row["bans"]] for row in response.context["rows"]] == [["Metro Wallet"], []]
    assert "by Metro Wallet: “Sent at night.”" in text_of(response)
    factories.make_ban(factories.make_application(name="Super App"), program, reason="Spam.")
    response = signed_in(developer).get(url(program))
    assert [len(row["bans"]) for row in response.context["rows"]] == [2, 1]


def test_how_it_is_used_in_code(signed_in, program, developer, template):
    code = signed_in(developer).get(url(program)).context["code"]
    assert f"tmplIds: ['{template.template_id}']" in code["asking"]
    assert '    "time2": {"value": "2026-11-27 14:30"},\n    "thing1": {"value": "Harbour' in code["sending"]


def test_the_values_of_an_enum_are_named(signed_in, program, developer, template):
    template.keywords[0] |= {"kind": "enum", "key": "enum2", "options": ["Paid", "<b>"]}
    template.save()
    assert "One of: Paid, &lt;b&gt;" in text_of(signed_in(developer).get(url(program)))


def test_nothing_yet(signed_in, program, developer):
    page = text_of(signed_in(developer).get(url(program)))
    assert "No templates yet" in page
    assert f'href="/miniprograms/{program.app_id}/messages/library/"' in page


def test_a_program_with_all_its_templates_reads_so(signed_in, program, developer):
    for _number in range(MOST_TEMPLATES):
        factories.make_template(program)
    page = text_of(signed_in(developer).get(url(program)))
    assert "The mini program already has 50 templates. Delete one first." in page


def test_a_viewer_sees_and_reads_whom_to_ask(signed_in, program, template):
    client = signed_in(factories.make_member(program.team, "viewer"))
    page = text_of(client.get(url(program)))
    assert TO_ASK in page
    assert delete_url(template) not in page


def test_as_many_queries_for_many_as_for_one(signed_in, program, developer, template):
    client = signed_in(developer)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(program)).status_code == 200
        return len(captured)

    factories.make_ban(factories.make_application(), program, template=template)
    one = queries()
    for _number in range(5):
        more = factories.make_template(program, created_at=timezone.now())
        factories.make_ban(factories.make_application(), program, template=more)
    assert queries() == one


# Delete -----------------------------------------------------------------------------------------------------------


def test_the_question_says_what_happens(signed_in, program, developer, application, template):
    one_time = factories.make_template(program)
    for account, fields in (("a", {}), ("b", {}), ("c", {"granted": 2, "used": 2})):
        user = factories.make_program_user(program, application, account)
        factories.make_consent(user, one_time, **fields)
    factories.make_message(Consent.objects.get(user__account="a", template=one_time), state="delivered")
    factories.make_message(Consent.objects.get(user__account="c", template=one_time))
    client = signed_in(developer)
    page = text_of(client.get(delete_url(one_time)))
    assert f"Delete “{one_time.title}”?" in page
    assert "1 consent becomes unusable" in page
    assert "1 waiting message is still delivered." in page
    held = [factories.make_program_user(program, application, name) for name in ("d", "e")]
    factories.make_consent(held[0], template)
    factories.make_consent(held[1], template, held=False)
    page = text_of(client.get(delete_url(template)))
    assert "1 consent becomes unusable" in page
    assert "No messages are waiting for delivery." in page


def test_delete(signed_in, program, developer, application, template):
    consent = factories.make_consent(factories.make_program_user(program, application), template)
    factories.make_message(consent)
    response = signed_in(developer).post(delete_url(template), {"note": "Not used"})
    assert (response.status_code, response["Location"]) == (302, url(program))
    assert not MyTemplate.objects.live().exists()
    assert Message.objects.get().template == template
    [entry] = ActivityEntry.objects.filter(verb="template.deleted")
    assert (entry.target_label, entry.mini_program_id, entry.actor_label, entry.reason) == (
        "Appointment reminder",
        program.app_id,
        str(developer),
        "Not used",
    )
    program.refresh_from_db()
    assert (program.last_change, program.last_change_label) == ("template.deleted", "Appointment reminder")


def test_twice(signed_in, program, developer, template):
    client = signed_in(developer)
    assert client.post(delete_url(template)).status_code == 302
    assert client.post(delete_url(template)).status_code == 404
    with pytest.raises(Conflict, match="someone else deleted this template"):
        delete_template(template, by=developer)
    assert ActivityEntry.objects.filter(verb="template.deleted").count() == 1


def test_a_note_that_is_too_long(signed_in, developer, template):
    response = signed_in(developer).post(delete_url(template), {"note": "x" * 501})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["note"])
    assert MyTemplate.objects.live().exists()


def test_lower_role_other_team_other_program_wrong_method(signed_in, program, developer, template):
    viewer = signed_in(factories.make_member(program.team, "viewer"))
    stranger = signed_in(factories.make_member(factories.make_team(), "admin"))
    for client, list_status, status in ((viewer, 200, 403), (stranger, 404, 404)):
        assert client.get(url(program)).status_code == list_status
        assert client.get(delete_url(template)).status_code == status
        assert client.post(delete_url(template)).status_code == status
    client = signed_in(developer)
    sibling = factories.make_program(program.team)
    assert client.post(f"{url(sibling)}{template.template_id}/delete/").status_code == 404
    assert [client.post(url(program)).status_code, client.put(delete_url(template)).status_code] == [405, 405]
    assert client.get(f"{url(program)}{'x' * 5000}/delete/").status_code == 404
    assert MyTemplate.objects.live().exists()


@pytest.mark.django_db(transaction=True)
def test_at_once():
    template = factories.make_template(factories.make_program())
    by = template.created_by
    refused = at_once(*[lambda: delete_template(template, by=by)] * 3)
    overtaken = "Already done: someone else deleted this template."
    assert sorted(refused) == ["", overtaken, overtaken]
    assert ActivityEntry.objects.filter(verb="template.deleted").count() == 1
