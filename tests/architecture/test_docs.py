"""The documentation says what is there: its links lead somewhere, and its commands exist."""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path

import pytest
import typer.main

from rempart.cli import COMMANDS

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
HEAD = tuple(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"))
PAGES = (*HEAD, *sorted((ROOT / "docs").rglob("*.md")))
MOST_README_LINES = 150
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```[^\n]*\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
CALLED = re.compile(r"(?:^\s*|&& |; |\| |\$\(|bin/)rempart((?: +[a-z0-9|-]+)*)", re.MULTILINE)
TEST_PATH = re.compile(r"`(tests/[\w./-]+)`")
MEASURED = re.compile(r"<!-- measured -->\n(.*?)<!-- /measured -->", re.DOTALL)


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _anchor(heading: str) -> str:
    """As the usual renderers make it: lower case, punctuation dropped, spaces to hyphens."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _anchors(page: Path) -> set[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {_anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    """A link to a file finds the file, and one to a heading finds the heading."""
    broken: list[str] = []
    for link in LINK.findall(page.read_text("utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in _anchors(target)):
            broken.append(link)
    assert not broken


@cache
def _words(command: str) -> frozenset[str]:
    """What may follow `rempart <command>` as a sub-command; empty when it has none."""
    app = importlib.import_module(f"rempart.cli.{command.replace('-', '_')}").app
    if len(app.registered_commands) == 1 and not app.registered_groups and app.registered_callback is None:
        return frozenset()
    built = typer.main.get_group(app)
    return frozenset(built.commands)


def _called(page: Path) -> set[tuple[str, ...]]:
    """Every `rempart …` in code of a page, as its words up to the first option, file or sign."""
    found: set[tuple[str, ...]] = set()
    for block, inline in CODE.findall(page.read_text("utf-8")):
        for words in CALLED.findall(re.sub(r"\\\n\s*", "", block) if block else inline):
            found.add(tuple(words.split()[:2]))
    return found - {()}


def _unknown(words: tuple[str, ...]) -> str:
    """What no command line knows of these words, `a|b` being either; empty when all is well."""
    if words[0].startswith("-"):
        return ""
    if words[0] not in {command.name for command in COMMANDS}:
        return words[0]
    known = _words(words[0])
    if not known or len(words) == 1 or words[1].startswith("-"):
        return ""
    return ", ".join(f"{words[0]} {word}" for word in words[1].split("|") if word not in known)


@pytest.mark.parametrize("page", [page for page in PAGES if _called(page)], ids=_name)
def test_every_command_named_exists(page: Path) -> None:
    """What a page tells to type is in the command line."""
    assert not sorted(filter(None, map(_unknown, _called(page))))


def test_a_command_that_does_not_exist_is_seen() -> None:
    """The check itself can say no."""
    assert _unknown(("fly",))
    assert _unknown(("keeper", "fly"))
    assert not _unknown(("keeper", "status"))
    assert not _unknown(("doctor", "whatever"))


@pytest.mark.parametrize("page", [page for page in PAGES if TEST_PATH.search(page.read_text("utf-8"))], ids=_name)
def test_every_test_named_exists(page: Path) -> None:
    """A page that says where a claim is tested names a file or folder that is there."""
    assert not [path for path in TEST_PATH.findall(page.read_text("utf-8")) if not (ROOT / path).exists()]


def test_the_readme_is_short_and_has_its_table() -> None:
    """One screen or three, and the figures in a block that can be replaced."""
    text = README.read_text("utf-8")
    assert len(text.splitlines()) <= MOST_README_LINES
    assert MEASURED.search(text)


def test_every_page_is_reached_from_the_index() -> None:
    """docs/README.md leads, page by page, to every other page."""
    start = ROOT / "docs" / "README.md"
    seen, waiting = {start}, [start]
    while waiting:
        page = waiting.pop()
        for link in LINK.findall(page.read_text("utf-8")):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists() and target not in seen:
                seen.add(target)
                waiting.append(target)
    assert not [_name(page) for page in sorted((ROOT / "docs").rglob("*.md")) if page not in seen]
