"""djlint's rule C001 (.djlint_rules.yaml): no line of a template is longer than an editor beside a browser shows."""

from typing import Any

LONGEST = 140


def run(*, rule: dict[str, Any], html: str, **_kept: Any) -> list[dict[str, str]]:
    """Return a finding for each line that is too long."""
    return [
        {"code": rule["name"], "line": f"{number}:{LONGEST}", "match": line.strip()[:20], "message": rule["message"]}
        for number, line in enumerate(html.splitlines(), 1)
        if len(line) > LONGEST
    ]
