"""Static files in production: compressed, and named by their content so that browsers keep them forever."""

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


def _without_source_maps(patterns: tuple[tuple[str, Any], ...]) -> tuple[tuple[str, Any], ...]:
    kept = []
    for glob, rules in patterns:
        regexes = [(rule, rule if isinstance(rule, str) else rule[0]) for rule in rules]
        if remaining := tuple(rule for rule, regex in regexes if "sourceMappingURL" not in regex):
            kept.append((glob, remaining))
    return tuple(kept)


class ManifestStorage(CompressedManifestStaticFilesStorage):
    """Leaves source maps alone: Tabler names maps that we do not serve, and the stock storage fails on those.

    Imports between our own ES modules get the hashed names too, so a module never meets an older one.
    """

    support_js_module_import_aggregation = True
    patterns = _without_source_maps(CompressedManifestStaticFilesStorage.patterns)
