"""The API of scripts and pipelines (A-2): /api/v1/, OpenAPI 3.1 at /api/v1/openapi.json."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError, ValidationErrorContext
from ninja.openapi.schema import OpenAPISchema

from console.api.manage.description import complete
from console.api.manage.problems import Problem, wrong_fields
from console.api.manage.reading import Malformed, StrictParser
from console.version import VERSION

MOST_ERRORS = 100  # that an answer names


class Description(OpenAPISchema):
    """Ninja's document; it would take one of two schemas with the same name for the other."""

    def add_schema_definitions(self, definitions: dict[str, Any]) -> None:
        """Take schemas by their names; raises TypeError where two different ones share one."""
        for name, found in definitions.items():
            known = self.schemas.get(name, found)
            if known.get("properties", {}).keys() != found.get("properties", {}).keys():
                raise TypeError(f"Two schemas of the API are called {name}: rename one of them.")
        super().add_schema_definitions(definitions)


class Api(NinjaAPI):
    """Ninja's, with a description that is whole; it is made once, when all operations are registered."""

    _described: Any = None

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        """Return the first MOST_ERRORS errors: ninja would make several dicts of each, however many there are."""
        found = []
        for context in error_contexts:
            source, names = context.model.__ninja_param_source__, context.model.__ninja_flatten_map_reverse__
            errors = context.pydantic_validation_error.errors(
                include_url=False, include_context=False, include_input=False
            )
            found += [{**each, "loc": (source, *names.get(each["loc"], each["loc"]))} for each in errors[:MOST_ERRORS]]
        return ValidationError(found[:MOST_ERRORS])

    def get_openapi_schema(self, **where: Any) -> Any:
        """Return the description."""
        if self._described is None:
            self._described = complete(Description(self, self.get_root_path({})))
        return self._described


api = Api(
    title="Mini Program Console",
    version=VERSION.partition("+")[0],
    description="What people do at pages, for scripts and pipelines. Errors are problems as RFC 9457 has them.",
    urls_namespace="api",
    docs_url=None,
    parser=StrictParser(),
)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Say what is wrong with the request's fields."""
    return wrong_fields((_field(each["loc"]), _message(each)) for each in error.errors).answer()


@api.exception_handler(HttpError)
def malformed(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Say why the body can't be read."""
    detail = str(error.__cause__) if isinstance(error.__cause__, Malformed) else error.message
    return Problem(error.status_code, detail).answer()


@api.exception_handler(Http404)  # Ninja has one of its own, which answers no problem.
@api.exception_handler(Exception)
def other(request: HttpRequest, error: Exception) -> HttpResponse:
    """Leave what a loader or a verb raised to the guard, which answers it."""
    raise error


def _field(place: Any) -> str:
    return ".".join(str(part) for part in place if part not in ("body", "query", "path", "form", "file", "asked"))


def _message(error: dict[str, Any]) -> str:
    return "Unknown." if error["type"] == "extra_forbidden" else str(error["msg"])
