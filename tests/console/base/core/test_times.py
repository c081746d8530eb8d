"""Times and lists in words, in the reader's language."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils.translation import override

from console.base.core import times
from console.base.core.text import is_chinese, listed
from console.base.core.times import MONTHS

NOW = datetime(2026, 11, 26, 14, 31, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


def each(words, *arguments):
    """The words in English and in Chinese."""
    found = []
    for language in ("en", "zh-hans"):
        with override(language):
            found.append(words(*arguments))
    return tuple(found)


@pytest.mark.parametrize(
    ("words", "at", "expected"),
    [
        (times.full, NOW, ("26 Nov 2026, 14:31 UTC", "2026年11月26日 14:31 UTC")),
        (times.exact, NOW, ("26 Nov, 14:31", "11月26日 14:31")),
        (times.exact, NOW.replace(year=2025), ("26 Nov 2025, 14:31", "2025年11月26日 14:31")),
        (times.day, NOW.replace(month=5, day=1), ("1 May", "5月1日")),
        (times.long, NOW, ("Thursday, 26 Nov 2026", "2026年11月26日 星期四")),
        (times.relative, NOW - timedelta(seconds=5), ("just now", "刚刚")),
        (times.relative, NOW - timedelta(minutes=8), ("8 min ago", "8 分钟前")),
        (times.relative, NOW - timedelta(hours=3), ("3 h ago", "3 小时前")),
        (times.relative, NOW - timedelta(days=1), ("yesterday, 14:31", "昨天 14:31")),
        (times.relative, NOW - timedelta(days=2), ("2 days ago", "2 天前")),
        (times.relative, NOW - timedelta(days=9), ("17 Nov", "11月17日")),
    ],
)
def test_a_time(words, at, expected):
    assert each(words, at) == expected


def test_days_of_a_month():
    assert each(times.days, date(2026, 11, 2), date(2026, 11, 5)) == ("2 – 5 Nov", "11月2–5日")
    assert each(times.days, date(2025, 11, 2), date(2025, 11, 5)) == ("2 – 5 Nov 2025", "2025年11月2–5日")


def test_every_month_is_translated():
    assert each(lambda: [str(month) for month in MONTHS])[1] == [f"{number}月" for number in range(1, 13)]


def test_lists():
    assert each(listed, ["a", 2, "c"]) == ("a, 2, c", "a、2、c")


def test_which_language():
    assert each(is_chinese) == (False, True)
    assert [is_chinese(code) for code in ("zh_CN", "zh-hans", "en_US")] == [True, True, False]
