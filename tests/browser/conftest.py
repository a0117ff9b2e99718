"""After each module of pages: every page that it says it judges was judged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support import judged


@pytest.fixture(scope="module", autouse=True)
def every_page_of_its_own_is_judged(request: pytest.FixtureRequest) -> Iterator[None]:
    """Asked only of a module that ran whole and well: not of one test by its name, nor after a failure."""
    judged.seen.clear()
    failed = request.session.testsfailed
    yield
    chosen, named = request.config.option, any("::" in one for one in request.config.args)
    if chosen.keyword or named or request.session.testsfailed > failed or request.session.shouldstop:
        return
    lacking = judged.owed(request.path.stem, chosen.markexpr) - judged.seen
    assert not lacking, f"no test judged {sorted(lacking)}: see support/judged.py"
