"""What a report says of a package, beside what its program was granted and has configured and declared (V-9)."""

import json
from hashlib import sha256

import pytest
from django.utils import timezone

from console.base.hosts.models import HostApplication
from miniprograms.privacy.models import FoundData
from releases import actions
from releases.models import Report, Version
from releases.presenters.report import read
from releases.report.identity import identity_of
from releases.report.writing import content_of, write_waiting
from releases.scan import Open, Place
from tests import factories

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


@pytest.fixture
def program(db):
    """A mini program of another team, nothing uploaded."""
    return factories.make_program(name="City Bus")


def report_on(program, files=None, number="1.0.0"):
    return content_of(loaded(factories.make_version(program, number, **(files or {}))))


def loaded(version):
    return Version.objects.select_related("mini_program__team", "package").get(pk=version.pk)


def place(path, line):
    return {"path": path, "line": line}


def plain(values):
    return [json.loads(json.dumps(value, default=vars_of)) for value in values]


def vars_of(struct):
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


# Sizes and differences ---------------------------------------------------------------------------------------------


def test_sizes_and_pages_of_a_first_version(program):
    version = loaded(factories.make_version(program, **{"images/a.png": "x" * 5000}))
    content = content_of(version)
    assert (content.size, content.unpacked_size) == (version.package.size, version.package.unpacked_size)
    assert content.file_count == len(version.package.files) == 8
    assert plain(content.largest)[0] == {"path": "images/a.png", "size": 5000}
    assert [file.size for file in content.largest] == sorted((file.size for file in content.largest), reverse=True)
    assert (content.base, content.added, content.removed, content.changed) == ("", 8, 0, 0)
    assert content.growth == version.package.size
    assert content.pages == content.new_pages == ["pages/index/index", "pages/about/about"]
    assert content.gone_pages == []


def test_subpackages(program):
    file = factories.make_zip(
        {"maps/list/list.js": "Page({})", "maps/list/list.wxml": "<view/>"},
        subPackages=[{"root": "maps", "pages": ["list/list"]}],
    )
    version = actions.upload(program, file=file, number=(1, 0, 0), notes="", by=program.created_by)
    assert plain(content_of(loaded(version)).subpackages) == [{"path": "maps", "size": 15}]


def test_difference_from_the_online_version(program):
    factories.make_binding(program)
    online = factories.make_online(program)
    file = factories.make_zip(
        {
            "app.js": "App({onLaunch() {}})\n",
            "pages/new/new.js": "Page({})",
            "pages/new/new.wxml": "<view/>",
        },
        pages=["pages/index/index", "pages/new/new"],
    )
    version = loaded(actions.upload(program, file=file, number=(1, 1, 0), notes="", by=program.created_by))
    content = content_of(version)
    # version.js is in every package that the factory makes, app.json has other pages.
    assert (content.base, content.added, content.removed, content.changed) == ("1.0.0", 2, 1, 2)
    assert content.growth == version.package.size - online.package.size
    assert (content.new_pages, content.gone_pages) == (["pages/new/new"], ["pages/about/about"])


def test_the_online_version_is_compared_with_what_it_came_after(program):
    factories.make_binding(program)
    first = factories.make_online(program)
    assert (content_of(loaded(first)).base, content_of(loaded(first)).added) == ("", 7)
    second = factories.make_online(program, "1.1.0")
    content = content_of(loaded(second))
    assert (content.base, content.added, content.removed, content.changed) == ("1.0.0", 0, 0, 1)


# Granted -----------------------------------------------------------------------------------------------------------


def test_apis_by_the_list_of_each_bound_application(program, application):
    other = factories.make_application(name="Tax Wallet")
    factories.make_application(name="Not Bound")
    for host in (application, other):
        factories.make_binding(program, host)
    factories.make_api(application, "wx.getLocation")
    factories.make_api(application, "wx.chooseAddress")
    factories.make_api(application, "wx.scanCode", restricted=False)
    factories.make_api(application, "wx.neverUsed")
    factories.make_api(other, "wx.getLocation")
    factories.make_api(other, "button.getPhoneNumber")
    factories.make_permission(program, application, "wx.getLocation")
    factories.make_permission(program, application, "wx.chooseAddress", state="waiting")
    files = {
        "app.js": "wx.getLocation()\nwx.login()\n// wx.neverUsed()\n",
        "pages/index/index.js": "Page({go() { wx.getLocation(); wx.scanCode(); wx.chooseAddress() }})",
        "pages/index/index.wxml": '<button open-type="getPhoneNumber">Call</button>',
    }
    ours, theirs = application.application_id, other.application_id
    found = report_on(program, files)
    assert [(api.use.name, api.use.count, api.use.places, api.standing) for api in found.apis] == [
        ("wx.chooseAddress", 1, [Place("pages/index/index.js", 1)], {ours: "restricted"}),
        (
            "wx.getLocation",
            2,
            [Place("app.js", 1), Place("pages/index/index.js", 1)],
            {ours: "granted", theirs: "restricted"},
        ),
        # What a button gives is listed as `button.…` by the one application, and is checked as the API that it is.
        ("wx.getPhoneNumber", 1, [Place("pages/index/index.wxml", 1)], {theirs: "restricted"}),
        ("wx.scanCode", 1, [Place("pages/index/index.js", 1)], {ours: "public"}),
    ]
    assert [use.name for use in found.others] == ["wx.login"]


