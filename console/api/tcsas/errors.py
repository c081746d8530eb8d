"""Errors in the SDK's shape: always 200, with a code that it raises (A-5)."""

from __future__ import annotations

from console.api.manage.problems import Problem

SIGNATURE, EXPIRED, UNKNOWN_ID = (
    f"AuthFailure.{name}" for name in ("SignatureFailure", "SignatureExpire", "SecretIdNotFound")
)
MISSING, INVALID, NOT_FOUND = "MissingParameter", "InvalidParameter", "ResourceNotFound"
UNAUTHORIZED, FAILED, INTERNAL = "UnauthorizedOperation", "FailedOperation", "InternalError"
CODES = {403: UNAUTHORIZED, 404: NOT_FOUND, 409: f"{FAILED}.Conflict", 429: "RequestLimitExceeded", 503: INTERNAL}
# What forms and verbs call a field, and what the SDK calls it.
FIELDS = {
    "number": "MNPVersion",
    "notes": "MNPVersionIntro",
    "file": "FileUrl",
    "name": "MNPName",
    "introduction": "MNPIntro",
    "description": "MNPDesc",
    "category": "MNPType",
    "team": "TeamId",
    "note": "ApprovalNote",
    "version": "MNPVersionId",
    "page": "PreivewEntrancePath",
    "query": "PreivewEntrancePath",
    "mini_program": "MNPId",
}


class Refused(Exception):
    """An answer of the SDK's: a code for programs, a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def invalid(name: str, message: str) -> Refused:
    """Return what says which parameter is wrong, by the SDK's name or by a form's."""
    return Refused(f"InvalidParameterValue.Invalid{FIELDS.get(name, name)}", message)


def refused_by(problem: Problem) -> Refused:
    """Return in the SDK's words what /api/v1/ would answer."""
    if problem.status == 422:
        named = next((each["field"] for each in problem.extra.get("errors", ()) if each["field"] in FIELDS), "")
        return invalid(named, problem.detail) if named else Refused(FAILED, problem.detail)
    return Refused(CODES.get(problem.status, INVALID), problem.detail)
