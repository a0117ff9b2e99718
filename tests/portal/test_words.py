"""Both languages are complete: what the portal can say in French, it says in English."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import rempart.portal
from rempart.domain.acts import PROFESSIONS
from rempart.portal import desks
from rempart.portal.words import languages

HERE = Path(rempart.portal.__file__).parent
CATALOGS = sorted((HERE / "translations" / "en" / "LC_MESSAGES").glob("*.po"))
VALUES = re.compile(r"%\((\w+)\)s")
SAME = {"Transport", "Patient", "Site", "Sites", "Convention", "CSR", "Messages", "Service"}
"""Words that both languages share."""


def source() -> set[str]:
    """Every text that the code and the templates mark."""
    found = extract_from_dir(
        str(HERE), method_map=[("**.py", "python"), ("templates/**.html", "jinja2")],
        options_map={"templates/**.html": {"silent": "false"}}, keywords={"_": None, "N_": None},
    )  # fmt: skip
    return {text for _, _, text, _, _ in found if isinstance(text, str)}


def english() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in CATALOGS:
        with path.open("rb") as file:
            catalog = read_po(file, locale="en", abort_invalid=True)
        assert not [message.id for message in catalog if message.fuzzy and message.id]
        told = {str(message.id): str(message.string) for message in catalog if message.id}
        assert not told.keys() & found.keys(), "a text stands in one catalog only"
        found |= told
    return found


def test_every_text_is_translated_and_none_is_left_over() -> None:
    """The catalog holds exactly what is marked, with the same values in each pair."""
    texts, catalog = source(), english()
    assert len(texts) > 100
    assert not sorted(texts - catalog.keys())
    assert not sorted(catalog.keys() - texts)
    assert {text for text, told in catalog.items() if not told or told == text} == SAME
    assert all(set(VALUES.findall(text)) == set(VALUES.findall(told)) for text, told in catalog.items())


def test_no_template_says_anything_outside_the_catalog() -> None:
    """Between tags, templates hold expressions only."""
    wrong: list[str] = []
    for path in sorted((HERE / "templates").glob("*.html")):
        text = re.sub(r"\{% block \w+ %\}\w*\{% endblock %\}", "", path.read_text("utf-8"))
        text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", "", text, flags=re.DOTALL)
        text = re.sub(r"<[^>]*>", "\n", text)
        wrong += [f"{path.name}: {line.strip()}" for line in text.splitlines() if re.search(r"[^\W\d_]{2}", line)]
    assert not wrong


def test_french_is_its_own_source_and_comes_first() -> None:
    """The order in which languages are offered, and a text in each."""
    made = languages()
    assert list(made) == ["fr", "en"]
    assert made["fr"].say("Se connecter") == "Se connecter"
    assert made["en"].say("Se connecter") == "Sign in"
    assert made["en"].say("du %(day)s", day="22/11/2026") == "on 22/11/2026"


def test_every_profession_has_its_word() -> None:
    """A site's profession is never shown as the hub's code for it."""
    assert set(desks.PROFESSIONS) == set(PROFESSIONS)
