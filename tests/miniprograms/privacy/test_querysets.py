"""Which version is in force, and who has to agree again (S-2, S-4)."""

import pytest
from django.db import IntegrityError, transaction

from miniprograms.privacy.models import FoundData, PrivacyAgreement
from tests import factories
from tests.miniprograms.privacy.writing import find_data

pytestmark = pytest.mark.django_db


def test_the_highest_number_is_online(program):
    other = factories.make_program()
    assert PrivacyAgreement.objects.online_of(program) is None
    versions = [factories.make_agreement(each) for each in (program, program, other)]
    assert PrivacyAgreement.objects.online_of(program) == versions[1]
    assert set(PrivacyAgreement.objects.online()) == {versions[1], versions[2]}


@pytest.mark.parametrize(
    ("asking", "accepted", "needed"),
    [
        ([], 0, False),
        ([], 1, False),
        ([True], 0, True),
        ([True], 1, False),
        ([True], 2, True),
        ([True, False], 0, True),
        ([True, False], 1, False),
        ([True, True], 1, True),
        ([True, True, False], 1, True),
        ([True, True, False], 2, False),
        ([True, True, False], 3, False),
        ([True, True, False], 4, True),
        ([True], -1, True),
        ([True], 10**20, True),
    ],
)
def test_who_has_to_agree_again(program, django_assert_num_queries, asking, accepted, needed):
    factories.make_agreement(factories.make_program(), asks_again=True)
    for asks_again in asking:
        factories.make_agreement(program, asks_again=asks_again)
    with django_assert_num_queries(1):
        assert PrivacyAgreement.objects.needs_new_consent(program, accepted) is needed


def test_the_first_version_always_asks(program):
    with pytest.raises(IntegrityError, match="privacy_agreement_first_asks"), transaction.atomic():
        factories.make_agreement(program, asks_again=False)


def test_a_published_version_never_changes(program):
    agreement = factories.make_agreement(program)
    for change in (lambda: PrivacyAgreement.objects.update(note="other"), agreement.delete):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


def undeclared():
    return list(FoundData.objects.undeclared_in(PrivacyAgreement.objects.all()))


def test_what_is_used_and_not_declared(program):
    found = find_data(program, types=("location", "camera"))
    assert undeclared() == [found]
    assert set(undeclared()[0].undeclared.split(",")) == {"location", "camera"}
    factories.make_agreement(program, data=[["location", "a"], ["camera", "b"], ["steps", "c"]])
    assert undeclared() == []
    factories.make_agreement(program, data=[["location", "a"]])
    assert [row.undeclared for row in undeclared()] == ["camera"]


def test_a_package_without_personal_data_misses_nothing(program):
    find_data(program, types=())
    assert undeclared() == []
