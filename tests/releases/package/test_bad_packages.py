"""Each kind of bad package is refused for its own reason (rules V-2 to V-5)."""

import io
import json

import pytest

from releases.package import inspect

from .bad_manifests import OTHER_APP_ID
from .bad_packages import BadPackage, bad_packages

KINDS = list(bad_packages())
APP_ID = "mp0123456789abcd"
OURS = {APP_ID, OTHER_APP_ID}


def test_there_are_many_kinds_and_no_name_comes_twice() -> None:
    assert len(KINDS) >= 130
    assert len({kind.name for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_is_refused_for_its_reason(kind: BadPackage) -> None:
    result = inspect(io.BytesIO(kind.data), app_id=APP_ID, is_ours=OURS.__contains__)
    assert not result.accepted
    assert kind.code in {finding.code for finding in result.errors}
    assert result.sha256 is None
    assert result.size is None
    assert result.files == []
    json.dumps(result.as_dict()).encode()
    for finding in result.findings:
        assert finding.title
        assert finding.rule
        assert len(finding.title) < 400
