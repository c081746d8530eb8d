"""The report and the code beside the decision: what a reviewer sees of it, and what is no business of theirs."""

import pytest
from django.utils import timezone
from django.utils.html import escape

from miniprograms import actions as programs
from releases import actions
from releases.models import Report
from releases.report.writing import write_waiting
from tests import factories
from tests.releases.report.test_report import secret, use

PAGES = ("", "report/", "changes/", "changes/file/?path=app.js")


@pytest.fixture
def decision(audit):
    Report.objects.all().delete()
    return audit.decisions.get()


def url(decision, end=""):
    return f"/reviews/audits/{decision.pk}/{end}"


def report_of(decision, **content):
    return factories.make_report(decision.audit.version, decision.audit, **content)


def test_the_summary_stands_beside_the_decision(signed_in, reviewer, application, decision):
    standing = {application.application_id: "restricted"}
    apis = [{"use": use("wx.getLocation", ("app.js", 1)), "standing": standing}]
    domains = [{"use": use("https://tiles.example", ("app.js", 1)), "kind": "request", "configured": []}]
    data = [{"data_type": "location", "apis": ["wx.getLocation"], "declared": False}]
    report_of(decision, apis=apis, domains=domains, data=data, agreement=3)
    response = signed_in(reviewer).get(url(decision))
    assert [(group.key, group.badge) for group in response.context["reading"].groups] == [
        ("secrets", "green"),
        ("apis", "orange"),
        ("domains", "orange"),
        ("data", "orange"),
        ("unread", "green"),
    ]
    page = response.content.decode()
    assert "read by wx.getLocation; not declared in privacy agreement 3" in page
    assert f'href="{url(decision, "changes/file/")}?path=app.js&amp;line=1"' in page
    assert "Your decision for Metro Wallet" in page
    assert "/permissions/" not in page


def test_pages_of_a_review(signed_in, reviewer, decision):
    report_of(decision)
    client = signed_in(reviewer)
    assert [client.get(url(decision, end)).status_code for end in PAGES] == [200] * 4


def test_without_a_report_it_can_be_asked_for(signed_in, reviewer, decision):
    client = signed_in(reviewer)
    assert "This audit has no report." in client.get(url(decision)).content.decode()
    response = client.post(url(decision, "report/again/"))
    assert (response.status_code, response["Location"]) == (302, url(decision, "report/"))
    report = Report.objects.get()
    assert (report.audit, report.requested_by, report.written_at) == (decision.audit, reviewer, None)
    page = client.get(url(decision)).content.decode()
    assert 'hx-trigger="every 3s"' in page
    client.post(url(decision, "report/again/"))
    assert Report.objects.count() == 1


def test_a_closed_audit_keeps_its_report(signed_in, reviewer, decision):
    report_of(decision)
    actions.decide(decision, approve=False, by=reviewer, note="No")
    client = signed_in(reviewer)
    reason = "The audit is closed, so its report can’t change."
    assert escape(reason) in client.get(url(decision, "report/")).content.decode()
    response = client.post(url(decision, "report/again/"), follow=True)
    assert [str(message) for message in response.context["messages"]] == [reason]
    assert Report.objects.count() == 1


def test_who_asked_for_it_in_another_application_stays_unseen(signed_in, reviewer, decision):
    stranger = factories.make_user("Petra Elsewhere")
    report = report_of(decision)
    Report.objects.filter(pk=report.pk).update(requested_by=stranger)
    client = signed_in(reviewer)
    for end in PAGES:
        assert stranger.get_full_name() not in client.get(url(decision, end)).content.decode()


def test_the_summary_alone_leads_to_the_whole_report(signed_in, reviewer, decision):
    report_of(decision)
    client = signed_in(reviewer)
    pages = [client.get(url(decision, end)).content.decode() for end in ("", "report/")]
    assert ["Full report" in page for page in pages] == [True, False]


def test_reports_of_others_are_not_shown(signed_in, reviewer, decision):
    factories.make_report(decision.audit.version, secrets=[secret()])
    assert signed_in(reviewer).get(url(decision, "report/")).context["reading"] is None


