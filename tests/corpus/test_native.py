"""Each hand-written program of the corpus: the scan finds what it does, or marks it, and nothing that it does not."""

import pytest

from tests.corpus.found import look
from tests.corpus.score import compare
from tests.corpus.truth import native_programs


@pytest.mark.parametrize("program", native_programs(), ids=lambda program: program.name)
def test_native_program(program):
    score = compare(program, look(program))
    if program.truth.obfuscated:  # What can be read of it is luck; to say that not all was read is not.
        assert not score.silent
    else:
        assert score.faults == []
