"""Simplified Chinese is complete, and says the same: every string of the code and the templates is held against it.

After a change of words: `make messages`, fill each empty msgstr in console/locale/zh_Hans/LC_MESSAGES/django.po, and
`make assets`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import Message
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation import to_locale

from console.local import translations

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}")
TAG = re.compile(r"</?[a-z][^>]*>")
HAN = re.compile(r"[\u4e00-\u9fff]")
LETTERS = re.compile(r"[A-Za-z]{2,}")
# Names and signs that Chinese readers know as they are.
SAME = {
    "Android", "App ID", "AppID", "AppSecret", "CSV", "DNS", "Ed25519", "GUID", "HTTPS", "ID", "IDE", "IP", "JSON",
    "Linux", "Markdown", "NDJSON", "OpenID", "SHA-256", "URL", "UTC", "Webhook", "Webhooks", "Wi-Fi", "Windows",
    "iOS", "macOS",
}  # fmt: skip


def strings() -> dict[tuple[str, str], Message]:
    """The catalogue by (context, singular)."""
    found = {}
    for message in translations.load():
        if message.id:
            singular = message.id if isinstance(message.id, str) else message.id[0]
            found[message.context or "", singular] = message
    return found


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, str], Message]:
    return strings()


def translated(known: dict[tuple[str, str], Message]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Each (singular, its forms in English, the Chinese)."""
    for (_context, singular), message in known.items():
        forms = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        if text := translations.translations(message)[0]:
            yield singular, forms, text


def placeholders(text: str) -> list[str]:
    """What is put in, in the order of the alphabet: Chinese may have it in another order, and each as often."""
    return sorted(PLACEHOLDER.findall(text))


def test_the_catalogue_is_what_the_sources_say(known):
    """Nothing is missing, and nothing is left over: `make messages`."""
    wanted = {(source.context, source.singular): source.plural for source in translations.sources()}
    has = {key: "" if isinstance(message.id, str) else message.id[1] for key, message in known.items()}
    assert sorted(wanted.items() - has.items()) == []
    assert sorted(has.items() - wanted.items()) == []
    assert len(has) > 2000


def test_every_string_is_translated_and_sure(known):
    assert sorted(key for key, message in known.items() if not all(translations.translations(message))) == []
    assert sorted(key for key, message in known.items() if message.fuzzy) == []


def test_the_same_is_put_in(known):
    """In a plural the form for many has everything."""
    wrong = [
        (singular, text)
        for singular, forms, text in translated(known)
        if placeholders(text) not in [placeholders(form) for form in forms]
    ]
    assert wrong == []


def test_the_same_tags_stand_in_it(known):
    wrong = [
        (singular, text)
        for singular, forms, text in translated(known)
        if sorted(TAG.findall(text)) not in [sorted(TAG.findall(form)) for form in forms]
    ]
    assert wrong == []


def test_blanks_and_line_breaks_at_the_ends_are_kept(known):
    """They stand between this text and the next one; Chinese needs no blank before what follows a full stop."""
    wrong = [
        (singular, text)
        for singular, _forms, text in translated(known)
        if singular.startswith("\n") != text.startswith("\n") or singular.endswith("\n") != text.endswith("\n")
    ]
    assert wrong == []


def test_chinese_is_chinese(known):
    """No English word is left standing alone."""
    english = [
        singular
        for singular, _forms, text in translated(known)
        if not HAN.search(text) and LETTERS.search(TAG.sub("", PLACEHOLDER.sub("", text))) and singular not in SAME
    ]
    assert english == []


def test_no_exclamation_marks_and_chinese_punctuation(known):
    assert [text for _singular, _forms, text in translated(known) if "！" in text or "!" in text] == []
    straight = [text for _singular, _forms, text in translated(known) if re.search(r"[\u4e00-\u9fff][,;?](?!\w)", text)]
    assert straight == []


