"""Rates in settings, and counting by them."""

from __future__ import annotations

import pytest

from console.api.rate import Counter, parse


@pytest.mark.parametrize(
    ("rate", "amount", "seconds"),
    [
        ("600/minute", 600, 60),
        ("100000/second", 100_000, 1),
        ("2/hour", 2, 3600),
        ("10 per day", 10, 86_400),
        (" 5 PER 30 Seconds ", 5, 30),
        ("5/2minutes", 5, 120),
        ("0/second", 0, 1),
    ],
)
def test_a_rate_is_an_amount_in_a_time(rate: str, amount: int, seconds: int) -> None:
    assert parse(rate) == (amount, seconds)


@pytest.mark.parametrize("rate", ["", "600", "600/", "-1/minute", "600/fortnight", "5/0 seconds", "1/second;5/minute"])
def test_what_is_not_a_rate_is_refused_at_the_start(rate: str) -> None:
    with pytest.raises(ValueError, match="is not a rate"):
        Counter(rate)


def test_a_window_ends_for_everybody_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.api.rate.time.monotonic", lambda: 70.0)
    counter = Counter("2/minute")
    assert [counter.count("a"), counter.count("a"), counter.count("a")] == [0, 0, 51]
    assert counter.count("b") == 0
    monkeypatch.setattr("console.api.rate.time.monotonic", lambda: 120.0)
    assert counter.count("a") == 0
