"""Fields for text that people type."""

import pytest

from console.base.core.pages import NoteForm


@pytest.mark.parametrize("note", ["", " ", "\n", "\u202e", "\u200b\u2066", " \u00a0\u2028\u200d", "\0"])
def test_a_reason_in_which_there_is_nothing_to_see(note):
    form = NoteForm({"note": note}, needed=True)
    assert (form.is_valid(), list(form.errors)) == (False, ["note"])


@pytest.mark.parametrize("note", ["x", "\U0001faef", "\u202ex"])
def test_a_reason(note):
    form = NoteForm({"note": note}, needed=True)
    assert (form.is_valid(), form.cleaned_data) == (True, {"note": note})
