"""What requests call their text: it is UTF-8, whatever they say.

Django decodes query and fields by the `charset` of Content-Type, which may name any codec of Python. With one that is
none of text, and with parameters that can't be read (RFC 2231), it fails while it makes the request, which nothing
answers for; some make characters that no database takes.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.http import parse_header_parameters

Environ = dict[str, Any]
UTF_8 = "utf-8"
LONGEST = 1000  # characters of a Content-Type; all that we take are shorter


def in_front_of(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Return a WSGI application that never reads of another charset."""

    def spoken(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if said := environ.get("CONTENT_TYPE"):
            environ["CONTENT_TYPE"] = plain(said)
        return application(environ, start_response)

    return spoken


def plain(said: str) -> str:
    """Return a Content-Type as it is if its charset is UTF-8, else with nothing but its type and its boundary."""
    if len(said) > LONGEST:
        return ""
    if "charset" not in said.lower() and "*" not in said:
        return said
    try:
        kind, found = parse_header_parameters(said)
    except (ValueError, LookupError):
        return said.partition(";")[0].strip()
    if _is_utf_8(found.get("charset", UTF_8)):
        return said
    return f"{kind}; boundary={found['boundary']}" if "boundary" in found else kind


def _is_utf_8(name: str) -> bool:
    try:
        return codecs.lookup(name).name == UTF_8
    except LookupError:  # Django takes no notice of it.
        return True
