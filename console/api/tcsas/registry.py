"""One way to declare an action of the SDK: its scope, the permission that the page's route has, and its object.

`@action("ReleaseMNPVersion", Scope.PUBLISH, Permission.MANAGE, load=version_of)`: what is declared is what is enforced,
as with the operations of /api/v1/ (A-5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

import msgspec

from console.api.manage.endpoint import ApiRequest, of_token
from console.api.manage.states import OPEN_TO_TOKENS, Scope
from console.api.tcsas.schema import decode
from console.base.accounts.permissions import Permission

View = Callable[..., Any]


@dataclass(frozen=True)
class Action:
    """What an action declares, and what does it: `run(request)` returns its `Data`."""

    name: str
    scope: Scope
    permission: Permission
    run: Callable[[ApiRequest], Any]


ACTIONS: dict[str, Action] = {}


def action(
    name: str, scope: Scope, permission: Permission, *, load: Callable[..., Any] | None = None
) -> Callable[[View], View]:
    """Register `view(request, loaded, asked)`; `asked` is what its annotation says, decoded.

    `load(user, permission, asked)` returns the object; it raises Http404 or PermissionDenied.
    """
    if permission not in OPEN_TO_TOKENS:
        raise TypeError(f"{name}: {permission} is not for tokens (A-1).")

    def decorate(view: View) -> View:
        decoder = msgspec.json.Decoder(get_type_hints(view)["asked"], strict=False)

        def run(request: ApiRequest) -> Any:
            asked = decode(request.body, decoder)
            loaded = [of_token(request.token, load(request.user, permission, asked))] if load else []
            return view(request, *loaded, asked)

        ACTIONS[name] = Action(name, scope, permission, run)
        return view

    return decorate
