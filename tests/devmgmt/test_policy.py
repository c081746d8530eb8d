"""What a program may do in an application, read by one statement (D-4)."""

import pytest

from devmgmt.policy import policy_of
from devmgmt.states import DomainType
from tests.factories import (
    make_api,
    make_application,
    make_binding,
    make_domain,
    make_exemption,
    make_permission,
    make_program,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def binding():
    return make_binding(make_program())


def policy(binding):
    return policy_of(binding.mini_program.app_id, binding.application.pk)


def test_nothing_is_granted_by_itself(binding):
    found = policy(binding)
    assert found.app_id == binding.mini_program.app_id
    assert found.domains == type(found.domains)([], [], [], [], [])
    assert (found.skip_domain_verification, found.apis) == (False, [])


def test_domains_are_written_as_the_rows_say_and_sorted_by_type(binding):
    program = binding.mini_program
    rows = [make_domain(program, f"{kind}.example.com".lower(), kind) for kind in DomainType]
    rows += [
        make_domain(program, "b.example.com", "request", port=8443),
        make_domain(program, "a.example.com", "request"),
        make_domain(program, "xn--bcher-kva.example", "socket"),
    ]
    make_domain(make_program(), "foreign.example.com")
    domains = policy(binding).domains
    fields = dict(
        zip(DomainType.values, ["request", "upload_file", "download_file", "socket", "business"], strict=True)
    )
    for kind, name in fields.items():
        assert getattr(domains, name) == sorted(row.origin for row in rows if row.kind == kind)
    assert domains.request == ["https://a.example.com", "https://b.example.com:8443", "https://request.example.com"]
    assert domains.socket == ["wss://socket.example.com", "wss://xn--bcher-kva.example"]


@pytest.mark.parametrize("state", ["waiting", "rejected", "withdrawn", "ended"])
def test_only_what_is_in_force_is_granted(binding, state):
    program, application = binding.mini_program, binding.application
    make_api(application, "wx.getLocation")
    make_exemption(program, application, state=state)
    make_permission(program, application, "wx.getLocation", state=state)
    found = policy(binding)
    assert (found.skip_domain_verification, found.apis) == (False, [])


def test_public_apis_and_granted_ones_of_this_application_sorted(binding):
    program, application = binding.mini_program, binding.application
    make_api(application, "wx.scanCode", restricted=False)
    make_api(application, "wx.getLocation")
    make_api(application, "wx.requestPayment")
    make_api(application, "acme.pay")
    make_permission(program, application, "wx.getLocation")
    make_permission(program, application, "acme.pay")
    make_permission(program, application, "wx.notInTheList")
    make_exemption(program, application)
    found = policy(binding)
    assert (found.skip_domain_verification, found.apis) == (True, ["acme.pay", "wx.getLocation", "wx.scanCode"])


def test_grants_of_others_are_nobody_elses(binding):
    program, application = binding.mini_program, binding.application
    other = make_binding(program, make_application()).application
    for one in (application, other):
        make_api(one, "wx.getLocation")
    make_api(other, "wx.scanCode", restricted=False)
    make_exemption(program, other)
    make_permission(program, other, "wx.getLocation")
    neighbour = make_binding(make_program(), application).mini_program
    make_exemption(neighbour, application)
    make_permission(neighbour, application, "wx.getLocation")
    found = policy(binding)
    assert (found.skip_domain_verification, found.apis) == (False, [])
    theirs = policy_of(program.app_id, other.pk)
    assert (theirs.skip_domain_verification, theirs.apis) == (True, ["wx.getLocation", "wx.scanCode"])


def test_no_policy_where_there_is_nothing_to_serve(binding):
    program, application = binding.mini_program, binding.application
    assert policy_of("mp" + "0" * 14, application.pk) is None
    assert policy_of(program.app_id, make_application().pk) is None
    for state in ("waiting", "rejected", "withdrawn", "ended"):
        asked = make_binding(make_program(), application, state=state)
        assert policy(asked) is None
    make_binding(program, application, state="ended")
    assert policy(binding) is not None
    program.shelf = "off"
    program.save()
    assert policy(binding) is None


def test_one_statement(binding, django_assert_num_queries):
    with django_assert_num_queries(1):
        policy(binding)
