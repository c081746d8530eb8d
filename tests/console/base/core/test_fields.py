"""Fields for text that people type."""

import pytest
from django.core.exceptions import ValidationError

from console.base.core.fields import LineField, WordsField
from console.base.core.pages import NoteForm


@pytest.mark.parametrize("note", ["", " ", "\n", "\u202e", "\u200b\u2066", " \u00a0\u2028\u200d", "\0"])
def test_a_reason_in_which_there_is_nothing_to_see(note):
    form = NoteForm({"note": note}, needed=True)
    assert (form.is_valid(), list(form.errors)) == (False, ["note"])


@pytest.mark.parametrize("note", ["x", "\U0001faef", "\u200bx"])
def test_a_reason(note):
    form = NoteForm({"note": note}, needed=True)
    assert (form.is_valid(), form.cleaned_data) == (True, {"note": note})


@pytest.mark.parametrize("field", [WordsField(), LineField()])
def test_a_text_that_shows_other_words_than_it_has_is_refused(field):
    with pytest.raises(ValidationError, match="Remove invisible control characters"):
        field.clean("See \u202emoc.live")
    assert field.clean("\u0627\u0644\u0639 2.0!") == "\u0627\u0644\u0639 2.0!"


def test_a_line_that_is_too_short_says_how_long_it_must_be():
    with pytest.raises(ValidationError) as refused:
        LineField(min_length=2).clean("A  ")
    assert refused.value.messages == ["At least 2 characters."]
