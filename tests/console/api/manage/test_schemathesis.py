"""The API against its own description, with whatever Schemathesis thinks of: no 5xx, nothing that is not described.

One case of each operation here, about what is there, and of every other one with what is allowed; `make
test-schemathesis` asks thousands (CASES, spread over the operations), in both modes.
"""

from __future__ import annotations

import os
from collections import Counter as Counted
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from console import wsgi
from console.api.manage import actions, guard
from console.api.manage.endpoint import ENDPOINTS
from console.api.manage.states import OF_PEOPLE, Scope
from console.api.rate import Counter
from tests import factories
from tests.console.world import World, make_world

pytestmark = pytest.mark.django_db

CASES = int(os.environ.get("CASES", "0"))
SEED = 20
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]


@pytest.fixture
def no_limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As many calls as the test makes, all in its transaction, which Django's WSGI application would end."""
    monkeypatch.setattr(guard, "calls", Counter("1000000000/minute"))
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield
    for signal in ends:
        signal.connect(close_old_connections)


def token_of(world: World, role: str) -> str:
    """Return a token of a person's own, with every scope."""
    scopes = [scope.value for scope in OF_PEOPLE]
    made = actions.create_own(world.people[role], name=role, scopes=scopes, addresses=[], expires_at=None)
    return str(made.secret)


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_as_described(no_limit: None, mode: GenerationMode) -> None:
    world = make_world("Own")
    tokens = {scope: token_of(world, "app_admin" if scope is Scope.DECIDE else "admin") for scope in OF_PEOPLE}
    package = factories.make_zip().read()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", wsgi.application)
    asked: list[int] = []

    def ask(name: str, operation: Any, headers: dict[str, str]) -> None:
        @seed(SEED)
        @given(case=operation.as_strategy(generation_mode=mode), is_real=st.sampled_from([True, False]))
        @settings(
            max_examples=max(CASES // (2 * len(ENDPOINTS)), 1),
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def holds(case: Any, is_real: bool) -> None:
            case.headers = {**(case.headers or {}), **headers}
            if is_real:  # What is there, so that the question comes as far as the verb.
                case.path_parameters = world.fill(f"api:{name}", list(case.path_parameters or ()))
                if isinstance(case.body, dict) and "file" in case.body:
                    case.body = {**case.body, "file": package, "number": "9.9.9"}
            answer = asked_and_undone(case)
            asked.append(answer.status_code)

        holds()

    wrong = []
    modes = list(GenerationMode)
    for place, endpoint in enumerate(ENDPOINTS):
        if not CASES and modes[place % 2] is not mode:
            continue
        operation = schema[f"/api/v1{endpoint.path}"][endpoint.method]
        try:
            ask(endpoint.name, operation, {"Authorization": f"Bearer {tokens[endpoint.scope or Scope.READ]}"})
        except Exception as failure:  # Of each operation what is wrong with it.
            parts = getattr(failure, "exceptions", (failure,))
            wrong += [f"{endpoint.method} {endpoint.path}: {type(part).__name__}: {part}" for part in parts]
    assert wrong == [], "\n\n".join(wrong)
    print(f"{len(asked)} cases, {mode.value}: {dict(Counted(asked).most_common())}")


def asked_and_undone(case: Any) -> Any:
    """Ask, and compare the answer with the description; each case meets the world as it was made."""
    with transaction.atomic():
        try:
            return case.call_and_validate(checks=CHECKS)
        finally:
            transaction.set_rollback(True)
