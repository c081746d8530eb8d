"""Known advisories, where a feed in the form of OSV is reachable: one question for all packages of both languages."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.audit.locks import Pin
from tests.audit.registries import Unknown, fetch

FEED = "https://api.osv.dev/v1/querybatch"
MOST = 1000  # packages in one question


def known(pins: Sequence[Pin], *, feed: str, until: float) -> dict[Pin, list[str]]:
    """Return the ids of advisories by the pins that they are about; raises Unknown when the feed does not answer."""
    found: dict[Pin, list[str]] = {}
    for start in range(0, len(pins), MOST):
        part = pins[start : start + MOST]
        question = [{"package": {"name": p.name, "ecosystem": p.ecosystem}, "version": p.version} for p in part]
        body = json.dumps({"queries": question}).encode()
        _kind, answer = fetch(feed, until=until, headers={"Content-Type": "application/json"}, body=body)
        try:
            results = json.loads(answer)["results"]
            if len(results) != len(part):
                raise Unknown("the feed answered for fewer packages than were asked for")
            for pin, result in zip(part, results, strict=True):
                if ids := sorted(advisory["id"] for advisory in (result or {}).get("vulns", ())):
                    found[pin] = ids
        except (KeyError, TypeError, AttributeError, ValueError):
            raise Unknown("an answer that can't be read") from None
    return found
