"""One way to declare an operation of the API: its scope, the permission that the page's route has, and its object.

`@endpoint(api.get, "/programs/{app_id}", Scope.READ, Permission.VIEW, load=mini_program_for)`: the loaders are those of
the pages, so what is declared is what is enforced, and what a token opens is never more than what its holder may do.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from typing import Annotated, Any, get_args, get_type_hints

from django.http import Http404, HttpRequest
from ninja import Body, params
from ninja.decorators import decorate_view

from console.api.manage.guard import guard
from console.api.manage.models import Token
from console.api.manage.reading import Sent, kind_of, knowing, names_of
from console.api.manage.states import ANY_SCOPE, OPEN_TO_TOKENS, Scope
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from miniprograms.models import MiniProgram

View = Callable[..., Any]
RULES = re.compile(r" \([A-Z]-[0-9]+(, [A-Z]-[0-9]+)*\)")  # for us, who have SPEC.md


class ApiRequest(HttpRequest):
    """What an operation gets, for type checks: `user` is the token's holder."""

    user: User
    token: Token


@dataclass(frozen=True)
class Policy:
    """What an operation declares; the walk over all of them reads it. Without a scope any token may ask."""

    method: str
    path: str
    scope: Scope | None
    permission: Permission
    name: str
    load: Callable[..., Any] | None


ENDPOINTS: list[Policy] = []


def endpoint(
    register: Callable[..., Any],
    path: str,
    scope: Scope | None,
    permission: Permission,
    *,
    load: Callable[..., Any] | None = None,
    sends: str = "",
    **options: Any,
) -> Callable[[View], View]:
    """Register an operation: `register` is `api.get` or the like, `options` go to it; None as `scope` is any.

    `load(user, permission, **path_arguments)` returns the object, which the view gets after the request.
    `sends` is the content type of an answer that is no JSON: an HttpResponse of the view's own.
    """
    if permission not in OPEN_TO_TOKENS:
        raise TypeError(f"{path}: {permission} is not for tokens (A-1).")

    def decorate(view: View) -> View:
        operation = _loading(view, load, permission)
        ENDPOINTS.append(Policy(register.__name__.upper(), path, scope, permission, view.__name__, load))
        extra = {"security": [{"token": []}], "x-scope": scope or ANY_SCOPE, "x-sends": sends}
        # The last one is the outermost: a token is asked for first.
        decorate_view(partial(knowing, names_of(view)), partial(guard, scope, kind_of(view)))(operation)
        about = {**_words(view), **options}
        register(path, operation_id=view.__name__, openapi_extra=extra, **about)(operation)
        return view

    return decorate


def _loading(view: View, load: Callable[..., Any] | None, permission: Permission) -> View:
    """Return what ninja calls: it gives the view what is loaded by names in the address, if the token opens it."""
    named = list(inspect.signature(load).parameters)[2:] if load else []

    @wraps(view)
    def operation(request: ApiRequest, **arguments: Any) -> Any:
        loaded = []
        if load:
            given = {name: arguments.pop(name) for name in named}
            loaded.append(of_token(request.token, load(request.user, permission, **given)))
        return view(request, *loaded, **arguments)

    operation.__signature__ = _signature(view, load, named)  # type: ignore[attr-defined]
    return operation


def _words(view: View) -> dict[str, str]:
    """Return what the docstring says, without the numbers of rules."""
    words = RULES.sub("", inspect.getdoc(view) or "")
    return {"summary": words.partition("\n")[0].rstrip("."), "description": words}


def _signature(view: View, load: View | None, named: list[str]) -> inspect.Signature:
    """Return what the operation takes: the loader's path arguments in place of the object, and the view's own."""
    hints, kinds = get_type_hints(view, include_extras=True), get_type_hints(load) if load else {}
    own = list(inspect.signature(view).parameters.values())[2 if load else 1 :]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("request", kind)]
    parameters += [inspect.Parameter(name, kind, annotation=kinds[name]) for name in named]
    parameters += [parameter.replace(annotation=_or_nothing(hints[parameter.name])) for parameter in own]
    return inspect.Signature(parameters)


def _or_nothing(hint: Any) -> Any:
    """Return the hint so that a body whose fields may all be left out may be left out itself."""
    kind, *marks = get_args(hint) or (hint,)
    if not any(isinstance(mark, params.models.Body) for mark in marks):
        return hint
    if not issubclass(kind, Sent):
        raise TypeError(f"{kind.__name__} is a body, so it has to be {Sent.__name__}.")
    if any(field.is_required() for field in kind.model_fields.values()):
        return hint
    return Annotated[kind, Body(..., default_factory=kind)]


def of_token(token: Token, thing: Any) -> Any:
    """Return what was loaded; 404 where the token is for another program."""
    if token.mini_program_id and getattr(_program_of(thing), "pk", None) != token.mini_program_id:
        raise Http404
    return thing


def _program_of(thing: Any) -> MiniProgram | None:
    """Return the program that something belongs to, by itself or by its version or audit; None for no such thing."""
    if thing is None or isinstance(thing, MiniProgram):
        return thing
    owners = (getattr(thing, name, None) for name in ("mini_program", "version", "audit"))
    return _program_of(next(filter(None, owners), None))