def test_two_applications_of_one_name_are_told_apart(program, application):
    other = factories.make_application(name="Metro Wallet")
    for host in (application, other):
        factories.make_binding(program, host)
        factories.make_api(host, "wx.getLocation")
    factories.make_permission(program, other, "wx.getLocation")
    factories.make_exemption(program, other)
    content = report_on(program, {"app.js": "wx.getLocation()"})
    (api,) = content.apis
    assert api.standing == {application.application_id: "restricted", other.application_id: "granted"}
    reading = read(content, [application, other])
    assert [standing.grant for standing in reading.apis[0].grants] == ["restricted", "granted"]
    assert reading.exempt == [other]


def test_an_application_that_is_renamed_keeps_its_standing(program, application):
    factories.make_binding(program, application)
    factories.make_api(application, "wx.getLocation")
    factories.make_exemption(program, application)
    content = report_on(program, {"app.js": "wx.getLocation()"})
    HostApplication.objects.filter(pk=application.pk).update(name="Metro Pay")
    application.refresh_from_db()
    reading = read(content, [application])
    assert [finding.words for finding in reading.groups[1].findings] == ["restricted and not granted in Metro Pay"]
    assert reading.exempt == [application]


def test_without_a_binding_there_is_no_list(program):
    assert report_on(program, {"app.js": "wx.getLocation()"}).apis == []


def test_names_that_the_code_computes(program):
    content = report_on(program, {"app.js": "App({})\nwx[name]()"})
    assert content.open == [Open("app.js", 2, "name")]
    assert report_on(program, number="1.0.1").open == []


def test_how_much_was_followed_and_what_it_was_built_with(program):
    content = report_on(program, {"app.js": "'requireMiniProgram'; App({})", "bad.js": "(("})
    sizes = {path: size for path, size, _sha256 in program.versions.get().package.files if path.endswith(".js")}
    assert (content.script_size, content.followed_size) == (sum(sizes.values()), sum(sizes.values()) - 2)
    assert content.frameworks == ["uni-app"]


# Configured --------------------------------------------------------------------------------------------------------


def test_domains_by_the_rules_of_the_devices(program):
    factories.make_domain(program, "api.example.com")
    factories.make_domain(program, "api.example.com", "uploadFile", port=8443)
    factories.make_domain(program, "push.example.com", "socket")
    factories.make_domain(program, "xn--bcher-kva.example", "business")
    files = {
        "app.js": """
            wx.request({url: "https://API.example.com/stops"})
            wx.request({url: "https://api.example.com:8443/stops"})
            wx.request({url: "http://api.example.com/stops"})
            wx.connectSocket({url: "wss://push.example.com:9000/"})
            const elsewhere = "https://tracker.example.net/x"
        """,
        "pages/index/index.wxml": '<web-view src="https://bücher.example/"/>',
    }
    domains = report_on(program, files).domains
    assert [(domain.use.name, domain.kind, domain.configured, domain.is_called) for domain in domains] == [
        ("https://api.example.com", "request", ["request"], True),
        ("https://api.example.com:8443", "request", ["uploadFile"], True),
        ("http://api.example.com", "request", [], True),
        ("wss://push.example.com:9000", "socket", ["socket"], True),
        ("https://xn--bcher-kva.example", "business", ["business"], True),
        ("https://tracker.example.net", "", [], False),
    ]


def test_exempt_are_bound_applications_with_an_exemption_in_force(program, application):
    waiting, elsewhere = factories.make_application(), factories.make_application()
    for host in (application, waiting):
        factories.make_binding(program, host)
    factories.make_exemption(program, application)
    factories.make_exemption(program, waiting, state="waiting")
    factories.make_exemption(program, elsewhere)
    assert report_on(program).exempt == [application.application_id]


# Declared ----------------------------------------------------------------------------------------------------------

USES = {
    "app.js": "wx.chooseAddress(); wx.getLocation(); wx.chooseLocation()",
    "pages/index/index.wxml": "<camera/>",
}


