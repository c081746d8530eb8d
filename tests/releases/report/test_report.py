"""Reports on a version and on an audit, for developers: before the first one, while it is written, and written."""

import pytest
from django.urls import reverse

from miniprograms.actions import unbind
from releases import actions
from releases.models import Report
from tests import factories

pytestmark = pytest.mark.django_db


def use(name, *places, count=0):
    return {"name": name, "count": count or len(places), "places": [{"path": path, "line": n} for path, n in places]}


@pytest.fixture
def holder(program):
    return program.created_by


@pytest.fixture
def version(program, application):
    factories.make_binding(program, application)
    return factories.make_version(program, "1.1.0")


def url(version, end="report/"):
    return f"/miniprograms/{version.mini_program.app_id}/versions/{version.number}/{end}"


def test_before_the_first_report_it_is_offered(signed_in, holder, version):
    response = signed_in(holder).get(url(version))
    page = response.content.decode()
    assert response.status_code == 200
    assert "Not checked yet" in page
    assert f'action="{url(version, "report/check/")}"' in page
    assert "hx-trigger" not in page


def test_a_viewer_sees_whom_to_ask(signed_in, version):
    viewer = factories.make_member(version.mini_program.team, "viewer")
    client = signed_in(viewer)
    page = client.get(url(version)).content.decode()
    assert "Team administrators, license holders and developers of" in page
    assert client.post(url(version, "report/check/")).status_code == 403
    assert Report.objects.count() == 0


def test_check_my_package(signed_in, holder, version):
    client = signed_in(holder)
    response = client.post(url(version, "report/check/"))
    assert (response.status_code, response["Location"]) == (302, url(version))
    report = Report.objects.get()
    assert (report.version, report.audit, report.requested_by) == (version, None, holder)
    assert client.post(url(version, "report/check/")).status_code == 302
    assert Report.objects.count() == 1
    assert client.get(url(version, "report/check/")).status_code == 405


def test_while_it_is_written_the_page_asks_again(signed_in, holder, version):
    factories.make_report(version, content=None)
    page = signed_in(holder).get(url(version)).content.decode()
    assert "Generating the report." in page
    assert 'hx-trigger="every 2s"' in page


def test_while_it_is_written_again_the_last_one_stays(signed_in, holder, version):
    factories.make_report(version, secrets=[secret()])
    factories.make_report(version, content=None)
    page = signed_in(holder).get(url(version)).content.decode()
    assert "Until then, the previous report is shown." in page
    assert "9f2c…41ab" in page


def test_a_failed_one_is_said_and_offered_again(signed_in, holder, version):
    report = factories.make_report(version, content=None)
    Report.objects.filter(pk=report.pk).update(failed=True)
    page = signed_in(holder).get(url(version)).content.decode()
    assert "The report could not be generated." in page
    assert "hx-trigger" not in page
    assert "Try again" in page


def secret(**fields):
    return {"kind": "app_secret", "hint": "9f2c…41ab", "place": {"path": "app.js", "line": 3}, **fields}


def test_the_newest_one_counts(signed_in, holder, version):
    factories.make_report(version, secrets=[secret()])
    factories.make_report(version)
    response = signed_in(holder).get(url(version))
    assert response.context["reading"].secrets == []
    assert "Nothing found: no secret" in response.content.decode()


def test_parts_in_which_nothing_was_found_are_one_line_that_opens(signed_in, holder, version):
    factories.make_report(version, secrets=[secret()])
    response = signed_in(holder).get(url(version))
    found, folded = response.content.decode().split('<details class="card folded">')
    assert response.context["reading"].clear_titles == ["sensitive APIs", "addresses called", "personal data"]
    assert "All code was analysed." in folded.split("</summary>")[0]
    assert ('id="secrets"' in found, 'id="secrets"' in folded) == (True, False)
    for part in ("apis", "domains", "data", "unread"):
        assert (f'id="{part}"' in found, f'id="{part}"' in folded) == (False, True)


def test_where_not_all_code_was_followed_nothing_is_said_of_all_of_it(signed_in, holder, version):
    factories.make_report(version, computed=use("wx[…]", ("app.js", 3)), declared_unused=["camera"])
    page = signed_in(holder).get(url(version)).content.decode()
    for words in (
        "No API in the apps’ lists was found in the analysed code.",
        "No address was found in the analysed code.",
        "No API that reads personal data was found in the analysed code.",
        "Declared, but not found in the analysed code: Camera",
    ):
        assert words in page, words
    assert "not read by the code" not in page


