"""A token that a gateway for files got may call five operations, whatever its client may do by itself."""

from __future__ import annotations

import pytest

from rempart.api.authority import THROUGH_GATEWAYS, may
from rempart.application.guard import INVOICE, PURPOSES, Caller, Snapshot, Wish, purpose_allowed
from rempart.domain.authorities import FILES
from support.route_table import ROUTES


@pytest.mark.parametrize("kind", ["site", "vendor", "concentrator"])
def test_every_other_operation_is_refused(kind: str) -> None:
    """Each route of the table, and a name that is in none."""
    operations = {row.operation for row in ROUTES} | {"AnOperationOfTomorrow"}
    assert operations >= THROUGH_GATEWAYS
    assert {each for each in operations if may(kind, FILES, each)} == THROUGH_GATEWAYS
    assert not any(may("account", FILES, each) for each in operations)


def test_the_door_lets_it_do_nothing_but_send() -> None:
    """Of the purposes that its kind has."""
    caller = Caller(b"", "c", "vendor", "751234568", "", b"", b"", 0, FILES)
    for purpose in PURPOSES["vendor"]:
        found = purpose_allowed(Snapshot(), caller, Wish("api", purpose, "", "machine", 0))
        assert found == ("" if purpose == INVOICE else "purpose")
