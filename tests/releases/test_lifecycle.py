"""A version's way, by the verbs alone."""

import pytest

from console.core.errors import Refused
from releases import actions
from releases.models import Version
from tests import factories

pytestmark = pytest.mark.django_db


def test_from_upload_to_online_and_back():
    program = factories.make_program()
    factories.make_online(program, "1.0.0")
    second = factories.make_online(program, "1.1.0")
    program.refresh_from_db()
    assert program.online_number == "1.1.0"

    first = Version.objects.numbered("1.0.0").get(mini_program=program)
    actions.roll_back(first, by=program.created_by)
    second.refresh_from_db()
    program.refresh_from_db()
    assert (program.online_number, second.state) == ("1.0.0", "retired")
    with pytest.raises(Refused, match="waits until a version is published"):
        actions.roll_back(first, by=program.created_by)
