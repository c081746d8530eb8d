"""The Chinese catalogue: its strings are read out of the sources, and what Django reads is compiled from it.

Both by Babel, so that no machine needs GNU gettext. The catalogue is sorted by the file in which a string comes first
and then by the string, without line numbers: a change of the code changes only the lines of its own strings.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

LANGUAGE = "zh_Hans"
CODE = ("console", "miniprograms", "releases", "grayscale", "devmgmt", "messaging")
CALLS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
HEADER = "# The console in Simplified Chinese. `make messages` brings new strings in; fill each msgstr."

# What Django's own Chinese lacks; ours is asked first.
OF_LIBRARIES: tuple[tuple[str, ...], ...] = (
    ("%(model)s instance with %(field)s %(value)r is not a valid choice.",),
    (
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
    ("Add link",),
    ("After you’ve created a user, you’ll be able to edit more user options.",),
    ("Change or view list link",),
    ("Error:",),
    ("Forgotten your login credentials?",),
    ("In case you’ve forgotten, you are:",),
    ("Model name",),
)


@dataclass
class Source:
    """A string for people: its singular, its plural ("" without one), its context, and the files that have it."""

    singular: str
    plural: str
    context: str
    files: set[str] = field(default_factory=set)


def sources() -> list[Source]:
    """Return every string of the code, the pages and the mails that is to be translated, in the catalogue's order."""
    found: dict[tuple[str, str], Source] = {}
    for name, words, context in _calls():
        singular, plural = (*words, "")[:2]
        known = found.setdefault((context, singular), Source(singular, plural, context))
        known.plural = known.plural or plural
        known.files.add(name)
    return sorted(found.values(), key=lambda each: (min(each.files), each.singular, each.context))


def _calls() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield (file, (singular[, plural]), context) for each call of gettext."""
    yield from (("libraries", words, "") for words in OF_LIBRARIES)
    root = Path(settings.BASE_DIR)
    for file in sorted(file for top in CODE for file in (root / top).rglob("*.py") if "migrations" not in file.parts):
        yield from _in_python(str(file.relative_to(root)), file.read_text())
    for file in sorted(file for kind in ("html", "txt") for file in (root / "templates").rglob(f"*.{kind}")):
        # Line by line without its indentation, which means nothing here and something in Python.
        text = re.sub(r"^[ \t]+", "", templatize(file.read_text(), origin=str(file)), flags=re.MULTILINE)
        yield from _in_python(str(file.relative_to(root)), text)


def _in_python(name: str, text: str) -> Iterator[tuple[str, tuple[str, ...], str]]:
    for _line, message, _comments, context in extract("python", io.BytesIO(text.encode()), keywords=CALLS):
        words = (message,) if isinstance(message, str) else tuple(message)
        yield name, words, context or ""


def path() -> Path:
    """Return the catalogue's place; the compiled one lies beside it."""
    return settings.LOCALE_PATHS[0] / LANGUAGE / "LC_MESSAGES" / "django.po"


def load() -> Catalog:
    """Read the catalogue as it is; an empty one when there is none yet."""
    if not path().exists():
        return Catalog(locale=LANGUAGE)
    with path().open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def update() -> int:
    """Bring the catalogue up to the sources, keep what is translated, and return how many strings wait."""
    old = load()
    new = Catalog(locale=LANGUAGE, header_comment=HEADER, charset="utf-8", fuzzy=False)
    for source in sources():
        ids = (source.singular, source.plural) if source.plural else source.singular
        known = old.get(source.singular, source.context or None)
        new.add(
            ids,
            _translation(known, plural=bool(source.plural)),
            locations=[(name, 0) for name in sorted(source.files)],
            context=source.context or None,
            user_comments=known.user_comments if known else (),
        )
    save(new)
    return sum(1 for message in new if message.id and not all(translations(message)))


def save(catalogue: Catalog) -> None:
    """Write the catalogue in its own order."""
    path().parent.mkdir(parents=True, exist_ok=True)
    written = io.BytesIO()
    write_po(written, catalogue, width=0, include_lineno=False)
    path().write_bytes(_without_dates(written.getvalue()))


def translations(message: Message) -> tuple[str, ...]:
    """Return what a string is translated to: one text, as Chinese has no plural."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or [""])


def _translation(known: Message | None, *, plural: bool) -> str | tuple[str]:
    """Return the translation that is there, also when the string gained or lost its plural since."""
    text = translations(known)[0] if known else ""
    return (text,) if plural else text


def _without_dates(text: bytes) -> bytes:
    """Drop the header's dates and names, which would change with every run and tell nobody anything."""
    return re.sub(
        rb'^"(?:POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Report-Msgid-Bugs-To|'
        rb'Generated-By|Project-Id-Version): [^"]*"\n',
        b"",
        text,
        flags=re.MULTILINE,
    )


def compiled() -> bytes:
    """Return what Django reads: the translated strings of the catalogue; the others stay English."""
    catalogue, written = load(), io.BytesIO()
    catalogue.creation_date = datetime.fromtimestamp(0, UTC)  # Same strings, same bytes.
    for message in catalogue:
        if message.id and not all(translations(message)):
            message.string = ""
    write_mo(written, catalogue)
    return written.getvalue()


def compile_to_file() -> Path:
    """Write the compiled catalogue beside the other, whole or not at all, and return its place."""
    target = path().with_suffix(".mo")
    fresh = target.with_suffix(".mo.new")
    fresh.write_bytes(compiled())
    return fresh.replace(target)
