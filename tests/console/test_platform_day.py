"""Rules that speak of a day mean the platform's, whatever zone the page is in that asks (P-9)."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from console.base.core import times
from console.base.core.errors import ActionRefused, ServerRefused
from devmgmt import rules
from devmgmt.keys import tokens
from devmgmt.keys.models import Refusal, SecretUse
from devmgmt.keys.states import FORCED_PER_DAY, TokenKind
from messaging.models import Message
from messaging.sending import Sending, send
from messaging.stats import days_of
from releases.actions.settling import settle_finding
from releases.models import audit_number
from releases.scan import Place, Secret
from tests import factories
from tests.devmgmt.keys.asking import CALLER
from tests.miniprograms.privacy.writing import publish

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
TODAY, DAY = AT.date(), timedelta(days=1)
# With how much later it is of another day there: 1 December, 02:00 in the first, 29 November, 23:00 in the second.
ZONES = [("Pacific/Kiritimati", timedelta(0)), ("Pacific/Pago_Pago", timedelta(hours=-2))]


@pytest.fixture(params=ZONES, ids=[zone for zone, _shift in ZONES], autouse=True)
def at(request):
    """A moment of the platform's 30 November which is of another day where the reader is."""
    zone, shift = request.param
    moment = AT + shift
    with time_machine.travel(moment, tick=False), timezone.override(zone):
        assert timezone.localdate() != TODAY
        yield moment


@pytest.fixture
def program():
    return factories.make_program()


def test_numbers_of_audits(at):
    assert audit_number(at)[:8] == audit_number()[:8] == "20261130"


def test_the_month_of_domain_changes(at):
    assert rules.month_of(at) == datetime(2026, 11, 1, tzinfo=UTC)
    assert rules.next_month(at) == datetime(2026, 12, 1, tzinfo=UTC)
    # The page says whose midnight it is, but not to a reader in the platform's own zone.
    assert "again on 1 Dec, 00:00 UTC." in rules.why_not_change_domains(rules.MOST_CHANGES, at=at)
    with timezone.override("UTC"):
        assert "You can change domains again on 1 Dec." in rules.why_not_change_domains(rules.MOST_CHANGES, at=at)


def test_settled_findings(program, at):
    version, by = factories.make_version(program, "1.1.0"), factories.make_member(program.team, "developer")
    finding = Secret("app_secret", "9f2c…41ab", Place("app.js", 3), "5d" * 32)
    with pytest.raises(ActionRefused):
        settle_finding(version, finding=finding, reason="a sample", by=by, until=TODAY - DAY)
    settle_finding(version, finding=finding, reason="a sample", by=by, until=TODAY)


def test_agreements(program):
    by = factories.make_member(program.team, "license_holder")
    with pytest.raises(ActionRefused, match="today or later"):
        publish(program, by, effective_on=TODAY - DAY)
    assert publish(program, by, effective_on=TODAY).effective_on == TODAY


def test_uses_of_secrets_and_tokens_a_day(program, at):
    secret = factories.make_secret(program)

    def ask(moment, given=secret):
        tokens.issue(program.app_id, given, kind=TokenKind.STABLE, caller=CALLER, force=True, at=moment)

    midnight = datetime(2026, 11, 30, tzinfo=UTC)
    ask(midnight - timedelta(seconds=1))
    for _time in range(FORCED_PER_DAY):
        ask(midnight)
    with pytest.raises(ServerRefused):
        ask(at)
    with pytest.raises(ServerRefused):
        ask(at, "0" * 32)
    ask(midnight + DAY)
    assert list(SecretUse.objects.order_by("day").values_list("day", flat=True)) == [TODAY - DAY, TODAY, TODAY + DAY]
    assert list(Refusal.objects.values_list("day", flat=True).distinct()) == [TODAY]


def test_messages_a_day(program, application, at):
    factories.make_binding(program, application)
    factories.make_gateway(application)
    consent = factories.make_consent(
        factories.make_program_user(program, application), factories.make_template(program, kind="long_term")
    )
    data = {"thing1": "Harbour Clinic", "time2": "2026-11-27 14:30"}
    send(program, Sending(touser=consent.user.openid, template_id=consent.template.template_id, data=data), at=at)
    assert Message.objects.get().day == TODAY
    assert [day.date for day in days_of(program, at=at)][-1] == TODAY


def test_a_day_of_the_platform(at):
    assert times.platform_day(at) == times.platform_day() == TODAY == date(2026, 11, 30)
    assert times.platform_midnight() == datetime(2026, 11, 30, tzinfo=UTC)


def test_only_pages_speak_of_the_readers_zone():
    """Verbs, rules and SQL ask `times` for the platform's day; the reader's is for what is read and typed."""
    asks = re.compile(r"timezone\.(localdate|localtime)\(")
    shown = re.compile(
        r"/(presenters|forms|task_forms|views|templatetags)[./]|^console/(views|base/core/(times|zones|moments)).py$|^console/local/"
    )
    apps = ("console", "miniprograms", "releases", "grayscale", "devmgmt", "messaging")
    paths = [path for app in apps for path in (ROOT / app).rglob("*.py") if asks.search(path.read_text())]
    names = [path.relative_to(ROOT).as_posix() for path in paths]
    assert [name for name in names if not shown.search(name)] == []