def data(content):
    return [(use.data_type, use.apis, use.declared) for use in content.data]


def test_data_by_the_online_agreement(program):
    factories.make_privacy_draft(program, data=[["address", "to deliver"]])
    factories.make_agreement(program, data=[["address", "to deliver"]])
    factories.make_agreement(program, data=[["contacts", "to invite"], ["location", "to show the next stop"]])
    content = report_on(program, USES)
    assert data(content) == [
        ("location", ["wx.chooseLocation", "wx.getLocation"], True),
        ("address", ["wx.chooseAddress"], False),
        ("camera", ["component.camera"], False),
    ]
    assert (content.agreement, content.declared_unused, content.drafted) == (2, ["contacts"], [])


def test_a_draft_declares_nothing(program):
    factories.make_privacy_draft(program, data=[["location", "to show the next stop"], ["steps", ""]])
    content = report_on(program, USES)
    assert [declared for _type, _apis, declared in data(content)] == [False, False, False]
    assert (content.agreement, content.declared_unused, content.drafted) == (0, [], ["location", "steps"])


def test_what_was_found_is_kept_for_the_agreement(program):
    factories.make_binding(program)
    factories.make_audit(program)
    write_waiting(at=timezone.now())
    report = Report.objects.get()
    row = FoundData.objects.get()
    assert (row.mini_program, row.version_number, row.data_types) == (program, "1.0.0", [])
    assert row.found_at == report.written_at


# Secrets -----------------------------------------------------------------------------------------------------------


def test_a_secret_is_named_and_not_told(program):
    content = report_on(program, {"app.js": f'App({{}})\nconst appSecret = "{SECRET}"\n'})
    identity = identity_of(program, path="app.js", sha256=sha256(SECRET.encode()).hexdigest())
    assert plain(content.secrets) == [
        {"kind": "app_secret", "hint": "0f1e…f0", "place": place("app.js", 2), "sha256": identity}
    ]
    assert SECRET not in json.dumps(plain([content]))


def test_an_app_secret_of_the_team_is_known_by_its_hash(program):
    ours = factories.make_secret(factories.make_program(program.team))
    theirs = factories.make_secret(factories.make_program())
    content = report_on(program, {"app.js": f'const a = "{theirs}"\nconst b = "{ours}"\n'})
    hint = f"{ours[:4]}…{ours[-2:]}"
    identity = identity_of(program, path="app.js", sha256=sha256(ours.encode()).hexdigest())
    assert plain(content.secrets) == [
        {"kind": "app_secret", "hint": hint, "place": place("app.js", 2), "sha256": identity}
    ]
    assert ours not in json.dumps(plain([content]))


def test_an_app_secret_of_the_team_is_told_once_whatever_it_is_called(program):
    ours = factories.make_secret(program)
    content = report_on(program, {"app.js": f'exports.mchKey = "{ours}"\n'})
    assert [secret.kind for secret in content.secrets] == ["app_secret"]


def test_a_finding_is_known_by_its_text_its_file_and_its_program(program):
    secret = 'appSecret = "{}"\n'
    files = {"app.js": f"App({{}}); {secret.format(SECRET)}", "b.js": secret.format(SECRET)}
    first = [one.sha256 for one in report_on(program, files).secrets]
    lower = {"app.js": f"App({{}});\n\n{secret.format(SECRET)}"}
    moved = [one.sha256 for one in report_on(program, lower, "1.0.1").secrets]
    other = [one.sha256 for one in report_on(factories.make_program(program.team), files).secrets]
    another = {"app.js": f"App({{}}); {secret.format(SECRET.replace('0', 'd'))}"}
    changed = report_on(program, another, "1.0.2").secrets
    assert moved == first[:1]
    assert len({*first, *other, changed[0].sha256}) == 5
    assert sha256(SECRET.encode()).hexdigest() not in {*first, *other}


# Files that no parser takes ----------------------------------------------------------------------------------------


def test_a_file_that_is_not_javascript_is_searched_by_patterns(program, application):
    factories.make_binding(program, application)
    factories.make_api(application, "wx.getLocation")
    content = report_on(program, {"app.js": "App({)\nwx.getLocation()"})
    assert plain(content.unread) == [{"path": "app.js", "why": "syntax", "by_patterns": True}]
    assert [(api.use.name, api.use.count) for api in content.apis] == [("wx.getLocation", 1)]


def test_long_lists_are_cut_and_counted(program):
    addresses = "\n".join(f'a("https://h{number}.example.com/")' for number in range(305))
    content = report_on(program, {"app.js": addresses})
    assert len(content.domains) == 300
    assert content.left_out == {"domains": 5}
