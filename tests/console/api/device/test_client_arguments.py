"""`manage.py device`: what it takes on the command line."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError

from console.api.device.management.commands.device import Command
from releases.field.device import Facts

COMMON = ["--configuration", "file.json", "--app-id", "mp0123456789abcd"]


def parsed(action: str, *given: str) -> dict[str, Any]:
    """The options as the command gets them."""
    return vars(Command().create_parser("manage.py", "device").parse_args([action, *COMMON, *given]))


@pytest.mark.parametrize(
    ("action", "options", "name"),
    [
        ("update", ["--trial-token", "-vLong_token-"], "trial_token"),
        ("update", ["--trial-token", "--Long_token-"], "trial_token"),
        ("update", ["--account", "-ann", "--device-id", "d-1"], "account"),
        ("update", ["--guid", "-1"], "guid"),
        ("update", ["--trial-token=-token"], "trial_token"),
        ("consent", ["--account", "ann", "--withdraw", "-id", "--withdraw", "other"], "withdraw"),
        ("policy", ["--etag", "-etag"], "etag"),
    ],
)
def test_a_value_may_begin_with_a_dash(action: str, options: list[str], name: str) -> None:
    value = ["-id", "other"] if name == "withdraw" else options[0].partition("=")[2] or options[1]
    assert parsed(action, *options)[name] == value


def test_template_ids_stand_behind_two_dashes() -> None:
    assert parsed("consent", "--account", "-ann", "--", "-one", "--two")["templates"] == ["-one", "--two"]


def test_an_option_that_lacks_its_value_takes_no_other_option_for_it() -> None:
    with pytest.raises(CommandError, match="--account: expected one argument"):
        parsed("update", "--account", "--device-id", "d-1")
    with pytest.raises(CommandError, match="unrecognized arguments: --acount"):
        parsed("update", "--acount", "ann")


def test_every_fact_of_a_device_can_be_told() -> None:
    assert set(Facts.__struct_fields__) <= parsed("update").keys()
