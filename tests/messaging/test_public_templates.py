"""The library as it is shipped (M-1): useful in both languages, and every example could be sent (M-5)."""

from importlib import import_module

import pytest

from console.base.core.text import visible
from messaging.models import PublicKeyword, PublicTemplate
from messaging.states import PUBLIC_SERVICES, KeywordType, TemplateCategory, TemplateKind
from messaging.values import why_not
from tests import factories

shipped = import_module("messaging.migrations.0002_public_templates")
TEMPLATES = shipped.read_templates()


def test_there_are_enough_of_every_kind():
    assert len(TEMPLATES) >= 44
    assert [fields["number"] for fields, _keywords in TEMPLATES] == list(range(1001, 1001 + len(TEMPLATES)))
    assert {fields["category"] for fields, _keywords in TEMPLATES} == set(TemplateCategory.values)
    assert {fields["kind"] for fields, _keywords in TEMPLATES} == set(TemplateKind.values)
    assert {word["kind"] for _fields, keywords in TEMPLATES for word in keywords} == set(KeywordType.values)


@pytest.mark.parametrize(("fields", "keywords"), TEMPLATES, ids=[str(fields["number"]) for fields, _ in TEMPLATES])
def test_each_is_sound(fields, keywords):
    PublicTemplate(**fields).clean_fields()
    if fields["kind"] == TemplateKind.LONG_TERM:
        assert fields["category"] in PUBLIC_SERVICES
    assert 6 <= len(keywords) <= 12
    assert [word["number"] for word in keywords] == list(range(1, len(keywords) + 1))
    for word in keywords:
        PublicKeyword(**word).clean_fields(exclude=["template"])
        assert bool(word["options"]) == (word["kind"] == KeywordType.ENUM)
        for example in (word["example"], word["example_zh"]):
            assert (word["name"], example, why_not(word["kind"], example, options=word["options"])) == (
                word["name"],
                example,
                "",
            )
            assert visible(example) == example


@pytest.mark.parametrize("language", ["name", "name_zh"])
def test_names_tell_keywords_apart(language):
    for fields, keywords in TEMPLATES:
        names = [word[language] for word in keywords]
        assert (fields["number"], sorted(names)) == (fields["number"], sorted(set(names)))


@pytest.mark.django_db
def test_what_operators_have_done_is_kept():
    factories.make_public_templates()
    changed = PublicTemplate.objects.get(number=1001)
    changed.keywords.all().delete()
    PublicTemplate.objects.filter(number=1002).delete()
    factories.make_public_templates()
    assert changed.keywords.count() == 0
    assert list(PublicTemplate.objects.get(number=1002).keywords.values_list("kind", "number"))[:2] == [
        ("thing", 1),
        ("character_string", 2),
    ]
    assert PublicTemplate.objects.filter(number__lt=2000).count() == len(TEMPLATES)
