"""The repository checks itself."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

from console.base.core.states import STATES
from console.base.hosts.states import DecisionState
from grayscale.states import TaskState
from messaging.states import MessageState
from miniprograms.states import Shelf
from releases.states import AuditState, VersionState
from tests.conftest import LONGEST

ROOT = Path(settings.BASE_DIR)
TEMPLATES = ROOT / "templates"
LIBRARY_TEMPLATES = {"account", "admin", "mfa", "allauth", "bootstrap5"}  # overrides, named by libraries
ERROR_PAGES = {"400.html", "403.html", "403_csrf.html", "404.html", "500.html"}


def sources() -> str:
    """Every line of code and template that can name a template."""
    paths = [
        path
        for app in ("console", "miniprograms", "releases", "grayscale", "devmgmt", "messaging")
        for path in (ROOT / app).rglob("*.py")
    ]
    return "\n".join(path.read_text() for path in [*paths, *TEMPLATES.rglob("*.html")])


def test_what_runs_first_is_there():
    assert [name for name in LONGEST if not (ROOT / "tests" / name).exists()] == []


def test_env_example_names_every_variable():
    code = "\n".join(path.read_text() for path in (ROOT / "console").glob("*.py"))
    read = set(re.findall(r'env\.(?:str|int|float|bool|list|dict|path|db|email_url)\(\s*"([A-Z_]+)"', code))
    example = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^#?(?!OIDC_CORP_)([A-Z_]+)=", example, re.MULTILINE))
    assert len(read) > 15
    assert read - named == set()
    assert named - read == {"CONSOLE_LOCAL_DIR", "OIDC_PROVIDERS", "OTEL_EXPORTER_OTLP_ENDPOINT"}
    of_provider = set(re.findall(r"^#?OIDC_CORP_([A-Z_]+)=", example, re.MULTILINE))
    code = (ROOT / "console/base/accounts/identity/configuration.py").read_text()
    assert of_provider == {*re.findall(r'text\("([A-Z_]+)"', code), "CREATES_ACCOUNTS"}


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path):
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text())]
    dead = [link for link in links if link and "://" not in link and not (page.parent / link).exists()]
    assert dead == []


def test_every_template_is_used_and_compiles():
    text = sources()
    unused = []
    for path in TEMPLATES.rglob("*.html"):
        name = str(path.relative_to(TEMPLATES))
        get_template(name)
        if name.partition("/")[0] in LIBRARY_TEMPLATES or name in ERROR_PAGES:
            continue
        if not any(f"{mark}{name}" in text for mark in "\"',"):
            unused.append(name)
    assert unused == []


@pytest.mark.parametrize("states", [VersionState, AuditState, DecisionState, Shelf, TaskState, MessageState])
def test_every_state_has_a_colour(states):
    assert [value for value in states.values if value not in STATES] == []


def test_text_for_people_has_no_exclamation_marks():
    shouting = []
    for path in TEMPLATES.rglob("*.html"):
        for words in re.findall(r"(?:{% (?:block)?translate |\b_\()[\"']([^\"']+)[\"']", path.read_text()):
            if "!" in words:
                shouting.append((path.name, words))
    assert shouting == []


def test_no_literal_in_a_tag_has_a_percent_sign():
    """`_("5 %")` in a tag is looked up with its sign doubled, and shown so; {% translate %} halves it again."""
    literal = re.compile(r"""\b_\((?:"[^"]*%[^"]*"|'[^']*%[^']*')\)""")
    found = [(path.name, match) for path in TEMPLATES.rglob("*.html") for match in literal.findall(path.read_text())]
    assert found == []
