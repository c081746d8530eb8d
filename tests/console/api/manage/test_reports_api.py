"""Reports, their findings, and audits in detail by a robot's token (A-2, V-9, V-11, V-17)."""

from __future__ import annotations

from hashlib import sha256

import pytest

from releases.actions import decide
from releases.models import Report, SettledFinding
from tests import factories

pytestmark = pytest.mark.django_db
FINDING = sha256(b"a password").hexdigest()
SECRET = {"kind": "credential", "hint": "hu…2", "place": {"path": "app.js", "line": 3}, "sha256": FINDING}


def post(client, path, **data):
    return client.post(path, data, content_type="application/json")


def url_of(version):
    return f"/api/v1/programs/{version.mini_program.app_id}/versions/{version.number}/report"


def test_a_report_is_asked_for_and_read(program, robot):
    application = factories.make_binding(program).application
    version, foreign = factories.make_version(program, "1.0.0"), factories.make_application(name="Foreign app")
    client, url = robot(program, "read", "submit"), url_of(version)
    assert client.get(url).json() == {"version": "1.0.0", "state": "none", "written_at": None, "findings": None}
    asked = post(client, url)
    assert (asked.status_code, asked.json()["state"]) == (202, "writing")
    assert post(client, url).status_code == 202
    Report.objects.get().delete()  # while one is being written, that is the one

    place = {"path": "pages/map.js", "line": 7}
    standing = {application.application_id: "restricted", foreign.application_id: "granted"}
    use = {"name": "wx.getLocation", "count": 2, "places": [place]}
    domain = {"name": "https://api.example.com", "count": 1, "places": [place]}
    factories.make_report(
        version,
        secrets=[SECRET],
        apis=[{"use": use, "standing": standing}],
        domains=[{"use": domain, "kind": "request", "configured": []}],
        data=[{"data_type": "location", "apis": ["wx.getLocation"], "declared": False}],
        open=[{"path": "app.js", "line": 9, "reason": "name"}],
        unread=[{"path": "lib.js", "why": "syntax", "by_patterns": True}],
    )
    report = client.get(url).json()
    found = report["findings"]
    assert (report["state"], found["badge"], found["whole"]) == ("written", "red", False)
    assert {one["about"] for one in found["attention"]} == {"secrets", "apis", "domains", "data", "unread"}
    assert found["apis"][0] | {"grants": None} == {**use, "how": "written", "grants": None}
    assert found["apis"][0]["grants"] == {application.application_id: "restricted"}  # P-1: of no other host app
    assert (found["domains"][0]["name"], found["domains"][0]["missing"]) == ("https://api.example.com", True)
    assert {one["place"]["path"] for one in found["not_followed"]} == {"app.js", "lib.js"}
    assert (found["secrets"][0]["state"], found["secrets"][0]["place"]) == ("open", SECRET["place"])


def test_a_finding_is_settled_and_reopened(program, robot):
    version = factories.make_version(program)
    factories.make_report(version, secrets=[SECRET])
    client, url = robot(program, "read", "submit"), url_of(version)
    assert post(client, f"{url}/{'0' * 64}/settle", reason="None").status_code == 404
    refused = post(client, f"{url}/{FINDING}/settle", reason=" ")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "reason")
    past = post(client, f"{url}/{FINDING}/settle", reason="A sample", until="2020-01-01").json()
    assert (past["code"], past["errors"][0]["field"]) == ("refused", "until")

    done = post(client, f"{url}/{FINDING}/settle", reason="A sample", until="2999-12-31")
    [secret] = done.json()["findings"]["secrets"]
    assert (done.status_code, secret["state"], secret["settled"]["settled_by"]) == (200, "settled", "release")
    assert (secret["settled"]["until"], done.json()["findings"]["badge"]) == ("2999-12-31", "green")
    assert post(client, f"{url}/{FINDING}/settle", reason="Again").status_code == 409
    again = post(client, f"{url}/{FINDING}/reopen", reason="It is one")
    assert again.json()["findings"]["secrets"][0]["state"] == "open"
    assert not SettledFinding.objects.exists()
    assert post(client, f"{url}/{FINDING}/reopen").status_code == 404


def test_what_a_version_changes_and_what_was_online(program, robot):
    factories.make_binding(program)
    factories.make_online(program, "1.0.0")
    files = {"new.js": "page()", "app.js": "App({ changed: true })"}
    factories.make_version(program, "1.1.0", **files)
    client, base = robot(program, "read"), f"/api/v1/programs/{program.app_id}"
    changes = client.get(f"{base}/versions/1.1.0/changes").json()
    kinds = {file["path"]: (file["kind"], file["size_before"] is None) for file in changes["files"]}
    assert (changes["base"], kinds["new.js"], kinds["app.js"]) == ("1.0.0", ("added", True), ("changed", False))
    factories.make_online(program, "1.2.0")
    releases = client.get(f"{base}/releases").json()["items"]
    told = [(each["kind"], each["before"], each["version"], each["by"]) for each in releases]
    by = str(program.created_by)
    assert told == [("publish", "1.0.0", "1.2.0", by), ("publish", None, "1.0.0", by)]


def test_an_audit_says_who_decided_what(program, robot):
    one, two = factories.make_application(name="One"), factories.make_application(name="Two")
    for application in (one, two):
        factories.make_binding(program, application)
    audit = factories.make_audit(program)
    reviewer = factories.make_reviewer(one)
    decide(audit.decisions.get(application=one), approve=False, by=reviewer, note="No map")
    factories.make_report(audit.version, audit)
    client = robot(program, "read")
    url = f"/api/v1/programs/{program.app_id}/audits/{audit.number}"
    found = client.get(url).json()
    assert (found["state"], found["version"], found["package_sha256"]) == ("rejected", "1.0.0", audit.package_sha256)
    assert (found["submitted_by"], found["closed_at"] is None) == (str(audit.submitted_by), False)
    states = {
        each["application"]["name"]: (each["state"], each["note"], each["decided_by"]) for each in found["decisions"]
    }
    assert states == {"One": ("rejected", "No map", str(reviewer)), "Two": ("withdrawn", "", None)}
    assert client.get(f"/api/v1/programs/{program.app_id}/audits").json()["items"] == [found]
    assert client.get(f"{url}/report").json()["state"] == "written"
    assert client.get(f"/api/v1/programs/{program.app_id}/audits/202001010000000000").status_code == 404


def test_a_robot_of_one_program_reads_no_other_ones_reports_and_audits(program, robot):
    other = factories.make_program(program.team)
    audit = factories.make_audit(other)
    factories.make_report(audit.version, secrets=[SECRET])
    factories.make_settled(other, FINDING)
    base = f"/api/v1/programs/{other.app_id}"
    paths = [url_of(audit.version), f"{base}/audits/{audit.number}", f"{base}/audits/{audit.number}/report"]
    narrow, wide = robot(program, "read", "submit"), robot(program, "read", name="all", whole_team=True)
    assert [narrow.get(path).status_code for path in paths] == [404, 404, 404]
    assert [wide.get(path).status_code for path in paths] == [200, 200, 200]
    for verb in ("settle", "reopen"):
        assert post(narrow, f"{url_of(audit.version)}/{FINDING}/{verb}", reason="Mine").status_code == 404
