"""Lists and sentences, as the reader's language writes them."""

import pytest
from django.utils import translation

from console.base.core.text import all_of, any_of, closed_up


@pytest.mark.parametrize(
    ("language", "items", "both", "either"),
    [
        ("en", ["a"], "a", "a"),
        ("en", ["a", "b", "c"], "a, b and c", "a, b or c"),
        ("zh-hans", ["管理员", "开发者"], "管理员和开发者", "管理员或开发者"),
        ("zh-hans", ["wx.a", "wx.b"], "wx.a 和 wx.b", "wx.a 或 wx.b"),
    ],
)
def test_no_spaces_stand_between_han_characters(language, items, both, either):
    with translation.override(language):
        assert (all_of(items), any_of(items)) == (both, either)


def test_no_space_stands_after_a_chinese_stop():
    html = "<b>不会达到上限。\n</b>\n  <span>\n 最多 <i>300</i> 台。 wx.a"
    assert closed_up(html) == html
    with translation.override("zh-hans"):
        assert closed_up(html) == "<b>不会达到上限。</b><span>最多 <i>300</i> 台。wx.a"
