"""The rule of the guardrail alone (G-13): figures in, verdict out."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grayscale.guardrail import Breach, Guardrail, Seen, breach, harm
from grayscale.guardrail_words import guardrail_words, harm_words
from releases.field.errors import Figures

FIVE = Guardrail(rate=Decimal(5), devices=100)
WORSE = Guardrail(points=Decimal(2), devices=100)
BOTH = Guardrail(rate=Decimal(50), points=Decimal("0.5"), devices=1)


@pytest.mark.parametrize(
    ("guardrail", "ours", "online", "broken"),
    [
        (FIVE, (100, 6), (0, 0), "rate"),
        (FIVE, (100, 5), (0, 0), None),  # exceeds, not reaches
        (FIVE, (99, 99), (0, 0), None),
        (FIVE, (0, 0), (0, 0), None),
        (Guardrail(rate=Decimal("0.01"), devices=1), (10_001, 1), (0, 0), None),
        (Guardrail(rate=Decimal("0.01"), devices=1), (9_999, 1), (0, 0), "rate"),
        (Guardrail(rate=Decimal(100), devices=1), (5, 5), (0, 0), None),
        (WORSE, (100, 5), (100, 2), "points"),
        (WORSE, (100, 4), (100, 2), None),
        (WORSE, (100, 2), (100, 9), None),
        (WORSE, (100, 50), (99, 0), None),  # of the online version too little is known
        (WORSE, (99, 50), (1000, 0), None),
        (WORSE, (100, 50), (0, 0), None),
        (BOTH, (10, 6), (10, 0), "rate"),
        (BOTH, (10, 1), (10, 0), "points"),
        (BOTH, (10, 1), (10, 1), None),
        (BOTH, (10, 1), (0, 0), None),
    ],
)
def test_verdicts(guardrail, ours, online, broken):
    assert breach(guardrail, Figures(*ours), Figures(*online)) == broken


counts = st.integers(0, 5_000).flatmap(lambda devices: st.builds(Figures, st.just(devices), st.integers(0, devices)))
limits = st.one_of(st.none(), st.decimals("0.01", 100, places=2))
guardrails = st.builds(Guardrail, rate=limits, points=limits, devices=st.integers(1, 3_000))


@given(guardrails, counts, counts)
def test_says_what_the_rule_says(guardrail, ours, online):
    enough = ours.devices >= guardrail.devices
    rate = Fraction(100 * ours.bad, ours.devices) if ours.devices else Fraction(0)
    other = Fraction(100 * online.bad, online.devices) if online.devices else Fraction(0)
    over = guardrail.rate is not None and rate > Fraction(guardrail.rate)
    comparable = online.devices >= guardrail.devices
    worse = guardrail.points is not None and comparable and rate - other > Fraction(guardrail.points)
    expected = None if not enough else Breach.RATE if over else Breach.POINTS if worse else None
    assert breach(guardrail, ours, online) == expected


@given(guardrails, counts, counts, st.integers(0, 100))
def test_a_worse_version_is_never_judged_better(guardrail, ours, online, more):
    worse = Figures(ours.devices + more, ours.bad + more)
    if breach(guardrail, ours, online):
        assert breach(guardrail, worse, online)


@given(guardrails, counts, counts)
def test_whatever_breaks_it_can_be_said(guardrail, ours, online):
    seen = Seen(since="2026-11-26T00:00:00+00:00", ours=ours, online=online, number="1.0.0")
    assert Seen.of(seen.plain()) == seen
    if broken := breach(guardrail, ours, online):
        assert f"of {ours.devices:,} device" in harm_words(harm(guardrail, seen, broken))


def test_says_the_limits_and_what_was_seen():
    assert guardrail_words(FIVE.plain()) == "more than 5 % of devices with errors, with at least 100 devices"
    assert guardrail_words(BOTH.plain()) == (
        "more than 50 % of devices with errors or more than 0.5 points worse than online, with at least 1 device"
    )
    seen = Seen(since="", ours=Figures(480, 60), online=Figures(9_120, 456), number="1.0.0")
    assert harm_words(harm(FIVE, seen, Breach.RATE)) == "12.5 % of 480 devices had errors, limit 5 %"
    assert harm_words(harm(WORSE, seen, Breach.POINTS)) == (
        "12.5 % of 480 devices had errors, 7.5 points above 1.0.0 (5 % of 9,120 devices), limit 2 points"
    )
