"""No page of the portal is outside the table of pages that axe judges in a browser."""

from __future__ import annotations

from pathlib import Path

from support.judged import EVERYDAY, JUDGED, SOAK, owed, pages

BROWSER = Path(__file__).parents[1] / "browser"


def test_every_page_is_judged_by_one_module() -> None:
    """A new template is a new line there, and a page that went takes its line along."""
    told = [name for own in JUDGED.values() for name in own.everyday + own.soak]
    assert sorted(told) == sorted(pages())


def test_every_module_of_the_table_is_there() -> None:
    """A module that was renamed would never be asked for its pages again."""
    assert {path.stem for path in BROWSER.glob("test_*.py")} >= set(JUDGED)


def test_both_runs_together_owe_every_page_in_both_languages() -> None:
    """The everyday run some in French, the long one the rest and all of them in English."""
    whole = set[tuple[str, str]]().union(*(owed(module, kind) for module in JUDGED for kind in (EVERYDAY, SOAK)))
    assert whole == {(name, language) for name in pages() for language in ("fr", "en")}
    assert owed("test_scan", "postgres") == set()
