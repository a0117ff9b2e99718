"""What the portal says. The source text is French; English comes from a catalog (Babel, gettext).

The catalogs in `translations/en/LC_MESSAGES`, one a group of pages, are read together and compiled in memory at start.
A test proves them complete.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from gettext import NullTranslations
from importlib.resources import files
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

FIRST: Final = "fr"
NAMES: Final = {"fr": "Français", "en": "English"}
_CATALOGS = "translations/{}/LC_MESSAGES"


def N_(text: str) -> str:  # noqa: N802 - gettext's own name, which extraction looks for
    """Marks a text to be translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Words:
    """One language: its code (`lang` of the page) and its catalog."""

    language: str
    catalog: NullTranslations

    def say(self, text: str, **values: str) -> str:
        """The text in this language; `%(name)s` in it stands for a value."""
        found = self.catalog.gettext(text)
        return found % values if values else found

    def all_of(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Several texts in this language."""
        return tuple(self.say(text) for text in texts)


def languages() -> dict[str, Words]:
    """French first, then English."""
    return {code: Words(code, _catalog(code)) for code in NAMES}


def _catalog(language: str) -> NullTranslations:
    if language == FIRST:
        return NullTranslations()
    whole = Catalog(locale=language)
    folder = files("rempart.portal").joinpath(_CATALOGS.format(language))
    for path in sorted(folder.iterdir(), key=lambda each: each.name):
        if path.name.endswith(".po"):
            for message in read_po(io.BytesIO(path.read_bytes()), locale=language):
                whole[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return Translations(compiled)


def day(text: str) -> str:
    """AAAA-MM-JJ as people of both languages read it here: jj/mm/aaaa; anything else as it is."""
    try:
        return date.fromisoformat(text).strftime("%d/%m/%Y")
    except ValueError:
        return text


def euros(cents: int, language: str) -> str:
    """An amount as it is written in the language."""
    whole, part = divmod(abs(cents), 100)
    sign = "−" if cents < 0 else ""
    grouped = f"{whole:,}"
    if language == "en":
        return f"{sign}€{grouped}.{part:02d}"
    return f"{sign}{grouped},{part:02d} €".replace(",", "\u202f", grouped.count(",")).replace(" €", "\u00a0€")


def whole(number: int, language: str) -> str:
    """A count as it is written in the language."""
    text = f"{number:,}"
    return text if language == "en" else text.replace(",", "\u202f")


def grouped(text: str, size: int) -> str:
    """The characters in groups, with spaces: a number that is read aloud or copied."""
    compact = text.replace(" ", "")
    return " ".join(compact[place : place + size] for place in range(0, len(compact), size))


def site(text: str) -> str:
    """A billing number as it is read: 12 3456 789."""
    return f"{text[:2]} {text[2:6]} {text[6:]}" if len(text) == 9 else text
