"""Facts in a text (S-1): they read as they were typed, and never become Markdown."""

import re
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.base.accounts.models import Team
from console.base.core.markdown import rendered
from miniprograms.models import MiniProgram
from miniprograms.privacy.models import PrivacyDraft
from miniprograms.privacy.placeholders import WITHOUT_THIRD_PARTIES, escaped, filled, filled_texts, template_in
from miniprograms.privacy.rules import problems_in, unnamed_in
from miniprograms.privacy.states import DataType, Language, Placeholder

PROGRAM = MiniProgram(name="City Bus", team=Team(name="Harbour Mobility"))


def stated(**fields):
    return PrivacyDraft(**fields)


def fill(text, program=PROGRAM, language=Language.EN, **fields):
    return filled(text, stated(**fields), program, language)


class Words(HTMLParser):
    """The text that a browser shows."""

    def __init__(self, html):
        super().__init__()
        self.words = ""
        self.feed(html)

    def handle_data(self, data):
        self.words += data


def shown(html):
    return Words(html).words


@pytest.mark.parametrize("language", Language)
def test_the_template_names_every_fact_and_can_be_filled(language):
    text = template_in(language)
    assert problems_in(text) == []
    assert [placeholder for placeholder in Placeholder if placeholder.code not in text] == []
    full = {
        "data": [["location", "to show stops"]],
        "third_parties": [["Maps", "tiles", "https://maps.example/privacy"]],
        "contact_email": "privacy@example.com",
        "contact_phone": "+65 5550 0142",
        "contact_other": "12 Harbour Street",
        "retention": "30 days",
        "effective_on": date(2026, 11, 26),
    }
    text = fill(text, language=language, **full)
    assert "{{" not in text
    page = shown(rendered(text))
    facts = ("City Bus", "Harbour Mobility", "to show stops", "Maps", "tiles", "30 days", "12 Harbour Street")
    assert [fact for fact in facts if fact not in page] == []


def test_lists_become_items():
    text = "We read\n{{data}}\nand\n  {{ third_parties }}\nWrite to\n{{contact}}"
    made = fill(
        text,
        data=[["location", "stops"], ["camera", "codes"]],
        third_parties=[["Maps", "tiles", "https://maps.example/a b"], ["Push", "alerts", ""]],
        contact_email="privacy@example.com",
        contact_phone="+65 5550-0142",
    )
    assert rendered(made) == (
        "<p>We read</p>\n<ul>\n<li><strong>Location</strong>: stops</li>\n"
        "<li><strong>Camera</strong>: codes</li>\n</ul>\n<p>and</p>\n<ul>\n"
        '<li><strong>Maps</strong>: tiles (<a href="https://maps.example/a%20b" rel="noopener nofollow">'
        "maps.example/a b</a>)</li>\n"
        "<li><strong>Push</strong>: alerts</li>\n</ul>\n<p>Write to</p>\n<ul>\n"
        '<li>E-mail: <a href="mailto:privacy@example.com" rel="noopener nofollow">privacy@example.com</a></li>\n'
        '<li>Phone: <a href="tel:+6555500142" rel="noopener nofollow">+65 5550-0142</a></li>\n</ul>\n'
    )


def test_dates_read_as_in_legal_texts():
    day = date(2026, 11, 6)
    assert fill("{{effective_date}}", effective_on=day) == "6 November 2026"
    assert fill("{{effective_date}}", language=Language.ZH, effective_on=day) == "2026年11月6日"


def test_a_phone_number_with_words_is_no_link():
    assert "](" not in fill("{{contact}}", contact_phone="5550 ext. 12")


def test_what_is_not_stated_yet_stands_in_brackets():
    assert shown(rendered(fill("Kept {{retention}}."))) == "Kept [the retention].\n"


def test_nothing_declared_reads_as_a_sentence():
    assert fill("{{data}}").strip() == "We use no personal data."
    assert fill("{{third_parties}}").strip() == "- None"


@pytest.mark.parametrize(
    ("language", "says"),
    [
        (Language.EN, "City Bus contains no software or services of third parties that receive data."),
        (Language.ZH, "“City Bus”未接入会接收信息的第三方软件或服务。"),
    ],
)
def test_the_template_without_third_parties_does_not_contradict_itself(language, says):
    text = template_in(language)
    assert all(words in text for words, _instead in WITHOUT_THIRD_PARTIES[language])
    without = shown(rendered(fill(text, language=language)))
    assert says in without
    for words in ("None", "following third parties", "section 2", "以下第三方", "第 2 节"):
        assert words not in without
    having = shown(rendered(fill(text, language=language, third_parties=[["Maps", "tiles", ""]])))
    assert says not in having and "Maps" in having
    own = text.replace("following third", "third").replace("以下第三方", "第三方")
    kept = shown(rendered(fill(own, language=language)))
    assert says not in kept and ("section 2" in kept or "第 2 节" in kept)


def test_a_language_without_a_text_stays_empty():
    assert filled_texts(stated(text_en="{{program}}"), PROGRAM) == {"text_en": "City Bus", "text_zh": ""}


def test_problems_are_named():
    assert problems_in("{{data}}\n\n{{program}} {{ team }} {x} {{\n}}") == []
    assert problems_in("{{ dates }}")[0].startswith(
        "Unknown placeholder {{dates}}. Use one of these: {{program}}, {{team}}, "
    )
    assert problems_in("{{}}")[0].startswith("The placeholder {{}} has no name.")
    assert problems_in("{{data}}\n\n{{ data }}") == ["{{data}} becomes a list. Use it only once."]
    assert problems_in("{{program}}" * 201) == ["Use at most 200 placeholders."]
    assert problems_in("We use {{data}}.") == ["{{data}} becomes a list. Put it on its own line."]
    assert len(problems_in("".join(f"{{{{x{number}}}}}" for number in range(50)))) == 5


def test_a_short_text_never_becomes_a_very_long_one():
    facts = {"data": [[name, "x" * 200] for name in DataType.values], "retention": "y" * 200}
    made = fill("{{data}}\n" * 5000 + "{{retention}}" * 3000, **facts)
    assert (made.count("x" * 200), made.count("y" * 200)) == (18, 200)
    assert (made.count("{{data}}"), made.count("{{retention}}")) == (4999, 2800)


def test_facts_that_the_text_does_not_name():
    facts = stated(data=[["location", "a"]], retention="30 days", contact_phone="1")
    assert unnamed_in("{{retention}}", facts) == [Placeholder.DATA, Placeholder.CONTACT]
    assert unnamed_in("", stated()) == []


SIGNS = "\\`*_[]<>|~&!#-+=:.)(\"'1 {}$%a位\t\n"
VALUES = st.text(st.sampled_from(SIGNS) | st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(VALUES.map(lambda value: " ".join(value.split())).filter(bool))
def test_a_value_reads_as_it_was_typed(value):
    for before, after in (("", ""), ("So ", " it is"), ("- ", ""), ("Title\n", ""), ("> ", " x"), ("# ", " x")):
        made = rendered(before + escaped(value) + after)
        assert " ".join(value.split()) in " ".join(shown(made).split())
        assert not re.search(r"<(?!/?(p|ul|li|blockquote|h2|br)\b)", made)


PIECES = st.sampled_from([*"{} \nabdt_x", "{{data}}", "{{program}}", "{{nothing}}"])


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_filled(text):
    made = fill(text)
    assert "{{program}}" not in made