def test_what_django_reads_is_up_to_date():
    """Compiled by `make`; this one when tests were started without it."""
    assert translations.path().with_suffix(".mo").read_bytes() == translations.compiled(), "run `make assets`"


def test_every_language_has_a_catalogue_but_the_one_that_we_write():
    codes = {code for code, _name in settings.LANGUAGES} - {settings.LANGUAGE_CODE}
    assert {to_locale(code) for code in codes} == {path.name for path in settings.LOCALE_PATHS[0].iterdir()}


def test_extraction_finds_what_it_should(tmp_path: Path, monkeypatch):
    (tmp_path / "console").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "console/some.py").write_text(
        'a = _("One")\nb = ngettext("%(n)d file", "%(n)d files", 2)\n'
        'c = pgettext_lazy("tap", "Opens")\nd = gettext(a)\n'
    )
    (tmp_path / "templates/some.html").write_text(
        "{% load i18n %}\n    <p title=\"{% translate 'Two' %}\">{% blocktranslate count n=3 trimmed %}\n"
        "      {{ n }} page, 5 %{% plural %}{{ n }} pages, 5 %{% endblocktranslate %}</p>\n"
        '  {% translate "One" as one %}{{ x|default:_("Three") }}\n'
        """{% action _("Four…") url reason=_('Five, "5"') %}{% include "a.html" with label=_("Six") %}\n"""
        '{% blocktranslate with what=_("Seven") trimmed %}\n  {{ what }}:\n  all\n{% endblocktranslate %}'
    )
    monkeypatch.setattr(settings, "BASE_DIR", tmp_path)
    monkeypatch.setattr(settings, "LOCALE_PATHS", [tmp_path / "locale"])
    monkeypatch.setattr(translations, "OF_LIBRARIES", ())

    found = [(one.singular, one.plural, one.context, sorted(one.files)) for one in translations.sources()]

    assert found == [
        ("%(n)d file", "%(n)d files", "", ["console/some.py"]),
        ("One", "", "", ["console/some.py", "templates/some.html"]),
        ("Opens", "", "tap", ["console/some.py"]),
        ("%(n)s page, 5 %%", "%(n)s pages, 5 %%", "", ["templates/some.html"]),
        ("%(what)s: all", "", "", ["templates/some.html"]),
        ('Five, "5"', "", "", ["templates/some.html"]),
        ("Four…", "", "", ["templates/some.html"]),
        ("Seven", "", "", ["templates/some.html"]),
        ("Six", "", "", ["templates/some.html"]),
        ("Three", "", "", ["templates/some.html"]),
        ("Two", "", "", ["templates/some.html"]),
    ]


def test_updating_keeps_what_is_translated_and_changes_nothing_else(tmp_path: Path, monkeypatch):
    (tmp_path / "console").mkdir()
    code = tmp_path / "console/some.py"
    code.write_text('a = _("Kept")\nb = _("Counted")\nc = _("Gone")\n')
    monkeypatch.setattr(settings, "BASE_DIR", tmp_path)
    monkeypatch.setattr(settings, "LOCALE_PATHS", [tmp_path / "locale"])
    monkeypatch.setattr(translations, "OF_LIBRARIES", ())
    assert translations.update() == 3
    text = translations.path().read_text().replace('msgid "Kept"\nmsgstr ""', 'msgid "Kept"\nmsgstr "保留"')
    translations.path().write_text(text.replace('msgid "Counted"\nmsgstr ""', 'msgid "Counted"\nmsgstr "计数"'))

    code.write_text('\n\na = _("Kept")\nb = ngettext("Counted", "Counted, all", 2)\nd = _("New")\n')

    assert translations.update() == 1
    once = translations.path().read_bytes()
    assert (translations.update(), translations.path().read_bytes()) == (1, once)
    with translations.path().open("rb") as file:
        rows = {str(message.id): message.string for message in read_po(file, locale="zh_Hans") if message.id}
    assert rows == {"Kept": "保留", "('Counted', 'Counted, all')": ("计数",), "New": ""}
