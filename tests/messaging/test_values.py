"""Which values a keyword takes, by its type (M-5)."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from messaging.states import KeywordType
from messaging.values import RULES, problems, why_not

GOOD = {
    "thing": [
        "诊所",
        "Harbour Clinic",
        "二十个汉字测试八九十二十个汉字测试八九十",
        " a ",
        "👍🏽 <b>%s</b>",
        "e\u0301" * 20,
    ],
    "number": ["0", "339208499", "3.50", "9" * 32, "1." + "9" * 31],
    "letter": ["a", "ABCxyz", "Z" * 32],
    "symbol": ["!", "￥%…~", "★★★★★", "。"],
    "character_string": ["A-1024/7#x", "https://example.com/?a=1", "2019-10-01 15:01", "x" * 32],
    "time": [
        "15:01",
        "00:00",
        "23:59:59",
        "2019年10月1日 15:01",
        "2019年10月1日15:01",
        "10月1日 15:01",
        "2019-10-01 15:01",
        "2019/10/01 15:01:30",
        "2019.10.01 15:01",
        "15:01~16:30",
        "2019年10月1日 15:01~2019年10月2日 9:00",
        "2019-10-01 15:01 ~ 16:30",
        "2020-02-29 00:00",
    ],
    "date": [
        "2019年10月1日",
        "2019年10月",
        "10月1日",
        "2018-01-01",
        "2018/01/01",
        "2018.01.01",
        "2018-01",
        "01-01",
        "2019年10月1日 15:01",
        "2019-10-01~2019-10-03",
        "2019-10-01 15:01~18:00",
        "02-29",
    ],
    "amount": ["￥100", "¥45.00", "￥45.00元", "€1234567890", "$0.5", "£1", "HK$88.80", "US$1", "₿1"],
    "phone_number": ["+86-0766-66888866", "13800138000", "(020) 8888 8888", "138****8000", "110"],
    "car_number": ["粤A8Z888挂", "粤AD12345", "AB12CDE", "京A12345", "12345警"],
    "name": [
        "陈小明",
        "Anna-Maria O’Neill",
        "José Núñez",
        "欧阳Peter",
        "一二三四五六七八九十",
        "a" * 20,
        "买买提·阿不都",
        "陈**",
    ],
    "phrase": ["配送中", "货", "货物配送中"],
    "enum": ["Paid", "Unpaid"],
}
BAD = {
    "thing": ["x" * 21, "a\nb", "a\x00b", "a\u2028b", "\ud800", "a\u202eb", "汉" * 21],
    "number": ["1,000", "-1", "+1", "1.", ".5", "1.2.3", "９", "12a", "9" * 33, "1." + "9" * 32, "1\n"],
    "letter": ["a b", "a1", "字", "é", "a" * 33, "a-b"],
    "symbol": ["!!!!!!", "a", "1", "中", "! !", "!\n"],
    "character_string": ["字", "a字", "x" * 33, " a", "a ", "a\tb", "é"],
    "time": [
        "25:00",
        "24:00",
        "15:60",
        "15:01:60",
        "15",
        "2019-02-30 15:01",
        "2019-02-29 15:01",
        "2019年13月1日 15:01",
        "2019-10-01",
        "2019-10-01T15:01",
        "2019-1001 15:01",
        "2019-10/01 15:01",
        "2019-10-01  15:01",
        "2018-01 15:01",
        "15:01~",
        "~15:01",
        "1:00~2:00~3:00",
        "15：01",
        "0000-01-01 15:01",
    ],
    "date": [
        "2019-02-30",
        "2019年2月30日",
        "02-30",
        "13-01",
        "2019-00-10",
        "2019-13",
        "15:01",
        "2019",
        "15:01~2019-10-01",
        "2019-10-01~15:01",
        "tomorrow",
        "2019-10-01 25:00",
    ],
    "amount": ["100", "元100", "￥", "￥12345678901", "￥1,000", "￥-1", "-￥1", "￥1.", "￥￥1", "100元", "a1"],
    "phone_number": ["", "+-()", "1" * 18, "+86 abc", "１３８", "138\n"],
    "car_number": ["粤A8Z8888挂", "粤粤A8888", "粤A·8888", "粤 A888", "A-1"],
    "name": ["Anna 2", "一二三四五六七八九十一", "a" * 21, "欧阳Peter-Johnson", "a\nb"],
    "phrase": ["六个汉字太长", "abc", "中a", "一、二", "1"],
    "enum": ["paid", "Paid ", "Refunded"],
}
OPTIONS = ["Paid", "Unpaid"]


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in GOOD.items() for value in values])
def test_takes(kind: str, value: str) -> None:
    assert why_not(kind, value, options=OPTIONS) == ""


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in BAD.items() for value in values])
def test_refuses(kind: str, value: str) -> None:
    assert why_not(kind, value, options=OPTIONS) != ""


@pytest.mark.parametrize("kind", KeywordType.values)
@pytest.mark.parametrize("value", ["", " ", "\u3000", "\u200b", "\n", "\x00"])
def test_empty_is_refused(kind: str, value: str) -> None:
    assert why_not(kind, value, options=[value]) == "The value is empty."


def test_every_type_has_a_rule_and_examples() -> None:
    assert set(RULES) | {"enum"} == set(KeywordType.values) == set(GOOD) == set(BAD)


text = st.text(st.characters(), max_size=40)
likely = st.text(st.sampled_from("0159.-:/ ~年月日元￥$aZé汉粤·!\n\x00\u202e👍"), max_size=24)


def is_han(character: str) -> bool:
    name = unicodedata.name(character, "")
    if unicodedata.category(character) == "Cn" and 0x20000 <= ord(character) <= 0x3FFFD:
        return True  # The planes are for ideographs: a later Unicode than Python's has this one.
    return name.startswith(("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH")) or character in "々〇"


@given(st.sampled_from(KeywordType.values), text | likely)
@example("thing", "e\u0301" * 21)
def test_nothing_breaks_it_and_what_it_takes_can_be_stored(kind: str, value: str) -> None:
    if why_not(kind, value, options=OPTIONS) == "":
        value.encode()
        assert not {unicodedata.category(character) for character in value} & {"Cc", "Cs", "Zl", "Zp"}
        assert value.strip()


@given(text | likely)
def test_against_an_oracle(value: str) -> None:
    """Each rule once more, said in another way."""
    form = unicodedata.normalize("NFC", value)
    symbols = [unicodedata.category(c)[0] in "PS" for c in form]
    ascii_ = [c.isascii() and c.isalnum() for c in form]
    there = any(unicodedata.category(c)[0] not in "ZC" for c in form)
    expected = {
        "letter": all(c.isascii() and c.isalpha() for c in form) and len(form) <= 32,
        "symbol": all(symbols) and len(form) <= 5,
        "phrase": all(map(is_han, form)) and len(form) <= 5,
        "character_string": len(form) <= 32
        and all(a or s or c == " " for a, s, c in zip(ascii_, symbols, form, strict=True))
        and form.strip(" ") == form,
        "car_number": len(form) <= 8
        and all(
            a or (is_han(c) and at in (0, len(form) - 1)) for at, (a, c) in enumerate(zip(ascii_, form, strict=True))
        ),
    }
    for kind, holds in expected.items():
        assert (why_not(kind, value) == "") == (there and holds), (kind, value)


@given(st.dates(min_value=date(1000, 1, 1)), st.times(), st.booleans())
def test_every_moment_in_every_form(day: date, clock: object, seconds: bool) -> None:
    clock = f"{clock:%H:%M:%S}" if seconds else f"{clock:%H:%M}"
    days = [f"{day:%Y}{sign}{day:%m}{sign}{day:%d}" for sign in "-/."]
    days += [f"{day.year}年{day.month}月{day.day}日", f"{day.year}年{day:%m}月{day:%d}日"]
    for form in days:
        for value in (f"{form} {clock}", f"{form} {clock}~{clock}", f"{form} {clock}~{form} {clock}"):
            assert (why_not("time", value), why_not("date", value)) == ("", "")
        assert why_not("date", form) == "" != why_not("time", form)
    assert why_not("time", clock) == "" != why_not("date", clock)


@given(st.integers(0, 9999), st.integers(0, 99), st.integers(0, 99))
def test_only_days_that_there_are(year: int, month: int, day: int) -> None:
    try:
        exists = bool(date(year, month, day))
    except ValueError:
        exists = False
    for value in (f"{year:04}-{month:02}-{day:02}", f"{year:04}年{month}月{day}日"):
        assert (why_not("date", value) == "") == exists


KEYWORDS = [
    {"key": "thing4", "kind": "thing", "options": []},
    {"key": "time1", "kind": "time", "options": []},
    {"key": "enum2", "kind": "enum", "options": OPTIONS},
]


def test_problems_of_a_message() -> None:
    good = {"thing4": "Clinic", "time1": "15:01", "enum2": "Paid"}
    assert problems(KEYWORDS, good) == {}
    wrong = {"thing4": "", "enum2": "Lost", "thing1": "x"}
    assert list(problems(KEYWORDS, wrong).items()) == [
        ("thing4", "The value is empty."),
        ("time1", "The field is missing."),
        ("enum2", "One of these values: Paid, Unpaid"),
        ("thing1", "The template has no such keyword."),
    ]
