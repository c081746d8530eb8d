"""Template context of every page."""

from django.http import HttpRequest


def csp_nonce(request: HttpRequest) -> dict[str, str]:
    """Give the nonce under the name that django-htmx's tags read."""
    return {"csp_nonce": getattr(request, "csp_nonce", "")}