def test_the_standing_in_other_applications_stays_unseen(signed_in, reviewer, program, application):
    factories.make_binding(program, application)
    hidden = factories.make_binding(program, factories.make_application(name="Hidden Wallet", listed=False)).application
    audit = factories.make_audit(program)
    Report.objects.all().delete()
    decision = audit.decisions.get(application=application)
    ours, theirs = application.application_id, hidden.application_id
    report_of(
        decision,
        apis=[
            {"use": use("wx.getLocation"), "standing": {ours: "granted", theirs: "restricted"}},
            {"use": use("wx.hiddenPay"), "standing": {theirs: "restricted"}},
        ],
        exempt=[theirs],
    )
    client = signed_in(reviewer)
    reading = client.get(url(decision, "report/")).context["reading"]
    assert [(line.use.name, [standing.grant for standing in line.grants]) for line in reading.apis] == [
        ("wx.getLocation", ["granted"])
    ]
    assert reading.exempt == []
    assert reading.badge == "green"
    for end in PAGES:
        page = client.get(url(decision, end)).content.decode()
        assert [words for words in ("Hidden Wallet", "wx.hiddenPay") if words in page] == []


def test_an_application_that_joins_an_audit_is_not_cleared_by_an_older_report(
    signed_in, program, reviewer, application
):
    factories.make_binding(program)
    factories.make_api(application, "wx.getLocation")
    version = factories.make_version(program, **{"app.js": "App({}); wx.getLocation()"})
    audit = actions.submit(version, by=program.created_by)
    write_waiting(at=timezone.now())
    binding = programs.request_binding(program, application=application, reason="", by=program.created_by)
    programs.decide_binding(binding, approve=True, by=reviewer)
    decision = audit.decisions.get(application=application)
    client = signed_in(reviewer)
    response = client.get(url(decision))
    assert response.context["is_writing"] is True
    assert findings(response) == [("Metro Wallet", "not checked for this app yet")]
    page = client.get(url(decision, "report/")).content.decode()
    assert "Not checked for Metro Wallet yet." in page
    assert "sensitive APIs" not in page.split("Nothing found in:")[1].split("</summary>")[0]
    assert "not restricted by any app" not in page
    write_waiting(at=timezone.now())
    response = client.get(url(decision))
    assert findings(response) == [("wx.getLocation", "restricted and not granted in Metro Wallet")]


def findings(response):
    """What is said of APIs where the decision is made."""
    (group,) = (group for group in response.context["reading"].groups if group.key == "apis")
    return [(finding.name, finding.words) for finding in group.findings]


def test_after_unbinding_what_comes_online_stays_unseen(signed_in, reviewer, program, application, decision):
    actions.decide(decision, approve=False, by=reviewer, note="No")
    programs.unbind(program.bindings.get(application=application), by=program.created_by)
    factories.make_online(program, "3.14.15")
    Report.objects.all().delete()
    report_of(decision, base="3.14.15", gone_pages=["pages/secret/plan"], removed=1)
    client = signed_in(reviewer)
    for end in PAGES:
        page = client.get(url(decision, end)).content.decode()
        assert [words for words in ("3.14.15", "pages/secret/plan") if words in page] == []
    assert client.get(url(decision, "changes/file/?path=version.js")).context["file"].before is None


def test_once_withdrawn_the_code_is_the_teams_alone(signed_in, reviewer, decision):
    report_of(decision, secrets=[secret()])
    version = decision.audit.version
    actions.withdraw(version, by=version.uploaded_by)
    client = signed_in(reviewer)
    assert [client.get(url(decision, end)).status_code for end in PAGES] == [200, 404, 404, 404]
    assert client.post(url(decision, "report/again/")).status_code == 404
    page = client.get(url(decision)).content.decode()
    assert [words for words in ("9f2c…41ab", "app.js") if words in page] == []


def test_many_files_are_a_page_of_their_own(signed_in, reviewer, program, application):
    factories.make_binding(program, application)
    files = {f"lib/f{n}.js": f"module.exports = {n}\n" for n in range(400)}
    audit = actions.submit(factories.make_version(program, "1.1.0", **files), by=program.created_by)
    decision = audit.decisions.get()
    client = signed_in(reviewer)
    assert "f1.js" not in client.get(url(decision)).content.decode()
    assert "lib/f1.js" in client.get(url(decision, "changes/")).content.decode()


def test_lower_roles_may_not(signed_in, team_admin, decision):
    client = signed_in(team_admin)
    assert [client.get(url(decision, end)).status_code for end in PAGES] == [403] * 4
    assert client.post(url(decision, "report/again/")).status_code == 403


def test_elsewhere_it_does_not_exist(signed_in, outsider, decision):
    for user in (outsider, decision.audit.submitted_by):
        client = signed_in(user)
        assert [client.get(url(decision, end)).status_code for end in PAGES] == [404] * 4
        assert client.post(url(decision, "report/again/")).status_code == 404


def test_wrong_method(signed_in, reviewer, decision):
    client = signed_in(reviewer)
    assert [client.post(url(decision, end)).status_code for end in PAGES[1:]] == [405] * 3
    assert client.get(url(decision, "report/again/")).status_code == 405