def test_everything_that_was_found(signed_in, holder, version, application):
    other = factories.make_binding(version.mini_program).application
    factories.make_report(
        version,
        base="1.0.0",
        apis=[
            {
                "use": use("wx.getLocation", ("app.js", 18)),
                "standing": {application.application_id: "restricted", other.application_id: "granted"},
            }
        ],
        domains=[
            {"use": use("https://tiles.example", ("app.js", 41)), "kind": "request", "configured": ["uploadFile"]},
            {"use": use("https://api.example", ("app.js", 42)), "kind": "", "configured": ["request"]},
        ],
        data=[{"data_type": "location", "apis": ["wx.getLocation"], "declared": False}],
        declared_unused=["camera"],
        secrets=[secret()],
        unread=[{"path": "app.js", "why": "syntax", "by_patterns": True}],
        new_pages=["pages/about/about"],
        exempt=[other.application_id],
    )
    response = signed_in(holder).get(url(version))
    reading = response.context["reading"]
    assert [(group.key, group.badge, len(group.findings)) for group in reading.groups] == [
        ("secrets", "red", 1),
        ("apis", "orange", 1),
        ("domains", "orange", 1),
        ("data", "orange", 1),
        ("unread", "orange", 1),
    ]
    (line,) = reading.apis
    assert {standing.application: standing.grant for standing in line.grants} == {
        application: "restricted",
        other: "granted",
    }
    page = response.content.decode()
    permissions = reverse("devmgmt:apply_for_permissions", args=[version.mini_program.app_id])
    for words in (
        f"restricted and not granted in {application}",
        "called, but not configured as a request domain",
        "configured as uploadFile",
        "read by wx.getLocation; no privacy agreement is published",
        "Declared, but not found in the analysed code: Camera",
        "The code is not valid JavaScript.",
        f"Devices of {other} skip domain verification",
        "compared with 1.0.0, which was online then",
        f'href="{url(version, "changes/file/")}?path=app.js&amp;line=41"',
        f'href="{permissions}?application={application.application_id}&amp;api=wx.getLocation"',
    ):
        assert words in page, words


def test_a_map_key_is_for_a_look_only(signed_in, holder, version):
    factories.make_report(version, secrets=[secret(kind="map_key")])
    response = signed_in(holder).get(url(version))
    assert response.context["reading"].groups[0].badge == "orange"
    page = response.content.decode()
    assert "Map service key: is it restricted to this app?" in page
    assert "Every client contains the map key" in page
    assert "Anyone who has the package can read it" not in page


def test_each_finding_has_its_own_colour(signed_in, holder, version):
    factories.make_report(version, secrets=[secret(kind="map_key"), secret()])
    group = signed_in(holder).get(url(version)).context["reading"].groups[0]
    assert [(finding.badge, finding.words) for finding in group.findings] == [
        ("red", "AppSecret"),
        ("orange", "Map service key: is it restricted to this app?"),
    ]
    assert group.badge == "red"


def test_nothing_of_it_becomes_markup(signed_in, holder, version, application):
    hostile = "<b onclick=x()>"
    place = (f"{hostile}/a.js", 1)
    factories.make_report(
        version,
        pages=[hostile],
        largest=[{"path": hostile, "size": 1}],
        apis=[{"use": use(hostile, place), "standing": {application.application_id: "restricted"}}],
        domains=[{"use": use(hostile, place), "kind": hostile, "configured": [hostile]}],
        data=[{"data_type": hostile, "apis": [hostile], "declared": False}],
        declared_unused=[hostile],
        secrets=[secret(kind=hostile, hint=hostile)],
        unread=[{"path": hostile, "why": "time", "by_patterns": False}],
        base=hostile,
    )
    page = signed_in(holder).get(url(version)).content.decode()
    assert "<b onclick" not in page
    assert "&lt;b onclick=x()&gt;" in page


def test_the_report_of_an_audit_is_its_own(signed_in, holder, version):
    audit = actions.submit(version, by=holder)
    Report.objects.all().delete()
    factories.make_report(version, audit, secrets=[secret()])
    factories.make_report(version)
    response = signed_in(holder).get(
        f"/miniprograms/{version.mini_program.app_id}/versions/audits/{audit.number}/report/"
    )
    assert response.status_code == 200
    assert [line.hint for line in response.context["reading"].secrets] == ["9f2c…41ab"]
    # Another one would be the developers' own, not the audit's.
    assert [words for words in ("Check again", "/report/check/") if words in response.content.decode()] == []


def test_the_report_of_an_audit_lacks_no_application_that_left_it(signed_in, holder, version, application):
    audit = actions.submit(version, by=holder)
    other = factories.make_binding(version.mini_program)
    actions.ask_also(audit, other.application)
    unbind(other, by=holder)
    address = f"/miniprograms/{version.mini_program.app_id}/versions/audits/{audit.number}/report/"
    client = signed_in(holder)
    for checked, unchecked in (([application], []), ([], [application])):
        factories.make_report(version, audit, applications=[one.application_id for one in checked])
        assert client.get(address).context["reading"].unchecked == unchecked


def test_only_who_sees_keys_has_the_link(signed_in, holder, version):
    factories.make_report(version, secrets=[secret()])
    admin = factories.make_member(version.mini_program.team, "admin")
    keys = f'href="/miniprograms/{version.mini_program.app_id}/keys/"'
    assert keys in signed_in(admin).get(url(version)).content.decode()
    assert keys not in signed_in(holder).get(url(version)).content.decode()


def test_another_team_finds_nothing(signed_in, outsider, version):
    client = signed_in(outsider)
    for end in ("report/", "changes/", "changes/file/?path=app.js"):
        assert client.get(url(version, end)).status_code == 404
    assert client.post(url(version, "report/check/")).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_constant_queries(signed_in, holder, version, application, count, django_assert_num_queries):
    for _ in range(count - 1):
        factories.make_binding(version.mini_program)
    bound = version.mini_program.bindings.values_list("application__application_id", flat=True)
    standing = dict.fromkeys(bound, "granted")
    apis = [{"use": use(f"wx.{n}", ("app.js", n)), "standing": standing} for n in range(count)]
    factories.make_report(version, apis=apis)
    client = signed_in(holder)
    client.get(url(version))
    with django_assert_num_queries(10):
        client.get(url(version))
