"""Hosts that readers can take for another one (UTS 39): letters of several scripts, or of one that imitates ASCII."""

from __future__ import annotations

from confusable_homoglyphs import categories, confusables

from devmgmt.matching import in_letters

# Scripts that are written together (UTS 39, "highly restrictive").
_EAST_ASIAN = {"HAN", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"}


def is_lookalike(host: str) -> bool:
    """Return whether readers can take a host for another one (UTS 39): a label mixes scripts, or imitates ASCII."""
    return any(_mixes(label) or _imitates(label) for label in in_letters(host).split(".") if not label.isascii())


def _mixes(label: str) -> bool:
    scripts = categories.unique_aliases(label) - {"COMMON", "INHERITED"}
    others = scripts - _EAST_ASIAN
    return len(others) > 1 or (scripts != others and not others <= {"LATIN"})


def _imitates(label: str) -> bool:
    return all(letter.isascii() or _has_twin(letter) for letter in label)


def _has_twin(letter: str) -> bool:
    """Return whether an ASCII letter looks the same."""
    found = confusables.is_confusable(letter, greedy=True) or [{"homoglyphs": []}]
    return any(twin["c"].isascii() for twin in found[0]["homoglyphs"])
