"""What is settled as "not a secret", with a reason, and for how long (V-17): the verbs and the pages."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, Conflict
from releases import actions
from releases.actions.settling import reopen_finding, settle_finding
from releases.models import SettledFinding
from releases.scan import Place, Secret
from tests import factories
from tests.dialogs import effects, title

pytestmark = pytest.mark.django_db
SHA, OTHER = "5d" * 32, "a1" * 32
FINDING = Secret("app_secret", "9f2c…41ab", Place("app.js", 3), SHA)


@pytest.fixture
def version(program, application):
    factories.make_binding(program, application)
    made = factories.make_version(program, "1.1.0")
    factories.make_report(made, secrets=[found()])
    return made


@pytest.fixture
def developer(program):
    return factories.make_member(program.team, "developer")


def found(**fields):
    place = {"path": "app.js", "line": 3}
    return {"kind": "app_secret", "hint": "9f2c…41ab", "place": place, "sha256": SHA, **fields}


def url(version, end="report/"):
    return f"/miniprograms/{version.mini_program.app_id}/versions/{version.number}/{end}"


def settle(version, by, **fields):
    return settle_finding(version, **{"finding": FINDING, "reason": "a sample", "by": by, **fields})


def entries():
    rows = ActivityEntry.objects.filter(verb__startswith="finding.").order_by("id")
    return [(row.verb, row.actor_id, row.target_label, row.before, row.after, row.reason) for row in rows]


# The verbs ----------------------------------------------------------------------------------------------------------


def test_it_is_settled(version, developer):
    settled = settle(version, developer, until=date(2999, 1, 2))
    assert (settled.mini_program, settled.kind, settled.hint) == (version.mini_program, "app_secret", "9f2c…41ab")
    assert (settled.sha256, settled.path, settled.reason, settled.settled_by) == (SHA, "app.js", "a sample", developer)
    after = {"secret": "9f2c…41ab", "file": "app.js", "until": "2999-01-02"}
    label = f"{version.mini_program} 1.1.0"
    assert entries() == [("finding.settled", developer.pk, label, None, after, "a sample")]
    version.mini_program.refresh_from_db()
    assert version.mini_program.last_change == "finding.settled"


def test_only_one_is_first(version, developer):
    settled = settle(version, developer)
    with pytest.raises(Conflict, match="already dismissed this finding"):
        settle(version, version.uploaded_by)
    reopen_finding(version, settled=settled, by=developer, reason="no")
    with pytest.raises(Conflict, match="Already done"):
        reopen_finding(version, settled=settled, by=developer)
    assert [(verb, reason) for verb, *_rest, reason in entries()] == [
        ("finding.settled", "a sample"),
        ("finding.reopened", "no"),
    ]
    assert settle(version, developer).pk != settled.pk


def test_a_finding_of_an_earlier_release_can_not_be_settled(version, developer):
    with pytest.raises(ActionRefused, match="Check the package again"):
        settle(version, developer, finding=Secret("app_secret", "9f2c…41ab", Place("app.js", 3)))
    assert entries() == []


def test_the_last_day_counts(version, developer):
    now = timezone.now()
    today = timezone.localdate(now)
    with pytest.raises(ActionRefused, match="has passed") as refused:
        settle(version, developer, until=today - timedelta(days=1), at=now)
    assert refused.value.field == "until"
    settled = settle(version, developer, until=today, at=now)
    assert list(SettledFinding.objects.in_force(on=today)) == [settled]
    assert list(SettledFinding.objects.in_force(on=today + timedelta(days=1))) == []


def test_what_ran_out_can_be_settled_again(version, developer):
    factories.make_settled(version.mini_program, SHA, until=date(2020, 1, 1))
    settled = settle(version, developer)
    assert list(SettledFinding.objects.all()) == [settled]


# The pages ----------------------------------------------------------------------------------------------------------


def test_who_may_settle(signed_in, version, outsider, reviewer):
    team = version.mini_program.team
    answers = {}
    for role in ("admin", "license_holder", "developer", "viewer"):
        client = signed_in(factories.make_member(team, role))
        answers[role] = client.get(url(version, f"report/{SHA}/settle/")).status_code
    assert answers == {"admin": 200, "license_holder": 200, "developer": 200, "viewer": 403}
    for stranger in (outsider, reviewer):
        client = signed_in(stranger)
        for end in ("settle", "reopen"):
            assert client.post(url(version, f"report/{SHA}/{end}/"), {"reason": "x"}).status_code == 404
    assert not SettledFinding.objects.exists()


def test_a_viewer_sees_whom_to_ask(signed_in, version):
    page = signed_in(factories.make_member(version.mini_program.team, "viewer")).get(url(version)).content.decode()
    assert "Not a secret…" not in page
    assert f"/report/{SHA}/settle/" not in page
    assert "Team administrators, license holders and developers of" in page


def test_the_dialog_needs_a_reason(signed_in, version, developer):
    client = signed_in(developer)
    asked = client.get(url(version, f"report/{SHA}/settle/"))
    assert title(asked) == "Dismiss 9f2c…41ab as not a secret?"
    assert len(effects(asked)) == 3
    assert client.post(url(version, f"report/{SHA}/settle/"), {"reason": " "}).status_code == 422
    assert client.post(url(version, f"report/{SHA}/settle/"), {"reason": "x" * 201}).status_code == 422
    late = client.post(url(version, f"report/{SHA}/settle/"), {"reason": "x", "until": "2020-01-01"})
    assert (late.status_code, "This date has passed. Choose a later one." in late.content.decode()) == (422, True)
    assert not SettledFinding.objects.exists()
    done = client.post(url(version, f"report/{SHA}/settle/"), {"reason": "a sample", "until": "2999-01-02"})
    assert (done.status_code, done["Location"]) == (302, url(version) + "#secrets")
    assert SettledFinding.objects.get().until == date(2999, 1, 2)


def test_no_report_has_it(signed_in, version, developer):
    assert signed_in(developer).get(url(version, f"report/{OTHER}/settle/")).status_code == 404
    assert signed_in(developer).get(url(version, f"report/{SHA}/reopen/")).status_code == 404


def test_what_is_settled_is_listed_apart(signed_in, version, developer):
    client = signed_in(developer)
    before = client.get(url(version))
    assert before.context["reading"].badge == "red"
    settle(version, developer, reason="a sample of the documentation", until=date(2999, 1, 2))
    after = client.get(url(version))
    reading = after.context["reading"]
    assert (reading.badge, reading.secrets, [line.sha256 for line in reading.settled]) == ("green", [], [SHA])
    page = " ".join(after.content.decode().split())
    assert "Not a secret: a sample of the documentation" in page
    assert str(developer) in page
    assert "until 2 Jan 2999" in page
    assert f'href="{url(version, f"report/{SHA}/reopen/")}"' in page
    assert "Not a secret…" not in page
    assert client.get(url(version, f"report/{SHA}/reopen/")).status_code == 200
    assert client.post(url(version, f"report/{SHA}/reopen/"), {"note": ""}).status_code == 302
    assert client.get(url(version)).context["reading"].badge == "red"


def test_it_stays_settled_until_its_text_or_its_file_changes(signed_in, version, developer):
    settle(version, developer)
    later = factories.make_version(version.mini_program, "1.2.0")
    moved = found(place={"path": "app.js", "line": 300})
    factories.make_report(later, secrets=[moved, found(sha256=OTHER)])
    reading = signed_in(developer).get(url(later)).context["reading"]
    assert [line.sha256 for line in reading.secrets] == [OTHER]
    assert [line.sha256 for line in reading.settled] == [SHA]


def test_it_is_settled_for_the_program_only(signed_in, version, developer):
    settle(version, developer)
    another = factories.make_version(factories.make_program(version.mini_program.team), "1.0.0")
    factories.make_report(another, secrets=[found()])
    assert len(signed_in(developer).get(url(another)).context["reading"].secrets) == 1


def test_what_ran_out_counts_again(signed_in, version, developer):
    factories.make_settled(version.mini_program, SHA, until=date(2020, 1, 1))
    assert len(signed_in(developer).get(url(version)).context["reading"].secrets) == 1


def test_an_old_report_has_no_button(signed_in, version, developer):
    factories.make_report(version, secrets=[found(sha256="")])
    factories.make_settled(version.mini_program, OTHER)
    page = signed_in(developer).get(url(version)).content.decode()
    assert "9f2c…41ab" in page
    assert "/settle/" not in page


def test_a_map_key_is_said_to_be_bound(signed_in, version, developer):
    factories.make_report(version, secrets=[found(kind="map_key")])
    client = signed_in(developer)
    assert "Restricted to this app…" in client.get(url(version)).content.decode()
    assert title(client.get(url(version, f"report/{SHA}/settle/"))) == ("Dismiss 9f2c…41ab as restricted to this app?")
    settle(version, developer, finding=Secret("map_key", "9f2c…41ab", Place("app.js", 3), SHA))
    assert "Restricted to this app: a sample" in client.get(url(version)).content.decode()


def test_reviewers_see_who_settled_it_and_why(signed_in, version, developer, reviewer):
    audit = actions.submit(version, by=version.uploaded_by)
    factories.make_report(version, audit, secrets=[found()])
    decision = audit.decisions.get()
    address = reverse("reviews:report", args=[decision.pk])
    client = signed_in(reviewer)
    assert client.get(address).context["reading"].badge == "red"
    settle(version, developer, reason="a sample of the documentation")
    answer = client.get(address)
    page = " ".join(answer.content.decode().split())
    assert answer.context["reading"].badge == "green"
    assert "Not a secret: a sample of the documentation" in page
    assert str(developer) in page
    assert [words for words in ("Reopen…", "Not a secret…", "/settle/", "/reopen/") if words in page] == []
    assert client.get(decision.get_absolute_url()).context["reading"].badge == "green"
