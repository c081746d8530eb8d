"""What a finding is known by in later reports (V-17)."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

from miniprograms.models import MiniProgram

_SALT = "releases.report.finding"


def identity_of(program: MiniProgram, *, path: str, sha256: str) -> str:
    """Return the identity of a text in a file of a program, from the hash of the text.

    It is keyed by SECRET_KEY: who reads a report or a row can try short passwords against it in vain. The same text in
    another file, or of another program, is another finding.
    """
    content = f"{program.app_id}\0{path}\0{sha256}"
    return salted_hmac(_SALT, content, algorithm="sha256").hexdigest()
