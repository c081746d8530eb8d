"""The benchmarks can be run, and what docs/ says of them is what they said. Nothing is measured here."""

import importlib
import re

from tests.bench import report
from tests.bench.__main__ import BENCHMARKS


def test_each_benchmark_has_a_run():
    for name in BENCHMARKS:
        module = importlib.import_module(f"tests.bench.{name}")
        assert callable(module.run)
        assert module.__doc__


def test_both_files_say_the_same():
    entries = report.load()
    assert set(entries) <= set(BENCHMARKS)
    text = (report.DOCS / "benchmarks.md").read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == list(entries)
    for name, entry in entries.items():
        assert report.markdown(name, entry) in text
