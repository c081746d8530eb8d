"""What a task reaches, in words (G-10)."""

import pytest
from django.utils.html import strip_tags

from grayscale.presenters.reach import Reach, range_words, reach_sentence, reach_words


@pytest.mark.parametrize(
    ("lowest", "highest", "words"),
    [
        ("", "", ""),
        ("8.2.0", "", "8.2.0 or higher"),
        ("", "8.3", "up to 8.3"),
        ("16", "18", "16 to 18"),
        ("8.2.0", "8.2.0", "8.2.0"),
    ],
)
def test_ranges(lowest, highest, words):
    assert range_words(lowest, highest) == words


HARBOUR, METRO = ("Harbour Super App", "", ""), ("Metro Wallet", "", "")
BOTH_SYSTEMS = [("android", "", ""), ("ios", "", "")]


@pytest.mark.parametrize(
    ("reach", "words", "sentence"),
    [
        (
            Reach(
                applications=[("Harbour Super App", "8.2.0", "")],
                platforms=[("android", "10", ""), ("ios", "", "")],
                objects={"account": 318},
                choices={"network": ["5g", "wifi"]},
                bound=2,
            ),
            "Harbour Super App 8.2.0 or higher, Android 10 or higher and all iOS, on a list of 318 user accounts, "
            "on Wi-Fi or 5G",
            "Devices in Harbour Super App 8.2.0 or higher, on Android 10 or higher or any iOS, "
            "whose user account is on a list of 318, while on Wi-Fi or 5G.",
        ),
        (
            Reach(applications=[HARBOUR, METRO], platforms=BOTH_SYSTEMS, bound=2),
            "Both host apps, Android and iOS, any network",
            "Devices in both host apps, on any Android or any iOS.",
        ),
        (
            Reach(applications=[HARBOUR, METRO], bound=3),
            "Harbour Super App and Metro Wallet, any platform, any network",
            "Devices in Harbour Super App or Metro Wallet.",
        ),
        (
            Reach(applications=[HARBOUR], platforms=[("ios", "16", "18")], bound=1),
            "Harbour Super App, iOS 16 to 18",
            "Devices in Harbour Super App, on iOS 16 to 18.",
        ),
        (
            Reach(
                applications=[METRO],
                platforms=[("android", "", "")],
                objects={"device_id": 1024, "guid": 1},
                bound=1,
            ),
            "Metro Wallet, Android, on a list of 1 GUID, on a list of 1,024 device IDs",
            "Devices in Metro Wallet, on any Android, whose device ID is on a list of 1,024, "
            "whose GUID is on a list of 1.",
        ),
        (
            Reach(applications=[HARBOUR, METRO, ("Third", "", "")], choices={"network": ["2g"]}, bound=3),
            "All 3 host apps, any platform, on 2G",
            "Devices in all 3 host apps, while on 2G.",
        ),
        (Reach(bound=1), "No host app, any platform, any network", ("No devices yet. Choose at least one host app.")),
    ],
)
def test_conditions(reach, words, sentence):
    assert strip_tags(reach_words(reach)) == words
    assert strip_tags(reach_sentence(reach)) == sentence


def test_a_name_never_becomes_markup():
    reach = Reach(applications=[("<b>x</b>", "", "")], bound=1)
    for words in (reach_words(reach), reach_sentence(reach)):
        assert "<b>" not in words
        assert "&lt;b&gt;x&lt;/b&gt;" in words
